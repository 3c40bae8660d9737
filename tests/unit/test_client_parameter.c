/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_parameter.c: structs of PKCS#11 as fields, templates in templates, and mechanisms in
 * the forms that the releases of p11-kit read.
 */
#include <check.h>

#include "client/flat_template.h"
#include "client/mechanism_form.h"
#include "time_limit.h"

static struct connection c = {.transport = {.fd = -1}};
static uint8_t iv[12] = "twelve bytes", aad[3] = "aad";

/* The bytes of W are those of the hexadecimal string TEXT. */
static void has(const struct wire *w, const char *text)
{
	char hex[1024];

	ck_assert(!w->failed && 2 * w->n < sizeof hex);
	hex_encode(w->p, w->n, hex);
	ck_assert_str_eq(hex, text);
}

static bool flat(flatten *f, const void *p, CK_ULONG n)
{
	CK_MECHANISM m = {0, (void *)(uintptr_t)p, n};

	wire_clear(&c.out);
	return f(&c.out, &m);
}

START_TEST(gcm)
{
	CK_GCM_PARAMS p = {iv, 12, 96, aad, 3, 96};
	struct {
		CK_BYTE_PTR iv;
		CK_ULONG iv_len;
		CK_BYTE_PTR aad;
		CK_ULONG aad_len, tag_bits;
	} old = {iv, 12, aad, 3, 96};
	const char *expected = "72000c7477656c7665206279746573"
			       "730003616164"
			       "7400010c";

	ck_assert(flat(flatten_gcm, &p, sizeof p));
	has(&c.out, expected);
	ck_assert(flat(flatten_gcm, &old, sizeof old));
	has(&c.out, expected);
	ck_assert(!flat(flatten_gcm, &p, sizeof p - 1));
	ck_assert(!flat(flatten_gcm, NULL, sizeof p));
	p.ulTagBits = 97;
	ck_assert(!flat(flatten_gcm, &p, sizeof p));
	p = (CK_GCM_PARAMS){NULL, 12, 96, aad, 3, 96};
	ck_assert(!flat(flatten_gcm, &p, sizeof p));
	p = (CK_GCM_PARAMS){iv, (CK_ULONG)-1, 96, aad, 3, 96};
	ck_assert(!flat(flatten_gcm, &p, sizeof p));
}
END_TEST

START_TEST(derivations)
{
	CK_HKDF_PARAMS hkdf = {CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, aad, 3, 0, iv, 2};
	CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {
		CKZ_SALT_SPECIFIED, aad, 3, 1000, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, NULL, 0};
	CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = {{1}, aad, 3};

	ck_assert(flat(flatten_hkdf, &hkdf, sizeof hkdf));
	has(&c.out, "78000400000250"
		    "79000103"
		    "7a0003616164"
		    "7b00027477");
	hkdf.ulSaltType = CKF_HKDF_SALT_KEY; /* a handle has no flat form */
	ck_assert(!flat(flatten_hkdf, &hkdf, sizeof hkdf));
	hkdf.bExtract = CK_FALSE;
	ck_assert(flat(flatten_hkdf, &hkdf, sizeof hkdf));
	has(&c.out, "78000400000250"
		    "79000102"
		    "7b00027477");
	ck_assert(flat(flatten_pbkdf2, &pbkdf2, sizeof pbkdf2));
	has(&c.out, "610000"
		    "78000400000250"
		    "7a0003616164"
		    "7c000800000000000003e8");
	ck_assert(flat(flatten_aes_cbc_data, &cbc, sizeof cbc));
	has(&c.out, "300003616164"
		    "72001001000000000000000000000000000000");
}
END_TEST

START_TEST(sp800_108)
{
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 16};
	CK_SP800_108_DKM_LENGTH_FORMAT length = {
		CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, CK_FALSE, 32};
	CK_PRF_DATA_PARAM list[] = {{CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter},
		{CK_SP800_108_BYTE_ARRAY, aad, 3},
		{CK_SP800_108_DKM_LENGTH, &length, sizeof length}};
	CK_SP800_108_KDF_PARAMS p = {CKM_AES_CMAC, 3, list, 0, NULL};
	CK_DERIVED_KEY more = {NULL, 0, NULL};

	ck_assert(flat(flatten_sp800_counter, &p, sizeof p));
	has(&c.out, "7800040000108a"
		    "7d000f"
		    "01000110"
		    "040003616164"
		    "0300020220");
	p.ulAdditionalDerivedKeys = 1;
	p.pAdditionalDerivedKeys = &more;
	ck_assert(!flat(flatten_sp800_counter, &p, sizeof p));
	p.ulAdditionalDerivedKeys = 0;
	counter.bLittleEndian = CK_TRUE;
	ck_assert(!flat(flatten_sp800_counter, &p, sizeof p));
}
END_TEST

