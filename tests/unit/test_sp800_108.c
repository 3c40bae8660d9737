/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sp800_108.c: the KDFs of SP 800-108: NIST's vectors, several keys, formats, and every
 * pointer and length.
 */
#include "scheme.h"

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"

static const CK_SP800_108_COUNTER_FORMAT counter_formats[] = {
	{CK_FALSE, 8}, {CK_FALSE, 16}, {CK_FALSE, 24}, {CK_FALSE, 32}};

static CK_PRF_DATA_PARAM item(CK_PRF_DATA_TYPE type, const void *value, CK_ULONG n)
{
	return (CK_PRF_DATA_PARAM){type, (void *)(uintptr_t)value, n};
}

static CK_MECHANISM_TYPE prf_named(const char *name)
{
	return strcmp(name, "AES_CMAC") == 0    ? CKM_AES_CMAC
	       : strcmp(name, "DES3_CMAC") == 0 ? CKM_DES3_CMAC
						: CKM_SHA224_HMAC;
}

/*
 * The list of a vector: chained value (but in counter mode), fixed data, and the counter where the
 * vector has it.
 */
static CK_ULONG list_of(
	const struct vectors *v, const uint8_t *fixed, size_t n, CK_PRF_DATA_PARAM list[3])
{
	const char *where = vector_text(v, "counter");
	bool counter_mode = strcmp(vector_text(v, "mode"), "counter") == 0;
	unsigned long width = vector_number(v, "width");
	CK_PRF_DATA_PARAM counter =
		item(counter_mode ? CK_SP800_108_ITERATION_VARIABLE : CK_SP800_108_OPTIONAL_COUNTER,
			width ? &counter_formats[width / 8 - 1] : NULL, sizeof counter_formats[0]);
	CK_ULONG count = 0;

	if (strcmp(where, "before") == 0)
		list[count++] = counter;
	if (!counter_mode)
		list[count++] = item(CK_SP800_108_ITERATION_VARIABLE, NULL, 0);
	if (strcmp(where, "middle") == 0)
		list[count++] = counter;
	list[count++] = item(CK_SP800_108_BYTE_ARRAY, fixed, n);
	if (strcmp(where, "after") == 0)
		list[count++] = counter;
	return count;
}

START_TEST(published_answers_of_nist)
{
	struct vectors v;

	for (vectors_open(&v, "sp800_108.txt"); vectors_next(&v);) {
		const char *mode = vector_text(&v, "mode");
		CK_MECHANISM_TYPE prf = prf_named(vector_text(&v, "prf"));
		CK_KEY_TYPE base = prf == CKM_AES_CMAC    ? CKK_AES
				   : prf == CKM_DES3_CMAC ? CKK_DES2
							  : CKK_GENERIC_SECRET;
		uint8_t fixed[128], iv[64];
		CK_PRF_DATA_PARAM list[3];
		CK_ULONG count =
			list_of(&v, fixed, vector_hex(&v, "fixed", fixed, sizeof fixed), list);
		CK_SP800_108_KDF_PARAMS plain = {prf, count, list, 0, NULL};
		CK_SP800_108_FEEDBACK_KDF_PARAMS feedback = {
			prf, count, list, vector_hex(&v, "iv", iv, sizeof iv), iv, 0, NULL};
		struct scheme s;

		scheme_start(&s, 0, base, vector_text(&v, "key"));
		s.native = &plain;
		s.native_len = sizeof plain;
		s.mechanism = CKM_SP800_108_COUNTER_KDF;
		if (strcmp(mode, "feedback") == 0) {
			s.mechanism = CKM_SP800_108_FEEDBACK_KDF;
			s.native = &feedback;
			s.native_len = sizeof feedback;
		} else if (strcmp(mode, "pipeline") == 0) {
			s.mechanism = CKM_SP800_108_DOUBLE_PIPELINE_KDF;
		}
		scheme_want(&s, CKK_GENERIC_SECRET, strlen(vector_text(&v, "out")) / 2);
		scheme_expect(&s, vector_text(&v, "out"));
	}
	ck_assert_uint_eq(v.cases, 20);
}
END_TEST

/* --- One parameter, to be changed --- */

static CK_SP800_108_COUNTER_FORMAT counter;
static CK_SP800_108_DKM_LENGTH_FORMAT length;
static CK_PRF_DATA_PARAM list[20];
static CK_SP800_108_KDF_PARAMS params;

