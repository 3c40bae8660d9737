/* SPDX-License-Identifier: Apache-2.0 */
/* session.c: see session.h. */
#include "token/session.h"

#include <stdlib.h>

#include "token/token.h"

static enum login login_of(const struct session *s)
{
	return (enum login)(s->login & LOGIN_MASK);
}

struct rights session_rights(const struct session *s)
{
	enum login login = login_of(s);

	return (struct rights){login == LOGIN_USER, login == LOGIN_SO, s->read_write};
}

CK_STATE session_state(const struct session *s)
{
	switch (login_of(s)) {
	case LOGIN_USER:
		return s->read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	case LOGIN_SO:
		return CKS_RW_SO_FUNCTIONS;
	default:
		return s->read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
	}
}

CK_RV session_scratch(struct session *s)
{
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		if (__builtin_expect(s->scratch[i] == NULL, 0)) {
			s->scratch[i] = key_new();
			ENSURE(s->scratch[i] != NULL, CKR_HOST_MEMORY);
		}
	return CKR_OK;
}

struct foreign *session_foreign(struct session *s)
{
	s->foreign.pin = &s->token->foreign_pin;
	return &s->foreign;
}

void session_end_search(struct session *s)
{
	if (s->search.handles != NULL)
		free(s->search.handles);
	s->search = (struct search){0};
}
