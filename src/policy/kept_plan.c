/* SPDX-License-Identifier: Apache-2.0 */
/* kept_plan.c: see kept_plan.h. */
#include "policy/kept_plan.h"

#include "policy/plan_rules.h"

/* Attributes that are neither flag nor variable, and that say all they say in the template. */
#define GIVEN_PLAIN (GIVEN_CLASS | GIVEN_KEY_TYPE | GIVEN_VALUE_LEN | GIVEN_OTHER_FALSE)

/*
 * Read the attribute at P, which may be unaligned, each field once. Return false if its value has
 * another length than a CK_BBOOL or a CK_ULONG.
 */
static inline bool read_attribute(const uint8_t *p, struct kept_attribute *ret)
{
	const uint8_t *value;

	memcpy(&ret->type, p + offsetof(CK_ATTRIBUTE, type), sizeof ret->type);
	memcpy(&value, p + offsetof(CK_ATTRIBUTE, pValue), sizeof value);
	memcpy(&ret->length, p + offsetof(CK_ATTRIBUTE, ulValueLen), sizeof ret->length);
	if (value == NULL)
		return false;
	if (ret->length == sizeof(CK_BBOOL)) {
		ret->value = *value;
		return true;
	}
	if (ret->length != sizeof(CK_ULONG))
		return false;
	memcpy(&ret->value, value, sizeof ret->value);
	return true;
}

bool kept_plan_matches(const struct kept_plan *plan, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	const uint8_t *p = (const uint8_t *)attributes;
	const struct kept_attribute *kept = plan->attribute, *end = kept + count;

	for (; kept < end; kept++, p += sizeof(CK_ATTRIBUTE)) {
		struct kept_attribute now;
		if (!read_attribute(p, &now))
			return false;
		if ((now.type ^ kept->type) | (now.length ^ kept->length) |
			(now.value ^ kept->value))
			return false;
	}
	return true;
}

bool kept_plan_begin(struct kept_plan *ret, const struct mechanism *mech,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE own[KEPT_ATTRIBUTES_MAX])
{
	bool again = ret->mech == mech;

	ret->mech = mech;
	ret->kept = false;
	/* The parameter may decide the plan of a mechanism with functions for the plan. */
	if (!again || mech->derive.plan != NULL || mech->derive.role == NULL)
		return false;
	if (count > KEPT_ATTRIBUTES_MAX)
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		struct kept_attribute *kept = &ret->attribute[i];
		if (!read_attribute((const uint8_t *)attributes + i * sizeof *own, kept))
			return false;
		own[i] = (CK_ATTRIBUTE){kept->type, &kept->value, kept->length};
	}
	ret->count = count;
	return true;
}

void kept_plan_end(struct kept_plan *ret, const struct rights *rights, const struct template *t,
	const struct object *planned, size_t length)
{
	if ((t->given & ~(uint32_t)GIVEN_PLAIN) != 0 || t->variables_given != 0)
		return;
	if (planned->object_class != CKO_SECRET_KEY || planned->variables.len != 0)
		return;
	ret->rights = *rights;
	ret->type = planned->key_type;
	ret->length = length;
	ret->flags = planned->flags;
	ret->made = planned->made;
	ret->default_allowed = planned->default_allowed;
	ret->default_allowed_count = planned->default_allowed_count;
	ret->kept = true;
}

void kept_plan_use(const struct kept_plan *plan, struct object *ret)
{
	plan_start(ret, CKO_SECRET_KEY, plan->type);
	ret->flags = plan->flags;
	ret->made = plan->made;
	ret->default_allowed = plan->default_allowed;
	ret->default_allowed_count = plan->default_allowed_count;
}
