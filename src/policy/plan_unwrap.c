/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_unwrap.c: C_UnwrapKey; see plan.h.
 *
 * A wrapped form that carries the value alone leaves type and role of the key to the template of
 * the caller and to CKA_UNWRAP_TEMPLATE. The header of a key block says type, role and list itself.
 * The templates may then agree with the header, or give less.
 */
#include "policy/plan_rules.h"

static const char more_than_header[] = "the template asks for more than the key block says";

static bool list_given(const struct template *t)
{
	return (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS) != 0;
}

/* --- Bounds of masters --- */

/*
 * Refuse bounds that the caller adds to a master. MORE is CKA_UNWRAP_TEMPLATE, which fixes the
 * bounds that the master had when it left.
 */
static CK_RV check_bounds(const struct template *t, const struct template *more)
{
	uint32_t variables = attributes_only_deriving.variables | 1u << VAR_DERIVE_TEMPLATE;
	uint32_t flags = attributes_only_deriving.flags;

	REQUIRE(!(t->flags_given & flags & ~more->flags_given) &&
			!(t->variables_given & variables & ~more->variables_given),
		CKR_TEMPLATE_INCONSISTENT,
		"CKA_UNWRAP_TEMPLATE of the unwrapping key does not name this attribute of a "
		"master");
	return CKR_OK;
}

/*
 * Refuse a template T that opens a master beyond the key block, unless MORE, CKA_UNWRAP_TEMPLATE of
 * UNWRAPPER, opens it too. A master that left this token under UNWRAPPER would come back with
 * children that leave, or with children of another role. No such master has the exportability S, or
 * left under a key that was made without CKA_WRAP.
 */
static CK_RV check_opening(const struct template *t, const struct template *more,
	const struct object *unwrapper, const struct wrapped_role *role)
{
	uint32_t flags = t->flags & ~more->flags & FLAG_EXTRACTABLE_CHILDREN;
	uint32_t variables =
		t->variables_given & ~more->variables_given & 1u << VAR_DERIVE_TEMPLATE;

	if (!role->derives || role->exportability == EXPORT_ANY ||
		!((unwrapper->made | unwrapper->flags) & FLAG_WRAP))
		return CKR_OK;
	REQUIRE(flags == 0 && variables == 0, CKR_TEMPLATE_INCONSISTENT,
		"a master of this exportability gets CKA_KEYDIV_EXTRACTABLE_CHILDREN or "
		"CKA_DERIVE_TEMPLATE only from an unwrapping key that was made without CKA_WRAP");
	return CKR_OK;
}

/*
 * Refuse a CKA_DERIVE_TEMPLATE that makes leaves of the keys of a master (CKA_DERIVE false), unless
 * the maker of UNWRAPPER has fixed the template. A caller could otherwise unwrap the key block
 * twice, with the template and without, and each EMV card key would have two roles. An unwrapping
 * key that came by unwrapping, or can leave, may exist with another CKA_UNWRAP_TEMPLATE.
 */
static CK_RV check_leaves(const struct template *t, const struct template *more,
	const struct object *unwrapper, const struct wrapped_role *role)
{
	uint32_t way = unwrapper->made & MADE_WAY, id = 1u << VAR_DERIVE_TEMPLATE;
	bool one = (way == MADE_CREATED || way == MADE_GENERATED) &&
		   !(unwrapper->made & FLAG_EXTRACTABLE);
	bool fixed = one && (more->variables_given & id);
	const struct template *from = t->variables_given & id ? t : more;
	struct template children;

	if (fixed || !role->derives || role->exportability == EXPORT_ANY ||
		!(from->variables_given & id))
		return CKR_OK;
	TRY(template_decode(VAR_DERIVE_TEMPLATE, from->variable[VAR_DERIVE_TEMPLATE], &children));
	REQUIRE(!(children.flags_given & ~children.flags & FLAG_DERIVE), CKR_TEMPLATE_INCONSISTENT,
		"CKA_DERIVE false in CKA_DERIVE_TEMPLATE would give the keys of this master a "
		"second role; give it in CKA_UNWRAP_TEMPLATE of the unwrapping key");
	return CKR_OK;
}

/* --- The header of a key block --- */

/* Return CKA_DERIVE and the usage of ROLE as flags. */
static uint32_t role_flags(const struct wrapped_role *role)
{
	return role->usage | (role->derives ? (uint32_t)FLAG_DERIVE : 0);
}

/* The list of a role as an encoded attribute. */
struct encoded_list {
	size_t n;
	uint8_t bytes[8 * WRAPPED_LIST_MAX];
};

static void encode_list(const struct wrapped_role *role, struct encoded_list *ret)
{
	ret->n = 8 * role->count;
	for (size_t i = 0; i < role->count; i++)
		put_be64(ret->bytes + 8 * i, role->list[i]);
}

