/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_compute.c: see foreign_compute.h. */
#include "foreign/foreign_compute.h"

#include "key/key_type.h"

static bool sign_twice; /* written while no session exists */

static const struct {
	enum mac_kind kind;
	CK_MECHANISM_TYPE mechanism;
} hmacs[] = {
	{MAC_HMAC_SHA256, CKM_SHA256_HMAC},
	{MAC_HMAC_SHA512, CKM_SHA512_HMAC},
	{MAC_HMAC_SHA384, CKM_SHA384_HMAC},
	{MAC_HMAC_SHA224, CKM_SHA224_HMAC},
	{MAC_HMAC_SHA1, CKM_SHA_1_HMAC},
};
#define HMACS (sizeof hmacs / sizeof hmacs[0])

static CK_MECHANISM_TYPE cmac_mechanism(size_t block)
{
	return block == 16 ? CKM_AES_CMAC : CKM_DES3_CMAC;
}

static CK_MECHANISM_TYPE ecb_mechanism(size_t block)
{
	return block == 16 ? CKM_AES_ECB : CKM_DES3_ECB;
}

void foreign_compute_start(bool twice)
{
	sign_twice = twice;
}

/* --- The nature of a key --- */

/*
 * Read N bytes of attribute TYPE to VALUE. *RET_HAS is false if the key does not have or not show
 * the attribute, and VALUE is then unchanged.
 */
static CK_RV read_attribute(const struct foreign_found *key, CK_ATTRIBUTE_TYPE type, void *value,
	CK_ULONG n, bool *ret_has)
{
	struct foreign_session *s = key->session;
	uint8_t read[sizeof(CK_ULONG)] = {0};
	CK_ATTRIBUTE attribute = {type, read, n};

	*ret_has = false;
	ENSURE(n <= sizeof read, CKR_FUNCTION_FAILED);
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, key->handle, &attribute, 1);
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE)
		return CKR_OK;
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_GetAttributeValue", rv);
	REQUIRE(attribute.ulValueLen == n, CKR_DEVICE_ERROR,
		"an attribute of the foreign key has a wrong length");
	memcpy(value, read, n);
	*ret_has = true;
	return CKR_OK;
}

/* Read a CK_BBOOL, which is UNKNOWN if the key does not show the attribute. */
static CK_RV read_bool(
	const struct foreign_found *key, CK_ATTRIBUTE_TYPE type, bool unknown, bool *ret)
{
	CK_BBOOL value = CK_FALSE;
	bool has;

	TRY(read_attribute(key, type, &value, sizeof value, &has));
	*ret = has ? value != CK_FALSE : unknown;
	return CKR_OK;
}

static CK_RV read_type(const struct foreign_found *key, struct foreign_nature *ret)
{
	const struct key_type *t;
	CK_ULONG length = 0;
	bool has;

	TRY(read_attribute(key, CKA_KEY_TYPE, &ret->type, sizeof ret->type, &has));
	t = has ? key_type_find(ret->type) : NULL;
	REQUIRE(t != NULL && !t->state, CKR_KEY_TYPE_INCONSISTENT,
		"the foreign key has a type that keydiv does not know");
	length = key_type_only_length(t);
	if (length == 0)
		TRY(read_attribute(key, CKA_VALUE_LEN, &length, sizeof length, &has));
	REQUIRE(key_type_takes(t, length), CKR_KEY_SIZE_RANGE,
		"the foreign key has a length that keydiv does not know");
	ret->length = length;
	ret->block = t->block;
	return CKR_OK;
}

/* The CKA_ALLOWED_MECHANISMS of a key. N is 0 if every mechanism is allowed. */
struct allowed {
	CK_MECHANISM_TYPE list[64];
	size_t n;
};

/*
 * Read the list. A list that the key does not show, or that is longer, counts as absent: the token
 * still refuses what the key may not do.
 */