START_TEST(templates_in_templates)
{
	CK_ULONG number = 4;
	uint8_t text[8];
	CK_ATTRIBUTE derive[] = {{CKA_LABEL, aad, 3}};
	CK_ATTRIBUTE inner[] = {
		{CKA_CLASS, &number, sizeof number}, {CKA_DERIVE_TEMPLATE, derive, sizeof derive}};
	CK_ATTRIBUTE outer = {CKA_UNWRAP_TEMPLATE, inner, sizeof inner};
	CK_ATTRIBUTE back_derive[] = {{0, text, sizeof text}};
	CK_ATTRIBUTE back_inner[] = {{0, NULL, 0}, {0, back_derive, sizeof back_derive}};
	CK_ATTRIBUTE back = {CKA_UNWRAP_TEMPLATE, back_inner, sizeof back_inner};
	bool valid;

	wire_clear(&c.out);
	ck_assert(flat_template_write(&c.out, &outer));
	has(&c.out, "00000000"
		    "00000008"
		    "0400000000000000"
		    "40000213"
		    "0000000b"
		    "00000003"
		    "00000003"
		    "616164");
	ck_assert_uint_eq(flat_template_read(&back, bytes_of(c.out.p, c.out.n), &valid), CKR_OK);
	ck_assert(valid && back.ulValueLen == sizeof back_inner);
	ck_assert(back_inner[0].type == CKA_CLASS && back_inner[0].ulValueLen == sizeof number);
	ck_assert(back_derive[0].type == CKA_LABEL && back_derive[0].ulValueLen == 3);
	ck_assert_mem_eq(text, "aad", 3);
	for (size_t n = 1; n < c.out.n; n++) { /* cut short */
		CK_RV rv = flat_template_read(&back, bytes_of(c.out.p, n), &valid);
		ck_assert(!valid || rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL);
		back.ulValueLen = sizeof back_inner;
		back_inner[1] = (CK_ATTRIBUTE){0, back_derive, sizeof back_derive};
		back_derive[0] = (CK_ATTRIBUTE){0, text, sizeof text};
	}
	outer.ulValueLen--;
	ck_assert(!flat_template_write(&c.out, &outer));
}
END_TEST

/* Write the mechanism M as a server of DIALECT reads it. */
static CK_RV form(enum dialect dialect, CK_MECHANISM_TYPE type, void *p, CK_ULONG n)
{
	CK_MECHANISM m = {type, p, n};

	wire_clear(&c.out);
	c.dialect = dialect;
	return mechanism_write(&c, &m);
}

START_TEST(mechanisms)
{
	CK_ULONG eight = 8;
	uint8_t block[16] = {0xaa};

	ck_assert(form(DIALECT_0_24, CKM_AES_ECB, NULL, 0) == CKR_OK);
	has(&c.out, "00001081"
		    "ffffffff");
	ck_assert(form(DIALECT_0_25_6, CKM_AES_ECB, NULL, 0) == CKR_OK);
	has(&c.out, "00001081");
	ck_assert(form(DIALECT_0_25_6, CKM_AES_ECB, block, 16) == CKR_MECHANISM_PARAM_INVALID);
	ck_assert(form(DIALECT_0_25, CKM_AES_CBC, block, 16) == CKR_OK);
	has(&c.out, "00001082"
		    "00000010"
		    "aa000000000000000000000000000000");
	ck_assert(form(DIALECT_0_25_6, CKM_AES_CBC, block, 15) == CKR_OK); /* absent */
	has(&c.out, "00001082"
		    "00");
	ck_assert(form(DIALECT_0_25, CKM_AES_CBC, block, 15) == CKR_MECHANISM_PARAM_INVALID);
	ck_assert(form(DIALECT_0_24, CKM_AES_CMAC_GENERAL, &eight, 8) == CKR_OK);
	has(&c.out, "0000108b"
		    "00000008"
		    "0800000000000000");
	ck_assert(form(DIALECT_0_25_6, CKM_AES_CMAC_GENERAL, &eight, 8) == CKR_OK);
	has(&c.out, "0000108b"
		    "01"
		    "0000000000000008");
	ck_assert(form(DIALECT_0_25_6, CKM_AES_GMAC, iv, 12) == CKR_OK);
	has(&c.out, "8b44908e"
		    "01"
		    "0000000f"
		    "72000c7477656c7665206279746573");
	ck_assert(form(DIALECT_0_24, CKM_AES_GMAC, iv, 11) == CKR_OK);
	has(&c.out, "8b44908e"
		    "ffffffff");
	/* A mechanism of another vendor, or of RSA, is an unknown one. */
	ck_assert(form(DIALECT_0_25_6, CKM_RSA_PKCS, NULL, 0) == CKR_OK);
	has(&c.out, "fffffffd"
		    "00");
	ck_assert(form(DIALECT_0_25_6, 0x80010001, NULL, 0) == CKR_OK);
	has(&c.out, "fffffffd"
		    "00");
	wire_clear(&c.out);
	ck_assert(mechanism_write(&c, NULL) == CKR_OK);
	has(&c.out, "ffffffff");
	c.dialect = DIALECT_0_24;
	ck_assert(mechanism_write(&c, NULL) == CKR_ARGUMENTS_BAD);
}
END_TEST

