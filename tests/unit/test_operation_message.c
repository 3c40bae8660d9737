/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_operation_message.c: messages under AES-GCM and AES-CCM, and above all their nonces, which
 * never come twice.
 */
#include "calls/nonce.h"
#include "operation_support.h"

#define DATA 100

static uint8_t data[DATA], out[DATA], iv[13], tag[16], aad[9] = "with this";
static CK_ULONG n;

/* A message's parameter, of either mechanism. */
struct param {
	CK_GCM_MESSAGE_PARAMS gcm;
	CK_CCM_MESSAGE_PARAMS ccm;
	void *p;
	CK_ULONG n;
};

static bool is_gcm; /* the loop test's mechanism */

static void setup(void)
{
	operation_setup();
	for (size_t i = 0; i < DATA; i++)
		data[i] = (uint8_t)(i * 3 + 1);
	memset(iv, 0xa5, sizeof iv);
}

static struct param *param(CK_GENERATOR_FUNCTION generator, CK_ULONG fixed_bits, size_t data_n)
{
	static struct param p;

	p.gcm = (CK_GCM_MESSAGE_PARAMS){iv, 12, fixed_bits, generator, tag, 128};
	p.ccm = (CK_CCM_MESSAGE_PARAMS){data_n, iv, 12, fixed_bits, generator, tag, 16};
	p.p = is_gcm ? (void *)&p.gcm : (void *)&p.ccm;
	p.n = is_gcm ? sizeof p.gcm : sizeof p.ccm;
	return &p;
}

static void begin(bool encrypt, CK_OBJECT_HANDLE key)
{
	ck_ok(message_init(session, encrypt, MECH(is_gcm ? CKM_AES_GCM : CKM_AES_CCM), key));
}

static CK_RV encrypt(struct param *p, size_t data_n)
{
	n = sizeof out;
	return message_single(session, true, p->p, p->n, aad, sizeof aad, data, data_n, out, &n);
}

static CK_RV decrypt(struct param *p, uint8_t *sealed, size_t sealed_n, uint8_t *plain)
{
	n = sealed_n;
	return message_single(
		session, false, p->p, p->n, aad, sizeof aad, sealed, sealed_n, plain, &n);
}

