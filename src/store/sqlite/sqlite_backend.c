/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_backend.c: the directory of a token, its locks and its transactions, see backend.h. The
 * tables are in token_table.c, object_table.c and mark_table.c.
 */
#include "store/sqlite/sqlite_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "store/sqlite/sqlite_store.h"

#define STATE_DIRECTORY "clients"
#define PINS_WAIT_MS 60000 /* a process that was stopped during a try must not stop all others */
#define PINS_POLL_MS 5

/* --- Opening and closing --- */

/* Return DIR without the slashes at its end: with a slash, open(2) follows a symbolic link. */
static char *directory_name(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strndup(dir, n);
}

/*
 * Check that NAME in DIRFD is still the open directory FD. A process that went on in a directory
 * that was renamed would give numbers of clients that another process takes from a copy in its
 * place. SQLite would find no journal there.
 */
static CK_RV check_in_place(int fd, int dirfd, const char *name)
{
	struct stat here, there;

	REQUIRE(fstat(fd, &here) == 0 && fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
			here.st_dev == there.st_dev && here.st_ino == there.st_ino,
		CKR_DEVICE_ERROR, "a directory of the token was renamed, removed or replaced");
	return CKR_OK;
}

/*
 * Find the path of the open directory FD, called NAME, without symbolic links: SQLite refuses a
 * path that has any.
 */
static CK_RV resolve(int fd, const char *name, char **ret_path)
{
	char *path = realpath(name, NULL);

	if (path == NULL)
		return file_error("resolving the token directory");
	CK_RV rv = check_in_place(fd, AT_FDCWD, path);
	if (rv == CKR_OK)
		*ret_path = path;
	else
		free(path);
	return rv;
}

/*
 * The directory above, in which the token directory could be exchanged for another, must belong to
 * this user or to root, and others must not be able to write to it.
 */
