-- SPDX-License-Identifier: Apache-2.0
--
-- schema_2.sql: the step from version 1 to version 2. A mark carries the id of the change that has
-- written it, as in keydiv.change. Marks of version 1 have none until their next use.

ALTER TABLE keydiv.mark ADD COLUMN change bytea;
UPDATE keydiv.version SET version = 2;