static void start(struct scheme *s)
{
	counter = (CK_SP800_108_COUNTER_FORMAT){CK_FALSE, 32};
	length =
		(CK_SP800_108_DKM_LENGTH_FORMAT){CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};
	list[0] = item(CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter);
	list[1] = item(CK_SP800_108_BYTE_ARRAY, "device", 7);
	list[2] = item(CK_SP800_108_BYTE_ARRAY, "\x01\0\x09SN-000123", 12);
	list[3] = item(CK_SP800_108_DKM_LENGTH, &length, sizeof length);
	params = (CK_SP800_108_KDF_PARAMS){CKM_AES_CMAC, 4, list, 0, NULL};
	scheme_start(s, CKM_SP800_108_COUNTER_KDF, CKK_AES, MASTER);
	s->native = &params;
	s->native_len = sizeof params;
	scheme_want(s, CKK_AES, 32);
}

/* A device key is counter mode with the same label, context and length. */
START_TEST(equals_device_key)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
	} wishes[] = {{CKK_AES, 16}, {CKK_AES, 24}, {CKK_AES, 32}, {CKK_GENERIC_SECRET, 37},
		{CKK_DES3, 24}};

	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		struct scheme s, device;
		SECRET value = {0};
		char hex[2 * 64 + 1];
		scheme_start(&device, CKM_KEYDIV_DEVICE_KEY, CKK_AES, MASTER);
		scheme_put_text(&device, KEYDIV_DEVICE, "SN-000123");
		scheme_want(&device, wishes[i].type, wishes[i].n);
		ck_ok(scheme_run(&device, &value));
		hex_encode(secret_peek(&value), value.len, hex);
		start(&s);
		scheme_want(&s, wishes[i].type, wishes[i].n);
		scheme_expect(&s, hex);
	}
}
END_TEST

/* Widths and byte order, against the input put together by hand. */
START_TEST(formats)
{
	for (unsigned width = 8; width <= 32; width += 8)
		for (int little = 0; little < 2; little++) {
			struct scheme s;
			uint8_t input[64] = {0}, mac[16];
			char hex[33];
			size_t n = 0, bytes = width / 8;
			start(&s);
			counter = (CK_SP800_108_COUNTER_FORMAT){little ? CK_TRUE : CK_FALSE, width};
			length = (CK_SP800_108_DKM_LENGTH_FORMAT){
				CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, little ? CK_TRUE : CK_FALSE,
				64};
			scheme_want(&s, CKK_AES, 16);
			input[little ? 0 : bytes - 1] = 1;
			n = bytes;
			memcpy(input + n, "device\0\x01\0\x09SN-000123", 19);
			n += 19;
			input[n + (little ? 0 : 7)] = 128;
			n += 8;
			ck_ok(key_load(scheme_key(1), CKK_AES, s.base, 16));
			ck_ok(key_cmac(scheme_key(1), input, n, mac));
			hex_encode(mac, 16, hex);
			scheme_expect(&s, hex);
		}
}
END_TEST

/* Further keys begin with a PRF output of their own; the two ways to count L. */
START_TEST(several_keys)
{
	struct more_key more[2] = {{24, 0}, {40, 0}};
	struct scheme s;
	SECRET value = {0};
	SECRET whole = {0};

	start(&s);
	params.ulNumberOfDataParams = 3; /* no L: the stream is the same whatever is cut from it */
	scheme_want(&s, CKK_AES, 16);
	s.more = more;
	s.more_count = 2;
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(more[0].offset, 16);
	ck_assert_uint_eq(more[1].offset, 48);
	ck_assert_uint_eq(value.len, 88);
	start(&s);
	params.ulNumberOfDataParams = 3;
	scheme_want(&s, CKK_GENERIC_SECRET, 64);
	ck_ok(scheme_run(&s, &whole));
	ck_assert_mem_eq(secret_peek(&whole), secret_peek(&value), 64);

	for (int segments = 0; segments < 2; segments++) {
		uint8_t input[32] = {0, 0, 0, 1}, mac[16];
		start(&s);
		list[1] = list[3];
		params.ulNumberOfDataParams = 2;
		length.dkmLengthMethod = segments ? CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS
						  : CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS;
		scheme_want(&s, CKK_AES, 16);
		s.more = more;
		s.more_count = 2;
		ck_ok(scheme_run(&s, &value));
		put_be32(input + 4, 8 * (segments ? 16 + 32 + 48 : 16 + 24 + 40));
		ck_ok(key_load(scheme_key(1), CKK_AES, s.base, 16));
		ck_ok(key_cmac(scheme_key(1), input, 8, mac));
		ck_assert_mem_eq(mac, secret_peek(&value), 16);
	}
}
END_TEST

