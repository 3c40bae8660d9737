/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_reply.c: replies of a hostile server to keydiv-client.so. The reply waits in a socket before
 * the request is sent, and ends there, so no input can make the client wait.
 *
 * The first bytes of the input choose the call, its arguments, and how much of the reply is
 * well-formed. The rest is the reply.
 */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "client/call.h"

#define ROOM 64

static struct connection c = {.transport = {.fd = -1}, .timeout_ms = 1000};

void fuzz_start(void)
{
}

/* Write the reply with a header that fits, or as it is. */
static void answer(int fd, struct input *in, uint8_t how, const char *signature, uint32_t call)
{
	struct wire w = {0};

	if (how & 1) {
		wire_put_u32(&w, c.number + 1);
		wire_put_u32(&w, 0);
		wire_put_u32(&w, 0);
	}
	if (how & 2) {
		wire_put_u32(&w, how & 4 ? call : 0);
		wire_put_bytes(&w, how & 4 ? signature : "u", how & 4 ? strlen(signature) : 1);
	}
	wire_put_raw(&w, in->p, in->n < 4096 ? in->n : 4096);
	if (how & 1)
		put_be32(w.p + 8, (uint32_t)w.n - 12);
	MUST(send(fd, w.p, w.n, 0) == (ssize_t)w.n);
	MUST(shutdown(fd, SHUT_WR) == 0);
	wire_free(&w);
}

/* Memory that the client may write: ROOM bytes, and a border that must stay as it is. */
struct output {
	uint8_t bytes[ROOM], border[ROOM];
};

static void prepare(struct output *o)
{
	memset(o, 0x5a, sizeof *o);
}

static void check(const struct output *o)
{
	for (size_t i = 0; i < sizeof o->border; i++)
		MUST(o->border[i] == 0x5a);
}

static const struct {
	enum call_id id;
	const char *reply;
} calls[] = {
	{CALL_C_Encrypt, "ay"},
	{CALL_C_GenerateRandom, "ay"},
	{CALL_C_GetSlotList, "au"},
	{CALL_C_FindObjects, "au"},
	{CALL_C_GetAttributeValue, "aAu"},
	{CALL_C_DeriveKey, "u"},
	{CALL_C_GetTokenInfo, "ssssuuuuuuuuuuuvvs"},
	{CALL_C_GetSlotInfo, "ssuvv"},
	{CALL_C_GetSessionInfo, "uuuu"},
	{CALL_C_SignMessageNext, "ay"},
	{CALL_C_Logout, ""},
};

/* The call NUMBER with room for ROOM bytes of output at O. */
static CK_RV make(unsigned number, struct output *o, CK_ULONG room)
{
	static CK_ATTRIBUTE nested[2];
	static CK_TOKEN_INFO token;
	static CK_SLOT_INFO slot;
	static CK_SESSION_INFO session;
	CK_ULONG n = room, count = room / sizeof(CK_ULONG), made = 0;
	CK_MECHANISM m = {CKM_AES_ECB, NULL, 0};
	CK_ATTRIBUTE query[] = {{CKA_VALUE, o->bytes, room}, {CKA_LABEL, NULL, 0},
		{CKA_ALLOWED_MECHANISMS, o->bytes, room},
		{CKA_UNWRAP_TEMPLATE, nested, sizeof nested}, {CKA_CLASS, o->bytes, room},
		{CKA_TOKEN, o->bytes, room}};
	const uintptr_t list[][9] = {
		{1, ARGUMENT("x"), 1, ARGUMENT(o->bytes), ARGUMENT(&n)},
		{1, ARGUMENT(o->bytes), room},
		{1, ARGUMENT(o->bytes), ARGUMENT(&count)},
		{1, ARGUMENT(o->bytes), count, ARGUMENT(&made)},
		{1, 2, ARGUMENT(query), 6},
		{1, ARGUMENT(&m), 2, ARGUMENT(query), 0, ARGUMENT(&made)},
		{1, ARGUMENT(&token)},
		{1, ARGUMENT(&slot)},
		{1, ARGUMENT(&session)},
		{1, 0, 0, 0, 0, ARGUMENT(o->bytes), ARGUMENT(&n)},
		{1},
	};

	nested[0] = (CK_ATTRIBUTE){CKA_LABEL, o->bytes, room};
	nested[1] = (CK_ATTRIBUTE){CKA_ID, NULL, 0};
	CK_RV rv = call_run(&c, calls[number].id, list[number]);
	MUST(rv != CKR_OK || number != 0 || n <= room);
	MUST(rv != CKR_OK || number != 3 || made <= count);
	return rv;
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	unsigned number = take_byte(&in) % (sizeof calls / sizeof calls[0]);
	uint8_t how = take_byte(&in);
	CK_ULONG room = take_byte(&in) % (ROOM + 1);
	struct output o;
	int ends[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	c.transport = (struct transport){ends[0], 0};
	c.dialect = (enum dialect)(how >> 3) % 3;
	prepare(&o);
	answer(ends[1], &in, how, calls[number].reply, calls[number].id);
	CK_RV rv = make(number, &o, room);
	check(&o);
	/* The rest of a reply would be the answer to the next call. */
	MUST(rv <= UINT32_MAX && !c.in.failed && c.in.n == 0);
	connection_close(&c);
	close(ends[1]);
}
