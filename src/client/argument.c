/* SPDX-License-Identifier: Apache-2.0 */
/* argument.c: see argument.h. */
#include "argument.h"

#include "info_wire.h"
#include "mechanism_form.h"
#include "template_wire.h"

#define LABEL 32

/* More room is not offered, because the server allocates as much as it is offered. */
#define OUTPUT_MAX ((CK_ULONG)WIRE_MAX / 2)
#define LIST_MAX ((CK_ULONG)1 << 16)

/* A buffer that is there and has no room, for servers from 0.25 on. */
#define EMPTY_BUFFER UINT32_C(0xffffffff)

/* A handle in the form of the other side. 0 is no handle on both sides. */
static uint64_t masked(uint64_t handle, uint64_t mask)
{
	return handle == 0 ? 0 : handle ^ mask;
}

/* --- Numbers and handles --- */

static CK_RV write_number(struct connection *c, const uintptr_t *args)
{
	wire_put_u64(&c->out, args[0]);
	return CKR_OK;
}

static CK_RV write_session(struct connection *c, const uintptr_t *args)
{
	wire_put_u64(&c->out, masked(args[0], c->session_mask));
	return CKR_OK;
}

static CK_RV write_object(struct connection *c, const uintptr_t *args)
{
	wire_put_u64(&c->out, masked(args[0], c->object_mask));
	return CKR_OK;
}

static CK_RV write_byte(struct connection *c, const uintptr_t *args)
{
	wire_put_byte(&c->out, (uint8_t)args[0]);
	return CKR_OK;
}

static CK_RV read_number(struct connection *c, const uintptr_t *args)
{
	CK_ULONG value = wire_get_u64(&c->in);

	if (!c->in.failed)
		*(CK_ULONG *)args[0] = value;
	return CKR_OK;
}

/* A server has no handle 0, and no handle that would become 0 here. */
static CK_RV read_handle(struct connection *c, const uintptr_t *args, uint64_t mask)
{
	uint64_t handle = wire_get_u64(&c->in);

	if (handle == 0 || handle == mask)
		c->in.failed = true;
	if (!c->in.failed)
		*(CK_ULONG *)args[0] = masked(handle, mask);
	return CKR_OK;
}

static CK_RV read_session(struct connection *c, const uintptr_t *args)
{
	return read_handle(c, args, c->session_mask);
}

static CK_RV read_object(struct connection *c, const uintptr_t *args)
{
	return read_handle(c, args, c->object_mask);
}

/* --- Input --- */

/*
 * Write bytes. NULL with length 0 is an empty string. NULL with a length is carried to servers from
 * 0.25 on, so that the token itself refuses it.
 */
static CK_RV write_bytes(struct connection *c, const uintptr_t *args)
{
	const void *p = (const void *)args[0];
	CK_ULONG n = args[1];

	if (p == NULL && n > 0) {
		REQUIRE(c->dialect != DIALECT_0_24, CKR_ARGUMENTS_BAD, "NULL has a length");
		wire_put_byte(&c->out, 0);
		wire_put_u32(&c->out, n < INT32_MAX ? (uint32_t)n : INT32_MAX);
		return CKR_OK;
	}
	REQUIRE(n <= OUTPUT_MAX, CKR_ARGUMENTS_BAD, "the input is too long for one call");
	wire_put_byte(&c->out, 1);
	wire_put_bytes(&c->out, p, n);
	return CKR_OK;
}

/* A wrapped key of an absurd length has a code of its own. */
static CK_RV write_wrapped(struct connection *c, const uintptr_t *args)
{
	REQUIRE(args[1] <= OUTPUT_MAX, CKR_WRAPPED_KEY_LEN_RANGE, "the wrapped key is too long");
	return write_bytes(c, args);
}

static CK_RV write_label(struct connection *c, const uintptr_t *args)
{
	REQUIRE(args[0] != 0, CKR_ARGUMENTS_BAD, "pLabel is NULL");
	wire_put_bytes(&c->out, (const void *)args[0], LABEL);
	return CKR_OK;
}

static CK_RV write_mechanism(struct connection *c, const uintptr_t *args)
{
	return mechanism_write(c, (const CK_MECHANISM *)args[0]);
}

