/* SPDX-License-Identifier: Apache-2.0 */
/* window_support.h: a token with two masters whose replay windows a test uses. */
#ifndef KEYDIV_TESTS_WINDOW_SUPPORT_H
#define KEYDIV_TESTS_WINDOW_SUPPORT_H

#include "state/state.h"
#include "state/window.h"
#include "state/window_space.h"
#include "store_support.h"

#define MASTER 7
#define OTHER_MASTER 8

static struct store *store;
static struct vault vault;

/* --- Set-up --- */

__attribute__((unused)) static void log_in(struct vault *v)
{
	SECRET key = {0};
	uint8_t uuid[VAULT_UUID_LEN], bytes[VAULT_KEY_LEN];

	memset(uuid, 0x11, sizeof uuid);
	memset(bytes, 0x77, sizeof bytes);
	ck_ok(secret_set(&key, bytes, sizeof bytes));
	ck_ok(vault_put_key(v, uuid, &key));
}

/* Log in with a vault of its own, as another process does: it shares the files and nothing else. */
__attribute__((unused)) static void open_vault(struct vault *v)
{
	ck_ok(vault_init(v));
	log_in(v);
}

/* Forget the windows of V without a logout, and V. */
__attribute__((unused)) static void close_vault(struct vault *v)
{
	windows_close(v);
	vault_destroy(v);
}

__attribute__((unused)) static void open_all(void)
{
	ck_ok(store_open(token_dir, &states_above_store, &store));
	open_vault(&vault);
}

__attribute__((unused)) static void close_all(void)
{
	windows_logout(store, &vault);
	close_vault(&vault);
	store_close(store);
}

__attribute__((unused)) static void make_master(int64_t id)
{
	SNAPSHOT keys = {0};

	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(windows_create(store, &keys, id));
}

/* A token with two masters. */
__attribute__((unused)) static void start(void)
{
	store_close(new_store());
	open_all();
	make_master(MASTER);
	make_master(OTHER_MASTER);
}

/* An incoming stream of MASTER, named NAME, without reservations. */
__attribute__((unused)) static struct window_location stream(const char *name, unsigned size)
{
	return (struct window_location){.store = store,
		.vault = &vault,
		.master = MASTER,
		.size = size,
		.reserve = 1,
		.direction = WINDOW_INCOMING,
		.stream = text_bytes(name)};
}

__attribute__((unused)) static struct window_location reserving(
	const char *name, unsigned size, uint64_t reserve)
{
	struct window_location at = stream(name, size);

	at.reserve = reserve;
	return at;
}

#define accepted(at, counter) ck_ok(window_mark(at, counter))
#define replayed(at, counter) ck_rv(window_mark(at, counter), CKR_KEYDIV_REPLAYED)

/* Read the mark of the stream as a process without memory of the stream does. */
__attribute__((unused)) static struct window_set stored(struct window_location at)
{
	static struct vault fresh;
	struct window_set set = {0};

	open_vault(&fresh);
	at.vault = &fresh;
	ck_ok(window_read(&at, &set));
	close_vault(&fresh);
	return set;
}

#endif
