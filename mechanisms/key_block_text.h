/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_text.h: the characters of a key block (ANSI X9.143:2021 section 6.1). The functions do
 * not depend on the locale.
 */
#ifndef KEYDIV_KEY_BLOCK_TEXT_H
#define KEYDIV_KEY_BLOCK_TEXT_H

#include "base/bytes.h"

static inline bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F');
}

static inline bool is_alphanumeric(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static inline bool is_printable(uint8_t c)
{
	return c >= 0x20 && c <= 0x7E;
}

static inline bool is_base64(uint8_t c)
{
	return is_alphanumeric(c) || c == '+' || c == '/';
}

/* Return true if each character of TEXT is in the class. */
static inline bool all_are(bool (*class)(uint8_t), struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!class(text.p[i]))
			return false;
	return true;
}

/* Return true if the N characters at P are digits of BASE 10 or 16; *RET is their number. */
static inline bool read_number(const uint8_t *p, size_t n, unsigned base, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (base == 16 ? !is_hex(p[i]) : !is_digit(p[i]))
			return false;
		*ret = *ret * base + (size_t)(p[i] <= '9' ? p[i] - '0' : p[i] - 'A' + 10);
	}
	return true;
}

/* Write NUMBER with N digits of BASE 10 or 16 to OUT. */
static inline void write_number(size_t number, size_t n, unsigned base, uint8_t *out)
{
	for (size_t i = n; i-- > 0; number /= base)
		out[i] = (uint8_t) "0123456789ABCDEF"[number % base];
}

#endif
