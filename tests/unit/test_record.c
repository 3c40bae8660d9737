/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_record.c: an object as a record and back. What an attacker can change in a record is
 * changed, one part after another, and the allocation of the record fails.
 */
#include "object/object_foreign.h"
#include "store_support.h"

static void *test_realloc(void *p, size_t n);
static void test_free(void *p);
static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out);
static CK_RV test_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain);
static CK_RV test_decode(struct bytes encoded, struct object *ret);
#define realloc test_realloc
#define free test_free
#define vault_seal test_seal
#define vault_open test_open
#define object_decode test_decode
#include "store/record.c"
#undef realloc
#undef free
#undef vault_seal
#undef vault_open
#undef object_decode

static bool no_memory;
static void *last_freed;
static unsigned freed;

static void *test_realloc(void *p, size_t n)
{
	return no_memory ? NULL : realloc(p, n);
}

static void test_free(void *p)
{
	freed += p != NULL;
	last_freed = p;
	free(p);
}

/* The code of a call below that fails; CKR_OK: none does. */
static CK_RV seal_rv, open_rv, decode_rv;

static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out)
{
	TRY(seal_rv);
	return vault_seal(snapshot, binding, plain, n, out);
}

static CK_RV test_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain)
{
	TRY(open_rv);
	return vault_open(snapshot, binding, sealed, ret_plain);
}

static CK_RV test_decode(struct bytes encoded, struct object *ret)
{
	TRY(object_decode(encoded, ret));
	return decode_rv;
}

static struct snapshot keys;

static void start(void)
{
	set_up();
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
}

/* A key with a label and an id; the caller wipes it. */
static struct object sample(void)
{
	struct object o = {.object_class = CKO_SECRET_KEY,
		.key_type = CKK_GENERIC_SECRET,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN | FLAG_PRIVATE};

	ck_ok(secret_set(&o.value, "value", 5));
	ck_ok(object_set_variable(&o, VAR_LABEL, text_bytes("label")));
	ck_ok(object_set_variable(&o, VAR_ID, text_bytes("id")));
	return o;
}

static bool is_empty(const struct object *o)
{
	return o->object_class == 0 && o->flags == 0 && o->value.len == 0 &&
	       o->variables.present == 0;
}

/* --- The record of an object --- */

START_TEST(the_columns_of_a_key)
{
	OBJECT o = sample();
	struct record record;
	uint8_t *attributes;
	size_t n;
	SECRET value = {0};

	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_assert_int_eq(record.id, 7);
	ck_assert_uint_eq(record.object_class, CKO_SECRET_KEY);
	ck_assert(record.is_private);
	ck_assert(bytes_equal(record.label, text_bytes("label")));
	ck_assert(bytes_equal(record.object_id, text_bytes("id")));
	ck_ok(object_encode(&o, &attributes, &n));
	ck_assert(bytes_equal(record.attributes, bytes_of(attributes, n)));
	free(attributes);
	ck_assert_uint_eq(record.sealed.n, 5 + SEAL_OVERHEAD);
	/* The value is sealed for this record with these attributes. */
	struct binding binding = {.id = 7, .more = record.attributes};
	ck_ok(vault_open(&keys, &binding, record.sealed, &value));
	ck_assert_mem_eq(secret_peek(&value), "value", 5);
	void *owned = record.owned;
	ck_assert_ptr_eq(owned, record.attributes.p);
	record_free(&record);
	ck_assert_ptr_eq(last_freed, owned);
	ck_assert(record.owned == NULL && record.attributes.p == NULL && record.id == 0);
}
END_TEST

/* A data object is found by CKA_OBJECT_ID in place of CKA_ID. An absent label is no empty label. */
START_TEST(the_columns_of_a_data_object)
{
	OBJECT o = {.object_class = CKO_DATA,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN};
	OBJECT opened = {0};
	RECORD record = {0};

	ck_ok(object_set_variable(&o, VAR_OBJECT_ID, text_bytes("object id")));
	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_assert(!record.is_private && record.label.p == NULL);
	ck_assert(bytes_equal(record.object_id, text_bytes("object id")));
	ck_assert_uint_eq(record.sealed.n, SEAL_OVERHEAD); /* public data is an attribute */
	ck_ok(record_open(&keys, &record, &opened));
	ck_assert(!object_has(&opened, VAR_LABEL));
	record.label = bytes_of("", 0);
	object_wipe(&opened);
	ck_rv(record_open(&keys, &record, &opened), CKR_DEVICE_ERROR);
	object_wipe(&o);
	o.object_class = CKO_DATA;
	o.key_type = o.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION;
	o.flags = FLAG_TOKEN;
	record_free(&record);
	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_ok(record_open(&keys, &record, &opened));
	object_wipe(&opened);
	record.object_id = bytes_of("", 0);
	ck_rv(record_open(&keys, &record, &opened), CKR_DEVICE_ERROR);
}
END_TEST