static CK_RV write_template(struct connection *c, const uintptr_t *args)
{
	return template_write(c, (const CK_ATTRIBUTE *)args[0], args[1]);
}

static CK_RV write_query(struct connection *c, const uintptr_t *args)
{
	return query_write(c, (const CK_ATTRIBUTE *)args[0], args[1]);
}

static CK_RV read_query(struct connection *c, const uintptr_t *args)
{
	return query_read(c, (CK_ATTRIBUTE *)args[0], args[1]);
}

/* --- Output of a length that the server decides --- */

static void write_room(struct connection *c, const void *p, CK_ULONG room)
{
	uint32_t offered = (uint32_t)(room < OUTPUT_MAX ? room : OUTPUT_MAX);

	if (p == NULL)
		offered = 0;
	else if (room == 0 && c->dialect != DIALECT_0_24)
		offered = EMPTY_BUFFER;
	wire_put_u32(&c->out, offered);
}

static CK_RV write_output(struct connection *c, const uintptr_t *args)
{
	const CK_ULONG *length = (const CK_ULONG *)args[1];

	REQUIRE(length != NULL, CKR_ARGUMENTS_BAD, "the pointer to the length is NULL");
	write_room(c, (const void *)args[0], *length);
	return CKR_OK;
}

/*
 * Read output for the buffer P of ROOM bytes. A reply without bytes has the length that is needed.
 * *LENGTH is set to the length in both cases.
 */
static CK_RV read_bytes(struct connection *c, CK_BYTE *p, CK_ULONG room, CK_ULONG *length)
{
	struct wire *w = &c->in;

	if (wire_get_byte(w) == 0) {
		CK_ULONG needed = wire_get_u32(w);
		if (p != NULL && needed <= room && needed > 0)
			w->failed = true;
		if (w->failed)
			return CKR_OK;
		*length = needed;
		return p == NULL || needed == 0 ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	}
	struct bytes value = wire_get_bytes(w);

	if (value.n > (p == NULL ? 0 : room))
		w->failed = true;
	if (w->failed)
		return CKR_OK;
	if (p != NULL && value.n > 0)
		memcpy(p, value.p, value.n);
	*length = value.n;
	return CKR_OK;
}

static CK_RV read_output(struct connection *c, const uintptr_t *args)
{
	CK_ULONG *length = (CK_ULONG *)args[1];

	return read_bytes(c, (CK_BYTE *)args[0], *length, length);
}

/* C_SignMessageNext: a part without a signature has a NULL pointer to the length. */
static CK_RV write_signature(struct connection *c, const uintptr_t *args)
{
	const CK_ULONG *length = (const CK_ULONG *)args[1];

	wire_put_byte(&c->out, length != NULL);
	if (length == NULL)
		wire_put_u32(&c->out, 0);
	else
		write_room(c, (const void *)args[0], *length);
	return CKR_OK;
}

static CK_RV read_signature(struct connection *c, const uintptr_t *args)
{
	CK_ULONG none = 0, *length = (CK_ULONG *)args[1];

	return length == NULL ? read_bytes(c, NULL, 0, &none)
			      : read_bytes(c, (CK_BYTE *)args[0], *length, length);
}

/* --- Output of a length that the caller decides --- */

static CK_RV write_filled(struct connection *c, const uintptr_t *args)
{
	REQUIRE(args[0] != 0 && args[1] <= OUTPUT_MAX, CKR_ARGUMENTS_BAD,
		"the buffer is NULL or too long");
	write_room(c, (const void *)args[0], args[1]);
	return CKR_OK;
}

static CK_RV read_filled(struct connection *c, const uintptr_t *args)
{
	CK_ULONG n = args[1];

	CK_RV rv = read_bytes(c, (CK_BYTE *)args[0], args[1], &n);
	if (n != args[1])
		c->in.failed = true;
	return rv;
}

/* --- Lists of numbers --- */

