/* SPDX-License-Identifier: Apache-2.0 */
/*
 * default_lists.h: CKA_ALLOWED_MECHANISMS of a deriving key whose template gives none, by key type
 * (README.md, "The derived key").
 */
#ifndef KEYDIV_MECHANISMS_DEFAULT_LISTS_H
#define KEYDIV_MECHANISMS_DEFAULT_LISTS_H

#include "mechanism.h"

/*
 * The list of "anything else" there for a key of TYPE, its length in RET_N; NULL and 0 for a
 * type with none.
 */
const CK_MECHANISM_TYPE *default_children(CK_KEY_TYPE type, size_t *ret_n);

#endif