START_TEST(too_much_for_the_counter)
{
	struct more_key more[2] = {{SECRET_MAX - 32, 0}, {16, 0}};
	struct scheme s;
	SECRET value = {0};

	start(&s);
	scheme_want(&s, CKK_AES, 16);
	s.more = more;
	s.more_count = 2;
	ck_ok(scheme_run(&s, &value)); /* 256 blocks */
	counter.ulWidthInBits = 8;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	s.more[0].length -= 16;
	ck_ok(scheme_run(&s, &value)); /* 255 */
	counter.ulWidthInBits = 32;
	s.more[0].length += 32;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE); /* more than a secret may have */
}
END_TEST

/* L of 256 does not go into a byte. */
START_TEST(length_too_narrow)
{
	struct scheme s;
	SECRET value = {0};

	start(&s);
	length.ulWidthInBits = 8;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	scheme_want(&s, CKK_AES, 24);
	ck_ok(scheme_run(&s, &value));
}
END_TEST

/* --- Pointers and lengths: each change alone is refused --- */

static void spoil(int what, struct scheme *s)
{
	static const CK_MECHANISM_TYPE unknown_prf = CKM_MD5_HMAC;
	static const uint8_t longest[PARAMETER_MAX];

	switch (what) {
	case 0:
		s->native = NULL;
		break;
	case 1:
		s->native_len--;
		break;
	case 2:
		s->native_len = sizeof(CK_SP800_108_FEEDBACK_KDF_PARAMS);
		break;
	case 3:
		params.prfType = unknown_prf;
		break;
	case 4:
		params.pDataParams = NULL;
		break;
	case 5:
		params.ulNumberOfDataParams = 0;
		break;
	case 6:
		params.ulNumberOfDataParams = 17;
		break;
	case 7:
		params.ulNumberOfDataParams = (CK_ULONG)-1;
		break;
	case 8:
		list[0].pValue = NULL;
		break;
	case 9:
		list[0].ulValueLen--;
		break;
	case 10:
		list[0].type = CK_SP800_108_BYTE_ARRAY;
		break; /* no iteration variable */
	case 11:
		list[1] = list[0];
		break; /* two */
	case 12:
		list[1].type = CK_SP800_108_OPTIONAL_COUNTER;
		break;
	case 13:
		list[1].pValue = NULL;
		break;
	case 14:
		list[1].ulValueLen = (CK_ULONG)-1;
		break;
	case 15:
		list[1] = item(CK_SP800_108_BYTE_ARRAY, longest,
			sizeof longest); /* with the next one too much in all */
		break;                   /* with the next one too much in all */
	case 16:
		list[1].type = 0;
		break;
	case 17:
		list[1].type = 6;
		break;
	case 18:
		list[1].type = 0x101;
		break; /* would be 1 in a byte */
	case 19:
		list[1] = list[3];
		break; /* two lengths */
	case 20:
		list[3].ulValueLen++;
		break;
	case 21:
		list[3].pValue = NULL;
		break;
	case 22:
		length.dkmLengthMethod = 0;
		break;
	case 23:
		length.dkmLengthMethod = 3;
		break;
	case 24:
		length.ulWidthInBits = 0;
		break;
	case 25:
		length.ulWidthInBits = 72;
		break;
	case 26:
		length.ulWidthInBits = 12;
		break;
	case 27:
		length.bLittleEndian = 2;
		break;
	case 28:
		counter.ulWidthInBits = 0;
		break;
	case 29:
		counter.ulWidthInBits = 40;
		break;
	case 30:
		counter.ulWidthInBits = 12;
		break;
	case 31:
		counter.bLittleEndian = 2;
		break;
	case 32:
		params.ulAdditionalDerivedKeys = 1;
		break;
	case 33:
		params.ulAdditionalDerivedKeys = MORE_KEYS_MAX + 1;
		break;
	default:
		ck_abort();
	}
}

#define SPOILT 34

