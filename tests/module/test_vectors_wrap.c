/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors_wrap.c: the vectors of Wycheproof and CAVP for AES key wrap (KW and KWP). */
#include "vector_case.h"

static struct value kek, plain, wrapped;

/*
 * C_WrapKey takes lengths that the mechanism has. The wrapping key must not be weaker than the
 * wrapped key.
 */
static CK_RV wrapping_gives(CK_MECHANISM_TYPE type)
{
	size_t strength = plain.n < 32 ? plain.n : 32;

	if (strength > kek.n)
		return CKR_WRAPPING_KEY_SIZE_RANGE;
	return type == CKM_AES_KEY_WRAP && (plain.n % 8 != 0 || plain.n < 16) ? CKR_KEY_SIZE_RANGE
									      : CKR_OK;
}

/* A key is imported to be wrapped. No key is empty. */
static void check_wrapping(const struct vectors *v, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE handle)
{
	CK_OBJECT_HANDLE target;
	CK_RV wanted = wrapping_gives(type);
	uint8_t out[1024];
	CK_ULONG n = sizeof out;

	if (plain.n == 0) {
		case_gives(v, CKR_ATTRIBUTE_VALUE_INVALID,
			try_import(
				CKK_GENERIC_SECRET, plain.p, 0, T(YES(CKA_EXTRACTABLE)), &target));
		return;
	}
	target = import(CKK_GENERIC_SECRET, plain.p, plain.n, T(YES(CKA_EXTRACTABLE)));
	case_gives(v, wanted, f->C_WrapKey(s, MECH(type), handle, target, out, &n));
	if (wanted == CKR_OK)
		case_holds(v, value_equals(&wrapped, out, n) == case_is_valid(v));
	ok(f->C_DestroyObject(s, target));
}

static void check_unwrapping(
	const struct vectors *v, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE handle, CK_RV wanted)
{
	CK_OBJECT_HANDLE made = 0xABCD;
	uint8_t out[1024];

	case_gives(v, wanted,
		f->C_UnwrapKey(s, MECH(type), handle, wrapped.p, wrapped.n,
			T(KEY(CKK_GENERIC_SECRET), READABLE), &made));
	if (wanted != CKR_OK) {
		case_holds(v, made == 0xABCD);
		return;
	}
	case_holds(v, value_equals(&plain, out, get_bytes(made, CKA_VALUE, out, sizeof out)));
	ok(f->C_DestroyObject(s, made));
}

/*
 * KW takes whole blocks of 8 bytes, at least two. RFC 3394 defines no wrapping of a single block.
 * C_UnwrapKey takes wrapped keys of every length that C_WrapKey can give.
 */
static void vectors_of(const char *file, CK_MECHANISM_TYPE type, struct tally *tally)
{
	bool padded = type == CKM_AES_KEY_WRAP_KWP;
	struct vectors v;

	for (vectors_open(&v, file); vectors_next(&v);) {
		value_read(&v, "key", &kek);
		value_read(&v, "plain", &plain);
		value_read(&v, "wrapped", &wrapped);
		bool fits = wrapped.n % 8 == 0 && wrapped.n >= (padded ? 16 : 24),
		     valid = case_is_valid(&v);
		CK_OBJECT_HANDLE handle =
			import(CKK_AES, kek.p, kek.n, T(YES(CKA_WRAP), YES(CKA_UNWRAP)));

		check_wrapping(&v, type, handle);
		check_unwrapping(&v, type, handle,
			!fits   ? CKR_WRAPPED_KEY_LEN_RANGE
			: valid ? CKR_OK
				: CKR_WRAPPED_KEY_INVALID);
		*(!fits ? &tally->refused : valid ? &tally->accepted : &tally->rejected) += 1;
		ok(f->C_DestroyObject(s, handle));
	}
}

START_TEST(kw_of_wycheproof)
{
	struct tally tally = {0};

	vectors_of("wycheproof_aes_kw.txt", CKM_AES_KEY_WRAP, &tally);
	tally_is(&tally, 36, 72, 57);
}
END_TEST

START_TEST(kwp_of_wycheproof)
{
	struct tally tally = {0};

	vectors_of("wycheproof_aes_kwp.txt", CKM_AES_KEY_WRAP_KWP, &tally);
	tally_is(&tally, 77, 174, 3);
}
END_TEST

START_TEST(kw_of_cavp)
{
	struct tally tally = {0};

	vectors_of("cavp_aes_kw.txt", CKM_AES_KEY_WRAP, &tally);
	tally_is(&tally, 150, 75, 0);
}
END_TEST

START_TEST(kwp_of_cavp)
{
	struct tally tally = {0};

	vectors_of("cavp_aes_kwp.txt", CKM_AES_KEY_WRAP_KWP, &tally);
	tally_is(&tally, 150, 75, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors of key wrap");
	TCase *tc = add_case(suite, "vectors of key wrap", user);

	tcase_add_test(tc, kw_of_wycheproof);
	tcase_add_test(tc, kwp_of_wycheproof);
	tcase_add_test(tc, kw_of_cavp);
	tcase_add_test(tc, kwp_of_cavp);
	return run(suite);
}