START_TEST(a_message_decrypts_unless_tampered_with)
{
	uint8_t plain[DATA];

	is_gcm = _i == 0;
	ck_rv(encrypt(param(CKG_NO_GENERATE, 0, 5), 5), CKR_OPERATION_NOT_INITIALIZED);
	begin(true, AES_KEY);
	begin(false, AES_KEY_COPY);
	for (size_t size = 0; size <= DATA; size++) {
		struct param *p = param(CKG_GENERATE_COUNTER, 32, size);
		ck_ok(encrypt(p, size));
		ck_assert_uint_eq(n, size);
		memset(plain, 0xee, sizeof plain);
		ck_ok(decrypt(p, out, size, plain));
		ck_assert_uint_eq(n, size);
		ck_assert_mem_eq(plain, data, size);
		uint8_t *spoilt[] = {tag, iv, aad, size > 0 ? out : tag};
		for (unsigned i = 0; i < 4; i++) {
			*spoilt[i] ^= 1;
			memset(plain, 0xee, sizeof plain);
			ck_rv(decrypt(p, out, size, plain), CKR_AEAD_DECRYPT_FAILED);
			*spoilt[i] ^= 1;
			for (size_t k = 0; k < sizeof plain; k++)
				ck_assert_uint_eq(plain[k], 0xee);
		}
	}
	ck_ok(message_final(session, true));
	ck_rv(message_final(session, true), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(encrypt(param(CKG_NO_GENERATE, 0, 5), 5), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(message_final(session, false));
	ck_assert_uint_eq(pins_of(AES_KEY) + pins_of(AES_KEY_COPY), 0);
}
END_TEST

/* A message is what C_Encrypt gives with the same nonce, the tag set apart. */
START_TEST(a_message_equals_encryption_in_one_call)
{
	uint8_t whole[DATA + 16];
	CK_GCM_PARAMS gcm = {iv, 12, 96, aad, sizeof aad, 128};
	CK_CCM_PARAMS ccm = {DATA, iv, 12, aad, sizeof aad, 16};

	is_gcm = _i == 0;
	begin(true, AES_KEY);
	ck_ok(encrypt(param(CKG_NO_GENERATE, 0, DATA), DATA));
	CK_MECHANISM m = is_gcm ? *MECH_OF(CKM_AES_GCM, gcm) : *MECH_OF(CKM_AES_CCM, ccm);
	ck_ok(encrypt_init(session, &m, AES_KEY));
	n = sizeof whole;
	ck_ok(encrypt_single(session, data, DATA, whole, &n));
	ck_assert_mem_eq(whole, out, DATA);
	ck_assert_mem_eq(whole + DATA, tag, 16);
}
END_TEST

START_TEST(a_message_in_parts_decrypts_unless_the_tag_is_wrong)
{
	uint8_t sealed[DATA], plain[DATA];

	is_gcm = _i == 0;
	begin(true, AES_KEY);
	begin(false, AES_KEY);
	for (size_t step = 1; step <= DATA; step += 9) {
		struct param *p = param(CKG_GENERATE_RANDOM, 0, DATA);
		ck_ok(message_begin(session, true, p->p, p->n, aad, sizeof aad));
		size_t total = 0;
		for (size_t at = 0; at < DATA; at += step) {
			size_t take = DATA - at < step ? DATA - at : step;
			n = take - 1;
			ck_rv(message_next(session, true, p->p, p->n, data + at, take,
				      sealed + total, &n, 0),
				CKR_BUFFER_TOO_SMALL);
			ck_ok(message_next(session, true, p->p, p->n, data + at, take,
				sealed + total, &n, at + take == DATA ? CKF_END_OF_MESSAGE : 0));
			total += n;
		}
		ck_assert_uint_eq(total, DATA);
		ck_rv(message_next(session, true, p->p, p->n, data, 1, sealed, &n, 0),
			CKR_OPERATION_NOT_INITIALIZED);
		ck_ok(decrypt(p, sealed, DATA, plain));
		ck_assert_mem_eq(plain, data, DATA);

		for (int bad = 0; bad <= 1; bad++) {
			tag[0] ^= (uint8_t)bad;
			ck_ok(message_begin(session, false, p->p, p->n, aad, sizeof aad));
			memset(plain, 0xee, sizeof plain);
			n = sizeof plain;
			ck_ok(message_next(session, false, p->p, p->n, sealed, 40, plain, &n, 0));
			ck_assert_uint_eq(n, 0);
			ck_assert_uint_eq(plain[0], 0xee);
			ck_ok(message_next(session, false, p->p, p->n, sealed + 40, 60, NULL, &n,
				CKF_END_OF_MESSAGE));
			ck_assert_uint_eq(n, DATA);
			n = DATA - 1;
			ck_rv(message_next(session, false, p->p, p->n, sealed + 40, 60, plain, &n,
				      CKF_END_OF_MESSAGE),
				CKR_BUFFER_TOO_SMALL);
			ck_rv(message_next(session, false, p->p, p->n, sealed + 40, 60, plain, &n,
				      CKF_END_OF_MESSAGE),
				bad ? CKR_AEAD_DECRYPT_FAILED : CKR_OK);
			ck_assert_uint_eq(plain[0], bad ? 0xee : data[0]);
			tag[0] ^= (uint8_t)bad;
		}
	}
}
END_TEST

/* A question for the length, and a buffer that is too small, use up nothing of the message. */
START_TEST(the_length_of_a_part_may_be_asked_for)
{
	uint8_t sealed[DATA];

	is_gcm = _i == 0;
	begin(true, AES_KEY);
	struct param *p = param(CKG_NO_GENERATE, 0, DATA);
	ck_ok(message_begin(session, true, p->p, p->n, aad, sizeof aad));
	ck_ok(message_next(session, true, p->p, p->n, data, 40, NULL, &n, 0));
	ck_assert_uint_eq(n, 40);
	ck_ok(message_next(session, true, p->p, p->n, data, 40, sealed, &n, 0));
	for (n = 0; n < 60; n += 59)
		ck_rv(message_next(session, true, p->p, p->n, data + 40, 60, sealed + 40, &n,
			      CKF_END_OF_MESSAGE),
			CKR_BUFFER_TOO_SMALL);
	ck_ok(message_next(session, true, p->p, p->n, data + 40, 60, NULL, &n, CKF_END_OF_MESSAGE));
	ck_assert_uint_eq(n, 60);
	ck_ok(message_next(
		session, true, p->p, p->n, data + 40, 60, sealed + 40, &n, CKF_END_OF_MESSAGE));
	ck_assert_uint_eq(n, 60);
	ck_ok(encrypt(p, DATA));
	ck_assert_mem_eq(sealed, out, DATA);
}
END_TEST

START_TEST(an_empty_message_needs_no_buffer)
{
	is_gcm = _i == 0;
	begin(true, AES_KEY);
	begin(false, AES_KEY);
	struct param *p = param(CKG_NO_GENERATE, 0, 0);
	ck_ok(message_begin(session, true, p->p, p->n, aad, sizeof aad));
	n = 1;
	ck_ok(message_next(session, true, p->p, p->n, NULL, 0, NULL, &n, CKF_END_OF_MESSAGE));
	ck_assert_uint_eq(n, 0);
	for (unsigned bad = 0; bad <= 1; bad++) {
		tag[15] ^= (uint8_t)bad;
		ck_ok(message_begin(session, false, p->p, p->n, aad, sizeof aad));
		n = 1;
		ck_rv(message_next(
			      session, false, p->p, p->n, NULL, 0, NULL, &n, CKF_END_OF_MESSAGE),
			bad ? CKR_AEAD_DECRYPT_FAILED : CKR_OK);
	}
	ck_rv(message_next(session, false, p->p, p->n, NULL, 0, NULL, &n, CKF_END_OF_MESSAGE),
		CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(message_calls_out_of_turn_are_refused)
{
	struct param *p = param(CKG_NO_GENERATE, 0, DATA);

	is_gcm = true;
	p = param(CKG_NO_GENERATE, 0, DATA);
	ck_rv(message_begin(session, true, p->p, p->n, aad, 1), CKR_OPERATION_NOT_INITIALIZED);
	begin(true, AES_KEY);
	ck_rv(message_init(session, true, MECH(CKM_AES_GCM), AES_KEY), CKR_OPERATION_ACTIVE);
	ck_rv(message_next(session, true, p->p, p->n, data, 1, out, &n, 0),
		CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(message_begin(session, true, p->p, p->n, aad, 1));
	ck_rv(encrypt(p, 5),
		CKR_OPERATION_ACTIVE); /* the message is given up, the operation goes on */
	ck_rv(message_next(session, true, p->p, p->n, data, 1, out, &n, 0),
		CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(encrypt(p, 5));
	ck_ok(message_init(session, true, NULL, 0)); /* cancels */
	ck_rv(encrypt(p, 5), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(message_init(session, true, MECH(CKM_AES_CBC), AES_KEY), CKR_MECHANISM_INVALID);
	ck_rv(message_init(session, true, MECH(CKM_AES_GCM), NO_USE_KEY),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(message_init(session, true, MECH(CKM_AES_GCM), DES3_KEY), CKR_KEY_TYPE_INCONSISTENT);
	CK_MECHANISM huge = {CKM_AES_GCM, data, (CK_ULONG)-1};
	ck_rv(message_init(session, true, &huge, AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	CK_MECHANISM nothing = {CKM_AES_GCM, NULL, 5};
	ck_rv(message_init(session, true, &nothing, AES_KEY), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(bad_message_arguments_are_refused)
{
	is_gcm = true;
	begin(true, AES_KEY);
	struct param *p = param(CKG_NO_GENERATE, 0, DATA);
	n = sizeof out;
	ck_rv(message_single(session, true, p->p, p->n, NULL, 4, data, 5, out, &n),
		CKR_ARGUMENTS_BAD);
	ck_rv(message_single(session, true, p->p, p->n, aad, 4, NULL, 5, out, &n),
		CKR_ARGUMENTS_BAD);
	ck_rv(message_single(session, true, p->p, p->n, aad, 4, data, 5, out, NULL),
		CKR_ARGUMENTS_BAD);
	ck_rv(message_single(session, true, p->p, p->n, aad, (CK_ULONG)-1, data, 5, out, &n),
		CKR_ARGUMENTS_BAD);
	ck_rv(message_single(session, true, p->p, p->n, aad, 4, data, (CK_ULONG)-1, out, &n),
		CKR_DATA_LEN_RANGE);
	ck_rv(message_single(session, true, NULL, p->n, aad, 4, data, 5, out, &n),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(message_single(session, true, p->p, p->n - 1, aad, 4, data, 5, out, &n),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(message_single(session, true, p->p, (CK_ULONG)-1, aad, 4, data, 5, out, &n),
		CKR_MECHANISM_PARAM_INVALID);
	p->gcm.ulTagBits = 88;
	ck_rv(encrypt(p, 5), CKR_MECHANISM_PARAM_INVALID);
	p->gcm.ulTagBits = 128;
	p->gcm.ulIvLen = 0;
	ck_rv(encrypt(p, 5), CKR_MECHANISM_PARAM_INVALID);
	p->gcm.ulIvLen = 12;
	p->gcm.pTag = NULL;
	ck_rv(encrypt(p, 5), CKR_MECHANISM_PARAM_INVALID);
	p->gcm.pTag = tag;
	p->gcm.pIv = NULL;
	ck_rv(encrypt(p, 5), CKR_MECHANISM_PARAM_INVALID);
	p->gcm.pIv = iv;
	p->gcm.ivGenerator = 5;
	ck_rv(encrypt(p, 5), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(encrypt(param(CKG_GENERATE_COUNTER, 97, 5), 5), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(encrypt(param(CKG_GENERATE_COUNTER, 96, 5), 5), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(encrypt(param(CKG_GENERATE_RANDOM, 40, 5), 5),
		CKR_MECHANISM_PARAM_INVALID); /* 56 random bits */
	ck_ok(encrypt(
		param(CKG_GENERATE_RANDOM, 32, 5), 5)); /* refused ones have settled nothing */
	ck_ok(message_final(session, true));

	begin(true, AES_KEY);
	p = param(CKG_NO_GENERATE, 0, DATA);
	ck_ok(message_begin(session, true, p->p, p->n, aad, 4));
	ck_rv(message_next(session, true, p->p, p->n, NULL, 5, out, &n, 0), CKR_ARGUMENTS_BAD);
	ck_ok(message_begin(session, true, p->p, p->n, aad, 4)); /* that one has been given up */
	ck_rv(message_next(session, true, p->p, p->n, data, 5, out, NULL, 0), CKR_ARGUMENTS_BAD);
}
END_TEST

/* --- Nonces --- */

START_TEST(the_nonce_counter_continues_for_the_same_key_value)
{
	is_gcm = _i == 0;
	begin(true, AES_KEY);
	for (unsigned i = 0; i < 300; i++) {
		static const uint8_t fixed[4] = {0xa5, 0xa5, 0xa5, 0xa5};
		ck_ok(encrypt(param(CKG_GENERATE_COUNTER, 32, 5), 5));
		ck_assert_mem_eq(iv, fixed, 4);
		ck_assert_uint_eq(get_be64(iv + 4), i);
		/* a question and a buffer too small use no number up */
		struct param *p = param(CKG_GENERATE_COUNTER, 32, 5);
		ck_ok(message_single(session, true, p->p, p->n, aad, 1, data, 5, NULL, &n));
		n = 4;
		ck_rv(message_single(session, true, p->p, p->n, aad, 1, data, 5, out, &n),
			CKR_BUFFER_TOO_SMALL);
	}
	/* another operation, another object of the same key: the numbers go on */
	ck_ok(message_final(session, true));
	begin(true, AES_KEY_COPY);
	ck_ok(encrypt(param(CKG_GENERATE_COUNTER, 32, 5), 5));
	ck_assert_uint_eq(get_be64(iv + 4), 300);
	ck_ok(message_final(session, true));
	operations_reset(session->operations); /* logged out and in again */
	begin(true, AES_KEY_2);                /* another key has its own */
	ck_ok(encrypt(param(CKG_GENERATE_COUNTER, 32, 5), 5));
	ck_assert_uint_eq(get_be64(iv + 4), 0);
	ck_ok(message_final(session, true));
	begin(true, AES_KEY);
	ck_ok(encrypt(param(CKG_GENERATE_COUNTER, 32, 5), 5));
	ck_assert_uint_eq(get_be64(iv + 4), 301);
}
END_TEST

START_TEST(an_exhausted_nonce_counter_stays_exhausted)
{
	uint8_t seen[256] = {0};

	is_gcm = true;
	begin(true, AES_KEY);
	iv[11] = 0x5f; /* 90 fixed bits, 6 to count in; the caller changes the fixed ones at will */
	for (unsigned i = 0; i < 64; i++) {
		iv[0] = (uint8_t)(i / 3);
		iv[11] = 0x5f;
		ck_ok(encrypt(param(CKG_GENERATE_COUNTER, 90, 5), 5));
		ck_assert_uint_eq(iv[11] & 0xc0, 0x40);
		ck_assert_uint_eq(iv[0], i / 3);
		ck_assert_uint_eq(seen[iv[11]], 0);
		seen[iv[11]] = 1;
	}
	ck_rv(encrypt(param(CKG_GENERATE_COUNTER, 90, 5), 5), CKR_KEY_EXHAUSTED);
	iv[0] ^= 1;
	ck_rv(encrypt(param(CKG_GENERATE_COUNTER, 90, 5), 5), CKR_KEY_EXHAUSTED);
	ck_ok(message_final(session, true));
	begin(true, AES_KEY);
	ck_rv(encrypt(param(CKG_GENERATE_COUNTER, 90, 5), 5), CKR_KEY_EXHAUSTED);
}
END_TEST

START_TEST(the_counter_is_xored_into_the_nonce)
{
	is_gcm = _i == 0;
	begin(true, AES_KEY);
	for (unsigned i = 0; i < 10; i++) {
		ck_ok(encrypt(param(CKG_GENERATE_COUNTER_XOR, 0, 5), 5));
		for (unsigned k = 0; k < 11; k++)
			ck_assert_uint_eq(iv[k], 0xa5);
		ck_assert_uint_eq(iv[11], 0xa5 ^ i);
	}
}
END_TEST

START_TEST(random_nonces_keep_the_fixed_bits_and_run_out)
{
	uint8_t before[12];

	is_gcm = true;
	begin(true, AES_KEY);
	for (unsigned i = 0; i < 50; i++) {
		memcpy(before, iv, 12);
		ck_ok(encrypt(param(_i == 0 ? CKG_GENERATE_RANDOM : CKG_GENERATE, 20, 5), 5));
		ck_assert_mem_eq(before, iv, 2);
		ck_assert_uint_eq(before[2] & 0xf0, iv[2] & 0xf0);
		ck_assert_mem_ne(before + 3, iv + 3, 9);
	}
	/* SP 800-38D section 8.3: 2^32 of them, here as if all but one were made */
	session->operations->slot[OPERATION_MESSAGE_ENCRYPT].nonces.random_made = UINT32_MAX;
	ck_ok(encrypt(param(_i == 0 ? CKG_GENERATE_RANDOM : CKG_GENERATE, 20, 5), 5));
	ck_rv(encrypt(param(_i == 0 ? CKG_GENERATE_RANDOM : CKG_GENERATE, 20, 5), 5),
		CKR_KEY_EXHAUSTED);
}
END_TEST

/* CKG_GENERATE leaves the choice to the token. Fewer than 64 random bits would repeat too soon. */
START_TEST(few_free_bits_are_counted)
{
	is_gcm = true;
	begin(true, AES_KEY);
	for (unsigned i = 0; i < 3; i++) {
		ck_ok(encrypt(param(CKG_GENERATE, 40, 5), 5));
		ck_assert_uint_eq(get_be64(iv + 4) & 0xffffffffffffff, i);
	}
}
END_TEST

START_TEST(the_nonce_generator_cannot_change_within_an_operation)
{
	static const CK_GENERATOR_FUNCTION generators[] = {CKG_NO_GENERATE, CKG_GENERATE,
		CKG_GENERATE_COUNTER, CKG_GENERATE_RANDOM, CKG_GENERATE_COUNTER_XOR};

	is_gcm = true;
	for (unsigned first = 0; first < 5; first++) {
		begin(true, AES_KEY);
		ck_ok(encrypt(param(generators[first], 16, 5), 5));
		for (unsigned then = 0; then < 5; then++)
			ck_rv(encrypt(param(generators[then], 16, 5), 5),
				then == first ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
		ck_rv(encrypt(param(generators[first], 24, 5), 5),
			first == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
		struct param *p = param(generators[first], 16, 5);
		p->gcm.ulIvLen = 13;
		ck_rv(encrypt(p, 5), first == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
		ck_ok(message_final(session, true));
	}
}
END_TEST

/*
 * More keys than counters are kept for: one that was forgotten starts above all that it
 * can have reached.
 */
START_TEST(a_forgotten_counter_never_repeats_a_nonce)
{
	struct cached_key cached = {.key = key_new()};
	struct operation op = {.key = &cached, .used = cached.key};
	struct message_setup setup = {
		.nonce = iv, .nonce_len = 12, .generator = CKG_GENERATE_COUNTER};
	uint64_t highest[80] = {0};
	uint8_t value[16] = {0}, nonce[OPERATION_NONCE_MAX];

	is_gcm = true;
	begin(true, AES_KEY); /* makes session->operations */
	for (unsigned round = 0; round < 5; round++)
		for (unsigned k = 0; k < 80; k++) {
			value[0] = (uint8_t)k;
			ck_ok(key_load(cached.key, CKK_AES, value, sizeof value));
			ck_ok(nonces_begin(session->operations, &op));
			for (unsigned i = 0; i <= k % 7; i++) {
				ck_ok(nonce_next(&op.nonces, &setup, nonce));
				ck_assert_uint_ge(get_be64(nonce + 4), highest[k]);
				highest[k] = get_be64(nonce + 4) + 1;
			}
		}
	key_free(cached.key);
}
END_TEST

START_TEST(a_ccm_message_must_have_the_announced_length)
{
	is_gcm = false;
	begin(true, AES_KEY);
	ck_rv(encrypt(param(CKG_NO_GENERATE, 0, 6), 5), CKR_DATA_LEN_RANGE);
	struct param *p = param(CKG_NO_GENERATE, 0, 6);
	ck_ok(message_begin(session, true, p->p, p->n, aad, 1));
	n = sizeof out;
	ck_rv(message_next(session, true, p->p, p->n, data, 7, out, &n, 0), CKR_DATA_LEN_RANGE);
	ck_ok(message_begin(session, true, p->p, p->n, aad, 1));
	n = sizeof out;
	ck_rv(message_next(session, true, p->p, p->n, data, 5, out, &n, CKF_END_OF_MESSAGE),
		CKR_DATA_LEN_RANGE);
	begin(false, AES_KEY);
	ck_rv(decrypt(p, data, 5, out), CKR_ENCRYPTED_DATA_LEN_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation_message");
	TCase *tc = tcase_create("messages"), *nonces = tcase_create("nonces");

	tcase_add_checked_fixture(tc, setup, operation_teardown);
	tcase_add_loop_test(tc, a_message_decrypts_unless_tampered_with, 0, 2);
	tcase_add_loop_test(tc, a_message_equals_encryption_in_one_call, 0, 2);
	tcase_add_loop_test(tc, a_message_in_parts_decrypts_unless_the_tag_is_wrong, 0, 2);
	tcase_add_loop_test(tc, the_length_of_a_part_may_be_asked_for, 0, 2);
	tcase_add_loop_test(tc, an_empty_message_needs_no_buffer, 0, 2);
	tcase_add_test(tc, message_calls_out_of_turn_are_refused);
	tcase_add_test(tc, bad_message_arguments_are_refused);
	tcase_add_test(tc, a_ccm_message_must_have_the_announced_length);
	tcase_add_checked_fixture(nonces, setup, operation_teardown);
	tcase_add_loop_test(nonces, the_nonce_counter_continues_for_the_same_key_value, 0, 2);
	tcase_add_test(nonces, an_exhausted_nonce_counter_stays_exhausted);
	tcase_add_loop_test(nonces, the_counter_is_xored_into_the_nonce, 0, 2);
	tcase_add_loop_test(nonces, random_nonces_keep_the_fixed_bits_and_run_out, 0, 2);
	tcase_add_test(nonces, few_free_bits_are_counted);
	tcase_add_test(nonces, the_nonce_generator_cannot_change_within_an_operation);
	tcase_add_test(nonces, a_forgotten_counter_never_repeats_a_nonce);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, nonces);
	return run_suite(suite);
}
