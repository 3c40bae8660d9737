/* SPDX-License-Identifier: Apache-2.0 */
/*
 * default_lists.h: CKA_ALLOWED_MECHANISMS of a key with CKA_DERIVE whose template gives no list, by
 * key type (README.md, "The derived key").
 */
#ifndef KEYDIV_MECHANISMS_DEFAULT_LISTS_H
#define KEYDIV_MECHANISMS_DEFAULT_LISTS_H

#include "mechanism.h"

/*
 * Return the default list of a key of TYPE that was created, generated or unwrapped. *RET_N is its
 * length. NULL and 0 for a type that needs a list from the template.
 */
const CK_MECHANISM_TYPE *default_children(CK_KEY_TYPE type, size_t *ret_n);

#endif
