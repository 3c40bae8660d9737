/* SPDX-License-Identifier: Apache-2.0 */
/* derive_more.c: several keys from one derivation, all or none; see derive_call.h. */
#include "calls/derive_call.h"

#include <stdlib.h>

#include "base/log.h"
#include "token/token_objects.h"

/*
 * A CKA_CHECK_VALUE that a template gives, kept until there is a value to check: of a longer one,
 * enough to see that it is too long.
 */
struct given_check {
	bool given;
	uint8_t n, bytes[4];
};

/*
 * The keys of one call: number 0 is C_DeriveKey's own, the others those that the
 * parameter asks for.
 */
struct batch {
	size_t count;
	struct object planned[1 + MORE_KEYS_MAX];
	CK_KEY_TYPE type[1 + MORE_KEYS_MAX];
	struct given_check check[1 + MORE_KEYS_MAX];
	CK_OBJECT_HANDLE made[1 + MORE_KEYS_MAX]; /* 0: not yet */
	struct more_key more[MORE_KEYS_MAX];
	CK_DERIVED_KEY asked[MORE_KEYS_MAX]; /* the caller's array, read once */
};

static void batch_free(struct batch **batch)
{
	for (size_t i = 0; *batch != NULL && i < (*batch)->count; i++)
		object_wipe(&(*batch)->planned[i]);
	free(*batch);
}

static void keep_check(const struct template *t, struct given_check *ret)
{
	ret->given = (t->given & GIVEN_CHECK_VALUE) != 0;
	if (!ret->given)
		return;
	ret->n = (uint8_t)(t->check_value.n < sizeof ret->bytes ? t->check_value.n
								: sizeof ret->bytes);
	if (ret->n > 0)
		memcpy(ret->bytes, t->check_value.p, ret->n);
}

/* Read the caller's array, and plan each key from its own template as if it were the only one. */
static CK_RV plan_all(struct call *c, struct batch *b)
{
	const CK_DERIVED_KEY *asked;
	struct derivation first = c->d;
	size_t more = c->d.mechanism->derive.more_keys(c->d.native, &asked);

	ENSURE(more <= MORE_KEYS_MAX, CKR_MECHANISM_PARAM_INVALID);
	if (more > 0)
		memcpy(b->asked, asked, more * sizeof *asked);
	b->count = 1 + more;
	b->type[0] = c->d.type;
	keep_check(&c->template, &b->check[0]);
	object_move(&c->planned, &b->planned[0]);
	for (size_t i = 0; i < more; i++) {
		ENSURE(b->asked[i].phKey != NULL, CKR_MECHANISM_PARAM_INVALID);
		ENSURE(b->asked[i].pTemplate != NULL || b->asked[i].ulAttributeCount == 0,
			CKR_MECHANISM_PARAM_INVALID);
		template_wipe(&c->template);
		TRY(derive_plan(c, b->asked[i].pTemplate, b->asked[i].ulAttributeCount));
		b->more[i].length = c->d.length;
		b->type[i + 1] = c->d.type;
		keep_check(&c->template, &b->check[i + 1]);
		object_move(&c->planned, &b->planned[i + 1]);
	}
	c->d = first;
	c->d.more = b->more;
	c->d.more_count = more;
	return CKR_OK;
}

/* Cut the one string that was derived into the planned keys. */
static CK_RV cut(struct call *c, struct batch *b)
{
	uint8_t *value = secret_bytes(&c->value);

	TRY(derive_fill_in(&b->planned[0], value, c->d.length));
	for (size_t i = 1; i < b->count; i++) {
		const struct more_key *more = &b->more[i - 1];
		ENSURE(more->offset + more->length <= c->value.len, CKR_FUNCTION_FAILED);
		if (key_type_has_parity(b->type[i]))
			des_set_odd_parity(value + more->offset, more->length);
		TRY(derive_fill_in(&b->planned[i], value + more->offset, more->length));
	}
	return CKR_OK;
}

static CK_RV check_all(struct call *c, const struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!b->check[i].given)
			continue;
		struct template t = {.given = GIVEN_CHECK_VALUE,
			.check_value = bytes_of(b->check[i].bytes, b->check[i].n)};
		TRY(plan_check_value(&b->planned[i], &t, c->d.scratch[0]));
	}
	return CKR_OK;
}

/* Those that live in the session, one after another: what can be taken back without fail. */
static CK_RV add_session_keys(struct call *c, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (!(b->planned[i].flags & FLAG_TOKEN))
			TRY(object_add(c->session, &b->planned[i], &b->made[i]));
	return CKR_OK;
}

/*
 * Those of the token, in one transaction: on a full disk the first could not be taken back for want
 * of room either.
 */
static CK_RV add_token_keys(struct call *c, struct batch *b)
{
	struct object *objects[1 + MORE_KEYS_MAX];
	CK_OBJECT_HANDLE handles[1 + MORE_KEYS_MAX];
	size_t n = 0, next = 0;

	for (size_t i = 0; i < b->count; i++)
		if (b->made[i] == 0)
			objects[n++] = &b->planned[i];
	if (n == 0)
		return CKR_OK;
	TRY(token_objects_add(c->session, objects, n, handles));
	for (size_t i = 0; i < b->count; i++)
		if (b->made[i] == 0)
			b->made[i] = handles[next++];
	return CKR_OK;
}

/*
 * Add them all, or, if one fails, none: CKA_DESTROYABLE or not, those that were added
 * are taken back.
 */
static CK_RV add_all(struct call *c, struct batch *b)
{
	CK_RV rv = add_session_keys(c, b);

	if (rv == CKR_OK)
		rv = add_token_keys(c, b);
	for (size_t i = 0; rv != CKR_OK && i < b->count; i++) {
		CK_RV undone = b->made[i] != 0 ? object_take_back(c->session, b->made[i]) : CKR_OK;
		if (undone != CKR_OK)
			log_error("a key of a derivation that failed as a whole could not be "
				  "destroyed: %s",
				rv_name(undone));
	}
	return rv;
}

CK_RV derive_more_keys(struct call *c, CK_OBJECT_HANDLE *ret_key)
{
	struct batch *b __attribute__((cleanup(batch_free))) = calloc(1, sizeof *b);

	ENSURE(b != NULL, CKR_HOST_MEMORY);
	TRY(plan_all(c, b));
	TRY(derive_value(&c->d, &c->value));
	TRY(cut(c, b));
	TRY(check_all(c, b));
	TRY(add_all(c, b));
	*ret_key = b->made[0];
	for (size_t i = 1; i < b->count; i++)
		memcpy(b->asked[i - 1].phKey, &b->made[i], sizeof b->made[i]);
	return CKR_OK;
}
