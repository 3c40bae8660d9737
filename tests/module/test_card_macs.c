/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_card_macs.c: RETAIL_MAC with EMV application cryptograms and SCP02, AES_CMAC_ODD with the
 * URLs of NTAG 424 tags, and OMS messages: by a key object, and in one call under the master, whose
 * replay windows take each counter once.
 */
#include "use_support.h"

static const uint8_t des2[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba,
	0x98, 0x76, 0x54, 0x32, 0x10};
static uint8_t mac[64], published[16];
static CK_ULONG mac_n;
static KEYDIV_PARAMETER p;

static CK_RV sign_with(
	CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const void *data, CK_ULONG data_n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);
	CK_RV rv = f->C_SignInit(s, &m, key);

	mac_n = sizeof mac;
	return rv != CKR_OK ? rv : f->C_Sign(s, (CK_BYTE_PTR)(uintptr_t)data, data_n, mac, &mac_n);
}

static CK_RV verify_with(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const void *data,
	CK_ULONG data_n, const void *tag, CK_ULONG tag_n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);
	CK_RV rv = f->C_VerifyInit(s, &m, key);

	return rv != CKR_OK ? rv
			    : f->C_Verify(s, (CK_BYTE_PTR)(uintptr_t)data, data_n,
				      (CK_BYTE_PTR)(uintptr_t)tag, tag_n);
}

static void put(unsigned char tag, const void *value, CK_ULONG n)
{
	keydiv_put(&p, tag, value, n);
}

static void put_hex(unsigned char tag, const char *hex)
{
	uint8_t value[64];

	put(tag, value, unhex(hex, value));
}

static void put_mechanism(unsigned char tag, CK_MECHANISM_TYPE type)
{
	uint8_t number[4] = {
		(uint8_t)(type >> 24), (uint8_t)(type >> 16), (uint8_t)(type >> 8), (uint8_t)type};

	put(tag, number, sizeof number);
}

static void put_use(CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation)
{
	put_mechanism(KEYDIV_DERIVATION, derivation);
	put_mechanism(KEYDIV_OPERATION, operation);
}

static bool is(const char *hex)
{
	size_t n = unhex(hex, published);

	return mac_n == n && memcmp(mac, published, n) == 0;
}

/* --- RETAIL_MAC by a key object --- */

#define TEXT "Now is the time for it" /* of annex A of ISO/IEC 9797-1:1999 */

START_TEST(published_macs)
{
	CK_OBJECT_HANDLE key = import(CKK_DES2, des2, 16, T(YES(CKA_SIGN), YES(CKA_VERIFY)));

	keydiv_start(&p);
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, sizeof TEXT - 1));
	holds(is("5a692ce64f404145"));
	gives(CKR_OK, verify_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, sizeof TEXT - 1, mac, 8));
	mac[7] ^= 1;
	gives(CKR_SIGNATURE_INVALID,
		verify_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, sizeof TEXT - 1, mac, 8));
	gives(CKR_SIGNATURE_LEN_RANGE,
		verify_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, sizeof TEXT - 1, mac, 4));
	put(KEYDIV_PADDING_METHOD, "\1", 1);
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, sizeof TEXT - 1));
	holds(is("2e2b1428cc78254f"));
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, NULL, 0));
	holds(is("08d7b4fb629d0885")); /* TDES of zeros */
}
END_TEST

