/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h: the modules that are measured side by side: keydiv, SoftHSM2, NSS softokn, each loaded
 * with dlopen into one process.
 */
#ifndef KEYDIV_BENCH_PEER_H
#define KEYDIV_BENCH_PEER_H

#include <stdbool.h>

#include "base/pkcs11.h"
#include "keydiv.h"

#define THREADS_MAX 8
#define SEARCHED "searched" /* the label of mac_key */

enum peer_id { PEER_KEYDIV, PEER_SOFTHSM, PEER_NSS, PEERS };

struct peer {
	enum peer_id id;
	char dir[256]; /* where its token is */
	const char *name;
	bool there; /* could be loaded and set up */
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session[THREADS_MAX];
	/*
	 * AES-128 keys, value known: for deriving, for MACs, for encryption; token objects, and
	 * session objects of session[0].
	 */
	CK_OBJECT_HANDLE master, mac_key, cipher_key, initial_key, bdk_aes, bdk_tdes;
	CK_OBJECT_HANDLE session_master, session_mac_key, session_cipher_key;
};

/* Load all of them, with fresh tokens in DIR. KEYDIV must be there; others may be missing. */
void peers_start(const char *dir, const char *keydiv_path, struct peer peers[PEERS]);
void peers_stop(struct peer peers[PEERS]);

/*
 * In steps: P loaded, configured to keep its token in DIR; C_Initialize; its token, initialised if
 * it is not yet, with THREADS_MAX sessions open; the user logged in. No key is made.
 */
bool peer_load(struct peer *p, enum peer_id id, const char *dir, const char *keydiv_path);
CK_RV peer_initialize(struct peer *p);
void peer_open(struct peer *p);
CK_RV peer_login(struct peer *p);
void peer_keys(struct peer *p);
void peer_forget_keys(struct peer *p);

/* keydiv alone, with keys. */
void start_keydiv(const char *dir, const char *path, struct peer *p);

/* Say what failed and exit: a benchmark with a failed call measures nothing. */
void must(const struct peer *p, CK_RV rv, const char *what);

extern CK_BBOOL yes, no;
extern CK_OBJECT_CLASS class_secret;
extern CK_KEY_TYPE type_aes;

#endif
