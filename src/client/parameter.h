/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameter.h: write the parameter struct of a standard mechanism as the fields of its flat form.
 *
 * The struct has pointers into the memory of the application, and a token in another process takes
 * no pointers. The flat form has the same inputs as fields (keydiv.h): tag (1 byte), length (2
 * bytes) and value, in ascending order of the tags.
 *
 * Each function appends the fields to W. It returns false if the parameter is malformed or if the
 * flat form has no place for an input, such as a further key. W then holds a part of the fields.
 * The values of fields are not checked: the token does that.
 */
#ifndef KEYDIV_CLIENT_PARAMETER_H
#define KEYDIV_CLIENT_PARAMETER_H

#include "base/pkcs11.h"
#include "wire.h"

typedef bool flatten(struct wire *w, const CK_MECHANISM *m);

flatten flatten_gcm;            /* CK_GCM_PARAMS, with and without ulIvBits */
flatten flatten_ccm;            /* CK_CCM_PARAMS */
flatten flatten_gmac;           /* an IV of 12 bytes, or CK_GCM_PARAMS */
flatten flatten_hkdf;           /* CK_HKDF_PARAMS */
flatten flatten_pbkdf2;         /* CK_PKCS5_PBKD2_PARAMS2 */
flatten flatten_ecb_data;       /* CK_KEY_DERIVATION_STRING_DATA */
flatten flatten_aes_cbc_data;   /* CK_AES_CBC_ENCRYPT_DATA_PARAMS */
flatten flatten_des3_cbc_data;  /* CK_DES_CBC_ENCRYPT_DATA_PARAMS */
flatten flatten_sp800_counter;  /* CK_SP800_108_KDF_PARAMS, counter mode */
flatten flatten_sp800_pipeline; /* CK_SP800_108_KDF_PARAMS, double-pipeline mode */
flatten flatten_sp800_feedback; /* CK_SP800_108_FEEDBACK_KDF_PARAMS */

/* Append the field TAG with the N bytes at P. Return false if P is NULL or N is too long. */
bool field_put(struct wire *w, uint8_t tag, const void *p, CK_ULONG n);

/* Append the field TAG with VALUE as 1, 4 or 8 bytes, as KEYDIV_ fields have them. */
bool field_put_byte(struct wire *w, uint8_t tag, CK_ULONG value);
bool field_put_u32(struct wire *w, uint8_t tag, CK_ULONG value);
bool field_put_u64(struct wire *w, uint8_t tag, CK_ULONG value);

#endif
