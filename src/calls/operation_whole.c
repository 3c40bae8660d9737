/* SPDX-License-Identifier: Apache-2.0 */
/* operation_whole.c: see operation_whole.h. */
#include "calls/operation_whole.h"

#include "calls/requested.h"

CK_RV whole_begin(struct session *s, struct operation *op, const CK_MECHANISM *caller)
{
	const struct mechanism *mech = op->mech;
	struct parameter p = {.encoded = {NULL, 0}};

	if (mech->fields != NULL)
		TRY(requested_fields(s, mech, caller->pParameter, caller->ulParameterLen, &p));
	else
		REQUIRE(caller->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
			"the mechanism takes no parameter");
	ENSURE(p.encoded.n <= sizeof op->parameter, CKR_MECHANISM_PARAM_INVALID);
	if (p.encoded.n > 0)
		memcpy(op->parameter, p.encoded.p, p.encoded.n);
	op->parameter_n = p.encoded.n;
	TRY(session_scratch(s));
	op->scratch = s->scratch;
	op->out_len = mech->operation.sign_length;
	op->mac_begun = true;
	return CKR_OK;
}

CK_RV whole_collect(struct operation *op, const CK_BYTE *in, CK_ULONG n)
{
	size_t room = op->mech->operation.sign_data_max + (size_t)1 - op->buffer.n;

	return buffer_append(&op->buffer, in, n < room ? n : room);
}

CK_RV whole_sign(struct operation *op, const CK_BYTE *in, CK_ULONG n, uint8_t ret_mac[KEY_MAC_MAX])
{
	const struct mechanism *mech = op->mech;
	struct parameter p;

	/* Sign a copy. Another thread may write to the caller's data between check and use. */
	TRY(whole_collect(op, in, n));
	if (mech->fields != NULL)
		TRY(parameter_parse(mech, op->parameter, op->parameter_n, &p));
	struct signing signing = {.key = op->used,
		.scratch = op->scratch,
		.parameter = mech->fields != NULL ? &p : NULL,
		.data = bytes_of(op->buffer.p, op->buffer.n)};
	CK_RV rv = mech->operation.sign(&signing, ret_mac);
	scratch_unload(op->scratch);
	return rv;
}
