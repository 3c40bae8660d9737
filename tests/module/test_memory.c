/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_memory.c: after use no copy of a key or a PIN is left in the process; pages that hold keys
 * are not dumped.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "memory_search.h"

static uint8_t wanted[32]; /* inverted */

/*
 * A key that stands nowhere but where the module keeps it: filled in from its inverted bytes for
 * the moment of the call.
 */
static CK_OBJECT_HANDLE import_hidden(CK_ATTRIBUTE *extra, CK_ULONG count)
{
	uint8_t value[16];
	CK_OBJECT_HANDLE key;

	invert(value, wanted, 16);
	key = import(CKK_AES, value, 16, extra, count);
	explicit_bzero(value, sizeof value);
	return key;
}

static void begin(void)
{
	int random = open("/dev/urandom", O_RDONLY);

	ck_assert(random >= 0 && read(random, wanted, sizeof wanted) == sizeof wanted);
	close(random);
	session();
}

START_TEST(the_search_finds_a_planted_copy)
{
	uint8_t *planted = malloc(16), *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = copies(wanted, 16);

	holds(before == 0);
	invert(planted, wanted, 16);
	holds(copies(wanted, 16) == 1);
	invert(mapped + 4000, wanted, 16);
	holds(copies(wanted, 16) == 2);
	explicit_bzero(planted, 16);
	explicit_bzero(mapped + 4000, 16);
	holds(copies(wanted, 16) == 0);
	free(planted);
}
END_TEST

static void use(CK_OBJECT_HANDLE key)
{
	uint8_t block[16] = {0};
	CK_ULONG n = 16;

	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, block, 16, block, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignUpdate(s, block, 16));
	ok(f->C_SignFinal(s, block, &n));
}

START_TEST(a_destroyed_session_key_is_gone)
{
	CK_OBJECT_HANDLE key;

	login(CKU_USER);
	key = import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN)));
	use(key);
	holds(copies(wanted, 16) >
		0); /* while it is there it is in memory: the search can see it */
	ok(f->C_DestroyObject(s, key));
	holds(copies(wanted, 16) == 0);
}
END_TEST

START_TEST(nothing_after_the_session)
{
	login(CKU_USER);
	CK_SESSION_HANDLE other = open_session(0), mine = s;

	s = other;
	use(import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN))));
	s = mine;
	ok(f->C_CloseSession(other));
	holds(copies(wanted, 16) == 0);
}
END_TEST

START_TEST(nothing_after_logout)
{
	login(CKU_USER);
	use(import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN), YES(CKA_TOKEN))));
	import_hidden(T(YES(CKA_PRIVATE), YES(CKA_DERIVE)));
	ok(f->C_Logout(s));
	holds(copies(wanted, 16) == 0);
}
END_TEST

START_TEST(nothing_after_finalize)
{
	CK_OBJECT_HANDLE key;

	login(CKU_USER);
	use(import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN), YES(CKA_TOKEN))));
	key = import_hidden(T(YES(CKA_DERIVE)));
	ok(derive_device(key, NOTHING, &key));
	ok(f->C_Finalize(NULL));
	holds(copies(wanted, 16) == 0);
}
END_TEST

static void has_nothing_of_the_parent(void)
{
	holds(copies(wanted, 16) == 0);
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_Finalize(NULL));
}

/*
 * The child has no business with the parent's keys: not with those of operations under way, not
 * with those kept for the next.
 */
START_TEST(nothing_in_a_forked_child)
{
	uint8_t block[16] = {0};
	CK_ULONG n = 16;
	CK_OBJECT_HANDLE key;

	login(CKU_USER);
	key = import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN), YES(CKA_TOKEN)));
	use(key);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptUpdate(s, block, 16, block, &n));
	import_hidden(T(YES(CKA_DERIVE))); /* a session object */
	holds(copies(wanted, 16) > 0);
	in_child(has_nothing_of_the_parent);
	n = 16;
	ok(f->C_EncryptUpdate(s, block, 16, block, &n)); /* the parent works on */
}
END_TEST

