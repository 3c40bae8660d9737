/* SPDX-License-Identifier: Apache-2.0 */
/* sp800_108_answers.h: the known answers of sp800_108.c, which alone includes this file. */
#ifndef KEYDIV_MECHANISMS_SP800_108_ANSWERS_H
#define KEYDIV_MECHANISMS_SP800_108_ANSWERS_H

#include "mechanism.h"

/*
 * NIST CAVP vectors (tests/vectors/sp800_108.txt). The last vector of counter mode is
 * a DEVICE_KEY (0001).
 */
#define COUNTER_AES_FIXED                                                                          \
	"\xc1\x6e\x6e\x02\xc5\xa3\xdc\xc8\xd7\x8b\x9a\xc1\x30\x68\x77"                             \
	"\x76\x13\x10\x45\x5b\x4e\x41\x46\x99\x51\xd9\xe6\xc2\x24\x5a"                             \
	"\x06\x4b\x33\xfd\x8c\x3b\x01\x20\x3a\x78\x24\x48\x5b\xf0\xa6"                             \
	"\x40\x60\xc4\x64\x8b\x70\x7d\x26\x07\x93\x56\x99\x31\x6e\xa5"
#define COUNTER_HMAC_FIXED                                                                         \
	"\x4e\x5a\xc7\x53\x98\x03\xda\x89\x58\x1e\xe0\x88\xc7\xd1\x02"                             \
	"\x35\xa1\x05\x36\x36\x00\x54\xb7\x2b\x8e\x9f\x18\xf7\x7c\x25"                             \
	"\xaf\x01\x01\x9b\x29\x06\x56\xb6\x04\x28\x02\x4c\xe0\x1f\xcc"                             \
	"\xf4\x90\x22\xd8\x31\x94\x14\x07\xe6\xbd\x27\xff\x9e\x2d\x28"
#define FEEDBACK_FIXED                                                                             \
	"\x80\x68\xd7\xb9\x8b\x8c\x45\x28\xae\x85\x55\xab\x5a\xe6\x7c"                             \
	"\x71\xa9\x2b\x66\x42\x45\xec\x7d\x33\x3b\x22\x47\x9c\x50\x72"                             \
	"\x42\x1e\x72\x39\x76\x14\x94\xe4\x5e\xff\x09\x29\x77\x37\xa1"                             \
	"\xbb\x2c\x39\xfe\x9f\x1f"
#define PIPELINE_FIXED                                                                             \
	"\x7d\x2b\xba\x9a\x4b\x12\x1a\x33\xbc\x54\xb5\x51\x5d\xf6\x01"                             \
	"\x44\x07\x71\x0d\x69\x8d\x9d\x76\x8a\x9a\x09\x6a\x0f\xae\xb3"                             \
	"\xad\x2c\xb1\x5e\xd6\x3d\x9b\x64\x90\xe7\x64\x7c\x81\x4b\x8b"                             \
	"\xac\x2a\x84\x26\x62\xe7"
#define FEEDBACK_IV "\xa7\x36\xf8\x38\x04\x94\x48\xe0\x48\x45\xb6\xb0\xec\x2d\x6f\x63"

static const CK_SP800_108_COUNTER_FORMAT bits_8 = {CK_FALSE, 8};
static const CK_SP800_108_COUNTER_FORMAT bits_32 = {CK_FALSE, 32};
static const CK_SP800_108_DKM_LENGTH_FORMAT length_32 = {
	CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};

#define COUNTER(format) CK_SP800_108_ITERATION_VARIABLE, (CK_VOID_PTR)&format, sizeof format
#define OPTIONAL(format) CK_SP800_108_OPTIONAL_COUNTER, (CK_VOID_PTR)&format, sizeof format
#define CHAINED CK_SP800_108_ITERATION_VARIABLE, NULL, 0
#define BYTES(text) CK_SP800_108_BYTE_ARRAY, (CK_VOID_PTR)text, sizeof text - 1
#define LENGTH(format) CK_SP800_108_DKM_LENGTH, (CK_VOID_PTR)&format, sizeof format

static const CK_PRF_DATA_PARAM counter_aes[] = {{COUNTER(bits_8)}, {BYTES(COUNTER_AES_FIXED)}};
static const CK_PRF_DATA_PARAM counter_hmac[] = {{COUNTER(bits_32)}, {BYTES(COUNTER_HMAC_FIXED)}};
static const CK_PRF_DATA_PARAM counter_device[] = {{COUNTER(bits_32)}, {BYTES("device\0")},
	{BYTES("\x01\0\x09SN-000123")}, {LENGTH(length_32)}};
static const CK_PRF_DATA_PARAM chained_32[] = {
	{OPTIONAL(bits_32)}, {CHAINED}, {BYTES(FEEDBACK_FIXED)}};
static const CK_PRF_DATA_PARAM pipeline_32[] = {
	{OPTIONAL(bits_32)}, {CHAINED}, {BYTES(PIPELINE_FIXED)}};

static const CK_SP800_108_KDF_PARAMS params_aes = {
	CKM_AES_CMAC, 2, (CK_PRF_DATA_PARAM *)counter_aes, 0, NULL};
