/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_formats.c: tokens of every released format open for ever, PINs, keys
 * and all: tests/fixtures/token-format-<n>.
 */
#include <fcntl.h>

#include "cheap_scrypt.h"
#include "harness.h"

/* Copy FILE of the fixture NAME over that of slot 0. */
static void copy_file(const char *name, const char *file)
{
	char path[700];
	static char bytes[1 << 18];

	snprintf(path, sizeof path, "%s/%s/%s", FIXTURES_DIR, name, file);
	int in = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(in >= 0, "cannot open %s", path);
	ssize_t n = read(in, bytes, sizeof bytes);
	close(in);
	ck_assert(n > 0 && (size_t)n < sizeof bytes);
	snprintf(path, sizeof path, "%s/slot-0/%s", token_dir, file);
	int out = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert(out >= 0);
	ck_assert_int_eq(write(out, bytes, (size_t)n), n);
	close(out);
}

/* Put the fixture NAME in the place of the prepared token of slot 0, and start. */
static void open_fixture(const char *name)
{
	char path[700];

	copy_file(name, "token.db");
	copy_file(name, "token.tries");
	snprintf(path, sizeof path, "%s/slot-0/token.gen", token_dir);
	unlink(path);
	ok(f->C_Initialize(NULL));
	slot = 0;
	s = open_session(CKF_RW_SESSION);
}

static CK_OBJECT_HANDLE only(const char *label)
{
	CK_OBJECT_HANDLE found[2] = {0};

	ck_assert_uint_eq(find(s, T(RAW(CKA_LABEL, label, strlen(label))), found, 2), 1);
	return found[0];
}

START_TEST(format_2)
{
	static const uint8_t expected[16] = {/* AES-128 of a zero block under mk */
		0x7d, 0xf7, 0x6b, 0x0c, 0x1a, 0xb8, 0x99, 0xb3, 0x3e, 0x42, 0xf0, 0x47, 0xb9, 0x1b,
		0x54, 0x6f};
	static const uint8_t device_key_kcv[3] = {
		0x78, 0x52, 0xff}; /* of the DEVICE_KEY of mk for "SN-000123" and CKA_SIGN */
	uint8_t block[16] = {0}, text[8];
	CK_ULONG n = sizeof block;
	CK_OBJECT_HANDLE device;
	CK_TOKEN_INFO info;

	open_fixture("token-format-2");
	ok(f->C_GetTokenInfo(0, &info));
	holds(memcmp(info.label, "format 2                        ", 32) == 0);
	holds(info.flags & CKF_USER_PIN_COUNT_LOW);
	login(CKU_SO);
	ok(f->C_Logout(s));
	login(CKU_USER);
	holds(find(s, T(YES(CKA_TOKEN), CLASS(CKO_SECRET_KEY)), NULL, 0) == 2);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), only("cipher")));
	ok(f->C_Encrypt(s, block, 16, block, &n));
	holds(memcmp(block, expected, 16) == 0);
	holds(get_bool(only("master"), CKA_SENSITIVE) &&
		!get_bool(only("master"), CKA_EXTRACTABLE));
	ok(derive_device(only("master"), T(YES(CKA_SIGN)), &device));
	holds(get_bytes(device, CKA_CHECK_VALUE, text, sizeof text) == 3 &&
		memcmp(text, device_key_kcv, 3) == 0);
	holds(get_bytes(only("data"), CKA_VALUE, text, sizeof text) == 4 &&
		memcmp(text, "kept", 4) == 0);
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), STR(CKA_LABEL, "new"),
			YES(CKA_ENCRYPT))); /* and can be written */
	restart();
	s = open_session(0);
	login(CKU_USER);
	only("new");
}
END_TEST

/* A master in another token. Without that token the master is shown, and derives nothing. */
START_TEST(foreign_format_2)
{
	static const char uri[] = "pkcs11:token=hsm;object=mk";
	uint8_t text[64], other[3];
	CK_OBJECT_HANDLE device;

	open_fixture("foreign-format-2");
	login(CKU_USER);
	holds(get_bytes(only("master"), CKA_KEYDIV_FOREIGN_KEY, text, sizeof text) == 26 &&
		memcmp(text, uri, 26) == 0);
	holds(get_ulong(only("master"), CKA_KEY_TYPE) == CKK_AES &&
		get_ulong(only("master"), CKA_VALUE_LEN) == 16);
	holds(get_bool(only("master"), CKA_SENSITIVE) &&
		!get_bool(only("master"), CKA_EXTRACTABLE));
	CK_OBJECT_HANDLE here = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE)));
	holds(get_bytes(only("master"), CKA_CHECK_VALUE, text, 3) == 3 &&
		get_bytes(here, CKA_CHECK_VALUE, other, 3) == 3 && memcmp(text, other, 3) == 0);
	gives(CKR_DEVICE_ERROR, derive_device(only("master"), NOTHING, &device));
	ok(f->C_SetAttributeValue(s, only("master"), T(STR(CKA_LABEL, "new"))));
	holds(get_bytes(only("new"), CKA_KEYDIV_FOREIGN_KEY, text, sizeof text) == 26);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("formats");

	scrypt_is_cheap = false; /* the fixtures come from released versions */
	TCase *tc = add_case(suite, "formats", load);
	tcase_add_test(tc, format_2);
	tcase_add_test(tc, foreign_format_2);
	return run(suite);
}
