/* SPDX-License-Identifier: Apache-2.0 */
/* derive_steps.c: the steps that derivations share. */
#include "calls/derive_steps.h"

#include "token/session_key.h"

/* Initialise only what derive_call_end() reads; every other member is written before use. */
void derive_call_begin(struct derive_call *c, struct session *s, CK_OBJECT_HANDLE base)
{
	c->d = (struct derivation){.mechanism = c->requested.mech, .call = c};
	c->session = s;
	c->rights = session_rights(s);
	c->base_handle = base;
	c->base = NULL;
	c->again = false;
	c->template.given = 0;
	c->template.heap = NULL;
	c->template.heap_len = 0;
	c->template.used = 0;
	memset(&c->planned, 0, offsetof(struct object, variables.small));
	c->planned.value.len = 0;
	c->planned.value.heap = NULL;
}

void derive_call_end(struct derive_call *c)
{
	template_wipe(&c->template);
	if (c->planned.value.len != 0 || c->planned.variables.heap != NULL)
		object_wipe(&c->planned); /* object_add empties the object of most derivations */
	if (c->d.scratch[0] != NULL)
		scratch_unload(c->d.scratch);
	if (c->base != NULL)
		key_cache_unpin(c->base);
}

CK_RV derive_confirm(struct derive_call *c)
{
	TRY(session_confirm(c->session, &c->again));
	return __builtin_expect(c->again, 0) ? CKR_FUNCTION_FAILED : CKR_OK;
}

/* Plan from the template, which nobody else writes to, or which is read once. */
static CK_RV plan(struct derive_call *c, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	const struct mechanism *mech = c->d.mechanism;

	TRY(template_parse(attributes, count, &c->template));
	TRY(parameter_once(&c->template, &c->parsed));
	TRY(plan_request(&c->template, &c->base->object, &c->request));
	c->d.object_class = c->request.object_class;
	TRY((mech->derive.plan ? mech->derive.plan : derive_plan_default)(&c->d, &c->request));
	CK_KEY_TYPE type = c->d.object_class == CKO_DATA ? CK_UNAVAILABLE_INFORMATION : c->d.type;
	return plan_derive(
		&c->template, &c->base->object, derive_role(&c->d), type, &c->rights, &c->planned);
}

/* Plan by the policy, and keep the plan if it can be of use for the next derivation. */
static CK_RV plan_by_policy(struct derive_call *c, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	struct kept_plan *kept = &c->base->plan;
	CK_ATTRIBUTE own[KEPT_ATTRIBUTES_MAX];

	if (!kept_plan_begin(kept, c->d.mechanism, attributes, count, own))
		return plan(c, attributes, count);
	TRY(plan(c, own, count));
	kept_plan_end(kept, &c->rights, &c->template, &c->planned, c->d.length);
	return CKR_OK;
}

CK_RV derive_plan(struct derive_call *c, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	const struct kept_plan *kept = &c->base->plan;

	if (kept_plan_is(kept, c->d.mechanism, &c->rights, attributes, count)) {
		kept_plan_use(kept, &c->planned);
		c->d.object_class = CKO_SECRET_KEY;
		c->d.type = kept->type;
		c->d.length = kept->length;
	} else {
		TRY(plan_by_policy(c, attributes, count));
	}
	c->d.usage = c->planned.flags & USAGE_ALL; /* USE is part of the value */
	return CKR_OK;
}

CK_RV derive_fill_in(struct object *o, const uint8_t *value, size_t n)
{
	if (o->object_class == CKO_DATA && !(o->flags & FLAG_PRIVATE))
		return object_set_variable(o, VAR_PUBLIC_VALUE, bytes_of(value, n));
	return secret_set(&o->value, value, n);
}
