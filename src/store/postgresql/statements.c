/* SPDX-License-Identifier: Apache-2.0 */
/* statements.c: see statements.h. Parameter 1 is the number of the slot where a table has slots. */
#include "store/postgresql/statements.h"

#define COLUMNS "id, class, private, label, object_id, attributes, sealed, checksum"

/*
 * Conditions of a search. The condition on the beginning of a text is there for the index. A
 * parameter that is not compared still needs a type.
 */
#define BY(column, n)                                                                              \
	" AND " column " = $" n "::bytea AND substring(" column " FROM 1 FOR 64) = substring($" n  \
	"::bytea FROM 1 FOR 64)"
#define UNUSED(n, type) " AND ($" n "::" type " IS NULL OR true)"
#define LABEL BY("label", "4")
#define NO_LABEL UNUSED("4", "bytea")
#define ID BY("object_id", "5")
#define NO_ID UNUSED("5", "bytea")
#define CLASS " AND class = $6::int8"
#define NO_CLASS UNUSED("6", "int8")
#define PUBLIC " AND NOT private"
#define FIND_TEXT(conditions)                                                                      \
	"SELECT " COLUMNS " FROM keydiv.object WHERE slot = $1::int4 AND id > $2::int8" conditions \
	" ORDER BY id LIMIT $3::int8"

/* A list of places, given as two arrays, and of marks with their places, as three. */
#define PLACES "unnest($2::int8[], $3::bytea[]) AS p(master, stream)"
#define MARKS "unnest($2::int8[], $3::bytea[], $4::bytea[]) AS p(master, stream, mark)"

