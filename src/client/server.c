/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: see server.h. */
#include "server.h"

#include "call.h"

/* The server's module refuses a C_Initialize without this text. */
#define GREETING "PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"

static CK_RV initialize(struct connection *c)
{
	struct wire *w = &c->out;

	connection_begin(c, CALL_C_Initialize, "ayyay");
	wire_put_byte(w, 1);
	wire_put_bytes(w, GREETING, sizeof GREETING - 1);
	wire_put_byte(w, 0); /* no pReserved */
	wire_put_byte(w, 1);
	wire_put_bytes(w, "", 1);
	return connection_end(c, connection_call(c, CALL_C_Initialize, ""));
}

/*
 * Find out if the server reads a byte before the parameter of a mechanism. Some builds of p11-kit
 * 0.25.6 and later do, and agree on the protocol version of 0.25.5 all the same.
 *
 * The probe is a C_DigestInit without a session for CKM_AES_CBC, with four zero bytes as parameter.
 * A server that reads the byte takes the parameter for absent and asks the module, which finds no
 * session. A server that does not read the byte refuses an IV of no bytes, and asks nothing.
 */
static CK_RV probe(struct connection *c)
{
	connection_begin(c, CALL_C_DigestInit, "uM");
	wire_put_u64(&c->out, 0);
	wire_put_u32(&c->out, CKM_AES_CBC);
	wire_put_u32(&c->out, 0);
	CK_RV rv = connection_end(c, connection_call(c, CALL_C_DigestInit, ""));

	REQUIRE(connection_is_open(c), CKR_DEVICE_REMOVED, "the server does not survive the probe");
	if (rv == CKR_SESSION_HANDLE_INVALID)
		c->dialect = DIALECT_0_25_6;
	return CKR_OK;
}

CK_RV server_start(struct connection *c, const struct address *a)
{
	TRY(connection_open(c, a));
	CK_RV rv = initialize(c);

	if (rv == CKR_OK && c->dialect == DIALECT_0_25)
		rv = probe(c);
	if (rv != CKR_OK)
		connection_close(c);
	return rv;
}

void server_stop(struct connection *c)
{
	CK_RV ignored = connection_is_open(c) ? call_run(c, CALL_C_Finalize, NULL) : CKR_OK;

	(void)ignored;
	connection_close(c);
}

/* *RET = a profile object of the token, or 0. The search is over when the function returns. */
static CK_RV find_profile(struct connection *c, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS wanted = CKO_PROFILE;
	CK_ATTRIBUTE search = {CKA_CLASS, &wanted, sizeof wanted};
	CK_ULONG n = 0;
	const uintptr_t init[] = {session, ARGUMENT(&search), 1};
	const uintptr_t next[] = {session, ARGUMENT(ret), 1, ARGUMENT(&n)};
	const uintptr_t end[] = {session};

	*ret = 0;
	TRY(call_run(c, CALL_C_FindObjectsInit, init));
	CK_RV rv = call_run(c, CALL_C_FindObjects, next);
	CK_RV end_rv = call_run(c, CALL_C_FindObjectsFinal, end);

	TRY(rv);
	return end_rv;
}

CK_RV server_check_words(struct connection *c, CK_SESSION_HANDLE session)
{
	CK_OBJECT_HANDLE profile;
	uint8_t value[16] = {0}; /* p11-kit takes the number for a byte string */
	CK_ULONG id;
	CK_ATTRIBUTE query = {CKA_PROFILE_ID, value, sizeof value};

	TRY(find_profile(c, session, &profile));
	if (profile == 0)
		return CKR_OK;
	const uintptr_t read[] = {session, profile, ARGUMENT(&query), 1};

	TRY(call_run(c, CALL_C_GetAttributeValue, read));
	memcpy(&id, value, sizeof id);
	REQUIRE(query.ulValueLen == sizeof id && id <= UINT16_MAX, CKR_DEVICE_ERROR,
		"the server has another word size or byte order");
	return CKR_OK;
}
