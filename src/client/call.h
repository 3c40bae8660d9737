/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h: one function of PKCS#11 as a call of the protocol.
 *
 * A call is described by a letter for each argument of the function. The letter says how many
 * arguments of the C function it takes, and what is written to the request and read from the reply.
 * The arguments are given as an array of uintptr_t in the order of the function.
 *
 * 	letter	arguments			request	reply
 * 	h	session handle			u
 * 	k	object handle			u
 * 	q	slot				u
 * 	u	CK_ULONG			u
 * 	y	CK_BBOOL			y
 * 	b	bytes, length			ay
 * 	w	bytes of a wrapped key, length	ay
 * 	z	label of 32 bytes		z
 * 	M	CK_MECHANISM *			M
 * 	T	CK_ATTRIBUTE *, count		aA
 * 	G	CK_ATTRIBUTE *, count, to fill	fA	aAu
 * 	B	buffer, CK_ULONG *length	fy	ay
 * 	S	as B, NULL: no output expected	yfy	ay
 * 	R	buffer, length, to fill		fy	ay
 * 	L	CK_ULONG *list, CK_ULONG *n	fu	au
 * 	F	list, room, CK_ULONG *n		fu	au
 * 	H K O	session, object, CK_ULONG *		u
 * 	s t i n	info of slot, token, mechanism, session	the members of the struct
 */
#ifndef KEYDIV_CLIENT_CALL_H
#define KEYDIV_CLIENT_CALL_H

#include "connection.h"

enum call_id {
	CALL_NOTHING,
#define CALL(name, arguments, finish) CALL_##name,
#include "call_list.h"
#undef CALL
	CALLS,
	CALL_UNSUPPORTED
};

/* The first call that servers of p11-kit 0.24 lack. */
#define CALL_FIRST_3_0 CALL_C_LoginUser

/* The name of the function of ID. */
const char *call_name(enum call_id id);

/* Cast an argument of a function for call_run(). */
#define ARGUMENT(x) ((uintptr_t)(x))

/*
 * Make the call ID on the open connection C. ARGS are the arguments of the function, unchecked.
 * Arguments that the protocol cannot carry are refused here with the code that the function has for
 * them, after the server has checked the session or the slot. The function's operation then ends.
 *
 * The codes are those of the function, and those of connection_call().
 */
MUST_USE CK_RV call_run(struct connection *c, enum call_id id, const uintptr_t *args);

/*
 * Refuse the call ID with RV. The result is RV, or the code with which the server refuses the
 * session or the slot of ARGS, or CKR_OPERATION_NOT_INITIALIZED. The function's operation ends.
 */
MUST_USE CK_RV call_refuse(struct connection *c, enum call_id id, const uintptr_t *args, CK_RV rv);

/*
 * End the operation of SESSION that the single-part function ID would end, without a result. The
 * code is CKR_OPERATION_NOT_INITIALIZED or CKR_SESSION_HANDLE_INVALID if there is no operation, and
 * any other code if the operation is over.
 */
MUST_USE CK_RV call_finish(struct connection *c, enum call_id id, CK_SESSION_HANDLE session);

#endif