/* The state of a client is in a file, and never in the record. */
START_TEST(a_state_is_not_in_the_record)
{
	OBJECT o = sample();
	OBJECT opened = {0};
	RECORD record = {0};

	ck_assert(!record_has_state(&o));
	o.key_type = CKK_KEYDIV_ODUKPT_CLIENT;
	ck_assert(record_has_state(&o));
	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_assert_uint_eq(record.sealed.n, SEAL_OVERHEAD);
	ck_ok(record_open(&keys, &record, &opened));
	ck_assert_uint_eq(opened.value.len, 0);
}
END_TEST

START_TEST(no_memory_for_a_record)
{
	OBJECT o = sample();
	struct record record = {.id = 99};

	no_memory = true;
	ck_rv(record_seal(&keys, 7, &o, &record), CKR_HOST_MEMORY);
	ck_assert(record.id == 99 && record.owned == NULL);
	ck_assert_uint_eq(freed, 1); /* the attributes */
	no_memory = false;
	ck_ok(record_seal(&keys, 7, &o, &record));
	record_free(&record);
}
END_TEST

/* --- A record that is not as it was written --- */

static const char *const parts[] = {"nothing", "class", "private", "label", "no label", "id",
	"no id", "attributes", "sealed", "short", "record", "token", "key"};
enum { PARTS = sizeof parts / sizeof parts[0] };

/* Change the part of RECORD and KEYS that has the number PART. */
static void change(int part, struct record *record)
{
	static uint8_t attributes[600], sealed[100];

	memcpy(attributes, record->attributes.p, record->attributes.n);
	memcpy(sealed, record->sealed.p, record->sealed.n);
	attributes[record->attributes.n - 1] ^= strcmp(parts[part], "attributes") == 0;
	sealed[20] ^= strcmp(parts[part], "sealed") == 0;
	record->attributes.p = attributes;
	record->sealed.p = sealed;
	record->object_class += strcmp(parts[part], "class") == 0;
	record->is_private ^= strcmp(parts[part], "private") == 0;
	record->id += strcmp(parts[part], "record") == 0;
	record->sealed.n -= strcmp(parts[part], "short") == 0;
	keys.uuid[3] ^= strcmp(parts[part], "token") == 0;
	secret_bytes(&keys.key)[3] ^= strcmp(parts[part], "key") == 0;
	if (strcmp(parts[part], "label") == 0)
		record->label = text_bytes("Label");
	if (strcmp(parts[part], "no label") == 0)
		record->label = (struct bytes){0};
	if (strcmp(parts[part], "id") == 0)
		record->object_id = text_bytes("ib");
	if (strcmp(parts[part], "no id") == 0)
		record->object_id = (struct bytes){0};
}

/* Whatever is changed is noticed, and then nothing of the object is given out. */
START_TEST(each_part_of_a_record_is_checked)
{
	OBJECT o = sample();
	OBJECT opened = {0};
	RECORD record = {0};

	ck_ok(record_seal(&keys, 7, &o, &record));
	change(_i, &record);
	if (_i > 0) {
		ck_rv(record_open(&keys, &record, &opened), CKR_DEVICE_ERROR);
		ck_assert(is_empty(&opened));
		return;
	}
	ck_ok(record_open(&keys, &record, &opened));
	ck_assert_uint_eq(opened.value.len, 5);
	ck_assert_mem_eq(secret_peek(&opened.value), "value", 5);
	ck_assert(bytes_equal(object_variable(&opened, VAR_LABEL), text_bytes("label")));
}
END_TEST

