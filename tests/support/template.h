/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h: PKCS#11 templates and mechanisms in one line.
 *
 *	C_CreateObject(s, T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_ENCRYPT)), &key);
 *	C_EncryptInit(s, MECH_P(CKM_AES_CBC, iv, sizeof iv), key);
 */
#ifndef KEYDIV_TESTS_TEMPLATE_H
#define KEYDIV_TESTS_TEMPLATE_H

#include <stdint.h>

#include "base/pkcs11.h"

/* Two arguments of a call: the attributes and their number. NOTHING is an empty template. */
#define T(...)                                                                                     \
	(CK_ATTRIBUTE[]){__VA_ARGS__}, sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE)
#define NOTHING NULL, 0

/* --- One attribute --- */

/* Variables, because an initialiser of a static array cannot hold a compound literal. */
__attribute__((unused)) static const CK_BBOOL template_true = CK_TRUE, template_false = CK_FALSE;

#define RAW(type, pointer, length)                                                                 \
	{                                                                                          \
		(type), (void *)(uintptr_t)(pointer), (length)                                     \
	}
#define YES(type) RAW(type, &template_true, sizeof(CK_BBOOL))
#define NO(type) RAW(type, &template_false, sizeof(CK_BBOOL))
#define NUM(type, value) RAW(type, &(CK_ULONG){(value)}, sizeof(CK_ULONG))
#define STR(type, text) RAW(type, text, sizeof(text) - 1)
#define LIST(type, ...)                                                                            \
	RAW(type, ((CK_MECHANISM_TYPE[]){__VA_ARGS__}), sizeof((CK_MECHANISM_TYPE[]){__VA_ARGS__}))
#define NESTED(type, ...)                                                                          \
	RAW(type, ((CK_ATTRIBUTE[]){__VA_ARGS__}), sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}))

#define CLASS(value) NUM(CKA_CLASS, value)
#define TYPE(value) NUM(CKA_KEY_TYPE, value)
#define LENGTH(value) NUM(CKA_VALUE_LEN, value)
#define ALLOWED(...) LIST(CKA_ALLOWED_MECHANISMS, __VA_ARGS__)

/* Two attributes: a secret key of TYPE; a key whose value can be read. */
#define KEY(type) CLASS(CKO_SECRET_KEY), TYPE(type)
#define READABLE NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)
/* The same for a key that leaves under trusted keys only, as every extractable master must. */
#define READABLE_TRUSTED READABLE, YES(CKA_WRAP_WITH_TRUSTED)
/* A readable master whose children may be READABLE. */
#define OPEN_MASTER YES(CKA_DERIVE), READABLE_TRUSTED, YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)

/* --- Mechanisms: without a parameter, with one, with the variable P as the parameter --- */

#define MECH(type) MECH_P(type, NULL, 0)
#define MECH_P(type, pointer, length)                                                              \
	&(CK_MECHANISM)                                                                            \
	{                                                                                          \
		(type), (void *)(uintptr_t)(pointer), (length)                                     \
	}
#define MECH_OF(type, p) MECH_P(type, &(p), sizeof(p))

#endif
