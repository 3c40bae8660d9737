/* SPDX-License-Identifier: Apache-2.0 */
/* derive_more.c: see derive_more.h. */
#include "calls/derive_more.h"

#include <stdlib.h>

#include "base/log.h"
#include "calls/derive_steps.h"
#include "token/objects.h"
#include "token/token_objects.h"

/*
 * The CKA_CHECK_VALUE of a template, kept until the key's value is derived. A check value has 3
 * bytes. Of a longer check value, 4 bytes are kept, which show that the length is wrong.
 */
struct given_check {
	bool given;
	uint8_t n, bytes[4];
};

/* The keys of one call. Key 0 is C_DeriveKey's own; the parameter asks for the others. */
struct batch {
	size_t count;
	struct object planned[1 + MORE_KEYS_MAX];
	CK_KEY_TYPE type[1 + MORE_KEYS_MAX];
	struct given_check check[1 + MORE_KEYS_MAX];
	CK_OBJECT_HANDLE made[1 + MORE_KEYS_MAX]; /* 0: not added yet */
	struct more_key more[MORE_KEYS_MAX];
	CK_DERIVED_KEY asked[MORE_KEYS_MAX]; /* a copy of the caller's array */
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

/*
 * Read the caller's array, and plan each key from its own template as if the key were the only one.
 */
static CK_RV plan_all(struct derive_call *c, struct batch *b)
{
	const CK_DERIVED_KEY *asked;
	struct derivation first = c->d;
	size_t more = c->d.mechanism->derive.more_keys(c->d.native, &asked);

	REQUIRE(more <= MORE_KEYS_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the parameter asks for more than 16 additional keys");
	if (more > 0)
		memcpy(b->asked, asked, more * sizeof *asked);
	b->count = 1 + more;
	b->type[0] = c->d.type;
	keep_check(&c->template, &b->check[0]);
	object_move(&c->planned, &b->planned[0]);
	for (size_t i = 0; i < more; i++) {
		REQUIRE(b->asked[i].phKey != NULL, CKR_MECHANISM_PARAM_INVALID,
			"phKey of an additional key is NULL");
		REQUIRE(b->asked[i].pTemplate != NULL || b->asked[i].ulAttributeCount == 0,
			CKR_MECHANISM_PARAM_INVALID, "pTemplate of an additional key is NULL");
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

/* Cut STRING, which was derived, into the values of the planned keys. */
static CK_RV cut(const struct derive_call *c, struct secret *string, struct batch *b)
{
	uint8_t *value = secret_bytes(string);

	TRY(derive_fill_in(&b->planned[0], value, c->d.length));
	for (size_t i = 1; i < b->count; i++) {
		const struct more_key *more = &b->more[i - 1];
		ENSURE(more->offset + more->length <= string->len, CKR_FUNCTION_FAILED);
		if (key_type_has_parity(b->type[i]))
			des_set_odd_parity(value + more->offset, more->length);
		TRY(derive_fill_in(&b->planned[i], value + more->offset, more->length));
	}
	return CKR_OK;
}

static CK_RV check_all(struct derive_call *c, const struct batch *b)
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

/*
 * Add the session keys one after another. If a later key fails, add_all() removes them, and the
 * removal of a session key cannot fail.
 */
static CK_RV add_session_keys(struct derive_call *c, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (!(b->planned[i].flags & FLAG_TOKEN))
			TRY(object_add(c->session, &b->planned[i], &b->made[i]));
	return CKR_OK;
}

/*
 * Add the token keys in one transaction. With one transaction for each key, a full disk could also
 * refuse the transaction that removes the first keys after a failure.
 */
static CK_RV add_token_keys(struct derive_call *c, struct batch *b)
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

/* Add all keys. If one fails, remove those that were added, even if CKA_DESTROYABLE is false. */
static CK_RV add_all(struct derive_call *c, struct batch *b)
{
	CK_RV rv = add_session_keys(c, b);

	if (rv == CKR_OK)
		rv = add_token_keys(c, b);
	for (size_t i = 0; rv != CKR_OK && i < b->count; i++) {
		CK_RV undone = b->made[i] != 0 ? object_take_back(c->session, b->made[i]) : CKR_OK;
		if (undone != CKR_OK)
			log_error("a key of a failed C_DeriveKey could not be removed: %s",
				rv_name(undone));
	}
	return rv;
}

CK_RV derive_more_keys(struct derive_call *c, CK_OBJECT_HANDLE *ret_key)
{
	struct batch *b __attribute__((cleanup(batch_free))) = calloc(1, sizeof *b);
	SECRET string = {0};

	ENSURE(b != NULL, CKR_HOST_MEMORY);
	TRY(plan_all(c, b));
	TRY(derive_value(&c->d, &string));
	TRY(cut(c, &string, b));
	TRY(check_all(c, b));
	TRY(derive_confirm(c));
	TRY(add_all(c, b));
	*ret_key = b->made[0];
	for (size_t i = 1; i < b->count; i++)
		memcpy(b->asked[i - 1].phKey, &b->made[i], sizeof b->made[i]);
	return CKR_OK;
}
