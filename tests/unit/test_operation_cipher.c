/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_operation_cipher.c: lengths, parts, overlapping buffers, parameters and failures of
 * every cipher mechanism.
 */
#include "operation_support.h"

#define DATA 200

static uint8_t data[DATA], out[DATA + 64], iv[16], aad[20];
static CK_ULONG n;

/* --- The mechanisms, with a parameter each --- */

static CK_GCM_PARAMS gcm = {iv, 12, 0, aad, sizeof aad, 128};
static CK_CCM_PARAMS ccm = {0, iv, 13, aad, sizeof aad, 16};
static CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 32};

struct mode {
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE key;
	size_t block; /* input is whole blocks of it */
	size_t pad;   /* output is that much longer, up to whole blocks */
	size_t tag;
};

static const struct mode modes[] = {
	{{CKM_AES_ECB, NULL, 0}, AES_KEY, 16, 0, 0},
	{{CKM_AES_CBC, iv, 16}, AES_KEY, 16, 0, 0},
	{{CKM_AES_CBC_PAD, iv, 16}, AES_KEY_2, 1, 16, 0},
	{{CKM_AES_CTR, &ctr, sizeof ctr}, AES_KEY_2, 1, 0, 0},
	{{CKM_AES_GCM, &gcm, sizeof gcm}, AES_KEY, 1, 0, 16},
	{{CKM_AES_CCM, &ccm, sizeof ccm}, AES_KEY, 1, 0, 16},
	{{CKM_DES3_ECB, NULL, 0}, DES3_KEY, 8, 0, 0},
	{{CKM_DES3_CBC, iv, 8}, DES3_KEY, 8, 0, 0},
};
#define MODES (sizeof modes / sizeof modes[0])

static void setup(void)
{
	operation_setup();
	for (size_t i = 0; i < DATA; i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof iv; i++)
		iv[i] = (uint8_t)(i + 100);
}

static void begin(const struct mode *m, bool encrypt, size_t plain_n)
{
	CK_MECHANISM mechanism = m->mechanism;

	ccm.ulDataLen = plain_n;
	ck_ok((encrypt ? encrypt_init : decrypt_init)(session, &mechanism, m->key));
}

static size_t sealed_length(const struct mode *m, size_t plain_n)
{
	return m->pad ? (plain_n / m->pad + 1) * m->pad : plain_n + m->tag;
}

/* PLAIN_N bytes of data encrypted in one call. */
static CK_ULONG encrypt_data(const struct mode *m, size_t plain_n, uint8_t *sealed)
{
	CK_ULONG sealed_n = sealed_length(m, plain_n);

	begin(m, true, plain_n);
	ck_ok(encrypt_single(session, data, plain_n, sealed, &sealed_n));
	ck_assert_uint_eq(sealed_n, sealed_length(m, plain_n));
	return sealed_n;
}

static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 64, 100, 160, 199, 200};
#define SIZES (sizeof sizes / sizeof sizes[0])

START_TEST(every_length_in_one_call_decrypts_or_is_refused)
{
	const struct mode *m = &modes[_i];
	uint8_t sealed[DATA + 32];

	for (size_t i = 0; i < SIZES; i++) {
		size_t plain_n = sizes[i];
		if (plain_n % m->block != 0) {
			begin(m, true, plain_n);
			n = sizeof out;
			ck_rv(encrypt_single(session, data, plain_n, out, &n), CKR_DATA_LEN_RANGE);
			begin(m, false, plain_n);
			n = sizeof out;
			ck_rv(decrypt_single(session, data, plain_n, out, &n),
				CKR_ENCRYPTED_DATA_LEN_RANGE);
			continue;
		}
		CK_ULONG sealed_n = encrypt_data(m, plain_n, sealed);
		begin(m, false, plain_n);
		ck_ok(decrypt_single(session, sealed, sealed_n, NULL, &n));
		ck_assert_uint_ge(n, plain_n);
		if (plain_n > 0) { /* one byte too few, then just enough */
			memset(out, 0xee, sizeof out);
			n = plain_n - 1;
			ck_rv(decrypt_single(session, sealed, sealed_n, out, &n),
				CKR_BUFFER_TOO_SMALL);
			ck_assert_uint_ge(n, plain_n);
			for (size_t k = 0; k < sizeof out; k++)
				ck_assert_uint_eq(out[k], 0xee);
		}
		n = plain_n;
		ck_ok(decrypt_single(session, sealed, sealed_n, out, &n));
		ck_assert_uint_eq(n, plain_n);
		ck_assert_mem_eq(out, data, plain_n);
	}
}
END_TEST

