/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h: the label and the CKA_ID of a key that the tool makes.
 *
 * A token allows two keys with one label. The tool gives no label twice: it looks for the label
 * before it makes a key and once more afterwards, because another process may have made a key with
 * the same label between the two. In that case the tool destroys its own key.
 */
#ifndef KEYDIV_TOOL_IDENTITY_H
#define KEYDIV_TOOL_IDENTITY_H

#include "tool/report.h"
#include "tool/token/attributes.h"
#include "tool/token/client.h"

#define NEW_ID_BYTES 8

/* Check that no key of the token has LABEL. False: reported. */
MUST_USE bool label_is_free(struct client *client, const char *label);

/*
 * Add a random CKA_ID to T. The bytes are stored in ID, which must live as long as T. False:
 * PROBLEM is set.
 */
MUST_USE bool identity_add_id(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	unsigned char id[NEW_ID_BYTES], struct problem *problem);

/*
 * Check that the new token object KEY is the only key with the label of N bytes at LABEL. False:
 * KEY is destroyed and PROBLEM is set.
 */
MUST_USE bool identity_is_alone(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	CK_OBJECT_HANDLE key, const char *label, size_t n, struct problem *problem);

#endif
