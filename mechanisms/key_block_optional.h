/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_optional.h: the optional blocks of a key block's header (ANSI X9.143:2021 section
 * 6.3.6). Each is an id of two characters, a length in hexadecimal digits, and data.
 */
#ifndef KEYDIV_KEY_BLOCK_OPTIONAL_H
#define KEYDIV_KEY_BLOCK_OPTIONAL_H

#include "base/bytes.h"

/* One optional block, which refers to the text of the header. */
struct optional_block {
	const uint8_t *id; /* two characters */
	struct bytes data;
	size_t n; /* characters of the whole block */
};

static inline bool optional_block_is(const struct optional_block *b, const char id[2])
{
	return b->id[0] == (uint8_t)id[0] && b->id[1] == (uint8_t)id[1];
}

/* Read the optional block at the front of TEXT. Return false if it overruns TEXT. */
bool optional_block_read(struct bytes text, struct optional_block *ret);

/*
 * Return true if the data of B has the form that section 6.3.6 gives to its id. Data of an unknown
 * id is any printable ASCII.
 */
bool optional_block_check(const struct optional_block *b);

#endif