static CK_RV check_directory_above(const struct sqlite_store *sqlite)
{
	struct stat st;

	if (fstatat(sqlite->dirfd, "..", &st, 0) != 0)
		return file_error("looking at the directory above the token");
	uid_t owner = st.st_uid == 0 ? geteuid() : st.st_uid;
	ENSURE(file_is_own("the directory above the token", owner, st.st_mode), CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV open_parts(struct sqlite_store *sqlite, const char *name)
{
	TRY(directory_open(AT_FDCWD, name, true, &sqlite->dirfd));
	TRY(check_directory_above(sqlite));
	TRY(resolve(sqlite->dirfd, name, &sqlite->path));
	if (sqlite->schema != &schema_token)
		return CKR_OK;
	return freshness_map(&sqlite->freshness, sqlite->dirfd);
}

/* Free everything but the database and the struct itself. */
static void free_parts(struct sqlite_store *sqlite)
{
	freshness_unmap(&sqlite->freshness);
	int clients = atomic_load(&sqlite->clients_fd);
	file_done(&clients);
	file_done(&sqlite->pins_fd);
	file_done(&sqlite->dirfd);
	free(sqlite->path);
	sqlite->path = NULL;
}

/* Open the directory DIR for a connection to the database of SCHEMA. */
static CK_RV open_store(struct store *store, const char *dir, const struct schema *schema)
{
	struct sqlite_store *sqlite = calloc(1, sizeof *sqlite);

	ENSURE(sqlite != NULL, CKR_HOST_MEMORY);
	sqlite->schema = schema;
	sqlite->dirfd = sqlite->pins_fd = -1;
	atomic_store(&sqlite->clients_fd, -1);
	char *name = directory_name(dir);
	CK_RV rv = name ? open_parts(sqlite, name) : CKR_HOST_MEMORY;
	free(name);
	if (rv != CKR_OK) {
		free_parts(sqlite);
		free(sqlite);
		return rv;
	}
	store->at = sqlite;
	return CKR_OK;
}

static CK_RV sqlite_open(struct store *store, const char *dir)
{
	return open_store(store, dir, &schema_token);
}

static void sqlite_close(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	database_close(sqlite->db);
	free_parts(sqlite);
	free(sqlite);
}

/* SQLite is not called here: another thread of the parent may have held one of its locks. */
static void sqlite_abandon(struct store *store)
{
	free_parts(sqlite_of(store));
}

/*
 * The locks of the parent are not in danger: file locks belong to a process, and this process has
 * none. But SQLite would undo a transaction that the parent had begun. So a connection is closed
 * only if it was at rest when the fork happened. before_fork (open.c) waits for that, and only a
 * fork that ran no handlers finds the connection at work.
 */
static bool sqlite_discard(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (pthread_mutex_trylock(&store->lock) != 0)
		return false;
	bool at_rest = sqlite->db == NULL || !database_in_transaction(sqlite->db);
	pthread_mutex_unlock(&store->lock);
	if (!at_rest)
		return false;
	database_close(sqlite->db);
	free(sqlite);
	return true;
}

static const _Atomic uint64_t *sqlite_freshness(const struct store *store)
{
	return atomic_load_explicit(&sqlite_of(store)->freshness.word, memory_order_acquire);
}

/* A thread that finds the connection in use checks the rest a second later. */
static void sqlite_check_freshness(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	uint32_t changes;

	freshness_check(&sqlite->freshness);
	if (pthread_mutex_trylock(&store->lock) != 0)
		return;
	uint64_t before = atomic_load(sqlite_freshness(store));
	if (sqlite->db != NULL && database_change_count(sqlite->db, &changes) == CKR_OK)
		freshness_check_changes(&sqlite->freshness, before, changes);
	pthread_mutex_unlock(&store->lock);
}

/* The directory is opened once and kept, because this module never removes it. */
static CK_RV sqlite_state_directory(struct store *store, bool make, int *ret_fd)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	int kept = atomic_load(&sqlite->clients_fd), fd = -1;

	TRY(check_in_place(sqlite->dirfd, AT_FDCWD, sqlite->path));
	if (kept >= 0) {
		TRY(check_in_place(kept, sqlite->dirfd, STATE_DIRECTORY));
	} else {
		TRY(directory_open(sqlite->dirfd, STATE_DIRECTORY, make, &fd));
		if (fd < 0 || atomic_compare_exchange_strong(&sqlite->clients_fd, &kept, fd))
			kept = fd;
		else
			close(fd); /* another thread was first */
	}
	*ret_fd = kept;
	return CKR_OK;
}

/* --- PINs --- */

static bool sqlite_lock_pins(struct store *store, bool alone)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	int how = (alone ? LOCK_EX : LOCK_SH) | LOCK_NB;

	if (sqlite->pins_fd < 0)
		sqlite->pins_fd = openat(sqlite->dirfd, ".", O_RDONLY | O_CLOEXEC);
	for (int waited = 0; sqlite->pins_fd >= 0 && waited < PINS_WAIT_MS;
		waited += PINS_POLL_MS) {
		if (flock(sqlite->pins_fd, how) == 0 || (errno != EWOULDBLOCK && errno != EINTR))
			return true;
		usleep(PINS_POLL_MS * 1000);
	}
	return sqlite->pins_fd < 0;
}

/* Not by close alone, because a forked child may have the descriptor too. */
static void sqlite_unlock_pins(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (sqlite->pins_fd >= 0)
		flock(sqlite->pins_fd, LOCK_UN);
	file_done(&sqlite->pins_fd);
}

