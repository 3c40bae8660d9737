/* SPDX-License-Identifier: Apache-2.0 */
/* database_open.c: open a database of a token with all checks, and make its schema. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "store/sqlite/database.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/vfs.h"

#define LENGTH_LIMIT (1 << 20) /* of a record or of a statement's text */

/*
 * Decide whether to try again while another process has locked the file. Sleep for a short
 * random time first.
 */
static int wait_for_others(void *arg, int tries)
{
	struct database *db = arg;
	struct timespec now;

	if (db->impatient)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (tries == 0)
		db->waiting_since = now;
	if (now.tv_sec - db->waiting_since.tv_sec >= DATABASE_WAIT_SECONDS)
		return 0;
	unsigned most = tries < 5 ? 200U << tries : 5000;
	usleep(100 + (unsigned)(now.tv_nsec / 64) % most);
	return 1;
}

/* Read the single number that the query SQL gives. */
static CK_RV ask_number(struct database *db, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		*ret_number = sqlite3_column_int64(s, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return code == SQLITE_OK ? CKR_OK : database_failure(db->sqlite, code, sql);
}

static bool text_is(sqlite3_stmt *s, int column, const char *expected)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text != NULL && (size_t)sqlite3_column_bytes(s, column) == strlen(expected) &&
	       strcmp(text, expected) == 0;
}

/*
 * Check that the file's schema is exactly the expected text, without a trigger, view, generated
 * column or function.
 */
static CK_RV compare_schema(struct database *db, bool *ret_empty)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite,
		"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid", -1, &s, NULL);
	size_t n = 0;
	bool same = true;

	while (code == SQLITE_OK && same && (code = sqlite3_step(s)) == SQLITE_ROW) {
		const struct schema_entry *entry =
			n < db->schema->n ? &db->schema->entries[n] : NULL;
		same = entry && text_is(s, 0, entry->type) && text_is(s, 1, entry->name) &&
		       text_is(s, 2, entry->table) &&
		       text_is(s, 3, entry->sql ? entry->sql : entry->made_as);
		n++;
		code = SQLITE_OK;
	}
	sqlite3_finalize(s);
	if (code != SQLITE_OK && code != SQLITE_DONE)
		return database_failure(db->sqlite, code, "reading the schema");
	if (!same || (n != 0 && n != db->schema->n)) {
		log_error("%s: its schema is not that of format %d", db->schema->file,
			db->schema->format);
		return CKR_DEVICE_ERROR;
	}
	*ret_empty = n == 0;
	return CKR_OK;
}

/* Check the owner and the format of the file, inside a transaction of reading or writing. */
static CK_RV check_format(struct database *db, bool *ret_empty)
{
	int64_t application = 0, format = 0;
	bool empty = false;

	TRY(ask_number(db, "PRAGMA application_id", &application));
	TRY(ask_number(db, "PRAGMA user_version", &format));
	if (application != (format == 0 ? 0 : db->schema->application) ||
		(format != 0 && format != db->schema->format)) {
		log_error("%s: format %lld of application %lld, not %d of %d", db->schema->file,
			(long long)format, (long long)application, db->schema->format,
			db->schema->application);
		return CKR_DEVICE_ERROR;
	}
	TRY(compare_schema(db, &empty));
	ENSURE(empty == (format == 0), CKR_DEVICE_ERROR);
	*ret_empty = empty;
	return CKR_OK;
}

