/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_ops.c: a key behind struct key_ops. The known answers of every mechanism that derives
 * hold for such a base too, or the mechanism is refused.
 */
#include "key/mac.h"
#include "key/wrap.h"
#include "scheme.h"

static struct key *far_key; /* stands for the other token's key */
static unsigned calls;

static CK_RV far_cmac(void *remote, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	calls++;
	return key_cmac(remote, msg, n, ret_mac);
}

static CK_RV far_blocks(void *remote, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	calls++;
	return key_encrypt_blocks(remote, NULL, in, n, ret_out);
}

static CK_RV far_mac(
	void *remote, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	calls++;
	return key_mac(remote, kind, msg, n, ret_mac);
}

static const struct key_ops all = {far_cmac, far_blocks, far_mac}, none = {0};

static void set_up(void)
{
	scheme_set_up();
	far_key = key_new();
	ck_assert_ptr_nonnull(far_key);
	calls = 0;
}

static void tear_down(void)
{
	key_free(far_key);
	scheme_tear_down();
}

/* Return true if known answer I of MECH, which is HKDF, extracts. The last answer only expands. */
static bool extracts(const struct mechanism *mech, size_t i)
{
	return mech->type == CKM_HKDF_DATA || i < 2;
}

/* Mechanisms that need the value of the base, not only computations with the base. */
static CK_RV refusal(const struct mechanism *mech, size_t i)
{
	switch (mech->type) {
	case CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY:
	case CKM_KEYDIV_TDES_DUKPT_KEY:
	case CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL:
		return CKR_KEY_TYPE_INCONSISTENT;
	case CKM_HKDF_DERIVE:
	case CKM_HKDF_DATA:
		return extracts(mech, i) ? CKR_KEY_FUNCTION_NOT_PERMITTED : CKR_OK;
	default:
		return CKR_OK;
	}
}

static void check_answer(const struct mechanism *mech, size_t i)
{
	const struct known_answer *answer = &mech->test.answers[i];
	struct derivation d = {.mechanism = mech,
		.base = scheme_key(0),
		.scratch = {scheme_key(1), scheme_key(2)},
		.usage = mech->test.usages != NULL ? mech->test.usages[i] : 0};
	size_t n = strlen(answer->base) / 2, result_n = strlen(answer->result) / 2;
	bool data = answer->type == CK_UNAVAILABLE_INFORMATION;
	struct key_request request = {!data, !key_type_is_state(answer->type),
		data ? CKO_DATA : CKO_SECRET_KEY, data ? 0 : answer->type, result_n};
	uint8_t base[64], result[SECRET_MAX];
	SECRET value = {0};

	ck_assert(
		hex_decode(answer->base, base, n) && hex_decode(answer->result, result, result_n));
	ck_ok(key_load(far_key, answer->base_type, base, n));
	ck_ok(key_attach(scheme_key(0), answer->base_type, n, &all, far_key));
	ck_ok(scheme_read_answer(mech, i, &d));
	ck_ok(mech->derive.plan ? mech->derive.plan(&d, &request)
				: derive_plan_default(&d, &request));
	calls = 0;
	CK_RV rv = derive_value(&d, &value);
	ck_assert_msg(rv == refusal(mech, i), "%s, answer %zu: %s", mech->name, i, rv_name(rv));
	if (rv != CKR_OK)
		return;
	ck_assert_uint_eq(value.len, result_n);
	ck_assert_mem_eq(secret_peek(&value), result, result_n);
	ck_assert_uint_gt(calls, 0);
}

START_TEST(every_mechanism)
{
	unsigned checked = 0;

	for (size_t m = 0; m < mechanism_count; m++) {
		const struct mechanism *mech = mechanisms[m];
		if (!(mech->info.flags & CKF_DERIVE) || mech->derive.state != NULL)
			continue;
		for (size_t i = 0; mech->test.answers[i].base != NULL; i++, checked++)
			check_answer(mech, i);
	}
	ck_assert_uint_gt(checked, 60);
}
END_TEST

/* A key that may do nothing, and functions that need the value. */
START_TEST(refused)
{
	uint8_t value[16] = {1}, out[64];
	SECRET plain = {0};
	struct key *key = scheme_key(0);
	struct mac *mac = mac_new();

	ck_ok(key_attach(key, CKK_AES, 16, &none, NULL));
	ck_assert_uint_eq(key_length(key), 16);
	ck_assert_uint_eq(key_block_size(key), 16);
	ck_rv(key_cmac(key, value, 16, out), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_block(key, NULL, value, out), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_encrypt_blocks(key, value, value, 16, out), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_mac(key, MAC_HMAC_SHA256, value, 16, out), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_block(key, value, value, out), CKR_KEY_TYPE_INCONSISTENT);
	ck_rv(mac_begin(mac, MAC_CMAC, key, bytes_of(NULL, 0)), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_wrap(key, WRAP_KW, value, 16, out), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_unwrap(key, WRAP_KW, out, 24, &plain), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_assert_uint_eq(key_expose(key).n, 0);
	ck_rv(key_attach(key, CKK_AES, 17, &all, NULL), CKR_KEY_SIZE_RANGE);
	ck_rv(key_attach(key, CKK_KEYDIV_ODUKPT_CLIENT, 16, &all, NULL), CKR_KEY_SIZE_RANGE);
	mac_free(mac);
}
END_TEST

/* A key is again in memory after key_load, and empty after key_unload. */
START_TEST(key_load_brings_a_key_into_memory)
{
	uint8_t value[16] = {1}, expected[16], out[16];
	struct key *key = scheme_key(0);

	ck_ok(key_load(key, CKK_AES, value, 16));
	ck_ok(key_cmac(key, value, 16, expected));
	uint64_t serial = key_serial(key);
	ck_ok(key_attach(key, CKK_AES, 16, &none, NULL));
	ck_assert_uint_ne(key_serial(key), serial);
	ck_ok(key_load(key, CKK_AES, value, 16));
	ck_ok(key_cmac(key, value, 16, out));
	ck_assert_mem_eq(out, expected, 16);
	ck_ok(key_attach(key, CKK_AES, 16, &all, far_key));
	key_unload(key);
	ck_assert_uint_eq(key_length(key), 0);
	ck_rv(key_cmac(key, value, 16, out), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_ops");
	TCase *tc = tcase_create("key_ops");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, every_mechanism);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, key_load_brings_a_key_into_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
