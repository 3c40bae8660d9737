/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept_plan.h: the plan of a derivation, kept beside the loaded base key.
 *
 * An application derives thousands of keys from one master with one template. Template, base,
 * mechanism and rights are then the same at every call, and so is the plan, because the policy has
 * no side effect. A kept plan replaces the parsing of the template and the policy.
 *
 * The policy alone decides: only a plan that the policy has made is kept, and the plan is used only
 * for the same template, byte for byte. An error is never kept.
 */
#ifndef KEYDIV_POLICY_KEPT_PLAN_H
#define KEYDIV_POLICY_KEPT_PLAN_H

#include "policy/plan.h"

/* Attributes in the template of a kept plan. A longer template is planned at every call. */
#define KEPT_ATTRIBUTES_MAX 8

/* An attribute of the template: a CK_BBOOL or a CK_ULONG. */
struct kept_attribute {
	CK_ATTRIBUTE_TYPE type;
	CK_ULONG length; /* of the value in bytes: 1 or 8 */
	uint64_t value;  /* in its first LENGTH bytes; the others are 0 */
};

struct kept_plan {
	/* The mechanism of the last derivation from the base. NULL: there was none. */
	const struct mechanism *mech;
	bool kept; /* the following members are set */
	struct rights rights;
	CK_ULONG count; /* of attributes */
	struct kept_attribute attribute[KEPT_ATTRIBUTES_MAX];
	/* The result, a secret key without attributes of variable length. */
	CK_KEY_TYPE type;
	size_t length; /* of the value in bytes */
	uint32_t flags, made, default_allowed_count;
	const CK_MECHANISM_TYPE *default_allowed;
};

/* Forget the plan. The caller does so before the base of PLAN changes. */
static inline void kept_plan_forget(struct kept_plan *plan)
{
	plan->mech = NULL;
	plan->kept = false;
}

/* Return true if the COUNT ATTRIBUTES of a caller are those of PLAN. Reads each byte once. */
bool kept_plan_matches(
	const struct kept_plan *plan, const CK_ATTRIBUTE *attributes, CK_ULONG count);

/*
 * Return true if PLAN is the plan of a derivation by MECH with RIGHTS and the COUNT
 * ATTRIBUTES. The hot path.
 */
static inline bool kept_plan_is(const struct kept_plan *plan, const struct mechanism *mech,
	const struct rights *rights, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	return plan->mech == mech && plan->kept && plan->count == count &&
	       memcmp(&plan->rights, rights, sizeof *rights) == 0 &&
	       kept_plan_matches(plan, attributes, count);
}

/*
 * Begin to plan a derivation by MECH from the COUNT ATTRIBUTES of a caller. Return true if the plan
 * may be kept: the attributes are then copied to RET, and OWN refers to the copies. The caller
 * plans from OWN, so that caller's memory is read once, and calls kept_plan_end. The first plan of
 * a mechanism is not kept, because many keys derive once only.
 */
bool kept_plan_begin(struct kept_plan *ret, const struct mechanism *mech,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE own[KEPT_ATTRIBUTES_MAX]);

/*
 * Keep in RET that the policy has made PLANNED, a key of LENGTH bytes, of T with RIGHTS. Keeps
 * nothing if T has an attribute that is neither class, type, length nor flag.
 */
void kept_plan_end(struct kept_plan *ret, const struct rights *rights, const struct template *t,
	const struct object *planned, size_t length);

/* Make RET, which is empty, the object that PLAN plans. */
void kept_plan_use(const struct kept_plan *plan, struct object *ret);

#endif
