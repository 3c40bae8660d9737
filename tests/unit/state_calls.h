/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_calls.h: state.c, of which each call passes the test, a kind of state that counts, and a
 * file of two slots in memory. The calls are written down, and fail when the test says so.
 */
#ifndef KEYDIV_TESTS_STATE_CALLS_H
#define KEYDIV_TESTS_STATE_CALLS_H

#include "state/reservation.h"
#include "state/state_file.h"
#include "state/window.h"
#include "store_support.h"

static struct reservation *test_take(const struct vault *vault, int64_t id, bool make);
static CK_RV test_create(struct store *store, int64_t id, struct bytes text);
static CK_RV test_open(struct store *store, int64_t id, struct state_file **ret_file);
static void test_close(struct state_file *file);
static CK_RV test_read(struct state_file *file, unsigned which, struct state_text *ret_text);
static CK_RV test_write(
	struct state_file *file, unsigned which, uint64_t sequence, struct bytes text);
static CK_RV test_remove(struct store *store, int64_t id);
static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out);
static CK_RV test_vault_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain);
static CK_RV test_set(struct secret *s, const void *p, size_t n);
#define reservation_take test_take
#define state_file_create test_create
#define state_file_open test_open
#define state_file_close test_close
#define state_file_read test_read
#define state_file_write test_write
#define state_file_remove test_remove
#define vault_seal test_seal
#define vault_open test_vault_open
#define secret_set test_set
#include "state/state.c"
#undef reservation_take
#undef state_file_create
#undef state_file_open
#undef state_file_close
#undef state_file_read
#undef state_file_write
#undef state_file_remove
#undef vault_seal
#undef vault_open
#undef secret_set

#define INJECTED CKR_FUNCTION_CANCELED /* the code of a call that fails */
#define ID 17
#define LAST 10 /* the number after the last */

/* --- The calls --- */

static long passing = -1; /* calls before the one that fails; negative: none fails */
static CK_RV failure = INJECTED;
static char journal[600]; /* the names of the calls, each with a blank behind it */

static CK_RV called(const char *name)
{
	size_t n = strlen(journal);

	snprintf(journal + n, sizeof journal - n, "%s ", name);
	return passing >= 0 && passing-- == 0 ? failure : CKR_OK;
}

static void expect(const char *calls)
{
	ck_assert_str_eq(journal, calls);
	memset(journal, 0, sizeof journal);
}

static struct reservation *test_take(const struct vault *vault, int64_t id, bool make)
{
	return called(make ? "take" : "look") == CKR_OK ? reservation_take(vault, id, make) : NULL;
}

/* --- The file: two candidates --- */

struct state_file {
	struct candidate {
		uint64_t sequence;
		uint8_t text[STATE_TEXT_MAX];
		size_t n;
	} candidates[2];
	bool there, opened;
};

static struct state_file the_file;
static struct vault vault;

static CK_RV test_create(struct store *store, int64_t id, struct bytes text)
{
	ck_assert(store == NULL && id == ID && !the_file.there);
	TRY(called("create"));
	the_file.there = true;
	the_file.candidates[0].sequence = 1;
	memcpy(the_file.candidates[0].text, text.p, text.n);
	the_file.candidates[0].n = text.n;
	the_file.candidates[1].n = 0;
	return CKR_OK;
}

static CK_RV test_open(struct store *store, int64_t id, struct state_file **ret_file)
{
	ck_assert(store == NULL && id == ID && !the_file.opened);
	TRY(called("open"));
	ENSURE(the_file.there, CKR_OBJECT_HANDLE_INVALID);
	the_file.opened = true;
	*ret_file = &the_file;
	return CKR_OK;
}

static void test_close(struct state_file *file)
{
	ck_assert(file == &the_file && file->opened);
	file->opened = false;
}

static CK_RV test_read(struct state_file *file, unsigned which, struct state_text *ret_text)
{
	ENSURE(which < 2, CKR_GENERAL_ERROR);
	const struct candidate *c = &file->candidates[which];
	TRY(called(which == 0 ? "read" : "read_second"));
	*ret_text = (struct state_text){c->sequence, bytes_of(c->text, c->n)};
	return CKR_OK;
}

static CK_RV test_write(
	struct state_file *file, unsigned which, uint64_t sequence, struct bytes text)
{
	ck_assert(sequence == file->candidates[which].sequence + 1 && file->opened);
	TRY(called(which == 0 ? "write" : "write_second"));
	file->candidates[0].sequence = sequence;
	memcpy(file->candidates[0].text, text.p, text.n);
	file->candidates[0].n = text.n;
	file->candidates[1].n = 0;
	return CKR_OK;
}

static CK_RV test_remove(struct store *store, int64_t id)
{
	ck_assert(store == NULL && id == ID);
	TRY(called("remove"));
	the_file.there = false;
	return CKR_OK;
}

static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out)
{
	TRY(called("seal"));
	return vault_seal(snapshot, binding, plain, n, out);
}

static CK_RV test_vault_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain)
{
	TRY(called("unseal"));
	return vault_open(snapshot, binding, sealed, ret_plain);
}

static CK_RV test_set(struct secret *s, const void *p, size_t n)
{
	TRY(called("set"));
	return secret_set(s, p, n);
}

/* --- A kind of state: the number of the next key --- */

static CK_RV check(const uint8_t *state, size_t n)
{
	TRY(called("check"));
	ENSURE(n == 8 && get_be64(state) <= LAST, CKR_DEVICE_ERROR);
	return CKR_OK;
}

static uint64_t next(const uint8_t *state)
{
	return get_be64(state);
}

static CK_RV advance(struct derivation *d, uint8_t *state, size_t n, struct secret *ret_key)
{
	uint64_t number = get_be64(state);

	ck_assert_uint_eq(n, 8);
	TRY(called("advance"));
	ENSURE(number < LAST, CKR_KEYDIV_EXHAUSTED);
	put_be64(state, number + 1);
	d->number = number;
	return secret_set(ret_key, state, 8);
}

static const struct state_kind kind = {.size = 8, .check = check, .next = next, .advance = advance};

static const struct state_location at = {.vault = &vault, .id = ID, .kind = &kind};

#endif