START_TEST(parts)
{
	CK_OBJECT_HANDLE key = import(CKK_DES2, des2, 16, T(YES(CKA_SIGN), YES(CKA_VERIFY)));

	keydiv_start(&p);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_RETAIL_MAC, &p);
	for (CK_ULONG cut = 0; cut < sizeof TEXT; cut++) {
		mac_n = sizeof mac;
		ok(f->C_SignInit(s, &m, key));
		ok(f->C_SignUpdate(s, (CK_BYTE_PTR)TEXT, cut));
		ok(f->C_SignUpdate(s, (CK_BYTE_PTR)TEXT + cut, sizeof TEXT - 1 - cut));
		ok(f->C_SignFinal(s, NULL, &mac_n));
		holds(mac_n == 8);
		gives(CKR_BUFFER_TOO_SMALL, f->C_SignFinal(s, mac, &(CK_ULONG){7}));
		ok(f->C_SignFinal(s, mac, &mac_n));
		holds(is("5a692ce64f404145"));
	}
	ok(f->C_VerifyInit(s, &m, key));
	ok(f->C_VerifyUpdate(s, (CK_BYTE_PTR)TEXT, sizeof TEXT - 1));
	ok(f->C_VerifyFinal(s, mac, 8));
}
END_TEST

/* A short tag needs a key whose list names the mechanism. */
START_TEST(tag_lengths)
{
	CK_OBJECT_HANDLE plain = import(CKK_DES2, des2, 16, T(YES(CKA_SIGN), YES(CKA_VERIFY)));
	CK_OBJECT_HANDLE named = import(CKK_DES2, des2, 16,
		T(YES(CKA_SIGN), YES(CKA_VERIFY), ALLOWED(CKM_KEYDIV_RETAIL_MAC)));

	for (unsigned n = 0; n <= 9; n++) {
		uint8_t length = (uint8_t)n;
		keydiv_start(&p);
		put(KEYDIV_TAG_LENGTH, &length, 1);
		gives(n == 8 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
			sign_with(CKM_KEYDIV_RETAIL_MAC, plain, TEXT, sizeof TEXT - 1));
		bool good = n >= 4 && n <= 8;
		gives(good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
			sign_with(CKM_KEYDIV_RETAIL_MAC, named, TEXT, sizeof TEXT - 1));
		if (!good)
			continue;
		unhex("5a692ce64f404145", published);
		holds(mac_n == n && memcmp(mac, published, n) == 0);
		gives(CKR_OK, verify_with(CKM_KEYDIV_RETAIL_MAC, named, TEXT, sizeof TEXT - 1,
				      published, n));
	}
}
END_TEST

START_TEST(parameters_that_are_wrong)
{
	CK_OBJECT_HANDLE key = import(CKK_DES2, des2, 16, T(YES(CKA_SIGN)));
	CK_OBJECT_HANDLE aes = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));
	CK_OBJECT_HANDLE des3 = import(CKK_DES3, mk32, 24, T(YES(CKA_SIGN)));
	static const struct {
		unsigned char tag;
		CK_ULONG n;
		const char *value;
	} wrong[] = {
		{KEYDIV_PADDING_METHOD, 1, "\0"},
		{KEYDIV_PADDING_METHOD, 1, "\3"},
		{KEYDIV_PADDING_METHOD, 2, "\1\1"},
		{KEYDIV_PADDING_METHOD, 0, ""},
		{KEYDIV_PREVIOUS_MAC, 7, "0123456"},
		{KEYDIV_PREVIOUS_MAC, 9, "012345678"},
		{KEYDIV_PREVIOUS_MAC, 0, ""},
		{KEYDIV_IV, 8, "01234567"},
		{KEYDIV_TAG_LENGTH, 2, "\0\x8"},
		{KEYDIV_DEVICE, 1, "d"},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		keydiv_start(&p);
		put(wrong[i].tag, wrong[i].value, wrong[i].n);
		gives(CKR_MECHANISM_PARAM_INVALID, sign_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, 1));
	}
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_KEYDIV_RETAIL_MAC, NULL, 11), key));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_KEYDIV_RETAIL_MAC, "\x3d\0\1\2\0", 5), key));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_KEYDIV_AES_CMAC_ODD, "\x3d\0\1\2", 4), aes));
	keydiv_start(&p);
	gives(CKR_KEY_TYPE_INCONSISTENT, sign_with(CKM_KEYDIV_RETAIL_MAC, aes, TEXT, 1));
	gives(CKR_KEY_TYPE_INCONSISTENT, sign_with(CKM_KEYDIV_RETAIL_MAC, des3, TEXT, 1));
	gives(CKR_KEY_TYPE_INCONSISTENT, sign_with(CKM_KEYDIV_AES_CMAC_ODD, key, TEXT, 1));
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, TEXT, 1)); /* no operation was left behind */
}
END_TEST

