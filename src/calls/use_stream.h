/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_stream.h: the stream that a message of WITH_DERIVED_KEY belongs to, and its counter. Two
 * messages have one stream if their keys differ in the counter alone. The way in which a caller
 * writes the parameter makes no difference.
 */
#ifndef KEYDIV_CALLS_USE_STREAM_H
#define KEYDIV_CALLS_USE_STREAM_H

#include "token/use_state.h"

#define USE_STREAM_TAIL 17 /* bytes after the fields */
#define USE_STREAM_MAX 4096

struct use_stream {
	uint64_t counter;
	size_t n;
	/*
	 * The canonical description, N bytes. First the fields of DERIVATION as the caller encoded
	 * them, without the counter and without INITIAL_KEY_LENGTH. A field of which the counter is
	 * a part (KSN) has zeros in place of the counter, and in place of the bytes on which the
	 * key does not depend. A SHAPE without DEVICE is left out, because the key does not depend
	 * on SHAPE then.
	 *
	 * Then, big-endian, DERIVATION (4 bytes), OPERATION (4), the type of the derived key (4),
	 * its length (2), the length of the initial key (2, that of the master if the parameter
	 * has no INITIAL_KEY_LENGTH), and the direction (1: 01 incoming, 02 outgoing). A _GENERAL
	 * MAC counts as its MAC, and a generic secret counts as the HMAC's own type.
	 *
	 * If COUNTER is the nonce, the fields and DERIVATION make one key for all messages. A check
	 * value of the key (AES-CMAC, 16 bytes) then replaces the fields, and DERIVATION is 0.
	 */
	uint8_t bytes[USE_STREAM_MAX];
};

/*
 * Describe the message of USE. CKR_MECHANISM_PARAM_INVALID if its parameter has no counter, or if
 * its OPERATION has no MAC or tag. use->key is the derived key if COUNTER is the nonce. Other
 * codes as key_cmac.
 */
MUST_USE CK_RV use_stream(const struct use_state *use, struct use_stream *ret);

#endif
