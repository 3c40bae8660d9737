/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h: the layout of object and session handles. No other file knows a bit of a handle.
 *
 * Every handle is given out once only while the module is initialised. The layouts, from the
 * most significant bit:
 *
 * 	token object    1, slot (6), login epoch (24; 0: a public object), record id (33)
 * 	built-in object 0, 1, number (62, from 1)
 * 	session object  0, 0, serial number (38, from 1), place in the pool (24)
 * 	session         serial number (48, from 1), index in the table (16)
 *
 * The login epoch makes the handle of a private token object invalid after a logout, also after the
 * next login. Therefore no table of handles is needed, however many objects a token holds.
 */
#ifndef KEYDIV_TOKEN_HANDLE_H
#define KEYDIV_TOKEN_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pkcs11.h"

/* --- Objects: the kind of a handle --- */

#define HANDLE_TOKEN_OBJECT (UINT64_C(1) << 63)
#define HANDLE_BUILT_IN (UINT64_C(1) << 62)

static inline bool handle_is_token_object(CK_OBJECT_HANDLE handle)
{
	return handle & HANDLE_TOKEN_OBJECT;
}

/* In the handle of a token object the bit HANDLE_BUILT_IN belongs to the slot. */
static inline bool handle_is_built_in(CK_OBJECT_HANDLE handle)
{
	return handle & HANDLE_BUILT_IN && !handle_is_token_object(handle);
}

/* --- Session objects --- */

#define HANDLE_PLACE_BITS 24
#define HANDLE_PLACE_MASK ((UINT32_C(1) << HANDLE_PLACE_BITS) - 1)
#define HANDLE_SERIAL_MAX ((UINT64_C(1) << 38) - 1)

static inline CK_OBJECT_HANDLE handle_of_place(uint64_t serial, uint32_t place)
{
	return serial << HANDLE_PLACE_BITS | place;
}

static inline uint32_t handle_place(CK_OBJECT_HANDLE handle)
{
	return (uint32_t)handle & HANDLE_PLACE_MASK;
}

static inline uint64_t handle_serial(CK_OBJECT_HANDLE handle)
{
	return handle >> HANDLE_PLACE_BITS;
}

/* --- Token objects --- */

#define HANDLE_RECORD_ID_BITS 33
#define HANDLE_RECORD_ID_MASK ((UINT64_C(1) << HANDLE_RECORD_ID_BITS) - 1)
#define HANDLE_EPOCH_MASK ((UINT64_C(1) << 24) - 1)
#define HANDLE_SLOT_SHIFT 57
#define HANDLE_SLOT_MASK 63

/* EPOCH: 0 for a public object, else the low 24 bits of the login's number, which are never 0. */
static inline CK_OBJECT_HANDLE handle_of_record(CK_SLOT_ID slot, uint64_t epoch, int64_t id)
{
	return HANDLE_TOKEN_OBJECT | slot << HANDLE_SLOT_SHIFT | epoch << HANDLE_RECORD_ID_BITS |
	       (uint64_t)id;
}

static inline CK_SLOT_ID handle_slot(CK_OBJECT_HANDLE handle)
{
	return handle >> HANDLE_SLOT_SHIFT & HANDLE_SLOT_MASK;
}

static inline uint64_t handle_epoch(CK_OBJECT_HANDLE handle)
{
	return handle >> HANDLE_RECORD_ID_BITS & HANDLE_EPOCH_MASK;
}

static inline int64_t handle_record_id(CK_OBJECT_HANDLE handle)
{
	return (int64_t)(handle & HANDLE_RECORD_ID_MASK);
}

/* --- Built-in objects --- */

static inline CK_OBJECT_HANDLE handle_of_built_in(uint64_t number)
{
	return HANDLE_BUILT_IN | number;
}

static inline uint64_t handle_built_in_number(CK_OBJECT_HANDLE handle)
{
	return handle & ~HANDLE_BUILT_IN;
}

/* --- Sessions --- */

#define HANDLE_SESSION_INDEX_BITS 16
#define HANDLE_SESSIONS_MAX (UINT32_C(1) << HANDLE_SESSION_INDEX_BITS)

static inline CK_SESSION_HANDLE handle_of_session(uint64_t serial, uint32_t index)
{
	return serial << HANDLE_SESSION_INDEX_BITS | index;
}

static inline uint32_t handle_session_index(CK_SESSION_HANDLE handle)
{
	return (uint32_t)handle & (HANDLE_SESSIONS_MAX - 1);
}

#endif
