/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_token_objects.c: objects in the store: what is sealed is bound to what it is; changes whole
 * or not at all, seen by all.
 */
#include "token/token_objects.h"

#include "raw_store.h"
#include "token_support.h"

static CK_OBJECT_HANDLE key(CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ATTRIBUTE all[16] = {KEY(CKK_AES), RAW(CKA_VALUE, mk, sizeof mk), YES(CKA_TOKEN)};

	memcpy(all + 4, t, n * sizeof *t);
	return make(rw, all, n + 4);
}

static int64_t id_of(CK_OBJECT_HANDLE handle)
{
	int64_t id = 0;

	ck_ok(IN(rw, token_object_id(s, handle, &id)));
	return id;
}

static CK_RV value_of(CK_OBJECT_HANDLE handle)
{
	struct object o = {0};
	CK_RV rv = IN(rw, token_object_get(s, handle, &o));

	if (rv == CKR_OK)
		ck_assert_mem_eq(secret_peek(&o.value), mk, 16);
	object_wipe(&o);
	return rv;
}

START_TEST(a_handle_tells_slot_login_and_row)
{
	CK_OBJECT_HANDLE secret = key(T(YES(CKA_PRIVATE))), open = key(T(NO(CKA_PRIVATE)));
	int64_t id;

	ck_assert_uint_eq(secret >> 57, 0x40 | token->slot);
	ck_assert_uint_ne(secret >> 33 & 0xffffff, 0);
	ck_assert_uint_eq(open >> 33 & 0xffffff, 0);
	ck_assert_int_eq(id_of(open), id_of(secret) + 1);
	ck_rv(IN(rw, token_object_id(s, secret ^ UINT64_C(1) << 57, &id)),
		CKR_OBJECT_HANDLE_INVALID);
	ck_rv(IN(rw, token_object_id(s, secret + (UINT64_C(1) << 33), &id)),
		CKR_OBJECT_HANDLE_INVALID);
	ck_rv(value_of(open & ~(CK_OBJECT_HANDLE)0x1ffffffff), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

/* A public handle to a private row, and the other way round. */
START_TEST(a_handle_of_the_wrong_kind_is_none)
{
	CK_OBJECT_HANDLE secret = key(T(YES(CKA_PRIVATE))), open = key(T(NO(CKA_PRIVATE)));
	uint64_t epoch = secret & UINT64_C(0xffffff) << 33;

	ck_rv(value_of(secret & ~epoch), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(value_of(secret));
	ck_ok(value_of(open));
}
END_TEST

/* Records that are edited through the store itself, which computes their checksums again. */
struct edit {
	struct record row;
	uint8_t attributes[4096];
};

static CK_RV replace(struct record *row, void *arg)
{
	struct edit *e = arg;

	row->is_private = e->row.is_private;
	row->label = e->row.label;
	row->object_id = e->row.object_id;
	row->object_class = e->row.object_class;
	row->attributes = e->row.attributes;
	row->sealed = e->row.sealed;
	return CKR_OK;
}

START_TEST(an_edited_flag_breaks_the_key)
{
	CK_OBJECT_HANDLE h = key(T(NO(CKA_PRIVATE), STR(CKA_LABEL, "k")));
	struct edit e;

	ck_ok(value_of(h));
	ck_ok(store_read(token->store, id_of(h), &e.row));
	size_t n = e.row.attributes.n;
	ck_assert_uint_lt(n, sizeof e.attributes);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		memcpy(e.attributes, e.row.attributes.p, n);
		e.attributes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		struct edit edited = e;
		edited.row.attributes = bytes_of(e.attributes, n);
		ck_ok(raw_update(token->store, id_of(h), replace, &edited));
		CK_RV rv = value_of(h);
		ck_assert_msg(rv == CKR_DEVICE_ERROR, "bit %zu: %s", bit, rv_name(rv));
	}
	ck_ok(raw_update(token->store, id_of(h), replace, &e));
	ck_ok(value_of(h));
	record_free(&e.row);
}
END_TEST

/* A foreign master, stored as C_CreateObject stores it. */
static CK_OBJECT_HANDLE foreign_master(const char *uri, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ATTRIBUTE all[16] = {CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
		RAW(CKA_KEYDIV_FOREIGN_KEY, uri, strlen(uri))};
	const struct rights rights = {.user = true, .read_write = true};
	const struct foreign_plan plan = {CKK_AES, 16, false,
		{bytes_of(uri, strlen(uri)), bytes_of("kcv", 3), bytes_of("check", 5)}};
	struct object o = {0};
	CK_OBJECT_HANDLE ret = 0;

	memcpy(all + 4, t, n * sizeof *t);
	TEMPLATE parsed;
	ck_ok(template_parse(all, n + 4, &parsed));
	ck_ok(plan_foreign(&parsed, &rights, &plan, &o));
	ck_ok(IN(rw, token_object_add(s, &o, &ret)));
	object_wipe(&o);
	return ret;
}

/* The result of reading the foreign master HANDLE. After CKR_OK its URI must be URI. */
static CK_RV uri_of(CK_OBJECT_HANDLE handle, const char *uri)
{
	struct object o = {0};
	CK_RV rv = IN(rw, token_object_get(s, handle, &o));

	if (rv == CKR_OK) {
		ck_assert(object_is_foreign(&o) && o.value.len == 0);
		ck_assert(bytes_equal(object_foreign(&o).uri, bytes_of(uri, strlen(uri))));
		ck_assert(bytes_equal(object_foreign(&o).check_value, bytes_of("kcv", 3)));
		ck_assert(bytes_equal(object_foreign(&o).check, bytes_of("check", 5)));
	}
	object_wipe(&o);
	return rv;
}

START_TEST(an_edited_foreign_master_is_noticed)
{
	CK_OBJECT_HANDLE h = foreign_master("pkcs11:object=a", T(NO(CKA_PRIVATE)));
	CK_OBJECT_HANDLE other = foreign_master("pkcs11:object=b", T(NO(CKA_PRIVATE)));
	struct edit e, o;

	ck_ok(uri_of(h, "pkcs11:object=a"));
	ck_ok(store_read(token->store, id_of(h), &e.row));
	ck_ok(store_read(token->store, id_of(other), &o.row));
	/* Neither the attributes nor the sealed bytes show the URI. */
	ck_assert_ptr_null(memmem(e.row.attributes.p, e.row.attributes.n, "pkcs11", 6));
	ck_assert_ptr_null(memmem(e.row.sealed.p, e.row.sealed.n, "pkcs11", 6));
	size_t n = e.row.sealed.n;
	ck_assert_uint_lt(n, sizeof e.attributes);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct edit edited = e;
		memcpy(edited.attributes, e.row.sealed.p, n);
		edited.attributes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		edited.row.sealed = bytes_of(edited.attributes, n);
		ck_ok(raw_update(token->store, id_of(h), replace, &edited));
		ck_rv(uri_of(h, ""), CKR_DEVICE_ERROR);
	}
	struct edit moved = e;
	moved.row.sealed = o.row.sealed; /* the URI of the other master */
	ck_ok(raw_update(token->store, id_of(h), replace, &moved));
	ck_rv(uri_of(h, ""), CKR_DEVICE_ERROR);
	ck_ok(raw_update(token->store, id_of(h), replace, &e));
	ck_ok(uri_of(h, "pkcs11:object=a"));
	record_free(&e.row);
	record_free(&o.row);
}
END_TEST

START_TEST(a_foreign_master_is_found_set_and_copied)
{
	CK_OBJECT_HANDLE h = foreign_master("pkcs11:object=a", T(YES(CKA_PRIVATE))), found, copy;
	CK_ATTRIBUTE label = STR(CKA_LABEL, "new name");

	foreign_master("pkcs11:object=b", T(YES(CKA_PRIVATE)));
	ck_assert_uint_eq(
		count_found(rw, T(STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:object=a")), &found, 1), 1);
	ck_assert_uint_eq(found, h);
	ck_assert_uint_eq(count_found(rw, T(STR(CKA_CHECK_VALUE, "kcv")), NULL, 0), 2);
	ck_ok(IN(rw, set_attributes(s, h, &label, 1)));
	ck_ok(uri_of(h, "pkcs11:object=a"));
	ck_ok(IN(rw, copy_object(s, h, &label, 1, &copy)));
	ck_ok(uri_of(copy, "pkcs11:object=a"));
}
END_TEST

START_TEST(without_a_login_the_uri_is_sealed)
{
	CK_OBJECT_HANDLE h = foreign_master("pkcs11:object=a", T(NO(CKA_PRIVATE))), copy;
	CK_ATTRIBUTE label = STR(CKA_LABEL, "new name");
	uint8_t out[64];
	CK_ATTRIBUTE a = {CKA_KEYDIV_FOREIGN_KEY, out, sizeof out};

	ck_ok(IN(rw, get_attributes(s, h, &a, 1)));
	ck_assert_uint_eq(a.ulValueLen, 15);
	ck_ok(sessions_logout(token));
	a.ulValueLen = sizeof out;
	ck_rv(IN(rw, get_attributes(s, h, &a, 1)), CKR_ATTRIBUTE_SENSITIVE);
	ck_rv(IN(rw, copy_object(s, h, &label, 1, &copy)), CKR_USER_NOT_LOGGED_IN);
	ck_assert_uint_eq(
		count_found(rw, T(STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:object=a")), NULL, 0), 0);
}
END_TEST

START_TEST(columns_that_disagree_with_the_attributes_are_damage)
{
	CK_OBJECT_HANDLE h = key(T(YES(CKA_PRIVATE), STR(CKA_LABEL, "k"), STR(CKA_ID, "id")));
	struct edit good, bad;

	ck_ok(store_read(token->store, id_of(h), &good.row));
	for (int what = 0; what < 6; what++) {
		bad = good;
		switch (what) {
		case 0:
			bad.row.is_private = false;
			break;
		case 1:
			bad.row.label = bytes_of("q", 1);
			break;
		case 2:
			bad.row.label = bytes_of(NULL, 0);
			break;
		case 3:
			bad.row.object_id = bytes_of("ie", 2);
			break;
		case 4:
			bad.row.object_class = CKO_DATA;
			break;
		case 5:
			bad.row.sealed = bytes_of(good.row.sealed.p, good.row.sealed.n - 1);
			break;
		}
		ck_ok(raw_update(token->store, id_of(h), replace, &bad));
		ck_rv(value_of(h), CKR_DEVICE_ERROR);
		ck_ok(raw_update(token->store, id_of(h), replace, &good));
		ck_ok(value_of(h));
	}
	record_free(&good.row);
}
END_TEST

START_TEST(a_value_of_another_row_does_not_open)
{
	CK_OBJECT_HANDLE one = key(T(STR(CKA_LABEL, "k"))), two = key(T(STR(CKA_LABEL, "k")));
	struct edit e;

	ck_ok(store_read(token->store, id_of(one), &e.row));
	ck_ok(raw_update(token->store, id_of(two), replace, &e));
	ck_ok(value_of(one));
	ck_rv(value_of(two), CKR_DEVICE_ERROR);
	record_free(&e.row);
}
END_TEST

/* --- Changing --- */

static CK_RV half_a_change(struct object *o, void *arg)
{
	(void)arg;
	ck_ok(object_set_variable(o, VAR_LABEL, bytes_of("changed", 7)));
	return CKR_TEMPLATE_INCONSISTENT;
}

START_TEST(a_change_is_whole_or_nothing)
{
	CK_OBJECT_HANDLE h = key(T(STR(CKA_LABEL, "before")));
	char label[16];

	ck_rv(IN(rw, token_object_change(s, h, half_a_change, NULL)), CKR_TEMPLATE_INCONSISTENT);
	ck_assert_uint_eq(get(rw, h, CKA_LABEL, label, sizeof label), 6);
	ck_assert_mem_eq(label, "before", 6);
	ck_ok(IN(rw, set_attributes(s, h, T(STR(CKA_LABEL, "after"), STR(CKA_ID, "7")))));
	ck_assert_uint_eq(get(rw, h, CKA_LABEL, label, sizeof label), 5);
	ck_ok(value_of(h));
	ck_assert_uint_eq(count_found(rw, T(STR(CKA_LABEL, "before")), NULL, 0), 0);
	ck_assert_uint_eq(count_found(rw, T(STR(CKA_ID, "7")), NULL, 0), 1);
}
END_TEST

START_TEST(what_may_not_be_destroyed_stays)
{
	CK_OBJECT_HANDLE h = key(T(NO(CKA_DESTROYABLE)));
	CK_SESSION_HANDLE ro = open_session_of(token, false);
	CK_OBJECT_HANDLE other = key(T(STR(CKA_LABEL, "x")));

	ck_rv(IN(rw, token_object_destroy(s, h)), CKR_ACTION_PROHIBITED);
	ck_ok(value_of(h));
	ck_rv(IN(ro, token_object_destroy(s, other)), CKR_SESSION_READ_ONLY);
	ck_ok(value_of(other));
	ck_ok(IN(rw, token_object_take_back(s, h)));
	ck_rv(value_of(h), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(without_a_login_nothing_is_written)
{
	CK_OBJECT_HANDLE h = key(T(NO(CKA_PRIVATE))), made = 0;

	ck_ok(sessions_logout(token));
	ck_rv(IN(rw, create_object(s, T(AES_MK, YES(CKA_TOKEN), NO(CKA_PRIVATE)), &made)),
		CKR_USER_NOT_LOGGED_IN);
	ck_rv(IN(rw, set_attributes(s, h, T(STR(CKA_LABEL, "x")))), CKR_USER_NOT_LOGGED_IN);
	ck_rv(IN(rw, object_destroy(s, h)), CKR_USER_NOT_LOGGED_IN);
	ck_assert_uint_eq(made, 0);
	ck_ok(look(rw, h));
}
END_TEST

/* --- Other processes --- */

START_TEST(other_processes_are_seen_at_the_next_call)
{
	struct token *elsewhere = open_token();
	CK_SESSION_HANDLE other = open_session_of(elsewhere, true);
	CK_OBJECT_HANDLE h = key(T(STR(CKA_LABEL, "a"), NO(CKA_PRIVATE)));
	char label[8];

	ck_ok(token_login(elsewhere, CKU_USER, PIN("1234")));
	ck_assert_uint_eq(get(other, h, CKA_LABEL, label, sizeof label), 1);
	ck_ok(IN(rw, set_attributes(s, h, T(STR(CKA_LABEL, "bb")))));
	ck_assert_uint_eq(get(other, h, CKA_LABEL, label, sizeof label), 2);
	ck_ok(IN(other, object_destroy(s, h)));
	ck_rv(look(rw, h), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(session_close(other));
	token_close(elsewhere);
}
END_TEST

/*
 * Another process has initialised the token again. The login here belongs to the old token, and can
 * read and write nothing of the new token.
 */
START_TEST(a_token_initialised_elsewhere_takes_nothing_under_the_old_login)
{
	struct token *elsewhere = open_token();
	CK_OBJECT_HANDLE h = key(T(STR(CKA_LABEL, "a"))), made = 0;

	ck_ok(token_init(
		elsewhere, PIN("so-pin"), (const uint8_t *)"another                         "));
	ck_rv(look(rw, h), CKR_OBJECT_HANDLE_INVALID);
	CK_RV rv = IN(rw, create_object(s, T(AES_MK, YES(CKA_TOKEN)), &made));
	ck_assert_msg(rv == CKR_DEVICE_ERROR || rv == CKR_USER_NOT_LOGGED_IN, "%s", rv_name(rv));
	ck_assert_uint_eq(made, 0);
	uint64_t n = 9;
	ck_ok(raw_count(elsewhere->store, &n));
	ck_assert_uint_eq(n, 0);
	token_close(elsewhere);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token_objects");
	TCase *tests = tcase_create("token_objects");

	tcase_add_checked_fixture(tests, user_token, tear_down);
	tcase_add_test(tests, a_handle_tells_slot_login_and_row);
	tcase_add_test(tests, a_handle_of_the_wrong_kind_is_none);
	tcase_add_test(tests, an_edited_flag_breaks_the_key);
	tcase_add_test(tests, an_edited_foreign_master_is_noticed);
	tcase_add_test(tests, a_foreign_master_is_found_set_and_copied);
	tcase_add_test(tests, without_a_login_the_uri_is_sealed);
	tcase_add_test(tests, columns_that_disagree_with_the_attributes_are_damage);
	tcase_add_test(tests, a_value_of_another_row_does_not_open);
	tcase_add_test(tests, a_change_is_whole_or_nothing);
	tcase_add_test(tests, what_may_not_be_destroyed_stays);
	tcase_add_test(tests, without_a_login_nothing_is_written);
	tcase_add_test(tests, other_processes_are_seen_at_the_next_call);
	tcase_add_test(tests, a_token_initialised_elsewhere_takes_nothing_under_the_old_login);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
