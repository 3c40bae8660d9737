/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h: what a backend on a server offers to people, see base/store_interface.h. A backend in
 * files has none.
 */
#ifndef KEYDIV_STORE_ADMIN_H
#define KEYDIV_STORE_ADMIN_H

#include "base/error.h"
#include "base/store_interface.h"

struct store;

/* Lines go to LINE with ARG. CKR_DEVICE_ERROR, with a line "error". CKR_HOST_MEMORY. */
struct store_admin {
	/*
	 * Make the tables, or bring them to the present version, and give GRANT_TO (NULL: nobody)
	 * the rights that the module needs.
	 */
	CK_RV(*init)
	(const char *conninfo, const char *grant_to, store_line *line, void *arg);
	/* Describe server, tables, tokens and hosts. */
	CK_RV (*status)(const char *conninfo, store_line *line, void *arg);
	/* Describe server, lease and last contact of STORE, without asking the server. */
	void (*describe)(struct store *store, store_line *line, void *arg);
};

#endif