static const CK_SP800_108_KDF_PARAMS params_hmac = {
	CKM_SHA224_HMAC, 2, (CK_PRF_DATA_PARAM *)counter_hmac, 0, NULL};
static const CK_SP800_108_KDF_PARAMS params_device = {
	CKM_AES_CMAC, 4, (CK_PRF_DATA_PARAM *)counter_device, 0, NULL};
static const CK_SP800_108_FEEDBACK_KDF_PARAMS params_feedback = {CKM_AES_CMAC, 3,
	(CK_PRF_DATA_PARAM *)chained_32, sizeof FEEDBACK_IV - 1, (CK_BYTE *)FEEDBACK_IV, 0, NULL};
static const CK_SP800_108_KDF_PARAMS params_pipeline = {
	CKM_AES_CMAC, 3, (CK_PRF_DATA_PARAM *)pipeline_32, 0, NULL};

static const struct bytes counter_native[] = {{(const void *)&params_aes, sizeof params_aes},
	{(const void *)&params_hmac, sizeof params_hmac},
	{(const void *)&params_device, sizeof params_device}};
static const struct bytes feedback_native[] = {
	{(const void *)&params_feedback, sizeof params_feedback}};
static const struct bytes pipeline_native[] = {
	{(const void *)&params_pipeline, sizeof params_pipeline}};

static const struct known_answer counter_answers[] = {
	{CKK_AES, "dff1e50ac0b69dc40f1051d46c2b069c", NULL, CKK_GENERIC_SECRET,
		"8be8f0869b3c0ba97b71863d1b9f7813"},
	{CKK_GENERIC_SECRET, "f5cb7cc6207f5920dd60155ddb68c3fbbdf5104365305d2c1abcd311", NULL,
		CKK_GENERIC_SECRET, "0adbaab43edd532b560a322c84ac540e"},
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", NULL, CKK_AES,
		"25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56"},
	{0},
};

static const struct known_answer feedback_answers[] = {
	{CKK_AES, "fc126023dfc9fb6cd56fc5602c05657c", NULL, CKK_GENERIC_SECRET,
		"b9824ad55e6913151a3f736f5fd6bf0807e1acb8c7ed0082df138ba1cc0e6db3"
		"c667c8abae707cdf920f48bf77765437407b564333796c037b0378f8f431114c"},
	{0},
};

static const struct known_answer pipeline_answers[] = {
	{CKK_AES, "f862c0f1fbec48df982d9c4013807912", NULL, CKK_GENERIC_SECRET,
		"19f69a9024217d0beba61f4b8aba60267e9e850a96e7ce5dafebfa6add0df269"
		"1f53043223d6300f295d44cb31ea57b0869f5c3840ae003c293a5cdd44af46be"},
	{0},
};

/* The same answers for the flat forms. */
static const struct known_answer counter_flat_answers[] = {
	{CKK_AES, "dff1e50ac0b69dc40f1051d46c2b069c",
		"7800040000108a7d00430100010804003cc16e6e02c5a3dcc8d78b9ac130687776131045"
		"5b4e41469951d9e6c2245a064b33fd8c3b01203a7824485bf0a64060c4648b707d260793"
		"5699316ea5",
		CKK_GENERIC_SECRET, "8be8f0869b3c0ba97b71863d1b9f7813"},
	{CKK_GENERIC_SECRET, "f5cb7cc6207f5920dd60155ddb68c3fbbdf5104365305d2c1abcd311",
		"780004000002567d00430100012004003c4e5ac7539803da89581ee088c7d10235a10536"
		"360054b72b8e9f18f77c25af01019b290656b60428024ce01fccf49022d831941407e6bd"
		"27ff9e2d28",
		CKK_GENERIC_SECRET, "0adbaab43edd532b560a322c84ac540e"},
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
		"7800040000108a7d0022010001200400076465766963650004000c010009534e2d303030"
		"3132330300020120",
		CKK_AES, "25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56"},
	{0},
};

static const struct known_answer feedback_flat_answers[] = {
	{CKK_AES, "fc126023dfc9fb6cd56fc5602c05657c",
		"7800040000108a7d003d020001200100000400338068d7b98b8c4528ae8555ab5ae67c71"
		"a92b664245ec7d333b22479c5072421e7239761494e45eff09297737a1bb2c39fe9f1f7e"
		"0010a736f838049448e04845b6b0ec2d6f63",
		CKK_GENERIC_SECRET,
		"b9824ad55e6913151a3f736f5fd6bf0807e1acb8c7ed0082df138ba1cc0e6db3"
		"c667c8abae707cdf920f48bf77765437407b564333796c037b0378f8f431114c"},
	{0},
};

static const struct known_answer pipeline_flat_answers[] = {
	{CKK_AES, "f862c0f1fbec48df982d9c4013807912",
		"7800040000108a7d003d020001200100000400337d2bba9a4b121a33bc54b5515df60144"
		"07710d698d9d768a9a096a0faeb3ad2cb15ed63d9b6490e7647c814b8bac2a842662e7",
		CKK_GENERIC_SECRET,
		"19f69a9024217d0beba61f4b8aba60267e9e850a96e7ce5dafebfa6add0df269"
		"1f53043223d6300f295d44cb31ea57b0869f5c3840ae003c293a5cdd44af46be"},
	{0},
};

#endif
