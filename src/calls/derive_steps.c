/* SPDX-License-Identifier: Apache-2.0 */
/* derive_steps.c: the steps that derivations share. */
#include "calls/derive_steps.h"

CK_RV derive_plan(struct derive_call *c, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	const struct mechanism *mech = c->d.mechanism;

	TRY(template_parse(attributes, count, &c->template));
	TRY(parameter_once(&c->template, &c->parsed));
	TRY(plan_request(&c->template, &c->base->object, &c->request));
	c->d.object_class = c->request.object_class;
	TRY((mech->derive.plan ? mech->derive.plan : derive_plan_default)(&c->d, &c->request));
	CK_KEY_TYPE type = c->d.object_class == CKO_DATA ? CK_UNAVAILABLE_INFORMATION : c->d.type;
	TRY(plan_derive(
		&c->template, &c->base->object, derive_role(&c->d), type, &c->rights, &c->planned));
	c->d.usage = c->planned.flags & USAGE_ALL; /* USE is part of the value */
	return CKR_OK;
}

CK_RV derive_fill_in(struct object *o, const uint8_t *value, size_t n)
{
	if (o->object_class == CKO_DATA && !(o->flags & FLAG_PRIVATE))
		return object_set_variable(o, VAR_PUBLIC_VALUE, bytes_of(value, n));
	return secret_set(&o->value, value, n);
}
