/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_sign.c: C_Sign, C_Verify and their parts. All of them are MACs. src/key computes most
 * of them, in parts too. operation_whole.c has the MACs that a function of the mechanism computes.
 */
#include "calls/operation.h"
#include "calls/operation_steps.h"
#include "calls/operation_whole.h"
#include "calls/requested.h"
#include "calls/use.h"
#include "calls/use_window.h"
#include "operation_fields.h"

static CK_RV begin_mac(struct operation *op, const struct mac_start *start)
{
	if (op->mac == NULL)
		op->mac = mac_new();
	ENSURE(op->mac != NULL, CKR_HOST_MEMORY);
	operation_keeps(op, start->kind == MAC_GMAC ? KEPT_GCM : KEPT_OTHER);
	TRY(mac_begin(op->mac, start->kind, op->used, start->iv));
	op->mac_begun = true;
	return CKR_OK;
}

CK_RV operation_set_up_mac(struct operation *op)
{
	struct use_state *use = op->use;

	if (__builtin_expect(use_window_requested(op), 0)) {
		op->out_len = use_window_report_length(op);
		return CKR_OK;
	}
	if (!use->again) {
		size_t whole = mac_length(op->mech->operation.mac, op->used);
		TRY(use_mac_start(&use->parameter, whole, operation_least_mac(op), &use->mac));
		use->repeats = use->repeatable;
	}
	op->out_len = use->mac.length;
	return use->mac.special ? begin_mac(op, &use->mac) : CKR_OK;
}

/*
 * The functions for mechanisms with a parameter are not inline, so that set_up saves no registers
 * and needs no stack for a mechanism without.
 */

/* Take the length that is the parameter of a _GENERAL mechanism. */
__attribute__((noinline)) static CK_RV set_up_general(
	struct operation *op, const CK_MECHANISM *caller)
{
	CK_MAC_GENERAL_PARAMS length;

	REQUIRE(caller->pParameter != NULL && caller->ulParameterLen == sizeof length,
		CKR_MECHANISM_PARAM_INVALID, "the parameter is not a CK_MAC_GENERAL_PARAMS");
	memcpy(&length, caller->pParameter, sizeof length);
	REQUIRE(length >= operation_least_mac(op), CKR_MECHANISM_PARAM_INVALID,
		"the MAC is too short");
	REQUIRE(length <= op->out_len, CKR_MECHANISM_PARAM_INVALID,
		"the MAC is longer than the mechanism's");
	op->out_len = length;
	return CKR_OK;
}

/* Take the parameter of a mechanism with an IV. */
__attribute__((noinline)) static CK_RV set_up_iv(struct operation *op, const CK_MECHANISM *caller)
{
	struct mac_start start = {.kind = op->mech->operation.mac};

	TRY(op->mech->operation.mac_setup(caller, op->out_len, &start.iv));
	return begin_mac(op, &start);
}

/* Take the parameter of a mechanism with fields. */
__attribute__((noinline)) static CK_RV set_up_fields(
	struct session *s, struct operation *op, const CK_MECHANISM *caller)
{
	const struct mechanism *mech = op->mech;
	struct mac_start start;
	struct parameter p;

	TRY(requested_fields(s, mech, caller->pParameter, caller->ulParameterLen, &p));
	TRY(operation_fields_mac(mech, &p, &p, op->out_len, operation_least_mac(op), &start));
	op->out_len = start.length;
	return start.special ? begin_mac(op, &start) : CKR_OK;
}

