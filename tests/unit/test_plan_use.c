/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan_use.c: whether a key may be used, and whether it may be wrapped. */
#include "policy_support.h"

static struct object key_of(CK_KEY_TYPE type, size_t length, uint32_t flags)
{
	return (struct object){
		.object_class = CKO_SECRET_KEY, .key_type = type, .number = length, .flags = flags};
}

static void list(struct object *o, CK_MECHANISM_TYPE type)
{
	uint8_t encoded[8];

	put_be64(encoded, type);
	ck_ok(object_set_variable(o, VAR_ALLOWED_MECHANISMS, bytes_of(encoded, 8)));
}

static CK_RV may_use(const struct object *o, CK_MECHANISM_TYPE type, uint32_t flag)
{
	return plan_may_use(o, mechanism_find(type), flag);
}

/* The order of the codes: type, permission, list. */
START_TEST(order_of_codes)
{
	OBJECT des = key_of(CKK_DES3, 24, 0);
	OBJECT aes = key_of(CKK_AES, 16, 0);
	struct object data = {.object_class = CKO_DATA, .key_type = CKK_AES, .flags = FLAG_SIGN};

	list(&des, CKM_AES_CBC);
	list(&aes, CKM_AES_CBC);
	ck_rv(may_use(&des, CKM_AES_CMAC, FLAG_SIGN), CKR_KEY_TYPE_INCONSISTENT);
	ck_rv(may_use(&aes, CKM_AES_CMAC, FLAG_SIGN), CKR_KEY_FUNCTION_NOT_PERMITTED);
	aes.flags = FLAG_SIGN;
	ck_rv(may_use(&aes, CKM_AES_CMAC, FLAG_SIGN), CKR_MECHANISM_INVALID);
	ck_rv(may_use(&aes, CKM_AES_CMAC, FLAG_VERIFY), CKR_KEY_FUNCTION_NOT_PERMITTED);
	list(&aes, CKM_AES_CMAC);
	ck_ok(may_use(&aes, CKM_AES_CMAC, FLAG_SIGN));
	ck_rv(may_use(&data, CKM_AES_CMAC, FLAG_SIGN), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

/* Where CKA_WRAP is true, wrapping works, whatever else the key may do. */
START_TEST(wrap_and_decrypt)
{
	OBJECT o = key_of(CKK_AES, 16, FLAG_WRAP | FLAG_DECRYPT);

	ck_ok(may_use(&o, CKM_AES_KEY_WRAP, FLAG_WRAP));
	ck_rv(may_use(&o, CKM_AES_KEY_WRAP, FLAG_UNWRAP), CKR_KEY_FUNCTION_NOT_PERMITTED);
	o.flags = FLAG_UNWRAP | FLAG_ENCRYPT;
	ck_ok(may_use(&o, CKM_AES_KEY_WRAP, FLAG_UNWRAP));
}
END_TEST

START_TEST(master_with_usage)
{
	OBJECT o = key_of(CKK_AES, 16, FLAG_DERIVE | FLAG_SIGN);

	ck_rv(may_use(&o, CKM_KEYDIV_DEVICE_KEY, FLAG_DERIVE), CKR_KEY_FUNCTION_NOT_PERMITTED);
	o.flags = FLAG_DERIVE;
	ck_ok(may_use(&o, CKM_KEYDIV_DEVICE_KEY, FLAG_DERIVE));
	list(&o, CKM_KEYDIV_MESSAGE_KEY);
	ck_rv(may_use(&o, CKM_KEYDIV_DEVICE_KEY, FLAG_DERIVE), CKR_MECHANISM_INVALID);
	o.flags = FLAG_SIGN;
	ck_rv(may_use(&o, CKM_KEYDIV_DEVICE_KEY, FLAG_DERIVE), CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

static CK_RV may_wrap(const struct object *wrapper, const struct object *target)
{
	return plan_may_wrap(wrapper, target, mechanism_find(CKM_AES_KEY_WRAP));
}

static void list_both(struct object *o, CK_MECHANISM_TYPE one, CK_MECHANISM_TYPE two)
{
	uint8_t encoded[16];

	put_be64(encoded, one);
	put_be64(encoded + 8, two);
	ck_ok(object_set_variable(o, VAR_ALLOWED_MECHANISMS, bytes_of(encoded, 16)));
}

/* A master with USE_ONLY gives no key objects, also as the second key of a derivation. */
START_TEST(master_without_key_objects)
{
	const struct mechanism *derivation = mechanism_find(CKM_KEYDIV_DEVICE_KEY);
	const struct mechanism *kdf = mechanism_find(CKM_HKDF_DERIVE);
	OBJECT o = key_of(CKK_AES, 16, FLAG_DERIVE | FLAG_USE_ONLY);
	OBJECT other = key_of(CKK_GENERIC_SECRET, 32, FLAG_DERIVE);
	OBJECT base = key_of(CKK_GENERIC_SECRET, 32, FLAG_DERIVE);

	list_both(&o, CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_WITH_DERIVED_KEY);
	ck_rv(plan_may_use(&o, derivation, FLAG_DERIVE), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_ok(plan_may_use_derived(&o, derivation));
	ck_ok(plan_may_use_derived(&o, mechanism_find(CKM_KEYDIV_WITH_DERIVED_KEY)));
	/* the code comes before that of the list */
	ck_rv(plan_may_use(&o, mechanism_find(CKM_KEYDIV_CMAC), FLAG_DERIVE),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(plan_may_use_derived(&o, mechanism_find(CKM_KEYDIV_CMAC)), CKR_MECHANISM_INVALID);
	list(&o, CKM_KEYDIV_DEVICE_KEY);
	ck_rv(plan_may_use_derived(&o, derivation), CKR_MECHANISM_INVALID);
	o.flags = FLAG_DERIVE;
	ck_ok(plan_may_use(&o, derivation, FLAG_DERIVE));
	o.flags = FLAG_USE_ONLY;
	ck_rv(plan_may_use_derived(&o, derivation), CKR_KEY_FUNCTION_NOT_PERMITTED);
	list(&other, CKM_HKDF_DERIVE);
	ck_ok(plan_second_key(&other, &base, kdf));
	list(&other, CKM_SP800_108_COUNTER_KDF); /* alone, but another mechanism */
	ck_rv(plan_second_key(&other, &base, kdf), CKR_MECHANISM_INVALID);
	list(&other, CKM_HKDF_DERIVE);
	static const uint32_t protect[] = {FLAG_SENSITIVE, FLAG_PRIVATE};
	for (int i = 0; i < 2; i++) {
		other.flags |= protect[i];
		ck_rv(plan_second_key(&other, &base, kdf), CKR_KEY_FUNCTION_NOT_PERMITTED);
		base.flags |= protect[i];
		ck_ok(plan_second_key(&other, &base, kdf));
	}
	other.flags |= FLAG_USE_ONLY;
	ck_rv(plan_second_key(&other, &base, kdf), CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* the value of a client is the keys of later transactions */
	other.key_type = CKK_KEYDIV_ODUKPT_CLIENT;
	ck_rv(plan_second_key(&other, &base, kdf), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(wrapping_codes)
{
	OBJECT kek = key_of(CKK_AES, 16, 0);
	OBJECT target = key_of(CKK_AES, 16, 0);

	ck_rv(may_wrap(&kek, &target), CKR_KEY_FUNCTION_NOT_PERMITTED);
	kek.flags = FLAG_WRAP;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_UNEXTRACTABLE);
	target.flags = FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	kek.flags |= FLAG_TRUSTED;
	ck_ok(may_wrap(&kek, &target));
	kek.flags = FLAG_WRAP | FLAG_EXTRACTABLE;
	target.flags = FLAG_EXTRACTABLE;
	ck_ok(may_wrap(&kek, &target));
	ck_rv(may_wrap(&kek, &kek), CKR_KEY_NOT_WRAPPABLE);
	kek.key_type = CKK_DES3;
	ck_rv(may_wrap(&kek, &target), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	kek.key_type = CKK_AES;
	target.key_type = CKK_KEYDIV_ODUKPT_CLIENT;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	target.flags = 0;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	target.object_class = CKO_DATA;
	target.key_type = CK_UNAVAILABLE_INFORMATION;
	target.flags = FLAG_EXTRACTABLE;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	target = key_of(CKK_AES, 0, FLAG_EXTRACTABLE); /* of unknown length */
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	list(&kek, CKM_AES_KEY_WRAP_KWP);
	ck_rv(may_wrap(&kek, &target), CKR_MECHANISM_INVALID);
}
END_TEST

static const struct {
	size_t wrapper;
	CK_KEY_TYPE type;
	size_t length;
	CK_RV rv;
} strengths[] = {
#define WEAK CKR_WRAPPING_KEY_SIZE_RANGE
	{16, CKK_AES, 16, CKR_OK},
	{16, CKK_AES, 24, WEAK},
	{16, CKK_AES, 32, WEAK},
	{24, CKK_AES, 24, CKR_OK},
	{24, CKK_AES, 32, WEAK},
	{32, CKK_AES, 32, CKR_OK},
	{16, CKK_DES3, 24, CKR_OK},
	{16, CKK_DES2, 16, CKR_OK},
	{16, CKK_GENERIC_SECRET, 16, CKR_OK},
	{16, CKK_GENERIC_SECRET, 20, WEAK},
	{32, CKK_SHA512_HMAC, 64, CKR_OK},
	{24, CKK_SHA512_HMAC, 64, WEAK},
};

START_TEST(weaker_wrapping_key)
{
	OBJECT kek = key_of(CKK_AES, strengths[_i].wrapper, FLAG_WRAP);
	OBJECT target = key_of(strengths[_i].type, strengths[_i].length, FLAG_EXTRACTABLE);

	ck_rv(may_wrap(&kek, &target), strengths[_i].rv);
}
END_TEST

START_TEST(wrap_template)
{
	OBJECT kek = {0};
	OBJECT target = key_of(CKK_AES, 16, FLAG_EXTRACTABLE | FLAG_SENSITIVE);

	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_WRAP),
		NESTED(CKA_WRAP_TEMPLATE, TYPE(CKK_AES), LENGTH(16), YES(CKA_SENSITIVE),
			STR(CKA_LABEL, "session"))));
	ck_ok(plan_create(&t, &user, &kek));
	ck_rv(may_wrap(&kek, &target), CKR_KEY_HANDLE_INVALID);
	ck_ok(object_set_variable(&target, VAR_LABEL, bytes_of("session", 7)));
	ck_ok(may_wrap(&kek, &target));
	target.flags &= ~(uint32_t)FLAG_SENSITIVE;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_HANDLE_INVALID);
	target.flags |= FLAG_SENSITIVE;
	target.key_type = CKK_GENERIC_SECRET;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_HANDLE_INVALID);
	target.key_type = CKK_AES;
	target.number = 24;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_HANDLE_INVALID);
	/* a template that cannot be read forbids every key, whatever its first attributes say */
	target.number = 16;
	ck_ok(may_wrap(&kek, &target));
	ck_ok(object_set_variable(&kek, VAR_WRAP_TEMPLATE, bytes_of("garbage", 7)));
	ck_rv(may_wrap(&kek, &target), CKR_DEVICE_ERROR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_use");
	TCase *tests = tcase_create("plan_use");

	tcase_add_test(tests, order_of_codes);
	tcase_add_test(tests, wrap_and_decrypt);
	tcase_add_test(tests, master_with_usage);
	tcase_add_test(tests, master_without_key_objects);
	tcase_add_test(tests, wrapping_codes);
	tcase_add_loop_test(tests, weaker_wrapping_key, 0, sizeof strengths / sizeof strengths[0]);
	tcase_add_test(tests, wrap_template);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
