/* SPDX-License-Identifier: Apache-2.0 */
/* template_parse.c: copy the template of a caller and check each attribute. */
#include "object/template.h"

#include <stdlib.h>

#include "object/attribute.h"
#include "object/template_value.h"

/* Room for every attribute at its longest. An attribute that comes twice is kept once. */
#define HEAP_MAX (DATA_MAX + (TEMPLATE_VARIABLES + 5) * TEMPLATE_BYTES_MAX)

/* Attributes whose bytes are secret: a key or a password. */
#define GIVEN_SECRETS (GIVEN_VALUE | GIVEN_PARAMETER)

void template_wipe(struct template *t)
{
	if (t->given & GIVEN_SECRETS)
		wipe(t->room, t->used);
	if (t->heap != NULL) {
		wipe(t->heap, t->heap_len);
		free(t->heap);
		t->heap = NULL;
	}
	t->given = 0;
	t->used = 0;
}

/* Get N bytes of memory that lives as long as T. */
static CK_RV reserve(struct template *t, size_t n, uint8_t **ret)
{
	if (n <= TEMPLATE_ROOM - t->used) {
		*ret = t->room + t->used;
		t->used += n;
		return CKR_OK;
	}
	if (t->heap == NULL) {
		t->heap = malloc(HEAP_MAX);
		ENSURE(t->heap != NULL, CKR_HOST_MEMORY);
		t->heap_len = 0;
	}
	ENSURE(n <= HEAP_MAX - t->heap_len, CKR_ATTRIBUTE_VALUE_INVALID);
	*ret = t->heap + t->heap_len;
	t->heap_len += n;
	return CKR_OK;
}

/*
 * Copy VALUE into T and point RET at the copy. AGAIN: the template has given the attribute before,
 * and the second value must be equal.
 */
static CK_RV keep(struct template *t, bool again, struct bytes value, struct bytes *ret)
{
	uint8_t *p = NULL;

	if (again) {
		bool same = value.n == ret->n &&
			    (value.n == 0 || secret_equal(value.p, ret->p, value.n));
		ENSURE(same, CKR_TEMPLATE_INCONSISTENT);
		return CKR_OK;
	}
	TRY(reserve(t, value.n, &p));
	if (value.n > 0)
		memcpy(p, value.p, value.n);
	*ret = bytes_of(p, value.n);
	return CKR_OK;
}

/* Offsets of the numbers in struct template, by the position of their bit in enum given. */
static const uint8_t number_at[] = {
	[__builtin_ctz(GIVEN_CLASS)] = offsetof(struct template, object_class),
	[__builtin_ctz(GIVEN_KEY_TYPE)] = offsetof(struct template, key_type),
	[__builtin_ctz(GIVEN_VALUE_LEN)] = offsetof(struct template, value_len),
	[__builtin_ctz(GIVEN_KEY_GEN_MECHANISM)] = offsetof(struct template, key_gen_mechanism),
	[__builtin_ctz(GIVEN_PROFILE_ID)] = offsetof(struct template, number),
	[__builtin_ctz(GIVEN_MECHANISM_TYPE)] = offsetof(struct template, number),
};

static inline CK_RV parse_number(
	struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	CK_ULONG *to = (CK_ULONG *)(void *)((uint8_t *)t + number_at[__builtin_ctz(attr->bit)]);
	CK_ULONG value;

	ENSURE(a->ulValueLen == sizeof value && a->pValue != NULL, CKR_ATTRIBUTE_VALUE_INVALID);
	memcpy(&value, a->pValue, sizeof value);
	ENSURE(!(t->given & attr->bit) || *to == value, CKR_TEMPLATE_INCONSISTENT);
	t->given |= attr->bit;
	*to = value;
	return CKR_OK;
}

