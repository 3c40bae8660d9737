/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_rules.h: the rules that all ways of making an object share; between the plan_*.c files only.
 */
#ifndef KEYDIV_TOKEN_PLAN_RULES_H
#define KEYDIV_TOKEN_PLAN_RULES_H

#include "object/attribute.h"
#include "policy/plan.h"

/* What stands where a template is silent, for every kind of object. */
#define FLAGS_DEFAULT (FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE)

/* Numbers of an O-DUKPT client claimed at once: CKA_KEYDIV_RESERVE, 1 to this. */
#define PLAN_RESERVE_MAX 4096

/* Which of plan_given's codes it is, once T is known to give something that may not be given. */
MUST_USE CK_RV plan_refuse(
	const struct template *t, enum attribute_who who, enum attribute_when when);

/*
 * Whether T gives only what may be given for WHO at the moment WHEN, by the attribute
 * table. Else, in the order of PKCS#11 "Creating objects":
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

/* The flags of a new object: what T gives, DEFAULTS where it is silent. */
static inline uint32_t plan_flags(const struct template *t, uint32_t defaults)
{
	return (defaults & ~t->flags_given) | t->flags;
}

/* Make RET an object without attributes. */
void plan_start(struct object *ret, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type);

/*
 * Give RET the variable attributes T gives. CKR_ATTRIBUTE_VALUE_INVALID for a CKA_KEYDIV_RESERVE
 * out of range; as object_set_variable.
 */
MUST_USE CK_RV plan_variables(const struct template *t, struct object *ret);

/*
 * Roles and levels (mechanisms/README.md) of the new key RET, whose flags are planned
 * and whose type is known: MECH is the mechanism it comes from, NULL for C_CreateObject
 * and C_UnwrapKey. CKR_TEMPLATE_INCONSISTENT.
 */
MUST_USE CK_RV plan_level(
	const struct template *t, const struct mechanism *mech, struct object *ret);

/* Whether RIGHTS may set what T sets: CKA_TRUSTED. CKR_ATTRIBUTE_READ_ONLY. */
MUST_USE CK_RV plan_trusted(const struct template *t, const struct rights *rights);

/* Whether every mechanism of the list NEW (encoded) is one that O allows. */
bool plan_list_within(const struct object *o, struct bytes list);

#endif