static CK_RV write_list(struct connection *c, const uintptr_t *args)
{
	const CK_ULONG *count = (const CK_ULONG *)args[1];

	REQUIRE(count != NULL, CKR_ARGUMENTS_BAD, "pulCount is NULL");
	CK_ULONG room = args[0] == 0 ? 0 : *count;

	wire_put_u32(&c->out, (uint32_t)(room < LIST_MAX ? room : LIST_MAX));
	return CKR_OK;
}

/* Read numbers to LIST, which has ROOM, and combine them with MASK. *RET_N is their count. */
static CK_RV read_numbers(
	struct connection *c, CK_ULONG *list, CK_ULONG room, uint64_t mask, CK_ULONG *ret_n)
{
	struct wire *w = &c->in;
	uint8_t valid = wire_get_byte(w);
	uint32_t n = wire_get_u32(w);

	if (!valid && list != NULL && n > 0 && n <= room)
		w->failed = true;
	if (valid && n > room)
		w->failed = true;
	const uint8_t *p = wire_get_raw(w, valid && !w->failed ? sizeof(uint64_t) * n : 0);

	if (w->failed)
		return CKR_OK;
	*ret_n = n; /* before the list, which may lie over the count */
	for (uint32_t i = 0; valid && i < n; i++)
		list[i] = masked(get_be64(p + sizeof(uint64_t) * i), mask);
	return !valid && list != NULL && n > 0 ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

static CK_RV read_list(struct connection *c, const uintptr_t *args)
{
	CK_ULONG *list = (CK_ULONG *)args[0], *count = (CK_ULONG *)args[1];

	return read_numbers(c, list, list == NULL ? 0 : *count, 0, count);
}

static CK_RV write_found(struct connection *c, const uintptr_t *args)
{
	REQUIRE(args[2] != 0 && (args[0] != 0 || args[1] == 0), CKR_ARGUMENTS_BAD,
		"phObject or pulObjectCount is NULL");
	wire_put_u32(&c->out, (uint32_t)(args[1] < LIST_MAX ? args[1] : LIST_MAX));
	return CKR_OK;
}

static CK_RV read_found(struct connection *c, const uintptr_t *args)
{
	return read_numbers(c, (CK_ULONG *)args[0], args[1], c->object_mask, (CK_ULONG *)args[2]);
}

/* --- The table --- */

static const struct argument_kind kinds['z' - 'A' + 1] = {
	['h' - 'A'] = {"u", "", 1, write_session, NULL},
	['k' - 'A'] = {"u", "", 1, write_object, NULL},
	['q' - 'A'] = {"u", "", 1, write_number, NULL},
	['u' - 'A'] = {"u", "", 1, write_number, NULL},
	['y' - 'A'] = {"y", "", 1, write_byte, NULL},
	['b' - 'A'] = {"ay", "", 2, write_bytes, NULL},
	['w' - 'A'] = {"ay", "", 2, write_wrapped, NULL},
	['z' - 'A'] = {"z", "", 1, write_label, NULL},
	['M' - 'A'] = {"M", "", 1, write_mechanism, NULL},
	['T' - 'A'] = {"aA", "", 2, write_template, NULL},
	['G' - 'A'] = {"fA", "aAu", 2, write_query, read_query},
	['B' - 'A'] = {"fy", "ay", 2, write_output, read_output},
	['S' - 'A'] = {"yfy", "ay", 2, write_signature, read_signature},
	['R' - 'A'] = {"fy", "ay", 2, write_filled, read_filled},
	['L' - 'A'] = {"fu", "au", 2, write_list, read_list},
	['F' - 'A'] = {"fu", "au", 3, write_found, read_found},
	['H' - 'A'] = {"", "u", 1, NULL, read_session},
	['K' - 'A'] = {"", "u", 1, NULL, read_object},
	['O' - 'A'] = {"", "u", 1, NULL, read_number},
	['s' - 'A'] = {"", "ssuvv", 1, NULL, read_slot_info},
	['t' - 'A'] = {"", "ssssuuuuuuuuuuuvvs", 1, NULL, read_token_info},
	['i' - 'A'] = {"", "uuu", 1, NULL, read_mechanism_info},
	['n' - 'A'] = {"", "uuuu", 1, NULL, read_session_info},
};

const struct argument_kind *argument_kind(char letter)
{
	return &kinds[letter - 'A'];
}
