/* SPDX-License-Identifier: Apache-2.0 */
/* sha.c: digests with SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 (FIPS 180-4). */
#include "mechanism.h"

#define ABC "616263"

/* The message "abc" of NIST's "Examples with Intermediate Values". */
#define DIGEST(symbol, ckm, kind, expected)                                                        \
	static const struct operation_answer symbol##_answers[] = {                                \
		{CK_UNAVAILABLE_INFORMATION, NULL, NULL, NULL, ABC, expected},                     \
		{0},                                                                               \
	};                                                                                         \
	const struct mechanism mech_##symbol = {                                                   \
		.type = ckm,                                                                       \
		.name = #ckm,                                                                      \
		.source = "FIPS 180-4",                                                            \
		.info = {0, 0, CKF_DIGEST},                                                        \
		.operation = {.digest = kind},                                                     \
		.test = {.operation_answers = symbol##_answers, .run = operation_self_test},       \
	}

DIGEST(sha_1, CKM_SHA_1, DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d");
DIGEST(sha224, CKM_SHA224, DIGEST_SHA224,
	"23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
DIGEST(sha256, CKM_SHA256, DIGEST_SHA256,
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
DIGEST(sha384, CKM_SHA384, DIGEST_SHA384,
	"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134"
	"c825a7");
DIGEST(sha512, CKM_SHA512, DIGEST_SHA512,
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
	"feebbd454d4423643ce8"
	"0e2a9ac94fa54ca49f");
