/* SPDX-License-Identifier: Apache-2.0 */
/* block_header.h: headers of key blocks for tests of usages. */
#ifndef KEYDIV_TEST_BLOCK_HEADER_H
#define KEYDIV_TEST_BLOCK_HEADER_H

#include "key_block_usage.h"
#include "unit.h"

/* The first characters of a header: version, usage, algorithm, mode. */
static inline struct key_block_header header(const char *text, uint8_t hash)
{
	return (struct key_block_header){.version = text[0],
		.usage = {text[1], text[2]},
		.algorithm = text[3],
		.mode = text[4],
		.key_version = {'0', '0'},
		.exportability = 'N',
		.hash = hash};
}

static inline CK_RV role_of(const char *text, uint8_t hash, size_t length, struct wrapped_role *ret)
{
	struct key_block_header h = header(text, hash);

	return key_block_role(&h, length, ret);
}

#endif