static CK_RV sqlite_tries_edit(
	struct store *store, enum store_role role, store_edit_tries *edit, void *arg)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	struct store_token token;
	struct store_tries before, tries;
	TRIES file = {.fd = -1};

	/*
	 * The file is locked before the token record is read. Otherwise the count for a PIN that
	 * was replaced in between could overwrite the count for the new PIN.
	 */
	TRY(tries_open(sqlite->dirfd, &sqlite->tries, &file));
	HOLD(&store->lock);
	if (file.fd >= 0)
		sqlite->tries.used = false;
	else
		TRY(tries_use_memory(sqlite->dirfd, &sqlite->tries));
	TRY(sqlite_token_get(store, &token));
	const struct store_pin *pin = role == STORE_SO ? &token.so : &token.user;
	TRY(tries_read(&file, role, pin->salt, &before));
	tries = before;
	TRY(edit(&token, &tries, arg));
	if (tries.wrong == before.wrong && tries.started == before.started)
		return CKR_OK;
	return tries_write(&file, role, pin->salt, &tries);
}

static bool sqlite_tries_in_memory(struct store *store)
{
	HOLD(&store->lock);
	return sqlite_of(store)->tries.used;
}

/* --- Transactions --- */

static CK_RV open_database(struct store *store, bool create)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (sqlite->db && database_is_empty(sqlite->db) && !create) {
		database_close(sqlite->db); /* another process may have made the schema since */
		sqlite->db = NULL;
	}
	return sqlite->db ? CKR_OK
			  : database_open(sqlite->dirfd, sqlite->path, sqlite->schema, create,
				    &sqlite->db);
}

/*
 * Open the database of a directory that is in its place, for a change. A file that was opened
 * read-only may be writable now. CKR_TOKEN_NOT_RECOGNIZED without a database, unless CREATE.
 */
static CK_RV open_for_change(struct store *store, bool create)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	TRY(check_in_place(sqlite->dirfd, AT_FDCWD, sqlite->path));
	if (sqlite->db && database_became_writable(sqlite->db, sqlite->dirfd)) {
		database_close(sqlite->db);
		sqlite->db = NULL;
	}
	TRY(open_database(store, create));
	return sqlite->db != NULL ? CKR_OK : CKR_TOKEN_NOT_RECOGNIZED;
}

/* Inside a transaction the database is open, and its schema may be about to be made. */
CK_RV sqlite_need_database(struct store *store, struct database **ret_db)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (sqlite->db == NULL || !database_in_transaction(sqlite->db))
		TRY(open_database(store, false));
	*ret_db = sqlite->db && !database_is_empty(sqlite->db) ? sqlite->db : NULL;
	return CKR_OK;
}

static bool sqlite_is_read_only(struct store *store)
{
	struct database *db = sqlite_of(store)->db;

	return db != NULL && database_is_read_only(db);
}

static CK_RV sqlite_begin(struct store *store, bool create, bool *ret_busy)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	TRY(open_for_change(store, create));
	freshness_check(&sqlite->freshness);
	TRY(freshness_need_writable(&sqlite->freshness));
	if (create)
		TRY(tries_create(sqlite->dirfd)); /* while there is room: a login needs none */
	TRY(database_begin(sqlite->db, ret_busy));
	if (!*ret_busy)
		freshness_begin(&sqlite->freshness);
	return CKR_OK;
}

/*
 * Close a database whose schema was not made, because another process may make it now, and one that
 * was left with locks.
 */
static void close_unusable(struct sqlite_store *sqlite)
{
	if (!database_is_empty(sqlite->db) && !database_is_broken(sqlite->db))
		return;
	database_close(sqlite->db);
	sqlite->db = NULL;
}

static CK_RV sqlite_commit(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	CK_RV rv = database_commit(sqlite->db, sqlite->dirfd);

	freshness_end(&sqlite->freshness);
	close_unusable(sqlite);
	return rv;
}

static void sqlite_rollback(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	database_rollback(sqlite->db);
	freshness_end(&sqlite->freshness);
	close_unusable(sqlite);
}

static bool sqlite_in_transaction(struct store *store)
{
	return database_in_transaction(sqlite_of(store)->db);
}

static CK_RV sqlite_savepoint(struct store *store)
{
	return database_run(sqlite_of(store)->db, SQL_SAVEPOINT);
}

