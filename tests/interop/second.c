/* SPDX-License-Identifier: Apache-2.0 */
/* second.c: loads SoftHSM2 and makes its token. */
#include "second.h"

#include <dlfcn.h>
#include <sys/stat.h>

CK_FUNCTION_LIST *g;
CK_SESSION_HANDLE gs;

void both(void)
{
	char path[600];
	FILE *conf;
	const char *library_path = getenv("SOFTHSM2_MODULE");
	void *second = dlopen(library_path ? library_path : "/usr/lib/softhsm/libsofthsm2.so",
		RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slots[4];
	CK_ULONG n = 4;

	ck_assert_msg(second != NULL, "SoftHSM2: %s", dlerror());
	user();
	snprintf(path, sizeof path, "%s/second", test_dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/second.conf", test_dir);
	conf = fopen(path, "w");
	ck_assert(conf != NULL);
	fprintf(conf,
		"directories.tokendir = %s/second\nobjectstore.backend = file\nlog.level = ERROR\n",
		test_dir);
	fclose(conf);
	setenv("SOFTHSM2_CONF", path, 1);
	*(void **)&get_list = dlsym(second, "C_GetFunctionList");
	ck_assert(get_list != NULL);
	ok(get_list(&g));
	ok(g->C_Initialize(NULL));
	memset(label, ' ', sizeof label);
	memcpy(label, "hsm", 3);
	ok(g->C_GetSlotList(CK_TRUE, slots, &n));
	ok(g->C_InitToken(slots[0], (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	n = 4;
	ok(g->C_GetSlotList(CK_TRUE, slots, &n));
	ok(g->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &gs));
	ok(g->C_Login(gs, CKU_SO, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1));
	ok(g->C_InitPIN(gs, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(g->C_Logout(gs));
	ok(g->C_Login(gs, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
}

void second_finish(void)
{
	ok(g->C_Finalize(NULL));
}

CK_OBJECT_HANDLE import_there(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE_TYPE usage)
{
	CK_OBJECT_HANDLE key = 0;

	ok(g->C_CreateObject(gs,
		T(KEY(type), RAW(CKA_VALUE, value, n), NO(CKA_TOKEN), YES(usage), READABLE), &key));
	return key;
}

void import_both(CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE_TYPE usage,
	CK_OBJECT_HANDLE *ret_ours, CK_OBJECT_HANDLE *ret_theirs)
{
	*ret_ours = import(type, value, n, T(YES(usage), READABLE));
	*ret_theirs = import_there(type, value, n, usage);
}

static uint64_t state = 0x2545F4914F6CDD1DULL;

void draw(uint8_t *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		out[i] = (uint8_t)(state >> 32);
	}
}

size_t below(size_t max)
{
	uint8_t b[8];
	uint64_t v;

	draw(b, 8);
	memcpy(&v, b, 8);
	return (size_t)(v % max);
}
