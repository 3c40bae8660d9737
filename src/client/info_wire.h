/* SPDX-License-Identifier: Apache-2.0 */
/*
 * info_wire.h: read the members of CK_..._INFO structs from a reply. args[0] is the address of the
 * struct. The struct is written only if the whole of it was read.
 */
#ifndef KEYDIV_CLIENT_INFO_WIRE_H
#define KEYDIV_CLIENT_INFO_WIRE_H

#include "connection.h"

MUST_USE CK_RV read_slot_info(struct connection *c, const uintptr_t *args);
MUST_USE CK_RV read_token_info(struct connection *c, const uintptr_t *args);
MUST_USE CK_RV read_mechanism_info(struct connection *c, const uintptr_t *args);
MUST_USE CK_RV read_session_info(struct connection *c, const uintptr_t *args);

#endif