START_TEST(bad_parameters_are_refused)
{
	struct scheme s;

	memset(list, 0, sizeof list);
	start(&s);
	spoil(_i, &s);
	static CK_DERIVED_KEY more[MORE_KEYS_MAX + 1];
	if (params.ulAdditionalDerivedKeys > 1)
		params.pAdditionalDerivedKeys = more;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/*
 * In the chained modes the iteration variable has no format, and the counter is a piece of
 * its own, once.
 */
START_TEST(chained_modes)
{
	struct scheme s;
	SECRET value = {0};
	CK_SP800_108_FEEDBACK_KDF_PARAMS feedback;

	start(&s);
	s.mechanism = CKM_SP800_108_DOUBLE_PIPELINE_KDF;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	list[0] = item(CK_SP800_108_ITERATION_VARIABLE, NULL, 0);
	ck_ok(scheme_run(&s, &value));
	list[0].ulValueLen = 4;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	list[0].ulValueLen = 0;
	list[1] = item(CK_SP800_108_OPTIONAL_COUNTER, &counter, sizeof counter);
	ck_ok(scheme_run(&s, &value));
	list[2] = list[1];
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);

	start(&s);
	list[0] = item(CK_SP800_108_ITERATION_VARIABLE, NULL, 0);
	feedback = (CK_SP800_108_FEEDBACK_KDF_PARAMS){CKM_AES_CMAC, 4, list, 16, NULL, 0, NULL};
	s.mechanism = CKM_SP800_108_FEEDBACK_KDF;
	s.native = &feedback;
	s.native_len = sizeof feedback;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID); /* an IV of 16 bytes at NULL */
	feedback.ulIVLen = 0;
	ck_ok(scheme_run(&s, &value));
	s.native_len = sizeof params;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(prf_and_key_type)
{
	static const struct {
		CK_MECHANISM_TYPE prf;
		CK_KEY_TYPE type;
		size_t n;
		CK_RV rv;
	} pairs[] = {
		{CKM_AES_CMAC, CKK_AES, 32, CKR_OK},
		{CKM_AES_CMAC, CKK_DES3, 24, CKR_KEY_TYPE_INCONSISTENT},
		{CKM_AES_CMAC, CKK_GENERIC_SECRET, 16, CKR_KEY_TYPE_INCONSISTENT},
		{CKM_DES3_CMAC, CKK_DES3, 24, CKR_OK},
		{CKM_DES3_CMAC, CKK_DES2, 16, CKR_OK},
		{CKM_DES3_CMAC, CKK_AES, 16, CKR_KEY_TYPE_INCONSISTENT},
		{CKM_SHA_1_HMAC, CKK_GENERIC_SECRET, 5, CKR_OK},
		{CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32, CKR_OK},
		{CKM_SHA384_HMAC, CKK_HKDF, 32, CKR_OK},
		{CKM_SHA512_HMAC, CKK_SHA512_HMAC, 32, CKR_OK},
		{CKM_SHA256_HMAC, CKK_AES, 32, CKR_KEY_TYPE_INCONSISTENT},
	};
	struct scheme s;
	SECRET value = {0};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		start(&s);
		params.prfType = pairs[i].prf;
		s.base_type = pairs[i].type;
		s.base_len = pairs[i].n;
		memset(s.base, 0x0B, s.base_len);
		ck_rv(scheme_run(&s, &value), pairs[i].rv);
	}
}
END_TEST

/* Without type and length: a generic secret of one PRF output; DES3-CMAC's 8 bytes are too few. */
START_TEST(type_and_length_by_default)
{
	struct scheme s;
	SECRET value = {0};

	start(&s);
	s.request = (struct key_request){0};
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, CKK_GENERIC_SECRET);
	ck_assert_uint_eq(value.len, 16);
	params.prfType = CKM_DES3_CMAC;
	s.base_type = CKK_DES2;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

static CK_RV other(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	(void)d;
	ENSURE(handle == 77, CKR_KEY_HANDLE_INVALID);
	return secret_set(ret_value, "device", 7);
}

/* A key's value as a piece of the input, by handle. */
START_TEST(key_handle)
{
	struct scheme s;
	CK_OBJECT_HANDLE handle = 77;

	start(&s);
	list[1] = item(CK_SP800_108_KEY_HANDLE, &handle, sizeof handle);
	scheme_refused(&s, CKR_KEY_HANDLE_INVALID);
	s.other_key = other;
	scheme_expect(&s, "25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56");
	handle = 78;
	scheme_refused(&s, CKR_KEY_HANDLE_INVALID);
	list[1].ulValueLen = 4;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sp800_108");
	TCase *tc = tcase_create("sp800_108");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers_of_nist);
	tcase_add_test(tc, equals_device_key);
	tcase_add_test(tc, formats);
	tcase_add_test(tc, several_keys);
	tcase_add_test(tc, too_much_for_the_counter);
	tcase_add_test(tc, length_too_narrow);
	tcase_add_loop_test(tc, bad_parameters_are_refused, 0, SPOILT);
	tcase_add_test(tc, chained_modes);
	tcase_add_test(tc, prf_and_key_type);
	tcase_add_test(tc, type_and_length_by_default);
	tcase_add_test(tc, key_handle);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
