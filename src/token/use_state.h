/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_state.h: what an operation of CKM_KEYDIV_WITH_DERIVED_KEY keeps from one call to the next.
 * The steps are in calls/use.h. The session's lock guards the struct.
 */
#ifndef KEYDIV_TOKEN_USE_STATE_H
#define KEYDIV_TOKEN_USE_STATE_H

#include "with_derived_key.h"

struct session;

struct use_state {
	struct session *session;
	bool incoming; /* C_Verify..., C_Decrypt...; else C_Sign..., C_Encrypt... */
	bool marked;   /* use_mark has run for the present message */
	bool late;     /* the cipher begins when the length of the data is known: CCM */
	struct use_parameter parameter;
	struct derivation d;       /* type and length are those of the derived key */
	struct cipher_setup setup; /* if LATE; refers to `parameter` */
	struct key *key;           /* the derived key; empty except during an operation */
	/*
	 * The next message may be derived as the last one was: the init has every field except
	 * those of DERIVATION, and type, length and usage of the key do not depend on these.
	 */
	bool repeats;
	bool repeatable;      /* repeats, once the fields of OPERATION have been accepted */
	bool again;           /* the present message was derived in this way */
	struct mac_start mac; /* of the last MAC */
	size_t shared_n;
	uint8_t shared[PARAMETER_MAX]; /* the fields of C_Message...Init, SHARED_N bytes */
	uint8_t room[PARAMETER_MAX];   /* the bytes of `parameter` */
};

/* Return a new struct, or NULL if there is no memory. */
struct use_state *use_state_new(void);

/* Wipe the derived key. Called at the end of an operation and of each message. */
void use_state_end(struct use_state *use);

/* Wipe and free. USE may be NULL. */
void use_state_free(struct use_state *use);

#endif
