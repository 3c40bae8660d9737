/* SPDX-License-Identifier: Apache-2.0 */
/* key_block_usage.c: the table that key_block_usage.h describes. */
#include "key_block_usage.h"

#include "mechanism.h"

/* --- Modes of use: what a character of the header permits --- */

#define MODES_MAX 3

struct mode {
	char name;
	uint32_t usage;
};

/* The first mode is the widest. Mode N, which payShield writes, means the widest mode. */
struct modes {
	bool derives;
	struct mode mode[MODES_MAX];
};

static const struct modes derive = {true, {{'X', 0}}};
static const struct modes cipher = {
	false, {{'B', USAGE_CIPHER}, {'E', USAGE_ENCRYPT}, {'D', USAGE_DECRYPT}}};
static const struct modes wrapping = {
	false, {{'B', USAGE_WRAPPING}, {'E', USAGE_WRAP}, {'D', USAGE_UNWRAP}}};
static const struct modes mac = {false, {{'C', USAGE_MAC}, {'G', USAGE_SIGN}, {'V', USAGE_VERIFY}}};

#define MODE_WIDEST 'N'

/* --- Usage --- */

/* Lists of mechanisms, ended by 0. Mechanisms that this build does not have count as absent. */
static const CK_MECHANISM_TYPE tdes_bdk[] = {CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY,
	CKM_KEYDIV_TDES_DUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE aes_bdk[] = {
	CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKM_KEYDIV_AES_DUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE tdes_initial[] = {
	CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE aes_initial[] = {
	CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE issuer_master[] = {
	CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE kek_list[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, 0};
static const CK_MECHANISM_TYPE kbpk_list[] = {CKM_KEYDIV_KEY_BLOCK, 0};
static const CK_MECHANISM_TYPE retail_mac[] = {CKM_KEYDIV_RETAIL_MAC, 0};
static const CK_MECHANISM_TYPE aes_cmac[] = {CKM_AES_CMAC, 0}, des3_cmac[] = {CKM_DES3_CMAC, 0};
static const CK_MECHANISM_TYPE sha_1[] = {CKM_SHA_1_HMAC, 0}, sha224[] = {CKM_SHA224_HMAC, 0},
			       sha256[] = {CKM_SHA256_HMAC, 0}, sha384[] = {CKM_SHA384_HMAC, 0},
			       sha512[] = {CKM_SHA512_HMAC, 0};
static const CK_MECHANISM_TYPE device_master[] = {CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY,
	CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY,
	CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0};
static const CK_MECHANISM_TYPE odukpt_bdk[] = {
	CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0};

struct usage {
	char first[2]; /* the usage as in the header */
	char last;     /* the last second character of a range of usages with one meaning */
	char algorithm;
	CK_KEY_TYPE type;
	const struct modes *modes;
	const CK_MECHANISM_TYPE *list; /* NULL: the key has no CKA_ALLOWED_MECHANISMS */
	char version;                  /* the only version with this usage; 0: every version */
	uint8_t hash;                  /* the value of HM; 0: the usage needs no HM */
};

/* The values of HM are those of ANSI X9.143:2021, optional block HM. */
#define HMAC_USAGE(TYPE, LIST, HASH)                                                               \
	{                                                                                          \
		{'M', '7'}, '7', 'H', TYPE, &mac, LIST, 'D', HASH                                  \
	}

/* A key gets the first usage that fits. Numeric usages belong to the user of key blocks. */
static const struct usage usages[] = {
	{{'B', '0'}, '0', 'T', CKK_DES2, &derive, tdes_bdk, 0, 0},
	{{'B', '0'}, '0', 'A', CKK_AES, &derive, aes_bdk, 0, 0},
	{{'B', '1'}, '1', 'T', CKK_DES2, &derive, tdes_initial, 0, 0},
	{{'B', '1'}, '1', 'A', CKK_AES, &derive, aes_initial, 0, 0},
	{{'D', '0'}, '0', 'A', CKK_AES, &cipher, NULL, 0, 0},
	{{'D', '0'}, '0', 'T', CKK_DES2, &cipher, NULL, 0, 0},
	{{'D', '0'}, '0', 'T', CKK_DES3, &cipher, NULL, 0, 0},
	{{'P', '0'}, '0', 'A', CKK_AES, &cipher, NULL, 0, 0},
	{{'P', '0'}, '0', 'T', CKK_DES2, &cipher, NULL, 0, 0},
	{{'P', '0'}, '0', 'T', CKK_DES3, &cipher, NULL, 0, 0},
	{{'E', '0'}, '5', 'T', CKK_DES2, &derive, issuer_master, 0, 0},
	{{'E', '0'}, '5', 'A', CKK_AES, &derive, issuer_master, 0, 0},
	{{'K', '0'}, '0', 'A', CKK_AES, &wrapping, kek_list, 0, 0},
	{{'K', '1'}, '1', 'A', CKK_AES, &wrapping, kbpk_list, 0, 0},
	{{'K', '1'}, '1', 'T', CKK_DES2, &wrapping, kbpk_list, 0, 0},
	{{'K', '1'}, '1', 'T', CKK_DES3, &wrapping, kbpk_list, 0, 0},
	{{'K', '4'}, '4', 'A', CKK_AES, &wrapping, kbpk_list, 0, 0},
	{{'K', '4'}, '4', 'T', CKK_DES2, &wrapping, kbpk_list, 0, 0},
	{{'K', '4'}, '4', 'T', CKK_DES3, &wrapping, kbpk_list, 0, 0},
	{{'M', '3'}, '3', 'T', CKK_DES2, &mac, retail_mac, 0, 0},
	{{'M', '6'}, '6', 'A', CKK_AES, &mac, aes_cmac, 0, 0},
	{{'M', '6'}, '6', 'T', CKK_DES2, &mac, des3_cmac, 0, 0},
	{{'M', '6'}, '6', 'T', CKK_DES3, &mac, des3_cmac, 0, 0},
	HMAC_USAGE(CKK_SHA_1_HMAC, sha_1, 0x10),
	HMAC_USAGE(CKK_SHA224_HMAC, sha224, 0x20),
	HMAC_USAGE(CKK_SHA256_HMAC, sha256, 0x21),
	HMAC_USAGE(CKK_SHA384_HMAC, sha384, 0x22),
	HMAC_USAGE(CKK_SHA512_HMAC, sha512, 0x23),
	{{'1', '0'}, '0', 'A', CKK_AES, &derive, device_master, 0, 0},
	{{'1', '1'}, '1', 'A', CKK_AES, &derive, odukpt_bdk, 0, 0},
};

#define USAGES (sizeof usages / sizeof usages[0])

/* Return true if this build has MECHANISM, in one mode of parameters or the other. */
static bool built(CK_MECHANISM_TYPE mechanism)
{
	size_t index;

	return mechanism_look_up_any(mechanism, &index) != NULL;
}

/* Put the list of U into RET. Return false if U has a list and this build has none of it. */
static bool list_of(const struct usage *u, struct wrapped_role *ret)
{
	ret->has_list = u->list != NULL;
	ret->count = 0;
	for (const CK_MECHANISM_TYPE *m = u->list; m != NULL && *m != 0; m++)
		if (built(*m))
			ret->list[ret->count++] = *m;
	return !ret->has_list || ret->count > 0;
}

/* Return the mode NAME of MODES, or NULL. */
static const struct mode *mode_find(const struct modes *modes, char name)
{
	if (name == MODE_WIDEST)
		return &modes->mode[0];
	for (size_t i = 0; i < MODES_MAX && modes->mode[i].name != 0; i++)
		if (modes->mode[i].name == name)
			return &modes->mode[i];
	return NULL;
}

/* Return true if U is the usage, algorithm, version and hash of HEADER. */
static bool says(const struct key_block_header *header, const struct usage *u)
{
	return header->usage[0] == u->first[0] && header->usage[1] >= u->first[1] &&
	       header->usage[1] <= u->last && header->algorithm == u->algorithm &&
	       (u->version == 0 || u->version == header->version) &&
	       (u->hash == 0 || u->hash == header->hash);
}

/* Return true if the token has keys of LENGTH bytes for ALGORITHM. */
static bool algorithm_has(char algorithm, size_t length)
{
	for (size_t i = 0; i < USAGES; i++)
		if (usages[i].algorithm == algorithm && key_type_fits(usages[i].type, length))
			return true;
	return false;
}

CK_RV key_block_role(const struct key_block_header *header, size_t length, struct wrapped_role *ret)
{
	bool offered = false;

	for (size_t i = 0; i < USAGES; i++) {
		const struct usage *u = &usages[i];
		const struct mode *mode = mode_find(u->modes, header->mode);
		if (mode == NULL || !says(header, u) || !list_of(u, ret))
			continue;
		offered = true;
		if (!key_type_fits(u->type, length))
			continue;
		ret->type = u->type;
		ret->usage = mode->usage;
		ret->derives = u->modes->derives;
		return CKR_OK;
	}
	/* The log gets the line that all bad blocks get (key_block_unwrap.c), and no reason. */
	if (offered && !algorithm_has(header->algorithm, length))
		return CKR_WRAPPED_KEY_INVALID;
	return FAIL(CKR_KEY_TYPE_INCONSISTENT,
		"the token offers nothing for the usage, algorithm and mode of this key block");
}

/* --- Wrapping --- */

/* Return true if every mechanism of INNER is in OUTER. */
static bool within(const struct wrapped_role *inner, const struct wrapped_role *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		size_t j = 0;
		while (j < outer->count && outer->list[j] != inner->list[i])
			j++;
		if (j == outer->count)
			return false;
	}
	return true;
}

/*
 * Return the mode of U for a key of LENGTH bytes with ROLE, or NULL if U is not what the key is. A
 * usage with a list fits only a key with exactly that list. The key would otherwise come back with
 * a wider list, or without a mechanism that it has.
 */
static const struct mode *mode_of_key(
	const struct usage *u, const struct wrapped_role *role, size_t length)
{
	struct wrapped_role of_usage;

	if (role->type != u->type || !key_type_fits(u->type, length) ||
		role->derives != u->modes->derives)
		return NULL;
	if (!list_of(u, &of_usage) || role->has_list != of_usage.has_list ||
		!within(role, &of_usage) || !within(&of_usage, role))
		return NULL;
	for (size_t i = 0; i < MODES_MAX && u->modes->mode[i].name != 0; i++)
		if (u->modes->mode[i].usage == role->usage)
			return &u->modes->mode[i];
	return NULL;
}

CK_RV key_block_describe(
	const struct wrapped_role *role, size_t length, struct key_block_header *ret)
{
	for (size_t i = 0; i < USAGES; i++) {
		const struct usage *u = &usages[i];
		const struct mode *mode = mode_of_key(u, role, length);
		if (mode == NULL || (u->version != 0 && u->version != ret->version))
			continue;
		memcpy(ret->usage, u->first, sizeof ret->usage);
		ret->algorithm = u->algorithm;
		ret->mode = mode->name;
		ret->hash = u->hash;
		return CKR_OK;
	}
	return FAIL(CKR_KEY_NOT_WRAPPABLE,
		"no usage of key blocks has the type, usage and mechanisms of the key");
}

CK_RV key_block_fits(
	const struct key_block_header *header, const struct wrapped_role *role, size_t length)
{
	for (size_t i = 0; i < USAGES; i++) {
		const struct mode *mode = mode_of_key(&usages[i], role, length);
		if (mode != NULL && says(header, &usages[i]) &&
			mode == mode_find(usages[i].modes, header->mode))
			return CKR_OK;
	}
	return FAIL(CKR_MECHANISM_PARAM_INVALID,
		"algorithm, usage and mode of the key block header are not those of the key");
}
