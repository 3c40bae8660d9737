/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_setup.h: the parameter of one message under AES-GCM or AES-CCM, and the nonce of the
 * message.
 *
 * A token behind a server cannot write a nonce or a tag into the parameter of the application.
 * Therefore the client makes the nonces. The client also moves tags between the parameter and the
 * end of the ciphertext.
 */
#ifndef KEYDIV_CLIENT_MESSAGE_SETUP_H
#define KEYDIV_CLIENT_MESSAGE_SETUP_H

#include "base/pkcs11.h"
#include "wire.h"

enum message_kind { MESSAGE_ENCRYPT, MESSAGE_DECRYPT, MESSAGE_SIGN, MESSAGE_VERIFY };

#define MESSAGE_KINDS 4

#define MESSAGE_NONCE_MAX 128
#define MESSAGE_TAG_MAX 16

struct message_setup {
	CK_BYTE *nonce; /* in the memory of the application, as TAG */
	CK_ULONG nonce_len, fixed_bits;
	CK_GENERATOR_FUNCTION generator;
	CK_BYTE *tag;
	CK_ULONG tag_len;
	bool has_data_len; /* CCM */
	CK_ULONG data_len;
};

/*
 * Read the parameter of N bytes at P into RET: a CK_GCM_MESSAGE_PARAMS or, if CCM, a
 * CK_CCM_MESSAGE_PARAMS. CKR_MECHANISM_PARAM_INVALID.
 */
MUST_USE CK_RV message_setup_read(const void *p, CK_ULONG n, bool ccm, struct message_setup *ret);

/*
 * Append the fields of the flat parameter to W: NONCE and the lengths of S. AAD, of N bytes, is a
 * field if AAD is not NULL. CKR_MECHANISM_PARAM_INVALID: AAD is too long for a field. No memory
 * is left: CKR_HOST_MEMORY.
 */
MUST_USE CK_RV message_setup_write(const struct message_setup *s, const uint8_t *nonce,
	const CK_BYTE *aad, CK_ULONG n, struct wire *w);

/* The nonces of a message-encrypt operation. */
struct message_nonces {
	bool settled; /* the first message has fixed the members below */
	CK_GENERATOR_FUNCTION generator;
	CK_ULONG len, fixed_bits;
	uint8_t base[MESSAGE_NONCE_MAX];
	uint64_t random_made;
};

/*
 * Make the nonce of a message in RET_NONCE (MESSAGE_NONCE_MAX bytes). *COUNTER belongs to the
 * session, and counts the nonces of all keys. Therefore no key gets a counter twice.
 *
 * CKR_MECHANISM_PARAM_INVALID: an unknown generator, no room, or another form than that of the
 * first message. CKR_KEY_EXHAUSTED: no number is left. CKR_DEVICE_ERROR: no random numbers.
 */
MUST_USE CK_RV message_nonce(struct message_nonces *n, const struct message_setup *s,
	uint64_t *counter, uint8_t *ret_nonce);

#endif
