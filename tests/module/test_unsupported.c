/* SPDX-License-Identifier: Apache-2.0 */
/* test_unsupported.c: what a symmetric token does not do says so, and nothing more. */
#include "functions.h"

START_TEST(functions_that_are_not_supported)
{
	static const char *const names[] = {"C_SignRecoverInit", "C_SignRecover",
		"C_VerifyRecoverInit", "C_VerifyRecover", "C_DigestEncryptUpdate",
		"C_DecryptDigestUpdate", "C_SignEncryptUpdate", "C_DecryptVerifyUpdate",
		"C_SignMessageBegin", "C_SignMessageNext", "C_VerifyMessageBegin",
		"C_VerifyMessageNext"};
	CK_ULONG a[10] = {s};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (!gives(CKR_FUNCTION_NOT_SUPPORTED, call(function_index(names[i]), a)))
			expect_true(false, names[i], __FILE__, __LINE__);
	gives_either(CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID,
		f->C_GenerateKeyPair(s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), NOTHING, NOTHING,
			&(CK_OBJECT_HANDLE){0}, &(CK_OBJECT_HANDLE){0}));
}
END_TEST

START_TEST(legacy_functions)
{
	static const CK_SESSION_HANDLE none[] = {0, 12345, (CK_SESSION_HANDLE)-1};
	size_t i;

	gives(CKR_FUNCTION_NOT_PARALLEL, f->C_GetFunctionStatus(s));
	gives(CKR_FUNCTION_NOT_PARALLEL, f->C_CancelFunction(s));
	for (i = 0; i < 3; i++) {
		gives(CKR_FUNCTION_NOT_PARALLEL, f->C_GetFunctionStatus(none[i]));
		gives(CKR_FUNCTION_NOT_PARALLEL, f->C_CancelFunction(none[i]));
	}
}
END_TEST

START_TEST(nothing_in_the_lists_is_null)
{
	size_t i;

	for (i = 0; i < FUNCTION_COUNT; i++) {
		void *function;

		memcpy(&function, (const char *)f3 + functions[i].offset, sizeof function);
		holds(function != NULL);
		if (i < FUNCTIONS_OF_2_40) {
			memcpy(&function,
				(const char *)f + offsetof(CK_FUNCTION_LIST, C_Initialize) +
					i * sizeof function,
				sizeof function);
			holds(function != NULL);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unsupported");
	TCase *tc = add_case(suite, "unsupported", session);

	tcase_add_test(tc, functions_that_are_not_supported);
	tcase_add_test(tc, legacy_functions);
	tcase_add_test(tc, nothing_in_the_lists_is_null);
	return run(suite);
}
