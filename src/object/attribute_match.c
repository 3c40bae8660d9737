/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attribute_match.c: compare an object with a search template (PKCS#11 v3.0,
 * 5.7.8: "exact byte-for-byte").
 */
#include "object/attribute.h"
#include "object/attribute_value.h"

static const CK_ATTRIBUTE_TYPE variable_types[] = {CKA_LABEL, CKA_ID, CKA_APPLICATION,
	CKA_OBJECT_ID, CKA_START_DATE, CKA_END_DATE, CKA_ALLOWED_MECHANISMS, CKA_WRAP_TEMPLATE,
	CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_KEYDIV_TRANSACTION, CKA_KEYDIV_SHAPE,
	CKA_KEYDIV_RESERVE};

static bool numbers_match(const struct object *o, const struct template *t)
{
	if ((t->given & GIVEN_CLASS) && t->object_class != o->object_class)
		return false;
	if ((t->given & GIVEN_KEY_TYPE) && t->key_type != o->key_type)
		return false;
	if ((t->given & GIVEN_KEY_GEN_MECHANISM) && t->key_gen_mechanism != o->key_gen_mechanism)
		return false;
	if ((t->given & (GIVEN_PROFILE_ID | GIVEN_MECHANISM_TYPE)) && t->number != o->number)
		return false;
	if (t->given & GIVEN_VALUE_LEN)
		return !key_type_is_state(o->key_type) && t->value_len == object_key_length(o);
	return true;
}

/* Return true if the N bytes at LIST, in the order of the machine, are the encoded list REQUEST. */
static bool list_matches(const CK_MECHANISM_TYPE *list, size_t n, struct bytes request)
{
	if (request.n != n)
		return false;
	for (size_t i = 0; i < n / 8; i++)
		if (get_be64(request.p + 8 * i) != list[i])
			return false;
	return true;
}

static bool value_matches(const struct reading *r, CK_ATTRIBUTE_TYPE type, struct bytes request)
{
	struct attribute_value v;

	/*
	 * A value that cannot be read matches nothing, or a search could reveal it guess by guess.
	 */
	if (attribute_value(r, attribute_find(type), &v) != CKR_OK)
		return false;
	if (v.list != NULL)
		return list_matches(v.list, v.bytes.n, request);
	return v.bytes.n == request.n &&
	       (request.n == 0 || secret_equal(v.bytes.p, request.p, request.n));
}

bool attributes_match(const struct reading *r, const struct template *t)
{
	const struct object *o = r->object;
	const struct attribute_set *has = &attribute_sets[attribute_who(o)][WHEN_EVER];

	if ((o->flags ^ t->flags) & t->flags_given)
		return false;
	if ((t->flags_given & ~has->flags) | (t->variables_given & ~has->variables) |
		(t->given & ~has->given))
		return false;
	if (t->given & GIVEN_PARAMETER) /* no object keeps this attribute */
		return false;
	if (!numbers_match(o, t))
		return false;
	for (size_t i = 0;
		t->variables_given != 0 && i < sizeof variable_types / sizeof variable_types[0];
		i++) {
		uint32_t id = attribute_find(variable_types[i])->bit;
		if ((t->variables_given >> id & 1) &&
			!value_matches(r, variable_types[i], t->variable[id]))
			return false;
	}
	if (t->given & GIVEN_VALUE && !value_matches(r, CKA_VALUE, t->value))
		return false;
	if (t->given & GIVEN_UNIQUE_ID && !value_matches(r, CKA_UNIQUE_ID, t->unique_id))
		return false;
	if (t->given & GIVEN_CHECK_VALUE && !value_matches(r, CKA_CHECK_VALUE, t->check_value))
		return false;
	return !(t->given & GIVEN_REMAINING) ||
	       value_matches(r, CKA_KEYDIV_REMAINING, t->remaining);
}