static CK_RV read_allowed(const struct foreign_found *key, struct allowed *ret)
{
	struct foreign_session *s = key->session;
	CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, ret->list, sizeof ret->list};
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, key->handle, &a, 1);

	ret->n = 0;
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
		rv == CKR_BUFFER_TOO_SMALL)
		return CKR_OK;
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_GetAttributeValue", rv);
	if (a.ulValueLen <= sizeof ret->list)
		ret->n = a.ulValueLen / sizeof ret->list[0];
	return CKR_OK;
}

static bool allows(const struct allowed *allowed, CK_MECHANISM_TYPE mechanism)
{
	bool found = allowed->n == 0;

	for (size_t i = 0; i < allowed->n; i++)
		found = found || allowed->list[i] == mechanism;
	return found;
}

/* Set *RET if the token of KEY has MECHANISM with FLAG and ALLOWED names MECHANISM. */
static CK_RV has_mechanism(const struct foreign_found *key, const struct allowed *allowed,
	CK_MECHANISM_TYPE mechanism, CK_FLAGS flag, bool *ret)
{
	struct foreign_session *s = key->session;
	CK_MECHANISM_INFO info = {0};

	*ret = false;
	if (!allows(allowed, mechanism))
		return CKR_OK;
	CK_RV rv = s->f->C_GetMechanismInfo(s->slot, mechanism, &info);
	*ret = rv == CKR_OK && (info.flags & flag);
	if (rv != CKR_OK && rv != CKR_MECHANISM_INVALID)
		return foreign_session_failed(s, "C_GetMechanismInfo", rv);
	return CKR_OK;
}

/* Find an HMAC for a key of TYPE: the usual one of the type, else another one of the token. */
static CK_RV find_hmac(const struct foreign_found *key, const struct allowed *allowed,
	CK_KEY_TYPE type, enum mac_kind *ret)
{
	const struct key_type *t = key_type_find(type);
	bool has = false, only = t->generate == CK_UNAVAILABLE_INFORMATION;

	*ret = MAC_NONE;
	for (size_t i = 0; i < HMACS && !has; i++) {
		if (only && hmacs[i].mechanism != t->mac)
			continue; /* a key of a type such as CKK_SHA256_HMAC */
		TRY(has_mechanism(key, allowed, hmacs[i].mechanism, CKF_SIGN, &has));
		if (has)
			*ret = hmacs[i].kind;
	}
	return CKR_OK;
}

CK_RV foreign_nature(const struct foreign_found *key, struct foreign_nature *ret)
{
	struct allowed allowed;

	*ret = (struct foreign_nature){0};
	TRY(read_type(key, ret));
	TRY(read_bool(key, CKA_SIGN, false, &ret->sign));
	TRY(read_bool(key, CKA_ENCRYPT, false, &ret->encrypt));
	TRY(read_bool(key, CKA_EXTRACTABLE, true, &ret->extractable));
	TRY(read_bool(key, CKA_SENSITIVE, false, &ret->sensitive));
	TRY(read_allowed(key, &allowed));
	if (ret->sign && ret->block != 0)
		TRY(has_mechanism(key, &allowed, cmac_mechanism(ret->block), CKF_SIGN, &ret->cmac));
	if (ret->encrypt && ret->block != 0)
		TRY(has_mechanism(
			key, &allowed, ecb_mechanism(ret->block), CKF_ENCRYPT, &ret->ecb));
	if (ret->sign && ret->block == 0)
		TRY(find_hmac(key, &allowed, ret->type, &ret->hmac));
	return CKR_OK;
}

/* --- Computations --- */

/* The largest MAC that a module may write, even one that is longer than it should be. */
#define SIGNATURE_ROOM 128

static CK_RV wrong_result(struct foreign_session *s, const char *reason)
{
	foreign_session_close(s);
	error_note(__FILE__, __LINE__, reason, CKR_DEVICE_ERROR);
	return CKR_DEVICE_ERROR;
}

#define WRONG_LENGTH "the foreign token gave a result of a wrong length"
#define TWO_RESULTS "the foreign token gave two results for one input"

