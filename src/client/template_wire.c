/* SPDX-License-Identifier: Apache-2.0 */
/* template_wire.c: see template_wire.h. */
#include "template_wire.h"

#include "attribute_kind.h"

#define INVALID CK_UNAVAILABLE_INFORMATION /* the length of a value that is not available */
#define NESTING_MAX 4                      /* templates in templates; a token takes fewer */
#define COUNT_MAX 4096
#define VALUE_MAX ((CK_ULONG)1 << 20)

static CK_RV check_count(const CK_ATTRIBUTE *p, CK_ULONG count)
{
	REQUIRE(count <= COUNT_MAX && (p != NULL || count == 0), CKR_ARGUMENTS_BAD,
		"the template is NULL or too long");
	return CKR_OK;
}

/* The type on the wire. Servers of 0.24 cannot read a template in a template. */
static CK_ATTRIBUTE_TYPE type_for(const struct connection *c, CK_ATTRIBUTE_TYPE type)
{
	if (c->dialect == DIALECT_0_24 && attribute_kind(type) == ATTRIBUTE_TEMPLATE)
		return ATTRIBUTE_UNKNOWN;
	return attribute_type_on_wire(type);
}

/* --- Values that are given --- */

/* Return true if a value of KIND can have N bytes on the wire. */
static bool may_have_length(enum attribute_kind kind, CK_ULONG n)
{
	switch (kind) {
	case ATTRIBUTE_BOOL:
		return n == sizeof(CK_BBOOL);
	case ATTRIBUTE_ULONG:
		return n == sizeof(CK_ULONG);
	case ATTRIBUTE_DATE:
		return n == 0 || n == sizeof(CK_DATE);
	case ATTRIBUTE_MECHANISMS:
		return n % sizeof(CK_MECHANISM_TYPE) == 0;
	case ATTRIBUTE_TEMPLATE:
		return n % sizeof(CK_ATTRIBUTE) == 0;
	case ATTRIBUTE_BYTES:
		break;
	}
	return true;
}

static void write_attribute(struct connection *c, const CK_ATTRIBUTE *a, unsigned depth);

static void write_mechanisms(struct wire *w, const uint8_t *p, CK_ULONG n)
{
	CK_MECHANISM_TYPE type;

	wire_put_u32(w, (uint32_t)(n / sizeof type));
	for (CK_ULONG i = 0; i < n; i += sizeof type) {
		memcpy(&type, p + i, sizeof type);
		wire_put_u64(w, type);
	}
}

static void write_nested(struct connection *c, const uint8_t *p, CK_ULONG n, unsigned depth)
{
	CK_ATTRIBUTE inner;

	wire_put_u32(&c->out, (uint32_t)(n / sizeof inner));
	for (CK_ULONG i = 0; i < n; i += sizeof inner) {
		memcpy(&inner, p + i, sizeof inner);
		write_attribute(c, &inner, depth + 1);
	}
}

/* Write the value A, whose length fits its KIND. */
static void write_value(
	struct connection *c, enum attribute_kind kind, const CK_ATTRIBUTE *a, unsigned depth)
{
	CK_ULONG number;

	switch (kind) {
	case ATTRIBUTE_BOOL:
		wire_put_byte(&c->out, *(const uint8_t *)a->pValue);
		break;
	case ATTRIBUTE_ULONG:
		memcpy(&number, a->pValue, sizeof number);
		wire_put_u64(&c->out, number);
		break;
	case ATTRIBUTE_MECHANISMS:
		write_mechanisms(&c->out, a->pValue, a->ulValueLen);
		break;
	case ATTRIBUTE_TEMPLATE:
		write_nested(c, a->pValue, a->ulValueLen, depth);
		break;
	case ATTRIBUTE_DATE:
	case ATTRIBUTE_BYTES:
		wire_put_bytes(&c->out, a->pValue, a->ulValueLen);
		break;
	}
}

