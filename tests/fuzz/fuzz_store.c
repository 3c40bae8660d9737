/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_store.c: a token's files as an enemy leaves them: the database of a small token with bytes
 * changed, or anything else under its name, a journal, a client file. All functions of the store
 * are called; none may do more than refuse.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/raw_store.h"
#include "key/key.h"
#include "object/object.h"
#include "state/state_file.h"
#include "store/store.h"
#include "temp_dir.h"

#define ROWS 6

static char above[TEMP_DIR_MAX], dir[TEMP_DIR_MAX + 8];
/* The paths of the database, its journal, the state file, the freshness counter and the tries. */
static char path[5][128];
static uint8_t *good;
static size_t good_n;

static CK_RV fill(struct record *row, void *arg)
{
	row->attributes = *(struct bytes *)arg;
	row->sealed = bytes_of("sealed bytes", 12);
	return CKR_OK;
}

static void remove_all(void)
{
	temp_dir_remove(above);
}

static void make_good(void)
{
	struct store *store;
	struct store_token token = {
		.label = "a label", .scrypt_log2_n = 14, .so = {.set = true}, .count_seal_len = 36};
	struct object o = {.object_class = CKO_DATA,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN};
	uint8_t *encoded;
	size_t n;

	MUST(store_open(dir, NULL, &store) == CKR_OK);
	MUST(raw_init(store, &token) == CKR_OK);
	MUST(object_encode(&o, &encoded, &n) == CKR_OK);
	struct bytes attributes = bytes_of(encoded, n);
	for (int i = 0; i < ROWS; i++) {
		struct record row = {.object_class = CKO_DATA,
			.is_private = i & 1,
			.label = bytes_of("label", 5),
			.object_id = i & 2 ? bytes_of("id", 2) : bytes_of(NULL, 0)};
		MUST(raw_insert(store, &row, fill, &attributes) == CKR_OK);
	}
	MUST(state_file_create(store, 1, bytes_of("the state of a client", 21)) == CKR_OK);
	store_close(store);
	free(encoded);
}

void fuzz_start(void)
{
	struct stat st;

	MUST(crypto_start() == CKR_OK);
	MUST(temp_dir_make("fuzz", above));
	snprintf(dir, sizeof dir, "%s/token", above);
	atexit(remove_all);
	snprintf(path[0], sizeof path[0], "%s/token.db", dir);
	snprintf(path[1], sizeof path[1], "%s/token.db-journal", dir);
	snprintf(path[2], sizeof path[2], "%s/clients/1", dir);
	snprintf(path[3], sizeof path[3], "%s/token.gen", dir);
	snprintf(path[4], sizeof path[4], "%s/token.tries", dir);
	make_good();
	FILE *in = fopen(path[0], "rb");
	MUST(in != NULL && stat(path[0], &st) == 0);
	good_n = (size_t)st.st_size;
	good = malloc(good_n);
	MUST(good != NULL && fread(good, 1, good_n, in) == good_n);
	fclose(in);
}

static void write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	close(fd);
}

/*
 * The good database with bytes changed: place (2 bytes) and what to XOR it with, or a
 * piece written over.
 */
static void write_database(struct input *in)
{
	uint8_t *bad = malloc(good_n);

	MUST(bad != NULL);
	memcpy(bad, good, good_n);
	size_t n = good_n;
	for (int i = take_byte(in) % 32; i > 0 && in->n > 2; i--) {
		size_t at = (size_t)(take_byte(in) << 8 | take_byte(in)) * 4 % good_n, length;
		uint8_t how = take_byte(in);
		if (how < 200) {
			bad[at + how % 4 < good_n ? at + how % 4 : at] ^= take_byte(in);
		} else if (how < 250) {
			uint8_t *piece = take_bytes(in, good_n - at, &length);
			memcpy(bad + at, piece, length);
			free(piece);
		} else {
			n = at;
		}
	}
	write_file(path[0], bad, n);
	free(bad);
}

static CK_RV touch_token(struct store_token *token, void *arg)
{
	(void)arg;
	token->label[0]++;
	return CKR_OK;
}