/* --- EMV and SCP02 --- */

static CK_OBJECT_HANDLE derive(
	CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);
	CK_OBJECT_HANDLE made = 0;

	ok(f->C_DeriveKey(s, &m, base, t, n, &made));
	return made;
}

#define CRYPTOGRAM_DATA "0123456789abcdef0123456789abcdef"

/* From the issuer master to the cryptogram of one transaction, tests/vectors/emv.txt. */
START_TEST(application_cryptograms)
{
	static const struct {
		const char *sequence, *cryptogram;
	} cards[] = {{"45", "19c1fbc83ebdc0d5"}, {"00", "8698a7319324fd93"}};
	CK_OBJECT_HANDLE issuer =
		import(CKK_DES2, des2, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY)));
	uint8_t data[16];
	size_t n = unhex(CRYPTOGRAM_DATA, data);

	for (size_t i = 0; i < 2; i++) {
		keydiv_start(&p);
		put(KEYDIV_EMV_OPTION, "A", 1);
		put(KEYDIV_PAN, "12345678901234567", 17);
		put(KEYDIV_PAN_SEQUENCE, cards[i].sequence, 2);
		CK_OBJECT_HANDLE card = derive(CKM_KEYDIV_EMV_CARD_KEY, issuer, T(YES(CKA_DERIVE)));
		keydiv_start(&p);
		put_hex(KEYDIV_EMV_DIVERSIFIER, "1234567890123456");
		CK_OBJECT_HANDLE session =
			derive(CKM_KEYDIV_EMV_SESSION_KEY, card, T(YES(CKA_SIGN)));
		keydiv_start(&p);
		ok(sign_with(CKM_KEYDIV_RETAIL_MAC, session, data, n));
		holds(is(cards[i].cryptogram));
		/* in one call under the card key */
		keydiv_start(&p);
		put_hex(KEYDIV_EMV_DIVERSIFIER, "1234567890123456");
		put_use(CKM_KEYDIV_EMV_SESSION_KEY, CKM_KEYDIV_RETAIL_MAC);
		gives(CKR_OK, verify_with(CKM_KEYDIV_WITH_DERIVED_KEY, card, data, n, mac, 8));
		mac[0] ^= 1;
		gives(CKR_SIGNATURE_INVALID,
			verify_with(CKM_KEYDIV_WITH_DERIVED_KEY, card, data, n, mac, 8));
	}
}
END_TEST

/* Two C-MACs of one session, tests/vectors/retail_mac.txt. */
START_TEST(a_chain_of_macs)
{
	uint8_t value[16], data[16];
	CK_OBJECT_HANDLE key;

	unhex("2983ba77d709c2daa1e6000abccac951", value);
	key = import(CKK_DES2, value, 16, T(YES(CKA_SIGN)));
	keydiv_start(&p);
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, data, unhex("84820100101d4de92eaf7a2c9f", data)));
	holds(is("8f9b0df681c1d3ec"));
	put(KEYDIV_PREVIOUS_MAC, mac, 8);
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, key, data, unhex("84f280020a4f00", data)));
	holds(is("30f149209e17b397"));
}
END_TEST

