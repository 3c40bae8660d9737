/* SPDX-License-Identifier: Apache-2.0 */
/* info.h: values of Cryptoki's information structs. */
#ifndef KEYDIV_MODULE_INFO_H
#define KEYDIV_MODULE_INFO_H

#include <stdlib.h>
#include <string.h>

#include "module.h"

/* Write TEXT to FIELD, padded with blanks to N bytes and without a NUL. A longer TEXT is cut. */
static inline void put_padded(CK_UTF8CHAR *field, size_t n, const char *text)
{
	size_t length = strlen(text);

	memset(field, ' ', n);
	memcpy(field, text, length < n ? length : n);
}

/* Return the first two numbers of KEYDIV_VERSION. */
static inline CK_VERSION library_version(void)
{
	char *end;
	unsigned long major = strtoul(KEYDIV_VERSION, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return (CK_VERSION){(CK_BYTE)major, (CK_BYTE)minor};
}

#endif
