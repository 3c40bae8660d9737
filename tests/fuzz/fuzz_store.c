/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_store.c: a token's files as an enemy leaves them: the database of a small token with bytes
 * changed, or anything else under its name, a journal, a client file. All functions of the store
 * are called; none may do more than refuse. SQLite's files are in memory (memory_vfs.h), and each
 * input makes a quarter of the searches, because a search takes as long as opening the token.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "../unit/raw_store.h"
#include "key/key.h"
#include "memory_vfs.h"
#include "object/object.h"
#include "state/state_file.h"
#include "store/store.h"
#include "temp_dir.h"

#include <sqlite3.h>

#define ROWS 6

static char above[TEMP_DIR_MAX], dir[TEMP_DIR_MAX + 8];
/* The paths of the database, the state file, the freshness counter and the tries. */
enum { DATABASE, CLIENT, FRESHNESS, TRIES_FILE, PATHS };
static char path[PATHS][128];
static uint8_t *good, *good_client;
static size_t good_n, good_client_n;
static bool client_changed;

/*
 * Opening takes longer than all else. An input without OPENS_ANEW therefore goes on with the open
 * store, as a process does when another process has changed the token. Such an input leaves the
 * first page, with the header of the file and the schema, and files that are only read at opening.
 */
#define OPENS_ANEW 128
#define FIRST_PAGE 4096
static bool opens_anew;

static CK_RV fill(struct record *row, void *arg)
{
	row->attributes = *(struct bytes *)arg;
	row->sealed = bytes_of("sealed bytes", 12);
	return CKR_OK;
}

static void close_kept(void);

static void remove_all(void)
{
	close_kept();
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

static void write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && (n == 0 || write(fd, p, n) == (ssize_t)n));
	close(fd);
}

static uint8_t *read_file(const char *name, size_t *ret_n)
{
	uint8_t *p = malloc(FUZZ_INPUT_MAX);
	FILE *in = fopen(name, "rb");

	MUST(p != NULL && in != NULL);
	*ret_n = fread(p, 1, FUZZ_INPUT_MAX, in);
	fclose(in);
	return p;
}

void fuzz_start(void)
{
	static const char *const names[PATHS] = {
		"token.db", "clients/1", "token.gen", "token.tries"};

	MUST(crypto_start() == CKR_OK);
	MUST(temp_dir_make("fuzz", above));
	snprintf(dir, sizeof dir, "%s/token", above);
	atexit(remove_all);
	for (int i = 0; i < PATHS; i++)
		snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
	memory_vfs_start();
	make_good();
	const uint8_t *made = memory_vfs_read("token.db", &good_n);
	good = malloc(good_n);
	MUST(made != NULL && good != NULL);
	memcpy(good, made, good_n);
	good_client = read_file(path[CLIENT], &good_client_n);
	/* An empty file would be a token that was never initialised. */
	write_file(path[DATABASE], good, 1);
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
		if (!opens_anew && (at < FIRST_PAGE || how >= 250))
			continue;
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
	memory_vfs_write("token.db", bad, n);
	free(bad);
}

static CK_RV touch_token(struct store_token *token, void *arg)
{
	(void)arg;
	token->label[0]++;
	return CKR_OK;
}

static void open_records(const struct store_query *query, struct store *store)
{
	const struct snapshot no_key = {0};
	struct record rows[2 * ROWS];
	size_t n;

	if (store_find(store, query, rows, 2 * ROWS, &n) != CKR_OK)
		return;
	MUST(n <= 2 * ROWS);
	for (size_t i = 0; i < n; i++) {
		struct object o = {0};
		if (record_open(&no_key, &rows[i], &o) == CKR_OK)
			MUST(o.flags & FLAG_TOKEN);
		object_wipe(&o);
		record_free(&rows[i]);
	}
}

/* Read the token, and search in the way that PART says. */
static void look(struct store *store, unsigned part)
{
	const struct store_query queries[4] = {{0}, {.public_only = true},
		{.by_class = true, .object_class = CKO_DATA}, {.label = bytes_of("label", 5)}};
	struct store_token token;
	struct record row;
	int64_t ids[2 * ROWS];
	uint64_t count;
	size_t n;

	if (store_token_get(store, &token) == CKR_OK)
		MUST(token.count_seal_len <= sizeof token.count_seal);
	if (raw_count(store, &count) != CKR_OK)
		return;
	if (raw_find_ids(store, &queries[part % 4], ids, 2 * ROWS, &n) == CKR_OK)
		MUST(n <= 2 * ROWS);
	open_records(&queries[part % 4], store);
	for (int64_t id = (int64_t)(part % 4) - 1; id < ROWS + 2; id += 4)
		if (store_read(store, id, &row) == CKR_OK)
			record_free(&row);
}

/* Return the code of the last change. */
static CK_RV change(struct store *store)
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
	return rv;
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
			client_changed = true;
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
		/* SQLite 3.40 calls some malformed schemas "out of memory". */
		MUST(rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_TOKEN_NOT_RECOGNIZED ||
			rv == CKR_HOST_MEMORY);
	}
	(void)!store_tries_edit(store, STORE_SO, count_wrong, NULL);
	unlink(path[TRIES_FILE]);
}

/* Write the files as WHAT says, and those that the last input has changed as they were. */
static void write_files(uint8_t what, struct input *in)
{
	memory_vfs_remove("token.db-journal");
	if (what & 1)
		write_database(in);
	else if (what & 2)
		memory_vfs_write("token.db", in->p, in->n);
	else
		memory_vfs_write("token.db", good, good_n);
	if (what & 4)
		memory_vfs_write("token.db-journal", in->p, in->n);
	if (what & 8)
		write_file(path[CLIENT], in->p, in->n);
	else if (client_changed)
		write_file(path[CLIENT], good_client, good_client_n);
	client_changed = (what & 8) != 0;
	size_t n = in->n < 4096 ? in->n : 4096;
	if (what & 16)
		write_file(path[FRESHNESS], in->p, n);
	if (what & 64)
		write_file(path[TRIES_FILE], in->p, n);
}

/* --- Opening, or going on with the store of the input before --- */

static struct store *kept; /* open since an input before, or NULL */

static void close_kept(void)
{
	store_close(kept);
	kept = NULL;
	MUST(!fuzz_is_fast || sqlite3_memory_used() == 0);
}

/*
 * Make the database one that another process has changed: SQLite compares the count of changes in
 * the header with the count it knows (offsets 24 and 92, section 1.3.7 of its file format).
 */
static void count_change(void)
{
	static uint32_t count = 1000;
	uint8_t number[4];

	count += 100; /* more than the changes that one input makes */
	put_be32(number, count);
	memory_vfs_patch("token.db", 24, number, sizeof number);
	memory_vfs_patch("token.db", 92, number, sizeof number);
}

static bool open_store(void)
{
	if (!opens_anew)
		count_change();
	return kept != NULL || store_open(dir, NULL, &kept) == CKR_OK;
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	uint8_t what = take_byte(&in);
	unsigned part = 0;
	bool good_end = true;

	for (size_t i = 0; i < n; i++)
		part += data[i];
	opens_anew = (what & OPENS_ANEW) != 0;
	if (opens_anew)
		close_kept();
	else
		what &= (uint8_t) ~(2 | 4 | 16);
	write_files(what, &in);
	if (open_store()) {
		look(kept, part);
		client(kept);
		if (what & 64)
			tries(kept);
		if (what & 32) {
			good_end = change(kept) == CKR_OK;
			look(kept, part + 1);
		}
	}
	if (opens_anew || !good_end)
		close_kept();
	if (what & 16)
		unlink(path[FRESHNESS]);
}
