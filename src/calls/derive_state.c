/* SPDX-License-Identifier: Apache-2.0 */
/* derive_state.c: see derive_state.h. */
#include "calls/derive_state.h"

#include "object/attribute.h"
#include "token/objects.h"

/* The place among an object's variables of TYPE, an attribute that states store. */
static enum variable place_of(CK_ATTRIBUTE_TYPE type)
{
	return (enum variable)attribute_find(type)->bit;
}

void derive_state_plan(struct derive_call *c)
{
	const struct state_kind *kind = c->d.mechanism->derive.state;
	const struct object *base = &c->base->object;
	struct bytes first = object_variable(base, place_of(kind->attributes[0]));

	c->d.state_key_length = kind->released_length(first, object_key_length(base));
}

CK_RV derive_state_claim(struct derive_call *c)
{
	SECRET released = {0};
	struct bytes reserve = object_variable(&c->base->object, VAR_RESERVE);

	CK_RV rv = object_advance(c->session, c->base_handle,
		reserve.n == 8 ? get_be64(reserve.p) : 1, &c->d, &released);
	REQUIRE(rv != CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID,
		"the base key was destroyed, or the file of its state is missing");
	TRY(rv);
	return key_load(c->d.scratch[0], c->d.mechanism->derive.state->released,
		secret_peek(&released), released.len);
}

CK_RV derive_state_attributes(struct derive_call *c, const struct state_kind *kind)
{
	const struct secret *value = &c->planned.value;
	uint8_t room[STATE_ATTRIBUTE_MAX];
	size_t n;

	for (const CK_ATTRIBUTE_TYPE *type = kind->attributes; *type != 0; type++) {
		TRY(kind->describe(secret_peek(value), value->len, *type, room, &n));
		TRY(object_set_variable(&c->planned, place_of(*type), bytes_of(room, n)));
	}
	return CKR_OK;
}