/* Check that T asks for no other class and type, no other usage and no wider list than ROLE. */
static CK_RV within_role(
	const struct template *t, const struct wrapped_role *role, const struct encoded_list *list)
{
	REQUIRE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_SECRET_KEY,
		CKR_TEMPLATE_INCONSISTENT, "only secret keys can be unwrapped");
	REQUIRE(!(t->given & GIVEN_KEY_TYPE) || t->key_type == role->type,
		CKR_TEMPLATE_INCONSISTENT, "the key block holds a key of another type");
	REQUIRE(!(t->flags & (FLAGS_USAGE | FLAG_DERIVE) & ~role_flags(role)),
		CKR_TEMPLATE_INCONSISTENT, more_than_header);
	REQUIRE(!role->has_list || !list_given(t) ||
			list_within(t->variable[VAR_ALLOWED_MECHANISMS],
				bytes_of(list->bytes, list->n)),
		CKR_TEMPLATE_INCONSISTENT, more_than_header);
	return CKR_OK;
}

/*
 * Check that T asks for no more than the exportability of ROLE permits. *RET_MUST are the flags
 * that the key must have for that reason.
 */
static CK_RV within_exportability(
	const struct template *t, const struct wrapped_role *role, uint32_t *ret_must)
{
	uint32_t refused = t->flags_given & ~t->flags;

	*ret_must = FLAG_SENSITIVE;
	/* Every key with CKA_DERIVE that leaves needs CKA_WRAP_WITH_TRUSTED. */
	if (role->exportability == EXPORT_TRUSTED ||
		(role->exportability == EXPORT_ANY && role->derives))
		*ret_must |= FLAG_WRAP_WITH_TRUSTED;
	REQUIRE(role->exportability != EXPORT_NONE || !(t->flags & FLAG_EXTRACTABLE),
		CKR_TEMPLATE_INCONSISTENT, "the key block says that its key must not leave");
	REQUIRE(!(refused & *ret_must), CKR_TEMPLATE_INCONSISTENT, more_than_header);
	return CKR_OK;
}

/*
 * Note in RET that its value is a master's. The template has taken CKA_DERIVE away, and the key
 * must not come back in another role (plan_wrap_master).
 */
static CK_RV note_master(
	const struct wrapped_role *role, const struct encoded_list *list, struct object *ret)
{
	if (!role->derives || (ret->flags & FLAG_DERIVE))
		return CKR_OK;
	ret->made |= MADE_CHECK_BY_CMAC;
	return object_set_variable(ret, VAR_MASTER_LIST, bytes_of(list->bytes, list->n));
}

/* Plan the key that ROLE describes and T restricts. */
static CK_RV unwrap_role(const struct template *t, const struct wrapped_role *role,
	const struct rights *rights, struct object *ret)
{
	struct template full = *t;
	struct encoded_list list;
	uint32_t must;

	encode_list(role, &list);
	TRY(within_role(t, role, &list));
	TRY(within_exportability(t, role, &must));
	full.heap = NULL; /* T owns the bytes */
	full.given |= GIVEN_CLASS | GIVEN_KEY_TYPE;
	full.object_class = CKO_SECRET_KEY;
	full.key_type = role->type;
	full.flags |= must | (role_flags(role) & ~t->flags_given);
	full.flags_given |= must | FLAGS_USAGE | FLAG_DERIVE;
	if (role->has_list && !list_given(t)) {
		full.variables_given |= 1u << VAR_ALLOWED_MECHANISMS;
		full.variable[VAR_ALLOWED_MECHANISMS] = bytes_of(list.bytes, list.n);
	}
	TRY(plan_unwrapped(&full, rights, ret));
	return note_master(role, &list, ret);
}

CK_RV plan_unwrap(const struct template *t, const struct object *unwrapper,
	const struct wrapped_role *role, const struct rights *rights, struct object *ret)
{
	struct bytes encoded = object_variable(unwrapper, VAR_UNWRAP_TEMPLATE);
	struct template more = {0}, merged;

	if (encoded.p != NULL)
		TRY(template_decode(VAR_UNWRAP_TEMPLATE, encoded, &more));
	if (plan_unwraps_masters(&more))
		TRY(check_bounds(t, &more));
	if (role != NULL) {
		TRY(check_opening(t, &more, unwrapper, role));
		TRY(check_leaves(t, &more, unwrapper, role));
	}
	if (encoded.p != NULL) {
		TRY(template_merge(t, &more, false, &merged));
		t = &merged;
	}
	return role == NULL ? plan_unwrapped(t, rights, ret) : unwrap_role(t, role, rights, ret);
}
