/* SPDX-License-Identifier: Apache-2.0 */
/* postgresql_backend.h: the store in the schema keydiv of a PostgreSQL database (README.md). */
#ifndef KEYDIV_STORE_POSTGRESQL_POSTGRESQL_BACKEND_H
#define KEYDIV_STORE_POSTGRESQL_POSTGRESQL_BACKEND_H

#include "store/backend.h"

extern const struct store_backend postgresql_backend;

#endif
