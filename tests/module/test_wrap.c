/* SPDX-License-Identifier: Apache-2.0 */
/* test_wrap.c: keys that leave and come back wrapped, and keys that must not. */
#include <pthread.h>
#include <stdatomic.h>

#include "harness.h"

static CK_OBJECT_HANDLE wrapper, unwrapper, lenient, target, made;
static uint8_t wrapped[256];
static CK_ULONG n;

static void keys(void)
{
	user();
	wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	unwrapper = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP)));
	/* a key that says that what it unwraps may be readable */
	lenient = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_SENSITIVE))));
	target = import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)));
	made = 0xABCD;
}

static CK_RV wrap(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key)
{
	n = sizeof wrapped;
	return f->C_WrapKey(s, MECH(type), with, key, wrapped, &n);
}

static CK_RV unwrap(CK_MECHANISM_TYPE type, CK_ATTRIBUTE *t, CK_ULONG count)
{
	return f->C_UnwrapKey(s, MECH(type), unwrapper, wrapped, n, t, count, &made);
}

START_TEST(there_and_back)
{
	uint8_t value[40];
	static const CK_MECHANISM_TYPE m[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP};
	int i;

	for (i = 0; i < 2; i++) {
		ok(wrap(m[i], wrapper, target));
		holds(n == 24);
		/* a key that any wrapping key may wrap belongs to the holder of the PIN */
		ok(unwrap(m[i], T(KEY(CKK_AES), READABLE)));
		value_is(made, "2b7e151628aed2a6abf7158809cf4f3c");
		ok(f->C_UnwrapKey(
			s, MECH(m[i]), lenient, wrapped, n, T(KEY(CKK_AES), READABLE), &made));
		value_is(made, "2b7e151628aed2a6abf7158809cf4f3c");
		holds(get_ulong(made, CKA_VALUE_LEN) == 16);
		holds(!get_bool(made, CKA_LOCAL) && !get_bool(made, CKA_ALWAYS_SENSITIVE) &&
			!get_bool(made, CKA_NEVER_EXTRACTABLE));
		holds(get_ulong(made, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION);
		ok(unwrap(m[i], T(KEY(CKK_AES))));
		holds(get_bool(made, CKA_SENSITIVE)); /* unless the template says otherwise */
		holds(!get_bool(made, CKA_ALWAYS_SENSITIVE) &&
			!get_bool(made, CKA_NEVER_EXTRACTABLE));
	}
	/* lengths that only KWP takes */
	made = import(CKK_GENERIC_SECRET, mk32, 21, T(YES(CKA_EXTRACTABLE)));
	gives_either(
		CKR_KEY_SIZE_RANGE, CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP, wrapper, made));
	ok(wrap(CKM_AES_KEY_WRAP_KWP, wrapper, made));
	holds(n == 32);
	ok(f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), lenient, wrapped, n,
		T(KEY(CKK_GENERIC_SECRET), READABLE), &made));
	holds(get_bytes(made, CKA_VALUE, value, 40) == 21 && memcmp(value, mk32, 21) == 0);
	holds(get_ulong(made, CKA_VALUE_LEN) == 21);
}
END_TEST

/* The initial value may be named, and be no other. */
START_TEST(initial_value)
{
	static const uint8_t kw[8] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6},
			     kwp[4] = {0xA6, 0x59, 0x59, 0xA6};
	static const uint8_t other[8] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA7};
	uint8_t plain[40];

	ok(wrap(CKM_AES_KEY_WRAP, wrapper, target));
	memcpy(plain, wrapped, n);
	ok(f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP, kw, 8), wrapper, target, wrapped, &n));
	holds(n == 24 && memcmp(plain, wrapped, n) == 0);
	ok(f->C_UnwrapKey(
		s, MECH_P(CKM_AES_KEY_WRAP, kw, 8), unwrapper, wrapped, n, T(KEY(CKK_AES)), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP, other, 8), wrapper, target, wrapped, &n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP, kw, 7), wrapper, target, wrapped, &n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP, NULL, 8), wrapper, target, wrapped, &n));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_UnwrapKey(s, MECH_P(CKM_AES_KEY_WRAP, other, 8),
						   unwrapper, wrapped, n, T(KEY(CKK_AES)), &made));
	ok(f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP_KWP, kwp, 4), wrapper, target, wrapped, &n));
	ok(f->C_UnwrapKey(s, MECH_P(CKM_AES_KEY_WRAP_KWP, kwp, 4), unwrapper, wrapped, n,
		T(KEY(CKK_AES)), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP_KWP, kw, 4), wrapper, target, wrapped, &n));
}
END_TEST

