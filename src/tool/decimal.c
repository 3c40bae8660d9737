/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c: see decimal.h. */
#include "tool/decimal.h"

#include <errno.h>
#include <stdlib.h>

bool decimal_read(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9') /* strtoull takes blanks and signs */
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}
