/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan_foreign.c: masters in another token: their templates, attributes and encoding. */
#include "policy_support.h"

#include "key/key.h"
#include "policy/plan_rules.h"

#define URI STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:token=hsm;object=mk")
#define MASTER CLASS(CKO_SECRET_KEY), URI, YES(CKA_TOKEN), YES(CKA_DERIVE)

static const struct rights read_only = {.user = true}, nobody = {.read_write = true},
			   so = {.so = true, .read_write = true};

static struct foreign_plan key_there = {
	.type = CKK_AES,
	.length = 32,
	.parts = {{(const uint8_t *)"pkcs11:token=hsm;object=mk", 26}, {(const uint8_t *)"kcv", 3},
		{(const uint8_t *)"check", 5}},
};

static CK_RV plan(struct object *ret, const struct rights *rights, const struct foreign_plan *key,
	const CK_ATTRIBUTE *a, CK_ULONG n)
{
	struct template t;
	CK_RV rv = template_parse(a, n, &t);

	if (rv == CKR_OK)
		rv = plan_is_foreign(&t) ? plan_foreign(&t, rights, key, ret)
					 : plan_create(&t, rights, ret);
	template_wipe(&t);
	return rv;
}

/* The template is refused before the other token is asked, and afterwards with the same code. */
#define refused(code, ...)                                                                         \
	do {                                                                                       \
		OBJECT o1 = {0};                                                                   \
		OBJECT o2 = {0};                                                                   \
		ck_rv(plan(&o1, &user, NULL, T(__VA_ARGS__)), code);                               \
		ck_rv(plan(&o2, &user, &key_there, T(__VA_ARGS__)), code);                         \
	} while (0)

START_TEST(bad_templates)
{
	static char long_uri[OBJECT_URI_MAX + 1];

	refused(CKR_TEMPLATE_INCOMPLETE, URI, YES(CKA_TOKEN), YES(CKA_DERIVE));
	refused(CKR_ATTRIBUTE_TYPE_INVALID, CLASS(CKO_DATA), URI, YES(CKA_TOKEN));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, VALUE16);
	refused(CKR_TEMPLATE_INCONSISTENT, CLASS(CKO_SECRET_KEY), URI, YES(CKA_DERIVE));
	refused(CKR_TEMPLATE_INCONSISTENT, CLASS(CKO_SECRET_KEY), URI, YES(CKA_DERIVE),
		NO(CKA_TOKEN));
	refused(CKR_TEMPLATE_INCONSISTENT, CLASS(CKO_SECRET_KEY), URI, YES(CKA_TOKEN));
	refused(CKR_TEMPLATE_INCONSISTENT, CLASS(CKO_SECRET_KEY), URI, YES(CKA_TOKEN),
		NO(CKA_DERIVE), YES(CKA_SIGN));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, YES(CKA_SIGN));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, YES(CKA_ENCRYPT));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, YES(CKA_WRAP));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, NO(CKA_SENSITIVE));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, YES(CKA_EXTRACTABLE));
	refused(CKR_TEMPLATE_INCONSISTENT, MASTER, YES(CKA_EXTRACTABLE),
		YES(CKA_WRAP_WITH_TRUSTED));
	refused(CKR_ATTRIBUTE_READ_ONLY, MASTER, NO(CKA_LOCAL));
	refused(CKR_ATTRIBUTE_READ_ONLY, MASTER, NO(CKA_KEYDIV_FOREIGN_EXTRACTABLE));
	refused(CKR_ATTRIBUTE_READ_ONLY, MASTER, LENGTH(32));
	refused(CKR_ATTRIBUTE_READ_ONLY, MASTER, YES(CKA_TRUSTED));
	refused(CKR_ATTRIBUTE_VALUE_INVALID, MASTER, TYPE(CKK_RSA));
	refused(CKR_ATTRIBUTE_VALUE_INVALID, MASTER, TYPE(CKK_KEYDIV_ODUKPT_CLIENT));
	refused(CKR_ATTRIBUTE_VALUE_INVALID, CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
		STR(CKA_KEYDIV_FOREIGN_KEY, ""));
	refused(CKR_ATTRIBUTE_VALUE_INVALID, CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
		RAW(CKA_KEYDIV_FOREIGN_KEY, long_uri, sizeof long_uri));
	refused(CKR_ATTRIBUTE_VALUE_INVALID, MASTER, NUM(CKA_KEYDIV_WINDOW, 1025));
}
END_TEST

