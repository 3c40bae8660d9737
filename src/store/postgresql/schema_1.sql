-- SPDX-License-Identifier: Apache-2.0
--
-- schema_1.sql: the schema of a keydiv store in a PostgreSQL database, version 1. `keydiv store
-- init` applies it and the steps to later versions (schema_2.sql), in one transaction and as a role
-- that may create schemas and roles' grants. The module itself needs no DDL, and refuses another
-- version than its own.
--
-- Every table but `version` has the number of the slot as the first column of its key, because each
-- slot has one token. Numbers are signed. A CK_ULONG is a bigint. src/store/STORAGE.md describes
-- the columns that the store in a SQLite file has too, and src/store/postgresql/README.md the rest.

CREATE SCHEMA keydiv;

-- One row: the version of this schema.
CREATE TABLE keydiv.version (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	version integer NOT NULL
);
INSERT INTO keydiv.version (version) VALUES (1);

-- The row that all changes of a token lock first. It outlives C_InitToken, because ids of records
-- are not used again.
CREATE TABLE keydiv.slot (
	slot integer PRIMARY KEY,
	generation bytea NOT NULL,        -- 16 random bytes, the id of the last change
	changes bigint NOT NULL,          -- how many changes there were
	last_id bigint NOT NULL           -- the highest id of a record that was ever committed
) WITH (fillfactor = 50);

-- The token record.
CREATE TABLE keydiv.token (
	slot integer PRIMARY KEY,
	uuid bytea NOT NULL,
	serial bytea NOT NULL,
	label bytea NOT NULL,
	scrypt_log2_n integer NOT NULL,
	so_salt bytea,
	so_key bytea,
	user_salt bytea,
	user_key bytea,
	count_seal bytea NOT NULL,
	checksum bytea NOT NULL
) WITH (fillfactor = 50);

-- The records of objects.
CREATE TABLE keydiv.object (
	slot integer,
	id bigint,
	class bigint NOT NULL,
	private boolean NOT NULL,
	label bytea,
	object_id bytea,
	attributes bytea NOT NULL,
	sealed bytea NOT NULL,
	checksum bytea NOT NULL,
	PRIMARY KEY (slot, id)
);
-- An index entry has at most 2704 bytes, and a label may have 131072. So the indexes have the
-- beginning of the text, and the statements compare the rest.
CREATE INDEX object_label ON keydiv.object (slot, substring(label FROM 1 FOR 64), id)
	WHERE label IS NOT NULL;
CREATE INDEX object_object_id ON keydiv.object (slot, substring(object_id FROM 1 FOR 64), id)
	WHERE object_id IS NOT NULL;
CREATE INDEX object_class ON keydiv.object (slot, class, id);
CREATE INDEX public_label ON keydiv.object (slot, substring(label FROM 1 FOR 64), id)
	WHERE NOT private AND label IS NOT NULL;
CREATE INDEX public_object_id ON keydiv.object (slot, substring(object_id FROM 1 FOR 64), id)
	WHERE NOT private AND object_id IS NOT NULL;
CREATE INDEX public_class ON keydiv.object (slot, class, id) WHERE NOT private;
CREATE INDEX public ON keydiv.object (slot, id) WHERE NOT private;

-- The tries of PINs. A row counts for the PIN with that salt only.
CREATE TABLE keydiv.tries (
	slot integer,
	role smallint,                    -- 0 user, 1 SO
	salt bytea NOT NULL,
	wrong integer NOT NULL,
	started integer NOT NULL,
	PRIMARY KEY (slot, role)
) WITH (fillfactor = 50);

-- A host locks the row of a slot while it tries a PIN: shared with other hosts, or alone.
CREATE TABLE keydiv.pin_turn (
	slot integer PRIMARY KEY
);

-- The marks of replay windows.
CREATE TABLE keydiv.mark (
	slot integer,
	master bigint,
	stream bytea,
	mark bytea NOT NULL,
	PRIMARY KEY (slot, master, stream)
) WITH (fillfactor = 80);

-- One row for each process and slot: the lease of what the process has cached.
CREATE TABLE keydiv.host (
	slot integer,
	id bytea,                         -- 16 random bytes of the process
	name text NOT NULL,               -- for people: host name and process id
	lease_ms integer NOT NULL,
	timeline text NOT NULL,           -- of the server that gave the number below
	seen bigint NOT NULL,             -- slot.changes as the process has taken note of them
	renewed timestamptz NOT NULL,
	PRIMARY KEY (slot, id)
) WITH (fillfactor = 50);

-- The ids of changes: of the last change of each connection, and of changes that were given up. A
-- change inserts its id in its own transaction. A host that got no answer to COMMIT inserts the
-- same id as a tombstone, and one of the two rows exists for ever.
CREATE TABLE keydiv.change (
	id bytea PRIMARY KEY,             -- 16 random bytes
	tombstone boolean NOT NULL,       -- the change was not made, and never will be
	since timestamptz NOT NULL
);
