/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flat_pointers.c: with parameters = flat the module follows no address in a parameter or in
 * the value of an attribute. Every address is one of a page that cannot be read, in every position,
 * for every mechanism and function. A read or write of that page ends the test.
 */
#include <sys/mman.h>

#include "mechanism_table.h"
#include "parameter_calls.h"

#define PAGE 65536

static struct parameter_calls calls;
static uint8_t *page;
static CK_MECHANISM_TYPE numbers[512];
static CK_ULONG numbers_n;

static void flat_user(void)
{
	static const CK_MECHANISM_TYPE hidden[] = {CKM_HKDF_DERIVE, CKM_HKDF_DATA,
		CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF,
		CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_AES_ECB_ENCRYPT_DATA,
		CKM_AES_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA,
		CKM_PKCS5_PBKD2, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_GMAC};

	load();
	write_conf("parameters = flat\n");
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	calls = (struct parameter_calls){.f = f, .f3 = f3, .session = s};
	ok(parameter_calls_keys(&calls));
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(page != MAP_FAILED);
	numbers_n = 512;
	ok(f->C_GetMechanismList(slot, numbers, &numbers_n));
	memcpy(numbers + numbers_n, hidden, sizeof hidden);
	numbers_n += sizeof hidden / sizeof *hidden;
}

/* Call with a copy of exactly N bytes, so that a sanitizer detects a read of one byte more. */
static unsigned run_exact(CK_MECHANISM_TYPE number, const void *p, CK_ULONG n)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, p, n);
	unsigned count = parameter_calls_run(&calls, number, exact, n);
	free(exact);
	return count;
}

/* Structs of 1 to 12 words, with the address in one position or in all, and numbers elsewhere. */
START_TEST(structs)
{
	static const CK_ULONG others[] = {0, 16, 128, CKM_SHA256, 1};
	CK_ULONG words[12];

	for (CK_ULONG m = 0; m < numbers_n; m++)
		for (size_t n = 1; n <= 12; n++)
			for (size_t at = 0; at <= n; at++) {
				for (size_t i = 0; i < n; i++)
					words[i] = i == at || at == n ? (CK_ULONG)(uintptr_t)page
								      : others[(m + i) % 5];
				run_exact(numbers[m], words, n * sizeof words[0]);
			}
}
END_TEST

/* The parameter that works, with the address over the bytes of every position. */
START_TEST(fields)
{
	unsigned worked = 0;

	for (size_t e = 0; e < example_count; e++) {
		uint8_t bytes[256];
		CK_ULONG n = examples[e].parameter_length;
		CK_MECHANISM_INFO info;
		if (n == 0 || n > sizeof bytes - sizeof page ||
			f->C_GetMechanismInfo(slot, examples[e].type, &info) != CKR_OK)
			continue;
		worked += run_exact(examples[e].type, examples[e].parameter, n) > 0;
		for (CK_ULONG at = 0; at <= n; at++) {
			memcpy(bytes, examples[e].parameter, n);
			memcpy(bytes + at, &page, sizeof page);
			run_exact(examples[e].type, bytes, n);
			run_exact(examples[e].type, bytes, at + sizeof page);
		}
	}
	holds(worked > 20);
}
END_TEST

/* Arrays of attributes with the address in every position, and flat templates with the address. */
START_TEST(templates)
{
	static const CK_ULONG others[] = {CKA_ENCRYPT, 1, CKA_DERIVE_TEMPLATE, 24, CKA_LABEL, 8};
	CK_ULONG words[12];
	uint8_t flat[40] = {0, 0, 1, 4, 0, 0, 0, 1, 1, 0, 0, 0, 3, 0, 0, 0, 8};

	for (size_t n = 0; n <= 12; n++)
		for (size_t at = 0; at <= n; at++)
			for (size_t shift = 0; shift < 6; shift++) {
				for (size_t i = 0; i < n; i++)
					words[i] = i == at || at == n ? (CK_ULONG)(uintptr_t)page
								      : others[(i + shift) % 6];
				template_calls_run(&calls, words, n * sizeof words[0]);
			}
	for (size_t at = 0; at + sizeof page <= 25; at++) {
		uint8_t bytes[40];
		memcpy(bytes, flat, sizeof bytes);
		memcpy(bytes + at, &page, sizeof page);
		template_calls_run(&calls, bytes, 25);
	}
	holds(template_calls_run(&calls, flat, 25) > 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flat_pointers");
	TCase *tc = add_case(suite, "pointers", flat_user);

	tcase_add_test(tc, structs);
	tcase_add_test(tc, fields);
	tcase_add_test(tc, templates);
	return run(suite);
}