/*
 * Put IN through in parts of STEP bytes, in place; every output buffer exactly as long as
 * the question says.
 */
static size_t in_parts(bool encrypt, const uint8_t *in, size_t in_n, size_t step, uint8_t *to)
{
	CK_RV(*update)
	(struct session *, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *) =
		encrypt ? encrypt_update : decrypt_update;
	CK_RV(*final)
	(struct session *, CK_BYTE *, CK_ULONG *) = encrypt ? encrypt_final : decrypt_final;
	size_t total = 0;

	for (size_t at = 0; at < in_n; at += step) {
		size_t take = in_n - at < step ? in_n - at : step;
		uint8_t *part = malloc(take + 16);
		memcpy(part, in + at, take);
		ck_ok(update(session, part, take, NULL, &n));
		CK_ULONG needed = n;
		if (needed > 0) {
			n = needed - 1;
			ck_rv(update(session, part, take, to + total, &n), CKR_BUFFER_TOO_SMALL);
			ck_assert_uint_eq(n, needed);
		}
		ck_ok(update(session, part, take, part, &n)); /* in place */
		ck_assert_uint_eq(n, needed);
		memcpy(to + total, part, n);
		total += n;
		free(part);
	}
	ck_ok(final(session, NULL, &n));
	CK_ULONG most = n;
	n = 0;
	CK_RV rv = final(session, to + total, &n);
	if (rv == CKR_BUFFER_TOO_SMALL) {
		ck_assert_uint_gt(n, 0);
		ck_assert_uint_le(n, most);
		ck_ok(final(session, to + total, &n));
	} else {
		ck_ok(rv);
	}
	return total + n;
}

START_TEST(parts_give_the_same_as_one_call)
{
	const struct mode *m = &modes[_i];
	static const size_t steps[] = {1, 3, 8, 15, 16, 17, 50, 200};
	uint8_t sealed[DATA + 32], again[DATA + 64];

	for (size_t i = 0; i < SIZES; i++) {
		if (sizes[i] % m->block != 0)
			continue;
		CK_ULONG sealed_n = encrypt_data(m, sizes[i], sealed);
		for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
			begin(m, true, sizes[i]);
			ck_assert_uint_eq(
				in_parts(true, data, sizes[i], steps[k], again), sealed_n);
			ck_assert_mem_eq(again, sealed, sealed_n);
			begin(m, false, sizes[i]);
			ck_assert_uint_eq(
				in_parts(false, sealed, sealed_n, steps[k], again), sizes[i]);
			ck_assert_mem_eq(again, data, sizes[i]);
		}
	}
}
END_TEST

START_TEST(input_and_output_may_overlap)
{
	const struct mode *m = &modes[_i];
	uint8_t sealed[DATA + 32], arena[2 * DATA + 64];
	CK_ULONG sealed_n = encrypt_data(m, 96, sealed);

	for (size_t shift = 0; shift <= 40; shift++) {
		memcpy(arena + 20, data, 96);
		begin(m, true, 96);
		n = sealed_n;
		ck_ok(encrypt_single(session, arena + 20, 96, arena + shift, &n));
		ck_assert_mem_eq(arena + shift, sealed, sealed_n);
		memcpy(arena + 20, sealed, sealed_n);
		begin(m, false, 96);
		n = sealed_n;
		ck_ok(decrypt_single(session, arena + 20, sealed_n, arena + shift, &n));
		ck_assert_uint_eq(n, 96);
		ck_assert_mem_eq(arena + shift, data, 96);
	}
}
END_TEST

