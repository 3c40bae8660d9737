/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lorawan_join.c: the messages of a LoRaWAN join, which are MICs of join requests, join accepts and
 * rejoin requests (0143), and the encryption of join accepts (0144). Source: LoRaWAN 1.0.4 and 1.1,
 * section 6.2.
 *
 * The key is a root key or a key of the join server, and derives the session keys of the join. Such
 * a key has no usage, because a session key is an AES block under a root key. These operations give
 * no such block. A MIC shows 4 bytes of a CMAC, and only of the messages that LoRaWAN has. A join
 * accept is encrypted by AES decryption, and no function here encrypts a block.
 */
#include "mechanism.h"

#define AES128 16
#define MIC 4
#define MESSAGE_MAX 40

/* MHDR of the messages (LoRaWAN 1.1 section 4.2): message type and major version. */
enum { JOIN_REQUEST = 0x00, JOIN_ACCEPT = 0x20, REJOIN_REQUEST = 0xC0 };

/* --- MICs --- */

/* A message: its length, and the byte AT, which must be HEADER. */
struct form {
	uint8_t length, at, header;
};

/*
 * In LoRaWAN 1.1 the type of the join request, the JoinEUI and the DevNonce come before the accept
 * (section 6.2.3).
 */
#define BEFORE_ACCEPT 11

static const struct form forms[] = {
	{19, 0, JOIN_REQUEST},
	{13, 0, JOIN_ACCEPT},
	{29, 0, JOIN_ACCEPT},
	{24, BEFORE_ACCEPT, JOIN_ACCEPT},
	{40, BEFORE_ACCEPT, JOIN_ACCEPT},
	{20, 0, REJOIN_REQUEST},
};

/* Return true if TYPE is a JoinReqType: a join request, or a rejoin request of type 0, 1 or 2. */
static bool is_request_type(uint8_t type)
{
	return type == 0xFF || type <= 2;
}

static bool is_message(struct bytes data)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const struct form *form = &forms[i];
		if (data.n != form->length)
			continue;
		if (data.p[form->at] != form->header)
			return false;
		if (form->header == REJOIN_REQUEST)
			return data.p[1] == 1; /* types 0 and 2 have a MIC by a session key */
		return form->at == 0 || is_request_type(data.p[0]);
	}
	return false;
}

static CK_RV make_mic(const struct signing *signing, uint8_t *ret_mac)
{
	struct bytes data = signing->data;
	uint8_t mac[KEY_BLOCK_MAX];

	REQUIRE(is_message(data), CKR_DATA_INVALID,
		"the data is no join request, join accept or rejoin request of type 1");
	TRY(key_cmac(signing->key, data.p, data.n, mac));
	memcpy(ret_mac, mac, MIC);
	wipe(mac, sizeof mac);
	return CKR_OK;
}

/* Answers of a public implementation (tests/vectors/lorawan_join.txt). */
static const struct operation_answer mic_answers[] = {
	{CKK_AES, "0102030405060708090a0b0c0d0e0f10", NULL, NULL,
		"00010101010101010102020202020202020303", "09b97b32"},
	{CKK_AES, "00112233445566778899aabbccddeeff", NULL, NULL, "20c70b57011122801903020000",
		"43485bbc"},
	{CKK_AES, "00000000000000000000000000000000", NULL, NULL,
		"c0010807060504030201100f0e0d0c0b0a09db00", "eac31072"},
	{0},
};

/* --- Join accepts --- */

/* An accept without MHDR and with MIC, with and without a list of channels. */
static const uint8_t accept_lengths[] = {16, 32, 0};

static const struct operation_answer accept_answers[] = {
	{CKK_AES, "00112233445566778899aabbccddeeff", NULL, NULL,
		"c70b5701112280190302000043485bbc", "493eeb51fba2116f810edb3742975142"},
	{0},
};

/* --- The mechanisms --- */

const struct mechanism mech_lorawan_mic = {
	.type = CKM_KEYDIV_LORAWAN_MIC,
	.name = "CKM_KEYDIV_LORAWAN_MIC",
	.what = "root or join-server key -> MIC of a join message",
	.source = "LoRaWAN 1.0.4, 1.1",
	.scheme = "lorawan",
	.trade = TRADE_LORAWAN,
	.info = {AES128, AES128, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.operation = {.sign = make_mic,
		.sign_length = MIC,
		.sign_data_max = MESSAGE_MAX,
		.by_deriving_key = true},
	.test = {.operation_answers = mic_answers, .run = operation_self_test},
};

const struct mechanism mech_lorawan_join_accept = {
	.type = CKM_KEYDIV_LORAWAN_JOIN_ACCEPT,
	.name = "CKM_KEYDIV_LORAWAN_JOIN_ACCEPT",
	.what = "root or join-server key -> encrypted join accept",
	.source = "LoRaWAN 1.0.4, 1.1",
	.scheme = "lorawan",
	.trade = TRADE_LORAWAN,
	.info = {AES128, AES128, CKF_ENCRYPT},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_ECB,
		.inverse = true,
		.data_lengths = accept_lengths,
		.by_deriving_key = true},
	.test = {.operation_answers = accept_answers, .run = operation_self_test},
};
