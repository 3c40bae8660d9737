/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: see call.h. */
#include "call.h"

#include <string.h>

#include "argument.h"

static const struct call {
	const char *name, *arguments;
	enum call_id finish; /* CALL_C_Finalize: the function belongs to no operation */
} calls[CALLS] = {
#define CALL(name, arguments, finish) [CALL_##name] = {#name, arguments, CALL_##finish},
#include "call_list.h"
#undef CALL
};

const char *call_name(enum call_id id)
{
	return calls[id].name;
}

/* --- Signatures --- */

#define SIGNATURE_MAX 40

static void signatures(const char *letters, char request[SIGNATURE_MAX], char reply[SIGNATURE_MAX])
{
	for (; *letters != '\0'; letters++) {
		const struct argument_kind *kind = argument_kind(*letters);

		request = stpcpy(request, kind->request);
		reply = stpcpy(reply, kind->reply);
	}
	*request = *reply = '\0';
}

/* --- The call --- */

static CK_RV write_arguments(struct connection *c, const char *letters, const uintptr_t *args)
{
	for (; *letters != '\0'; letters++) {
		const struct argument_kind *kind = argument_kind(*letters);

		if (kind->write != NULL)
			TRY(kind->write(c, args));
		else
			REQUIRE(*args != 0, CKR_ARGUMENTS_BAD, "the pointer to the result is NULL");
		args += kind->count;
	}
	return CKR_OK;
}

static CK_RV read_results(struct connection *c, const char *letters, const uintptr_t *args)
{
	for (; *letters != '\0'; letters++) {
		const struct argument_kind *kind = argument_kind(*letters);

		if (kind->read != NULL)
			TRY(kind->read(c, args));
		args += kind->count;
	}
	return CKR_OK;
}

CK_RV call_run(struct connection *c, enum call_id id, const uintptr_t *args)
{
	const struct call *call = &calls[id];
	char request[SIGNATURE_MAX], reply[SIGNATURE_MAX];

	signatures(call->arguments, request, reply);
	connection_begin(c, id, request);
	CK_RV refused = write_arguments(c, call->arguments, args);
	if (refused != CKR_OK)
		return call_refuse(c, id, args, refused);
	CK_RV rv = connection_call(c, id, reply);
	if (rv == CKR_OK)
		rv = read_results(c, call->arguments, args);
	return connection_end(c, rv);
}

/* --- Refusals --- */

CK_RV call_finish(struct connection *c, enum call_id id, CK_SESSION_HANDLE session)
{
	CK_BYTE output[128];
	CK_ULONG n = sizeof output;
	const uintptr_t verify[] = {session, 0, 0, 0, 0};
	const uintptr_t other[] = {session, 0, 0, ARGUMENT(output), ARGUMENT(&n)};
	CK_RV rv = call_run(c, id, id == CALL_C_Verify ? verify : other);

	explicit_bzero(output, sizeof output);
	return rv;
}

CK_RV call_refuse(struct connection *c, enum call_id id, const uintptr_t *args, CK_RV rv)
{
	const struct call *call = &calls[id];
	CK_SESSION_INFO session;
	CK_SLOT_INFO slot;
	CK_RV found = CKR_OK;

	if (call->finish != CALL_C_Finalize) {
		found = call_finish(c, call->finish, args[0]);
		if (found != CKR_SESSION_HANDLE_INVALID && found != CKR_OPERATION_NOT_INITIALIZED &&
			connection_is_open(c))
			found = CKR_OK;
	} else if (call->arguments[0] == 'h') {
		const uintptr_t info[] = {args[0], ARGUMENT(&session)};
		found = call_run(c, CALL_C_GetSessionInfo, info);
	} else if (call->arguments[0] == 'q') {
		const uintptr_t info[] = {args[0], ARGUMENT(&slot)};
		found = call_run(c, CALL_C_GetSlotInfo, info);
	}
	TRY(found);
	return FAIL(rv, "the protocol cannot carry an argument of the call");
}
