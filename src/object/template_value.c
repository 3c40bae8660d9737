/* SPDX-License-Identifier: Apache-2.0 */
/* template_value.c: encoded values of attributes, and encoded templates (template.h). */
#include "object/template_value.h"

#include "mechanism.h"

#define NESTED_HEADER 12 /* type (8), length (4) */

/*
 * Return true if DATE is a CK_DATE of eight digits that can be a date, or empty (PKCS#11 4.7.2:
 * CKA_START_DATE, default empty).
 */
static bool is_date(struct bytes date)
{
	if (date.n == 0)
		return true;
	if (date.n != 8)
		return false;
	for (size_t i = 0; i < 8; i++)
		if (date.p[i] < '0' || date.p[i] > '9')
			return false;
	int month = (date.p[4] - '0') * 10 + date.p[5] - '0',
	    day = (date.p[6] - '0') * 10 + date.p[7] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Write the N numbers at P, which may be unaligned, as 8 big-endian bytes each. */
static void put_numbers(const uint8_t *p, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++) {
		CK_ULONG number;
		memcpy(&number, p + i * sizeof number, sizeof number);
		put_be64(out + 8 * i, number);
	}
}

/*
 * Return true if the template OUTER may contain INNER: an attribute that a key can be given at that
 * moment and that is not secret. An unwrapped master must come back with its own
 * CKA_DERIVE_TEMPLATE, so CKA_UNWRAP_TEMPLATE may contain this one template.
 */
static bool may_nest(enum variable outer, const struct attribute *inner)
{
	switch ((enum attribute_kind)inner->kind) {
	case KIND_FLAG:
	case KIND_NUMBER:
	case KIND_VARIABLE:
	case KIND_DATE:
	case KIND_MECHANISMS:
	case KIND_STORED_NUMBER:
		break;
	case KIND_TEMPLATE:
		return outer == VAR_UNWRAP_TEMPLATE && inner->bit == VAR_DERIVE_TEMPLATE;
	default:
		return false;
	}
	if (outer == VAR_DERIVE_TEMPLATE)
		return (inner->rules & AT_DERIVE) != 0;
	if (outer == VAR_UNWRAP_TEMPLATE)
		return (inner->rules & AT_UNWRAP) != 0 && (inner->on & ON_KEY) != 0;
	return (inner->on & ON_KEY) != 0; /* CKA_WRAP_TEMPLATE is compared with keys */
}

static CK_RV encode_flat(
	enum variable outer, struct bytes value, uint8_t *out, size_t max, size_t *ret_n);

