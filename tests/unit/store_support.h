/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_support.h: what the tests of src/store share: a directory of their own, a sample
 * token, sample rows.
 */
#ifndef KEYDIV_TESTS_STORE_SUPPORT_H
#define KEYDIV_TESTS_STORE_SUPPORT_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "key/key.h"
#include "raw_store.h"
#include "store/store.h"
#include "temp_dir.h"
#include "unit.h"

static char test_dir[TEMP_DIR_MAX]; /* made for each test */
static char token_dir[80];          /* "token" in it, not made */

/* Return the number of open descriptors of this process, with the one that counts them. */
__attribute__((unused)) static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static unsigned descriptors_before; /* of the test */

__attribute__((unused)) static void set_up(void)
{
	umask(022);
	ck_assert(temp_dir_make("store", test_dir));
	snprintf(token_dir, sizeof token_dir, "%s/token", test_dir);
	ck_ok(crypto_start());
	descriptors_before = open_descriptors();
}

/* Return true if a file in the directory of the test is mapped. */
__attribute__((unused)) static bool has_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[400];
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof line, maps) != NULL)
		found = found || strstr(line, test_dir) != NULL;
	fclose(maps);
	return found;
}

/* Every test closes what it has opened, so a descriptor that is left is the store's fault. */
__attribute__((unused)) static void tear_down(void)
{
	ck_assert(!has_mappings());
	ck_assert_uint_eq(open_descriptors(), descriptors_before);
	crypto_stop();
	temp_dir_remove(test_dir);
}

/* The path of NAME in the token directory, until the next call but one. */
__attribute__((unused)) static const char *in_token(const char *name)
{
	static char paths[2][160];
	static unsigned i;
	char *path = paths[i++ % 2];

	snprintf(path, sizeof paths[0], "%s/%s", token_dir, name);
	return path;
}

__attribute__((unused)) static struct store_token sample_token(void)
{
	struct store_token token = {.scrypt_log2_n = 16, .count_seal_len = 40};

	memset(token.uuid, 0x11, sizeof token.uuid);
	memset(token.label, ' ', sizeof token.label);
	memcpy(token.label, "sample", 6);
	token.so.set = true;
	memset(token.so.salt, 0x22, sizeof token.so.salt);
	memset(token.so.wrapped_key, 0x33, sizeof token.so.wrapped_key);
	memset(token.serial, 0x55, sizeof token.serial);
	memset(token.count_seal, 0x44, token.count_seal_len);
	return token;
}

__attribute__((unused)) static struct store *open_store(void)
{
	struct store *store = NULL;

	ck_ok(store_open(token_dir, NULL, &store));
	return store;
}

/* A store with the sample token. */
__attribute__((unused)) static struct store *new_store(void)
{
	struct store *store = open_store();
	struct store_token token = sample_token();

	ck_ok(raw_init(store, &token));
	return store;
}

/* A PREPARE whose attributes and sealed text follow from the row id. */
struct sample_text {
	char attributes[40], sealed[40];
};

__attribute__((unused)) static CK_RV sample_prepare(struct record *row, void *arg)
{
	struct sample_text *text = arg;

	row->attributes = bytes_of(
		text->attributes, (size_t)snprintf(text->attributes, sizeof text->attributes,
					  "attributes of %lld", (long long)row->id));
	row->sealed = bytes_of(text->sealed, (size_t)snprintf(text->sealed, sizeof text->sealed,
						     "sealed value of %lld", (long long)row->id));
	return CKR_OK;
}

/* Return true if the record has exactly what sample_prepare makes of its id. */
__attribute__((unused)) static bool is_sample(const struct record *row)
{
	struct sample_text text;
	struct record expected = {.id = row->id};

	(void)!sample_prepare(&expected, &text);
	return bytes_equal(row->attributes, expected.attributes) &&
	       bytes_equal(row->sealed, expected.sealed);
}

static inline struct bytes text_bytes(const char *s)
{
	return s ? bytes_of(s, strlen(s)) : (struct bytes){0};
}

/* Insert a sample row with LABEL and OBJECT_ID (NULL: none). */
__attribute__((unused)) static int64_t insert_sample(struct store *store, CK_OBJECT_CLASS class,
	bool is_private, const char *label, const char *object_id)
{
	struct sample_text text;
	struct record row = {.object_class = class,
		.is_private = is_private,
		.label = text_bytes(label),
		.object_id = text_bytes(object_id)};

	ck_ok(raw_insert(store, &row, sample_prepare, &text));
	return row.id;
}

__attribute__((unused)) static uint64_t count_objects(struct store *store)
{
	uint64_t n = 0;

	ck_ok(raw_count(store, &n));
	return n;
}

/* Run the suite of CASES tests; the exit code of main. */
__attribute__((unused)) static int run_cases(const char *name, const TTest *const *cases, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

#define RUN_SUITE(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const cases[] = {__VA_ARGS__};                                        \
		return run_cases(name, cases, sizeof cases / sizeof cases[0]);                     \
	}

#endif
