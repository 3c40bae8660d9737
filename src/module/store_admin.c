/* SPDX-License-Identifier: Apache-2.0 */
/* store_admin.c: the functions of base/store_interface.h. */
#include "base/store_interface.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configure.h"
#include "module.h"
#include "store/copy.h"

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

/* --- copy --- */

/* Open PLACE. A directory that is missing is made if MAKE is true. */
static CK_RV open_place(
	const struct store_place *place, bool make, const struct answer *answer, struct store **ret)
{
	char dir[PATH_MAX + 16];

	if (place->slot >= SLOTS_MAX)
		return refuse(answer, CKR_ARGUMENTS_BAD, "no such slot: the highest one is 63");
	if (place->store[0] != '/' || strlen(place->store) >= PATH_MAX)
		return refuse(answer, CKR_ARGUMENTS_BAD,
			"a store is the absolute path of a token directory, or postgresql: and a "
			"service");
	if (make)
		TRY(configure_directory(place->store));
	snprintf(dir, sizeof dir, "%s/slot-%u", place->store, place->slot);
	if (!make && access(dir, F_OK) != 0)
		return CKR_TOKEN_NOT_RECOGNIZED;
	return store_open(dir, NULL, ret);
}

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

static CK_RV no_server(const struct answer *answer)
{
	return refuse(answer, CKR_ARGUMENTS_BAD,
		"the store is not on a server: postgresql: and a service");
}

static CK_RV admin_init(const char *store, const char *grant_to, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	(void)store;
	(void)grant_to;
	WITH_MODULE(no_server(&answer));
}

static CK_RV admin_status(const char *store, store_line *line, void *arg)
{
	const struct answer answer = {line, arg};

	(void)store;
	WITH_MODULE(no_server(&answer));
}

static CK_RV admin_describe(CK_SLOT_ID slot, store_line *line, void *arg)
{
	(void)line;
	(void)arg;
	WITH_MODULE(module_token(slot) ? CKR_OK : no_such_slot());
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