static CK_RV sqlite_release(struct store *store)
{
	return database_run(sqlite_of(store)->db, SQL_RELEASE);
}

static void sqlite_undo(struct store *store)
{
	database_undo(sqlite_of(store)->db);
}

static CK_RV sqlite_begin_read(struct store *store)
{
	struct database *db = NULL;

	TRY(sqlite_need_database(store, &db));
	return db != NULL ? database_run(db, SQL_BEGIN_READ) : CKR_TOKEN_NOT_RECOGNIZED;
}

/* If the end fails, the transaction would refuse the next one, and keep other processes waiting. */
static void sqlite_end_read(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	database_rollback(sqlite->db);
	close_unusable(sqlite);
}

static CK_RV sqlite_make_schema(struct store *store)
{
	return database_make_schema(sqlite_of(store)->db);
}

static CK_RV sqlite_clear(struct store *store)
{
	TRY(database_run(sqlite_of(store)->db, SQL_CLEAR_OBJECTS));
	return database_run(sqlite_of(store)->db, SQL_CLEAR_TOKEN);
}

/* --- The store of marks: windows.db in the same directory, without a freshness counter --- */

static CK_RV marks_open(struct store *store, const char *dir)
{
	return open_store(store, dir, &schema_windows);
}

static CK_RV marks_begin(struct store *store, bool create, bool *ret_busy)
{
	TRY(open_for_change(store, create));
	return database_begin(sqlite_of(store)->db, ret_busy);
}

static CK_RV marks_commit(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	CK_RV rv = database_commit(sqlite->db, sqlite->dirfd);

	close_unusable(sqlite);
	return rv;
}

static void marks_rollback(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	database_rollback(sqlite->db);
	close_unusable(sqlite);
}

static const struct store_backend sqlite_marks_backend = {
	.open = marks_open,
	.close = sqlite_close,
	.abandon = sqlite_abandon,
	.discard = sqlite_discard,
	.begin = marks_begin,
	.commit = marks_commit,
	.rollback = marks_rollback,
	.in_transaction = sqlite_in_transaction,
	.savepoint = sqlite_savepoint,
	.undo = sqlite_undo,
	.release = sqlite_release,
	.begin_read = sqlite_begin_read,
	.end_read = sqlite_end_read,
	.make_schema = sqlite_make_schema,
	.mark_get = sqlite_mark_get,
	.mark_near = sqlite_mark_near,
	.mark_put = sqlite_mark_put,
	.mark_remove = sqlite_mark_remove,
	.marks_remove = sqlite_marks_remove,
	.marks_next = sqlite_marks_next,
};

const struct store_backend sqlite_backend = {
	.marks = &sqlite_marks_backend,
	.open = sqlite_open,
	.close = sqlite_close,
	.abandon = sqlite_abandon,
	.discard = sqlite_discard,
	.freshness = sqlite_freshness,
	.check_freshness = sqlite_check_freshness,
	.state_directory = sqlite_state_directory,
	.lock_pins = sqlite_lock_pins,
	.unlock_pins = sqlite_unlock_pins,
	.tries_edit = sqlite_tries_edit,
	.tries_in_memory = sqlite_tries_in_memory,
	.is_read_only = sqlite_is_read_only,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.in_transaction = sqlite_in_transaction,
	.savepoint = sqlite_savepoint,
	.undo = sqlite_undo,
	.release = sqlite_release,
	.begin_read = sqlite_begin_read,
	.end_read = sqlite_end_read,
	.make_schema = sqlite_make_schema,
	.clear = sqlite_clear,
	.token_get = sqlite_token_get,
	.token_update = sqlite_token_update,
	.read = sqlite_read,
	.insert = sqlite_insert,
	.update = sqlite_update,
	.remove = sqlite_remove,
	.find = sqlite_find,
	.tags = sqlite_tags,
	.last_id = sqlite_last_id,
};