START_TEST(derived_keys_leave_nothing)
{
	/* The derived value, read once to know it, then destroyed. */
	CK_OBJECT_HANDLE key;
	uint8_t value[16];

	login(CKU_USER);
	ok(derive_device(
		import_hidden(T(OPEN_MASTER)), T(READABLE, YES(CKA_ENCRYPT), YES(CKA_SIGN)), &key));
	ck_assert_uint_eq(get_bytes(key, CKA_VALUE, value, 16), 16);
	invert(wanted, value, 16);
	explicit_bzero(value, 16);
	use(key);
	ok(f->C_DestroyObject(s, key));
	holds(copies(wanted, 16) == 0);
}
END_TEST

/*
 * Wrap a hidden key as a key block under the KBPK in HEX, unwrap it, and unwrap a changed block.
 * INNER are the inverted first 16 bytes of KBEK and KBAK.
 */
static void key_block_leaves_nothing(
	CK_KEY_TYPE type, const char *hex, CK_ULONG length, const char *const inner[2])
{
	CK_OBJECT_HANDLE kbpk, key, made;
	uint8_t value[32], block[160];
	CK_ULONG n = sizeof block;

	unhex(hex, value);
	kbpk = import(type, value, length,
		T(YES(CKA_WRAP), YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK)));
	invert(value, wanted, 16);
	key = import(CKK_DES2, value, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT)));
	explicit_bzero(value, sizeof value);
	ok(f->C_WrapKey(s, MECH(CKM_KEYDIV_KEY_BLOCK), kbpk, key, block, &n));
	ok(f->C_DestroyObject(s, key));
	holds(copies(wanted, 16) == 0);
	ok(f->C_UnwrapKey(s, MECH(CKM_KEYDIV_KEY_BLOCK), kbpk, block, n, NOTHING, &made));
	ok(f->C_DestroyObject(s, made));
	block[n - 1] ^= 1;
	gives(CKR_WRAPPED_KEY_INVALID,
		f->C_UnwrapKey(s, MECH(CKM_KEYDIV_KEY_BLOCK), kbpk, block, n, NOTHING, &made));
	holds(copies(wanted, 16) == 0);
	for (int i = 0; i < 2; i++) {
		unhex(inner[i], value);
		holds(copies(value, 16) == 0);
	}
}

/* The KBPKs and inner keys are those of TR-31:2018 A.7.4 and A.7.2.2. */
START_TEST(key_blocks_leave_nothing)
{
	static const char *const aes[] = {"c6936c7d591d1995f7788b1e291b9abe",
		"b10dbce8969dec7bfbae76f8a98a81a8"},
				 *const des[] = {"9677cd07887583034386aa6254f84775",
					 "2293113e87d27bac98e407ca750624b8"};

	login(CKU_USER);
	key_block_leaves_nothing(CKK_AES,
		"88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6", 32, aes);
	key_block_leaves_nothing(CKK_DES2, "DD7515F2BFC17F85CE48F3CA25CB21F6", 16, des);
}
END_TEST

/* Check that no copy of K1 to K4 of the example in tests/vectors/she.txt is left. */
static void no_inner_key(void)
{
	static const char *const inverted[] = {"ee75b9bb8588f2787d75963ddd1d2e81",
		"d144d5c259d2429b4e7459b6c16041dd", "12d21879b5b809453ce65623b6958770",
		"136c7901055e3a67db9ebbcbc21a0d95"};
	uint8_t value[16];

	for (size_t i = 0; i < 4; i++) {
		unhex(inverted[i], value);
		holds(copies(value, 16) == 0);
	}
}

START_TEST(inner_keys_of_she_leave_nothing)
{
	CK_OBJECT_HANDLE kek, key;
	uint8_t value[16], out[64];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_ULONG n = sizeof out;

	login(CKU_USER);
	unhex("000102030405060708090a0b0c0d0e0f", value);
	kek = import(CKK_AES, value, 16, T(YES(CKA_WRAP)));
	unhex("0f0e0d0c0b0a09080706050403020100", value);
	key = import(CKK_AES, value, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_SIGN)));
	keydiv_put(&p, KEYDIV_SHE_UID, "module serial 1", 15);
	keydiv_put(&p, KEYDIV_SHE_SLOTS, "A", 1);
	keydiv_put(&p, KEYDIV_SHE_COUNTER, "\0\0\0\1", 4);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_PROOF, &p);
	ok(f->C_SignInit(s, &m, key));
	ok(f->C_Sign(s, NULL, 0, out, &n));
	no_inner_key();
	keydiv_put(&p, KEYDIV_SHE_FLAGS, "", 1);
	m = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_UPDATE, &p);
	n = sizeof out;
	ok(f->C_WrapKey(s, &m, kek, key, out, &n));
	no_inner_key();
}
END_TEST

