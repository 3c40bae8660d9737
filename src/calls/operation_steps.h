/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_steps.h: the steps that every kind of operation shares (PKCS#11 5.2 and 5.8 to 5.15),
 * for the operation_*.c files only.
 */
#ifndef KEYDIV_CALLS_OPERATION_STEPS_H
#define KEYDIV_CALLS_OPERATION_STEPS_H

#include "token/operations.h"
#include "token/session.h"

/* SP 800-38D section 5.2.1.1. A longer length is taken for a mistake of the caller. */
#define OPERATION_DATA_MAX (((CK_ULONG)1 << 36) - 32)

/* The needs of a C_...Init function. */
struct operation_request {
	enum operation_kind kind;
	CK_FLAGS mechanism_flag; /* CKF_ENCRYPT ... */
	uint32_t key_flag;       /* FLAG_ENCRYPT ..., 0 for no key */
};

/*
 * Check the arguments of a C_...Init function up to the mechanism's parameter. The order is
 * CKR_HOST_MEMORY, CKR_OPERATION_ACTIVE, CKR_MECHANISM_INVALID, CKR_DEVICE_ERROR for a failed
 * self-test, CKR_KEY_HANDLE_INVALID, then the codes of plan_may_use, then CKR_KEY_SIZE_RANGE for a
 * mechanism that takes keys of one other length. *RET is the slot with its mechanism and pinned
 * key, not active yet. RET_CALLER is a copy of MECHANISM. If MECHANISM is NULL, cancel the
 * operation and set *RET to NULL.
 */
MUST_USE CK_RV operation_request(struct session *s, const struct operation_request *request,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_MECHANISM *ret_caller,
	struct operation **ret);

/*
 * Activate the slot if RV, the result of its setup, is CKR_OK. Otherwise empty the
 * slot. Returns RV.
 */
CK_RV operation_begun(struct session *s, struct operation *op, CK_RV rv);

/*
 * Enter a single-part call, or a call for one part. CKR_OPERATION_NOT_INITIALIZED.
 * CKR_OPERATION_ACTIVE if the caller mixes both, and the operation then ends.
 */
MUST_USE CK_RV operation_single(
	struct session *s, enum operation_kind kind, struct operation **ret);
MUST_USE CK_RV operation_part(struct session *s, enum operation_kind kind, struct operation **ret);

/*
 * Return the least length in bytes of a MAC of a _GENERAL mechanism with the key of OP, and of a
 * tag of CCM with a derived key. A caller who may only verify finds a MAC of n bytes in 2^(8n-1)
 * calls, and then the following bytes one by one. The creator of a key may accept shorter MACs by
 * naming the mechanism in CKA_ALLOWED_MECHANISMS.
 */
size_t operation_least_mac(const struct operation *op);

/*
 * The steps of WITH_DERIVED_KEY that the functions for messages share with C_Sign, C_Verify,
 * C_Encrypt and C_Decrypt. The set_up functions read op->use->parameter. AAD is in addition to the
 * parameter, and its p is NULL if there is none. The codes are those of the C_ functions.
 */
MUST_USE CK_RV operation_set_up_mac(struct operation *op);
MUST_USE CK_RV operation_sign(
	struct operation *op, const CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
MUST_USE CK_RV operation_verify(struct operation *op, const CK_BYTE *in, CK_ULONG in_len,
	const CK_BYTE *mac, CK_ULONG mac_len);
MUST_USE CK_RV operation_set_up_cipher(struct operation *op, bool encrypt, struct bytes aad);
MUST_USE CK_RV operation_crypt(struct operation *op, bool encrypt, const CK_BYTE *in,
	CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);

/* Add the mechanism and key of OP to the log's line of a call that fails with RV. Returns RV. */
CK_RV operation_failed(struct session *s, const struct operation *op, CK_RV rv);

/*
 * Leave the call with RV. The operation stays active after CKR_BUFFER_TOO_SMALL, and after CKR_OK
 * if GOES_ON is true. In every other case the operation ends. Returns RV.
 */
CK_RV operation_leave(struct session *s, struct operation *op, CK_RV rv, bool goes_on);

/*
 * Apply the convention on output buffers (PKCS#11 5.2). If OUT is NULL, set *OUT_LEN to NEEDED and
 * *RET_GO to false. If *OUT_LEN is less than NEEDED, do the same and return CKR_BUFFER_TOO_SMALL.
 * Otherwise set *RET_GO to true, and the caller of this function writes at most NEEDED bytes.
 */
MUST_USE CK_RV output_room(size_t needed, const CK_BYTE *out, CK_ULONG *out_len, bool *ret_go);

#endif
