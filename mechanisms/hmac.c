/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hmac.c: HMAC (FIPS 198-1) with SHA-1 and SHA-2, whole or truncated. Keys may have any length,
 * also a short one.
 */
#include "operation_fields.h"

/* "Jefe" and "what do ya want for nothing?" */
#define JEFE "4a656665"
#define WHAT "7768617420646f2079612077616e7420666f72206e6f7468696e673f"

/* Test case 2 of RFC 2202 (SHA-1) and of RFC 4231 (SHA-2), and its first 16 bytes. */
#define HMAC(symbol, ckm, key_type, kind, first, rest)                                             \
	static const CK_KEY_TYPE symbol##_types[] = {key_type, CKK_GENERIC_SECRET, KEY_TYPES_END}; \
	static const struct operation_answer symbol##_answers[] = {                                \
		{CKK_GENERIC_SECRET, JEFE, NULL, NULL, WHAT, first rest},                          \
		{0},                                                                               \
	};                                                                                         \
	static const struct operation_answer symbol##_general_answers[] = {                        \
		{CKK_GENERIC_SECRET, JEFE, NULL, NULL, WHAT, first},                               \
		{0},                                                                               \
	};                                                                                         \
	const struct mechanism mech_##symbol = {                                                   \
		.type = ckm,                                                                       \
		.name = #ckm,                                                                      \
		.source = "FIPS 198-1",                                                            \
		.info = {1, SECRET_MAX, CKF_SIGN | CKF_VERIFY},                                    \
		.key_types = symbol##_types,                                                       \
		.operation = {.mac = kind, .inputs = &inputs_none, .for_use = true},               \
		.test = {.operation_answers = symbol##_answers, .run = operation_self_test},       \
	};                                                                                         \
	const struct mechanism mech_##symbol##_general = {                                         \
		.type = ckm##_GENERAL,                                                             \
		.name = #ckm "_GENERAL",                                                           \
		.source = "FIPS 198-1",                                                            \
		.info = {1, SECRET_MAX, CKF_SIGN | CKF_VERIFY},                                    \
		.key_types = symbol##_types,                                                       \
		.operation = {.mac = kind,                                                         \
			.mac_general = true,                                                       \
			.inputs = &inputs_general,                                                 \
			.for_use = true,                                                           \
			.whole = ckm},                                                             \
		.test = {.operation_answers = symbol##_general_answers,                            \
			.run = operation_self_test},                                               \
	}

HMAC(sha_1_hmac, CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, MAC_HMAC_SHA1, "effcdf6ae5eb2fa2d27416d5f184df9c",
	"259a7c79");
HMAC(sha224_hmac, CKM_SHA224_HMAC, CKK_SHA224_HMAC, MAC_HMAC_SHA224,
	"a30e01098bc6dbbf45690f3a7e9e6d0f", "8bbea2a39e6148008fd05e44");
HMAC(sha256_hmac, CKM_SHA256_HMAC, CKK_SHA256_HMAC, MAC_HMAC_SHA256,
	"5bdcc146bf60754e6a042426089575c7", "5a003f089d2739839dec58b964ec3843");
HMAC(sha384_hmac, CKM_SHA384_HMAC, CKK_SHA384_HMAC, MAC_HMAC_SHA384,
	"af45d2e376484031617f78d2b58a6b1b",
	"9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
HMAC(sha512_hmac, CKM_SHA512_HMAC, CKK_SHA512_HMAC, MAC_HMAC_SHA512,
	"164b7a7bfcf819e2e395fbe73b56e0a3",
	"87bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38"
	"bce737");