/* Refuse a file in WAL mode before SQLite reads it, because reading would make files beside it. */
static CK_RV refuse_wal(struct database *db)
{
	sqlite3_file *file = NULL;
	uint8_t header[20] = {0};

	int code = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (code != SQLITE_OK || file == NULL || file->pMethods == NULL)
		return database_failure(db->sqlite, code, "looking at the file");
	code = file->pMethods->xRead(file, header, sizeof header, 0);
	if (code == SQLITE_IOERR_SHORT_READ)
		return CKR_OK; /* empty */
	if (code != SQLITE_OK)
		return database_failure(db->sqlite, code, "reading the header");
	ENSURE(header[18] != 2 && header[19] != 2, CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV set_up_database(struct database *db)
{
	sqlite3 *sqlite = db->sqlite;

	sqlite3_extended_result_codes(sqlite, 1);
	sqlite3_busy_handler(sqlite, wait_for_others, db);
	sqlite3_limit(sqlite, SQLITE_LIMIT_LENGTH, LENGTH_LIMIT);
	sqlite3_limit(sqlite, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	TRY(refuse_wal(db));
	TRY(database_run_text(db, schema_settings, "setting up"));
	TRY(database_run_text(db, "BEGIN", "reading"));
	CK_RV rv = check_format(db, &db->empty);
	CK_RV end = database_run_text(db, "ROLLBACK", "reading");
	return rv != CKR_OK ? rv : end;
}

/*
 * Make the file without a descriptor of it. Closing a descriptor would drop this process's locks
 * on the file.
 */
static CK_RV make_file(int dirfd, const char *file)
{
	struct stat st;

	if (mknodat(dirfd, file, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
		return file_error("making a database");
	ENSURE(fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode),
		CKR_DEVICE_ERROR);
	if (st.st_size == 0 && (st.st_mode & 0777) != 0600) /* the umask has taken our own bits */
		ENSURE(fchmodat(dirfd, file, 0600, 0) == 0, CKR_DEVICE_ERROR);
	return CKR_OK;
}

/*
 * Check that SQLite has opened the regular file BEFORE in DIRFD, and not another file that was
 * put there meanwhile.
 */
static CK_RV check_same_file(struct database *db, int dirfd, const struct stat *before)
{
	struct stat after;
	int moved = 1;

	ENSURE(sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
				SQLITE_OK &&
			!moved,
		CKR_DEVICE_ERROR);
	ENSURE(fstatat(dirfd, db->schema->file, &after, AT_SYMLINK_NOFOLLOW) == 0,
		CKR_DEVICE_ERROR);
	ENSURE(S_ISREG(after.st_mode) && after.st_dev == before->st_dev &&
			after.st_ino == before->st_ino,
		CKR_DEVICE_ERROR);
	return CKR_OK;
}

/*
 * Return true if FILE with the status ST may be written. Root must not write a file that has no
 * write permission. Only EACCES and EROFS show that a file is read-only. The system call filter of
 * an old container host answers EPERM, and then the permissions decide.
 */
static bool may_write(int dirfd, const char *file, const struct stat *st)
{
	if ((st->st_mode & 0222) == 0)
		return false;
	if (faccessat(dirfd, file, W_OK, AT_EACCESS) == 0)
		return true;
	if (errno == EACCES || errno == EROFS)
		return false;
	if (getuid() == geteuid() && getgid() == getegid())
		return faccessat(dirfd, file, W_OK, 0) == 0 || (errno != EACCES && errno != EROFS);
	return true;
}

bool database_became_writable(const struct database *db, int dirfd)
{
	struct stat st;

	return database_is_read_only(db) &&
	       fstatat(dirfd, db->schema->file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       may_write(dirfd, db->schema->file, &st);
}

static CK_RV open_file(struct database *db, int dirfd, const char *path, const struct stat *st)
{
	char name[PATH_MAX];
	bool writing = may_write(dirfd, db->schema->file, st);
	int flags = (writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
		    SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	ENSURE(snprintf(name, sizeof name, "%s/%s", path, db->schema->file) < (int)sizeof name,
		CKR_DEVICE_ERROR);
	vfs_forget_error();
	int code = vfs_open(name, &db->sqlite, flags);
	if (code != SQLITE_OK) {
		CK_RV rv = database_failure(db->sqlite, code, "opening");
		return rv == CKR_TOKEN_WRITE_PROTECTED ? CKR_DEVICE_ERROR : rv; /* not even read */
	}
	/*
	 * SQLite opens the file for reading if opening for writing fails for any reason.
	 * A temporary reason, such as too many open files, must not make the token
	 * read-only for good.
	 */
	if (writing && database_is_read_only(db)) {
		log_error("%s: cannot be opened for writing (errno %d)", db->schema->file,
			vfs_first_error());
		return CKR_DEVICE_ERROR;
	}
	TRY(check_same_file(db, dirfd, st));
	return set_up_database(db);
}

/* A journal that another user can write would be rolled back into the database. */
static CK_RV check_owners(int dirfd, const struct schema *schema, const struct stat *database)
{
	struct stat journal;

	ENSURE(file_is_own(schema->file, database->st_uid, database->st_mode), CKR_DEVICE_ERROR);
	if (fstatat(dirfd, schema->journal, &journal, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? CKR_OK : file_error("looking for a journal");
	ENSURE(file_is_own(schema->journal, journal.st_uid, journal.st_mode), CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV database_open(int dirfd, const char *path, const struct schema *schema, bool create,
	struct database **ret_db)
{
	struct stat st;

	if (create)
		TRY(make_file(dirfd, schema->file));
	if (fstatat(dirfd, schema->file, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		ENSURE(errno == ENOENT, CKR_DEVICE_ERROR);
		*ret_db = NULL;
		return CKR_OK;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error("%s: not a regular file", schema->file);
		return CKR_DEVICE_ERROR;
	}
	TRY(check_owners(dirfd, schema, &st));
	if (st.st_size == 0 && !create) {
		*ret_db = NULL;
		return CKR_OK;
	}
	struct database *db = calloc(1, sizeof *db);
	ENSURE(db != NULL, CKR_HOST_MEMORY);
	db->schema = schema;
	CK_RV rv = open_file(db, dirfd, path, &st);
	if (rv != CKR_OK || (db->empty && !create)) {
		database_close(db);
		db = NULL;
	}
	if (rv == CKR_OK)
		*ret_db = db;
	return rv;
}

CK_RV database_make_schema(struct database *db)
{
	char text[80];

	if (!db->empty)
		return CKR_OK;
	TRY(check_format(db, &db->empty)); /* another process may have been first */
	if (!db->empty)
		return CKR_OK;
	snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		db->schema->application, db->schema->format);
	TRY(database_run_text(db, text, "writing the format"));
	for (size_t i = 0; i < db->schema->n; i++)
		if (db->schema->entries[i].sql)
			TRY(database_run_text(db, db->schema->entries[i].sql, "making the schema"));
	db->empty = false;
	db->made = true;
	return CKR_OK;
}