START_TEST(bad_keys_in_the_other_token)
{
	struct foreign_plan key = key_there;
	OBJECT o = {0};

	/* The types contradict each other, which only the other token can tell. */
	ck_ok(plan(&o, &user, NULL, T(MASTER, TYPE(CKK_GENERIC_SECRET))));
	object_wipe(&o);
	ck_rv(plan(&o, &user, &key, T(MASTER, TYPE(CKK_GENERIC_SECRET))),
		CKR_TEMPLATE_INCONSISTENT);
	key.type = CKK_DES3; /* no default list */
	key.length = 24;
	ck_rv(plan(&o, &user, &key, T(MASTER)), CKR_TEMPLATE_INCONSISTENT);
	object_wipe(&o);
	ck_ok(plan(&o, &user, &key, T(MASTER, ALLOWED(CKM_KEYDIV_RFC3961_DK))));
	object_wipe(&o);
	key.type = CKK_RSA;
	ck_rv(plan(&o, &user, &key, T(MASTER)), CKR_KEY_TYPE_INCONSISTENT);
	key.type = CKK_KEYDIV_ODUKPT_CLIENT;
	ck_rv(plan(&o, &user, &key, T(MASTER)), CKR_KEY_TYPE_INCONSISTENT);
	key = key_there;
	key.length = 31;
	ck_rv(plan(&o, &user, &key, T(MASTER)), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(rights_as_for_any_master)
{
	OBJECT o = {0};

	ck_rv(plan(&o, &read_only, NULL, T(MASTER)), CKR_SESSION_READ_ONLY);
	ck_rv(plan(&o, &nobody, NULL, T(MASTER)), CKR_USER_NOT_LOGGED_IN);
	ck_rv(plan(&o, &nobody, NULL, T(MASTER, NO(CKA_PRIVATE))), CKR_USER_NOT_LOGGED_IN);
	ck_ok(plan(&o, &so, NULL, T(MASTER, NO(CKA_PRIVATE))));
}
END_TEST

START_TEST(attributes)
{
	OBJECT o = {0};

	ck_ok(plan(&o, &user, &key_there,
		T(MASTER, STR(CKA_LABEL, "master"), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))));
	ck_assert(object_is_foreign(&o));
	ck_assert_uint_eq(o.key_type, CKK_AES);
	ck_assert_uint_eq(object_key_length(&o), 32);
	ck_assert_uint_eq(o.value.len, 0);
	ck_assert_uint_eq(o.flags, FLAG_TOKEN | FLAG_PRIVATE | FLAG_MODIFIABLE | FLAG_COPYABLE |
					   FLAG_DESTROYABLE | FLAG_SENSITIVE | FLAG_DERIVE |
					   FLAG_EXTRACTABLE_CHILDREN);
	ck_assert_uint_eq(o.made, MADE_CREATED | FLAG_SENSITIVE | FLAG_DERIVE);
	ck_assert(object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_CMAC));
	ck_assert(bytes_equal(object_foreign(&o).uri, key_there.parts.uri));
	ck_assert(bytes_equal(object_foreign(&o).check, key_there.parts.check));
	object_wipe(&o);

	struct foreign_plan leaves = key_there;
	leaves.extractable = true;
	ck_ok(plan(&o, &user, &leaves, T(MASTER)));
	ck_assert(has(&o, FLAG_FOREIGN_EXTRACTABLE) && !has(&o, FLAG_EXTRACTABLE));
	object_wipe(&o);

	ck_ok(plan(&o, &user, &key_there, T(MASTER, NUM(CKA_KEYDIV_WINDOW, 64))));
	ck_assert_uint_eq(object_window(&o), 64);
	ck_assert(has(&o, FLAG_USE_ONLY) && !has(&o, FLAG_COPYABLE));
}
END_TEST

