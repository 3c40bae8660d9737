/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_token_change.c: changes of the token record that depend on the record that the caller has
 * seen, and changes of records where the token or the record is not as it should be.
 */
#include "controlled_store.h"

/* --- The token that the caller has seen --- */

/* Write TOKEN, whatever is stored. */
static void store_as(const struct store_token *token)
{
	ck_ok(raw_init(store, token));
}

static bool same_record(const struct store_token *a, const struct store_token *b)
{
	return memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 && a->label[0] == b->label[0] &&
	       a->so.set == b->so.set && memcmp(a->so.salt, b->so.salt, sizeof a->so.salt) == 0 &&
	       a->user.set == b->user.set &&
	       memcmp(a->user.salt, b->user.salt, sizeof a->user.salt) == 0;
}

static struct store_token stored(void)
{
	struct store_token token;

	ck_ok(store_token_get(store, &token));
	return token;
}

/* A token is initialised again only if uuid and SO PIN are those that the PIN was checked with. */
static void initialise_seen(bool uuid_changed, bool salt_changed)
{
	struct store_token before = sample_token(), after = sample_token();
	bool as_seen = uuid_changed;

	after.label[0] = 'N';
	store_as(&before);
	struct store_token seen = before;
	seen.uuid[VAULT_UUID_LEN - 1] ^= uuid_changed;
	seen.so.salt[sizeof seen.so.salt - 1] ^= salt_changed;
	seen.label[0] = 'X'; /* the label does not count */
	ck_ok(store_init_token(store, &after, &seen, &as_seen));
	ck_assert_int_eq(as_seen, !uuid_changed && !salt_changed);
	struct store_token now = stored();
	ck_assert(same_record(&now, as_seen ? &after : &before));
}

START_TEST(initialising_what_was_seen)
{
	open_controlled();
	for (int i = 0; i < 4; i++)
		initialise_seen(i & 1, i & 2);
	close_controlled();
}
END_TEST