START_TEST(published_answer)
{
	/* RFC 3394, 4.6: 256 bits of key data with a 256-bit KEK. */
	CK_OBJECT_HANDLE key;
	uint8_t value[32], wanted[40];

	unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f", value);
	unhex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
		wanted);
	key = import(CKK_AES, value, 32, T(YES(CKA_EXTRACTABLE)));
	ok(wrap(CKM_AES_KEY_WRAP, wrapper, key));
	holds(n == 40 && memcmp(wrapped, wanted, 40) == 0);
}
END_TEST

START_TEST(what_may_not_leave)
{
	CK_OBJECT_HANDLE closed = import(CKK_AES, mk, 16, T(NO(CKA_EXTRACTABLE))), data,
			 trusted_only = import(CKK_AES, mk, 16,
				 T(YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)));

	gives(CKR_KEY_UNEXTRACTABLE, wrap(CKM_AES_KEY_WRAP, wrapper, closed));
	gives(CKR_KEY_UNEXTRACTABLE, wrap(CKM_AES_KEY_WRAP_KWP, wrapper, closed));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP, wrapper, trusted_only));
	ok(f->C_CreateObject(s, T(CLASS(CKO_DATA), STR(CKA_VALUE, "sixteen bytes!!!")), &data));
	gives_either(CKR_KEY_NOT_WRAPPABLE, CKR_KEY_HANDLE_INVALID,
		wrap(CKM_AES_KEY_WRAP, wrapper, data));
	/* a key under itself */
	made = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_EXTRACTABLE)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP, made, made));
	ok(f->C_CopyObject(s, made, NOTHING, &data));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP, made, data));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(CKM_AES_KEY_WRAP_KWP, data, made));
	/* under a weaker key */
	made = import(CKK_AES, mk, 16, T(YES(CKA_WRAP)));
	gives(CKR_WRAPPING_KEY_SIZE_RANGE,
		wrap(CKM_AES_KEY_WRAP, made, import(CKK_AES, mk32, 32, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_WRAPPING_KEY_SIZE_RANGE,
		wrap(CKM_AES_KEY_WRAP_KWP, made,
			import(CKK_AES, mk32, 24, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_OK,
		wrap(CKM_AES_KEY_WRAP, made, import(CKK_AES, mk32, 16, T(YES(CKA_EXTRACTABLE)))));
}
END_TEST

START_TEST(wrapping_keys_with_other_usage)
{
	/*
	 * A key without WRAP_WITH_TRUSTED belongs to the holder of the PIN, so its wrapping key may
	 * encrypt and decrypt too. Where CKA_WRAP reads true, wrapping works.
	 */
	CK_OBJECT_HANDLE both = import(CKK_AES, mk32, 32,
		T(YES(CKA_WRAP), YES(CKA_UNWRAP), YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN),
			YES(CKA_VERIFY)));

	ok(wrap(CKM_AES_KEY_WRAP, both, target));
	ok(f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), both, wrapped, n, T(KEY(CKK_AES)), &made));
	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(CKM_AES_KEY_WRAP, both,
			import(CKK_AES, mk, 16,
				T(YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)))));
}
END_TEST

START_TEST(no_other_wrapping)
{
	static const CK_MECHANISM_TYPE others[] = {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD,
		CKM_AES_CTR, CKM_AES_GCM, CKM_DES3_ECB, CKM_DES3_CBC, CKM_RSA_PKCS};
	uint8_t iv[16] = {0};
	size_t i;

	for (i = 0; i < sizeof others / sizeof *others; i++) {
		n = sizeof wrapped;
		gives(CKR_MECHANISM_INVALID,
			f->C_WrapKey(s, MECH_P(others[i], iv, 16), wrapper, target, wrapped, &n));
		gives(CKR_MECHANISM_INVALID, f->C_UnwrapKey(s, MECH_P(others[i], iv, 16), unwrapper,
						     wrapped, 32, T(KEY(CKK_AES)), &made));
	}
	holds(made == 0xABCD);
}
END_TEST

