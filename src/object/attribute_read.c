/* SPDX-License-Identifier: Apache-2.0 */
/* attribute_read.c: C_GetAttributeValue, entry by entry (PKCS#11 v3.0, 5.7.5, cases 1 to 5). */
#include "key/key.h"
#include "mechanism.h"
#include "object/attribute.h"
#include "object/attribute_value.h"
#include "object/object_foreign.h"
#include "state_kind.h"

/* Return true if no caller may see the value of O. */
static bool is_closed(const struct object *o)
{
	if (o->object_class != CKO_SECRET_KEY)
		return false;
	return (o->flags & FLAG_SENSITIVE) || !(o->flags & FLAG_EXTRACTABLE) ||
	       key_type_is_state(o->key_type);
}

static void set_number(struct attribute_value *v, CK_ULONG number)
{
	memcpy(v->small, &number, sizeof number);
	v->bytes = bytes_of(v->small, sizeof number);
}

static CK_RV read_number(
	const struct object *o, const struct attribute *attr, struct attribute_value *ret)
{
	switch (attr->bit) {
	case GIVEN_CLASS:
		set_number(ret, o->object_class);
		return CKR_OK;
	case GIVEN_KEY_TYPE:
		set_number(ret, o->key_type);
		return CKR_OK;
	case GIVEN_KEY_GEN_MECHANISM:
		set_number(ret, o->key_gen_mechanism);
		return CKR_OK;
	case GIVEN_VALUE_LEN:
		/* A client state is not a number of key bytes. */
		ENSURE(!key_type_is_state(o->key_type), CKR_ATTRIBUTE_TYPE_INVALID);
		set_number(ret, object_key_length(o));
		return CKR_OK;
	default: /* CKA_PROFILE_ID, CKA_MECHANISM_TYPE */
		set_number(ret, o->number);
		return CKR_OK;
	}
}

static CK_RV read_value(const struct object *o, struct attribute_value *ret)
{
	ENSURE(!is_closed(o), CKR_ATTRIBUTE_SENSITIVE);
	ret->bytes = bytes_of(secret_peek(&o->value), o->value.len);
	if (o->object_class == CKO_DATA) {
		if (!(o->flags & FLAG_PRIVATE))
			ret->bytes = object_variable(o, VAR_PUBLIC_VALUE);
		return CKR_OK;
	}
	/* The value of a public token key is sealed while nobody is logged in. */
	ENSURE(o->value.len > 0, CKR_ATTRIBUTE_SENSITIVE);
	return CKR_OK;
}

static CK_RV read_check_value(const struct reading *r, struct attribute_value *ret)
{
	const struct object *o = r->object;

	ENSURE(!key_type_is_state(o->key_type), CKR_ATTRIBUTE_TYPE_INVALID);
	if (object_is_foreign(o)) {
		ret->bytes = object_foreign(o).check_value;
		ENSURE(ret->bytes.n > 0, CKR_ATTRIBUTE_TYPE_INVALID);
		return CKR_OK;
	}
	ENSURE(r->key != NULL && o->value.len > 0, CKR_ATTRIBUTE_TYPE_INVALID);
	TRY(key_load(r->key, o->key_type, secret_peek(&o->value), o->value.len));
	CK_RV rv = key_check_value(r->key, object_checks_by_cmac(o), ret->small);
	key_unload(r->key);
	ret->bytes = bytes_of(ret->small, 3);
	return rv;
}

/* Read an attribute that is computed from the state of the object (state_kind.h). */
static CK_RV read_state(
	const struct object *o, const struct attribute *attr, struct attribute_value *ret)
{
	const struct state_kind *kind = state_kind_of(o->key_type);
	size_t n = 0;

	ENSURE(kind != NULL && o->value.len > 0, CKR_ATTRIBUTE_TYPE_INVALID);
	TRY(kind->describe(secret_peek(&o->value), o->value.len, attr->type, ret->small, &n));
	ret->bytes = bytes_of(ret->small, n);
	return CKR_OK;
}

