/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_session.c: see foreign_session.h. */
#include "foreign/foreign_session.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "foreign/foreign_code.h"
#include "foreign/foreign_module.h"

static _Atomic uint64_t last_serial;

bool foreign_session_is_open(const struct foreign_session *s)
{
	return s->serial != 0 && s->era == foreign_module_era();
}

/* A session of an earlier era does not exist any more, and its handle may belong to the caller. */
void foreign_session_close(struct foreign_session *s)
{
	if (foreign_session_is_open(s)) {
		CK_RV rv = s->f->C_CloseSession(s->handle);
		if (rv != CKR_OK)
			log_write(LOG_DEBUG, "C_CloseSession of foreign-module: %s", rv_name(rv));
	}
	s->serial = 0;
}

CK_RV foreign_session_failed(struct foreign_session *s, const char *function, CK_RV rv)
{
	log_warning("%s of foreign-module: %s (0x%lx)", function, rv_name(rv), rv);
	if (s != NULL && rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		foreign_module_lost(s->era);
	if (s != NULL)
		foreign_session_close(s);
	error_note(__FILE__, __LINE__, foreign_reason(rv), rv);
	return rv;
}

/* --- Login --- */

static CK_RV login(void *arg, struct bytes text)
{
	struct foreign_session *s = arg;
	CK_RV rv = s->f->C_Login(s->handle, CKU_USER, (CK_BYTE *)(uintptr_t)text.p, text.n);

	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return CKR_OK;
	return foreign_session_failed(s, "C_Login", rv);
}

/*
 * Log in to the token of S. The last try before the token locks its PIN is left to people, since an
 * application that starts again and again with an old PIN would use it up.
 */
static CK_RV log_in(struct foreign *f, struct foreign_session *s)
{
	CK_TOKEN_INFO token = {0};
	CK_SESSION_INFO session = {0};

	CK_RV rv = s->f->C_GetTokenInfo(s->slot, &token);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_GetTokenInfo", rv);
	if (!(token.flags & CKF_LOGIN_REQUIRED))
		return CKR_OK;
	rv = s->f->C_GetSessionInfo(s->handle, &session);
	if (rv != CKR_OK)
		return foreign_session_failed(s, "C_GetSessionInfo", rv);
	if (session.state == CKS_RO_USER_FUNCTIONS || session.state == CKS_RW_USER_FUNCTIONS)
		return CKR_OK;
	REQUIRE(!(token.flags & CKF_USER_PIN_LOCKED), CKR_PIN_LOCKED,
		"the PIN of the foreign token is locked");
	REQUIRE(!(token.flags & CKF_USER_PIN_FINAL_TRY), CKR_PIN_INCORRECT,
		"one wrong PIN more would lock the foreign token; log in there once by hand");
	return foreign_pin_try(f->pin, login, s);
}

/* --- Opening --- */

/*
 * The serial is reset first. If the module cannot be started, S gets the era 0, which is then the
 * current era, and S with its old serial would look open.
 */
static CK_RV open_session(struct foreign *f, struct foreign_session *s)
{
	s->serial = 0;
	TRY(foreign_module(&s->f, &s->era));
	CK_RV rv = s->f->C_OpenSession(s->slot, CKF_SERIAL_SESSION, NULL, NULL, &s->handle);
	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		foreign_module_lost(s->era);
	if (rv != CKR_OK)
		return foreign_session_failed(NULL, "C_OpenSession", rv);
	s->serial = atomic_fetch_add(&last_serial, 1) + 1;
	rv = log_in(f, s);
	if (rv != CKR_OK)
		foreign_session_close(s);
	return rv;
}

static CK_RV find_slot(struct foreign *f, CK_SLOT_ID slot, struct foreign_session **ret)
{
	struct foreign_session *s = f->sessions;

	while (s != NULL && s->slot != slot)
		s = s->next;
	if (s == NULL) {
		s = calloc(1, sizeof *s);
		ENSURE(s != NULL, CKR_HOST_MEMORY);
		s->slot = slot;
		s->next = f->sessions;
		f->sessions = s;
	}
	*ret = s;
	return CKR_OK;
}

CK_RV foreign_session_get(struct foreign *f, CK_SLOT_ID slot, struct foreign_session **ret)
{
	TRY(find_slot(f, slot, ret));
	return foreign_session_is_open(*ret) ? CKR_OK : open_session(f, *ret);
}

void foreign_sessions_close(struct foreign *f)
{
	while (f->sessions != NULL) {
		struct foreign_session *s = f->sessions;
		f->sessions = s->next;
		foreign_session_close(s);
		free(s);
	}
}
