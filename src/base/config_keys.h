/* SPDX-License-Identifier: Apache-2.0 */
/* config_keys.h: the configuration as a struct, and the keys of keydiv.conf(5) that fill it in. */
#ifndef KEYDIV_BASE_CONFIG_KEYS_H
#define KEYDIV_BASE_CONFIG_KEYS_H

#include <limits.h>
#include <stdbool.h>

#include "config_file.h"
#include "config_store.h"
#include "log.h"

#define CONFIG_TEXT_MAX 256 /* a value of free text with its NUL */

struct config {
	char path[PATH_MAX];      /* the file that was read; empty if there is none */
	char token_dir[PATH_MAX]; /* token-dir: the directory of the slot-<n> directories */
	char log_file[PATH_MAX];  /* log-file: absolute path, LOG_TO_STDERR, or empty: no log */
	enum log_level log_level; /* log-level: default warning */
	unsigned slots;           /* slots: 1 to 64, default 1 */
	unsigned scrypt_log2_n;   /* scrypt-log2-n: 14 to 22, default 16 */
	bool lock_memory;         /* lock-memory: default no */
	bool read_only_login;     /* read-only-login: default yes */
	bool flat_parameters;     /* parameters: flat, default native */
	/* foreign-module: absolute path, or the name of a module of p11-kit; empty: none */
	char foreign_module[PATH_MAX];
	char foreign_arguments[CONFIG_TEXT_MAX]; /* foreign-module-arguments; empty: none */
	bool foreign_compute_twice;              /* foreign-compute-twice: default no */
	char foreign_pin_file[PATH_MAX]; /* foreign-pin-source: the path after file:; or empty */
	/* store: the connection string of a PostgreSQL server; empty: SQLite in token-dir */
	char store[CONFIG_STORE_MAX];
	unsigned lease_ms;          /* lease: 50 to 5000 milliseconds, default 250 */
	char error[PATH_MAX + 256]; /* after a failure: "file:line: reason" or "file: reason" */
};

/* Set every member of RET to its default. The default of token_dir is the empty string. */
void config_defaults(struct config *ret);

/*
 * Set KEY to VALUE, both as in the file. Return NULL, or leave C unchanged and return the reason
 * why the value is refused. The reason is CONFIG_UNKNOWN_KEY, or continues a sentence that begins
 * with the key's name, such as "must be yes or no".
 */
const char *config_set(struct config *c, const char *key, const char *value);

#endif
