/* SPDX-License-Identifier: Apache-2.0 */
/* flat_template.c: see flat_template.h. */
#include "flat_template.h"

#include "attribute_kind.h"

#include "keydiv.h"

#define HEADER 8 /* type (4), length (4) */
#define NESTING_MAX 4
#define VALUE_MAX ((CK_ULONG)1 << 16)

CK_ATTRIBUTE_TYPE flat_template_type(CK_ATTRIBUTE_TYPE type)
{
	return CKM_KEYDIV_FLAT(type & ~(CK_ULONG)CKF_ARRAY_ATTRIBUTE);
}

static bool is_template(CK_ATTRIBUTE_TYPE type)
{
	return attribute_kind(type) == ATTRIBUTE_TEMPLATE;
}

/* --- Writing --- */

static bool write_array(struct wire *w, const CK_ATTRIBUTE *a, unsigned depth);

static bool write_inner(struct wire *w, const CK_ATTRIBUTE *a, unsigned depth)
{
	bool sound = a->ulValueLen <= VALUE_MAX && (a->pValue != NULL || a->ulValueLen == 0);
	size_t at = w->n;

	wire_put_u32(w, a->type <= UINT32_MAX ? (uint32_t)a->type : ATTRIBUTE_UNKNOWN);
	wire_put_u32(w, (uint32_t)a->ulValueLen);
	if (!sound || w->failed)
		return sound;
	if (!is_template(a->type)) {
		wire_put_raw(w, a->pValue, a->ulValueLen);
		return true;
	}
	if (!write_array(w, a, depth + 1))
		return false;
	if (!w->failed)
		put_be32(w->p + at + 4, (uint32_t)(w->n - at - HEADER));
	return true;
}

static bool write_array(struct wire *w, const CK_ATTRIBUTE *a, unsigned depth)
{
	const uint8_t *p = a->pValue;
	CK_ATTRIBUTE inner;

	if (depth >= NESTING_MAX || a->ulValueLen > VALUE_MAX ||
		a->ulValueLen % sizeof inner != 0 || (p == NULL && a->ulValueLen > 0))
		return false;
	for (CK_ULONG i = 0; i < a->ulValueLen; i += sizeof inner) {
		memcpy(&inner, p + i, sizeof inner);
		if (!write_inner(w, &inner, depth))
			return false;
	}
	return true;
}

bool flat_template_write(struct wire *w, const CK_ATTRIBUTE *a)
{
	return write_array(w, a, 0);
}

/* --- Reading --- */

/* Take the first entry off *VALUE. Return false if *VALUE is no flat form. */
static bool next(struct bytes *value, CK_ATTRIBUTE_TYPE *ret_type, struct bytes *ret)
{
	if (value->n < HEADER)
		return false;
	size_t n = get_be32(value->p + 4);

	if (n > value->n - HEADER)
		return false;
	*ret_type = get_be32(value->p);
	*ret = bytes_of(value->p + HEADER, n);
	*value = bytes_of(value->p + HEADER + n, value->n - HEADER - n);
	return true;
}

static CK_RV read_array(CK_ATTRIBUTE *a, struct bytes value, unsigned depth, bool *ret_valid);

/* Fill the attribute at PLACE. */
static CK_RV read_inner(
	uint8_t *place, CK_ATTRIBUTE_TYPE type, struct bytes value, unsigned depth, bool *ret_valid)
{
	CK_ATTRIBUTE a;
	CK_RV rv = CKR_OK;

	memcpy(&a, place, sizeof a);
	a.type = type;
	if (is_template(type)) {
		rv = read_array(&a, value, depth + 1, ret_valid);
	} else if (a.pValue != NULL && a.ulValueLen < value.n) {
		a.ulValueLen = CK_UNAVAILABLE_INFORMATION;
		rv = CKR_BUFFER_TOO_SMALL;
	} else {
		if (a.pValue != NULL && value.n > 0)
			memcpy(a.pValue, value.p, value.n);
		a.ulValueLen = value.n;
	}
	memcpy(place, &a, sizeof a);
	return rv;
}

/* Count the entries of VALUE. Return false if VALUE is no flat form. */
static bool count_entries(struct bytes value, CK_ULONG *ret)
{
	CK_ATTRIBUTE_TYPE type;
	struct bytes inner;

	*ret = 0;
	for (; value.n > 0; ++*ret)
		if (!next(&value, &type, &inner))
			return false;
	return true;
}

static CK_RV read_array(CK_ATTRIBUTE *a, struct bytes value, unsigned depth, bool *ret_valid)
{
	uint8_t *place = a->pValue;
	CK_ATTRIBUTE_TYPE type;
	struct bytes inner;
	CK_ULONG count;
	CK_RV rv = CKR_OK;

	if (depth >= NESTING_MAX || !count_entries(value, &count)) {
		*ret_valid = false;
		return CKR_OK;
	}
	if (place != NULL && a->ulValueLen < count * sizeof *a) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	a->ulValueLen = count * sizeof *a;
	for (; place != NULL && next(&value, &type, &inner); place += sizeof *a)
		if (read_inner(place, type, inner, depth, ret_valid) != CKR_OK)
			rv = CKR_BUFFER_TOO_SMALL;
	return rv;
}

CK_RV flat_template_read(CK_ATTRIBUTE *a, struct bytes value, bool *ret_valid)
{
	*ret_valid = true;
	return read_array(a, value, 0, ret_valid);
}
