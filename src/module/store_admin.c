/* SPDX-License-Identifier: Apache-2.0 */
/* store_admin.c: the functions of base/store_interface.h. */
#include "base/store_interface.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config_store.h"
#include "configure.h"
#include "module.h"
#include "store/admin.h"
#include "store/copy.h"
#include "store/load.h"
#include "store/sqlite/sqlite_backend.h"

#define SERVER "postgresql:"
#define LEASE_MS 250 /* of the calls here, which cache nothing */

/* Where the lines of an answer go. */
struct answer {
	store_line *line;
	void *arg;
};

static void add_number(const struct answer *answer, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	answer->line(answer->arg, name, text);
}

/* Say why the call fails, to the caller and in the log, and return RV. */
static CK_RV refuse(const struct answer *answer, CK_RV rv, const char *why)
{
	answer->line(answer->arg, "error", why);
	return FAIL(rv, "a store was refused");
}

/* --- Places --- */

/* Load the backend of STORE, which is on a server, and write its connection string to CONNINFO. */
static CK_RV load_server(const char *store, const struct answer *answer,
	char conninfo[CONFIG_STORE_MAX], const struct store_backend **ret)
{
	if (strncmp(store, SERVER, sizeof SERVER - 1) != 0)
		return refuse(answer, CKR_ARGUMENTS_BAD,
			"the store is not on a server: give postgresql: and a service");
	if (config_store(conninfo, store) != NULL)
		return refuse(answer, CKR_ARGUMENTS_BAD,
			"after postgresql: comes a service, a connection string or a URI, without "
			"a password");
	if (store_load(conninfo, LEASE_MS, ret) != CKR_OK)
		return refuse(answer, CKR_FUNCTION_NOT_SUPPORTED,
			"keydiv-store-postgresql.so is not beside the module, or libpq does not "
			"understand the connection string; the log says which");
	return CKR_OK;
}

static CK_RV open_on_server(
	const struct store_place *place, const struct answer *answer, struct store **ret)
{
	const struct store_backend *backend = NULL;
	char conninfo[CONFIG_STORE_MAX], slot[32];

	TRY(load_server(place->store, answer, conninfo, &backend));
	snprintf(slot, sizeof slot, "slot-%u", place->slot);
	return store_open_with(backend, slot, NULL, ret);
}

/* Open PLACE. A directory that is missing is made if MAKE is true. */
static CK_RV open_place(
	const struct store_place *place, bool make, const struct answer *answer, struct store **ret)
{
	char dir[PATH_MAX + 16];

	if (place->slot >= SLOTS_MAX)
		return refuse(answer, CKR_ARGUMENTS_BAD, "no such slot: the highest one is 63");
	if (strncmp(place->store, SERVER, sizeof SERVER - 1) == 0)
		return open_on_server(place, answer, ret);
	if (place->store[0] != '/' || strlen(place->store) >= PATH_MAX)
		return refuse(answer, CKR_ARGUMENTS_BAD,
			"a store is the absolute path of a token directory, or postgresql: and a "
			"service");
	if (make)
		TRY(configure_directory(place->store));
	snprintf(dir, sizeof dir, "%s/slot-%u", place->store, place->slot);
	if (!make && access(dir, F_OK) != 0)
		return CKR_TOKEN_NOT_RECOGNIZED;
	return store_open_with(&sqlite_backend, dir, NULL, ret);
}

/* --- copy --- */

static CK_RV answer_copy(const struct store_copied *done, const struct answer *answer)
{
	switch (done->refusal) {
	case COPY_NO_TOKEN:
		return CKR_TOKEN_NOT_RECOGNIZED;
	case COPY_TOKEN_THERE:
		return CKR_ACTION_PROHIBITED;
	case COPY_STATE:
		answer->line(answer->arg, "client", done->state_label);
		return CKR_STATE_UNSAVEABLE;
	case COPY_DONE:
		break;
	}
	add_number(answer, "objects", done->objects);
	add_number(answer, "marks", done->marks);
	return CKR_OK;
}

static CK_RV copy_opened(struct store *from, const struct store_place *to_place, bool replace,
	const struct answer *answer)
{
	struct store_copied done = {0};
	struct store *to = NULL;

	TRY(open_place(to_place, true, answer, &to));
	CK_RV rv = store_copy(from, to, replace, &done);
	store_close(to);
	return rv == CKR_OK ? answer_copy(&done, answer) : rv;
}

static CK_RV copy_token(const struct store_place *from_place, const struct store_place *to_place,
	bool replace, const struct answer *answer)
{
	struct store *from = NULL;

	if (strcmp(from_place->store, to_place->store) == 0 && from_place->slot == to_place->slot)
		return refuse(
			answer, CKR_ARGUMENTS_BAD, "a token cannot be copied to its own place");
	TRY(open_place(from_place, false, answer, &from));
	CK_RV rv = copy_opened(from, to_place, replace, answer);
	store_close(from);
	return rv;
}

static CK_RV admin_copy(const struct store_place *from, const struct store_place *to,
	CK_BBOOL replace, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	WITH_MODULE(copy_token(from, to, replace != CK_FALSE, &answer));
}

/* --- Stores on a server --- */

static CK_RV init(const char *store, const char *grant_to, const struct answer *answer)
{
	const struct store_backend *backend = NULL;
	char conninfo[CONFIG_STORE_MAX];

	TRY(load_server(store, answer, conninfo, &backend));
	return backend->admin->init(conninfo, grant_to, answer->line, answer->arg);
}

static CK_RV admin_init(const char *store, const char *grant_to, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	WITH_MODULE(init(store, grant_to, &answer));
}

static CK_RV status(const char *store, const struct answer *answer)
{
	const struct store_backend *backend = NULL;
	char conninfo[CONFIG_STORE_MAX];

	TRY(load_server(store, answer, conninfo, &backend));
	return backend->admin->status(conninfo, answer->line, answer->arg);
}

static CK_RV admin_status(const char *store, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	WITH_MODULE(status(store, &answer));
}

static CK_RV describe(struct token *token, const struct answer *answer)
{
	const struct store_admin *admin = token->store->backend->admin;

	if (admin != NULL)
		admin->describe(token->store, answer->line, answer->arg);
	return CKR_OK;
}

static CK_RV admin_describe(CK_SLOT_ID slot, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	WITH_TOKEN(slot, describe(token, &answer));
}

/* --- The interface --- */

extern struct store_interface store_admin;
struct store_interface store_admin = {
	.version = {1, 0},
	.init = admin_init,
	.status = admin_status,
	.copy = admin_copy,
	.describe = admin_describe,
};
