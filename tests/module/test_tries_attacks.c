/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tries_attacks.c: an attacker edits, truncates, removes or replaces token.tries, the file
 * that counts the tries of PINs. No such file opens the token without the PIN, and nothing is
 * written through a link.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include <openssl/sha.h>

#include "store_victim.h"

enum { ENTRY = 32, SECTOR = 512, FILE_LENGTH = 4096, SALT = 16, CHECKSUM_AT = 24 };

static char path[700];

static void start(void)
{
	make_victim();
	snprintf(path, sizeof path, "%s/slot-%lu/token.tries", token_dir, slot);
}

static CK_RV try_pin(CK_USER_TYPE who, const char *pin)
{
	CK_RV rv = f->C_Initialize(NULL);

	if (rv != CKR_OK)
		return rv;
	rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	if (rv == CKR_OK)
		rv = f->C_Login(s, who, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
	ok(f->C_Finalize(NULL));
	return rv;
}

static void read_file(uint8_t out[FILE_LENGTH])
{
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, out, FILE_LENGTH), FILE_LENGTH);
	close(fd);
}

static void write_file(const uint8_t *bytes, size_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), n);
	close(fd);
}

/* The checksum has no key, so an attacker can compute the checksum too. */
static void repair(uint8_t *entry, uint64_t role)
{
	uint8_t text[8 + 8 + CHECKSUM_AT] = {0}, digest[SHA256_DIGEST_LENGTH];

	text[7] = 1;
	text[15] = (uint8_t)role;
	memcpy(text + 16, entry, CHECKSUM_AT);
	SHA256(text, sizeof text, digest);
	memcpy(entry + CHECKSUM_AT, digest, 8);
}

/* Return the entry of the user in ALL, which has one wrong try. */
static uint8_t *entry_of_user(uint8_t *all)
{
	gives(CKR_PIN_INCORRECT, try_pin(CKU_USER, "wrong"));
	read_file(all);
	return all[SECTOR + SALT + 3] == 1 ? all + SECTOR : all;
}

START_TEST(edited_bytes)
{
	uint8_t all[FILE_LENGTH], *entry = entry_of_user(all);

	for (size_t i = 0; i < ENTRY; i++) {
		entry[i] ^= 0x40;
		write_file(all, sizeof all);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, "wrong"));
		entry[i] ^= 0x40;
	}
	write_file(all, sizeof all);
	gives(CKR_OK, try_pin(CKU_USER, USER_PIN));
}
END_TEST

START_TEST(counts_at_their_limits)
{
	static const struct {
		uint32_t wrong, started;
		CK_RV rv;
	} counts[] = {{9, 0, CKR_OK}, {10, 0, CKR_PIN_LOCKED}, {11, 0, CKR_PIN_LOCKED},
		{UINT32_MAX, 0, CKR_PIN_LOCKED}, {0, 1000, CKR_PIN_LOCKED},
		{0, UINT32_MAX, CKR_PIN_LOCKED}, {UINT32_MAX, UINT32_MAX, CKR_PIN_LOCKED}};
	uint8_t all[FILE_LENGTH], *entry = entry_of_user(all);
	uint64_t role = entry == all ? 0 : 1;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		for (int k = 0; k < 4; k++) {
			entry[SALT + k] = (uint8_t)(counts[i].wrong >> (24 - 8 * k));
			entry[SALT + 4 + k] = (uint8_t)(counts[i].started >> (24 - 8 * k));
		}
		repair(entry, role);
		write_file(all, sizeof all);
		gives(counts[i].rv, try_pin(CKU_USER, USER_PIN));
		/* the count of the SO is another one */
		gives(CKR_OK, try_pin(CKU_SO, SO_PIN));
	}
}
END_TEST

START_TEST(other_lengths)
{
	static const size_t lengths[] = {0, 1, 31, 32, 511, 512, 530, 544, 4095, 4096, 9000};
	uint8_t all[9000] = {0};

	entry_of_user(all);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct stat st;
		write_file(all, lengths[i]);
		/* half an entry is damage, no entry is no count */
		gives_either(CKR_PIN_INCORRECT, CKR_DEVICE_ERROR, try_pin(CKU_USER, "wrong"));
		gives_either(CKR_OK, CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_ge(st.st_size, FILE_LENGTH);
	}
	ck_assert_int_eq(unlink(path), 0);
	gives(CKR_OK, try_pin(CKU_USER, USER_PIN));
}
END_TEST

START_TEST(no_link_is_followed)
{
	char target[700];
	uint8_t before[FILE_LENGTH], after[FILE_LENGTH];
	FILE *file;

	snprintf(target, sizeof target, "%s/target", test_dir);
	gives(CKR_PIN_INCORRECT, try_pin(CKU_USER, "wrong"));
	read_file(before);
	ck_assert_int_eq(rename(path, target), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, "wrong"));
	gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
	file = fopen(target, "r");
	ck_assert(file != NULL && fread(after, 1, sizeof after, file) == sizeof after);
	fclose(file);
	holds(memcmp(before, after, sizeof after) == 0);
	/* a link to nothing makes no file */
	ck_assert_int_eq(unlink(target), 0);
	gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
	holds(access(target, F_OK) != 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(no_regular_file)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
	ck_assert_int_eq(rmdir(path), 0);
	gives(CKR_OK, try_pin(CKU_USER, USER_PIN));
}
END_TEST

START_TEST(files_of_others)
{
	static const mode_t modes[] = {0620, 0602, 0666, 0622};
	char dir[700];

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		ck_assert_int_eq(chmod(path, modes[i]), 0);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(chmod(path, 0600), 0);
		ck_assert_int_eq(chmod(database(), modes[i]), 0);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(chmod(database(), 0600), 0);
		snprintf(dir, sizeof dir, "%s/slot-%lu", token_dir, slot);
		ck_assert_int_eq(chmod(dir, 0100 | modes[i]), 0);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(chmod(dir, 0700), 0);
		ck_assert_int_eq(chmod(token_dir, 0100 | modes[i]), 0);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(chmod(token_dir, 0700), 0);
	}
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
		gives(CKR_DEVICE_ERROR, try_pin(CKU_USER, USER_PIN));
		ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
	}
	gives(CKR_OK, try_pin(CKU_USER, USER_PIN));
}
END_TEST

START_TEST(removed_under_a_process)
{
	/* Another process removes the file between two logins of this process. */
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	ck_assert_int_eq(unlink(path), 0);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	ck_assert_int_eq(access(path, F_OK), 0);
	login(CKU_USER);
	ok(f->C_Finalize(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attacks on tries");
	TCase *tc = add_case(suite, "attacks on tries", start);

	tcase_add_test(tc, edited_bytes);
	tcase_add_test(tc, counts_at_their_limits);
	tcase_add_test(tc, other_lengths);
	tcase_add_test(tc, no_link_is_followed);
	tcase_add_test(tc, no_regular_file);
	tcase_add_test(tc, files_of_others);
	tcase_add_test(tc, removed_under_a_process);
	return run(suite);
}
