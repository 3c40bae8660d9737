/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation.h: the operations of a session (PKCS#11 5.8 to 5.17), which are encrypt, decrypt,
 * digest, sign, verify and the message functions of 3.0.
 *
 * Called with the lock of S held (session_enter). The arguments are the caller's, not checked
 * except for the session. One state machine (begin, single, update, final, cancel) has the rules
 * that all kinds share.
 */
#ifndef KEYDIV_CALLS_OPERATION_H
#define KEYDIV_CALLS_OPERATION_H

#include "token/session.h"

CK_RV encrypt_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV encrypt_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV encrypt_update(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV encrypt_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len);

CK_RV decrypt_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV decrypt_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV decrypt_update(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV decrypt_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len);

CK_RV digest_init(struct session *s, CK_MECHANISM *mechanism);
CK_RV digest_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV digest_part(struct session *s, CK_BYTE *in, CK_ULONG in_len);
CK_RV digest_key(struct session *s, CK_OBJECT_HANDLE key);
CK_RV digest_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len);

CK_RV sign_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sign_single(struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV sign_update(struct session *s, CK_BYTE *in, CK_ULONG in_len);
CK_RV sign_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len);

CK_RV verify_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV verify_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *mac, CK_ULONG mac_len);
CK_RV verify_update(struct session *s, CK_BYTE *in, CK_ULONG in_len);
CK_RV verify_final(struct session *s, CK_BYTE *mac, CK_ULONG mac_len);

/*
 * The message functions of 3.0 that encrypt and decrypt. With AES-GCM and AES-CCM the token makes
 * the nonces if the caller asks for them (CKG_GENERATE_COUNTER, CKG_GENERATE_RANDOM).
 */
CK_RV message_init(struct session *s, bool encrypt, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV message_single(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
	CK_ULONG *out_len);
CK_RV message_begin(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *aad, CK_ULONG aad_len);
CK_RV message_next(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len, CK_FLAGS flags);
CK_RV message_final(struct session *s, bool encrypt);

/*
 * The message functions of 3.0 that sign and verify. WITH_DERIVED_KEY is the only mechanism, and
 * each message is one call.
 */
CK_RV message_mac_init(struct session *s, bool sign, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV message_sign(struct session *s, void *parameter, CK_ULONG parameter_len, CK_BYTE *in,
	CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV message_verify(struct session *s, void *parameter, CK_ULONG parameter_len, CK_BYTE *in,
	CK_ULONG in_len, CK_BYTE *mac, CK_ULONG mac_len);
CK_RV message_mac_final(struct session *s, bool sign);

/* C_SessionCancel. FLAGS are CKF_ENCRYPT | CKF_FIND_OBJECTS ... */
CK_RV operations_cancel(struct session *s, CK_FLAGS flags);

/* C_GetOperationState. CKR_STATE_UNSAVEABLE for every active operation. */
CK_RV operation_state_get(struct session *s, CK_BYTE *out, CK_ULONG *out_len);

#endif
