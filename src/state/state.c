/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c: seal, read and advance states.
 *
 * The text of a state in its file is the state sealed under the token key, bound to the token, the
 * record and the sequence number of the slot. A slot of another state, or an older slot with a new
 * number, therefore does not open.
 *
 * With RESERVE > 1 the file is advanced by several numbers at one sync. The state before stays in
 * memory as a reservation and is advanced key by key up to the state in the file. A crash skips
 * the unused numbers. No number is given twice, because the file is never behind the keys that
 * were given out.
 */
#include "state/state.h"

#include "state/reservation.h"
#include "state/state_file.h"
#include "state/window.h"

/* --- Sealing --- */

static const uint8_t binding_text[] = "keydiv client state";

/*
 * Bind a state to its record and to the sequence number of its slot. ROOM holds
 * the sequence number.
 */
static struct binding state_binding(int64_t id, uint64_t sequence, uint8_t room[8])
{
	put_be64(room, sequence);
	return (struct binding){bytes_of(binding_text, sizeof binding_text), id, bytes_of(room, 8)};
}

CK_RV state_create(
	struct store *store, const struct snapshot *keys, int64_t id, const struct secret *state)
{
	uint8_t room[8], text[STATE_SIZE_MAX + SEAL_OVERHEAD];
	struct binding binding = state_binding(id, 1, room);

	ENSURE(state->len <= STATE_SIZE_MAX, CKR_DEVICE_ERROR);
	TRY(vault_seal(keys, &binding, secret_peek(state), state->len, text));
	return state_file_create(store, id, bytes_of(text, state->len + SEAL_OVERHEAD));
}

static void close_file(struct state_file **file)
{
	if (*file != NULL)
		state_file_close(*file);
}

#define STATE_FILE __attribute__((cleanup(close_file))) struct state_file

/*
 * Read the newest slot of FILE that opens, its state and its place. CKR_DEVICE_ERROR if
 * no slot opens.
 */
static CK_RV read_newest(struct state_file *file, const struct state_location *at,
	const struct snapshot *keys, struct secret *ret, unsigned *ret_which,
	uint64_t *ret_sequence)
{
	uint8_t room[8];

	for (unsigned which = 0; which < 2; which++) {
		struct state_text text;
		TRY(state_file_read(file, which, &text));
		if (text.text.n == 0)
			continue;
		struct binding binding = state_binding(at->id, text.sequence, room);
		CK_RV rv = vault_open(keys, &binding, text.text, ret);
		if (rv == CKR_OK)
			rv = at->kind->check(secret_peek(ret), ret->len);
		if (rv == CKR_OK) {
			*ret_which = which;
			*ret_sequence = text.sequence;
			return CKR_OK;
		}
		secret_wipe(ret);
		if (rv == CKR_HOST_MEMORY)
			return rv;
	}
	return FAIL(CKR_DEVICE_ERROR, "no slot of the state's file can be opened");
}

static CK_RV write_newer(struct state_file *file, const struct snapshot *keys, int64_t id,
	unsigned which, uint64_t sequence, const struct secret *state)
{
	uint8_t room[8], text[STATE_SIZE_MAX + SEAL_OVERHEAD];
	struct binding binding = state_binding(id, sequence, room);

	TRY(vault_seal(keys, &binding, secret_peek(state), state->len, text));
	return state_file_write(file, which, sequence, bytes_of(text, state->len + SEAL_OVERHEAD));
}

void state_forget(const struct vault *vault)
{
	reservations_forget(vault, 0);
}

/* --- Advancing --- */

/*
 * Claim up to COUNT numbers in the file, durably. RET_STATE is the state before. *RET_LIMIT is the
 * first number that was not claimed.
 */
static CK_RV claim(const struct state_location *at, uint64_t count, struct derivation *d,
	struct secret *ret_state, uint64_t *ret_limit)
{
	SNAPSHOT keys = {0};
	STATE_FILE *file = NULL;
	SECRET after = {0};
	SECRET dropped = {0};
	unsigned which;
	uint64_t sequence;

	TRY(vault_snapshot_key(at->vault, &keys));
	TRY(state_file_open(at->store, at->id, &file));
	TRY(read_newest(file, at, &keys, ret_state, &which, &sequence));
	TRY(secret_set(&after, secret_peek(ret_state), ret_state->len));
	for (uint64_t i = 0; i < count; i++) {
		CK_RV rv = at->kind->advance(d, secret_bytes(&after), after.len, &dropped);
		if (rv == CKR_KEYDIV_EXHAUSTED && i > 0)
			break; /* fewer are left than COUNT */
		TRY(rv);
	}
	TRY(write_newer(file, &keys, at->id, which, sequence + 1, &after));
	*ret_limit = at->kind->next(secret_peek(&after));
	return CKR_OK;
}

/* Return true if R has no number that may still be given out. */
static bool is_used_up(const struct reservation *r, const struct state_kind *kind)
{
	return r->state.len == 0 || kind->next(secret_peek(&r->state)) >= r->limit;
}

CK_RV state_advance(const struct state_location *at, uint64_t reserve, struct derivation *d,
	struct secret *ret_key)
{
	struct reservation *r = reservation_take(at->vault, at->id, true);
	CK_RV rv = CKR_OK;

	ENSURE(r != NULL, CKR_HOST_MEMORY);
	if (is_used_up(r, at->kind))
		rv = claim(at, reserve, d, &r->state, &r->limit);
	if (rv == CKR_OK)
		rv = at->kind->advance(d, secret_bytes(&r->state), r->state.len, ret_key);
	if (rv != CKR_OK || is_used_up(r, at->kind))
		secret_wipe(&r->state);
	reservation_release(r);
	return rv;
}

CK_RV state_read(const struct state_location *at, struct secret *ret)
{
	SNAPSHOT keys = {0};
	STATE_FILE *file = NULL;
	struct reservation *r = reservation_take(at->vault, at->id, false);
	CK_RV rv = CKR_OK;
	unsigned which;
	uint64_t sequence;

	if (r != NULL) {
		bool reserved = r->state.len > 0;
		if (reserved)
			rv = secret_set(ret, secret_peek(&r->state), r->state.len);
		reservation_release(r);
		if (reserved)
			return rv;
	}
	TRY(vault_snapshot_key(at->vault, &keys));
	TRY(state_file_open(at->store, at->id, &file));
	return read_newest(file, at, &keys, ret, &which, &sequence);
}

CK_RV state_remove(const struct state_location *at)
{
	reservations_forget(at->vault, at->id);
	return state_file_remove(at->store, at->id);
}

/* --- What the store calls --- */

static CK_RV create_for_store(
	struct store *store, const struct snapshot *keys, int64_t id, const struct object *o)
{
	return state_create(store, keys, id, &o->value);
}

const struct store_above states_above_store = {
	.create_state = create_for_store,
	.remove_state = state_file_remove_now,
	.list_states = state_file_list,
	.create_windows = windows_create,
};