START_TEST(garbage)
{
	static const CK_MECHANISM_TYPE m[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP};
	static const CK_ULONG lengths[] = {0, 1, 7, 8, 15, 17, 23, 25};
	CK_ULONG before = find(s, NOTHING, NULL, 0);
	size_t i, j;

	for (i = 0; i < 2; i++) {
		ok(wrap(m[i], wrapper, target));
		for (j = 0; j < 24; j++) {
			wrapped[j] ^= (uint8_t)(1 << j % 8);
			gives(CKR_WRAPPED_KEY_INVALID, unwrap(m[i], T(KEY(CKK_AES))));
			wrapped[j] ^= (uint8_t)(1 << j % 8);
		}
		for (j = 0; j < sizeof lengths / sizeof *lengths; j++) {
			n = lengths[j];
			gives_either(CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID,
				unwrap(m[i], T(KEY(CKK_AES))));
		}
		n = (CK_ULONG)-1;
		gives_either(CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID,
			unwrap(m[i], T(KEY(CKK_AES))));
		n = 24;
		gives(CKR_ARGUMENTS_BAD,
			f->C_UnwrapKey(s, MECH(m[i]), unwrapper, NULL, 24, T(KEY(CKK_AES)), &made));
		gives(CKR_ARGUMENTS_BAD, f->C_UnwrapKey(s, MECH(m[i]), unwrapper, wrapped, 24,
						 T(KEY(CKK_AES)), NULL));
		gives(CKR_ARGUMENTS_BAD,
			f->C_UnwrapKey(s, MECH(m[i]), unwrapper, wrapped, 24, NULL, 2, &made));
	}
	gives(CKR_ARGUMENTS_BAD,
		f->C_UnwrapKey(s, NULL, unwrapper, wrapped, 24, T(KEY(CKK_AES)), &made));
	gives(CKR_ARGUMENTS_BAD, f->C_WrapKey(s, NULL, wrapper, target, wrapped, &n));
	gives(CKR_ARGUMENTS_BAD,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, target, wrapped, NULL));
	holds(made == 0xABCD);
	holds(find(s, NOTHING, NULL, 0) == before);
}
END_TEST

START_TEST(confusion_of_type_and_length)
{
	/*
	 * 20 bytes are no AES key, a DES3 key is not made of 16, and a stated length must be
	 * the true one.
	 */
	ok(wrap(CKM_AES_KEY_WRAP_KWP, wrapper,
		import(CKK_GENERIC_SECRET, mk32, 20, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(CKM_AES_KEY_WRAP_KWP, T(KEY(CKK_AES))));
	ok(wrap(CKM_AES_KEY_WRAP, wrapper, target));
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_DES3))));
	holds(unwrap(CKM_AES_KEY_WRAP, T(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_RSA))) != CKR_OK);
	holds(unwrap(CKM_AES_KEY_WRAP, T(CLASS(CKO_DATA))) != CKR_OK);
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), LENGTH(32))));
	holds(unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16))) != CKR_OK);
	holds(made == 0xABCD);
	gives(CKR_OK, unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), LENGTH(16))));
	gives(CKR_OK, unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_GENERIC_SECRET))));
}
END_TEST

START_TEST(des_keys_of_any_parity)
{
	/*
	 * The cipher does not see the parity bits. A key comes and leaves with the bits
	 * that it has.
	 */
	static const CK_KEY_TYPE types[] = {CKK_DES2, CKK_DES3};
	uint8_t value[24], got[24];
	CK_OBJECT_HANDLE created;
	int i;

	memset(value, 0x10, 8);
	memset(value + 8, 0x22, 8);
	memset(value + 16, 0x44, 8);
	for (i = 0; i < 2; i++) {
		CK_ULONG length = i == 0 ? 16 : 24;

		created = import(types[i], value, length, T(READABLE));
		holds(get_bytes(created, CKA_VALUE, got, 24) == length &&
			memcmp(got, value, length) == 0);
		ok(wrap(CKM_AES_KEY_WRAP, wrapper, created));
		ok(unwrap(CKM_AES_KEY_WRAP, T(KEY(types[i]), READABLE)));
		holds(get_bytes(made, CKA_VALUE, got, 24) == length &&
			memcmp(got, value, length) == 0);
	}
}
END_TEST

START_TEST(check_value_of_an_unwrapped_key)
{
	CK_BYTE kcv[3];

	holds(get_bytes(target, CKA_CHECK_VALUE, kcv, 3) == 3);
	ok(wrap(CKM_AES_KEY_WRAP, wrapper, target));
	ok(unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), RAW(CKA_CHECK_VALUE, kcv, 3))));
	kcv[2] ^= 1;
	made = 0xABCD;
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), RAW(CKA_CHECK_VALUE, kcv, 3))));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(wrap_template)
{
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32,
		T(YES(CKA_WRAP), NESTED(CKA_WRAP_TEMPLATE, TYPE(CKK_AES), YES(CKA_ENCRYPT))));

	target = import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_SIGN)));
	gives(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, kek, target));
	gives(CKR_OK, wrap(CKM_AES_KEY_WRAP, kek,
			      import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT)))));
}
END_TEST

/* A wrapping key may be for keys that the token has made, or for keys of one length. */
START_TEST(wrap_template_of_origin_and_length)
{
	CK_OBJECT_HANDLE own = import(CKK_AES, mk32, 32,
		T(YES(CKA_WRAP), NESTED(CKA_WRAP_TEMPLATE, CLASS(CKO_SECRET_KEY),
					 NUM(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN))));
	CK_OBJECT_HANDLE short_ones =
		import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), NESTED(CKA_WRAP_TEMPLATE, LENGTH(16))));

	gives(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, own, target));
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(24), YES(CKA_EXTRACTABLE)), &made));
	gives(CKR_OK, wrap(CKM_AES_KEY_WRAP, own, made));
	gives(CKR_KEY_HANDLE_INVALID, wrap(CKM_AES_KEY_WRAP, short_ones, made));
	gives(CKR_OK, wrap(CKM_AES_KEY_WRAP, short_ones,
			      import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE)))));
}
END_TEST

