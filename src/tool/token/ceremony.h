/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony.h: the record of a key ceremony, a page of text that the people who brought the
 * components sign on paper. The record has check values and no secret.
 */
#ifndef KEYDIV_TOOL_CEREMONY_H
#define KEYDIV_TOOL_CEREMONY_H

#include "tool/token/component.h"

#define COMPONENTS_MAX 16

/* The content of a record. The texts belong to the caller. */
struct ceremony {
	const CK_TOKEN_INFO *token; /* that the key is for */
	const char *label, *type;
	size_t bits;
	size_t count; /* of components, up to COMPONENTS_MAX */
	struct check_values component[COMPONENTS_MAX];
	const char *check, *check_form; /* of the key, and how it is computed */
};

/*
 * Write the record of CEREMONY to the new file FILE, with the present date (see new_file_write).
 * False: reported.
 */
MUST_USE bool ceremony_write(const char *file, const struct ceremony *ceremony);

#endif
