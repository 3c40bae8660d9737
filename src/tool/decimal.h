/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h: reads a decimal number of 64 bits, such as a counter. */
#ifndef KEYDIV_TOOL_DECIMAL_H
#define KEYDIV_TOOL_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Read TEXT, which has digits alone. False: TEXT has another character or none, or the number is
 * above UINT64_MAX.
 */
MUST_USE bool decimal_read(const char *text, uint64_t *ret);

#endif
