/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_files.c: damaged and replaced files, their permissions, and what may be read in them.
 */
#include <ftw.h>
#include <sys/stat.h>

#include "store_victim.h"

START_TEST(random_bits)
{
	/* Any bit of the file: noticed, or without effect; never a changed key, never a crash. */
	uint64_t state = 12345 + (uint64_t)_i;
	const char *path = database();
	struct stat st;
	uint8_t *good;
	FILE *file = fopen(path, "r");
	int round;

	ck_assert(file != NULL && fstat(fileno(file), &st) == 0);
	good = malloc((size_t)st.st_size);
	ck_assert(fread(good, 1, (size_t)st.st_size, file) == (size_t)st.st_size);
	fclose(file);
	for (round = 0; round < 25; round++) {
		char journal[600];
		size_t at;

		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		at = (size_t)(state >> 16) % (size_t)st.st_size;
		file = fopen(path, "w");
		ck_assert(file != NULL);
		good[at] ^= (uint8_t)(1 << state % 8);
		fwrite(good, 1, (size_t)st.st_size, file);
		good[at] ^= (uint8_t)(1 << state % 8);
		fclose(file);
		look();
		snprintf(journal, sizeof journal, "%s-journal", path);
		unlink(journal);
	}
	free(good);
}
END_TEST

START_TEST(other_files_in_its_place)
{
	/* Not a database; an empty file; one cut off; a directory; a symbolic link. */
	char path[512], backup[600];
	FILE *file;
	int kind;

	snprintf(path, sizeof path, "%s", database());
	snprintf(backup, sizeof backup, "%s/aside", test_dir);
	for (kind = 0; kind < 5; kind++) {
		if (kind == 2) {
			ck_assert_int_eq(truncate(path, 4096 + 100), 0);
		} else {
			ck_assert_int_eq(kind == 0 ? rename(path, backup) : remove(path), 0);
			if (kind == 3)
				ck_assert_int_eq(mkdir(path, 0700), 0);
			else if (kind == 4)
				ck_assert_int_eq(symlink(backup, path), 0);
			else {
				file = fopen(path, "w");
				if (kind == 0)
					for (int i = 0; i < 5000; i++)
						fputc(i * 7 % 251, file);
				fclose(file);
			}
		}
		holds(look());
		if (kind == 1) { /* the database itself, for the cut */
			char command[1200];

			snprintf(command, sizeof command, "cp '%s' '%s'", backup, path);
			ck_assert_int_eq(system(command), 0);
			holds(!look());
		}
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rename(backup, path), 0);
	holds(!look());
}
END_TEST

static int wrong_modes;

static int check_mode(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)w;
	if ((kind == FTW_F && (st->st_mode & 07777) != 0600) ||
		(kind == FTW_D && (st->st_mode & 07777) != 0700)) {
		fprintf(stderr, "%s has mode %o\n", path, st->st_mode & 07777);
		wrong_modes++;
	}
	return 0;
}

static void fresh(void)
{
	load();
}

START_TEST(permissions_whatever_the_umask)
{
	CK_UTF8CHAR label[32];

	umask(0);
	snprintf(token_dir, 512, "%s/made", test_dir);
	write_conf("log-level = debug\n");
	memset(label, ' ', sizeof label);
	ok(f->C_Initialize(NULL));
	ok(f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	ok(f->C_InitPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(f->C_Logout(s));
	login(CKU_USER);
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN)));
	ck_assert_int_eq(nftw(token_dir, check_mode, 16, FTW_PHYS), 0);
	ck_assert_int_eq(wrong_modes, 0);
	ok(f->C_Finalize(NULL));
	ck_assert_int_eq(nftw(token_dir, check_mode, 16, FTW_PHYS), 0);
	ck_assert_int_eq(wrong_modes, 0);
}
END_TEST

static const uint8_t *needle;
static size_t needle_length;
static int found_in;

static int search_file(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	uint8_t *all;
	FILE *in;

	(void)w;
	if (kind != FTW_F || st->st_size == 0)
		return 0;
	all = malloc((size_t)st->st_size);
	in = fopen(path, "r");
	ck_assert(in != NULL && all != NULL &&
		  fread(all, 1, (size_t)st->st_size, in) == (size_t)st->st_size);
	found_in += memmem(all, (size_t)st->st_size, needle, needle_length) != NULL;
	fclose(in);
	free(all);
	return 0;
}

static int in_files(const void *bytes, size_t n)
{
	needle = bytes;
	needle_length = n;
	found_in = 0;
	nftw(token_dir, search_file, 16, FTW_PHYS);
	return found_in;
}

START_TEST(no_values_in_the_files)
{
	/* Public keys' values are sealed too; deleted objects leave nothing behind. */
	CK_OBJECT_HANDLE key;

	holds(in_files("second", 6) > 0); /* labels are to be seen: the search works */
	holds(in_files(mk, 16) == 0);
	holds(in_files(mk32, 16) == 0);
	holds(in_files(USER_PIN "\0", 5) == 0 && in_files(SO_PIN, sizeof SO_PIN - 1) == 0);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), STR(CKA_LABEL, "a label to be deleted with its object")));
	holds(in_files("a label to be deleted with its object", 37) > 0);
	ok(f->C_DestroyObject(s, key));
	ok(f->C_Finalize(NULL));
	holds(in_files("a label to be deleted with its object", 37) == 0);
}
END_TEST

START_TEST(links_are_not_followed)
{
	/* A token directory that is a symbolic link to another one, in a directory of his. */
	char real[700], moved[700];
	CK_TOKEN_INFO info;
	CK_RV rv;

	snprintf(real, sizeof real, "%s/slot-0", token_dir);
	snprintf(moved, sizeof moved, "%s/moved", test_dir);
	ck_assert_int_eq(rename(real, moved), 0);
	ck_assert_int_eq(symlink(moved, real), 0);
	rv = f->C_Initialize(NULL);
	if (rv == CKR_OK) {
		rv = f->C_GetTokenInfo(slot, &info);
		holds(rv != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED));
		ok(f->C_Finalize(NULL));
	}
	ck_assert_int_eq(unlink(real), 0);
	ck_assert_int_eq(rename(moved, real), 0);
	ok(f->C_Initialize(NULL));
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.flags & CKF_TOKEN_INITIALIZED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store files");
	TCase *tc = add_case(suite, "files", make_victim), *empty = add_case(suite, "fresh", fresh);

	tcase_add_loop_test(tc, random_bits, 0, 8);
	tcase_add_test(tc, other_files_in_its_place);
	tcase_add_test(tc, no_values_in_the_files);
	tcase_add_test(empty, links_are_not_followed);
	tcase_add_test(empty, permissions_whatever_the_umask);
	return run(suite);
}
