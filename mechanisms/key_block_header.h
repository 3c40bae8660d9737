/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_header.h: the header of a key block (TR-31:2018, ANSI X9.143:2021, ISO 20038:2017) in
 * its parts.
 */
#ifndef KEYDIV_KEY_BLOCK_HEADER_H
#define KEYDIV_KEY_BLOCK_HEADER_H

#include "base/bytes.h"

#define KEY_BLOCK_FIXED 16 /* characters of the header before the optional blocks */

/* The characters of the fixed header, except the length digits, and the optional block HM. */
struct key_block_header {
	char version;
	char usage[2];
	char algorithm;
	char mode;
	char key_version[2];
	char exportability;
	uint8_t hash;    /* HM: 0x10 SHA-1, 0x20 .. 0x23 SHA-224 .. SHA-512; 0: no HM */
	unsigned blocks; /* number of optional blocks */
	char reserved[2];
};

#endif