/* The result of reading one attribute of O. */
static CK_RV read(const struct object *o, CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG *n)
{
	struct reading r = {.object = o};
	CK_ATTRIBUTE a = {type, out, *n};
	CK_RV rv = attributes_read(&r, &a, 1);

	*n = a.ulValueLen;
	return rv;
}

START_TEST(reading)
{
	struct foreign_plan without = key_there;
	OBJECT o = {0};
	char out[64];
	CK_ULONG n = sizeof out;

	ck_ok(plan(&o, &user, &key_there, T(MASTER)));
	ck_ok(read(&o, CKA_KEYDIV_FOREIGN_KEY, out, &n));
	ck_assert_uint_eq(n, 26);
	ck_assert_mem_eq(out, "pkcs11:token=hsm;object=mk", 26);
	n = sizeof out;
	ck_ok(read(&o, CKA_CHECK_VALUE, out, &n));
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(out, "kcv", 3);
	n = sizeof out;
	ck_rv(read(&o, CKA_VALUE, out, &n), CKR_ATTRIBUTE_SENSITIVE);
	object_wipe(&o);

	without.parts.check_value = bytes_of(NULL, 0);
	ck_ok(plan(&o, &user, &without, T(MASTER)));
	n = sizeof out;
	ck_rv(read(&o, CKA_CHECK_VALUE, out, &n), CKR_ATTRIBUTE_TYPE_INVALID);
	object_wipe(&o);

	ck_ok(plan(&o, &user, NULL, T(KEY(CKK_AES), VALUE16)));
	n = sizeof out;
	ck_rv(read(&o, CKA_KEYDIV_FOREIGN_KEY, out, &n), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

START_TEST(check_value_of_the_caller)
{
	struct key *scratch = key_new();
	struct foreign_plan without = key_there;
	OBJECT o = {0};

	without.parts.check_value = bytes_of(NULL, 0);
	TEMPLATE right;
	ck_ok(parse(&right, STR(CKA_CHECK_VALUE, "kcv")));
	TEMPLATE wrong;
	ck_ok(parse(&wrong, STR(CKA_CHECK_VALUE, "kcw")));
	ck_ok(plan(&o, &user, &key_there, T(MASTER)));
	ck_ok(plan_check_value(&o, &right, scratch));
	ck_rv(plan_check_value(&o, &wrong, scratch), CKR_ATTRIBUTE_VALUE_INVALID);
	object_wipe(&o);
	ck_ok(plan(&o, &user, &without, T(MASTER)));
	ck_rv(plan_check_value(&o, &right, scratch), CKR_ATTRIBUTE_TYPE_INVALID);
	key_free(scratch);
}
END_TEST

/* The other ways of making a key know no foreign key, and no call changes the attribute. */
START_TEST(given_at_another_moment)
{
	static const struct {
		enum attribute_when when;
		CK_RV rv;
	} moments[] = {{WHEN_GENERATE, CKR_ATTRIBUTE_READ_ONLY},
		{WHEN_DERIVE, CKR_TEMPLATE_INCONSISTENT}, {WHEN_UNWRAP, CKR_ATTRIBUTE_READ_ONLY},
		{WHEN_COPY, CKR_ATTRIBUTE_READ_ONLY}, {WHEN_SET, CKR_ATTRIBUTE_READ_ONLY}};

	TEMPLATE t;
	ck_ok(parse(&t, URI));
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
		ck_rv(plan_given(&t, WHO_KEY, moments[i].when), moments[i].rv);
}
END_TEST

START_TEST(copies)
{
	static const struct {
		CK_ATTRIBUTE attribute;
		CK_RV rv;
	} changes[] = {
		{STR(CKA_LABEL, "copy"), CKR_OK},
		{NO(CKA_TOKEN), CKR_TEMPLATE_INCONSISTENT},
		{YES(CKA_EXTRACTABLE), CKR_ATTRIBUTE_READ_ONLY},
		{NO(CKA_SENSITIVE), CKR_ATTRIBUTE_READ_ONLY},
		{YES(CKA_SIGN), CKR_TEMPLATE_INCONSISTENT},
		{YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN), CKR_ATTRIBUTE_READ_ONLY},
		{URI, CKR_ATTRIBUTE_READ_ONLY},
	};
	OBJECT o = {0};

	ck_ok(plan(&o, &user, &key_there, T(MASTER)));
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		OBJECT copy = {0};
		TEMPLATE t;
		ck_ok(template_parse(&changes[i].attribute, 1, &t));
		ck_rv(plan_copy(&t, &o, &user, &copy), changes[i].rv);
		if (changes[i].rv != CKR_OK)
			continue;
		ck_assert_uint_eq(object_key_length(&copy), 32);
		ck_assert(bytes_equal(object_foreign(&copy).uri, object_foreign(&o).uri));
		ck_assert(bytes_equal(object_foreign(&copy).check, object_foreign(&o).check));
	}
}
END_TEST

