/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_null.c: NULL pointers, absurd counts and nested templates give a code; never a
 * signal, never exit().
 */
#include <sys/mman.h>

#include "functions.h"

static CK_OBJECT_HANDLE key;

static void keys(void)
{
	user();
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
}

/* Functions that end the module or wait, or would lose the session under test. */
static bool left_out(const char *name)
{
	static const char *const names[] = {"C_Initialize", "C_Finalize", "C_WaitForSlotEvent",
		"C_CloseSession", "C_CloseAllSessions", "C_InitToken", "C_Logout", "C_Login",
		"C_LoginUser", "C_SetPIN", "C_InitPIN"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void begin_everything(void)
{
	static uint8_t iv[16];
	CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};

	f->C_EncryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key);
	f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key);
	f->C_DigestInit(s, MECH(CKM_SHA256));
	f->C_SignInit(s, MECH(CKM_AES_CMAC), key);
	f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key);
	f->C_FindObjectsInit(s, NULL, 0);
	f3->C_MessageEncryptInit(s, MECH_P(CKM_AES_GCM, &gcm, sizeof gcm), key);
	f3->C_MessageDecryptInit(s, MECH_P(CKM_AES_GCM, &gcm, sizeof gcm), key);
}

START_TEST(nulls_in_every_function)
{
	/* Every function, every argument behind the session NULL or (as a number) absurd. */
	static const CK_ULONG numbers[] = {
		0, 1, 16, 1UL << 31, (CK_ULONG)-1, (CK_ULONG)-1 / sizeof(CK_ATTRIBUTE), 1UL << 60};
	size_t i, j;

	for (i = 0; i < FUNCTION_COUNT; i++) {
		if (left_out(functions[i].name))
			continue;
		for (j = 0; j < sizeof numbers / sizeof *numbers; j++) {
			CK_ULONG a[10] = {functions[i].arguments[0] == 's' ? s : 0};
			size_t k, count = strlen(functions[i].arguments);

			/*
			 * pointers cannot be told from numbers here: only NULL and numbers that no
			 * function reads through
			 */
			for (k = 1; k < count; k++)
				a[k] = 0;
			begin_everything();
			call(i, a);
			if (count >= 3 && numbers[j] != 0) {
				/*
				 * (session, NULL, number): most functions with a first
				 * array or buffer
				 */
				static const char *const arrays[] = {"C_CreateObject",
					"C_FindObjectsInit", "C_GenerateRandom", "C_SeedRandom",
					"C_DigestUpdate", "C_SignUpdate", "C_VerifyUpdate",
					"C_VerifyFinal", "C_FindObjects"};
				size_t n;

				for (n = 0; n < sizeof arrays / sizeof *arrays; n++)
					if (strcmp(functions[i].name, arrays[n]) == 0) {
						a[2] = numbers[j];
						begin_everything();
						call(i, a);
					}
			}
		}
	}
	holds(get_ulong(key, CKA_KEY_TYPE) == CKK_AES); /* all is well afterwards */
}
END_TEST

START_TEST(absurd_attribute_counts)
{
	CK_OBJECT_HANDLE made;
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);
	static const CK_ULONG counts[] = {
		1, 1UL << 31, 1UL << 60, (CK_ULONG)-1, (CK_ULONG)-1 / 24, (CK_ULONG)-1 / 24 + 1};
	CK_ATTRIBUTE *edge;
	uint8_t *pages =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	ck_assert(pages != MAP_FAILED && mprotect(pages + 4096, 4096, PROT_NONE) == 0);
	edge = (CK_ATTRIBUTE *)(void
			*)(pages + 4096 -
			   sizeof(CK_ATTRIBUTE)); /* one attribute, then nothing readable */
	*edge = (CK_ATTRIBUTE){CKA_LABEL, pages, 4};
	for (i = 0; i < sizeof counts / sizeof *counts; i++) {
		CK_ULONG n = counts[i];

		if (n > 1) { /* counts no template has */
			gives(CKR_ARGUMENTS_BAD, f->C_CreateObject(s, edge, n, &made));
			gives(CKR_ARGUMENTS_BAD, f->C_CopyObject(s, key, edge, n, &made));
			gives(CKR_ARGUMENTS_BAD, f->C_SetAttributeValue(s, key, edge, n));
			gives(CKR_ARGUMENTS_BAD, f->C_FindObjectsInit(other, edge, n));
			gives(CKR_ARGUMENTS_BAD,
				f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), edge, n, &made));
			gives(CKR_ARGUMENTS_BAD, derive_device(open_master(), edge, n, &made));
		}
		gives(CKR_ARGUMENTS_BAD, f->C_CreateObject(s, NULL, n, &made));
		gives(CKR_ARGUMENTS_BAD, f->C_GenerateRandom(s, NULL, n));
		gives(CKR_ARGUMENTS_BAD, f->C_GetAttributeValue(s, key, NULL, n));
	}
	holds(get_ulong(key, CKA_KEY_TYPE) == CKK_AES);
}
END_TEST

