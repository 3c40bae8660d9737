/* SPDX-License-Identifier: Apache-2.0 */
/* test_role.c: what the result of each mechanism may do, as in mechanisms/README.md. */
#include "scheme.h"

#define NO_WRAP (USAGE_CIPHER | USAGE_MAC)
#define TDES_KSN "40000affff9876543210e00001"
#define AES_KSN "40000c123456789012345600000001"
#define CARD "39000a00010203040506070809"
#define METER "4e0004b30a00004f000478563412"
#define SCP02_CHILDREN                                                                             \
	{                                                                                          \
		CKM_KEYDIV_SCP02_KEY, CKM_KEYDIV_WITH_DERIVED_KEY                                  \
	}
#define SCP03_CHILDREN                                                                             \
	{                                                                                          \
		CKM_KEYDIV_SCP03_KEY, CKM_KEYDIV_WITH_DERIVED_KEY                                  \
	}
#define JOIN_10 "4500030000014600030102034800020102"
#define JOIN_11 "45000300000147000801020304050607084800020102"
#define CHALLENGES "32001000112233445566778899aabbccddeeff"

/* A mechanism with a flat parameter, and the role of its result. */
static const struct {
	CK_MECHANISM_TYPE type;
	const char *parameter;
	uint32_t usage;
	enum level level;
	CK_MECHANISM_TYPE children[CHILDREN_MAX];
	uint32_t leaf_by_template;
} roles[] = {
	{CKM_KEYDIV_DEVICE_KEY, "01000131", USAGE_ALL, LEVEL_SHORTEN,
		{CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_MESSAGE_KEY, "1000080000000000000001", USAGE_ALL, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, "010001311000080000000000000001", USAGE_ALL, LEVEL_LEAF,
		{0}, 0},
	{CKM_KEYDIV_SESSION_KEY, "200008000102030405060721000808090a0b0c0d0e0f", USAGE_ALL,
		LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, "01000131200008000102030405060721000808090a0b0c0d0e0f",
		USAGE_ALL, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_DATA_KEY, "280010000102030405060708090a0b0c0d0e0f", USAGE_ALL, LEVEL_SHORTEN,
		{CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,
			CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY},
		0},
	{CKM_KEYDIV_CMAC, "300000", NO_WRAP, LEVEL_BY_TEMPLATE, {0}, 0},
	{CKM_KEYDIV_AN10922, "30000131", NO_WRAP, LEVEL_BY_TEMPLATE, {0}, 0},
	{CKM_KEYDIV_SCP03_KEY, "31000104" CHALLENGES, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP03_KEY, "31000106" CHALLENGES, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP03_KEY, "31000107" CHALLENGES, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_GP_STATIC_KEY, "38000101" CARD "3a000101", 0, LEVEL_SHORTEN, SCP02_CHILDREN, 0},
	{CKM_KEYDIV_GP_STATIC_KEY, "38000102" CARD "3a000103", 0, LEVEL_SHORTEN, SCP02_CHILDREN, 0},
	{CKM_KEYDIV_GP_STATIC_KEY, "38000103" CARD "3a000101", 0, LEVEL_SHORTEN, SCP03_CHILDREN, 0},
	{CKM_KEYDIV_GP_STATIC_KEY, "38000103" CARD "3a000102", 0, LEVEL_SHORTEN, SCP03_CHILDREN, 0},
	{CKM_KEYDIV_GP_STATIC_KEY, "38000103" CARD "3a000103", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP02_KEY, "3b000201823c00020001", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP02_KEY, "3b000201813c00020001", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP02_KEY, "3b000201013c00020001", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SCP02_KEY, "3b000201023c00020001", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_EMV_CARD_KEY, "3400014135000831323334353637383600023031", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_EMV_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}, NO_WRAP},
	{CKM_KEYDIV_EMV_SESSION_KEY, "3700080001000000000000", NO_WRAP, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SDM_SESSION_KEY, "3e000101", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_SDM_SESSION_KEY, "3e000102", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_OSDP_SCBK, "3f00080102030405060708", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_OSDP_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_OSDP_SESSION_KEY, "4b0001014c00080102030405060708", USAGE_CIPHER, LEVEL_LEAF,
		{0}, 0},
	{CKM_KEYDIV_OSDP_SESSION_KEY, "4b0001034c00080102030405060708", USAGE_CIPHER, LEVEL_LEAF,
		{0}, 0},
	{CKM_KEYDIV_OMS_MODE7_KEY, "4d000100" METER, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_OMS_MODE7_KEY, "4d000110" METER, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_OMS_MODE7_KEY, "4d000101" METER, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_OMS_MODE7_KEY, "4d000111" METER, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000101" JOIN_10, NO_WRAP, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000102" JOIN_10, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000101" JOIN_11, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000102" JOIN_11, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000103" JOIN_11, USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, "44000104" JOIN_11, USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "440001054900080102030405060708", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT,
			CKM_KEYDIV_WITH_DERIVED_KEY},
		0},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "440001064900080102030405060708", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT,
			CKM_KEYDIV_WITH_DERIVED_KEY},
		0},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "44000110", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "44000111", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "44000112", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "440001134a000401020304", USAGE_CIPHER, LEVEL_LEAF, {0},
		0},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "440001144a000401020304", NO_WRAP, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, TDES_KSN, 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_TDES_DUKPT_KEY, TDES_KSN "4100021000", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_TDES_DUKPT_KEY, TDES_KSN "4100022000", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_TDES_DUKPT_KEY, TDES_KSN "4100022001", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_TDES_DUKPT_KEY, TDES_KSN "4100023000", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, TDES_KSN "4100023001", USAGE_CIPHER, LEVEL_LEAF, {0},
		0},
	{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, TDES_KSN "4100022001", USAGE_MAC, LEVEL_LEAF, {0},
		0},
	{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, "4000081234567890123456", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100020002", USAGE_WRAPPING, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100021000", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100022000", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100022001", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100022002", USAGE_MAC, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100023000", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100023001", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100023002", USAGE_CIPHER, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY, AES_KSN "4100028000", 0, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, AES_KSN "4100020002", USAGE_WRAPPING, LEVEL_LEAF, {0},
		0},
	{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, AES_KSN "4100028000", 0, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_ODUKPT_INITIAL_KEY, "010001315000020303", 0, LEVEL_SHORTEN,
		{CKM_KEYDIV_ODUKPT_KEY, CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_WITH_DERIVED_KEY}, 0},
	{CKM_KEYDIV_ODUKPT_KEY, "50000203035100080000000000000000", USAGE_ALL, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_ODUKPT_CLIENT, "5000020303", 0, LEVEL_FIXED, {CKM_KEYDIV_ODUKPT_NEXT_KEY}, 0},
	{CKM_KEYDIV_ODUKPT_NEXT_KEY, "", USAGE_ALL, LEVEL_LEAF, {0}, 0},
	{CKM_KEYDIV_HOROWITZ_DK, "60000131", NO_WRAP, LEVEL_BY_TEMPLATE, {0}, 0},
	{CKM_KEYDIV_RFC3961_DK, "60000131", NO_WRAP, LEVEL_BY_TEMPLATE, {0}, 0},
};
#define ROLES (sizeof roles / sizeof roles[0])

