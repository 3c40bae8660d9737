/* SPDX-License-Identifier: Apache-2.0 */
/* template_wire.c: see template_wire.h. */
#include "template_wire.h"

#include "attribute_kind.h"
#include "flat_template.h"

#define COUNT_MAX 4096
#define VALUE_MAX ((CK_ULONG)1 << 20)

/* The room for the flat form of a template in a template. */
#define FLAT_ROOM ((CK_ULONG)1 << 15)

static CK_RV check_count(const CK_ATTRIBUTE *p, CK_ULONG count)
{
	REQUIRE(count <= COUNT_MAX && (p != NULL || count == 0), CKR_ARGUMENTS_BAD,
		"the template is NULL or too long");
	return CKR_OK;
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
	case ATTRIBUTE_BYTES:
		break;
	}
	return true;
}

static void write_mechanisms(struct wire *w, const uint8_t *p, CK_ULONG n)
{
	CK_MECHANISM_TYPE type;

	wire_put_u32(w, (uint32_t)(n / sizeof type));
	for (CK_ULONG i = 0; i < n; i += sizeof type) {
		memcpy(&type, p + i, sizeof type);
		wire_put_u64(w, type);
	}
}

/* Write the value A, whose length fits its KIND. */
static void write_value(struct wire *w, enum attribute_kind kind, const CK_ATTRIBUTE *a)
{
	CK_ULONG number;

	switch (kind) {
	case ATTRIBUTE_BOOL:
		wire_put_byte(w, *(const uint8_t *)a->pValue);
		break;
	case ATTRIBUTE_ULONG:
		memcpy(&number, a->pValue, sizeof number);
		wire_put_u64(w, number);
		break;
	case ATTRIBUTE_MECHANISMS:
		write_mechanisms(w, a->pValue, a->ulValueLen);
		break;
	case ATTRIBUTE_TEMPLATE:
	case ATTRIBUTE_DATE:
	case ATTRIBUTE_BYTES:
		wire_put_bytes(w, a->pValue, a->ulValueLen);
		break;
	}
}

/* Write the flat form of A, a template in a template. */
static void write_flat(struct wire *w, const CK_ATTRIBUTE *a)
{
	wire_put_u32(w, (uint32_t)flat_template_type(a->type));
	size_t at = w->n;

	wire_put_byte(w, true);
	wire_put_u32(w, 0); /* the length of the attribute, known at the end */
	wire_put_u32(w, 0); /* the length of its byte string */
	size_t begin = w->n;
	if (!flat_template_write(w, a)) {
		wire_truncate(w, at);
		wire_put_byte(w, false);
	} else if (!w->failed) {
		put_be32(w->p + at + 1, (uint32_t)(w->n - begin));
		put_be32(w->p + at + 5, (uint32_t)(w->n - begin));
	}
}

static void write_attribute(struct wire *w, const CK_ATTRIBUTE *a)
{
	CK_ATTRIBUTE_TYPE type = attribute_type_on_wire(a->type);
	enum attribute_kind kind = attribute_kind(type);
	bool valid = a->ulValueLen <= VALUE_MAX && (a->pValue != NULL || a->ulValueLen == 0) &&
		     may_have_length(kind, a->ulValueLen);

	if (kind == ATTRIBUTE_TEMPLATE && !w->failed) {
		write_flat(w, a);
		return;
	}
	wire_put_u32(w, (uint32_t)type);
	wire_put_byte(w, valid);
	if (!valid)
		return;
	wire_put_u32(w, (uint32_t)a->ulValueLen);
	write_value(w, kind, a);
}

CK_RV template_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count)
{
	CK_ATTRIBUTE a;

	TRY(check_count(p, count));
	wire_put_u32(&c->out, (uint32_t)count);
	for (CK_ULONG i = 0; i < count; i++) {
		memcpy(&a, &p[i], sizeof a);
		write_attribute(&c->out, &a);
	}
	return CKR_OK;
}

/* --- Values that are asked for --- */

/* The type of A on the wire, in a query and in its reply. */
static CK_ATTRIBUTE_TYPE query_type(const CK_ATTRIBUTE *a)
{
	return attribute_kind(a->type) == ATTRIBUTE_TEMPLATE ? flat_template_type(a->type)
							     : attribute_type_on_wire(a->type);
}

/* The room that the server is told for A. The size of an array is known from its flat form only. */
static CK_ULONG query_room(const CK_ATTRIBUTE *a)
{
	CK_ULONG room = a->pValue != NULL ? a->ulValueLen : 0;

	if (attribute_kind(a->type) == ATTRIBUTE_TEMPLATE)
		return FLAT_ROOM;
	return room < VALUE_MAX ? room : VALUE_MAX;
}

