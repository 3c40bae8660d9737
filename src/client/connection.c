/* SPDX-License-Identifier: Apache-2.0 */
/* connection.c: see connection.h. */
#include "connection.h"

#include <string.h>
#include <sys/random.h>

#include "base/log.h"

#define HEADER 12
#define CALL_ERROR 0 /* the number of a reply that has a return code only */

/* The highest version of the protocol that this client knows: that of p11-kit 0.25.6. */
#define VERSION_MAX 2

/* --- Opening and closing --- */

/* Say to the server which version this client would like, and read which one the server takes. */
static CK_RV greet(struct connection *c, uint8_t wish, int64_t deadline, uint8_t *ret)
{
	size_t n;

	TRY(transport_send(&c->transport, &wish, 1, deadline));
	return transport_receive(&c->transport, ret, 1, 1, deadline, &n);
}

/* Servers before 0.24 close the connection when they are asked for a version other than 0. */
static CK_RV connect_and_greet(struct connection *c, const struct address *a, uint8_t *ret)
{
	int64_t deadline = deadline_in(c->timeout_ms);

	TRY(transport_open(a, deadline, &c->transport));
	if (greet(c, VERSION_MAX, deadline, ret) == CKR_OK)
		return CKR_OK;
	transport_close(&c->transport);
	TRY(transport_open(a, deadline, &c->transport));
	return greet(c, 0, deadline, ret);
}

CK_RV connection_open(struct connection *c, const struct address *a)
{
	uint8_t version = 0;
	CK_RV rv = connect_and_greet(c, a, &version);

	if (rv == CKR_OK && version > VERSION_MAX)
		rv = FAIL(CKR_DEVICE_ERROR, "the server speaks an unknown version");
	if (rv == CKR_OK && (getrandom(&c->session_mask, sizeof c->session_mask, 0) < 0 ||
				    getrandom(&c->object_mask, sizeof c->object_mask, 0) < 0))
		rv = FAIL(CKR_DEVICE_ERROR, "no random numbers");
	if (rv != CKR_OK) {
		connection_close(c);
		return rv;
	}
	c->number = 0;
	c->checked = false;
	c->dialect = version == 0 ? DIALECT_0_24 : version == 1 ? DIALECT_0_25 : DIALECT_0_25_6;
	return CKR_OK;
}

void connection_close(struct connection *c)
{
	transport_close(&c->transport);
}

/* --- One call --- */

void connection_begin(struct connection *c, uint32_t call, const char *signature)
{
	wire_clear(&c->out);
	wire_clear(&c->in);
	wire_put_u32(&c->out, ++c->number);
	wire_put_u32(&c->out, 0); /* no options */
	wire_put_u32(&c->out, 0); /* the length, known at the end */
	wire_put_u32(&c->out, call);
	wire_put_bytes(&c->out, signature, strlen(signature));
}

/* Receive one message to c->in, without its header and options. */
static CK_RV receive(struct connection *c, int64_t deadline)
{
	struct wire *in = &c->in;

	ENSURE(wire_reserve(in, HEADER), CKR_HOST_MEMORY);
	TRY(transport_receive(&c->transport, in->p, HEADER, in->room, deadline, &in->n));
	uint32_t number = wire_get_u32(in), options = wire_get_u32(in), n = wire_get_u32(in);

	REQUIRE(number == c->number, CKR_DEVICE_ERROR, "the reply belongs to another request");
	REQUIRE(options <= WIRE_MAX / 4 && n <= WIRE_MAX / 2, CKR_DEVICE_ERROR,
		"the reply is too long");
	size_t whole = HEADER + (size_t)options + n, got;

	REQUIRE(in->n <= whole, CKR_DEVICE_ERROR, "the reply is longer than its header says");
	REQUIRE(wire_reserve(in, whole), CKR_HOST_MEMORY, "no memory for the reply");
	if (in->n < whole) {
		TRY(transport_receive(&c->transport, in->p + in->n, whole - in->n, whole - in->n,
			deadline, &got));
		in->n += got;
	}
	(void)wire_get_raw(in, options);
	return CKR_OK;
}

static CK_RV exchange(struct connection *c)
{
	int64_t deadline = deadline_in(c->timeout_ms);

	put_be32(c->out.p + 8, (uint32_t)(c->out.n - HEADER));
	TRY(transport_send(&c->transport, c->out.p, c->out.n, deadline));
	return receive(c, deadline);
}

/* Read the beginning of the reply to CALL. *RET_ERROR is the server's return code. */
static CK_RV open_reply(struct wire *in, uint32_t call, const char *reply, CK_RV *ret_error)
{
	uint32_t answered = wire_get_u32(in);
	const char *expected = answered == CALL_ERROR ? "u" : reply;
	struct bytes signature = wire_get_bytes(in);
	uint64_t error = answered == CALL_ERROR ? wire_get_u64(in) : CKR_OK;

	REQUIRE(!in->failed && (answered == call || answered == CALL_ERROR) &&
			bytes_equal(signature, bytes_of(expected, strlen(expected))),
		CKR_DEVICE_ERROR, "the server has answered another call");
	REQUIRE((answered == CALL_ERROR) == (error != CKR_OK) && error <= UINT32_MAX,
		CKR_DEVICE_ERROR, "the server has answered with no return code");
	/* The state of the server's module is no state of this one. */
	REQUIRE(error != CKR_CRYPTOKI_NOT_INITIALIZED && error != CKR_CRYPTOKI_ALREADY_INITIALIZED,
		CKR_DEVICE_ERROR, "the server has lost its module");
	*ret_error = (CK_RV)error;
	return CKR_OK;
}

CK_RV connection_call(struct connection *c, uint32_t call, const char *reply)
{
	CK_RV error = CKR_OK;

	REQUIRE(!c->out.failed, CKR_HOST_MEMORY, "the request is too long, or there is no memory");
	CK_RV rv = exchange(c);
	if (rv == CKR_OK)
		rv = open_reply(&c->in, call, reply, &error);
	if (rv != CKR_OK) {
		connection_close(c);
		return rv;
	}
	REQUIRE(error == CKR_OK, error, "the answer of the server");
	return CKR_OK;
}

CK_RV connection_end(struct connection *c, CK_RV rv)
{
	bool whole = !c->in.failed && (rv != CKR_OK || c->in.at == c->in.n);

	if (!whole && connection_is_open(c)) {
		connection_close(c);
		rv = FAIL(CKR_DEVICE_ERROR, "the reply does not fit its signature");
	}
	wire_clear(&c->out);
	wire_clear(&c->in);
	return rv;
}
