/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h: the modules that are measured side by side: keydiv, SoftHSM 2, NSS softokn, kryoptic, and
 * keydiv behind p11-kit's server. Each module is loaded with dlopen into one process.
 */
#ifndef KEYDIV_BENCH_PEER_H
#define KEYDIV_BENCH_PEER_H

#include <stdbool.h>

#include "base/pkcs11.h"
#include "keydiv.h"

#define THREADS_MAX 8
#define SEARCHED "searched" /* the label of mac_key */

enum peer_id {
	PEER_KEYDIV,
	PEER_SOFTHSM,
	PEER_NSS,
	SCALE_PEERS, /* `scale` measures the peers above */
	PEER_KRYOPTIC = SCALE_PEERS,
	PEER_SERVER, /* keydiv in another process, through p11-kit-client.so */
	PEERS,
};

struct peer {
	enum peer_id id;
	char dir[256]; /* folder of the token */
	const char *name;
	bool there; /* true if the module could be loaded and set up */
	CK_FUNCTION_LIST *f;
	CK_FUNCTION_LIST_3_0 *f3; /* NULL if the module has no 3.0 */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session[THREADS_MAX];
	/*
	 * AES-128 keys of known value for deriving, for MACs and for encryption. The first ones are
	 * token objects, the others session objects of session[0].
	 */
	CK_OBJECT_HANDLE master, mac_key, cipher_key, initial_key, bdk_aes, bdk_tdes;
	CK_OBJECT_HANDLE session_master, session_mac_key, session_cipher_key;
	long server; /* the process of p11-kit's server, or 0 */
};

/*
 * Load the first N modules, each with a fresh token in DIR. keydiv must be installed. The others
 * may be missing: a line then says that they are not measured.
 */
void peers_start(const char *dir, const char *keydiv_path, int n, struct peer *peers);
void peers_stop(int n, struct peer *peers);

/*
 * Start a module in steps. peer_load loads P and configures P to keep its token in DIR. The next
 * steps call C_Initialize, initialise the token unless that was done before, open THREADS_MAX
 * sessions and log in the user. No step makes a key.
 */
bool peer_load(struct peer *p, enum peer_id id, const char *dir, const char *keydiv_path);
CK_RV peer_initialize(struct peer *p);
void peer_open(struct peer *p);
CK_RV peer_login(struct peer *p);
void peer_keys(struct peer *p);
void peer_forget_keys(struct peer *p);

/* Start keydiv alone, with keys. */
void start_keydiv(const char *dir, const char *path, struct peer *p);

/* Print the call that failed and exit, because a benchmark with a failed call measures nothing. */
void must(const struct peer *p, CK_RV rv, const char *what);

extern CK_BBOOL yes, no;
extern CK_OBJECT_CLASS class_secret;
extern CK_KEY_TYPE type_aes;

#endif