static void write_attribute(struct connection *c, const CK_ATTRIBUTE *a, unsigned depth)
{
	CK_ATTRIBUTE_TYPE type = type_for(c, a->type);
	enum attribute_kind kind = attribute_kind(type);
	bool valid = a->ulValueLen <= VALUE_MAX && (a->pValue != NULL || a->ulValueLen == 0) &&
		     may_have_length(kind, a->ulValueLen) &&
		     (kind != ATTRIBUTE_TEMPLATE || depth < NESTING_MAX);

	wire_put_u32(&c->out, (uint32_t)type);
	wire_put_byte(&c->out, valid);
	if (!valid)
		return;
	wire_put_u32(&c->out, (uint32_t)a->ulValueLen);
	if (type == ATTRIBUTE_UNKNOWN)
		wire_put_u32(&c->out, WIRE_NULL);
	else
		write_value(c, kind, a, depth);
}

CK_RV template_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count)
{
	CK_ATTRIBUTE a;

	TRY(check_count(p, count));
	wire_put_u32(&c->out, (uint32_t)count);
	for (CK_ULONG i = 0; i < count; i++) {
		memcpy(&a, &p[i], sizeof a);
		write_attribute(c, &a, 0);
	}
	return CKR_OK;
}

/* --- Values that are asked for --- */

static void write_query(struct connection *c, const uint8_t *p, CK_ULONG count, unsigned depth)
{
	CK_ATTRIBUTE a;

	wire_put_u32(&c->out, (uint32_t)count);
	for (CK_ULONG i = 0; i < count; i++) {
		memcpy(&a, p + i * sizeof a, sizeof a);
		CK_ATTRIBUTE_TYPE type = type_for(c, a.type);
		CK_ULONG room = a.pValue != NULL ? a.ulValueLen : 0;
		bool nested = attribute_kind(type) == ATTRIBUTE_TEMPLATE;

		room = room < VALUE_MAX ? room : VALUE_MAX;
		if (nested)
			room = depth < NESTING_MAX ? room - room % sizeof a : 0;
		wire_put_u32(&c->out, (uint32_t)type);
		wire_put_u32(&c->out, (uint32_t)room);
		if (nested && room > 0)
			write_query(c, a.pValue, room / sizeof a, depth + 1);
	}
}

CK_RV query_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count)
{
	TRY(check_count(p, count));
	write_query(c, (const uint8_t *)p, count, 0);
	return CKR_OK;
}