static CK_RV set_up(struct session *s, struct operation *op, const CK_MECHANISM *caller)
{
	const struct mechanism *mech = op->mech;

	if (op->derived)
		return operation_set_up_mac(op);
	if (mech->operation.sign != NULL)
		return whole_begin(s, op, caller);
	op->out_len = mac_length(mech->operation.mac, op->used);
	if (mech->operation.mac_general)
		return set_up_general(op, caller);
	if (mech->operation.mac_setup != NULL)
		return set_up_iv(op, caller);
	if (mech->fields != NULL)
		return set_up_fields(s, op, caller);
	REQUIRE(caller->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism takes no parameter");
	return CKR_OK;
}

/* Write the report of a replay window, which a parameter with WINDOW_REQUEST asks for. */
__attribute__((cold)) static CK_RV report(
	const struct operation *op, CK_BYTE *out, CK_ULONG *out_len)
{
	TRY(use_window_report(op, out));
	*out_len = op->out_len;
	return CKR_OK;
}

static CK_RV put_in(struct operation *op, const CK_BYTE *in, CK_ULONG in_len)
{
	REQUIRE(in != NULL || in_len == 0, CKR_ARGUMENTS_BAD, "the pointer to the data is NULL");
	REQUIRE(in_len <= OPERATION_DATA_MAX, CKR_DATA_LEN_RANGE, "the data is too long");
	if (__builtin_expect(use_window_requested(op), 0)) {
		REQUIRE(in_len == 0, CKR_DATA_LEN_RANGE, "a WINDOW_REQUEST takes no parts");
		return CKR_OK;
	}
	if (!op->mac_begun)
		TRY(begin_mac(op, &(struct mac_start){.kind = op->mech->operation.mac}));
	else if (op->mech->operation.sign != NULL)
		return whole_collect(op, in, in_len);
	return in_len == 0 ? CKR_OK : mac_update(op->mac, in, in_len);
}

/* whole_mac of a MAC that has begun. Not inline, because the other MACs need fewer registers. */
__attribute__((noinline)) static CK_RV finish_parts(
	struct operation *op, const CK_BYTE *in, CK_ULONG in_len, uint8_t ret_mac[KEY_MAC_MAX])
{
	if (op->mech->operation.sign != NULL)
		return whole_sign(op, in, in_len, ret_mac);
	TRY(put_in(op, in, in_len));
	return mac_finish(op->mac, ret_mac);
}

/*
 * Compute the MAC over IN and the parts before IN. This is one call with the kept schedule of the
 * key, unless a MAC in parts has begun.
 */
static CK_RV whole_mac(
	struct operation *op, const CK_BYTE *in, CK_ULONG in_len, uint8_t ret_mac[KEY_MAC_MAX])
{
	if (op->stage == STAGE_SINGLE && !op->mac_begun) {
		REQUIRE(in_len <= OPERATION_DATA_MAX, CKR_DATA_LEN_RANGE, "the data is too long");
		return key_mac(op->used, op->mech->operation.mac, in, in_len, ret_mac);
	}
	return finish_parts(op, in, in_len, ret_mac);
}

/* Return true if the MAC that leaves the token may be a part of the MAC that was computed. */
static inline bool gives_part(const struct mechanism *mech)
{
	return mech->operation.inputs != NULL && mech->operation.inputs->tag_max != 0;
}

/* --- Sign --- */

CK_RV sign_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	static const struct operation_request request = {OPERATION_SIGN, CKF_SIGN, FLAG_SIGN};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(s, op, &caller));
}

CK_RV operation_sign(
	struct operation *op, const CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	uint8_t mac[KEY_MAC_MAX];
	bool go;

	REQUIRE(out_len != NULL && (in != NULL || in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	TRY(output_room(op->out_len, out, out_len, &go));
	if (!go)
		return CKR_OK;
	if (__builtin_expect(use_window_requested(op), 0))
		return report(op, out, out_len);
	CK_RV rv = whole_mac(op, in, in_len, mac);
	if (rv == CKR_OK)
		rv = operation_release(op);
	if (rv == CKR_OK) {
		memcpy(out, mac, op->out_len);
		*out_len = op->out_len;
	}
	if (rv != CKR_OK || gives_part(op->mech))
		wipe(mac, sizeof mac);
	return rv;
}

CK_RV sign_single(struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_single(s, OPERATION_SIGN, &op));
	return operation_leave(s, op, operation_sign(op, in, in_len, out, out_len), out == NULL);
}

CK_RV sign_update(struct session *s, CK_BYTE *in, CK_ULONG in_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_SIGN, &op));
	return operation_leave(s, op, put_in(op, in, in_len), true);
}

CK_RV sign_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_SIGN, &op));
	return operation_leave(s, op, operation_sign(op, NULL, 0, out, out_len), out == NULL);
}

/* --- Verify (the operation always ends in C_Verify and C_VerifyFinal) --- */

CK_RV verify_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	static const struct operation_request request = {OPERATION_VERIFY, CKF_VERIFY, FLAG_VERIFY};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(s, op, &caller));
}

CK_RV operation_verify(struct operation *op, const CK_BYTE *in, CK_ULONG in_len, const CK_BYTE *mac,
	CK_ULONG mac_len)
{
	uint8_t expected[KEY_MAC_MAX];

	REQUIRE(mac != NULL && (in != NULL || in_len == 0), CKR_ARGUMENTS_BAD,
		"the pointer to the MAC or to the data is NULL");
	REQUIRE(mac_len == op->out_len, CKR_SIGNATURE_LEN_RANGE, "the MAC has a wrong length");
	TRY(whole_mac(op, in, in_len, expected));
	bool same = secret_equal(expected, mac, mac_len);
	wipe(expected, sizeof expected);
	REQUIRE(same, CKR_SIGNATURE_INVALID, "the MAC is wrong");
	return operation_release(op);
}

CK_RV verify_single(struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *mac, CK_ULONG mac_len)
{
	struct operation *op;

	TRY(operation_single(s, OPERATION_VERIFY, &op));
	return operation_leave(s, op, operation_verify(op, in, in_len, mac, mac_len), false);
}

CK_RV verify_update(struct session *s, CK_BYTE *in, CK_ULONG in_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_VERIFY, &op));
	return operation_leave(s, op, put_in(op, in, in_len), true);
}

CK_RV verify_final(struct session *s, CK_BYTE *mac, CK_ULONG mac_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_VERIFY, &op));
	return operation_leave(s, op, operation_verify(op, NULL, 0, mac, mac_len), false);
}
