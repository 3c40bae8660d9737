/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c: the schema and the statements. */
#include "store/sqlite/schema.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Partial indexes save space. An object without a label has no entry in the label index. A private
 * object (the usual kind) has no entry in the indexes for searches before login. SQLite ends every
 * index entry with the id, so results come in ascending order without sorting.
 */
#define INDEX(name, column, where)                                                                 \
	{                                                                                          \
		"index", name, "object", "CREATE INDEX " name " ON object(" column ")" where, NULL \
	}

static const struct schema_entry token_entries[] = {
	{"table", "token", "token",
		"CREATE TABLE token(id INTEGER PRIMARY KEY, uuid BLOB, serial BLOB, label BLOB, "
		"scrypt_log2_n INTEGER, so_salt BLOB, so_key BLOB, user_salt BLOB, user_key BLOB, "
		"count_seal BLOB, checksum BLOB)",
		NULL},
	{"table", "object", "object",
		"CREATE TABLE object(id INTEGER PRIMARY KEY AUTOINCREMENT, class INTEGER, private "
		"INTEGER, label BLOB, "
		"object_id BLOB, attributes BLOB, sealed BLOB, checksum BLOB)",
		NULL},
	{"table", "sqlite_sequence", "sqlite_sequence", NULL,
		"CREATE TABLE sqlite_sequence(name,seq)"},
	INDEX("object_label", "label", " WHERE label IS NOT NULL"),
	INDEX("object_object_id", "object_id", " WHERE object_id IS NOT NULL"),
	INDEX("object_class", "class", ""),
	INDEX("public_label", "label", " WHERE private = 0 AND label IS NOT NULL"),
	INDEX("public_object_id", "object_id", " WHERE private = 0 AND object_id IS NOT NULL"),
	INDEX("public_class", "class", " WHERE private = 0"),
	INDEX("public", "private", " WHERE private = 0"),
};
const struct schema schema_token = {"token.db", "token.db-journal", 0x6b646976 /* "kdiv" */, 2,
	token_entries, sizeof token_entries / sizeof token_entries[0]};

/* The rows of a master are together, so that a removal reads and writes only pages of its rows. */
static const struct schema_entry window_entries[] = {
	{"table", "mark", "mark",
		"CREATE TABLE mark(master INTEGER, stream BLOB, mark BLOB, PRIMARY KEY(master, "
		"stream)) WITHOUT ROWID",
		NULL},
};
const struct schema schema_windows = {"windows.db", "windows.db-journal", 0x6b647277 /* "kdrw" */,
	1, window_entries, sizeof window_entries / sizeof window_entries[0]};

const char *const schema_settings =
	"PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; "
	"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
	"PRAGMA cache_size = -4096; PRAGMA page_size = 4096; "
	"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;";

#define COLUMNS "id, class, private, label, object_id, attributes, sealed, checksum"

static const char *const statements[SQL_COUNT_OF_STATEMENTS] = {
	[SQL_READ] = "SELECT " COLUMNS " FROM object WHERE id = ?1",
	[SQL_TAGS] =
		"SELECT id, substr(sealed, -16) FROM object WHERE id > ?1 ORDER BY id LIMIT ?2",
	[SQL_SEQUENCE] = "SELECT seq FROM sqlite_sequence WHERE name = 'object'",
	[SQL_HIGHEST_ID] = "SELECT max(id) FROM object",
	[SQL_INSERT] = "INSERT INTO object(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_UPDATE] = "UPDATE object SET class = ?2, private = ?3, label = ?4, object_id = ?5, "
		       "attributes = ?6, "
		       "sealed = ?7, checksum = ?8 WHERE id = ?1",
	[SQL_REMOVE] = "DELETE FROM object WHERE id = ?1",
	[SQL_TOKEN_GET] = "SELECT uuid, serial, label, scrypt_log2_n, so_salt, so_key, user_salt, "
			  "user_key, count_seal, checksum FROM token WHERE id = 1",
	[SQL_TOKEN_PUT] = "INSERT OR REPLACE INTO token(id, uuid, serial, label, scrypt_log2_n, "
			  "so_salt, so_key, user_salt, user_key, count_seal, checksum) "
			  "VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_CLEAR_OBJECTS] = "DELETE FROM object",
	[SQL_CLEAR_TOKEN] = "DELETE FROM token",
	[SQL_WINDOW_GET] = "SELECT mark FROM mark WHERE master = ?1 AND stream = ?2",
	[SQL_WINDOW_BEFORE] = "SELECT master, stream, mark FROM mark WHERE (master, stream) < "
			      "(?1, ?2) ORDER BY master DESC, stream DESC LIMIT 1",
	[SQL_WINDOW_FROM] = "SELECT master, stream, mark FROM mark WHERE master = ?1 AND stream >= "
			    "?2 ORDER BY stream LIMIT 2",
	[SQL_WINDOW_AFTER] = "SELECT master, stream, mark FROM mark WHERE (master, stream) > "
			     "(?1, ?2) ORDER BY master, stream LIMIT 1",
	[SQL_WINDOW_PUT] = "INSERT OR REPLACE INTO mark(master, stream, mark) VALUES(?1, ?2, ?3)",
	[SQL_WINDOW_REMOVE] = "DELETE FROM mark WHERE master = ?1 AND stream = ?2",
	[SQL_WINDOW_REMOVE_SOME] =
		"DELETE FROM mark WHERE master = ?1 AND stream IN (SELECT stream FROM mark WHERE "
		"master = ?1 ORDER BY stream DESC LIMIT ?2)",
	[SQL_WINDOW_NEXT_MASTER] = "SELECT min(master) FROM mark WHERE master > ?1",
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVEPOINT] = "SAVEPOINT change",
	[SQL_RELEASE] = "RELEASE change",
	[SQL_ROLLBACK_TO] = "ROLLBACK TO change",
};

/*
 * Return the index that leaves the fewest records. An object id is rarer than a label, and a label
 * is rarer than a class.
 */
static const char *find_index(unsigned find)
{
	bool is_public = (find & FIND_PUBLIC) != 0;

	if (find & FIND_OBJECT_ID)
		return is_public ? "INDEXED BY public_object_id" : "INDEXED BY object_object_id";
	if (find & FIND_LABEL)
		return is_public ? "INDEXED BY public_label" : "INDEXED BY object_label";
	if (find & FIND_CLASS)
		return is_public ? "INDEXED BY public_class" : "INDEXED BY object_class";
	return is_public ? "INDEXED BY public" : "NOT INDEXED";
}

void schema_statement(enum sql which, char out[SCHEMA_STATEMENT_MAX])
{
	unsigned find = (unsigned)(which - SQL_FIND);

	if (find >= FIND_KINDS) {
		snprintf(out, SCHEMA_STATEMENT_MAX, "%s", statements[which]);
		return;
	}
	snprintf(out, SCHEMA_STATEMENT_MAX,
		"SELECT " COLUMNS " FROM object %s WHERE id > ?1%s%s%s%s ORDER BY id LIMIT ?2",
		find_index(find), find & FIND_LABEL ? " AND label = ?3" : "",
		find & FIND_OBJECT_ID ? " AND object_id = ?4" : "",
		find & FIND_CLASS ? " AND class = ?5" : "",
		find & FIND_PUBLIC ? " AND private = 0" : "");
}
