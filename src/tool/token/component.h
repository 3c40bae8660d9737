/* SPDX-License-Identifier: Apache-2.0 */
/* component.h: components of a key, and the check values by which people compare them. */
#ifndef KEYDIV_TOOL_COMPONENT_H
#define KEYDIV_TOOL_COMPONENT_H

#include "tool/token/client.h"
#include "tool/token/locked.h"
#include "tool/token/names.h"

#define COMPONENT_MAX 64
#define CHECK_DIGITS_MAX 10

/* The value of a component or key. Keep it in locked memory. */
struct component {
	size_t n;
	unsigned char p[COMPONENT_MAX];
};

/* A check value as people give it: 4 to 10 hexadecimal digits in capitals, or none. */
struct check_text {
	char digits[CHECK_DIGITS_MAX + 1];
};

/*
 * The first 5 bytes of both kinds of check value, in hexadecimal. CMAC is the CMAC of one block of
 * zeros (X9.24-1:2017). BLOCK is one encrypted block of zeros. A key that is no block cipher's has
 * an empty CMAC, and BLOCK is the SHA-1 of its value (PKCS#11, CKA_CHECK_VALUE).
 */
struct check_values {
	char cmac[CHECK_DIGITS_MAX + 1], block[CHECK_DIGITS_MAX + 1];
};

/* Read the check value TEXT of N bytes, blanks allowed. NAME is for messages. False: reported. */
MUST_USE bool check_read(const char *text, size_t n, const char *name, struct check_text *ret);

/* Return true if the CMAC or the block of CHECKS begins with GIVEN. */
bool check_matches(const struct check_text *given, const struct check_values *checks);

/*
 * Read component NUMBER from TEXT: hexadecimal, then perhaps a comma and its check value. Blanks do
 * not count. False: reported.
 */
MUST_USE bool component_read(const struct secret_text *text, size_t number, struct component *ret,
	struct check_text *ret_check);

/* Check that keys of KIND can be as long as the component NUMBER is. False: reported. */
MUST_USE bool component_length_fits(
	const struct component *component, const struct key_kind *kind, size_t number);

/*
 * Return true if COMPONENT is half as long as the longest key of KIND, as an AES key of 128 bits.
 * Most masters have the longest length, so half of the component may be lost.
 */
bool component_is_half(const struct component *component, const struct key_kind *kind);

/*
 * Compute the check values that COMPONENT has as a key of KIND. The token computes them with a
 * session key, which is destroyed afterwards. False: reported.
 */
MUST_USE bool check_values_of(struct client *client, const struct component *component,
	const struct key_kind *kind, struct check_values *ret);

#endif
