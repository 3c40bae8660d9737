/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: see call.h. */
#include "call.h"

#include <string.h>

#include "argument.h"

static const struct call {
	const char *name, *arguments;
	enum call_id finish;
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
#define ARGUMENTS_MAX 10

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

static CK_RV run(struct connection *c, enum call_id id, const uintptr_t *args)
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

/* The index of the output among ARGS, if it is a buffer without room. -1 if not. */
static int empty_output(const struct call *call, const uintptr_t *args)
{
	int at = 0;

	for (const char *letter = call->arguments; *letter != '\0'; letter++) {
		if (*letter == 'B')
			return args[at] != 0 && args[at + 1] != 0 &&
					       *(const CK_ULONG *)args[at + 1] == 0
				       ? at
				       : -1;
		at += (int)argument_kind(*letter)->count;
	}
	return -1;
}

/*
 * Servers of 0.24 take a buffer without room for a question about the length, and a question does
 * not end the operation. If the answer is that there is no output, ask again with room.
 */
static CK_RV run_without_room(
	struct connection *c, enum call_id id, const uintptr_t *args, int output)
{
	uintptr_t again[ARGUMENTS_MAX];
	CK_ULONG *length = (CK_ULONG *)args[output + 1];
	CK_BYTE byte;
	CK_ULONG n = sizeof byte;

	TRY(run(c, id, args));
	REQUIRE(*length == 0, CKR_BUFFER_TOO_SMALL, "the buffer has no room");
	memcpy(again, args, (size_t)output * sizeof *again);
	again[output] = ARGUMENT(&byte);
	again[output + 1] = ARGUMENT(&n);
	TRY(run(c, id, again));
	*length = n;
	return n == 0 ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

CK_RV call_run(struct connection *c, enum call_id id, const uintptr_t *args)
{
	if (c->dialect != DIALECT_0_24)
		return run(c, id, args);
	if (id >= CALL_FIRST_3_0)
		return call_refuse(c, id, args, CKR_FUNCTION_NOT_SUPPORTED);
	int output = empty_output(&calls[id], args);

	return output < 0 ? run(c, id, args) : run_without_room(c, id, args, output);
}

/* --- Refusals --- */

/*
 * The single-part function would give out a result, and a replay window would count it. After a
 * part the single-part function is refused, and the refusal ends the operation. A part after a
 * question for the length is refused in the same way.
 */
CK_RV call_finish(struct connection *c, enum call_id id, CK_SESSION_HANDLE session)
{
	static const enum call_id updates[CALLS] = {
		[CALL_C_Encrypt] = CALL_C_EncryptUpdate,
		[CALL_C_Decrypt] = CALL_C_DecryptUpdate,
		[CALL_C_Digest] = CALL_C_DigestUpdate,
		[CALL_C_Sign] = CALL_C_SignUpdate,
		[CALL_C_Verify] = CALL_C_VerifyUpdate,
	};
	CK_BYTE output[128];
	CK_ULONG n = sizeof output;
	const uintptr_t verify[] = {session, 0, 0, 0, 0};
	const uintptr_t other[] = {session, 0, 0, ARGUMENT(output), ARGUMENT(&n)};
	CK_RV rv = call_run(c, updates[id], other);

	n = sizeof output;
	if (rv == CKR_OK)
		rv = call_run(c, id, id == CALL_C_Verify ? verify : other);
	explicit_bzero(output, sizeof output);
	return rv;
}

/* The code with which the server refuses the session or the slot of ARGS, or CKR_OK. */
static CK_RV check_place(struct connection *c, const struct call *call, const uintptr_t *args)
{
	CK_SESSION_INFO session;
	CK_SLOT_INFO slot;
	const uintptr_t of_session[] = {args[0], ARGUMENT(&session)};
	const uintptr_t of_slot[] = {args[0], ARGUMENT(&slot)};

	if (call->arguments[0] == 'h')
		return call_run(c, CALL_C_GetSessionInfo, of_session);
	if (call->arguments[0] == 'q')
		return call_run(c, CALL_C_GetSlotInfo, of_slot);
	return CKR_OK;
}

/*
 * Check that the mechanism at ARGS has the function of ID. A mechanism without the function is
 * refused before its parameter.
 */
static CK_RV check_mechanism(struct connection *c, enum call_id id, const uintptr_t *args)
{
	static const CK_FLAGS flags[CALLS] = {
		[CALL_C_EncryptInit] = CKF_ENCRYPT,
		[CALL_C_DecryptInit] = CKF_DECRYPT,
		[CALL_C_DigestInit] = CKF_DIGEST,
		[CALL_C_SignInit] = CKF_SIGN,
		[CALL_C_VerifyInit] = CKF_VERIFY,
		[CALL_C_GenerateKey] = CKF_GENERATE,
		[CALL_C_WrapKey] = CKF_WRAP,
		[CALL_C_UnwrapKey] = CKF_UNWRAP,
		[CALL_C_DeriveKey] = CKF_DERIVE,
	};
	CK_SESSION_INFO session;
	CK_MECHANISM_INFO info;
	CK_MECHANISM m;
	const uintptr_t of_session[] = {args[0], ARGUMENT(&session)};

	if (flags[id] == 0)
		return CKR_OK;
	memcpy(&m, (const void *)args[1], sizeof m);
	TRY(call_run(c, CALL_C_GetSessionInfo, of_session));
	const uintptr_t of_mechanism[] = {session.slotID, m.mechanism, ARGUMENT(&info)};
	TRY(call_run(c, CALL_C_GetMechanismInfo, of_mechanism));
	REQUIRE(info.flags & flags[id], CKR_MECHANISM_INVALID,
		"the mechanism has another function");
	return CKR_OK;
}

/* End the operation of CALL. The codes are those that say more than that the operation is over. */
static CK_RV end_operation(struct connection *c, const struct call *call, const uintptr_t *args)
{
	CK_RV rv = call_finish(c, call->finish, args[0]);

	if (rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_OPERATION_NOT_INITIALIZED ||
		!connection_is_open(c))
		return rv;
	return CKR_OK;
}

CK_RV call_refuse(struct connection *c, enum call_id id, const uintptr_t *args, CK_RV rv)
{
	const struct call *call = &calls[id];
	bool begins = call->arguments[0] != '\0' && call->arguments[1] == 'M';

	if (call->finish == CALL_UNSUPPORTED) {
		TRY(check_place(c, call, args));
		return CKR_FUNCTION_NOT_SUPPORTED;
	}
	if (call->finish == CALL_NOTHING || (begins && args[1] != 0)) {
		TRY(check_place(c, call, args));
		if (rv == CKR_MECHANISM_PARAM_INVALID)
			TRY(check_mechanism(c, id, args));
	} else if (begins) {
		/* A NULL mechanism ends the operation, which need not exist. */
		CK_RV ended = end_operation(c, call, args);
		return ended == CKR_OPERATION_NOT_INITIALIZED ? CKR_OK : ended;
	} else {
		TRY(end_operation(c, call, args));
	}
	return rv == CKR_FUNCTION_NOT_SUPPORTED
		       ? rv
		       : FAIL(rv, "the protocol cannot carry an argument of the call");
}
