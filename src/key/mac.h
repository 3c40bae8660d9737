/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac.h: a MAC in parts. The object is kept and used again. The key is set only if
 * it changed (key_serial).
 */
#ifndef KEYDIV_KEY_MAC_H
#define KEYDIV_KEY_MAC_H

#include "key.h"

struct mac;

struct mac *mac_new(void);      /* return NULL if there is no memory */
void mac_free(struct mac *mac); /* wipe and free; MAC may be NULL */

/*
 * Begin a MAC of KIND under KEY. CMAC and algorithm 3 keep a reference, so KEY must outlive the
 * MAC. MAC_GMAC needs IV. MAC_RETAIL and MAC_RETAIL_ZEROS may have an IV of 8 bytes, whose
 * encryption then begins the chain. An unfinished MAC is dropped. HMAC, GMAC and algorithm 3 keep
 * their key until mac_reset or another key. CKR_MECHANISM_PARAM_INVALID for an IV of another
 * length, CKR_KEY_TYPE_INCONSISTENT, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV mac_begin(struct mac *mac, enum mac_kind kind, struct key *key, struct bytes iv);

/* Add N bytes at IN to the message. CKR_FUNCTION_FAILED also if KEY was loaded again (CMAC). */
MUST_USE CK_RV mac_update(struct mac *mac, const uint8_t *in, size_t n);

/* Write the whole MAC (mac_length bytes) to RET_MAC and end the MAC. Errors as mac_begin. */
MUST_USE CK_RV mac_finish(struct mac *mac, uint8_t ret_mac[KEY_MAC_MAX]);

/* Wipe the message so far and the key. */
void mac_reset(struct mac *mac);

/*
 * The same without freeing memory, except that of an HMAC, whose key libcrypto keeps in memory of
 * its own.
 */
void mac_forget(struct mac *mac);

#endif