START_TEST(an_incomplete_last_block_ends_the_operation)
{
	const struct mode *m = &modes[_i];

	if (m->block == 1)
		return;
	for (int encrypt = 0; encrypt <= 1; encrypt++) {
		begin(m, encrypt, 5);
		n = sizeof out;
		ck_ok((encrypt ? encrypt_update : decrypt_update)(session, data, 5, out, &n));
		ck_assert_uint_eq(n, 0);
		n = sizeof out;
		ck_rv((encrypt ? encrypt_final : decrypt_final)(session, out, &n),
			encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE);
		ck_rv((encrypt ? encrypt_final : decrypt_final)(session, out, &n),
			CKR_OPERATION_NOT_INITIALIZED);
	}
}
END_TEST

/* --- Wrong tags and paddings --- */

START_TEST(tampered_data_gives_no_plaintext)
{
	const struct mode *m = &modes[4 + _i]; /* GCM, CCM */
	uint8_t sealed[DATA + 32];
	CK_ULONG sealed_n = encrypt_data(m, 50, sealed);

	for (size_t i = 0; i < sealed_n; i++) {
		sealed[i] ^= 1;
		memset(out, 0xee, sizeof out);
		begin(m, false, 50);
		n = sizeof out;
		ck_rv(decrypt_single(session, sealed, sealed_n, out, &n),
			CKR_ENCRYPTED_DATA_INVALID);
		begin(m, false, 50);
		for (size_t k = 0; k < sealed_n; k += 11) {
			n = sizeof out;
			ck_ok(decrypt_update(session, sealed + k,
				sealed_n - k < 11 ? sealed_n - k : 11, out, &n));
			ck_assert_uint_eq(n, 0);
		}
		n = sizeof out;
		ck_rv(decrypt_final(session, out, &n), CKR_ENCRYPTED_DATA_INVALID);
		for (size_t k = 0; k < sizeof out; k++) /* no plaintext */
			ck_assert_uint_eq(out[k], 0xee);
		sealed[i] ^= 1;
	}
	aad[3] ^= 1;
	begin(m, false, 50);
	n = sizeof out;
	ck_rv(decrypt_single(session, sealed, sealed_n, out, &n), CKR_ENCRYPTED_DATA_INVALID);
	aad[3] ^= 1;
	begin(m, false, 50);
	n = sizeof out;
	ck_rv(decrypt_single(session, sealed, m->tag - 1, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	begin(m, false, 50);
	n = sizeof out;
	ck_rv(decrypt_final(session, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
}
END_TEST

START_TEST(every_wrong_padding_gives_the_same_code)
{
	const struct mode *m = &modes[2];
	uint8_t sealed[64], first_iv[16];
	unsigned good = 0;

	memcpy(first_iv, iv, 16);
	ck_assert_uint_eq(encrypt_data(m, 5, sealed), 16);
	for (unsigned i = 0; i < 256;
		i++) { /* every last byte of one block: one code for all wrong paddings */
		iv[15] = (uint8_t)(first_iv[15] ^ i);
		memset(out, 0xee, sizeof out);
		begin(m, false, 0);
		n = sizeof out;
		CK_RV rv = decrypt_single(session, sealed, 16, out, &n);
		begin(m, false, 0);
		CK_ULONG parts_n = 32;
		ck_ok(decrypt_update(session, sealed, 16, out + 32, &parts_n));
		parts_n = 32;
		ck_rv(decrypt_final(session, out + 32, &parts_n), rv);
		if (rv != CKR_OK) {
			ck_rv(rv, CKR_ENCRYPTED_DATA_INVALID);
			ck_assert_uint_eq(out[0], 0xee);
		} else {
			good++;
		}
	}
	ck_assert_uint_eq(good, 2); /* the right one, and the last byte 01 */
	begin(m, false, 0);
	n = sizeof out;
	ck_rv(decrypt_single(session, sealed, 0, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	begin(m, false, 0);
	n = sizeof out;
	ck_rv(decrypt_single(session, sealed, 15, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
}
END_TEST

/* --- Parameters --- */

static void refused(CK_MECHANISM mechanism)
{
	CK_OBJECT_HANDLE key =
		mechanism.mechanism == CKM_DES3_CBC || mechanism.mechanism == CKM_DES3_ECB
			? DES3_KEY
			: AES_KEY;

	ck_rv(encrypt_init(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(decrypt_init(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(pins_of(key), 0);
}

/* Lengths that no memory has, and that wrap when a tag or a block is added. */
START_TEST(impossible_data_lengths_are_refused)
{
	static const CK_ULONG lengths[] = {
		(CK_ULONG)-1, (CK_ULONG)-15, (CK_ULONG)-16, (CK_ULONG)1 << 63};
	const struct mode *m = &modes[_i];

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		begin(m, true, 20);
		n = (CK_ULONG)-1;
		ck_rv(encrypt_single(session, data, lengths[i], out, &n), CKR_DATA_LEN_RANGE);
		begin(m, true, 20);
		n = (CK_ULONG)-1;
		ck_rv(encrypt_update(session, data, lengths[i], out, &n), CKR_DATA_LEN_RANGE);
		begin(m, false, 20);
		n = (CK_ULONG)-1;
		ck_rv(decrypt_single(session, data, lengths[i], out, &n),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
		begin(m, false, 20);
		n = (CK_ULONG)-1;
		ck_rv(decrypt_update(session, data, lengths[i], out, &n),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
	}
}
END_TEST

/*
 * The last bytes wait for room: nothing more can be put in, or it would be encrypted past the end,
 * or twice under one tag.
 */
START_TEST(an_update_after_a_refused_final_ends_the_operation)
{
	const struct mode *m = &modes[_i];

	if (m->pad == 0 && m->tag == 0)
		return;
	begin(m, true, 16);
	n = sizeof out;
	ck_ok(encrypt_update(session, data, 16, out, &n));
	n = 1;
	ck_rv(encrypt_final(session, out, &n), CKR_BUFFER_TOO_SMALL);
	n = sizeof out;
	ck_rv(encrypt_update(session, data, 16, out, &n), CKR_OPERATION_ACTIVE);
	ck_rv(encrypt_final(session, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(parameters_of_a_wrong_length_are_refused)
{
	CK_MECHANISM m = modes[_i].mechanism;
	uint8_t big[256] = {0};
	CK_ULONG right = m.ulParameterLen;

	for (CK_ULONG i = 0; i <= sizeof big; i++)
		if (i != right)
			refused((CK_MECHANISM){m.mechanism, big, i});
	refused((CK_MECHANISM){m.mechanism, big, (CK_ULONG)-1});
	refused((CK_MECHANISM){m.mechanism, big, (CK_ULONG)1 << 40});
	if (right > 0) {
		refused((CK_MECHANISM){m.mechanism, NULL, right});
		refused((CK_MECHANISM){m.mechanism, NULL, 0});
	}
}
END_TEST

START_TEST(parameters_may_be_unaligned)
{
	CK_MECHANISM m = modes[_i].mechanism;
	uint8_t room[128];

	for (unsigned i = 0; i < 8 && m.ulParameterLen > 0; i++) {
		memcpy(room + i, m.pParameter, m.ulParameterLen);
		CK_MECHANISM moved = {m.mechanism, room + i, m.ulParameterLen};
		ck_ok(encrypt_init(session, &moved, modes[_i].key));
		ck_ok(encrypt_init(session, NULL, 0));
	}
}
END_TEST

#define GCM_REFUSED(...)                                                                           \
	do {                                                                                       \
		CK_GCM_PARAMS p_ = {__VA_ARGS__};                                                  \
		refused(*MECH_OF(CKM_AES_GCM, p_));                                                \
	} while (0)
#define CCM_REFUSED(...)                                                                           \
	do {                                                                                       \
		CK_CCM_PARAMS p_ = {__VA_ARGS__};                                                  \
		refused(*MECH_OF(CKM_AES_CCM, p_));                                                \
	} while (0)

/* Version 2.40 of the standard had no ulIvBits: 40 bytes instead of 48. */
START_TEST(gcm_parameters_of_both_versions_give_the_same)
{
	struct {
		CK_BYTE_PTR pIv;
		CK_ULONG ulIvLen;
		CK_BYTE_PTR pAAD;
		CK_ULONG ulAADLen, ulTagBits;
	} old = {iv, 12, aad, 4, 96};
	CK_GCM_PARAMS new = {iv, 12, 96, aad, 4, 96};
	uint8_t by_old[64], by_new[64];
	CK_ULONG old_n = sizeof by_old, new_n = sizeof by_new;

	ck_assert_uint_eq(sizeof old, 40);
	ck_ok(encrypt_init(session, MECH_OF(CKM_AES_GCM, old), AES_KEY));
	ck_ok(encrypt_single(session, data, 20, by_old, &old_n));
	ck_ok(encrypt_init(session, MECH_OF(CKM_AES_GCM, new), AES_KEY));
	ck_ok(encrypt_single(session, data, 20, by_new, &new_n));
	ck_assert_uint_eq(old_n, 32);
	ck_assert_uint_eq(new_n, 32);
	ck_assert_mem_eq(by_old, by_new, 32);
}
END_TEST

START_TEST(wrong_gcm_parameters_are_refused)
{
	GCM_REFUSED(NULL, 12, 96, aad, 4, 128);
	GCM_REFUSED(iv, 0, 0, aad, 4, 128);
	GCM_REFUSED(NULL, 0, 0, NULL, 0, 128);
	GCM_REFUSED(iv, (CK_ULONG)-1, 0, aad, 4, 128);
	GCM_REFUSED(iv, 129, 0, aad, 4, 128);
	GCM_REFUSED(iv, 12, 96, NULL, 4, 128);
	GCM_REFUSED(iv, 12, 96, aad, (CK_ULONG)-1, 128);
	GCM_REFUSED(iv, 12, 96, aad, (CK_ULONG)1 << 31, 128);
	for (CK_ULONG bits = 0; bits <= 300; bits++)
		if (bits % 8 != 0 || bits < 96 || bits > 128)
			GCM_REFUSED(iv, 12, 96, aad, 4, bits);
	GCM_REFUSED(iv, 12, 96, aad, 4, (CK_ULONG)-8);
}
END_TEST

START_TEST(wrong_ccm_parameters_are_refused)
{
	for (CK_ULONG length = 0; length <= 20; length++)
		if (length < 7 || length > 13)
			CCM_REFUSED(10, iv, length, aad, 4, 16);
	for (CK_ULONG length = 0; length <= 20; length++)
		if (length < 4 || length > 16 || length % 2 != 0)
			CCM_REFUSED(10, iv, 12, aad, 4, length);
	CCM_REFUSED(10, NULL, 12, aad, 4, 16);
	CCM_REFUSED(10, iv, 12, NULL, 4, 16);
	CCM_REFUSED(10, iv, 12, aad, (CK_ULONG)-1, 16);
	CCM_REFUSED(65536, iv, 13, aad, 4, 16);
	CCM_REFUSED((CK_ULONG)-1, iv, 12, aad, 4, 16);
	CCM_REFUSED(10, iv, (CK_ULONG)-1, aad, 4, 16);
}
END_TEST

START_TEST(the_ctr_counter_never_wraps)
{
	CK_AES_CTR_PARAMS p = {.ulCounterBits = 0};

	refused(*MECH_OF(CKM_AES_CTR, p));
	p.ulCounterBits = 129;
	refused(*MECH_OF(CKM_AES_CTR, p));
	p.ulCounterBits = (CK_ULONG)-1;
	refused(*MECH_OF(CKM_AES_CTR, p));
	p.ulCounterBits = ((CK_ULONG)1 << 32) + 32; /* 32, were it cut to an int */
	refused(*MECH_OF(CKM_AES_CTR, p));
	p.ulCounterBits = 8; /* 2 blocks are left of 256 */
	memset(p.cb, 0, sizeof p.cb);
	p.cb[15] = 254;
	ck_ok(encrypt_init(session, MECH_OF(CKM_AES_CTR, p), AES_KEY));
	n = sizeof out;
	ck_ok(encrypt_update(session, data, 32, out, &n));
	n = sizeof out;
	ck_rv(encrypt_update(session, data, 1, out, &n), CKR_DATA_LEN_RANGE);
	ck_rv(encrypt_final(session, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(ccm_data_must_have_the_announced_length)
{
	const struct mode *m = &modes[5];

	begin(m, true, 20);
	n = sizeof out;
	ck_rv(encrypt_single(session, data, 19, out, &n), CKR_DATA_LEN_RANGE);
	begin(m, true, 20);
	n = sizeof out;
	ck_rv(encrypt_update(session, data, 21, out, &n), CKR_DATA_LEN_RANGE);
	begin(m, true, 20);
	n = sizeof out;
	ck_ok(encrypt_update(session, data, 19, out, &n));
	n = sizeof out;
	ck_rv(encrypt_final(session, out, &n), CKR_DATA_LEN_RANGE);
	begin(m, false, 20);
	n = sizeof out;
	ck_rv(decrypt_update(session, data, 37, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	begin(m, false, 20);
	n = sizeof out;
	ck_ok(decrypt_update(session, data, 35, out, &n));
	n = sizeof out;
	ck_rv(decrypt_final(session, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
}
END_TEST

START_TEST(long_gcm_data_decrypts_in_parts)
{
	const struct mode *m = &modes[4];
	size_t total = 300000;
	uint8_t *plain = malloc(total), *sealed = malloc(total + 16), *again = malloc(total + 16);

	for (size_t i = 0; i < total; i++)
		plain[i] = (uint8_t)(i * 31 >> 3);
	begin(m, true, 0);
	n = total + 16;
	ck_ok(encrypt_single(session, plain, total, sealed, &n));
	begin(m, false, 0);
	ck_assert_uint_eq(in_parts(false, sealed, total + 16, 4096, again), total);
	ck_assert_mem_eq(again, plain, total);
	free(plain);
	free(sealed);
	free(again);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation_cipher");
	TCase *tc = tcase_create("ciphers");

	tcase_add_checked_fixture(tc, setup, operation_teardown);
	tcase_add_loop_test(tc, every_length_in_one_call_decrypts_or_is_refused, 0, MODES);
	tcase_add_loop_test(tc, parts_give_the_same_as_one_call, 0, MODES);
	tcase_add_loop_test(tc, input_and_output_may_overlap, 0, MODES);
	tcase_add_loop_test(tc, an_incomplete_last_block_ends_the_operation, 0, MODES);
	tcase_add_loop_test(tc, tampered_data_gives_no_plaintext, 0, 2);
	tcase_add_test(tc, every_wrong_padding_gives_the_same_code);
	tcase_add_loop_test(tc, impossible_data_lengths_are_refused, 0, MODES);
	tcase_add_loop_test(tc, an_update_after_a_refused_final_ends_the_operation, 0, MODES);
	tcase_add_loop_test(tc, parameters_of_a_wrong_length_are_refused, 0, MODES);
	tcase_add_loop_test(tc, parameters_may_be_unaligned, 0, MODES);
	tcase_add_test(tc, wrong_gcm_parameters_are_refused);
	tcase_add_test(tc, gcm_parameters_of_both_versions_give_the_same);
	tcase_add_test(tc, wrong_ccm_parameters_are_refused);
	tcase_add_test(tc, the_ctr_counter_never_wraps);
	tcase_add_test(tc, ccm_data_must_have_the_announced_length);
	tcase_add_test(tc, long_gcm_data_decrypts_in_parts);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
