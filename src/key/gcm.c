/* SPDX-License-Identifier: Apache-2.0 */
/* gcm.c: GCM with a context that is kept. */
#include "gcm.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "error_queue.h"

#define CHUNK ((size_t)1 << 30) /* libcrypto takes lengths as int */

static bool set_key(
	struct gcm *gcm, enum cipher_kind kind, const uint8_t *key, bool encrypt, struct bytes iv)
{
	EVP_CIPHER_CTX *context = gcm->context;

	if (gcm->kind != kind) {
		if (!cipher_init(context, crypto->cipher[EVP_MODE_GCM][kind], NULL, NULL, encrypt))
			return false;
		gcm->kind = kind;
		gcm->iv_len = 12;
	}
	if (gcm->iv_len != iv.n) {
		if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.n, NULL) <= 0)
			return false;
		gcm->iv_len = iv.n;
	}
	return EVP_CipherInit_ex2(context, NULL, key, iv.p, encrypt, NULL);
}

CK_RV gcm_begin_raw(
	struct gcm *gcm, enum cipher_kind kind, const uint8_t *key, bool encrypt, struct bytes iv)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	ENSURE(crypto->cipher[EVP_MODE_GCM][kind] != NULL, CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(iv.p != NULL && iv.n >= 1 && iv.n <= GCM_IV_MAX, CKR_MECHANISM_PARAM_INVALID);
	if (gcm->context == NULL) {
		gcm->context = cipher_context_new();
		ENSURE(gcm->context != NULL, CKR_HOST_MEMORY);
	}
	if (!set_key(gcm, kind, key, encrypt, iv)) {
		gcm_reset(gcm);
		return FAIL(CKR_HOST_MEMORY, NO_MEMORY);
	}
	return CKR_OK;
}

CK_RV gcm_begin(struct gcm *gcm, struct key *key, bool encrypt, struct bytes iv)
{
	struct bytes value = key_expose(key);
	bool same = gcm->serial == key_serial(key) && gcm->kind != KIND_NONE;

	TRY(gcm_begin_raw(
		gcm, cipher_kind_of(key_type(key), value.n), same ? NULL : value.p, encrypt, iv));
	gcm->serial = key_serial(key);
	return CKR_OK;
}

CK_RV gcm_update(struct gcm *gcm, const uint8_t *in, size_t n, uint8_t *out)
{
	while (n > 0) {
		size_t take = n < CHUNK ? n : CHUNK;
		int len;
		ENSURE(EVP_CipherUpdate(gcm->context, out, &len, in, (int)take),
			CKR_FUNCTION_FAILED);
		in += take;
		out = out == NULL ? NULL : out + take;
		n -= take;
	}
	return CKR_OK;
}

CK_RV gcm_tag(struct gcm *gcm, size_t tag_len, uint8_t *ret_tag)
{
	uint8_t none[GCM_TAG];
	int len;
	/* EVP_CIPHER_CTX_ctrl would make the same list, in 80 more instructions. */
	OSSL_PARAM tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, ret_tag, tag_len),
		OSSL_PARAM_END};

	ENSURE(EVP_EncryptFinal_ex(gcm->context, none, &len), CKR_FUNCTION_FAILED);
	ENSURE(EVP_CIPHER_CTX_get_params(gcm->context, tag), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV gcm_check(struct gcm *gcm, struct bytes tag)
{
	uint8_t none[GCM_TAG], copy[GCM_TAG];
	int len;

	ENSURE(tag.p != NULL && tag.n > 0 && tag.n <= sizeof copy, CKR_ENCRYPTED_DATA_INVALID);
	memcpy(copy, tag.p, tag.n);
	KEEP_ERROR_QUEUE; /* a wrong tag is an error of libcrypto */
	/* A failure here is no wrong tag: a right PIN would be called wrong. */
	ENSURE(EVP_CIPHER_CTX_ctrl(gcm->context, EVP_CTRL_AEAD_SET_TAG, (int)tag.n, copy) > 0,
		CKR_FUNCTION_FAILED);
	ENSURE(EVP_DecryptFinal_ex(gcm->context, none, &len), CKR_ENCRYPTED_DATA_INVALID);
	return CKR_OK;
}

void gcm_reset(struct gcm *gcm)
{
	if (gcm->kind != KIND_NONE)
		EVP_CIPHER_CTX_reset(gcm->context); /* frees and so wipes the inner context */
	gcm->kind = KIND_NONE;
	gcm->serial = 0;
}

void gcm_forget(struct gcm *gcm)
{
	static const uint8_t zero[32], iv[GCM_IV_MAX];

	if (gcm->serial == 0)
		return;
	gcm->serial = 0; /* no key has this number */
	if (!EVP_CipherInit_ex2(gcm->context, NULL, zero, iv, 1, NULL))
		gcm_reset(gcm);
}

void gcm_free(struct gcm *gcm)
{
	EVP_CIPHER_CTX_free(gcm->context);
	*gcm = (struct gcm){0};
}
