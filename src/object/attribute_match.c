/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attribute_match.c: compare an object with a search template (PKCS#11 v3.0, 5.7.7:
 * "exact byte-for-byte match").
 */
#include "object/attribute.h"
#include "object/attribute_value.h"

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

/*
 * Return true if the variable attributes of T match. An object without a label or id is refused
 * first, because that is cheap and most searches name one of them.
 */
static bool variables_match(const struct reading *r, const struct template *t)
{
	for (uint32_t left = t->variables_given; left != 0; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctz(left);
		if (id <= VAR_ID && t->variable[id].n > 0 && !object_has(r->object, id))
			return false;
		if (!value_matches(r, variable_types[id], t->variable[id]))
			return false;
	}
	return true;
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
	if (!variables_match(r, t))
		return false;
	if (t->given & GIVEN_VALUE && !value_matches(r, CKA_VALUE, t->value))
		return false;
	if (t->given & GIVEN_UNIQUE_ID && !value_matches(r, CKA_UNIQUE_ID, t->unique_id))
		return false;
	if (t->given & GIVEN_CHECK_VALUE && !value_matches(r, CKA_CHECK_VALUE, t->check_value))
		return false;
	return !(t->given & GIVEN_REMAINING) ||
	       value_matches(r, CKA_KEYDIV_REMAINING, t->remaining);
}
