/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retail_mac.c: MAC algorithm 3 of ISO/IEC 9797-1 with DES2 keys (0121), which is also ANSI X9.19.
 * EMV application cryptograms, SCP02 and many payment terminals use this MAC.
 */
#include "operation_fields.h"

enum { PADDING_ZEROS = 1, PADDING_80 = 2 }; /* the padding methods of ISO/IEC 9797-1 */

static CK_RV take_further(const struct parameter *p, struct mac_start *start)
{
	struct bytes method = parameter_get(p, KEYDIV_PADDING_METHOD);
	uint8_t number = method.p != NULL ? method.p[0] : PADDING_80;

	REQUIRE(number == PADDING_ZEROS || number == PADDING_80, CKR_MECHANISM_PARAM_INVALID,
		"PADDING_METHOD is not 1 or 2");
	start->kind = number == PADDING_80 ? MAC_RETAIL : MAC_RETAIL_ZEROS;
	start->iv = parameter_get(p, KEYDIV_PREVIOUS_MAC);
	return CKR_OK;
}

#define PREVIOUS_MAC_FIELD                                                                         \
	{                                                                                          \
		FIELD(PREVIOUS_MAC), false, 8, 8                                                   \
	}
#define PADDING_METHOD_FIELD                                                                       \
	{                                                                                          \
		NUMBER_FIELD(PADDING_METHOD), false, 1, 1                                          \
	}

static const struct field fields[] = {
	PREVIOUS_MAC_FIELD, PADDING_METHOD_FIELD, FIELD_TAG_LENGTH, {0}};
static const struct field further[] = {PREVIOUS_MAC_FIELD, PADDING_METHOD_FIELD, {0}};

static const CK_KEY_TYPE key_types[] = {CKK_DES2, KEY_TYPES_END};

#define ISO_KEY "0123456789abcdeffedcba9876543210" /* of the standard */

/*
 * An EMV application cryptogram of a public implementation that was compared with an HSM
 * (tests/vectors/emv.txt), a C-MAC of SCP02 with the C-MAC before, then two examples of annex A of
 * ISO/IEC 9797-1:1999, of which the last is truncated (tests/vectors/retail_mac.txt).
 */
static const struct operation_answer answers[] = {
	{CKK_DES2, "c7aedf49aef2f146d692400e0b851a8f", NULL, NULL,
		"0123456789abcdef0123456789abcdef", "19c1fbc83ebdc0d5"},
	{CKK_DES2, "2983ba77d709c2daa1e6000abccac951", "8f9b0df681c1d3ec", NULL, "84f280020a4f00",
		"30f149209e17b397"},
	{CKK_DES2, ISO_KEY, NULL, NULL, "4e6f77206973207468652074696d6520666f7220616c6c20",
		"e9086230ca3be796"},
	{CKK_DES2, ISO_KEY, NULL, NULL, "4e6f77206973207468652074696d6520666f72206974", "5a692ce6"},
	{0},
};

const struct mechanism mech_retail_mac = {
	.type = CKM_KEYDIV_RETAIL_MAC,
	.name = "CKM_KEYDIV_RETAIL_MAC",
	.what = "authentication with DES2, 8 bytes",
	.source = "ISO/IEC 9797-1 algorithm 3",
	.info = {0, 0, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types,
	.fields = fields,
	.operation = {.mac = MAC_RETAIL,
		.inputs = &inputs_retail,
		.for_use = true,
		.further = further,
		.take_further = take_further},
	.test = {.operation_answers = answers, .run = operation_self_test},
};
