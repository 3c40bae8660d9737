/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lorawan.c: the keys that a LoRaWAN join server derives, which are session keys (0141), the keys
 * of a device (0142) and multicast keys (0145). Sources: LoRaWAN 1.0.4 section 6.2, LoRaWAN 1.1
 * sections 6.1 and 6.2, and TS005 (Remote Multicast Setup).
 *
 * Every key is one AES block, E(K, constant || fields || zeros). The parameter has each field as a
 * big-endian number. In the block a field is LSB first, as all LoRaWAN fields are.
 */
#include "mechanism.h"

#define AES128 16

/* The values of LORAWAN_KEY. */
enum {
	NWK_S_KEY = 0x01, /* 1.0: NwkSKey; 1.1: FNwkSIntKey */
	APP_S_KEY = 0x02,
	S_NWK_S_INT_KEY = 0x03,
	NWK_S_ENC_KEY = 0x04,
	JS_ENC_KEY = 0x05,
	JS_INT_KEY = 0x06,
	MC_ROOT_KEY_10 = 0x10, /* of GenAppKey */
	MC_ROOT_KEY_11 = 0x11, /* of AppKey */
	MC_KE_KEY = 0x12,
	MC_APP_S_KEY = 0x13,
	MC_NWK_S_KEY = 0x14,
};

static uint8_t key_number(const struct parameter *p)
{
	return parameter_get(p, KEYDIV_LORAWAN_KEY).p[0];
}

static bool has(const struct parameter *p, uint8_t tag)
{
	return parameter_get(p, tag).p != NULL;
}

/* --- The block --- */

/* A block under construction: the bytes so far, followed by zeros. */
struct input {
	uint8_t bytes[AES128];
	size_t n;
};

/* Append the field TAG of P to IN with the last byte first. An absent field adds nothing. */
static void append(struct input *in, const struct parameter *p, uint8_t tag)
{
	struct bytes field = parameter_get(p, tag);

	for (size_t i = field.n; i > 0; i--)
		in->bytes[in->n++] = field.p[i - 1];
}

static CK_RV encrypt(struct derivation *d, const struct input *in, struct secret *ret_value)
{
	TRY(secret_resize(ret_value, AES128));
	return key_block(d->base, NULL, in->bytes, secret_bytes(ret_value));
}

/* --- Session keys: section 6.2 --- */

