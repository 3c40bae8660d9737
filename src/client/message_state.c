/* SPDX-License-Identifier: Apache-2.0 */
/* message_state.c: see message_state.h. */
#include "message_state.h"

#include <stdlib.h>

static struct session *sessions;

struct session *session_find(CK_SESSION_HANDLE handle)
{
	for (struct session *s = sessions; s != NULL; s = s->next)
		if (s->handle == handle)
			return s;
	return NULL;
}

struct session *session_make(CK_SESSION_HANDLE handle)
{
	struct session *s = session_find(handle);

	if (s == NULL && (s = calloc(1, sizeof *s)) != NULL) {
		s->handle = handle;
		s->next = sessions;
		sessions = s;
	}
	return s;
}

static void drop(struct session **at)
{
	struct session *s = *at;

	*at = s->next;
	for (unsigned i = 0; i < MESSAGE_KINDS; i++)
		free(s->fields[i]);
	wire_free(&s->scratch);
	free(s);
}

void message_close(CK_SESSION_HANDLE handle)
{
	for (struct session **at = &sessions; *at != NULL; at = &(*at)->next)
		if ((*at)->handle == handle) {
			drop(at);
			return;
		}
}

void message_close_all(void)
{
	while (sessions != NULL)
		drop(&sessions);
}

bool session_forget(struct session *s, enum message_kind kind)
{
	bool active = s != NULL && s->fields[kind] != NULL;

	if (active) {
		free(s->fields[kind]);
		s->fields[kind] = NULL;
	}
	if (s != NULL && kind <= MESSAGE_DECRYPT) {
		active = active || s->operations[kind].active;
		s->operations[kind].active = s->operations[kind].in_parts = false;
	}
	return active;
}

void message_cancel(CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
	static const CK_FLAGS flag[MESSAGE_KINDS] = {
		CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_DECRYPT, CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY};

	for (unsigned i = 0; i < MESSAGE_KINDS; i++)
		if (flags & flag[i])
			(void)session_forget(session_find(handle), (enum message_kind)i);
}

struct operation *session_translated(enum message_kind kind, struct session *s)
{
	return s != NULL && kind <= MESSAGE_DECRYPT && s->operations[kind].active
		       ? &s->operations[kind]
		       : NULL;
}

const struct fields_operation *session_fields(enum message_kind kind, CK_SESSION_HANDLE handle)
{
	const struct session *s = session_find(handle);

	return s != NULL ? s->fields[kind] : NULL;
}
