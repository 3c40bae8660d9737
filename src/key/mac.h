/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac.h: a MAC in parts. The object is kept and used again; re-keying is skipped when the key is
 * the one it has (key_serial).
 */
#ifndef KEYDIV_KEY_MAC_H
#define KEYDIV_KEY_MAC_H

#include "key.h"

struct mac;

struct mac *mac_new(void); /* NULL if there is no memory */
void mac_free(struct mac *mac);

/*
 * Begin a MAC of KIND under KEY (kept by reference for CMAC: it must outlive the MAC); IV for
 * MAC_GMAC only. What went on before is dropped. HMAC and GMAC stay keyed until mac_reset or
 * another key. CKR_KEY_TYPE_INCONSISTENT, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV mac_begin(struct mac *mac, enum mac_kind kind, struct key *key, struct bytes iv);
MUST_USE CK_RV mac_update(struct mac *mac, const uint8_t *in, size_t n);

/* Write the whole MAC (mac_length bytes) to RET_MAC and end it. */
MUST_USE CK_RV mac_finish(struct mac *mac, uint8_t ret_mac[KEY_MAC_MAX]);

/* Forget the message so far and the key (wipe). */
void mac_reset(struct mac *mac);

#endif
