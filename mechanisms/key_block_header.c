/* SPDX-License-Identifier: Apache-2.0 */
/* key_block_header.c: see key_block_header.h. The clauses are those of ANSI X9.143:2021. */
#include "key_block_header.h"

#include "key_block_optional.h"
#include "key_block_text.h"

/* Positions in the fixed header (section 6.2, table 1). */
enum position {
	AT_VERSION = 0,
	AT_LENGTH = 1, /* 4 decimal digits */
	AT_USAGE = 5,
	AT_ALGORITHM = 7,
	AT_MODE = 8,
	AT_KEY_VERSION = 9,
	AT_EXPORTABILITY = 11,
	AT_BLOCKS = 12, /* 2 decimal digits */
	AT_RESERVED = 14,
};

#define BLOCKS_MAX 99

size_t key_block_unit(char version)
{
	switch (version) {
	case 'A':
	case 'B':
	case 'C':
		return 8;
	case 'D':
	case 'E':
		return 16;
	default:
		return 0;
	}
}

bool key_block_hex(const uint8_t *text, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t byte;
		if (!read_number(text + 2 * i, 2, 16, &byte))
			return false;
		out[i] = (uint8_t)byte;
	}
	return true;
}

void key_block_put_hex(const uint8_t *p, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		write_number(p[i], 2, 16, out + 2 * i);
}

static bool parse_fixed(const uint8_t *p, bool whole, struct key_block_parts *ret)
{
	struct key_block_header *h = &ret->header;
	size_t blocks;

	h->version = (char)p[AT_VERSION];
	memcpy(h->usage, p + AT_USAGE, sizeof h->usage);
	h->algorithm = (char)p[AT_ALGORITHM];
	h->mode = (char)p[AT_MODE];
	memcpy(h->key_version, p + AT_KEY_VERSION, sizeof h->key_version);
	h->exportability = (char)p[AT_EXPORTABILITY];
	memcpy(h->reserved, p + AT_RESERVED, sizeof h->reserved);
	if (!read_number(p + AT_BLOCKS, 2, 10, &blocks))
		return false;
	h->blocks = (unsigned)blocks;
	if (whole && !read_number(p + AT_LENGTH, 4, 10, &ret->length))
		return false;
	return key_block_unit(h->version) != 0 &&
	       all_are(is_alphanumeric, bytes_of(p + AT_USAGE, AT_BLOCKS - AT_USAGE)) &&
	       (h->exportability == 'E' || h->exportability == 'N' || h->exportability == 'S');
}

/* Note what the module acts on in the optional block B. */
static void note_block(const struct optional_block *b, struct key_block_parts *ret)
{
	ret->padded = optional_block_is(b, "PB");
	if (optional_block_is(b, "KC"))
		ret->kc = b->data;
	else if (optional_block_is(b, "KP"))
		ret->kp = b->data;
	else if (optional_block_is(b, "HM"))
		(void)key_block_hex(b->data.p, 1, &ret->header.hash);
}

/* Return true if ID is among the COUNT ids at SEEN. No block comes twice (section 6.3.6). */
static bool seen_before(uint8_t (*seen)[2], unsigned count, const uint8_t *id)
{
	for (unsigned i = 0; i < count; i++)
		if (memcmp(seen[i], id, sizeof seen[i]) == 0)
			return true;
	return false;
}

static bool parse_optional(struct bytes text, struct key_block_parts *ret)
{
	uint8_t seen[BLOCKS_MAX][2];
	struct optional_block b;

	for (unsigned i = 0; i < ret->header.blocks; i++) {
		struct bytes rest = bytes_of(text.p + ret->n, text.n - ret->n);
		if (ret->padded) /* PB is the last block */
			return false;
		if (!optional_block_read(rest, &b) || !optional_block_check(&b) ||
			seen_before(seen, i, b.id))
			return false;
		memcpy(seen[i], b.id, sizeof seen[i]);
		note_block(&b, ret);
		ret->n += b.n;
	}
	return true;
}

bool key_block_parse(struct bytes text, bool whole, struct key_block_parts *ret)
{
	*ret = (struct key_block_parts){.n = KEY_BLOCK_FIXED};
	if (text.n < KEY_BLOCK_FIXED || !all_are(is_printable, text) ||
		!parse_fixed(text.p, whole, ret) || !parse_optional(text, ret))
		return false;
	const struct key_block_header *h = &ret->header;
	if (h->usage[0] == 'M' && h->usage[1] == '7' && h->hash == 0)
		return false;
	return !whole || (ret->length == text.n && ret->n % key_block_unit(h->version) == 0);
}

void key_block_write(const struct key_block_header *h, size_t length, uint8_t out[KEY_BLOCK_FIXED])
{
	out[AT_VERSION] = (uint8_t)h->version;
	write_number(length, 4, 10, out + AT_LENGTH);
	memcpy(out + AT_USAGE, h->usage, sizeof h->usage);
	out[AT_ALGORITHM] = (uint8_t)h->algorithm;
	out[AT_MODE] = (uint8_t)h->mode;
	memcpy(out + AT_KEY_VERSION, h->key_version, sizeof h->key_version);
	out[AT_EXPORTABILITY] = (uint8_t)h->exportability;
	write_number(h->blocks, 2, 10, out + AT_BLOCKS);
	memcpy(out + AT_RESERVED, h->reserved, sizeof h->reserved);
}