/* Store the N bytes at VALUE in A if they fit. */
static CK_RV store(CK_ATTRIBUTE *a, const void *value, CK_ULONG n)
{
	if (a->pValue != NULL && a->ulValueLen < n) {
		a->ulValueLen = INVALID;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (a->pValue != NULL && n > 0)
		memcpy(a->pValue, value, n);
	a->ulValueLen = n;
	return CKR_OK;
}

static CK_RV read_attributes(
	struct connection *c, uint8_t *p, CK_ULONG count, unsigned depth, bool given);

/* Without room (ASKED false) the server sends the count of mechanisms and no mechanism. */
static CK_RV read_mechanisms(struct wire *w, CK_ATTRIBUTE *a, CK_ULONG n, bool asked)
{
	uint32_t count = wire_get_u32(w);
	bool fits = a->pValue != NULL && a->ulValueLen >= n;

	if (n != (CK_ULONG)count * sizeof(CK_MECHANISM_TYPE) || n > VALUE_MAX)
		w->failed = true;
	for (uint32_t i = 0; asked && i < count && !w->failed; i++) {
		CK_MECHANISM_TYPE type = wire_get_u64(w);

		if (fits)
			memcpy((uint8_t *)a->pValue + i * sizeof type, &type, sizeof type);
	}
	if (fits) {
		a->ulValueLen = n;
		return CKR_OK;
	}
	return store(a, NULL, n);
}

static CK_RV read_nested(
	struct connection *c, CK_ATTRIBUTE *a, CK_ULONG n, unsigned depth, bool asked)
{
	CK_ULONG count = wire_get_u32(&c->in);
	bool fits = asked && a->pValue != NULL && a->ulValueLen >= n;

	if (depth >= NESTING_MAX || n > VALUE_MAX ||
		(asked ? count * sizeof *a != n : count != 0 && count * sizeof *a != n)) {
		c->in.failed = true;
		return CKR_OK;
	}
	if (!asked)
		return store(a, NULL, n);
	CK_RV rv = read_attributes(c, a->pValue, count, depth + 1, fits);

	if (!fits) {
		a->ulValueLen = INVALID;
		return CKR_BUFFER_TOO_SMALL;
	}
	a->ulValueLen = n;
	return rv;
}

/* Read the value of A, N bytes long. ASKED: the query had room for a value. */
static CK_RV read_value(struct connection *c, CK_ATTRIBUTE *a, CK_ULONG n, unsigned depth)
{
	struct wire *w = &c->in;
	enum attribute_kind kind = attribute_kind(type_for(c, a->type));
	bool asked = a->pValue != NULL && a->ulValueLen > 0;
	CK_ULONG number;
	CK_BBOOL byte;

	switch (kind) {
	case ATTRIBUTE_BOOL:
		byte = wire_get_byte(w);
		w->failed = w->failed || n > sizeof byte;
		return store(a, &byte, n);
	case ATTRIBUTE_ULONG:
		number = wire_get_u64(w);
		w->failed = w->failed || (n != 0 && n != sizeof number);
		return store(a, &number, n);
	case ATTRIBUTE_MECHANISMS:
		return read_mechanisms(w, a, n, asked);
	case ATTRIBUTE_TEMPLATE:
		return read_nested(c, a, n, depth, asked);
	case ATTRIBUTE_DATE:
	case ATTRIBUTE_BYTES:
		break;
	}
	struct bytes value = wire_get_bytes(w);

	/* A query without room has a length and no bytes. */
	if (w->failed || value.n > n || (asked && value.n != n)) {
		w->failed = true;
		return CKR_OK;
	}
	return store(a, value.p, n);
}

/* Read one attribute into A. Without a place for the result, A has no room. */
static CK_RV read_attribute(struct connection *c, CK_ATTRIBUTE *a, unsigned depth)
{
	uint32_t type = wire_get_u32(&c->in);
	uint8_t valid = wire_get_byte(&c->in);

	if (type != type_for(c, a->type) || valid > 1)
		c->in.failed = true;
	if (!valid) {
		a->ulValueLen = INVALID;
		return CKR_OK;
	}
	CK_ULONG n = wire_get_u32(&c->in);

	if (n > VALUE_MAX)
		c->in.failed = true;
	return c->in.failed ? CKR_OK : read_value(c, a, n, depth);
}

static CK_RV read_attributes(
	struct connection *c, uint8_t *p, CK_ULONG count, unsigned depth, bool given)
{
	CK_RV rv = CKR_OK;
	CK_ATTRIBUTE a;

	for (CK_ULONG i = 0; given && i < count && !c->in.failed; i++) {
		memcpy(&a, p + i * sizeof a, sizeof a);
		CK_RV one = read_attribute(c, &a, depth);
		if (c->in.failed)
			break;
		if (rv == CKR_OK)
			rv = one;
		memcpy(p + i * sizeof a, &a, sizeof a);
	}
	/* The server was told how many attributes there is room for. */
	if (!given && count > 0)
		c->in.failed = true;
	return rv;
}

CK_RV query_read(struct connection *c, CK_ATTRIBUTE *p, CK_ULONG count)
{
	if (wire_get_u32(&c->in) != count)
		c->in.failed = true;
	CK_RV rv = read_attributes(c, (uint8_t *)p, count, 0, true);
	CK_RV answer = wire_get_u64(&c->in);

	if (answer != CKR_OK && answer != CKR_ATTRIBUTE_SENSITIVE &&
		answer != CKR_ATTRIBUTE_TYPE_INVALID && answer != CKR_BUFFER_TOO_SMALL)
		c->in.failed = true;
	return answer != CKR_OK ? answer : rv;
}