/* Each part of a parameter that has no flat form, in turn. */
START_TEST(wrong_parameters)
{
	CK_CCM_PARAMS ccm = {5, iv, 12, aad, 3, 8};
	CK_GCM_PARAMS gmac = {iv, 12, 96, NULL, 0, 128};
	CK_KEY_DERIVATION_STRING_DATA ecb = {aad, 3};
	CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = {{1}, NULL, 3};
	CK_DES_CBC_ENCRYPT_DATA_PARAMS des = {{1}, NULL, 3};

	ck_assert(flat(flatten_ccm, &ccm, sizeof ccm) && !flat(flatten_ccm, &ccm, 1));
	ccm.ulMACLen = 256;
	ck_assert(!flat(flatten_ccm, &ccm, sizeof ccm));
	ccm = (CK_CCM_PARAMS){5, iv, 12, NULL, 3, 8};
	ck_assert(!flat(flatten_ccm, &ccm, sizeof ccm));
	ccm = (CK_CCM_PARAMS){5, NULL, 12, aad, 3, 8};
	ck_assert(!flat(flatten_ccm, &ccm, sizeof ccm));
	ck_assert(flat(flatten_gmac, &gmac, sizeof gmac) && !flat(flatten_gmac, &gmac, 11));
	ck_assert(!flat(flatten_gmac, NULL, 12));
	gmac.ulTagBits = 120;
	ck_assert(!flat(flatten_gmac, &gmac, sizeof gmac));
	gmac = (CK_GCM_PARAMS){iv, 12, 96, aad, 3, 128};
	ck_assert(!flat(flatten_gmac, &gmac, sizeof gmac));
	gmac = (CK_GCM_PARAMS){NULL, 12, 96, NULL, 0, 128};
	ck_assert(!flat(flatten_gmac, &gmac, sizeof gmac));
	ck_assert(flat(flatten_ecb_data, &ecb, sizeof ecb) && !flat(flatten_ecb_data, &ecb, 1));
	ecb.pData = NULL;
	ck_assert(!flat(flatten_ecb_data, &ecb, sizeof ecb));
	ck_assert(!flat(flatten_aes_cbc_data, &cbc, sizeof cbc));
	ck_assert(!flat(flatten_aes_cbc_data, &cbc, 1) && !flat(flatten_des3_cbc_data, &des, 1));
	ck_assert(!flat(flatten_des3_cbc_data, &des, sizeof des));
}
END_TEST

START_TEST(wrong_derivations)
{
	const CK_HKDF_PARAMS hkdf = {
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, aad, 3, 0, iv, 2};
	const CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {
		CKZ_SALT_SPECIFIED, aad, 3, 1000, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, NULL, 0};
	CK_HKDF_PARAMS h = hkdf;
	CK_PKCS5_PBKD2_PARAMS2 p = pbkdf2;

	ck_assert(!flat(flatten_hkdf, &h, 1));
	h.bExtract = 2;
	ck_assert(!flat(flatten_hkdf, &h, sizeof h));
	h = hkdf;
	h.bExpand = 2;
	ck_assert(!flat(flatten_hkdf, &h, sizeof h));
	h = hkdf;
	h.prfHashMechanism = (CK_ULONG)UINT32_MAX + 1;
	ck_assert(!flat(flatten_hkdf, &h, sizeof h));
	h = hkdf;
	h.pSalt = NULL;
	ck_assert(!flat(flatten_hkdf, &h, sizeof h));
	h = hkdf;
	h.pInfo = NULL;
	ck_assert(!flat(flatten_hkdf, &h, sizeof h));
	h.ulSaltType = CKF_HKDF_SALT_NULL;
	h.ulInfoLen = 0;
	ck_assert(flat(flatten_hkdf, &h, sizeof h));
	ck_assert(!flat(flatten_pbkdf2, &p, 1));
	p.saltSource = 99;
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
	p = pbkdf2;
	p.pPrfData = iv;
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
	p = pbkdf2;
	p.ulPrfDataLen = 1;
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
	p = pbkdf2;
	p.ulPasswordLen = 1; /* NULL has a length */
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
	p = pbkdf2;
	p.prf = 99;
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
	p = pbkdf2;
	p.pSaltSourceData = NULL;
	ck_assert(!flat(flatten_pbkdf2, &p, sizeof p));
}
END_TEST