/* The further fields of OPERATION stand among those of DERIVATION, by their tags. */
START_TEST(scp02_in_one_call)
{
	CK_OBJECT_HANDLE card = import(CKK_DES2, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_SCP02_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)));
	uint8_t wanted[8];

	keydiv_start(&p);
	put(KEYDIV_SCP02_CONSTANT, "\1\1", 2);
	put(KEYDIV_SCP02_COUNTER, "\0\7", 2);
	CK_OBJECT_HANDLE session = derive(CKM_KEYDIV_SCP02_KEY, card, T(YES(CKA_SIGN)));
	keydiv_start(&p);
	put(KEYDIV_PREVIOUS_MAC, "previous", 8);
	put(KEYDIV_PADDING_METHOD, "\1", 1);
	ok(sign_with(CKM_KEYDIV_RETAIL_MAC, session, TEXT, sizeof TEXT - 1));
	memcpy(wanted, mac, 8);
	keydiv_start(&p);
	put(KEYDIV_PREVIOUS_MAC, "previous", 8);
	put(KEYDIV_SCP02_CONSTANT, "\1\1", 2);
	put(KEYDIV_SCP02_COUNTER, "\0\7", 2);
	put(KEYDIV_PADDING_METHOD, "\1", 1);
	put_use(CKM_KEYDIV_SCP02_KEY, CKM_KEYDIV_RETAIL_MAC);
	ok(sign_with(CKM_KEYDIV_WITH_DERIVED_KEY, card, TEXT, sizeof TEXT - 1));
	holds(mac_n == 8 && memcmp(mac, wanted, 8) == 0);
	put(KEYDIV_TAG_LENGTH, "\4", 1); /* the list of the master does not name RETAIL_MAC */
	gives(CKR_MECHANISM_PARAM_INVALID,
		sign_with(CKM_KEYDIV_WITH_DERIVED_KEY, card, TEXT, sizeof TEXT - 1));
}
END_TEST

/* --- NTAG 424 DNA --- */

static const uint8_t zero_key[16];

static CK_OBJECT_HANDLE windowed_master(
	const uint8_t *value, CK_MECHANISM_TYPE type, CK_ULONG window)
{
	return import(CKK_AES, value, 16,
		T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, window),
			ALLOWED(type, CKM_KEYDIV_WITH_DERIVED_KEY)));
}

/* Verify the MAC of a tag's URL, whose MACed part is empty. */
static CK_RV tap(
	CK_OBJECT_HANDLE file_key, const char *uid, const char *read_counter, const char *sdm_mac)
{
	uint8_t tag[8];

	keydiv_start(&p);
	put(KEYDIV_CARD_KEY, "\2", 1);
	put_hex(KEYDIV_CARD_UID, uid);
	if (read_counter != NULL)
		put_hex(KEYDIV_READ_COUNTER, read_counter);
	put_use(CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_AES_CMAC_ODD);
	return verify_with(
		CKM_KEYDIV_WITH_DERIVED_KEY, file_key, NULL, 0, tag, unhex(sdm_mac, tag));
}

/* The examples of AN12196 and of sdm-backend, each of which is accepted once. */
START_TEST(urls_of_a_tag)
{
	CK_OBJECT_HANDLE key = windowed_master(zero_key, CKM_KEYDIV_SDM_SESSION_KEY, 16);

	gives(CKR_SIGNATURE_INVALID, tap(key, "04de5f1eacc040", "00003e", "94eed9ee65337086"));
	gives(CKR_OK, tap(key, "04de5f1eacc040", "00003d", "94eed9ee65337086"));
	gives(CKR_KEYDIV_REPLAYED, tap(key, "04de5f1eacc040", "00003d", "94eed9ee65337086"));
	gives(CKR_OK, tap(key, "041e3c8a2d6b80", "000006", "4b00064004b0b3d3")); /* another tag */
	gives(CKR_KEYDIV_REPLAYED, tap(key, "041e3c8a2d6b80", "000006", "4b00064004b0b3d3"));
	gives(CKR_MECHANISM_PARAM_INVALID, tap(key, "041e3c8a2d6b80", NULL, "4b00064004b0b3d3"));
}
END_TEST

/* Sign for the tag without a window, so that its counters can be checked one by one. */
static void tag_signs(const char *uid, const char *read_counter, char hex[17])
{
	CK_OBJECT_HANDLE twin = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)));

	keydiv_start(&p);
	put(KEYDIV_CARD_KEY, "\2", 1);
	put_hex(KEYDIV_CARD_UID, uid);
	put_hex(KEYDIV_READ_COUNTER, read_counter);
	put_use(CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_AES_CMAC_ODD);
	ok(sign_with(CKM_KEYDIV_WITH_DERIVED_KEY, twin, NULL, 0));
	for (unsigned i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", mac[i]);
	ok(f->C_DestroyObject(s, twin));
}

