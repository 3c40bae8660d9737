/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h: which backend the stores of this process have.
 *
 * SQLite is part of the module. The backend for PostgreSQL is a shared object of its own beside
 * the module, which is loaded only if the configuration asks for it. So an installation that does
 * not need a database server does not need libpq, and a process does not have the libraries that
 * libpq brings.
 */
#ifndef KEYDIV_STORE_LOAD_H
#define KEYDIV_STORE_LOAD_H

#include "store/backend.h"

/*
 * Load the backend for PostgreSQL, once, and set the server and the lease of all stores that it
 * opens afterwards. CONNINFO is as config_store.h gives it. CKR_FUNCTION_FAILED, logged, if the
 * shared object is missing or of another version, or if CONNINFO is not accepted.
 */
MUST_USE CK_RV store_load(
	const char *conninfo, unsigned lease_ms, const struct store_backend **ret_backend);

/*
 * Choose the backend of store_open, while no store is open: that of store_load if CONNINFO is not
 * empty, else SQLite. Errors as store_load.
 */
MUST_USE CK_RV store_configure(const char *conninfo, unsigned lease_ms);

/* Return the backend that store_configure has chosen, at first SQLite. */
const struct store_backend *store_configured(void);

/* Return true if the token is in a directory, and not on a server. */
bool store_needs_directory(void);

#endif