/* An object that does not say that it is a token object was not written by a store. */
START_TEST(a_session_object_is_no_record)
{
	OBJECT o = sample();
	OBJECT opened = {0};
	RECORD record = {0};

	o.flags &= ~(uint32_t)FLAG_TOKEN;
	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_rv(record_open(&keys, &record, &opened), CKR_DEVICE_ERROR);
	ck_assert(is_empty(&opened));
}
END_TEST

/* Without a login the attributes can be read, and no value. */
START_TEST(a_record_without_the_key_of_the_token)
{
	OBJECT o = sample();
	OBJECT opened = {0};
	RECORD record = {0};
	const struct snapshot none = {0};

	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_ok(record_open(&none, &record, &opened));
	ck_assert_uint_eq(opened.value.len, 0);
	ck_assert(bytes_equal(object_variable(&opened, VAR_ID), text_bytes("id")));
}
END_TEST

/* --- A foreign master --- */

static struct object foreign(void)
{
	struct object o = sample();

	secret_wipe(&o.value);
	o.number = 16;
	o.flags |= FLAG_DERIVE | FLAG_SENSITIVE;
	ck_ok(object_foreign_set(&o, &(struct object_foreign){text_bytes("pkcs11:object=m"),
					     text_bytes("kcv"), text_bytes("check")}));
	return o;
}

/* Its URI is sealed in place of a value: it is in the record, and not in the attributes. */
START_TEST(the_record_of_a_foreign_master)
{
	OBJECT o = foreign();
	OBJECT opened = {0};
	OBJECT closed = {0};
	RECORD record = {0};
	const struct snapshot none = {0};

	ck_ok(record_seal(&keys, 7, &o, &record));
	ck_assert_ptr_null(memmem(record.attributes.p, record.attributes.n, "object=m", 8));
	ck_ok(record_open(&keys, &record, &opened));
	ck_assert_uint_eq(opened.value.len, 0);
	ck_assert(bytes_equal(object_foreign(&opened).uri, text_bytes("pkcs11:object=m")));
	ck_assert(bytes_equal(object_foreign(&opened).check, text_bytes("check")));
	ck_ok(record_open(&none, &record, &closed));
	ck_assert_uint_eq(object_foreign(&closed).uri.n, 0);
}
END_TEST

/* A sealed text of this record that no version of this project has written. */
START_TEST(a_foreign_master_of_another_form)
{
	OBJECT o = foreign();
	OBJECT opened = {0};
	RECORD record = {0};
	uint8_t sealed[7 + SEAL_OVERHEAD];

	ck_ok(record_seal(&keys, 7, &o, &record));
	struct binding binding = {.id = 7, .more = record.attributes};
	ck_ok(vault_seal(&keys, &binding, (const uint8_t *)"garbage", 7, sealed));
	record.sealed = bytes_of(sealed, sizeof sealed);
	ck_rv(record_open(&keys, &record, &opened), CKR_DEVICE_ERROR);
	ck_assert(is_empty(&opened));
}
END_TEST

/* No memory is no damage of the record. */
START_TEST(errors_that_are_no_damage)
{
	OBJECT o = foreign();
	OBJECT opened = {0};
	struct record record = {.id = 99};

	seal_rv = CKR_FUNCTION_FAILED;
	ck_rv(record_seal(&keys, 7, &o, &record), CKR_FUNCTION_FAILED);
	ck_assert(record.id == 99 && record.owned == NULL);
	ck_assert_uint_eq(freed, 1);
	seal_rv = CKR_OK;
	ck_ok(record_seal(&keys, 7, &o, &record));
	open_rv = CKR_HOST_MEMORY;
	ck_rv(record_open(&keys, &record, &opened), CKR_HOST_MEMORY);
	ck_assert(is_empty(&opened));
	open_rv = CKR_OK;
	decode_rv = CKR_HOST_MEMORY;
	record.is_private ^= true;
	ck_rv(record_open(&keys, &record, &opened), CKR_HOST_MEMORY);
	ck_assert(is_empty(&opened));
	record_free(&record);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {the_columns_of_a_key, the_columns_of_a_data_object,
		a_state_is_not_in_the_record, no_memory_for_a_record, a_session_object_is_no_record,
		a_record_without_the_key_of_the_token, the_record_of_a_foreign_master,
		a_foreign_master_of_another_form, errors_that_are_no_damage};
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_checked_fixture(tcase, start, tear_down);
	tcase_add_loop_test(tcase, each_part_of_a_record_is_checked, 0, PARTS);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