static const char *const texts[SQL_COUNT_OF_STATEMENTS] = {
	[SQL_FIND] = FIND_TEXT(NO_LABEL NO_ID NO_CLASS),
	[SQL_FIND + 1] = FIND_TEXT(LABEL NO_ID NO_CLASS),
	[SQL_FIND + 2] = FIND_TEXT(NO_LABEL ID NO_CLASS),
	[SQL_FIND + 3] = FIND_TEXT(LABEL ID NO_CLASS),
	[SQL_FIND + 4] = FIND_TEXT(NO_LABEL NO_ID CLASS),
	[SQL_FIND + 5] = FIND_TEXT(LABEL NO_ID CLASS),
	[SQL_FIND + 6] = FIND_TEXT(NO_LABEL ID CLASS),
	[SQL_FIND + 7] = FIND_TEXT(LABEL ID CLASS),
	[SQL_FIND + 8] = FIND_TEXT(NO_LABEL NO_ID NO_CLASS PUBLIC),
	[SQL_FIND + 9] = FIND_TEXT(LABEL NO_ID NO_CLASS PUBLIC),
	[SQL_FIND + 10] = FIND_TEXT(NO_LABEL ID NO_CLASS PUBLIC),
	[SQL_FIND + 11] = FIND_TEXT(LABEL ID NO_CLASS PUBLIC),
	[SQL_FIND + 12] = FIND_TEXT(NO_LABEL NO_ID CLASS PUBLIC),
	[SQL_FIND + 13] = FIND_TEXT(LABEL NO_ID CLASS PUBLIC),
	[SQL_FIND + 14] = FIND_TEXT(NO_LABEL ID CLASS PUBLIC),
	[SQL_FIND + 15] = FIND_TEXT(LABEL ID CLASS PUBLIC),
	/*
	 * The isolation is said each time, because a role or a database may have another default.
	 */
	[SQL_BEGIN] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	[SQL_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVEPOINT] = "SAVEPOINT change",
	[SQL_RELEASE] = "RELEASE SAVEPOINT change",
	[SQL_ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT change",
	[SQL_SLOT_MAKE] = "INSERT INTO keydiv.slot (slot, generation, changes, last_id) "
			  "VALUES ($1::int4, $2::bytea, 0, 0) ON CONFLICT DO NOTHING",
	[SQL_SLOT_LOCK] = "SELECT changes, generation, last_id FROM keydiv.slot "
			  "WHERE slot = $1::int4 FOR UPDATE",
	[SQL_SLOT_CHANGES] = "SELECT changes, generation FROM keydiv.slot WHERE slot = $1::int4",
	[SQL_SLOT_CHANGED] = "UPDATE keydiv.slot SET generation = $2::bytea, changes = $3::int8, "
			     "last_id = $4::int8 WHERE slot = $1::int4",
	/* The server delivers it after the commit. */
	[SQL_SLOT_NOTIFY] = "SELECT pg_notify('keydiv', $1::int4::text)",
	[SQL_HIGHEST_ID] = "SELECT id FROM keydiv.object WHERE slot = $1::int4 "
			   "ORDER BY id DESC LIMIT 1",
	[SQL_TOKEN_GET] = "SELECT uuid, serial, label, scrypt_log2_n, so_salt, so_key, user_salt, "
			  "user_key, count_seal, checksum FROM keydiv.token "
			  "WHERE slot = $1::int4",
	[SQL_TOKEN_PUT] =
		"INSERT INTO keydiv.token (slot, uuid, serial, label, scrypt_log2_n, so_salt, "
		"so_key, user_salt, user_key, count_seal, checksum) VALUES ($1::int4, $2::bytea, "
		"$3::bytea, $4::bytea, $5::int4, $6::bytea, $7::bytea, $8::bytea, $9::bytea, "
		"$10::bytea, $11::bytea) ON CONFLICT (slot) DO UPDATE SET uuid = excluded.uuid, "
		"serial = excluded.serial, label = excluded.label, scrypt_log2_n = "
		"excluded.scrypt_log2_n, so_salt = excluded.so_salt, so_key = excluded.so_key, "
		"user_salt = excluded.user_salt, user_key = excluded.user_key, count_seal = "
		"excluded.count_seal, checksum = excluded.checksum",
	/* In parts, because a statement must end within STATEMENT_WAIT (connection.h). */
	[SQL_CLEAR_OBJECTS] =
		"WITH part AS (SELECT id FROM keydiv.object WHERE slot = $1::int4 AND id > "
		"$2::int8 ORDER BY id LIMIT 2000), gone AS (DELETE FROM keydiv.object WHERE slot = "
		"$1::int4 AND id = ANY (ARRAY(SELECT id FROM part))) SELECT max(id) FROM part "
		"HAVING count(*) > 0",
	[SQL_CLEAR_TOKEN] = "DELETE FROM keydiv.token WHERE slot = $1::int4",
	[SQL_READ] =
		"SELECT " COLUMNS " FROM keydiv.object WHERE slot = $1::int4 AND id = $2::int8",
	/* One value for all rows, because rows of their own cost more than the query. */
	[SQL_TAGS] = "SELECT count(*), string_agg(int8send(id) || substring(sealed FROM "
		     "length(sealed) - 15), '') FROM (SELECT id, sealed FROM keydiv.object "
		     "WHERE slot = $1::int4 AND id > $2::int8 ORDER BY id LIMIT $3::int8) "
		     "AS part",
	[SQL_INSERT] = "INSERT INTO keydiv.object (slot, " COLUMNS ") VALUES ($1::int4, $2::int8, "
		       "$3::int8, $4::bool, $5::bytea, $6::bytea, $7::bytea, $8::bytea, "
		       "$9::bytea)",
	[SQL_UPDATE] = "UPDATE keydiv.object SET class = $3::int8, private = $4::bool, "
		       "label = $5::bytea, object_id = $6::bytea, attributes = $7::bytea, "
		       "sealed = $8::bytea, checksum = $9::bytea "
		       "WHERE slot = $1::int4 AND id = $2::int8",
	[SQL_REMOVE] = "DELETE FROM keydiv.object WHERE slot = $1::int4 AND id = $2::int8",
	/*
	 * A host asks for the outcome of a change for a minute. The id of a change that was made
	 * goes with the next change of its connection. Tombstones stay for a week, because a server
	 * that was stopped may still have the COMMIT of the change in its buffer.
	 */
	[SQL_CHANGE_PRUNE] = "DELETE FROM keydiv.change WHERE id IN (SELECT id FROM keydiv.change "
			     "WHERE since < now() - interval '7 days' LIMIT 1000 "
			     "FOR UPDATE SKIP LOCKED)",
	[SQL_CHANGE_FORGET] = "DELETE FROM keydiv.change WHERE id = $1::bytea AND NOT tombstone",
	[SQL_CHANGE_INSERT] = "INSERT INTO keydiv.change (id, tombstone, since) "
			      "VALUES ($1::bytea, false, now())",
	/* Wait for the transaction of the change, if it runs, and then say if it was made. */
	[SQL_CHANGE_SETTLE] = "INSERT INTO keydiv.change (id, tombstone, since) "
			      "VALUES ($1::bytea, true, now()) ON CONFLICT (id) DO UPDATE SET "
			      "since = now() RETURNING NOT tombstone",
	[SQL_HOST_PRUNE] = "DELETE FROM keydiv.host WHERE (slot, id) IN (SELECT slot, id FROM "
			   "keydiv.host WHERE slot = $1::int4 AND renewed < now() - interval "
			   "'1 hour' LIMIT 100 FOR UPDATE SKIP LOCKED)",
	[SQL_HOST_MAKE] = "INSERT INTO keydiv.host (slot, id, name, lease_ms, timeline, seen, "
			  "renewed) VALUES ($1::int4, $2::bytea, convert_from($3::bytea, 'UTF8'), "
			  "$4::int4, '', -1, now()) ON CONFLICT DO NOTHING",
	[SQL_HOST_RENEW] =
		"UPDATE keydiv.host SET timeline = convert_from($3::bytea, 'UTF8'), seen = "
		"$4::int8, renewed = clock_timestamp() WHERE slot = $1::int4 AND id = $2::bytea "
		"RETURNING coalesce((SELECT changes FROM keydiv.slot s WHERE s.slot = $1::int4), "
		"0::int8), coalesce((SELECT generation FROM keydiv.slot s WHERE s.slot = "
		"$1::int4), decode(repeat('00', 16), 'hex'))",
	[SQL_HOST_REMOVE] = "DELETE FROM keydiv.host WHERE slot = $1::int4 AND id = $2::bytea",
	/*
	 * The other hosts that may be alive and have not taken note of change $4 on timeline $3. A
	 * host that has noted more changes than there are does not know that there are fewer
	 * now, because the database was set back.
	 */
	[SQL_HOST_WAITING] =
		"SELECT coalesce(max(lease_ms), 0)::int4, (count(*) FILTER (WHERE timeline <> "
		"convert_from($3::bytea, 'UTF8') OR seen < $4::int8 OR seen > (SELECT changes FROM "
		"keydiv.slot s WHERE s.slot = $1::int4)))::int8 FROM keydiv.host "
		"WHERE slot = $1::int4 AND id <> $2::bytea AND renewed > clock_timestamp() - "
		"greatest(interval '10 s', lease_ms * interval '4 ms')",
	[SQL_TRIES_MAKE] = "INSERT INTO keydiv.tries (slot, role, salt, wrong, started) VALUES "
			   "($1::int4, $2::int4, '', 0, 0) ON CONFLICT DO NOTHING",
	[SQL_TRIES_GET] = "SELECT salt, wrong, started FROM keydiv.tries WHERE slot = $1::int4 AND "
			  "role = $2::int4 FOR UPDATE",
	[SQL_TRIES_PUT] = "INSERT INTO keydiv.tries (slot, role, salt, wrong, started) VALUES "
			  "($1::int4, $2::int4, $3::bytea, $4::int8, $5::int8) ON CONFLICT (slot, "
			  "role) DO UPDATE SET salt = excluded.salt, wrong = excluded.wrong, "
			  "started = excluded.started",
	/* A PIN is stretched in the transaction. */
	[SQL_PIN_PATIENCE] = "SET idle_in_transaction_session_timeout = '60s'",
	[SQL_PIN_MAKE] = "INSERT INTO keydiv.pin_turn (slot) VALUES ($1::int4) "
			 "ON CONFLICT DO NOTHING",
	[SQL_PIN_SHARE] = "SELECT slot FROM keydiv.pin_turn WHERE slot = $1::int4 FOR SHARE",
	[SQL_PIN_ALONE] = "SELECT slot FROM keydiv.pin_turn WHERE slot = $1::int4 FOR UPDATE",
	/*
	 * In one order, so that two hosts do not wait for each other. Each mark is looked up by
	 * itself: a join of a table that is not analysed yet may read all marks of the slot.
	 */
	[SQL_MARK_FETCH] =
		"SELECT m.* FROM (SELECT master, stream FROM " PLACES " ORDER BY master, stream) "
		"AS o, LATERAL (SELECT master, stream, mark FROM keydiv.mark m WHERE m.slot = "
		"$1::int4 AND m.master = o.master AND m.stream = o.stream FOR UPDATE) AS m",
	[SQL_MARK_GET] = "SELECT mark FROM keydiv.mark WHERE slot = $1::int4 AND master = $2::int8 "
			 "AND stream = $3::bytea FOR UPDATE",
	/* A head is read by all who begin a stream. It must only not be removed meanwhile. */
	[SQL_MARK_HEAD] = "SELECT mark FROM keydiv.mark WHERE slot = $1::int4 AND master = "
			  "$2::int8 AND stream = $3::bytea FOR KEY SHARE",
	/*
	 * The rows before and after a place, and the head of the master of the row after, in one
	 * statement: another host may be removing that master.
	 */
	[SQL_MARK_NEAR] =
		"WITH b AS (SELECT master, stream, mark FROM keydiv.mark WHERE slot = $1::int4 AND "
		"(master, stream) < ($2::int8, $3::bytea) ORDER BY master DESC, stream DESC LIMIT "
		"1), a AS (SELECT master, stream, mark FROM keydiv.mark WHERE slot = $1::int4 AND "
		"(master, stream) > ($2::int8, $3::bytea) ORDER BY master, stream LIMIT 1) "
		"SELECT 0, master, stream, mark FROM b UNION ALL "
		"SELECT 1, master, stream, mark FROM a UNION ALL "
		"SELECT 2, master, stream, mark FROM keydiv.mark WHERE slot = $1::int4 AND "
		"master = (SELECT master FROM a) AND stream = $4::bytea",
	/* A row that another host has made meanwhile is a unique_violation: the use runs again. */
	[SQL_MARK_INSERT] =
		"INSERT INTO keydiv.mark (slot, master, stream, mark, change) SELECT $1::int4, *, "
		"$5::bytea FROM " MARKS " ORDER BY master, stream",
	/* Also for marks that nobody has read, such as heads: the last one counts. */
	[SQL_MARK_UPSERT] =
		"INSERT INTO keydiv.mark (slot, master, stream, mark, change) SELECT $1::int4, *, "
		"$5::bytea FROM " MARKS " ORDER BY master, stream ON CONFLICT (slot, "
		"master, stream) DO UPDATE SET mark = excluded.mark, change = excluded.change",
	[SQL_MARK_DELETE] = "DELETE FROM keydiv.mark WHERE slot = $1::int4 AND master = $2::int8 "
			    "AND stream = $3::bytea",
	[SQL_MARK_LOCK_HEAD] = "SELECT master FROM keydiv.mark WHERE slot = $1::int4 AND master = "
			       "$2::int8 AND stream = $3::bytea FOR UPDATE",
	[SQL_MARK_REMOVE_SOME] =
		"DELETE FROM keydiv.mark WHERE slot = $1::int4 AND master = $2::int8 AND stream = "
		"ANY (ARRAY(SELECT stream FROM keydiv.mark WHERE slot = $1::int4 AND master = "
		"$2::int8 ORDER BY stream DESC LIMIT $3::int8))",
	[SQL_MARK_NEXT_MASTER] = "SELECT master FROM keydiv.mark WHERE slot = $1::int4 AND "
				 "master > $2::int8 ORDER BY master LIMIT 1",
};

const char *sql_text(enum sql which)
{
	return texts[which];
}
