/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aes_wrap.c: AES key wrap (SP 800-38F) without padding (KW, RFC 3394) and with padding (KWP, RFC
 * 5649). A key can leave the token only by these mechanisms.
 */
#include "mechanism.h"

/* RFC 3394 section 4.1 and 4.6 */
static const struct operation_answer kw_answers[] = {
	{CKK_AES, "000102030405060708090a0b0c0d0e0f", NULL, NULL,
		"00112233445566778899aabbccddeeff",
		"1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
	{CKK_AES, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", NULL, NULL,
		"00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
		"28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	{0},
};

/* RFC 5649 section 6 */
static const struct operation_answer kwp_answers[] = {
	{CKK_AES, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", NULL, NULL,
		"c37b7e6492584340bed12207808941155068f738",
		"138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
	{CKK_AES, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", NULL, NULL, "466f7250617369",
		"afbeb0f07dfbf5419200f2ccb50bb24f"},
	{0},
};

/*
 * The initial value of RFC 3394 section 2.2.3.1. Of RFC 5649 section 3 only the constant half,
 * because the other half is the length.
 */
static const uint8_t kw_iv[] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6},
		     kwp_iv[] = {0xA6, 0x59, 0x59, 0xA6};

const struct mechanism mech_aes_key_wrap = {
	.type = CKM_AES_KEY_WRAP,
	.name = "CKM_AES_KEY_WRAP",
	.source = "SP 800-38F, RFC 3394",
	.info = {16, 32, CKF_WRAP | CKF_UNWRAP},
	.key_types = key_types_aes,
	.operation = {.wrap = WRAP_KW, .wrap_iv = {kw_iv, sizeof kw_iv}},
	.test = {.operation_answers = kw_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_key_wrap_kwp = {
	.type = CKM_AES_KEY_WRAP_KWP,
	.name = "CKM_AES_KEY_WRAP_KWP",
	.source = "SP 800-38F, RFC 5649",
	.info = {16, 32, CKF_WRAP | CKF_UNWRAP},
	.key_types = key_types_aes,
	.operation = {.wrap = WRAP_KWP, .wrap_iv = {kwp_iv, sizeof kwp_iv}},
	.test = {.operation_answers = kwp_answers, .run = operation_self_test},
};
