/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_files.c: an attacker swaps, truncates, links and opens the files of O-DUKPT clients.
 * A client gives CKR_DEVICE_ERROR then, and goes on with its next number when its file is back.
 */
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "odukpt.h"

static char paths[2][700];
static CK_OBJECT_HANDLE clients[2];

static void two_clients(void)
{
	char pattern[700];
	glob_t files;

	start();
	clients[0] = client(3, 3, true);
	clients[1] = client(3, 3, true);
	snprintf(pattern, sizeof pattern, "%s/slot-%lu/clients/*", token_dir, slot);
	ck_assert_int_eq(glob(pattern, 0, NULL, &files), 0);
	ck_assert_uint_eq(files.gl_pathc, 2);
	for (size_t i = 0; i < 2; i++)
		snprintf(paths[i], sizeof paths[i], "%s", files.gl_pathv[i]);
	globfree(&files);
	ok(next(clients[0], NOTHING));
	ok(next(clients[0], NOTHING));
	ok(next(clients[1], NOTHING));
}

static void rename_file(const char *from, const char *to)
{
	ck_assert_int_eq(rename(from, to), 0);
}

static void refused(void)
{
	CK_OBJECT_HANDLE before = made;

	gives(CKR_DEVICE_ERROR, next(clients[0], NOTHING));
	holds(made == before);
}

/* The client gives the number that comes after those of two_clients(). */
static void goes_on(size_t i, uint64_t number)
{
	ok(next(clients[i], NOTHING));
	ck_assert_uint_eq(number_of(made, CKA_KEYDIV_TRANSACTION), number);
}

START_TEST(swapped)
{
	char kept[720];

	snprintf(kept, sizeof kept, "%s/kept", test_dir);
	rename_file(paths[0], kept);
	rename_file(paths[1], paths[0]);
	rename_file(kept, paths[1]);
	refused();
	gives(CKR_DEVICE_ERROR, next(clients[1], NOTHING));
	rename_file(paths[1], kept);
	rename_file(paths[0], paths[1]);
	rename_file(kept, paths[0]);
	goes_on(0, 2);
	goes_on(1, 1);
}
END_TEST

START_TEST(replaced_by_something_else)
{
	char kept[720];

	snprintf(kept, sizeof kept, "%s/kept", test_dir);
	rename_file(paths[0], kept);
	/* destroying a client erases the file first, so another process may have destroyed it */
	gives(CKR_KEY_HANDLE_INVALID, next(clients[0], NOTHING));
	ck_assert_int_eq(symlink(kept, paths[0]), 0);
	refused();
	ck_assert_int_eq(unlink(paths[0]), 0);
	ck_assert_int_eq(symlink(paths[1], paths[0]), 0);
	refused();
	ck_assert_int_eq(unlink(paths[0]), 0);
	ck_assert_int_eq(link(paths[1], paths[0]), 0);
	refused();
	ck_assert_int_eq(unlink(paths[0]), 0);
	ck_assert_int_eq(mkfifo(paths[0], 0600), 0);
	refused();
	ck_assert_int_eq(unlink(paths[0]), 0);
	ck_assert_int_eq(mkdir(paths[0], 0700), 0);
	refused();
	ck_assert_int_eq(rmdir(paths[0]), 0);
	rename_file(kept, paths[0]);
	goes_on(0, 2);
	goes_on(1, 1);
}
END_TEST

START_TEST(truncated)
{
	static const off_t lengths[] = {8191, 4097, 4096, 4095, 100, 1, 0};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		CK_RV rv;
		ck_assert_int_eq(truncate(paths[0], lengths[i]), 0);
		rv = next(clients[0], NOTHING);
		holds(rv == CKR_DEVICE_ERROR ||
			(rv == CKR_OK && number_of(made, CKA_KEYDIV_TRANSACTION) >= 2));
	}
	refused();
	goes_on(1, 1);
}
END_TEST

START_TEST(of_others)
{
	static const mode_t modes[] = {0620, 0602, 0666};
	char dir[700];

	snprintf(dir, sizeof dir, "%s/slot-%lu/clients", token_dir, slot);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		ck_assert_int_eq(chmod(paths[0], modes[i]), 0);
		refused();
		ck_assert_int_eq(chmod(paths[0], 0600), 0);
	}
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(paths[0], 12345, (gid_t)-1), 0);
		refused();
		ck_assert_int_eq(chown(paths[0], 0, (gid_t)-1), 0);
	}
	goes_on(0, 2);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ok(f->C_Finalize(NULL));
	ok(f->C_Initialize(NULL));
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	if (rv == CKR_OK && f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4) == CKR_OK &&
		find(s, T(TYPE(CKK_KEYDIV_ODUKPT_CLIENT)), clients, 2) == 2)
		refused();
	ck_assert_int_eq(chmod(dir, 0700), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files of clients");
	TCase *tc = add_case(suite, "files of clients", two_clients);

	tcase_add_test(tc, swapped);
	tcase_add_test(tc, replaced_by_something_else);
	tcase_add_test(tc, truncated);
	tcase_add_test(tc, of_others);
	return run(suite);
}
