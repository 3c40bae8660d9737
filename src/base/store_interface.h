/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_interface.h: the interface "Vendor keydiv store" of keydiv-pkcs11.so, for people who manage
 * stores. C_GetInterface gives it, and the tool uses it. No function of it opens a key or takes a
 * PIN, and none does what a program with the rights of the caller could not do to the files or to
 * the database. C_Initialize must have been called.
 *
 * A STORE is text: "postgresql:" and what keydiv.conf(5) allows after it, or the path of a token
 * directory.
 *
 * Results come as lines, a name and a text, through LINE. A failure gives a line "error" with the
 * reason where there is more to say than the code says.
 *
 * Codes: CKR_CRYPTOKI_NOT_INITIALIZED, CKR_ARGUMENTS_BAD (a store that cannot be understood, or of
 * the wrong kind), CKR_FUNCTION_NOT_SUPPORTED (keydiv-store-postgresql.so is not installed),
 * CKR_DEVICE_ERROR (the server cannot be reached, or refuses), and the codes of store.h.
 */
#ifndef KEYDIV_BASE_STORE_INTERFACE_H
#define KEYDIV_BASE_STORE_INTERFACE_H

#include "pkcs11.h"

#define STORE_INTERFACE_NAME "Vendor keydiv store"

typedef void store_line(void *arg, const char *name, const char *text);

/* A token: the one in SLOT of STORE. */
struct store_place {
	const char *store;
	unsigned slot;
};

struct store_interface {
	CK_VERSION version; /* 1.0 */

	/*
	 * Make the tables of STORE, or bring those of an older version to the present version. The
	 * database role GRANT_TO (NULL: none) gets the rights that the module needs.
	 */
	CK_RV (*init)(const char *store, const char *grant_to, store_line *line, void *arg);
	/* Describe the server, the tables, the tokens and the hosts of STORE. */
	CK_RV (*status)(const char *store, store_line *line, void *arg);
	/*
	 * Copy the token of FROM to TO, sealed as it is. With REPLACE a token there is removed.
	 * CKR_TOKEN_NOT_RECOGNIZED: there is none. CKR_ACTION_PROHIBITED: there is a token in TO.
	 * CKR_STATE_UNSAVEABLE: the token has O-DUKPT client states.
	 */
	CK_RV(*copy)
	(const struct store_place *from, const struct store_place *to, CK_BBOOL replace,
		store_line *line, void *arg);
	/*
	 * Describe the store of the token in SLOT as this process sees it. No lines for a store in
	 * a directory.
	 */
	CK_RV (*describe)(CK_SLOT_ID slot, store_line *line, void *arg);
};

#endif