START_TEST(unwrap_template)
{
	/* The defence against a template that wants the key readable. */
	unwrapper = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SENSITIVE),
					   NO(CKA_EXTRACTABLE), YES(CKA_DECRYPT))));
	ok(wrap(CKM_AES_KEY_WRAP, wrapper, target));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), NO(CKA_SENSITIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), YES(CKA_EXTRACTABLE))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), NO(CKA_DECRYPT))));
	holds(made == 0xABCD);
	ok(unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES))));
	holds(get_bool(made, CKA_SENSITIVE) && !get_bool(made, CKA_EXTRACTABLE) &&
		get_bool(made, CKA_DECRYPT));
	ok(unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), YES(CKA_SENSITIVE), YES(CKA_ENCRYPT))));
	holds(get_bool(made, CKA_DECRYPT) && get_bool(made, CKA_ENCRYPT));
}
END_TEST

START_TEST(templates_of_wrapping_keys_stay)
{
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SENSITIVE))));

	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, kek, T(NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_SENSITIVE)))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, kek, T(RAW(CKA_UNWRAP_TEMPLATE, NULL, 0))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, kek, T(RAW(CKA_UNWRAP_TEMPLATE, NULL, 0)), &made));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(masters_come_back_as_masters_only)
{
	/* Roles: what was unwrapped derives or does other things, never both. */
	ok(wrap(CKM_AES_KEY_WRAP, wrapper, target));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), YES(CKA_DERIVE), YES(CKA_SIGN))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), YES(CKA_DERIVE), YES(CKA_ENCRYPT))));
	holds(made == 0xABCD);
	gives(CKR_OK, unwrap(CKM_AES_KEY_WRAP, T(KEY(CKK_AES), YES(CKA_DERIVE))));
	gives(CKR_OK, derive_device(made, NOTHING, &made));
}
END_TEST

/* --- A second thread that reads the caller's buffer during C_WrapKey --- */

static uint8_t secret_value[4096], shared_buffer[4096 + 8];
static _Atomic int wrapping_over;
static _Atomic unsigned long sightings;

/*
 * The end of a long key would stand clear in the buffer for the longest time. The thread sanitizer
 * must not see this race, which is intended.
 */
static __attribute__((no_sanitize("thread"))) void *watch(void *arg)
{
	const volatile uint8_t *seen = shared_buffer + sizeof shared_buffer - 16;
	const uint8_t *clear = secret_value + sizeof secret_value - 16;

	while (!atomic_load(&wrapping_over)) {
		unsigned same = 0;
		while (same < 16 && seen[same] == clear[same])
			same++;
		if (same == 16)
			atomic_fetch_add(&sightings, 1);
	}
	return arg;
}

START_TEST(another_thread_never_sees_the_clear_key)
{
	pthread_t watcher;
	CK_OBJECT_HANDLE key;
	CK_ULONG room;

	for (size_t i = 0; i < sizeof secret_value; i++)
		secret_value[i] = (uint8_t)(i * 37 + i / 256);
	key = import(
		CKK_GENERIC_SECRET, secret_value, sizeof secret_value, T(YES(CKA_EXTRACTABLE)));
	ck_assert_int_eq(pthread_create(&watcher, NULL, watch, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		room = sizeof shared_buffer;
		ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, key, shared_buffer, &room));
	}
	atomic_store(&wrapping_over, 1);
	pthread_join(watcher, NULL);
	holds(sightings == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *tc = add_case(suite, "wrap", keys);

	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, initial_value);
	tcase_add_test(tc, published_answer);
	tcase_add_test(tc, what_may_not_leave);
	tcase_add_test(tc, wrapping_keys_with_other_usage);
	tcase_add_test(tc, no_other_wrapping);
	tcase_add_test(tc, garbage);
	tcase_add_test(tc, confusion_of_type_and_length);
	tcase_add_test(tc, des_keys_of_any_parity);
	tcase_add_test(tc, check_value_of_an_unwrapped_key);
	tcase_add_test(tc, wrap_template);
	tcase_add_test(tc, wrap_template_of_origin_and_length);
	tcase_add_test(tc, unwrap_template);
	tcase_add_test(tc, templates_of_wrapping_keys_stay);
	tcase_add_test(tc, masters_come_back_as_masters_only);
	tcase_add_test(tc, another_thread_never_sees_the_clear_key);
	return run(suite);
}
