/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_value.h: values that several configuration files have. Each function reads TEXT into *TO
 * and returns NULL, or leaves *TO unchanged and returns the reason why TEXT is refused, which
 * continues a sentence that begins with the key's name.
 */
#ifndef KEYDIV_BASE_CONFIG_VALUE_H
#define KEYDIV_BASE_CONFIG_VALUE_H

#include "log.h"

/* TO has PATH_MAX bytes. REFUSAL is the reason for a path that is not absolute. */
const char *config_path(char *to, const char *text, const char *refusal);

/* A decimal number of at most 4 digits from MIN to MAX. REFUSAL is the reason for all others. */
const char *config_number(
	unsigned *to, const char *text, unsigned min, unsigned max, const char *refusal);

const char *config_bool(bool *to, const char *text);

/* TO has PATH_MAX bytes. TEXT is an absolute path or LOG_TO_STDERR. */
const char *config_log_file(char *to, const char *text);

const char *config_log_level(enum log_level *to, const char *text);

#endif
