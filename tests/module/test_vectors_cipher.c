/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vectors_cipher.c: the vectors of Wycheproof and CAVP for GCM and CCM, and those of
 * Wycheproof for CBC with padding.
 */
#include "vector_case.h"

static struct value key, nonce, aad, plain, cipher, tag, sealed;
static uint8_t out[20480], untouched[20480];

static void read_case(const struct vectors *v)
{
	value_read(v, "key", &key);
	value_read(v, "nonce", &nonce);
	value_read(v, "aad", &aad);
	value_read(v, "plain", &plain);
	value_read(v, "cipher", &cipher);
	value_read(v, "tag", &tag);
	sealed = cipher;
	memcpy(sealed.p + sealed.n, tag.p, tag.n);
	sealed.n += tag.n;
}

static CK_OBJECT_HANDLE aes_key(void)
{
	return import(CKK_AES, key.p, key.n, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
}

static void check_encryption(const struct vectors *v, CK_MECHANISM *m, CK_OBJECT_HANDLE handle)
{
	CK_ULONG n = sizeof out;

	case_gives(v, CKR_OK, f->C_EncryptInit(s, m, handle));
	case_gives(v, CKR_OK, f->C_Encrypt(s, plain.p, plain.n, out, &n));
	case_holds(v, value_equals(&sealed, out, n));
}

/* Nothing is written if the tag or the padding is wrong, or if there is no block with padding. */
static void check_decryption(const struct vectors *v, CK_MECHANISM *m, CK_OBJECT_HANDLE handle)
{
	CK_ULONG n = sizeof out;

	memset(out, 0x55, sizeof out);
	case_gives(v, CKR_OK, f->C_DecryptInit(s, m, handle));
	if (case_is_valid(v)) {
		case_gives(v, CKR_OK, f->C_Decrypt(s, sealed.p, sealed.n, out, &n));
		case_holds(v, value_equals(&plain, out, n));
		return;
	}
	case_gives(v, sealed.n > 0 ? CKR_ENCRYPTED_DATA_INVALID : CKR_ENCRYPTED_DATA_LEN_RANGE,
		f->C_Decrypt(s, sealed.p, sealed.n, out, &n));
	case_holds(v, memcmp(out, untouched, sizeof out) == 0);
}

/*
 * The same by C_EncryptMessage and C_DecryptMessage. P is the parameter, with its tag at OWN_TAG.
 */
static void check_message(const struct vectors *v, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE handle,
	void *p, CK_ULONG p_n, uint8_t *own_tag)
{
	CK_ULONG n = sizeof out;

	if (case_is_valid(v)) {
		case_gives(v, CKR_OK, f3->C_MessageEncryptInit(s, MECH(type), handle));
		case_gives(v, CKR_OK,
			f3->C_EncryptMessage(s, p, p_n, aad.p, aad.n, plain.p, plain.n, out, &n));
		case_holds(v, value_equals(&cipher, out, n));
		case_holds(v, memcmp(own_tag, tag.p, tag.n) == 0);
		case_gives(v, CKR_OK, f3->C_MessageEncryptFinal(s));
	}
	memset(out, 0x55, sizeof out);
	n = sizeof out;
	memcpy(own_tag, tag.p, tag.n);
	case_gives(v, CKR_OK, f3->C_MessageDecryptInit(s, MECH(type), handle));
	case_gives(v, case_is_valid(v) ? CKR_OK : CKR_AEAD_DECRYPT_FAILED,
		f3->C_DecryptMessage(s, p, p_n, aad.p, aad.n, cipher.p, cipher.n, out, &n));
	if (case_is_valid(v))
		case_holds(v, value_equals(&plain, out, n));
	else
		case_holds(v, memcmp(out, untouched, sizeof out) == 0);
	case_gives(v, CKR_OK, f3->C_MessageDecryptFinal(s));
}

static void refused(const struct vectors *v, CK_MECHANISM *m, CK_OBJECT_HANDLE handle)
{
	case_gives(v, CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, m, handle));
	case_gives(v, CKR_MECHANISM_PARAM_INVALID, f->C_DecryptInit(s, m, handle));
}

static void count(const struct vectors *v, struct tally *tally)
{
	if (case_is_valid(v))
		tally->accepted++;
	else
		tally->rejected++;
}