START_TEST(unwrapped_and_refused_keys_leave_nothing)
{
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), NO(CKA_PRIVATE))),
			 unwrapper = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP), NO(CKA_PRIVATE))),
			 key, made;
	uint8_t wrapped[24], value[16];
	CK_ULONG n = 24;

	login(CKU_USER);
	key = import_hidden(T(YES(CKA_EXTRACTABLE)));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, key, wrapped, &n));
	ok(f->C_DestroyObject(s, key));
	holds(copies(wanted, 16) == 0);
	ok(f->C_UnwrapKey(
		s, MECH(CKM_AES_KEY_WRAP), unwrapper, wrapped, 24, T(KEY(CKK_AES)), &made));
	ok(f->C_DestroyObject(s, made));
	holds(f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), unwrapper, wrapped, 24, T(KEY(CKK_DES3)),
		      &made) != CKR_OK);
	invert(value, wanted, 16);
	holds(try_import(CKK_AES, value, 16, T(YES(CKA_DERIVE), YES(CKA_SIGN)), &made) != CKR_OK);
	explicit_bzero(value, 16);
	holds(copies(wanted, 16) == 0);
}
END_TEST

START_TEST(pins_are_wiped)
{
	/* A PIN of 24 bytes, set, used and tried wrong. */
	static const char hex[] = "0123456789abcdef";
	uint8_t pin[24];
	int i;

	for (i = 0; i < 24; i++)
		pin[i] = (uint8_t)hex[wanted[i] & 15];
	invert(wanted, pin, 24);
	ok(f->C_SetPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4, pin, 24));
	ok(f->C_Login(s, CKU_USER, pin, 24));
	ok(f->C_Logout(s));
	pin[23] ^= 1;
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, pin, 24));
	explicit_bzero(pin, sizeof pin);
	holds(copies(wanted, 23) == 0); /* 23: the wrong one has them too */
}
END_TEST

static bool has_dontdump(void)
{
	char line[512];
	FILE *smaps = fopen("/proc/self/smaps", "r");
	bool found = false;

	ck_assert(smaps != NULL);
	while (fgets(line, sizeof line, smaps) != NULL)
		if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd") != NULL &&
			strstr(line, " wr") != NULL)
			found = true;
	fclose(smaps);
	return found;
}

START_TEST(pages_with_keys_are_not_dumped)
{
	login(CKU_USER);
	use(import_hidden(T(YES(CKA_ENCRYPT), YES(CKA_SIGN))));
	holds(has_dontdump());
}
END_TEST

int main(void)
{
	if (instrumented())
		return 77; /* shadow memory and freed blocks that are kept */
	Suite *suite = suite_create("memory");
	TCase *tc = add_case(suite, "memory", begin);

	tcase_add_test(tc, the_search_finds_a_planted_copy);
	tcase_add_test(tc, a_destroyed_session_key_is_gone);
	tcase_add_test(tc, nothing_after_the_session);
	tcase_add_test(tc, nothing_after_logout);
	tcase_add_test(tc, nothing_after_finalize);
	tcase_add_test(tc, nothing_in_a_forked_child);
	tcase_add_test(tc, derived_keys_leave_nothing);
	tcase_add_test(tc, inner_keys_of_she_leave_nothing);
	tcase_add_test(tc, key_blocks_leave_nothing);
	tcase_add_test(tc, unwrapped_and_refused_keys_leave_nothing);
	tcase_add_test(tc, pins_are_wiped);
	tcase_add_test(tc, pages_with_keys_are_not_dumped);
	return run(suite);
}
