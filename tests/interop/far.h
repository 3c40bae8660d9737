/* SPDX-License-Identifier: Apache-2.0 */
/*
 * far.h: a token of another module in this process that keydiv.conf names (foreign-module), and
 * masters of keydiv whose values are there.
 */
#ifndef KEYDIV_TESTS_FAR_H
#define KEYDIV_TESTS_FAR_H

#include "second.h"

/* The usage of a key in the other token. */
enum far_right { FAR_SIGN = 1, FAR_ENCRYPT = 2, FAR_BOTH = 3 };

/*
 * Fixture: SoftHSM as the other token, which the test program initialises and uses too (g, gs), and
 * keydiv with the user logged in. far_finish ends SoftHSM.
 */
void far_softhsm(void);
void far_finish(void);

/*
 * The same with NSS's softokn as the other token, with a database and a PIN. far_token is "NSS".
 */
void far_nss(void);

/* Load the PKCS#11 module NAME, set G to its functions, and return its path. */
const char *far_load(const char *name);

/* The slot of the other token. */
CK_SLOT_ID far_slot(void);

/* Wait for the process CHILD. Return true if it exited with 0. */
bool wait_for(pid_t child);

/* The label of the other token in URIs, "hsm" at first. */
extern const char *far_token;

/* Restart keydiv with TEXT in keydiv.conf, open S and log in the user. */
void far_restart(const char *text);

/* A token object LABEL in the other token. Aborts the test if that token refuses. */
CK_OBJECT_HANDLE far_key(const char *label, CK_KEY_TYPE type, const void *value, size_t n,
	enum far_right right, CK_ATTRIBUTE *extra, CK_ULONG count);

/* Link the key OBJECT of the other token. The attributes are added to the template. */
CK_RV link_key(const char *object, CK_ATTRIBUTE *extra, CK_ULONG count, CK_OBJECT_HANDLE *ret);
#define LINK(object, ...)                                                                          \
	({                                                                                         \
		CK_OBJECT_HANDLE link_ret_ = 0;                                                    \
		ok(link_key(object, T(__VA_ARGS__), &link_ret_));                                  \
		link_ret_;                                                                         \
	})

/* A session key here with the same value, as a master with the same attributes. */
CK_OBJECT_HANDLE near_key(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count);

/*
 * Fail the test unless the keys A and B, which are extractable, have one value. Data objects are
 * compared by their values.
 */
void same_value(CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b);

/* DEVICE_KEY of serial NUMBER from BASE, extractable. */
CK_RV device_key(
	CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, unsigned number, CK_OBJECT_HANDLE *ret);

/* A master in the other token, and one here with the same value, mk. */
extern CK_OBJECT_HANDLE there, here;

/* Make the key "mk" there, link it, and make HERE a session key. Both get the attributes. */
void link_both(enum far_right right, CK_ATTRIBUTE *extra, CK_ULONG count);

/* The MAC of a message by the device key NUMBER of BASE. */
CK_RV device_mac(
	CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, unsigned number, uint8_t ret_mac[16]);

/* Return true if THERE gives the same MACs as HERE for COUNT numbers. */
bool same_macs(CK_SESSION_HANDLE session, unsigned from, unsigned count);

/* Derive from THERE and HERE in four threads at once. */
void far_threads(void);

/* The same in children of fork, which initialise the modules. THERE has the label "master". */
void far_forks(void);

/* A kind of key in the other token. */
struct far_kind {
	CK_KEY_TYPE type;
	enum far_right right; /* of the key there */
	unsigned least;       /* derivations that must have been compared */
};

/*
 * Derive with every mechanism that takes the type of KIND, in 40 rounds with random parameters,
 * over keys with random values in the other token, and over the same values here. Check that the
 * results are equal, and that both have derived often enough.
 */
void compare_kind(const struct far_kind *kind);

#endif