START_TEST(never_wrapped_and_never_a_second_key)
{
	OBJECT o = {0};
	OBJECT wrapper = {0};
	OBJECT base = {0};

	ck_ok(plan(&o, &user, &key_there,
		T(MASTER, YES(CKA_WRAP_WITH_TRUSTED), ALLOWED(CKM_HKDF_DERIVE))));
	ck_ok(plan(&wrapper, &user, NULL, T(KEY(CKK_AES), VALUE16, YES(CKA_WRAP))));
	ck_rv(plan_may_wrap(&wrapper, &o, mechanism_find(CKM_AES_KEY_WRAP)), CKR_KEY_UNEXTRACTABLE);
	ck_ok(plan(&base, &user, NULL, T(KEY(CKK_GENERIC_SECRET), VALUE16, YES(CKA_DERIVE))));
	ck_rv(plan_second_key(&o, &base, mechanism_find(CKM_HKDF_DERIVE)),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

/* --- Encoding --- */

START_TEST(there_and_back)
{
	OBJECT o = {0};
	OBJECT back = {0};
	SECRET sealed = {0};
	uint8_t *encoded;
	size_t n;

	ck_ok(plan(&o, &user, &key_there, T(MASTER, STR(CKA_LABEL, "master"))));
	ck_ok(object_encode(&o, &encoded, &n));
	ck_assert_ptr_null(memmem(encoded, n, "pkcs11", 6));
	ck_assert_ptr_null(memmem(encoded, n, "check", 5));
	ck_ok(object_decode(bytes_of(encoded, n), &back));
	free(encoded);
	/* As a program sees the master that has not logged in. */
	ck_assert(object_is_foreign(&back));
	ck_assert_uint_eq(object_foreign(&back).uri.n, 0);
	ck_assert_uint_eq(object_foreign(&back).check.n, 0);
	ck_assert_uint_eq(object_key_length(&back), 32);
	char out[64];
	CK_ULONG room = sizeof out;
	ck_rv(read(&back, CKA_KEYDIV_FOREIGN_KEY, out, &room), CKR_ATTRIBUTE_SENSITIVE);
	room = sizeof out;
	ck_rv(read(&back, CKA_CHECK_VALUE, out, &room), CKR_ATTRIBUTE_TYPE_INVALID);

	ck_ok(object_foreign_encode(&o, &sealed));
	ck_ok(object_foreign_decode(bytes_of(secret_peek(&sealed), sealed.len), &back));
	ck_assert(bytes_equal(object_foreign(&back).uri, object_foreign(&o).uri));
	ck_assert(bytes_equal(object_foreign(&back).check, object_foreign(&o).check));
	ck_assert(bytes_equal(object_foreign(&back).check_value, bytes_of("kcv", 3)));
}
END_TEST

START_TEST(hostile_encodings)
{
	OBJECT o = {0};
	SECRET sealed = {0};
	OBJECT back = {0};

	ck_ok(plan(&o, &user, &key_there, T(MASTER)));
	ck_ok(object_foreign_encode(&o, &sealed));
	size_t first = sealed.len - 5; /* of the check */
	for (size_t i = 0; i < sealed.len; i++) {
		uint8_t *cut = malloc(i ? i : 1);
		memcpy(cut, secret_peek(&sealed), i);
		ck_rv(object_foreign_decode(bytes_of(cut, i), &back),
			i > first ? CKR_OK : CKR_DEVICE_ERROR);
		free(cut);
	}
	for (size_t i = 0; i < 8 * sealed.len; i++) {
		secret_bytes(&sealed)[i / 8] ^= (uint8_t)(1u << i % 8);
		CK_RV rv = object_foreign_decode(bytes_of(secret_peek(&sealed), sealed.len), &back);
		ck_assert(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
		secret_bytes(&sealed)[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	static uint8_t long_check[3 + 1 + 4 + OBJECT_CHECK_MAX + 1] = {1, 0, 1, 'u', 3};
	ck_ok(object_foreign_decode(bytes_of(long_check, sizeof long_check - 1), &back));
	ck_rv(object_foreign_decode(bytes_of(long_check, sizeof long_check), &back),
		CKR_DEVICE_ERROR);
}
END_TEST

/* A flag of foreign masters on another key. */
START_TEST(hostile_flag)
{
	OBJECT o = {0};
	OBJECT back = {0};
	uint8_t *encoded;
	size_t n;

	ck_ok(plan(&o, &user, NULL, T(KEY(CKK_AES), VALUE16)));
	ck_ok(object_encode(&o, &encoded, &n));
	put_be32(encoded + 33, o.flags | FLAG_FOREIGN_EXTRACTABLE);
	ck_rv(object_decode(bytes_of(encoded, n), &back), CKR_DEVICE_ERROR);
	free(encoded);
}
END_TEST

/* Attributes that no foreign master has, at the place of the flags (object_encode.c). */
START_TEST(hostile_attributes)
{
	static const uint32_t wrong[] = {FLAG_TOKEN, FLAG_DERIVE, FLAG_SENSITIVE, FLAG_EXTRACTABLE};
	OBJECT o = {0};
	uint8_t *encoded;
	size_t n;

	ck_ok(plan(&o, &user, &key_there, T(MASTER)));
	ck_ok(object_encode(&o, &encoded, &n));
	for (size_t i = 0; i < 4; i++) {
		OBJECT back = {0};
		put_be32(encoded + 33, o.flags ^ wrong[i]);
		ck_rv(object_decode(bytes_of(encoded, n), &back), CKR_DEVICE_ERROR);
	}
	put_be32(encoded + 33, o.flags);
	/* A URI in the attributes, where a reader of the file would see it. The entry is last. */
	OBJECT back = {0};
	uint8_t *longer = malloc(n + 1);
	memcpy(longer, encoded, n);
	ck_assert_uint_eq(longer[n - 5], VAR_FOREIGN_KEY);
	put_be32(longer + n - 4, 1);
	longer[n] = 'u';
	ck_rv(object_decode(bytes_of(longer, n + 1), &back), CKR_DEVICE_ERROR);
	put_be32(longer + n - 4, 0);
	longer[n - 5] = VAR_FOREIGN_CHECK;
	ck_rv(object_decode(bytes_of(longer, n), &back), CKR_DEVICE_ERROR);
	free(longer);
	free(encoded);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_foreign");
	TCase *tc = tcase_create("plan_foreign");

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, bad_templates);
	tcase_add_test(tc, bad_keys_in_the_other_token);
	tcase_add_test(tc, rights_as_for_any_master);
	tcase_add_test(tc, attributes);
	tcase_add_test(tc, reading);
	tcase_add_test(tc, check_value_of_the_caller);
	tcase_add_test(tc, given_at_another_moment);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, never_wrapped_and_never_a_second_key);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, hostile_encodings);
	tcase_add_test(tc, hostile_flag);
	tcase_add_test(tc, hostile_attributes);
	return run_suite(suite);
}