static CK_RV sign_once(const struct foreign_found *key, CK_MECHANISM_TYPE mechanism,
	const uint8_t *msg, size_t n, uint8_t mac[SIGNATURE_ROOM], size_t wanted)
{
	struct foreign_session *s = key->session;
	CK_MECHANISM m = {mechanism, NULL, 0};
	static uint8_t none;
	CK_ULONG len = SIGNATURE_ROOM;

	CK_RV rv = s->f->C_SignInit(s->handle, &m, key->handle);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_SignInit", rv);
	rv = s->f->C_Sign(s->handle, n > 0 ? (CK_BYTE *)(uintptr_t)msg : &none, n, mac, &len);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_Sign", rv);
	return len == wanted ? CKR_OK : wrong_result(s, WRONG_LENGTH);
}

static CK_RV sign(const struct foreign_found *key, CK_MECHANISM_TYPE mechanism, const uint8_t *msg,
	size_t n, uint8_t *ret_mac, size_t wanted)
{
	uint8_t mac[2][SIGNATURE_ROOM];

	CK_RV rv = sign_once(key, mechanism, msg, n, mac[0], wanted);
	if (rv == CKR_OK && sign_twice) {
		rv = sign_once(key, mechanism, msg, n, mac[1], wanted);
		if (rv == CKR_OK && !secret_equal(mac[0], mac[1], wanted))
			rv = wrong_result(key->session, TWO_RESULTS);
	}
	if (rv == CKR_OK)
		memcpy(ret_mac, mac[0], wanted);
	wipe(mac, sizeof mac);
	return rv;
}

CK_RV foreign_cmac(const struct foreign_found *key, size_t block, const uint8_t *msg, size_t n,
	uint8_t *ret_mac)
{
	return sign(key, cmac_mechanism(block), msg, n, ret_mac, block);
}

CK_RV foreign_hmac(const struct foreign_found *key, enum mac_kind kind, const uint8_t *msg,
	size_t n, uint8_t *ret_mac)
{
	for (size_t i = 0; i < HMACS; i++)
		if (hmacs[i].kind == kind)
			return sign(
				key, hmacs[i].mechanism, msg, n, ret_mac, mac_length(kind, NULL));
	return FAIL(CKR_KEY_FUNCTION_NOT_PERMITTED, "the MAC is not an HMAC");
}

/* The output is not RET_OUT itself, because a failed call may have written part of its output. */
static CK_RV encrypt(const struct foreign_found *key, size_t block, const uint8_t *in, size_t n,
	uint8_t *out, size_t room)
{
	struct foreign_session *s = key->session;
	CK_MECHANISM m = {ecb_mechanism(block), NULL, 0};
	CK_ULONG len = room;

	CK_RV rv = s->f->C_EncryptInit(s->handle, &m, key->handle);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_EncryptInit", rv);
	rv = s->f->C_Encrypt(s->handle, (CK_BYTE *)(uintptr_t)in, n, out, &len);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_Encrypt", rv);
	return len == n ? CKR_OK : wrong_result(s, WRONG_LENGTH);
}

CK_RV foreign_ecb(const struct foreign_found *key, size_t block, const uint8_t *in, size_t n,
	uint8_t *ret_out)
{
	uint8_t twice[2 * FOREIGN_ECB_MAX], out[2 * FOREIGN_ECB_MAX + KEY_BLOCK_MAX];

	ENSURE(n <= FOREIGN_ECB_MAX && n % block == 0, CKR_FUNCTION_FAILED);
	memcpy(twice, in, n);
	memcpy(twice + n, in, n);
	CK_RV rv = encrypt(key, block, twice, 2 * n, out, sizeof out);
	if (rv == CKR_OK && !secret_equal(out, out + n, n))
		rv = wrong_result(key->session, TWO_RESULTS);
	if (rv == CKR_OK)
		memcpy(ret_out, out, n);
	wipe(twice, sizeof twice);
	wipe(out, sizeof out);
	return rv;
}