/* Encode the attribute A inside the template OUTER. FLAT: of a flat template. */
static CK_RV encode_one_nested(enum variable outer, const CK_ATTRIBUTE *a, bool flat, uint8_t *out,
	size_t max, size_t *ret_n)
{
	const struct attribute *attr = attribute_find(a->type);
	size_t n;

	ENSURE(attr != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
	ENSURE(may_nest(outer, attr), CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(max >= NESTED_HEADER, CKR_ATTRIBUTE_VALUE_INVALID);
	/* The recursion ends: CKA_DERIVE_TEMPLATE contains no template. */
	if (flat && attr->kind == KIND_TEMPLATE)
		TRY(encode_flat((enum variable)attr->bit, bytes_of(a->pValue, a->ulValueLen),
			out + NESTED_HEADER, max - NESTED_HEADER, &n));
	else
		TRY(template_value_encode(attr, a, out + NESTED_HEADER, max - NESTED_HEADER, &n));
	put_be64(out, attr->type);
	put_be32(out + 8, (uint32_t)n);
	*ret_n = NESTED_HEADER + n;
	return CKR_OK;
}

/* Note TYPE as number I of the attributes SEEN. CKR_TEMPLATE_INCONSISTENT if TYPE comes twice. */
static CK_RV note_type(
	CK_ATTRIBUTE_TYPE type, CK_ATTRIBUTE_TYPE seen[TEMPLATE_NESTED_MAX], size_t i)
{
	for (size_t j = 0; j < i; j++)
		ENSURE(seen[j] != type, CKR_TEMPLATE_INCONSISTENT);
	seen[i] = type;
	return CKR_OK;
}

static CK_RV encode_nested(
	enum variable outer, const CK_ATTRIBUTE *a, uint8_t *out, size_t max, size_t *ret_n)
{
	const uint8_t *p = a->pValue;
	size_t count = a->ulValueLen / sizeof(CK_ATTRIBUTE), used = 0;
	CK_ATTRIBUTE_TYPE seen[TEMPLATE_NESTED_MAX];

	REQUIRE(!parameters_flat(), CKR_ATTRIBUTE_TYPE_INVALID,
		"a template in a template has its flat form only (parameters = flat)");
	ENSURE(a->ulValueLen % sizeof(CK_ATTRIBUTE) == 0, CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(count <= TEMPLATE_NESTED_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	for (size_t i = 0; i < count; i++) {
		CK_ATTRIBUTE inner;
		size_t n = 0;
		memcpy(&inner, p + i * sizeof inner, sizeof inner);
		TRY(note_type(inner.type, seen, i));
		TRY(encode_one_nested(outer, &inner, false, out + used, max - used, &n));
		used += n;
	}
	*ret_n = used;
	return CKR_OK;
}

#define FLAT_HEADER 8 /* type (4), length (4) */

/* Encode the flat template VALUE, whose bytes no other thread writes to. */
static CK_RV encode_flat(
	enum variable outer, struct bytes value, uint8_t *out, size_t max, size_t *ret_n)
{
	CK_ATTRIBUTE_TYPE seen[TEMPLATE_NESTED_MAX];
	size_t used = 0;

	for (size_t i = 0; value.n > 0; i++) {
		size_t n = 0;
		ENSURE(i < TEMPLATE_NESTED_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
		ENSURE(value.n >= FLAT_HEADER, CKR_ATTRIBUTE_VALUE_INVALID);
		const uint8_t *p = value.p + FLAT_HEADER;
		CK_ATTRIBUTE inner = {
			get_be32(value.p), (void *)(uintptr_t)p, get_be32(value.p + 4)};
		ENSURE(inner.ulValueLen <= value.n - FLAT_HEADER, CKR_ATTRIBUTE_VALUE_INVALID);
		TRY(note_type(inner.type, seen, i));
		TRY(encode_one_nested(outer, &inner, true, out + used, max - used, &n));
		used += n;
		value = bytes_of(p + inner.ulValueLen, value.n - FLAT_HEADER - inner.ulValueLen);
	}
	*ret_n = used;
	return CKR_OK;
}

/* The same for the value A of a caller, which is copied first. A has at most MAX bytes. */
__attribute__((noinline)) static CK_RV encode_flat_copy(
	enum variable outer, const CK_ATTRIBUTE *a, uint8_t *out, size_t max, size_t *ret_n)
{
	uint8_t copy[TEMPLATE_BYTES_MAX];

	ENSURE(a->ulValueLen <= sizeof copy, CKR_ATTRIBUTE_VALUE_INVALID);
	if (a->ulValueLen > 0)
		memcpy(copy, a->pValue, a->ulValueLen);
	return encode_flat(outer, bytes_of(copy, a->ulValueLen), out, max, ret_n);
}

CK_RV template_value_encode(const struct attribute *attr, const CK_ATTRIBUTE *a, uint8_t *out,
	size_t max, size_t *ret_n)
{
	size_t n = a->ulValueLen;

	ENSURE(a->pValue != NULL || n == 0, CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(n <= max, CKR_ATTRIBUTE_VALUE_INVALID);
	switch ((enum attribute_kind)attr->kind) {
	case KIND_FLAG:
		ENSURE(n == 1, CKR_ATTRIBUTE_VALUE_INVALID);
		memcpy(out, a->pValue, 1); /* once: another thread may write to the caller's */
		ENSURE(out[0] <= CK_TRUE, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case KIND_NUMBER:
	case KIND_STORED_NUMBER:
		ENSURE(n == sizeof(CK_ULONG), CKR_ATTRIBUTE_VALUE_INVALID);
		put_numbers(a->pValue, 1, out);
		break;
	case KIND_MECHANISMS:
		ENSURE(n % sizeof(CK_MECHANISM_TYPE) == 0, CKR_ATTRIBUTE_VALUE_INVALID);
		put_numbers(a->pValue, n / sizeof(CK_MECHANISM_TYPE), out);
		break;
	case KIND_TEMPLATE:
		return encode_nested((enum variable)attr->bit, a, out, max, ret_n);
	case KIND_FLAT_TEMPLATE:
		return encode_flat_copy((enum variable)attr->bit, a, out, max, ret_n);
	default:
		if (n > 0)
			memcpy(out, a->pValue, n);
		ENSURE(attr->kind != KIND_DATE || is_date(bytes_of(out, n)),
			CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	}
	*ret_n = n;
	return CKR_OK;
}

bool template_value_sound(const struct attribute *attr, struct bytes value)
{
	struct template nested;

	if (value.n > TEMPLATE_BYTES_MAX)
		return false;
	switch ((enum attribute_kind)attr->kind) {
	case KIND_FLAG:
		return value.n == 1 && value.p[0] <= CK_TRUE;
	case KIND_NUMBER:
	case KIND_STORED_NUMBER:
		return value.n == 8;
	case KIND_MECHANISMS:
		return value.n % 8 == 0;
	case KIND_DATE:
		return is_date(value);
	case KIND_TEMPLATE:
		return template_decode((enum variable)attr->bit, value, &nested) == CKR_OK;
	default:
		return true;
	}
}

/* --- Encoded templates --- */

CK_RV template_next(enum variable outer, struct bytes *rest, struct nested *ret)
{
	ENSURE(rest->n >= NESTED_HEADER, CKR_DEVICE_ERROR);
	size_t n = get_be32(rest->p + 8);
	ENSURE(n <= rest->n - NESTED_HEADER, CKR_DEVICE_ERROR);
	ret->attr = attribute_find(get_be64(rest->p));
	ENSURE(ret->attr != NULL && may_nest(outer, ret->attr), CKR_DEVICE_ERROR);
	ret->value = bytes_of(rest->p + NESTED_HEADER, n);
	*rest = bytes_of(rest->p + NESTED_HEADER + n, rest->n - NESTED_HEADER - n);
	ENSURE(template_value_sound(ret->attr, ret->value), CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV decode_number(const struct nested *n, struct template *t)
{
	CK_ULONG value = get_be64(n->value.p);

	ENSURE(!(t->given & n->attr->bit), CKR_DEVICE_ERROR);
	t->given |= n->attr->bit;
	switch (n->attr->bit) {
	case GIVEN_CLASS:
		t->object_class = value;
		return CKR_OK;
	case GIVEN_KEY_TYPE:
		t->key_type = value;
		return CKR_OK;
	case GIVEN_VALUE_LEN:
		t->value_len = value;
		return CKR_OK;
	case GIVEN_KEY_GEN_MECHANISM:
		t->key_gen_mechanism = value;
		return CKR_OK;
	default:
		return FAIL(CKR_DEVICE_ERROR, "this attribute is not allowed in a nested template");
	}
}

static CK_RV decode_one(const struct nested *n, struct template *t)
{
	uint32_t bit = n->attr->bit;

	switch ((enum attribute_kind)n->attr->kind) {
	case KIND_FLAG:
		ENSURE(!(t->flags_given & bit), CKR_DEVICE_ERROR);
		t->flags_given |= bit;
		t->flags |= n->value.p[0] ? bit : 0;
		return CKR_OK;
	case KIND_NUMBER:
		return decode_number(n, t);
	case KIND_VARIABLE:
	case KIND_DATE:
	case KIND_MECHANISMS:
	case KIND_STORED_NUMBER:
	case KIND_TEMPLATE:
		ENSURE(!(t->variables_given >> bit & 1), CKR_DEVICE_ERROR);
		t->variables_given |= 1u << bit;
		t->variable[bit] = n->value;
		return CKR_OK;
	default:
		return FAIL(CKR_DEVICE_ERROR, "this attribute is not allowed in a nested template");
	}
}

CK_RV template_decode(enum variable outer, struct bytes encoded, struct template *ret)
{
	ret->given = ret->flags_given = ret->flags = ret->variables_given = 0;
	ret->heap = NULL;
	ret->heap_len = ret->used = 0;
	while (encoded.n > 0) { /* ends, because no attribute is taken twice */
		struct nested n;
		TRY(template_next(outer, &encoded, &n));
		TRY(decode_one(&n, ret));
	}
	return CKR_OK;
}

bool list_within(struct bytes inner, struct bytes outer)
{
	for (size_t i = 0; i + 8 <= inner.n; i += 8) {
		bool found = false;
		for (size_t j = 0; j + 8 <= outer.n && !found; j += 8)
			found = get_be64(inner.p + i) == get_be64(outer.p + j);
		if (!found)
			return false;
	}
	return true;
}

/* Add the variable attributes of MORE to RET, a copy of T. */
static CK_RV merge_variables(
	const struct template *t, const struct template *more, bool shorter, struct template *ret)
{
	for (uint32_t left = more->variables_given; left != 0; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctz(left);
		if (!(t->variables_given >> id & 1)) {
			ret->variable[id] = more->variable[id];
			continue;
		}
		bool agrees = bytes_equal(t->variable[id], more->variable[id]) ||
			      (shorter && id == VAR_ALLOWED_MECHANISMS &&
				      list_within(t->variable[id], more->variable[id]));
		ENSURE(agrees, CKR_TEMPLATE_INCONSISTENT);
	}
	ret->variables_given |= more->variables_given;
	return CKR_OK;
}

CK_RV template_merge(
	const struct template *t, const struct template *more, bool shorter, struct template *ret)
{
	uint32_t both = t->given & more->given;

	*ret = *t;
	ret->heap = NULL;
	ret->heap_len = ret->used = 0;
	ENSURE(((t->flags ^ more->flags) & t->flags_given & more->flags_given) == 0,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(both & GIVEN_CLASS) || t->object_class == more->object_class,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(both & GIVEN_KEY_TYPE) || t->key_type == more->key_type,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(both & GIVEN_VALUE_LEN) || t->value_len == more->value_len,
		CKR_TEMPLATE_INCONSISTENT);

	ret->flags_given |= more->flags_given;
	ret->flags |= more->flags;
	if (more->given & GIVEN_CLASS)
		ret->object_class = more->object_class;
	if (more->given & GIVEN_KEY_TYPE)
		ret->key_type = more->key_type;
	if (more->given & GIVEN_VALUE_LEN)
		ret->value_len = more->value_len;
	ret->given |= more->given;
	return merge_variables(t, more, shorter, ret);
}
