/* SPDX-License-Identifier: Apache-2.0 */
/* operation.c: the functions that concern all operations of a session. */
#include "calls/operation.h"

#include "token/operations.h"

CK_RV operations_cancel(struct session *s, CK_FLAGS flags)
{
	static const CK_FLAGS flag_of[OPERATION_KINDS] = {
		[OPERATION_ENCRYPT] = CKF_ENCRYPT,
		[OPERATION_DECRYPT] = CKF_DECRYPT,
		[OPERATION_DIGEST] = CKF_DIGEST,
		[OPERATION_SIGN] = CKF_SIGN,
		[OPERATION_VERIFY] = CKF_VERIFY,
		[OPERATION_MESSAGE_ENCRYPT] = CKF_MESSAGE_ENCRYPT,
		[OPERATION_MESSAGE_DECRYPT] = CKF_MESSAGE_DECRYPT,
		[OPERATION_MESSAGE_SIGN] = CKF_MESSAGE_SIGN,
		[OPERATION_MESSAGE_VERIFY] = CKF_MESSAGE_VERIFY,
	};

	if (flags & CKF_FIND_OBJECTS)
		session_end_search(s);
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++)
		if (flags & flag_of[i])
			operation_end(&s->operations->slot[i]);
	return CKR_OK;
}

/* The state of a digest does not leave the token either, because a secret may be digested. */
CK_RV operation_state_get(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	bool active = false;

	(void)out;
	REQUIRE(out_len != NULL, CKR_ARGUMENTS_BAD, "pulOperationStateLen is NULL");
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++)
		active |= s->operations->slot[i].stage != STAGE_NONE;
	REQUIRE(active, CKR_OPERATION_NOT_INITIALIZED, "no operation is active");
	return FAIL(CKR_STATE_UNSAVEABLE, "operation states cannot be saved");
}
