/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h: what people do with a database: make its tables, and look at the server, the tokens and
 * the hosts. Each call has a connection of its own, by the CONNINFO that a store uses, which may
 * name another role.
 */
#ifndef KEYDIV_STORE_POSTGRESQL_ADMIN_H
#define KEYDIV_STORE_POSTGRESQL_ADMIN_H

#include "store/admin.h"

/* See store/admin.h. */
extern const struct store_admin postgresql_admin;

#endif
