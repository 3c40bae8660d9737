/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_header.h: the header of a key block (TR-31:2018, ANSI X9.143:2021, ISO 20038:2017): 16
 * characters, then the optional blocks.
 */
#ifndef KEYDIV_KEY_BLOCK_HEADER_H
#define KEYDIV_KEY_BLOCK_HEADER_H

#include "base/bytes.h"

#define KEY_BLOCK_FIXED 16      /* characters of the header before the optional blocks */
#define KEY_BLOCK_TEXT_MAX 9992 /* characters of a key block */

/* The characters of the fixed header, except the length digits, and the optional block HM. */
struct key_block_header {
	char version;
	char usage[2];
	char algorithm;
	char mode;
	char key_version[2];
	char exportability; /* E, N or S */
	uint8_t hash;       /* HM: 0x10 SHA-1, 0x20 .. 0x23 SHA-224 .. SHA-512; 0: no HM */
	unsigned blocks;    /* number of optional blocks, at most 99 */
	char reserved[2];
};

/* A header in its parts, which refer to the text. */
struct key_block_parts {
	struct key_block_header header;
	size_t length;       /* of the whole key block, as the header says */
	size_t n;            /* characters of the header with its optional blocks */
	struct bytes kc, kp; /* data of the optional blocks KC and KP; p is NULL if absent */
	bool padded;         /* the last optional block is PB */
};

/*
 * Parse the header at the front of TEXT, which may be longer than the header. Return false if the
 * header is malformed: a character that is not printable ASCII, an unknown version or
 * exportability, an optional block that overruns TEXT, comes twice or has a wrong form, a PB that
 * is not the last block, usage M7 without HM. WHOLE: TEXT is a key block, so the length digits and
 * the total length of the optional blocks count too.
 */
bool key_block_parse(struct bytes text, bool whole, struct key_block_parts *ret);

/* Write the 16 characters of H with the length LENGTH to OUT. */
void key_block_write(const struct key_block_header *h, size_t length, uint8_t out[KEY_BLOCK_FIXED]);

/* Return the block size in bytes of the cipher of VERSION, 0 for an unknown version. */
size_t key_block_unit(char version);

/* Read 2 * N hexadecimal digits in capitals at TEXT into OUT. OUT may be TEXT. */
bool key_block_hex(const uint8_t *text, size_t n, uint8_t *out);

/* Write the N bytes at P as 2 * N hexadecimal digits in capitals to OUT, which is not P. */
void key_block_put_hex(const uint8_t *p, size_t n, uint8_t *out);

#endif