/* Parse CKA_VALUE, or an attribute that the token computes. The bytes may have any form. */
static CK_RV parse_bytes(struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	struct bytes *to;

	ENSURE(a->pValue != NULL || a->ulValueLen == 0, CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(a->ulValueLen <= (attr->bit == GIVEN_VALUE ? DATA_MAX : TEMPLATE_BYTES_MAX),
		CKR_ATTRIBUTE_VALUE_INVALID);
	switch (attr->bit) {
	case GIVEN_VALUE:
		to = &t->value;
		break;
	case GIVEN_CHECK_VALUE:
		to = &t->check_value;
		break;
	case GIVEN_UNIQUE_ID:
		to = &t->unique_id;
		break;
	case GIVEN_REMAINING:
		to = &t->remaining;
		break;
	case GIVEN_PARAMETER:
		to = &t->parameter;
		break;
	default: /* computed attributes of the built-in objects: no search finds them */
		t->given |= GIVEN_OTHER;
		return CKR_OK;
	}
	bool again = (t->given & attr->bit) != 0;
	t->given |= attr->bit; /* first, so that template_wipe wipes a secret even after an error */
	return keep(t, again, bytes_of(a->pValue, a->ulValueLen), to);
}

/*
 * Parse a list, a template, a date or a number that is kept as bytes. A separate function, so that
 * the frame of parse_variable stays small.
 */
__attribute__((noinline)) static CK_RV parse_encoded(
	struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	uint8_t encoded[TEMPLATE_BYTES_MAX];
	bool again = (t->variables_given >> attr->bit & 1) != 0;
	size_t n;

	TRY(template_value_encode(attr, a, encoded, sizeof encoded, &n));
	TRY(keep(t, again, bytes_of(encoded, n), &t->variable[attr->bit]));
	t->variables_given |= 1u << attr->bit;
	return CKR_OK;
}

static CK_RV parse_variable(struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	bool again = (t->variables_given >> attr->bit & 1) != 0;

	ENSURE(a->pValue != NULL || a->ulValueLen == 0, CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(a->ulValueLen <= TEMPLATE_BYTES_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	TRY(keep(t, again, bytes_of(a->pValue, a->ulValueLen), &t->variable[attr->bit]));
	t->variables_given |= 1u << attr->bit;
	return CKR_OK;
}

/* Note that the template has an attribute of other classes. */
static CK_RV parse_other(struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	CK_BBOOL value;

	ENSURE(a->pValue != NULL || a->ulValueLen == 0, CKR_ATTRIBUTE_VALUE_INVALID);
	if (attr->kind == KIND_OTHER) {
		t->given |= GIVEN_OTHER;
		return CKR_OK;
	}
	ENSURE(a->ulValueLen == sizeof value, CKR_ATTRIBUTE_VALUE_INVALID);
	memcpy(&value, a->pValue, sizeof value);
	ENSURE(value == CK_TRUE || value == CK_FALSE, CKR_ATTRIBUTE_VALUE_INVALID);
	t->given |= value == CK_TRUE ? GIVEN_OTHER_TRUE : GIVEN_OTHER_FALSE;
	return CKR_OK;
}

/* Parse an attribute that is not a flag. */
static CK_RV parse_one(struct template *t, const struct attribute *attr, const CK_ATTRIBUTE *a)
{
	if (__builtin_expect(attr->kind == KIND_NUMBER, 1))
		return parse_number(t, attr, a);
	switch ((enum attribute_kind)attr->kind) {
	case KIND_VALUE:
	case KIND_COMPUTED:
		return parse_bytes(t, attr, a);
	case KIND_OTHER:
	case KIND_OTHER_FLAG:
		return parse_other(t, attr, a);
	case KIND_VARIABLE:
		return parse_variable(t, attr, a);
	case KIND_DATE:
	case KIND_MECHANISMS:
	case KIND_TEMPLATE:
	case KIND_FLAT_TEMPLATE:
	case KIND_STORED_NUMBER:
	case KIND_FLAG:
	case KIND_NUMBER:
		break;
	}
	return parse_encoded(t, attr, a);
}

/*
 * The loop of template_parse. Most attributes are flags, so the loop itself keeps
 * them in registers.
 */
static CK_RV parse_all(const uint8_t *p, CK_ULONG count, struct template *t)
{
	uint32_t given = 0, flags = 0;

	for (const uint8_t *end = p + count * sizeof(CK_ATTRIBUTE); p < end;
		p += sizeof(CK_ATTRIBUTE)) {
		CK_ATTRIBUTE a;
		/*
		 * Read each field once, because another thread may write to it. Use memcpy, because
		 * the array may be unaligned.
		 */
		memcpy(&a.type, p + offsetof(CK_ATTRIBUTE, type), sizeof a.type);
		memcpy(&a.pValue, p + offsetof(CK_ATTRIBUTE, pValue), sizeof a.pValue);
		memcpy(&a.ulValueLen, p + offsetof(CK_ATTRIBUTE, ulValueLen), sizeof a.ulValueLen);
		const struct attribute *attr = attribute_find(a.type);
		ENSURE(attr != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
		if (attr->kind != KIND_FLAG) {
			TRY(parse_one(t, attr, &a));
			continue;
		}
		ENSURE(a.ulValueLen == sizeof(CK_BBOOL) && a.pValue != NULL,
			CKR_ATTRIBUTE_VALUE_INVALID);
		uint32_t value = *(const CK_BBOOL *)a.pValue;
		ENSURE(value <= CK_TRUE, CKR_ATTRIBUTE_VALUE_INVALID);
		value = attr->bit & -value;
		ENSURE((given & attr->bit & (flags ^ value)) == 0, CKR_TEMPLATE_INCONSISTENT);
		given |= attr->bit;
		flags |= value;
	}
	t->flags_given = given;
	t->flags = flags;
	return CKR_OK;
}

CK_RV template_parse(const CK_ATTRIBUTE *attributes, CK_ULONG count, struct template *ret)
{
	ret->given = ret->flags_given = ret->flags = ret->variables_given = 0;
	ret->heap = NULL;
	ret->heap_len = ret->used = 0;
	if (count == 0)
		return CKR_OK;
	ENSURE(attributes != NULL && count <= TEMPLATE_ATTRIBUTES_MAX, CKR_ARGUMENTS_BAD);
	CK_RV rv = parse_all((const uint8_t *)attributes, count, ret);
	if (__builtin_expect(rv != CKR_OK, 0))
		template_wipe(ret);
	return rv;
}

CK_RV template_parameter(const CK_ATTRIBUTE *attributes, CK_ULONG count, uint8_t *out, size_t max,
	size_t *ret_n, bool *ret_found)
{
	const uint8_t *p = (const uint8_t *)attributes;

	*ret_found = false;
	if (attributes == NULL || count > TEMPLATE_ATTRIBUTES_MAX)
		return CKR_OK; /* template_parse refuses the template */
	for (; count > 0; count--, p += sizeof(CK_ATTRIBUTE)) {
		CK_ATTRIBUTE a;
		memcpy(&a, p, sizeof a); /* once; the array may be unaligned */
		if (a.type != CKA_KEYDIV_PARAMETER)
			continue;
		ENSURE(a.ulValueLen <= max, CKR_MECHANISM_PARAM_INVALID);
		ENSURE(a.pValue != NULL || a.ulValueLen == 0, CKR_MECHANISM_PARAM_INVALID);
		if (a.ulValueLen > 0)
			memcpy(out, a.pValue, a.ulValueLen);
		*ret_n = a.ulValueLen;
		*ret_found = true;
		return CKR_OK;
	}
	return CKR_OK;
}