/* READ_COUNTER is a number: 000100 is above 0000ff. */
START_TEST(read_counters_are_numbers)
{
	static const struct {
		const char *counter;
		CK_RV rv;
	} taps[] = {{"0000ff", CKR_OK}, {"000100", CKR_OK}, {"0000ff", CKR_KEYDIV_REPLAYED},
		{"0000f0", CKR_OK}, {"0000ef", CKR_KEYDIV_REPLAYED}, {"ffffff", CKR_OK},
		{"fffff0", CKR_OK}, {"ffffee", CKR_KEYDIV_REPLAYED}};
	CK_OBJECT_HANDLE key = windowed_master(mk, CKM_KEYDIV_SDM_SESSION_KEY, 16);

	for (size_t i = 0; i < sizeof taps / sizeof taps[0]; i++) {
		char hex[17];
		tag_signs("04112233445566", taps[i].counter, hex);
		gives(taps[i].rv, tap(key, "04112233445566", taps[i].counter, hex));
	}
}
END_TEST

/* --- OMS mode 7 --- */

/* The CMAC of a message of the meter, whose length field is OMS's 8 bytes. */
static void meter_parameter(const char *sent_counter)
{
	keydiv_start(&p);
	put(KEYDIV_OMS_KEY, "\1", 1);
	put_hex(KEYDIV_OMS_COUNTER, sent_counter);
	put_hex(KEYDIV_METER_ID, "78563412");
	put_use(CKM_KEYDIV_OMS_MODE7_KEY, CKM_AES_CMAC_GENERAL);
	put(KEYDIV_TAG_LENGTH, "\x8", 1);
}

static CK_RV meter_message(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE twin, const char *sent_counter)
{
	meter_parameter(sent_counter);
	ok(sign_with(CKM_KEYDIV_WITH_DERIVED_KEY, twin, "frame", 5));
	return verify_with(CKM_KEYDIV_WITH_DERIVED_KEY, key, "frame", 5, mac, mac_n);
}

/* OMS_COUNTER is read least significant byte first: 00010000 is 256. */
START_TEST(counters_of_a_meter)
{
	CK_OBJECT_HANDLE key = windowed_master(mk, CKM_KEYDIV_OMS_MODE7_KEY, 16);
	CK_OBJECT_HANDLE twin = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_OMS_MODE7_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)));

	gives(CKR_OK, meter_message(key, twin, "ff000000"));
	gives(CKR_OK, meter_message(key, twin, "00010000"));
	gives(CKR_KEYDIV_REPLAYED, meter_message(key, twin, "00010000"));
	gives(CKR_KEYDIV_REPLAYED, meter_message(key, twin, "ff000000"));
	gives(CKR_OK, meter_message(key, twin, "f0000000"));
	gives(CKR_KEYDIV_REPLAYED, meter_message(key, twin, "ef000000"));
	gives(CKR_OK, meter_message(key, twin, "00000080"));
	gives(CKR_KEYDIV_REPLAYED, meter_message(key, twin, "ffff0000"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("card macs");
	TCase *tc = add_case(suite, "card_macs", user);

	tcase_add_test(tc, published_macs);
	tcase_add_test(tc, parts);
	tcase_add_test(tc, tag_lengths);
	tcase_add_test(tc, parameters_that_are_wrong);
	tcase_add_test(tc, application_cryptograms);
	tcase_add_test(tc, a_chain_of_macs);
	tcase_add_test(tc, scp02_in_one_call);
	tcase_add_test(tc, urls_of_a_tag);
	tcase_add_test(tc, read_counters_are_numbers);
	tcase_add_test(tc, counters_of_a_meter);
	return run(suite);
}