static CK_RV read_computed(
	const struct reading *r, const struct attribute *attr, struct attribute_value *ret)
{
	CK_ULONG rv, ns;

	switch (attr->type) {
	case CKA_UNIQUE_ID:
		ENSURE(r->unique_id != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
		hex_encode(r->unique_id, 16, (char *)ret->small);
		ret->bytes = bytes_of(ret->small, 32);
		return CKR_OK;
	case CKA_CHECK_VALUE:
		return read_check_value(r, ret);
	case CKA_KEYDIV_PARAMETER: /* never kept */
		return CKR_ATTRIBUTE_TYPE_INVALID;
	case CKA_KEYDIV_REMAINING:
		return read_state(r->object, attr, ret);
	default: /* CKA_KEYDIV_SELFTEST, CKA_KEYDIV_SELFTEST_TIME */
		ENSURE(r->self_test != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
		TRY(r->self_test(r->object->number, &rv, &ns));
		set_number(ret, attr->type == CKA_KEYDIV_SELFTEST ? rv : ns);
		return CKR_OK;
	}
}

/*
 * Read a variable attribute. An attribute that was never set is empty (PKCS#11 tables: "default
 * empty"), or absent if the attribute restricts the key.
 */
static CK_RV read_variable(
	const struct object *o, const struct attribute *attr, struct attribute_value *ret)
{
	ret->bytes = object_variable(o, (enum variable)attr->bit);
	/* The URI of a public foreign master is sealed while nobody is logged in. */
	ENSURE(attr->bit != VAR_FOREIGN_KEY || !object_is_foreign(o) || ret->bytes.n > 0,
		CKR_ATTRIBUTE_SENSITIVE);
	if (ret->bytes.p != NULL)
		return CKR_OK;
	switch (attr->bit) {
	case VAR_TRANSACTION:
	case VAR_SHAPE:
		return read_state(o, attr, ret);
	case VAR_WRAP_TEMPLATE:
	case VAR_UNWRAP_TEMPLATE:
	case VAR_DERIVE_TEMPLATE:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	case VAR_FOREIGN_KEY:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	case VAR_RESERVE:
		ENSURE(object_reserves(o), CKR_ATTRIBUTE_TYPE_INVALID);
		put_be64(ret->small, 1);
		ret->bytes = bytes_of(ret->small, 8);
		return CKR_OK;
	case VAR_WINDOW:
		put_be64(ret->small, 0);
		ret->bytes = bytes_of(ret->small, 8);
		return CKR_OK;
	case VAR_ALLOWED_MECHANISMS:
		ENSURE(o->default_allowed != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
		ret->list = o->default_allowed;
		ret->bytes = bytes_of(ret->small, 8 * (size_t)o->default_allowed_count);
		return CKR_OK;
	default:
		ret->bytes = bytes_of(ret->small, 0);
		return CKR_OK;
	}
}

CK_RV attribute_value(
	const struct reading *r, const struct attribute *attr, struct attribute_value *ret)
{
	const struct object *o = r->object;
	static const uint8_t on[WHO_COUNT] = {
		ON_KEY, ON_KEY | ON_CLIENT, ON_DATA, ON_PROFILE, ON_MECHANISM};

	ret->list = NULL;
	if (!(attr->on & on[attribute_who(o)]))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	switch ((enum attribute_kind)attr->kind) {
	case KIND_FLAG:
		ret->small[0] = (o->flags & attr->bit) ? CK_TRUE : CK_FALSE;
		ret->bytes = bytes_of(ret->small, 1);
		return CKR_OK;
	case KIND_NUMBER:
		return read_number(o, attr, ret);
	case KIND_VALUE:
		return read_value(o, ret);
	case KIND_COMPUTED:
		return read_computed(r, attr, ret);
	case KIND_OTHER:
	case KIND_OTHER_FLAG:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	default:
		return read_variable(o, attr, ret);
	}
}

/* --- Into the caller's memory --- */

/* Write the COUNT big-endian numbers at P to OUT in the order of the machine. */
static void get_numbers(const uint8_t *p, size_t count, uint8_t *out)
{
	for (size_t i = 0; i < count; i++) {
		CK_ULONG number = get_be64(p + 8 * i);
		memcpy(out + i * sizeof number, &number, sizeof number);
	}
}

/* Convert the encoded VALUE of ATTR to the form of PKCS#11 in OUT. Both have the same length. */
static void put_native(const struct attribute *attr, struct bytes value, uint8_t *out)
{
	if (attr->kind == KIND_NUMBER || attr->kind == KIND_MECHANISMS ||
		attr->kind == KIND_STORED_NUMBER)
		get_numbers(value.p, value.n / 8, out);
	else if (value.n > 0)
		memcpy(out, value.p, value.n);
}

static CK_RV put_template(enum variable outer, struct bytes encoded, uint8_t *out, CK_ULONG room,
	CK_ULONG *ret_length);

/* Fill a template that is inside a template. The recursion ends there (template_value.c). */
static CK_RV put_inner_template(const struct nested *n, CK_ATTRIBUTE *a)
{
	CK_ULONG length = CK_UNAVAILABLE_INFORMATION;
	CK_RV rv = put_template(
		(enum variable)n->attr->bit, n->value, a->pValue, a->ulValueLen, &length);

	a->ulValueLen = length;
	return rv;
}

/*
 * Fill one entry inside a template at PLACE. As outside a template, the caller may ask for the
 * length, or the buffer may be too small.
 */
static CK_RV put_inner(const struct nested *n, uint8_t *place)
{
	CK_ATTRIBUTE a;
	CK_RV rv = CKR_OK;

	memcpy(&a, place, sizeof a);
	a.type = n->attr->type;
	if (n->attr->kind == KIND_TEMPLATE) {
		rv = put_inner_template(n, &a);
	} else if (a.pValue != NULL && a.ulValueLen < n->value.n) {
		a.ulValueLen = CK_UNAVAILABLE_INFORMATION;
		rv = CKR_BUFFER_TOO_SMALL;
	} else {
		if (a.pValue != NULL)
			put_native(n->attr, n->value, a.pValue);
		a.ulValueLen = n->value.n;
	}
	memcpy(place, &a, sizeof a);
	return rv;
}

/*
 * Write the template ENCODED, which is the value of OUTER, as an array of CK_ATTRIBUTE to OUT (ROOM
 * bytes). If OUT is NULL, only compute *RET_LENGTH, the size of the array in bytes.
 */
static CK_RV put_template(enum variable outer, struct bytes encoded, uint8_t *out, CK_ULONG room,
	CK_ULONG *ret_length)
{
	struct bytes rest = encoded;
	struct nested n;
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	while (rest.n > 0) {
		TRY(template_next(outer, &rest, &n));
		count++;
	}
	if (out != NULL) {
		ENSURE(room >= count * sizeof(CK_ATTRIBUTE), CKR_BUFFER_TOO_SMALL);
		for (rest = encoded; rest.n > 0; out += sizeof(CK_ATTRIBUTE)) {
			TRY(template_next(outer, &rest, &n));
			if (put_inner(&n, out) != CKR_OK)
				rv = CKR_BUFFER_TOO_SMALL;
		}
	}
	*ret_length = count * sizeof(CK_ATTRIBUTE);
	return rv;
}

/* --- Flat templates (keydiv.h) --- */

#define FLAT_HEADER 8 /* type (4), length (4) */

/* Add the length of the flat form of the template ENCODED, the value of OUTER, to *LENGTH. */
static CK_RV flat_length(enum variable outer, struct bytes encoded, size_t *length)
{
	struct nested n;

	while (encoded.n > 0) {
		TRY(template_next(outer, &encoded, &n));
		*length += FLAT_HEADER;
		if (n.attr->kind == KIND_TEMPLATE)
			TRY(flat_length((enum variable)n.attr->bit, n.value, length));
		else
			*length += n.value.n;
	}
	return CKR_OK;
}

/* Write the flat form of the template ENCODED to *OUT, and move *OUT past the flat form. */
static CK_RV put_flat(enum variable outer, struct bytes encoded, uint8_t **out)
{
	struct nested n;

	while (encoded.n > 0) {
		TRY(template_next(outer, &encoded, &n));
		uint8_t *header = *out;
		*out += FLAT_HEADER;
		if (n.attr->kind == KIND_TEMPLATE) {
			TRY(put_flat((enum variable)n.attr->bit, n.value, out));
		} else {
			put_native(n.attr, n.value, *out);
			*out += n.value.n;
		}
		put_be32(header, (uint32_t)n.attr->type);
		put_be32(header + 4, (uint32_t)(*out - header - FLAT_HEADER));
	}
	return CKR_OK;
}

/* Read the template ENCODED into the buffer of A, as read_entry does. */
static CK_RV read_flat_template(
	enum variable outer, struct bytes encoded, const CK_ATTRIBUTE *a, CK_ULONG *ret_length)
{
	uint8_t *out = a->pValue;
	size_t length = 0;

	TRY(flat_length(outer, encoded, &length));
	if (out != NULL && a->ulValueLen < length)
		return CKR_BUFFER_TOO_SMALL;
	if (out != NULL)
		TRY(put_flat(outer, encoded, &out));
	*ret_length = length;
	return CKR_OK;
}

/*
 * Read the attribute that A names into the buffer of A. *RET_LENGTH is the new A->ulValueLen, or
 * CK_UNAVAILABLE_INFORMATION if nothing was read.
 */
static CK_RV read_entry(const struct reading *r, const CK_ATTRIBUTE *a, CK_ULONG *ret_length)
{
	const struct attribute *attr = attribute_find(a->type);
	struct attribute_value v;

	*ret_length = CK_UNAVAILABLE_INFORMATION;
	/* The buffer of an array has pointers, which are not followed with parameters = flat. */
	if (attr == NULL || (attr->kind == KIND_TEMPLATE && parameters_flat()))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	CK_RV rv = attribute_value(r, attr, &v);
	if (rv != CKR_OK)
		return rv;
	if (attr->kind == KIND_TEMPLATE)
		return put_template(
			(enum variable)attr->bit, v.bytes, a->pValue, a->ulValueLen, ret_length);
	if (attr->kind == KIND_FLAT_TEMPLATE)
		return read_flat_template((enum variable)attr->bit, v.bytes, a, ret_length);
	if (a->pValue != NULL && a->ulValueLen < v.bytes.n)
		return CKR_BUFFER_TOO_SMALL;
	if (a->pValue != NULL && v.bytes.n > 0) {
		bool encoded = attr->kind == KIND_MECHANISMS || attr->kind == KIND_STORED_NUMBER;
		if (v.list != NULL)
			memcpy(a->pValue, v.list, v.bytes.n);
		else if (encoded)
			get_numbers(v.bytes.p, v.bytes.n / 8, a->pValue);
		else
			memcpy(a->pValue, v.bytes.p, v.bytes.n);
	}
	*ret_length = v.bytes.n;
	return CKR_OK;
}

CK_RV attributes_read(const struct reading *r, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	uint8_t *p = (uint8_t *)attributes; /* it may be unaligned */
	CK_RV result = CKR_OK;

	if (count == 0)
		return CKR_OK;
	ENSURE(p != NULL && count <= 4096, CKR_ARGUMENTS_BAD);
	for (CK_ULONG i = 0; i < count; i++, p += sizeof(CK_ATTRIBUTE)) {
		CK_ATTRIBUTE a;
		CK_ULONG length;
		memcpy(&a, p, sizeof a);
		CK_RV rv = read_entry(r, &a, &length);
		memcpy(p + offsetof(CK_ATTRIBUTE, ulValueLen), &length, sizeof length);
		switch (rv) {
		case CKR_OK:
			break;
		case CKR_ATTRIBUTE_SENSITIVE:
		case CKR_ATTRIBUTE_TYPE_INVALID:
		case CKR_BUFFER_TOO_SMALL:
			/* These are "no true errors", so the other entries are read too. */
			if (result == CKR_OK)
				result = rv;
			break;
		default:
			return rv;
		}
	}
	return result;
}
