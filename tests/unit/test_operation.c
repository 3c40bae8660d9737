/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_operation.c: what all operations share: the buffer convention, single-part and
 * parts, ending, cancelling.
 */
#include "operation_support.h"

static uint8_t data[64], out[256];
static CK_ULONG n;

/* The operations of one kind, called alike: digests have no key, verifying has no output. */
struct kind {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_RV (*init)(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
	CK_RV(*single)
	(struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
	CK_RV (*update)(struct session *s, CK_BYTE *in, CK_ULONG in_len);
	CK_RV (*final)(struct session *s, CK_BYTE *out, CK_ULONG *out_len);
	CK_ULONG length; /* of the output of 64 bytes in one call */
	CK_FLAGS flag;
};

static CK_RV digest_init_keyless(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	(void)key;
	return digest_init(s, mechanism);
}

static CK_RV encrypt_part(struct session *s, CK_BYTE *in, CK_ULONG in_len)
{
	uint8_t part[128];
	CK_ULONG part_n = sizeof part;
	return encrypt_update(s, in, in_len, part, &part_n);
}

static CK_RV decrypt_part(struct session *s, CK_BYTE *in, CK_ULONG in_len)
{
	uint8_t part[128];
	CK_ULONG part_n = sizeof part;
	return decrypt_update(s, in, in_len, part, &part_n);
}

static const struct kind kinds[] = {
	{"encrypt", CKM_AES_ECB, encrypt_init, encrypt_single, encrypt_part, encrypt_final, 64,
		CKF_ENCRYPT},
	{"decrypt", CKM_AES_ECB, decrypt_init, decrypt_single, decrypt_part, decrypt_final, 64,
		CKF_DECRYPT},
	{"digest", CKM_SHA256, digest_init_keyless, digest_single, digest_part, digest_final, 32,
		CKF_DIGEST},
	{"sign", CKM_AES_CMAC, sign_init, sign_single, sign_update, sign_final, 16, CKF_SIGN},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void begin(const struct kind *k)
{
	ck_ok(k->init(session, MECH(k->mechanism), AES_KEY));
}

/* The operation is over: nothing is pinned, and another one can begin. */
static void assert_over(const struct kind *k)
{
	n = sizeof out;
	ck_rv(k->single(session, data, 16, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(k->update(session, data, 16), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(k->final(session, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(pins_of(AES_KEY), 0);
}

START_TEST(calls_without_an_operation_are_refused)
{
	assert_over(&kinds[_i]);
}
END_TEST

START_TEST(a_wrong_mechanism_parameter_or_key_begins_no_operation)
{
	const struct kind *k = &kinds[_i];
	uint8_t junk[3] = {0};

	ck_rv(k->init(session, MECH(0x80000000UL), AES_KEY), CKR_MECHANISM_INVALID);
	ck_rv(k->init(session, MECH(CKM_AES_KEY_WRAP), AES_KEY), CKR_MECHANISM_INVALID);
	ck_rv(k->init(session, MECH_OF(k->mechanism, junk), AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	CK_MECHANISM huge = {k->mechanism, NULL, (CK_ULONG)-1};
	ck_rv(k->init(session, &huge, AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	if (k->flag != CKF_DIGEST) {
		ck_rv(k->init(session, MECH(k->mechanism), 0), CKR_KEY_HANDLE_INVALID);
		ck_rv(k->init(session, MECH(k->mechanism), DES3_KEY), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(k->init(session, MECH(k->mechanism), NO_USE_KEY),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	}
	assert_over(k);
}
END_TEST

START_TEST(an_active_operation_is_not_replaced_until_cancelled)
{
	const struct kind *k = &kinds[_i];

	ck_ok(k->init(session, NULL, 0)); /* nothing to cancel */
	begin(k);
	ck_rv(k->init(session, MECH(k->mechanism), AES_KEY), CKR_OPERATION_ACTIVE);
	ck_ok(k->update(session, data, 16));
	ck_ok(k->init(session, NULL, 0));
	assert_over(k);
	begin(k);
	ck_ok(operations_cancel(session, CKF_FIND_OBJECTS | CKF_VERIFY));
	ck_ok(k->update(session, data, 16)); /* another one's flag: still there */
	ck_ok(operations_cancel(session, k->flag));
	assert_over(k);
	begin(k);
	operations_reset(session->operations);
	assert_over(k);
}
END_TEST

START_TEST(a_length_query_or_short_buffer_keeps_the_operation)
{
	const struct kind *k = &kinds[_i];

	begin(k);
	n = 5;
	ck_ok(k->single(session, data, 64, NULL, &n));
	ck_assert_uint_eq(n, k->length);
	memset(out, 0xee, sizeof out);
	n = k->length - 1;
	ck_rv(k->single(session, data, 64, out, &n), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, k->length);
	for (unsigned i = 0; i < sizeof out; i++)
		ck_assert_uint_eq(out[i], 0xee);
	ck_ok(k->single(session, data, 64, out, &n));
	ck_assert_uint_eq(n, k->length);
	ck_assert_uint_eq(out[k->length], 0xee);
	assert_over(k);
}
END_TEST

START_TEST(bad_arguments_end_the_operation)
{
	const struct kind *k = &kinds[_i];

	n = sizeof out;
	begin(k);
	ck_rv(k->single(session, NULL, 16, out, &n), CKR_ARGUMENTS_BAD);
	assert_over(k);
	begin(k);
	ck_rv(k->single(session, data, 16, out, NULL), CKR_ARGUMENTS_BAD);
	assert_over(k);
	begin(k);
	ck_rv(k->update(session, NULL, 16), CKR_ARGUMENTS_BAD);
	assert_over(k);
	begin(k);
	CK_RV range = k->flag == CKF_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
	ck_rv(k->update(session, data, (CK_ULONG)-1), range);
	assert_over(k);
	begin(k);
	ck_rv(k->final(session, out, NULL), CKR_ARGUMENTS_BAD);
	assert_over(k);
	begin(k);
	CK_RV rv = k->single(session, data, (CK_ULONG)-1, NULL, &n);
	ck_assert(rv == CKR_OK || rv == CKR_DATA_LEN_RANGE || rv == CKR_ENCRYPTED_DATA_LEN_RANGE);
	ck_ok(k->init(session, NULL, 0));
	begin(k);
	n = (CK_ULONG)-1;
	rv = k->single(session, data, (CK_ULONG)-1, out, &n);
	ck_assert(rv == CKR_DATA_LEN_RANGE || rv == CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_over(k);
}
END_TEST

START_TEST(mixing_one_call_and_parts_ends_the_operation)
{
	const struct kind *k = &kinds[_i];

	n = sizeof out;
	begin(k);
	ck_ok(k->update(session, data, 16));
	ck_rv(k->single(session, data, 16, out, &n), CKR_OPERATION_ACTIVE);
	assert_over(k);
	begin(k);
	ck_ok(k->single(session, data, 16, NULL, &n));
	ck_rv(k->update(session, data, 16), CKR_OPERATION_ACTIVE);
	assert_over(k);
	begin(k);
	ck_ok(k->single(session, data, 16, NULL, &n));
	ck_rv(k->final(session, out, &n), CKR_OPERATION_ACTIVE);
	assert_over(k);
}
END_TEST

START_TEST(empty_input_gives_the_same_in_one_call_and_parts)
{
	const struct kind *k = &kinds[_i];
	uint8_t again[64];
	CK_ULONG again_n = sizeof again;

	begin(k);
	n = sizeof out;
	ck_ok(k->single(session, NULL, 0, out, &n));
	begin(k);
	ck_ok(k->update(session, NULL, 0));
	ck_ok(k->final(session, again, &again_n));
	ck_assert_uint_eq(n, again_n);
	ck_assert_mem_eq(out, again, n);
	begin(k);
	again_n = sizeof again;
	ck_ok(k->final(session, again, &again_n)); /* no part at all */
	ck_assert_uint_eq(n, again_n);
	ck_assert_mem_eq(out, again, n);
	assert_over(k);
}
END_TEST

START_TEST(operations_of_different_kinds_run_at_once)
{
	for (unsigned i = 0; i < KINDS; i++)
		begin(&kinds[i]);
	ck_assert_uint_eq(pins_of(AES_KEY), KINDS - 1);
	for (unsigned i = 0; i < KINDS; i++) {
		n = sizeof out;
		ck_ok(kinds[i].single(session, data, 64, out, &n));
		ck_rv(kinds[i].update(session, data, 16), CKR_OPERATION_NOT_INITIALIZED);
	}
}
END_TEST

/*
 * A destroyed key: its operation ends, what is kept of it goes, operations with other keys go on.
 */
START_TEST(a_destroyed_key_ends_only_its_own_operations)
{
	const struct kind *k = &kinds[_i];

	operations_forget(session->operations, AES_KEY); /* before any operation */
	begin(k);
	operations_forget(session->operations, AES_KEY_2);
	ck_ok(k->update(session, data, 16));
	operations_forget(session->operations, AES_KEY);
	if (k->flag == CKF_DIGEST) {
		ck_ok(k->update(session, data, 16));
		return;
	}
	assert_over(k);
	ck_assert_uint_eq(session->operations->slot[OPERATION_ENCRYPT].keyed[KEPT_OTHER], 0);

	uint8_t iv[12] = {0}, first[80], second[80];
	CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
	CK_ULONG first_n = sizeof first, second_n = sizeof second;
	ck_ok(encrypt_init(session, MECH_OF(CKM_AES_GCM, gcm), AES_KEY_2));
	ck_ok(encrypt_single(session, data, 64, first, &first_n));
	ck_ok(encrypt_init(session, MECH(CKM_AES_ECB), AES_KEY));
	operations_forget(session->operations,
		AES_KEY_2); /* the slot keeps both keys' schedules and is at work with the other */
	ck_assert_uint_eq(session->operations->slot[OPERATION_ENCRYPT].keyed[KEPT_GCM], AES_KEY_2);
	ck_ok(encrypt_single(session, data, 64, second, &second_n));
	ck_assert_uint_eq(session->operations->slot[OPERATION_ENCRYPT].keyed[KEPT_GCM], 0);
	ck_assert_uint_eq(session->operations->slot[OPERATION_ENCRYPT].keyed[KEPT_OTHER], 0);
	second_n = sizeof second;
	ck_ok(encrypt_init(session, MECH_OF(CKM_AES_GCM, gcm), AES_KEY_2));
	ck_ok(encrypt_single(session, data, 64, second, &second_n));
	ck_assert_mem_eq(first, second, 80);
}
END_TEST

START_TEST(the_operation_state_cannot_be_saved)
{
	n = sizeof out;
	ck_rv(operation_state_get(session, out, NULL), CKR_ARGUMENTS_BAD);
	ck_rv(operation_state_get(session, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(sign_init(session, MECH(CKM_AES_CMAC), AES_KEY));
	ck_rv(operation_state_get(session, out, &n), CKR_STATE_UNSAVEABLE);
	ck_rv(operation_state_get(session, NULL, &n), CKR_STATE_UNSAVEABLE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation");
	TCase *tc = tcase_create("each kind");

	tcase_add_checked_fixture(tc, operation_setup, operation_teardown);
	tcase_add_loop_test(tc, calls_without_an_operation_are_refused, 0, KINDS);
	tcase_add_loop_test(tc, a_wrong_mechanism_parameter_or_key_begins_no_operation, 0, KINDS);
	tcase_add_loop_test(tc, an_active_operation_is_not_replaced_until_cancelled, 0, KINDS);
	tcase_add_loop_test(tc, a_length_query_or_short_buffer_keeps_the_operation, 0, KINDS);
	tcase_add_loop_test(tc, bad_arguments_end_the_operation, 0, KINDS);
	tcase_add_loop_test(tc, mixing_one_call_and_parts_ends_the_operation, 0, KINDS);
	tcase_add_loop_test(tc, empty_input_gives_the_same_in_one_call_and_parts, 0, KINDS);
	tcase_add_loop_test(tc, a_destroyed_key_ends_only_its_own_operations, 0, KINDS);
	tcase_add_test(tc, operations_of_different_kinds_run_at_once);
	tcase_add_test(tc, the_operation_state_cannot_be_saved);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
