/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_answers.h: a foreign module whose answers an input chooses: the right one, a wrong one
 * with CKR_OK (lengths, flags, texts, handles, lists, results), or any code. When the input has
 * ended, all answers are right. Calls that keydiv must not make end the target.
 */
#ifndef KEYDIV_TESTS_FOREIGN_ANSWERS_H
#define KEYDIV_TESTS_FOREIGN_ANSWERS_H

#include "fuzz.h"

#include "key/key.h"

#define ANSWERS_PIN "1234"

/* The kinds of key that the module can have: AES-128, AES-256, DES3, generic secret, HMAC key. */
#define ANSWERS_KINDS 5

struct answers {
	/* set by answers_start */
	struct input *in;
	CK_KEY_TYPE type;
	CK_ULONG length;
	bool login_required, no_cmac;
	/* what the module has said */
	bool lied;            /* an answer was not the right one */
	CK_KEY_TYPE key_type; /* the last whole answers about the key */
	CK_ULONG value_len;
	struct {
		bool is_mac; /* of C_Sign; else of C_Encrypt */
		CK_ULONG n;  /* the length that the module claims */
		uint8_t bytes[600];
	} last; /* the last result */
	/* what keydiv has left */
	bool owed; /* keydiv has initialised the module and not ended it */
};

extern struct answers answers;
extern struct key *answers_key; /* the value of the key, made by the caller with key_new() */

/* Begin to answer by IN. KIND is under ANSWERS_KINDS. */
void answers_start(struct input *in, unsigned kind, bool login_required, bool no_cmac);

/* Return the number of sessions that keydiv has not closed. */
unsigned answers_open_sessions(void);

extern CK_FUNCTION_LIST answers_functions;

#endif
