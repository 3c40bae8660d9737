/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_server.h: the tests of this folder on a PostgreSQL server. KEYDIV_TEST_SERVER then names the
 * server of tests/postgresql/servers.py, whose keeper makes what SQL can make. A program has a
 * database of its own. The prepared token is kept in tables of the schema `saved`, and each test
 * begins with a copy of them.
 */
#ifndef KEYDIV_TESTS_ON_SERVER_H
#define KEYDIV_TESTS_ON_SERVER_H

#include <stdbool.h>

/* Return true if the tokens of this program are on a server. */
bool on_server(void);
/* Return true unless the test NAME of this program does not apply there. */
bool applies_on_server(const char *name);
/* Return the line of keydiv.conf. */
const char *server_line(void);
/* Make the database of this program, and remove it. */
void server_begin(void);
void server_end(void);
/* Keep the token as it is; put back the token that was kept; remove the token. */
void server_save(void);
void server_restore(void);
void server_clear(void);

#endif