/* Check that the default list CHILDREN serves one trade, or none. */
static void check_trade(const CK_MECHANISM_TYPE children[CHILDREN_MAX], const char *name)
{
	enum trade trade = TRADE_NONE;

	for (size_t i = 0; i < CHILDREN_MAX && children[i] != 0; i++) {
		const struct mechanism *child = mechanism_find(children[i]);
		ck_assert_ptr_nonnull(child);
		if (child->operation.with_derived_key)
			continue;
		if (i == 0)
			trade = child->trade;
		ck_assert_msg(child->trade == trade, "%s: %s", name, child->name);
	}
}

static void check(const struct role *role, uint32_t usage, enum level level,
	const CK_MECHANISM_TYPE children[CHILDREN_MAX], uint32_t leaf_by_template, const char *name)
{
	ck_assert_ptr_nonnull(role);
	ck_assert_msg(role->usage == usage, "%s: usage %x", name, role->usage);
	ck_assert_msg(role->level == level, "%s: level %d", name, role->level);
	ck_assert_msg(role->leaf_by_template == leaf_by_template, "%s: leaf_by_template", name);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		ck_assert_msg(role->children[i] == children[i], "%s: child %zu", name, i);
	check_trade(children, name);
}

START_TEST(flat_parameters)
{
	const struct mechanism *mech = mechanism_find(roles[_i].type);
	struct derivation d = {.mechanism = mech};
	struct parameter p;
	uint8_t encoded[64];
	size_t n = strlen(roles[_i].parameter) / 2;

	ck_assert(n <= sizeof encoded && hex_decode(roles[_i].parameter, encoded, n));
	ck_ok(parameter_parse(mech, encoded, n, &p));
	d.parameter = &p;
	check(derive_role(&d), roles[_i].usage, roles[_i].level, roles[_i].children,
		roles[_i].leaf_by_template, mech->name);
}
END_TEST

