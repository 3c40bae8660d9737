/* SPDX-License-Identifier: Apache-2.0 */
/* cipher_setup.h: the parameters of one encryption or decryption. */
#ifndef KEYDIV_KEY_CIPHER_SETUP_H
#define KEYDIV_KEY_CIPHER_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum cipher_mode {
	CIPHER_NONE,
	CIPHER_ECB,
	CIPHER_CBC,
	CIPHER_CBC_PAD,
	CIPHER_CTR,
	CIPHER_GCM,
	CIPHER_CCM
};

struct cipher_setup {
	enum cipher_mode mode;
	bool encrypt;
	/*
	 * CBC takes one block, CTR the 16-byte counter block, GCM 1..128 bytes (the limit of
	 * libcrypto) and CCM 7..13 bytes.
	 */
	struct bytes iv;
	struct bytes aad; /* GCM, CCM */
	size_t tag_len;   /* in bytes, GCM 12..16, CCM 4..16 (even) */
	size_t data_len;  /* CCM only, length of the whole plaintext */
	/* CTR only, the number of low bits that count, 1..128. A wrap is refused. */
	unsigned counter_bits;
};

#endif