CK_RV query_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count)
{
	CK_ATTRIBUTE a;

	TRY(check_count(p, count));
	wire_put_u32(&c->out, (uint32_t)count);
	for (CK_ULONG i = 0; i < count; i++) {
		memcpy(&a, &p[i], sizeof a);
		wire_put_u32(&c->out, (uint32_t)query_type(&a));
		wire_put_u32(&c->out, (uint32_t)query_room(&a));
	}
	return CKR_OK;
}

/* Store the N bytes at VALUE in A if they fit. VALUE may be NULL if A has no room. */
static CK_RV store(CK_ATTRIBUTE *a, const void *value, CK_ULONG n)
{
	if (a->pValue != NULL && a->ulValueLen < n) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (a->pValue != NULL && value != NULL && n > 0)
		memcpy(a->pValue, value, n);
	a->ulValueLen = n;
	return CKR_OK;
}

/* Without room (ASKED false) the server sends the count of mechanisms and no mechanism. */
static CK_RV read_mechanisms(struct wire *w, CK_ATTRIBUTE *a, CK_ULONG n, bool asked)
{
	uint32_t count = wire_get_u32(w);
	bool fits = asked && a->ulValueLen >= n;

	if (n != (CK_ULONG)count * sizeof(CK_MECHANISM_TYPE))
		w->failed = true;
	for (uint32_t i = 0; asked && i < count && !w->failed; i++) {
		CK_MECHANISM_TYPE type = wire_get_u64(w);

		if (fits)
			memcpy((uint8_t *)a->pValue + i * sizeof type, &type, sizeof type);
	}
	if (!fits || w->failed)
		return store(a, NULL, w->failed ? 0 : n);
	a->ulValueLen = n;
	return CKR_OK;
}

static CK_RV read_bytes(struct wire *w, CK_ATTRIBUTE *a, CK_ULONG n, bool asked)
{
	struct bytes value = wire_get_bytes(w);
	bool sound = !w->failed && (value.n == n || (!asked && value.n == 0)), valid = true;
	CK_RV rv = CKR_OK;

	if (sound && attribute_kind(a->type) == ATTRIBUTE_TEMPLATE)
		rv = flat_template_read(a, value, &valid);
	else if (sound)
		rv = store(a, value.p, n);
	w->failed = !sound || !valid;
	return rv;
}

/* Read the value of A, which has N bytes in the form of PKCS#11. */
static CK_RV read_value(struct wire *w, CK_ATTRIBUTE *a, CK_ULONG n)
{
	bool asked = query_room(a) > 0;
	CK_ULONG number;
	CK_BBOOL byte;

	switch (attribute_kind(a->type)) {
	case ATTRIBUTE_BOOL:
		byte = wire_get_byte(w);
		w->failed = w->failed || n > sizeof byte;
		return w->failed ? CKR_OK : store(a, &byte, n);
	case ATTRIBUTE_ULONG:
		number = wire_get_u64(w);
		w->failed = w->failed || (n != 0 && n != sizeof number);
		return w->failed ? CKR_OK : store(a, &number, n);
	case ATTRIBUTE_MECHANISMS:
		return read_mechanisms(w, a, n, asked);
	case ATTRIBUTE_TEMPLATE:
	case ATTRIBUTE_DATE:
	case ATTRIBUTE_BYTES:
		break;
	}
	return read_bytes(w, a, n, asked);
}

static CK_RV read_attribute(struct wire *w, CK_ATTRIBUTE *a)
{
	uint32_t type = wire_get_u32(w);
	uint8_t valid = wire_get_byte(w);

	if (type != query_type(a) || valid > 1)
		w->failed = true;
	if (!valid) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_OK;
	}
	CK_ULONG n = wire_get_u32(w);

	if (n > VALUE_MAX)
		w->failed = true;
	return w->failed ? CKR_OK : read_value(w, a, n);
}

CK_RV query_read(struct connection *c, CK_ATTRIBUTE *p, CK_ULONG count)
{
	struct wire *w = &c->in;
	CK_ATTRIBUTE a;
	CK_RV rv = CKR_OK;

	if (wire_get_u32(w) != count)
		w->failed = true;
	for (CK_ULONG i = 0; i < count && !w->failed; i++) {
		memcpy(&a, &p[i], sizeof a);
		CK_RV one = read_attribute(w, &a);
		rv = rv == CKR_OK ? one : rv;
		memcpy(&p[i], &a, sizeof a);
	}
	CK_RV answer = wire_get_u64(w);

	if (answer != CKR_OK && answer != CKR_ATTRIBUTE_SENSITIVE &&
		answer != CKR_ATTRIBUTE_TYPE_INVALID && answer != CKR_BUFFER_TOO_SMALL)
		w->failed = true;
	return answer != CKR_OK ? answer : rv;
}
