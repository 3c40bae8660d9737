/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rules.h: the rules that the plan_*.c files share. Only these files include this header. */
#ifndef KEYDIV_POLICY_PLAN_RULES_H
#define KEYDIV_POLICY_PLAN_RULES_H

#include "object/attribute.h"
#include "policy/plan.h"

/* Flags that every kind of object has unless the template says otherwise. */
#define FLAGS_DEFAULT (FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE)

/* Return the code of plan_given for T, which gives an attribute that must not be given. */
MUST_USE CK_RV plan_refuse(
	const struct template *t, enum attribute_who who, enum attribute_when when);

/*
 * Check that T gives only attributes that WHO may be given at the moment WHEN. The
 * codes come in the order of PKCS#11 "Creating objects":
 * CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT.
 */
MUST_USE static inline CK_RV plan_given(
	const struct template *t, enum attribute_who who, enum attribute_when when)
{
	const struct attribute_set *may = &attribute_sets[who][when];

	if (__builtin_expect(
		    ((t->flags_given & ~may->flags) | (t->variables_given & ~may->variables) |
			    (t->given & ~may->given)) == 0,
		    1))
		return CKR_OK;
	return plan_refuse(t, who, when);
}

/* Return the flags of a new object: the flags of T, and DEFAULTS where T gives none. */
static inline uint32_t plan_flags(const struct template *t, uint32_t defaults)
{
	return (defaults & ~t->flags_given) | t->flags;
}

/* Make RET an object without attributes. */
void plan_start(struct object *ret, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type);

/*
 * Give RET the variable attributes of T. CKR_ATTRIBUTE_VALUE_INVALID for a CKA_KEYDIV_WINDOW or
 * CKA_KEYDIV_RESERVE out of range. CKR_ATTRIBUTE_TYPE_INVALID for a CKA_KEYDIV_RESERVE of an object
 * that has none. CKR_TEMPLATE_INCONSISTENT for a CKA_ALLOWED_MECHANISMS that mixes a trade with
 * other mechanisms (enum trade), in T or in its CKA_DERIVE_TEMPLATE or CKA_UNWRAP_TEMPLATE. Also
 * the codes of object_set_variable.
 */
MUST_USE CK_RV plan_variables(const struct template *t, struct object *ret);

/*
 * Take CKA_WRAP and CKA_UNWRAP from the planned flags of RET if no mechanism wraps with keys of its
 * type. Clients such as python-pkcs11 ask for every usage by default. The template is therefore
 * accepted, and the attribute reads CK_FALSE, because CK_TRUE would promise what no call can do.
 */
static inline void plan_drop_wrapping(struct object *ret)
{
	if ((ret->flags & USAGE_WRAPPING) && !key_type_wraps(ret->key_type))
		ret->flags &= ~(uint32_t)USAGE_WRAPPING;
}

/*
 * Plan a key that is unwrapped by T, which has the attributes of CKA_UNWRAP_TEMPLATE and of a key
 * block (plan_create.c). CKR_TEMPLATE_INCOMPLETE without CKA_CLASS and CKA_KEY_TYPE.
 */
MUST_USE CK_RV plan_unwrapped(
	const struct template *t, const struct rights *rights, struct object *ret);

/* --- plan_role.c: roles and levels (mechanisms/README.md) --- */

/*
 * Check the role of RET, a key that is created, generated or unwrapped. The flags and the
 * type of RET must be planned. Give RET the default list of its type if RET derives and T has
 * no list. CKR_TEMPLATE_INCONSISTENT.
 */
MUST_USE CK_RV plan_role_made(const struct template *t, struct object *ret);

/* A derivation while it is planned. */
struct derived_plan {
	const struct template *t; /* with CKA_DERIVE_TEMPLATE of the base merged in */
	/*
	 * CKA_DERIVE_TEMPLATE of the base if the template decides the role of the
	 * result, else NULL.
	 */
	const struct template *base;
	const struct role *role; /* of the value */
	uint32_t base_flags;
};

/*
 * Check that the role permits the planned flags of RET, a derived key with usage or CKA_DERIVE.
 * Give RET its list if RET derives. CKR_TEMPLATE_INCONSISTENT. The hot path.
 */
MUST_USE CK_RV plan_role_derived(const struct derived_plan *plan, struct object *ret);

/*
 * Note in RET, whose variable attributes are planned, that its value is a master's although RET
 * does not derive (plan_may_wrap). Does nothing for most keys.
 */
MUST_USE CK_RV plan_note_master(const struct derived_plan *plan, struct object *ret);

/* Return true if O allows every mechanism of the encoded list LIST. */
bool plan_list_within(const struct object *o, struct bytes list);

/* --- plan_trust.c: which keys the SO may trust, which keys may wrap a master --- */

/*
 * Check that CKA_TRUSTED may become true on O. CKR_ATTRIBUTE_READ_ONLY if RIGHTS are not those of
 * the SO, CKR_ATTRIBUTE_VALUE_INVALID if O was not made as a trusted key must be made.
 */
MUST_USE CK_RV plan_trust(const struct object *o, const struct rights *rights);

/*
 * Return true if CKA_ALLOWED_MECHANISMS of O names only mechanisms whose wrapped form says the role
 * of the key, as a key block does.
 */
bool plan_wraps_in_blocks(const struct object *o);

/*
 * Return true if T is a CKA_UNWRAP_TEMPLATE that makes every unwrapped key a master. Such an
 * unwrapping key wraps only masters.
 */
static inline bool plan_unwraps_masters(const struct template *t)
{
	return (t->flags & FLAG_DERIVE) != 0;
}

/*
 * Check that WRAPPER may wrap TARGET if one of them has to do with masters. CKR_KEY_NOT_WRAPPABLE.
 */
MUST_USE CK_RV plan_wrap_master(const struct object *wrapper, const struct object *target);

#endif