START_TEST(nested_templates)
{
	/* A template in a template in a template, 200 000 deep; and one that holds itself. */
	enum { DEEP = 200000 };
	static CK_ATTRIBUTE deep[DEEP];
	CK_ATTRIBUTE self = {CKA_DERIVE_TEMPLATE, NULL, sizeof self},
		     t[4] = {KEY(CKK_AES), RAW(CKA_VALUE, mk, 16)};
	CK_OBJECT_HANDLE made = 0xABCD;
	CK_RV rv;
	int i;

	for (i = 0; i < DEEP; i++)
		deep[i] = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, i + 1 < DEEP ? &deep[i + 1] : NULL,
			i + 1 < DEEP ? sizeof *deep : 0};
	self.pValue = &self;
	t[3] = deep[0];
	rv = f->C_CreateObject(s, t, 4, &made);
	gives_either(CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, rv);
	t[3] = self;
	rv = f->C_CreateObject(s, t, 4, &made);
	gives_either(CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, rv);
	holds(f->C_SetAttributeValue(s, key, deep, 1) != CKR_OK);
	holds(f->C_CopyObject(s, key, &self, 1, &made) != CKR_OK);
	holds(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), self), &made) != CKR_OK);
	holds(derive_device(open_master(), deep, 1, &made) != CKR_OK);
	holds(made == 0xABCD);
	f->C_FindObjectsInit(s, deep, 1);
	f->C_FindObjectsFinal(s);
	f->C_GetAttributeValue(s, key, deep, 1);
	f->C_GetAttributeValue(s, key, &self, 1);
}
END_TEST

static uint64_t state = 0x9E3779B97F4A7C15ULL;

static unsigned pick(unsigned below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % below;
}

static uint8_t pool[4][65536];
static CK_ULONG lengths[10];
static CK_MECHANISM mechanism;
static CK_ATTRIBUTE attributes[10][4];

static CK_ULONG random_mechanism(void)
{
	static const CK_MECHANISM_TYPE some[] = {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD,
		CKM_AES_CMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP,
		CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_DATA_KEY, CKM_GENERIC_SECRET_KEY_GEN,
		CKM_RSA_PKCS};
	static const CK_ULONG sizes[] = {0, 1, 8, 16, 17, 64};

	mechanism = (CK_MECHANISM){some[pick(12)], pick(3) ? pool[3] : NULL, sizes[pick(6)]};
	return (CK_ULONG)(uintptr_t)&mechanism;
}

static CK_ULONG random_template(CK_ATTRIBUTE *t)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE, CKA_VALUE_LEN,
		CKA_LABEL, CKA_SENSITIVE, CKA_DERIVE, CKA_ENCRYPT, CKA_ID, CKA_CHECK_VALUE,
		CKA_START_DATE, CKA_PRIVATE, CKA_ALLOWED_MECHANISMS, 0x12345};
	static const CK_ULONG sizes[] = {0, 1, 8, 8, 16, 24};
	int i;

	for (i = 0; i < 4; i++)
		t[i] = (CK_ATTRIBUTE){
			types[pick(14)], pick(6) ? pool[pick(3)] : NULL, sizes[pick(6)]};
	return (CK_ULONG)(uintptr_t)t;
}

static CK_ULONG random_argument(char kind, size_t k)
{
	static const CK_ULONG numbers[] = {0, 1, 2, 3, 4, 4, 4};

	switch (kind) {
	case 's':
		return pick(16) ? s : pick(3);
	case 'o':
		return pick(3) ? key : pick(100);
	case 'm':
		return pick(8) ? random_mechanism() : 0;
	case 'a':
		return pick(8) ? random_template(attributes[k]) : 0;
	case 'l':
		lengths[k] = pick(3) ? pick(200) : 0;
		return pick(8) ? (CK_ULONG)(uintptr_t)&lengths[k] : 0;
	case 'p':
		memset(pool[3], (int)pick(256),
			64); /* no pointers in it that anybody could follow */
		return pick(5) ? (CK_ULONG)(uintptr_t)pool[pick(3)] : 0;
	case 'n':
		return numbers[pick(7)];
	}
	return 0;
}

START_TEST(random_calls)
{
	/*
	 * Any function in any order, with handles, templates, mechanisms and lengths that are
	 * right, wrong or missing.
	 */
	int round;

	for (round = 0; round < 40000; round++) {
		size_t i = pick(FUNCTION_COUNT), k;
		CK_ULONG a[10] = {0};

		if (left_out(functions[i].name))
			continue;
		for (k = 0; k < strlen(functions[i].arguments); k++)
			a[k] = random_argument(functions[i].arguments[k], k);
		/* pool[0..2] are also output buffers, so their structs hold no addresses. */
		memset(pool[0], 0, 64);
		memset(pool[1], 0, 64);
		memset(pool[2], 0, 64);
		call(i, a);
	}
	s = open_session(CKF_RW_SESSION);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)))));
}
END_TEST

START_TEST(wrong_pins_and_labels)
{
	gives(CKR_ARGUMENTS_BAD, f->C_SetPIN(s, NULL, (CK_ULONG)-1, NULL, (CK_ULONG)-1));
	holds(f->C_SetPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4, NULL, 0) != CKR_OK);
	ok(f->C_Logout(s));
	gives(CKR_ARGUMENTS_BAD, f->C_Login(s, CKU_USER, NULL, (CK_ULONG)-1));
	holds(f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, (CK_ULONG)-1) != CKR_OK);
	holds(f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 1UL << 31) != CKR_OK);
	ok(f->C_CloseAllSessions(slot));
	gives(CKR_ARGUMENTS_BAD, f->C_InitToken(slot, NULL, (CK_ULONG)-1, NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("null");
	TCase *tc = add_case(suite, "null", keys);

	tcase_add_test(tc, nulls_in_every_function);
	tcase_add_test(tc, absurd_attribute_counts);
	tcase_add_test(tc, nested_templates);
	tcase_add_test(tc, random_calls);
	tcase_add_test(tc, wrong_pins_and_labels);
	return run(suite);
}