static void look(struct store *store)
{
	static const struct store_query queries[] = {
		{0}, {.public_only = true}, {.by_class = true, .object_class = CKO_DATA}};
	const struct snapshot no_key = {0};
	struct store_token token;
	struct record rows[2 * ROWS];
	int64_t ids[2 * ROWS];
	uint64_t count;
	size_t n;

	if (store_token_get(store, &token) == CKR_OK)
		MUST(token.count_seal_len <= sizeof token.count_seal);
	if (raw_count(store, &count) != CKR_OK)
		return;
	for (size_t q = 0; q < 4; q++) {
		struct store_query query =
			q < 3 ? queries[q] : (struct store_query){.label = bytes_of("label", 5)};
		if (raw_find_ids(store, &query, ids, 2 * ROWS, &n) == CKR_OK)
			MUST(n <= 2 * ROWS);
		if (store_find(store, &query, rows, 2 * ROWS, &n) != CKR_OK)
			continue;
		MUST(n <= 2 * ROWS);
		for (size_t i = 0; i < n; i++) {
			struct object o = {0};
			if (record_open(&no_key, &rows[i], &o) == CKR_OK)
				MUST(o.flags & FLAG_TOKEN);
			object_wipe(&o);
			record_free(&rows[i]);
		}
	}
	for (int64_t id = -1; id < ROWS + 2; id++)
		if (store_read(store, id, &rows[0]) == CKR_OK)
			record_free(&rows[0]);
}

static void change(struct store *store)
{
	struct object o = {.object_class = CKO_DATA,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN};
	struct record row = {.object_class = CKO_DATA, .label = bytes_of("new", 3)};
	uint8_t *encoded;
	size_t n;

	MUST(object_encode(&o, &encoded, &n) == CKR_OK);
	struct bytes attributes = bytes_of(encoded, n);
	CK_RV rv = raw_token_update(store, touch_token, NULL);
	if (rv == CKR_OK ||
		rv == CKR_DEVICE_ERROR) /* whatever it said, the others must stand it too */
		rv = raw_insert(store, &row, fill, &attributes);
	for (int64_t id = 1; id < 3 && rv != CKR_HOST_MEMORY; id++)
		rv = id & 1 ? raw_update(store, id, fill, &attributes) : raw_remove(store, id);
	free(encoded);
}

static void client(struct store *store)
{
	struct state_file *file;
	struct state_text text = {0};

	if (state_file_open(store, 1, &file) != CKR_OK)
		return;
	for (unsigned which = 0; which < 2; which++) {
		MUST(state_file_read(file, which, &text) == CKR_OK);
		MUST(text.text.n <= STATE_TEXT_MAX);
		if (text.text.n > 0 && text.sequence < UINT64_MAX) {
			MUST(state_file_write(file, which, text.sequence + 1,
				     bytes_of("a new state", 11)) == CKR_OK);
			break;
		}
	}
	state_file_close(file);
}

static CK_RV count_wrong(const struct store_token *token, struct store_tries *t, void *arg)
{
	(void)token;
	(void)arg;
	t->wrong++;
	return CKR_OK;
}

static void tries(struct store *store)
{
	for (int i = 0; i < 2; i++) {
		CK_RV rv = store_tries_edit(store, STORE_USER, count_wrong, NULL);
		MUST(rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_TOKEN_NOT_RECOGNIZED);
	}
	(void)!store_tries_edit(store, STORE_SO, count_wrong, NULL);
	unlink(path[4]);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	struct store *store;
	uint8_t what = take_byte(&in);

	unlink(path[1]);
	if (what & 1)
		write_database(&in);
	else if (what & 2)
		write_file(path[0], in.p, in.n);
	else
		write_file(path[0], good, good_n);
	if (what & 4)
		write_file(path[1], in.p, in.n);
	if (what & 8)
		write_file(path[2], in.p, in.n);
	if (what & 16)
		write_file(path[3], in.p, in.n < 4096 ? in.n : 4096);
	if (what & 64)
		write_file(path[4], in.p, in.n < 4096 ? in.n : 4096);
	if (store_open(dir, NULL, &store) != CKR_OK) {
		unlink(path[3]);
		return;
	}
	look(store);
	client(store);
	if (what & 64)
		tries(store);
	if (what & 32) {
		change(store);
		look(store);
	}
	store_close(store);
}
