/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.h: keys in the token of another PKCS#11 module, the foreign module that the configuration
 * names. The foreign token keeps the value and computes a CMAC, an HMAC or encrypted blocks. The
 * key is used through struct key_ops (key/key.h), so a mechanism does not see a difference.
 *
 * Each session of keydiv has a session of its own on each foreign token that it uses, which is
 * opened when first needed. Nothing is created in a foreign token. The files of this folder are,
 * from the bottom: foreign_code (return codes), foreign_pin (PINs), p11_kit_library (URIs, modules
 * by name), foreign_module (loading), foreign_session (sessions and login), foreign_find (from URI
 * to handle), foreign_compute (single computations), foreign_key (a key and its check),
 * foreign_ops (struct key_ops, recovery, and the functions below).
 *
 * A key is found again, and its check compared, whenever a session is opened on its token. A dead
 * session is opened again once in a call. Every failed call of the foreign module closes the
 * session, so an answer that comes late is never taken for the answer to a later question.
 *
 * Two faults cannot be noticed:
 * - The foreign token computes one wrong MAC of the right length. foreign-compute-twice has each
 *   MAC computed twice. Each encrypted block is computed twice in any case.
 * - An application ends the foreign module (C_Finalize) while keydiv uses it, initialises it again,
 *   and has another key under the old handles. If foreign-module is a name, p11-kit prevents this,
 *   because p11-kit counts the users of a module.
 */
#ifndef KEYDIV_FOREIGN_FOREIGN_H
#define KEYDIV_FOREIGN_FOREIGN_H

#include "base/bytes.h"
#include "base/config_keys.h"
#include "foreign/foreign_pin.h"
#include "key/key.h"

#define FOREIGN_URI_MAX 1024 /* bytes of a URI */
#define FOREIGN_CHECK_MAX 96 /* bytes of a check */

/* The foreign sessions and keys of one session of keydiv. All zero before the first use. */
struct foreign {
	struct foreign_pin *pin;          /* of the token of the session, set before use */
	struct foreign_session *sessions; /* one for each foreign token */
	struct foreign_key *keys;         /* the keys that were attached */
};

/* The facts that linking finds out about a foreign key. */
struct foreign_facts {
	CK_KEY_TYPE type;
	size_t length;                    /* of the value in bytes */
	bool sign, encrypt;               /* what keydiv can use */
	bool extractable, sensitive;      /* in the foreign token */
	size_t check_n;                   /* the bytes of the check */
	uint8_t check[FOREIGN_CHECK_MAX]; /* only foreign_attach reads them */
};

/*
 * Take the settings of CONFIG, which are copied. No module is loaded. Called by C_Initialize, when
 * no session exists.
 */
void foreign_start(const struct config *config);

/*
 * End the foreign module if keydiv has initialised it. The shared object stays loaded, because it
 * may have threads or handlers. Called by C_Finalize, when no session exists.
 */
void foreign_stop(void);

/*
 * In the child of a fork: forget the foreign module's state, which belongs to the parent. No
 * function of the foreign module is called.
 */
void foreign_forked(void);

/*
 * Find the key of URI (at most FOREIGN_URI_MAX bytes) for C_CreateObject. RET is what to keep. The
 * caller holds the lock of the session of F and no other lock, because the foreign module may wait
 * for a device or start a process.
 *
 * CKR_FUNCTION_NOT_SUPPORTED: no foreign module is configured. CKR_ATTRIBUTE_VALUE_INVALID: URI is
 * no PKCS#11 URI (RFC 7512), has a part that keydiv does not take, or names no token, several
 * tokens, no secret key or several. CKR_KEY_TYPE_INCONSISTENT and CKR_KEY_SIZE_RANGE: keydiv has no
 * such keys. CKR_KEY_FUNCTION_NOT_PERMITTED: the key may neither sign nor encrypt by a mechanism
 * that keydiv can use. CKR_DEVICE_ERROR: the module fails. Other codes are those of foreign_code.h,
 * and CKR_HOST_MEMORY.
 */
MUST_USE CK_RV foreign_link(struct foreign *f, struct bytes uri, struct foreign_facts *ret);

/*
 * Make KEY the foreign key of URI with TYPE, LENGTH and CHECK as in the facts of foreign_link. KEY
 * may be used until foreign_close(F). Locks as foreign_link.
 *
 * CKR_DEVICE_ERROR: another key is behind URI, CHECK is malformed, no key has URI, or the module
 * fails. CKR_TOKEN_NOT_PRESENT: no token has URI. CKR_HOST_MEMORY, and the codes of foreign_code.h.
 */
MUST_USE CK_RV foreign_attach(struct foreign *f, struct bytes uri, CK_KEY_TYPE type, size_t length,
	struct bytes check, struct key *key);

/*
 * Close the sessions of F, and wipe what was computed with its keys. Keys that foreign_attach has
 * made must be unloaded or not be used again. The foreign token is not logged out of, since the
 * application may be logged in there by itself. Most tokens log out with their last session.
 */
void foreign_close(struct foreign *f);

#endif