/* SP 800-108 with the COUNT items at LIST. */
static bool kdf(CK_PRF_DATA_PARAM *list, CK_ULONG count)
{
	CK_SP800_108_KDF_PARAMS p = {CKM_AES_CMAC, count, list, 0, NULL};

	return flat(flatten_sp800_counter, &p, sizeof p);
}

static bool kdf_item(CK_PRF_DATA_TYPE type, const void *value, CK_ULONG n)
{
	CK_PRF_DATA_PARAM item = {type, (void *)(uintptr_t)value, n};

	return kdf(&item, 1);
}

START_TEST(wrong_sp800_108)
{
	static uint8_t large[4097];
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
	CK_SP800_108_DKM_LENGTH_FORMAT length = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};
	CK_PRF_DATA_PARAM items[2] = {
		{CK_SP800_108_BYTE_ARRAY, large, 4000}, {CK_SP800_108_BYTE_ARRAY, large, 91}};
	CK_SP800_108_FEEDBACK_KDF_PARAMS feedback = {CKM_AES_CMAC, 1, items, 16, NULL, 0, NULL};
	CK_SP800_108_KDF_PARAMS plain = {CKM_AES_CMAC, 1, items, 1, NULL};

	ck_assert(kdf_item(CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter));
	ck_assert(!kdf_item(CK_SP800_108_ITERATION_VARIABLE, &counter, 1));
	ck_assert(!kdf_item(CK_SP800_108_ITERATION_VARIABLE, NULL, sizeof counter));
	counter.ulWidthInBits = 256;
	ck_assert(!kdf_item(CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter));
	counter = (CK_SP800_108_COUNTER_FORMAT){CK_TRUE, 32};
	ck_assert(!kdf_item(CK_SP800_108_OPTIONAL_COUNTER, &counter, sizeof counter));
	ck_assert(kdf_item(CK_SP800_108_DKM_LENGTH, &length, sizeof length));
	ck_assert(!kdf_item(CK_SP800_108_DKM_LENGTH, &length, 1));
	length.bLittleEndian = CK_TRUE;
	ck_assert(!kdf_item(CK_SP800_108_DKM_LENGTH, &length, sizeof length));
	length = (CK_SP800_108_DKM_LENGTH_FORMAT){256, CK_FALSE, 32};
	ck_assert(!kdf_item(CK_SP800_108_DKM_LENGTH, &length, sizeof length));
	length = (CK_SP800_108_DKM_LENGTH_FORMAT){1, CK_FALSE, 256};
	ck_assert(!kdf_item(CK_SP800_108_DKM_LENGTH, &length, sizeof length));
	ck_assert(!kdf_item(CK_SP800_108_BYTE_ARRAY, NULL, 1));
	ck_assert(!kdf_item(CK_SP800_108_BYTE_ARRAY, large, sizeof large));
	ck_assert(!kdf_item(CK_SP800_108_KEY_HANDLE, large, 8));
	ck_assert(!kdf_item(256, large, 1));
	ck_assert(!kdf(items, 2)); /* one byte too long together */
	ck_assert(!kdf(NULL, 1) && !kdf(items, 65));
	ck_assert(!flat(flatten_sp800_pipeline, &plain, sizeof plain)); /* another key */
	ck_assert(!flat(flatten_sp800_counter, &plain, 1));
	items[0] = (CK_PRF_DATA_PARAM){CK_SP800_108_ITERATION_VARIABLE, large, 0};
	plain.ulAdditionalDerivedKeys = 0;
	ck_assert(!flat(flatten_sp800_pipeline, &plain, sizeof plain));
	items[0].pValue = NULL;
	ck_assert(flat(flatten_sp800_pipeline, &plain, sizeof plain));
	ck_assert(!flat(flatten_sp800_feedback, &feedback, sizeof feedback)); /* no IV at NULL */
	ck_assert(!flat(flatten_sp800_feedback, &feedback, 1));
	feedback.ulIVLen = 0;
	ck_assert(flat(flatten_sp800_feedback, &feedback, sizeof feedback));
	feedback.ulAdditionalDerivedKeys = 1;
	ck_assert(!flat(flatten_sp800_feedback, &feedback, sizeof feedback));
	plain.prfType = feedback.prfType = (CK_ULONG)UINT32_MAX + 1;
	ck_assert(!flat(flatten_sp800_pipeline, &plain, sizeof plain));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client parameters");
	TCase *tc = tcase_create("parameters");

	tcase_add_test(tc, gcm);
	tcase_add_test(tc, derivations);
	tcase_add_test(tc, sp800_108);
	tcase_add_test(tc, wrong_parameters);
	tcase_add_test(tc, wrong_derivations);
	tcase_add_test(tc, wrong_sp800_108);
	tcase_add_test(tc, templates_in_templates);
	tcase_add_test(tc, mechanisms);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