/* Extraction gives a key for HKDF alone, because HKDF computes an HMAC under that key inside. */
START_TEST(hkdf)
{
	static const CK_MECHANISM_TYPE none[CHILDREN_MAX],
		extracted[CHILDREN_MAX] = {CKM_HKDF_DERIVE};
	const struct mechanism *mech = mechanism_find(CKM_HKDF_DERIVE);
	static uint8_t heap[PARAMETER_MAX];
	_Alignas(16) uint8_t native[NATIVE_MAX];

	for (int steps = 1; steps <= 3; steps++) {
		CK_HKDF_PARAMS params = {(steps & 1) != 0, (steps & 2) != 0, CKM_SHA256,
			CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};
		CK_MECHANISM caller = {CKM_HKDF_DERIVE, &params, sizeof params};
		struct derivation d = {.mechanism = mech, .native = native};
		size_t used = 0;
		ck_ok(mech->parse_native(&caller, native, heap, &used));
		if (steps == 1)
			check(derive_role(&d), 0, LEVEL_FIXED, extracted, 0, "extract");
		else
			check(derive_role(&d), NO_WRAP, LEVEL_BY_TEMPLATE, none, 0, "expand");
	}
}
END_TEST

/* Mechanisms with a struct of PKCS#11 as parameter, whose role does not depend on it. */
START_TEST(native_parameters)
{
	static const CK_MECHANISM_TYPE none[CHILDREN_MAX];
	static const CK_MECHANISM_TYPE leaves[] = {CKM_SP800_108_COUNTER_KDF,
		CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF,
		CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA,
		CKM_DES3_CBC_ENCRYPT_DATA};
	struct derivation d = {.mechanism = mechanism_find(CKM_HKDF_DATA)};

	check(derive_role(&d), 0, LEVEL_LEAF, none, 0, "HKDF_DATA");
	for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
		d.mechanism = mechanism_find(leaves[i]);
		check(derive_role(&d), NO_WRAP, LEVEL_BY_TEMPLATE, none, 0, d.mechanism->name);
	}
}
END_TEST

/* No mechanism that derives is missing from the tests above. */
START_TEST(complete)
{
	unsigned with_fields = 0, native = 0;

	for (size_t m = 0; m < mechanism_count; m++) {
		bool listed = false;
		if (!(mechanisms[m]->info.flags & CKF_DERIVE) || mechanisms[m]->form == FORM_FLAT)
			continue; /* the role of a flat form is that of the standard mechanism */
		native += mechanisms[m]->parse_native != NULL;
		for (size_t i = 0; i < ROLES; i++)
			listed |= roles[i].type == mechanisms[m]->type;
		with_fields += listed;
		ck_assert_msg(listed || mechanisms[m]->parse_native, "%s", mechanisms[m]->name);
	}
	ck_assert_uint_eq(native, 9);
	ck_assert_uint_eq(with_fields, 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("role");
	TCase *tc = tcase_create("role");

	tcase_add_loop_test(tc, flat_parameters, 0, ROLES);
	tcase_add_test(tc, hkdf);
	tcase_add_test(tc, native_parameters);
	tcase_add_test(tc, complete);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
