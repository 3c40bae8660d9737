/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_key.h: one foreign key of a session of keydiv: find it, check it, compute with it. No
 * function tries again. The caller has called foreign_enter.
 */
#ifndef KEYDIV_FOREIGN_FOREIGN_KEY_H
#define KEYDIV_FOREIGN_FOREIGN_KEY_H

#include "foreign/foreign_compute.h"

struct foreign_key {
	struct foreign_key *next;
	struct foreign *owner;
	char *uri;
	uint64_t serial; /* of the session in which the key was found and checked; 0: none */
	struct foreign_found found;
	struct foreign_nature nature;
	uint8_t k1[KEY_BLOCK_MAX], k2[KEY_BLOCK_MAX]; /* if there is no CMAC by C_Sign */
	size_t check_n;
	uint8_t check[FOREIGN_CHECK_MAX];
};

/*
 * Make a key of F with URI, which is copied. The caller frees *RET. CKR_ATTRIBUTE_VALUE_INVALID if
 * URI is too long. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV foreign_key_new(struct foreign *f, struct bytes uri, struct foreign_key **ret);

/* Wipe and free K. */
void foreign_key_free(struct foreign_key *k);

/* Give back the memory that foreign keys do not need now. */
void foreign_keys_trim(void);

/* Take CHECK, which foreign_key_link has made. CKR_DEVICE_ERROR if CHECK is malformed. */
MUST_USE CK_RV foreign_key_read_check(struct foreign_key *k, struct bytes check);

/* CKR_DEVICE_ERROR unless K, which is ready, makes CHECK too. Returns codes of the module. */
MUST_USE CK_RV foreign_key_compare(const struct foreign_key *k, struct bytes check);

/*
 * Find the key of K's URI, and fill in the nature and the check of K. The codes are those of
 * foreign_link, before foreign_code.
 */
MUST_USE CK_RV foreign_key_link(struct foreign_key *k);

/*
 * Find the key of K's URI again and check the key, unless its session is still open. The codes are
 * those of foreign_attach, before foreign_code.
 */
MUST_USE CK_RV foreign_key_ready(struct foreign_key *k);

/*
 * RET_MAC = MAC of KIND of N bytes at MSG with K, which is ready. Returns codes of the foreign
 * module, CKR_DEVICE_ERROR, CKR_KEY_FUNCTION_NOT_PERMITTED.
 */
MUST_USE CK_RV foreign_key_mac(const struct foreign_key *k, enum mac_kind kind, const uint8_t *msg,
	size_t n, uint8_t *ret_mac);

#endif
