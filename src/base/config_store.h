/* SPDX-License-Identifier: Apache-2.0 */
/* config_store.h: the value of the key `store` of keydiv.conf. */
#ifndef KEYDIV_BASE_CONFIG_STORE_H
#define KEYDIV_BASE_CONFIG_STORE_H

#include <stddef.h>

#define CONFIG_STORE_MAX 1024 /* a connection string of libpq with its NUL */

/*
 * Read TEXT, which is "sqlite" or "postgresql:" and the name of a service of libpq, a connection
 * string of keywords, or a URI. Write the connection string to RET (CONFIG_STORE_MAX bytes), which
 * is empty for SQLite. Return NULL, or leave RET unchanged and return the reason why TEXT is
 * refused, which continues a sentence that begins with "store".
 */
const char *config_store(char *ret, const char *text);

#endif