START_TEST(initialising_what_was_not_there)
{
	struct store_token token = sample_token();
	bool as_seen = true;

	open_controlled();
	ck_ok(store_init_token(store, &token, &token, &as_seen)); /* is gone meanwhile */
	ck_assert(!as_seen);
	ck_rv(store_token_get(store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	token = sample_token();
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
	ck_assert(as_seen);
	token.label[0] = 'N';
	ck_ok(store_init_token(store, &token, NULL, &as_seen)); /* is there meanwhile */
	ck_assert(!as_seen && stored().label[0] == 's');
	close_controlled();
}
END_TEST

/* Bits of a case: what has changed since the caller read the token record. */
enum {
	UUID = 1,
	SALT = 2,
	UNSET = 4,
	UNSET_BEFORE = 8,
	SAME_PIN = 16,
	OTHER_ROLE = 32,
	NO_SALT = 64, /* that of the caller is that of no PIN */
	CASES = 128
};

static void set_pin_seen(int bits)
{
	const enum store_role role = bits & OTHER_ROLE ? STORE_SO : STORE_USER;
	const struct store_pin pin = {.set = true, .salt = {5}, .wrapped_key = {6}};
	struct store_token before = sample_token();
	bool as_seen = !(bits & 1), same_pin = (bits & SAME_PIN) != 0;

	before.user = before.so;
	before.user.salt[3] ^= 1;
	struct store_token seen = before;
	struct store_pin *now_pin = role == STORE_SO ? &before.so : &before.user;
	struct store_pin *seen_pin = role == STORE_SO ? &seen.so : &seen.user;
	seen.uuid[VAULT_UUID_LEN - 1] ^= (bits & UUID) != 0;
	seen_pin->salt[sizeof seen_pin->salt - 1] ^= (bits & SALT) != 0;
	if (bits & NO_SALT)
		memset(seen_pin->salt, 0, sizeof seen_pin->salt);
	now_pin->set = !(bits & UNSET);
	seen_pin->set = !(bits & UNSET_BEFORE);
	store_as(&before);
	ck_ok(store_set_pin(store, role, &seen, same_pin, &pin, &as_seen));
	ck_assert_int_eq(as_seen,
		!(bits & UUID) &&
			(!same_pin || (bits & (SALT | UNSET | UNSET_BEFORE | NO_SALT)) == 0));
	struct store_token now = stored();
	if (as_seen)
		*now_pin = pin;
	if (!before.so.set) /* is not kept of a PIN that is not set */
		memcpy(before.so.salt, now.so.salt, sizeof now.so.salt);
	if (!before.user.set)
		memcpy(before.user.salt, now.user.salt, sizeof now.user.salt);
	ck_assert(same_record(&now, &before));
}

/* A PIN replaces the one that the caller has checked, and no other. */
START_TEST(setting_the_pin_that_was_seen)
{
	open_controlled();
	for (int bits = 0; bits < CASES; bits++)
		set_pin_seen(bits);
	close_controlled();
}
END_TEST

/* --- Records --- */

/* A change of a record that does not exist, of a token that does not exist. */
START_TEST(no_token_has_no_records)
{
	int64_t id = 7;

	log_in();
	open_controlled();
	ck_rv(store_edit_object(store, &keys, 1, change_value, (void *)"x"),
		CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_remove_object(store, &keys, 1), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(try_add(CKK_GENERIC_SECRET, "x", &id), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(store_verify(store, &keys), CKR_TOKEN_NOT_RECOGNIZED);
	ck_assert_int_eq(id, 7);
	close_controlled();
}
END_TEST

static CK_RV seal_of(struct record *record, void *arg)
{
	static const uint8_t bytes[64];

	record->attributes = text_bytes("none");
	record->sealed = bytes_of(bytes, *(size_t *)arg);
	return CKR_OK;
}

/* A record whose sealed value is too short for a tag cannot be counted. */
START_TEST(a_record_without_a_tag)
{
	size_t n = RECORD_TAG_LEN - 1;
	struct record record = {.object_class = CKO_DATA};

	log_in();
	open_controlled();
	struct store_token token = token_of(1);
	store_as(&token);
	ck_ok(raw_insert(store, &record, seal_of, &n));
	ck_rv(store_remove_object(store, &keys, record.id), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(count_objects(store), 1);
	n = RECORD_TAG_LEN;
	ck_ok(raw_update(store, record.id, seal_of, &n));
	ck_ok(store_remove_object(store, &keys, record.id));
	ck_assert_uint_eq(count_objects(store), 0);
	ck_rv(store_remove_object(store, &keys, record.id), CKR_OBJECT_HANDLE_INVALID);
	close_controlled();
}
END_TEST

static CK_RV put_token(struct store_token *token, void *arg)
{
	*token = *(struct store_token *)arg;
	return CKR_OK;
}

/* More records than the inventory has were added by another program: none is removed. */
START_TEST(a_record_that_the_inventory_does_not_have)
{
	log_in();
	open_controlled();
	struct store_token token = token_of(0);
	store_as(&token);
	int64_t id = add("first");
	ck_ok(raw_token_update(store, put_token, &token));
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR);
	ck_rv(store_remove_object(store, &keys, id), CKR_DEVICE_ERROR);
	ck_rv(store_edit_object(store, &keys, id, change_value, (void *)"x"), CKR_DEVICE_ERROR);
	ck_assert(value_is(id, "first"));
	close_controlled();
}
END_TEST

/* A record that does not open with the keys of the caller is not changed. */
START_TEST(a_record_of_another_token)
{
	new_controlled();
	int64_t id = add("first");
	keys.uuid[0] ^= 1;
	ck_rv(store_edit_object(store, &keys, id, change_value, (void *)"x"), CKR_DEVICE_ERROR);
	ck_rv(store_remove_object(store, &keys, id), CKR_DEVICE_ERROR);
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR);
	keys.uuid[0] ^= 1;
	ck_assert(value_is(id, "first"));
	ck_ok(store_verify(store, &keys));
	close_controlled();
}
END_TEST

/* A record that was edited is not sealed again. */
START_TEST(an_edited_record)
{
	size_t n = 40;
	struct record record;

	new_controlled();
	int64_t id = add("first");
	ck_ok(raw_update(store, id, seal_of, &n));
	ck_rv(store_edit_object(store, &keys, id, change_value, (void *)"x"), CKR_DEVICE_ERROR);
	ck_ok(store_read(store, id, &record));
	ck_assert_uint_eq(record.sealed.n, n);
	record_free(&record);
	close_controlled();
}
END_TEST

static CK_RV make_foreign(struct object *o, void *arg)
{
	(void)arg;
	return object_set_variable(o, VAR_FOREIGN_KEY, bytes_of("", 0));
}

/* An object that cannot be sealed: a key in another token, of which nothing is known. */
START_TEST(an_object_that_cannot_be_sealed)
{
	OBJECT o = new_key(CKK_GENERIC_SECRET, "x");
	struct object *objects[] = {&o};
	int64_t id = 0;

	new_controlled();
	ck_ok(make_foreign(&o, NULL));
	ck_rv(store_add_objects(store, &keys, objects, 1, &id), CKR_FUNCTION_FAILED);
	ck_assert_uint_eq(count_objects(store), 0);
	id = add("first");
	ck_rv(store_edit_object(store, &keys, id, make_foreign, NULL), CKR_FUNCTION_FAILED);
	ck_assert(value_is(id, "first"));
	close_controlled();
}
END_TEST

/* The last id is given, and none after it. Each change that fails burns its id. */
START_TEST(ids_that_were_tried_are_not_given)
{
	int64_t id = 0;

	new_controlled();
	ck_assert_int_eq(add("first"), 1);
	fail_call("insert", 0);
	ck_rv(try_add(CKK_GENERIC_SECRET, "x", &id), INJECTED);
	ck_assert_int_eq(add("third"), 3);
	store->last_id = STORE_ID_MAX - 1;
	ck_assert_int_eq(add("last"), STORE_ID_MAX);
	ck_rv(try_add(CKK_GENERIC_SECRET, "x", &id), CKR_DEVICE_ERROR);
	ck_assert_int_eq(store->last_id, STORE_ID_MAX);
	ck_ok(store_verify(store, &keys));
	close_controlled();
}
END_TEST

RUN_SUITE("token change", initialising_what_was_seen, initialising_what_was_not_there,
	setting_the_pin_that_was_seen, no_token_has_no_records, a_record_without_a_tag,
	a_record_that_the_inventory_does_not_have, a_record_of_another_token, an_edited_record,
	an_object_that_cannot_be_sealed, ids_that_were_tried_are_not_given)
