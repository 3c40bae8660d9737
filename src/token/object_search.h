/* SPDX-License-Identifier: Apache-2.0 */
/* object_search.h: the search for the objects that match a template. */
#ifndef KEYDIV_TOKEN_OBJECT_SEARCH_H
#define KEYDIV_TOKEN_OBJECT_SEARCH_H

#include "object/template.h"
#include "token/session.h"

/*
 * Find all handles that match T and that SESSION may see. The caller frees *RET. A search by label
 * or id uses the store's index. CKR_HOST_MEMORY, CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV objects_find(
	struct session *session, const struct template *t, CK_OBJECT_HANDLE **ret, size_t *ret_n);

#endif
