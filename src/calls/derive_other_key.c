/* SPDX-License-Identifier: Apache-2.0 */
/* derive_other_key.c: see derive_other_key.h. */
#include "calls/derive_other_key.h"

#include "token/session_key.h"

/*
 * Return true if every key derived from a base with the flags BASE is protected at least as well as
 * a key with the flags OTHER.
 */
static bool protects(uint32_t base, uint32_t other)
{
	uint32_t must = other & (FLAG_SENSITIVE | FLAG_PRIVATE);
	uint32_t must_not = ~other & FLAG_EXTRACTABLE;

	/* The children of an extractable base could be wrapped by a key that is not trusted. */
	if (base & FLAG_EXTRACTABLE)
		must |= other & FLAG_WRAP_WITH_TRUSTED;
	return (base & must) == must && (base & must_not) == 0;
}

CK_RV derive_other_key(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	const struct object *base = &d->call->base->object, *other;
	struct cached_key *cached;

	TRY(session_key(d->call->session, handle, &cached));
	other = &cached->object;
	REQUIRE(!key_type_is_state(other->key_type), CKR_KEY_TYPE_INCONSISTENT,
		"the second key is a state");
	REQUIRE(other->flags & FLAG_DERIVE, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"CKA_DERIVE of the second key is CK_FALSE");
	REQUIRE(object_allows(other, d->mechanism->type), CKR_MECHANISM_INVALID,
		"not in CKA_ALLOWED_MECHANISMS of the second key");
	REQUIRE(protects(base->flags, other->flags), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the second key is protected better than the base key");

	/* The derive template of the second key must hold for the new key as well. */
	struct bytes template = object_variable(other, VAR_DERIVE_TEMPLATE);
	REQUIRE(template.p == NULL ||
			bytes_equal(template, object_variable(base, VAR_DERIVE_TEMPLATE)),
		CKR_KEY_FUNCTION_NOT_PERMITTED,
		"CKA_DERIVE_TEMPLATE of the second key is not the base key's");
	struct bytes value = key_expose(cached->key);
	return secret_set(ret_value, value.p, value.n);
}