static CK_RV check_session(const struct parameter *p)
{
	uint8_t number = key_number(p);
	bool v11 = has(p, KEYDIV_JOIN_EUI);

	REQUIRE(has(p, KEYDIV_NET_ID) != v11, CKR_MECHANISM_PARAM_INVALID,
		"the parameter needs NET_ID (LoRaWAN 1.0) or JOIN_EUI (LoRaWAN 1.1), not both");
	REQUIRE(number >= NWK_S_KEY && number <= NWK_S_ENC_KEY, CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY of a session key is 01 to 04");
	REQUIRE(v11 || number <= APP_S_KEY, CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY 03 and 04 exist in LoRaWAN 1.1 only, which has JOIN_EUI");
	return CKR_OK;
}

static CK_RV derive_session(struct derivation *d, struct secret *ret_value)
{
	struct input in = {{key_number(d->parameter)}, 1};

	append(&in, d->parameter, KEYDIV_JOIN_NONCE);
	append(&in, d->parameter, KEYDIV_NET_ID);
	append(&in, d->parameter, KEYDIV_JOIN_EUI);
	append(&in, d->parameter, KEYDIV_DEV_NONCE);
	return encrypt(d, &in, ret_value);
}

/*
 * Return true if the block of P is one of LoRaWAN 1.0, which has a NET_ID and ends in seven zeros.
 * A block with a JOIN_EUI is also one of 1.0 if DEV_NONCE and the high bytes of JOIN_EUI are zeros.
 */
static bool is_block_of_1_0(const struct parameter *p)
{
	static const uint8_t zeros[3];

	return has(p, KEYDIV_NET_ID) ||
	       (memcmp(parameter_get(p, KEYDIV_JOIN_EUI).p, zeros, sizeof zeros) == 0 &&
		       get_be16(parameter_get(p, KEYDIV_DEV_NONCE).p) == 0);
}

/*
 * A NwkSKey of 1.0 also encrypts MAC commands, a FNwkSIntKey of 1.1 does not. The block decides,
 * because a value has one role.
 */
static const struct role *role_of_session(const struct derivation *d)
{
	switch (key_number(d->parameter)) {
	case NWK_S_KEY:
		return is_block_of_1_0(d->parameter) ? &role_no_wrap : &role_mac;
	case S_NWK_S_INT_KEY:
		return &role_mac;
	default:
		return &role_cipher;
	}
}

/* --- Keys of a device: 1.1 section 6.1, TS005 --- */

static CK_RV check_device(const struct parameter *p)
{
	uint8_t number = key_number(p);
	bool server = number == JS_ENC_KEY || number == JS_INT_KEY;
	bool root = number == MC_ROOT_KEY_10 || number == MC_ROOT_KEY_11;

	REQUIRE(server || root, CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY of a device key is 05, 06, 10 or 11 (hexadecimal)");
	REQUIRE(has(p, KEYDIV_DEV_EUI) == server, CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY 05 and 06 need DEV_EUI, and 10 and 11 do not take the field");
	return CKR_OK;
}

static CK_RV derive_device(struct derivation *d, struct secret *ret_value)
{
	uint8_t number = key_number(d->parameter);
	struct input in = {{number}, 1};

	if (number == MC_ROOT_KEY_10)
		in.bytes[0] = 0x00;
	else if (number == MC_ROOT_KEY_11)
		in.bytes[0] = 0x20;
	append(&in, d->parameter, KEYDIV_DEV_EUI);
	return encrypt(d, &in, ret_value);
}

/* JSIntKey makes the MICs of join messages, and JSEncKey encrypts accepts of rejoins. */
static const struct role role_join_server = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT,
		CKM_KEYDIV_WITH_DERIVED_KEY},
};
static const struct role role_multicast_root = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
};

static const struct role *role_of_device(const struct derivation *d)
{
	uint8_t number = key_number(d->parameter);

	return number == JS_ENC_KEY || number == JS_INT_KEY ? &role_join_server
							    : &role_multicast_root;
}

/* --- Multicast keys: TS005 --- */

static CK_RV check_multicast(const struct parameter *p)
{
	uint8_t number = key_number(p);

	REQUIRE(number >= MC_KE_KEY && number <= MC_NWK_S_KEY, CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY of a multicast key is 12, 13 or 14 (hexadecimal)");
	REQUIRE(has(p, KEYDIV_MC_ADDR) == (number != MC_KE_KEY), CKR_MECHANISM_PARAM_INVALID,
		"LORAWAN_KEY 13 and 14 need MC_ADDR, and 12 does not take the field");
	return CKR_OK;
}

static CK_RV derive_multicast(struct derivation *d, struct secret *ret_value)
{
	struct input in = {{(uint8_t)(key_number(d->parameter) - MC_KE_KEY)}, 1};

	append(&in, d->parameter, KEYDIV_MC_ADDR);
	return encrypt(d, &in, ret_value);
}

/* McNwkSKey serves as NwkSKey of LoRaWAN 1.0 does. */
static const struct role *role_of_multicast(const struct derivation *d)
{
	return key_number(d->parameter) == MC_NWK_S_KEY ? &role_no_wrap : &role_cipher;
}

/* --- The mechanisms --- */

static const struct field fields_session[] = {
	{NUMBER_FIELD(LORAWAN_KEY), true, 1, 1},
	{NUMBER_FIELD(JOIN_NONCE), true, 3, 3},
	{FIELD(NET_ID), false, 3, 3},
	{FIELD(JOIN_EUI), false, 8, 8},
	{NUMBER_FIELD(DEV_NONCE), true, 2, 2},
	{0},
};
static const struct field fields_device[] = {
	{NUMBER_FIELD(LORAWAN_KEY), true, 1, 1},
	{FIELD(DEV_EUI), false, 8, 8},
	{0},
};
static const struct field fields_multicast[] = {
	{NUMBER_FIELD(LORAWAN_KEY), true, 1, 1},
	{FIELD(MC_ADDR), false, 4, 4},
	{0},
};

#define ROOT "01020304050607080102030405060708"
#define JOIN_10                                                                                    \
	"450003010000"                                                                             \
	"460003010203"                                                                             \
	"4800020102"
#define JOIN_11                                                                                    \
	"450003010000"                                                                             \
	"4700080807060504030201"                                                                   \
	"4800020102"

/* Answers of a public join server (tests/vectors/lorawan.txt). */
static const struct known_answer answers_session[] = {
	{CKK_AES, ROOT, "44000101" JOIN_10, CKK_AES, "df53c35f3034ccced0ff354c70de04df"},
	{CKK_AES, ROOT, "44000102" JOIN_10, CKK_AES, "927b9c911183cffe4cb2ff4b75545f6d"},
	{CKK_AES, ROOT, "44000101" JOIN_11, CKK_AES, "537f8aae896c79e015d102d06286354e"},
	{CKK_AES, ROOT, "44000103" JOIN_11, CKK_AES, "589498993092cfdb5fd2e02ac7510bf1"},
	{CKK_AES, ROOT, "44000104" JOIN_11, CKK_AES, "9898283c4f66eb6c6fd5165882046c40"},
	{0},
};

/* JSEncKey and JSIntKey are by a second implementation, because none are published. */
static const struct known_answer answers_device[] = {
	{CKK_AES, ROOT, "440001054900080102030405060708", CKK_AES,
		"d4bd9461adaa3b4e601953ebd08bffc6"},
	{CKK_AES, ROOT, "440001064900080102030405060708", CKK_AES,
		"b8ae379696825f22c8abbec24c31a84b"},
	{CKK_AES, "0302030405060708090a0b0c0d0e0f10", "44000110", CKK_AES,
		"55344e82570eaec8bf03b99962d1f445"},
	{CKK_AES, "0202030405060708090a0b0c0d0e0f10", "44000111", CKK_AES,
		"264fd859583fcc670241ac071cc9f5bb"},
	{0},
};

static const struct known_answer answers_multicast[] = {
	{CKK_AES, "0102030405060708090a0b0c0d0e0f10",
		"440001134a0004"
		"01020304",
		CKK_AES, "95cb4518ee375606735bbacbdce837fa"},
	{CKK_AES, "0102030405060708090a0b0c0d0e0f10",
		"440001144a0004"
		"01020304",
		CKK_AES, "c3f6b388bad6c000b23291ad52c11c7b"},
	{CKK_AES, "0402030405060708090a0b0c0d0e0f10", "44000112", CKK_AES,
		"9083bebf704257883160dbfcde33ad71"},
	{0},
};

const struct mechanism mech_lorawan_session_key = {
	.type = CKM_KEYDIV_LORAWAN_SESSION_KEY,
	.name = "CKM_KEYDIV_LORAWAN_SESSION_KEY",
	.what = "NwkKey or AppKey -> session key",
	.source = "LoRaWAN 1.0.4, 1.1",
	.scheme = "lorawan",
	.trade = TRADE_LORAWAN,
	.info = {AES128, AES128, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_session,
	.check = check_session,
	.derive = {.plan = derive_plan_aes128,
		.value = derive_session,
		.role_of = role_of_session,
		.for_use = true},
	.test = {.answers = answers_session},
};

const struct mechanism mech_lorawan_device_key = {
	.type = CKM_KEYDIV_LORAWAN_DEVICE_KEY,
	.name = "CKM_KEYDIV_LORAWAN_DEVICE_KEY",
	.what = "root key -> JSEncKey, JSIntKey, McRootKey",
	.source = "LoRaWAN 1.1, TS005",
	.scheme = "lorawan",
	.trade = TRADE_LORAWAN,
	.info = {AES128, AES128, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_device,
	.check = check_device,
	.derive = {.plan = derive_plan_aes128, .value = derive_device, .role_of = role_of_device},
	.test = {.answers = answers_device},
};

const struct mechanism mech_lorawan_multicast_key = {
	.type = CKM_KEYDIV_LORAWAN_MULTICAST_KEY,
	.name = "CKM_KEYDIV_LORAWAN_MULTICAST_KEY",
	.what = "McRootKey -> McKEKey; McKey -> McAppSKey, McNwkSKey",
	.source = "TS005",
	.scheme = "lorawan-multicast",
	.trade = TRADE_LORAWAN_MULTICAST,
	.info = {AES128, AES128, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_multicast,
	.check = check_multicast,
	.derive = {.plan = derive_plan_aes128,
		.value = derive_multicast,
		.role_of = role_of_multicast,
		.for_use = true},
	.test = {.answers = answers_multicast},
};
