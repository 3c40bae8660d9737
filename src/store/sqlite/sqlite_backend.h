/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_backend.h: the store in a directory of its own, with a SQLite database (STORAGE.md). */
#ifndef KEYDIV_STORE_SQLITE_SQLITE_BACKEND_H
#define KEYDIV_STORE_SQLITE_SQLITE_BACKEND_H

#include "store/backend.h"

extern const struct store_backend sqlite_backend;

#endif