/* IVs over 128 bytes and tags under 12 bytes are not offered. */
static void gcm(const char *file, struct tally *tally)
{
	struct vectors v;

	for (vectors_open(&v, file); vectors_next(&v);) {
		read_case(&v);
		CK_OBJECT_HANDLE handle = aes_key();
		CK_GCM_PARAMS p = {nonce.p, nonce.n, 8 * nonce.n, aad.p, aad.n, 8 * tag.n};
		uint8_t own_tag[16] = {0};
		CK_GCM_MESSAGE_PARAMS message = {
			nonce.p, nonce.n, 0, CKG_NO_GENERATE, own_tag, 8 * tag.n};

		if (nonce.n == 0 || nonce.n > 128 || tag.n < 12) {
			refused(&v, MECH_OF(CKM_AES_GCM, p), handle);
			tally->refused++;
		} else {
			if (case_is_valid(&v))
				check_encryption(&v, MECH_OF(CKM_AES_GCM, p), handle);
			check_decryption(&v, MECH_OF(CKM_AES_GCM, p), handle);
			check_message(&v, CKM_AES_GCM, handle, &message, sizeof message, own_tag);
			count(&v, tally);
		}
		ok(f->C_DestroyObject(s, handle));
	}
}

START_TEST(gcm_of_wycheproof)
{
	struct tally tally = {0};

	gcm("wycheproof_aes_gcm.txt", &tally);
	tally_is(&tally, 226, 81, 9);
}
END_TEST

START_TEST(gcm_of_cavp)
{
	struct tally tally = {0};

	gcm("cavp_aes_gcm.txt", &tally);
	tally_is(&tally, 504, 90, 486);
}
END_TEST

/* SP 800-38C allows nonces of 7 to 13 bytes, and tags of an even length from 4 bytes. */
static void ccm(const char *file, struct tally *tally)
{
	struct vectors v;

	for (vectors_open(&v, file); vectors_next(&v);) {
		read_case(&v);
		CK_OBJECT_HANDLE handle = aes_key();
		CK_CCM_PARAMS p = {cipher.n, nonce.p, nonce.n, aad.p, aad.n, tag.n};
		uint8_t own_tag[16] = {0};
		CK_CCM_MESSAGE_PARAMS message = {
			cipher.n, nonce.p, nonce.n, 0, CKG_NO_GENERATE, own_tag, tag.n};

		if (nonce.n < 7 || nonce.n > 13 || tag.n < 4 || tag.n % 2 == 1) {
			case_holds(&v, !case_is_valid(&v));
			refused(&v, MECH_OF(CKM_AES_CCM, p), handle);
			tally->refused++;
		} else {
			if (case_is_valid(&v))
				check_encryption(&v, MECH_OF(CKM_AES_CCM, p), handle);
			check_decryption(&v, MECH_OF(CKM_AES_CCM, p), handle);
			check_message(&v, CKM_AES_CCM, handle, &message, sizeof message, own_tag);
			count(&v, tally);
		}
		ok(f->C_DestroyObject(s, handle));
	}
}

START_TEST(ccm_of_wycheproof)
{
	struct tally tally = {0};

	ccm("wycheproof_aes_ccm.txt", &tally);
	tally_is(&tally, 405, 81, 66);
}
END_TEST

START_TEST(ccm_of_cavp)
{
	struct tally tally = {0};

	ccm("cavp_aes_ccm.txt", &tally);
	tally_is(&tally, 672, 480, 0);
}
END_TEST

START_TEST(cbc_pad_of_wycheproof)
{
	struct tally tally = {0};
	struct value iv;
	struct vectors v;

	for (vectors_open(&v, "wycheproof_aes_cbc_pad.txt"); vectors_next(&v);) {
		read_case(&v);
		value_read(&v, "iv", &iv);
		CK_OBJECT_HANDLE handle = aes_key();

		if (case_is_valid(&v))
			check_encryption(&v, MECH_P(CKM_AES_CBC_PAD, iv.p, iv.n), handle);
		check_decryption(&v, MECH_P(CKM_AES_CBC_PAD, iv.p, iv.n), handle);
		count(&v, &tally);
		ok(f->C_DestroyObject(s, handle));
	}
	tally_is(&tally, 72, 144, 0);
}
END_TEST

static void start(void)
{
	user();
	memset(untouched, 0x55, sizeof untouched);
}

int main(void)
{
	Suite *suite = suite_create("vectors of ciphers");
	TCase *tc = add_case(suite, "vectors of ciphers", start);

	tcase_add_test(tc, gcm_of_wycheproof);
	tcase_add_test(tc, gcm_of_cavp);
	tcase_add_test(tc, ccm_of_wycheproof);
	tcase_add_test(tc, ccm_of_cavp);
	tcase_add_test(tc, cbc_pad_of_wycheproof);
	return run(suite);
}
