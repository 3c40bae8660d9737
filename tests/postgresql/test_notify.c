/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_notify.c: changes that take something away send NOTIFY when they are committed, and others
 * do not, because NOTIFY makes commits slower.
 */
#include "store/inventory.h"
#include "store_on_server.h"

static struct snapshot keys;
static PGconn *listener;

/* Return how many notifications came for the slot since the last call. */
static int notifications(void)
{
	PGnotify *n;
	int count = 0;

	PQclear(PQexec(listener, "SELECT 1"));
	while ((n = PQnotifies(listener)) != NULL) {
		ck_assert_str_eq(n->relname, "keydiv");
		ck_assert_str_eq(n->extra, token_dir + strlen("/slot-"));
		count++;
		PQfreemem(n);
	}
	return count;
}

/* A token without objects, whose inventory says so. */
static void new_token(void)
{
	const struct inventory none = {0};
	struct store_token token, seen;
	bool as_seen = false;

	ck_ok(store_token_get(store, &seen));
	token = seen;
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
	ck_ok(inventory_seal(&keys, &none, &token));
	ck_ok(store_init_token(store, &token, &seen, &as_seen));
	ck_assert(as_seen);
}

static int64_t add(void)
{
	OBJECT o = {.object_class = CKO_SECRET_KEY,
		.key_type = CKK_GENERIC_SECRET,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN | FLAG_DESTROYABLE};
	struct object *objects[] = {&o};
	int64_t id = 0;

	ck_ok(secret_set(&o.value, "value", 5));
	ck_ok(store_add_objects(store, &keys, objects, 1, &id));
	return id;
}

static CK_RV edit(struct object *o, void *rv)
{
	(void)o;
	return *(CK_RV *)rv;
}

START_TEST(changes)
{
	struct store_token token;
	bool as_seen;
	CK_RV good = CKR_OK, bad = CKR_ATTRIBUTE_READ_ONLY;
	start();
	struct window_location at = stream("a", 64);
	listener = PQconnectdb("service=direct");
	PQclear(PQexec(listener, "LISTEN keydiv"));

	accepted(&at, 1);
	ck_assert_int_eq(notifications(), 0);
	new_token();
	ck_assert_int_eq(notifications(), 1);
	int64_t id = add();
	ck_assert_int_eq(notifications(), 0);
	ck_ok(store_edit_object(store, &keys, id, edit, &good));
	ck_assert_int_eq(notifications(), 1);
	ck_rv(store_edit_object(store, &keys, id, edit, &bad), bad);
	ck_assert_int_eq(notifications(), 0);
	ck_ok(store_remove_object(store, &keys, id));
	ck_assert_int_eq(notifications(), 1);
	ck_ok(store_touch(store));
	ck_assert_int_eq(notifications(), 1);
	ck_ok(store_token_get(store, &token));
	ck_ok(store_set_pin(store, STORE_SO, &token, true, &token.so, &as_seen));
	ck_assert_int_eq(notifications(), 1);
	PQfinish(listener);
	secret_wipe(&keys.key);
	close_all();
}
END_TEST

RUN_ON_SERVER("notify", 300, changes)
