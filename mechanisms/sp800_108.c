/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sp800_108.c: the three KDFs of NIST SP 800-108 as PKCS#11 3.0 defines them (Current Mechanisms
 * Specification 2.42), in counter, feedback and double-pipeline mode.
 *
 * The parameter lists the pieces of the PRF's input in order. If the caller asks for several keys,
 * each key begins with a new PRF output, so that no two keys share an output.
 */
#include "sp800_108_parameter.h"

static size_t more_keys(const void *parsed, const CK_DERIVED_KEY **ret_asked)
{
	const struct sp800_108_parameter *native = parsed;

	*ret_asked = native->more;
	return native->more_count;
}

/* --- Planning --- */

/* Return true if PRF takes KEY. CMAC takes keys of its cipher. HMAC takes generic and HMAC keys. */
static bool fits(CK_MECHANISM_TYPE prf, const struct key *key)
{
	if (prf == CKM_AES_CMAC)
		return key_block_size(key) == 16;
	return key_block_size(key) == (prf == CKM_DES3_CMAC ? 8 : 0);
}

/*
 * Plan a generic secret if the template has no type, one PRF output if the template has no length.
 */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	const struct sp800_108_parameter *native = d->native;

	ENSURE(fits(native->prf_type, d->base), CKR_KEY_TYPE_INCONSISTENT);
	return derive_plan_as(d, request, CKK_GENERIC_SECRET, mac_length(native->prf, d->base));
}

/* --- Deriving --- */

/* The PRF's input while it is built. */
struct input {
	struct secret text;
	size_t n;
	size_t keys; /* bytes of text that are values of keys */
};

static CK_RV append(struct input *in, const void *p, size_t n)
{
	ENSURE(n <= in->text.len - in->n, CKR_MECHANISM_PARAM_INVALID);
	if (n > 0)
		memcpy(secret_bytes(&in->text) + in->n, p, n);
	in->n += n;
	return CKR_OK;
}

/* Append VALUE in the width of FORMAT. VALUE must fit. */
static CK_RV append_number(struct input *in, uint64_t value, const struct sp800_108_item *format)
{
	uint8_t bytes[8];

	ENSURE(format->width == 8 || value >> (8 * format->width) == 0,
		CKR_MECHANISM_PARAM_INVALID);
	for (unsigned i = 0; i < format->width; i++)
		bytes[format->little_endian ? i : format->width - 1u - i] =
			(uint8_t)(value >> (8 * i));
	return append(in, bytes, format->width);
}

static CK_RV append_key(struct derivation *d, struct input *in, CK_OBJECT_HANDLE handle)
{
	SECRET value = {0};

	ENSURE(d->other_key != NULL, CKR_KEY_HANDLE_INVALID);
	TRY(d->other_key(d, handle, &value));
	in->keys += value.len;
	return append(in, secret_peek(&value), value.len);
}

/* The values that one run of the KDF needs beside its parameter. */
struct run {
	size_t prf_length;
	uint64_t keys_bits, segments_bits; /* the two definitions of L */
	bool counter_mode;
	struct input input;
};

static void run_wipe(struct run *run)
{
	secret_wipe(&run->input.text);
}

/*
 * Check that the input IN of block I is not one key alone. An HMAC of a key alone is what HKDF
 * extracts from this key, and the key that HKDF extracts may only derive.
 */
static CK_RV check_not_extracted(struct derivation *d, const struct input *in, uint32_t i)
{
	const struct sp800_108_parameter *native = d->native;
	bool key = false;

	if (i != 1 || fits(CKM_AES_CMAC, d->base) || fits(CKM_DES3_CMAC, d->base))
		return CKR_OK;
	for (size_t k = 0; k < native->count; k++)
		key |= native->items[k].type == CK_SP800_108_KEY_HANDLE;
	REQUIRE(!key || in->n > in->keys, CKR_MECHANISM_PARAM_INVALID,
		"the data must have a byte beside the key");
	return CKR_OK;
}

/*
 * Build the input for block I with CHAINED as iteration variable. I == 0 stands for A(0) of the
 * double pipeline, which has only the fixed pieces.
 */
static CK_RV compose(struct derivation *d, struct run *run, uint32_t i, struct bytes chained)
{
	const struct sp800_108_parameter *native = d->native;
	struct input *in = &run->input;

	in->n = in->keys = 0;
	for (const struct sp800_108_item *item = native->items;
		item < native->items + native->count; item++)
		switch (item->type) {
		case CK_SP800_108_ITERATION_VARIABLE:
			if (run->counter_mode)
				TRY(append_number(in, i, item));
			else
				TRY(append(in, chained.p, chained.n));
			break;
		case CK_SP800_108_OPTIONAL_COUNTER:
			if (i > 0)
				TRY(append_number(in, i, item));
			break;
		case CK_SP800_108_DKM_LENGTH:
			TRY(append_number(
				in, item->segments ? run->segments_bits : run->keys_bits, item));
			break;
		case CK_SP800_108_BYTE_ARRAY:
			TRY(append(in, item->bytes.p, item->bytes.n));
			break;
		default:
			TRY(append_key(d, in, item->handle));
		}
	return check_not_extracted(d, in, i);
}

static CK_RV prf(struct derivation *d, const struct input *in, uint8_t *out)
{
	const struct sp800_108_parameter *native = d->native;

	return key_mac(d->base, native->prf, secret_peek(&in->text), in->n, out);
}

/* Place the keys, each at the start of a PRF output. RET_TOTAL is the length of all outputs. */
static CK_RV lay_out(struct derivation *d, struct run *run, size_t *ret_total)
{
	const struct sp800_108_parameter *native = d->native;
	size_t h = run->prf_length, at = (d->length + h - 1) / h * h, end = d->length,
	       keys = d->length;

	for (size_t i = 0; i < d->more_count; i++) {
		d->more[i].offset = at;
		end = at + d->more[i].length;
		keys += d->more[i].length;
		at += (d->more[i].length + h - 1) / h * h;
	}
	ENSURE(at <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	ENSURE(native->counter_width == SP800_108_NO_COUNTER ||
			(uint64_t)(at / h) >> (8 * native->counter_width) == 0,
		CKR_KEY_SIZE_RANGE); /* SP 800-108, n > 2^r - 1 */
	run->keys_bits = 8 * (uint64_t)keys;
	run->segments_bits = 8 * (uint64_t)(d->more_count > 0 ? at : d->length);
	*ret_total = end;
	return CKR_OK;
}

/*
 * Compute the chained value before block I into CHAIN. This is A(i) of the double pipeline.
 * Feedback mode already has K(i - 1) there.
 */
static CK_RV next_a(struct derivation *d, struct run *run, uint32_t i, struct secret *chain)
{
	SECRET a = {0};

	TRY(secret_resize(&a, KEY_MAC_MAX));
	if (i == 1)
		TRY(compose(d, run, 0, bytes_of(NULL, 0)));
	else {
		run->input.n = 0;
		TRY(append(&run->input, secret_peek(chain), chain->len));
	}
	TRY(prf(d, &run->input, secret_bytes(&a)));
	return secret_set(chain, secret_peek(&a), run->prf_length);
}

static CK_RV run_kdf(
	struct derivation *d, bool counter_mode, bool pipeline, struct secret *ret_value)
{
	const struct sp800_108_parameter *native = d->native;
	__attribute__((cleanup(run_wipe))) struct run run = {.counter_mode = counter_mode};
	SECRET chain = {0};
	SECRET block = {0};
	size_t total = 0;

	run.prf_length = mac_length(native->prf, d->base);
	TRY(lay_out(d, &run, &total));
	TRY(secret_resize(&run.input.text, SECRET_MAX));
	TRY(secret_resize(&block, KEY_MAC_MAX));
	TRY(secret_resize(ret_value, total));
	TRY(secret_set(&chain, native->iv.p, native->iv.n));
	for (size_t done = 0, i = 1; done < total; done += run.prf_length, i++) {
		if (pipeline)
			TRY(next_a(d, &run, (uint32_t)i, &chain));
		TRY(compose(d, &run, (uint32_t)i, bytes_of(secret_peek(&chain), chain.len)));
		TRY(prf(d, &run.input, secret_bytes(&block)));
		memcpy(secret_bytes(ret_value) + done, secret_peek(&block),
			total - done < run.prf_length ? total - done : run.prf_length);
		if (!counter_mode && !pipeline)
			TRY(secret_set(&chain, secret_peek(&block), run.prf_length));
	}
	return CKR_OK;
}

static CK_RV derive_counter(struct derivation *d, struct secret *ret_value)
{
	return run_kdf(d, true, false, ret_value);
}

static CK_RV derive_feedback(struct derivation *d, struct secret *ret_value)
{
	return run_kdf(d, false, false, ret_value);
}

static CK_RV derive_pipeline(struct derivation *d, struct secret *ret_value)
{
	return run_kdf(d, false, true, ret_value);
}

/* --- The mechanisms --- */

static const CK_KEY_TYPE key_types[] = {CKK_AES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET,
	CKK_SHA_1_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_HMAC,
	CKK_HKDF, KEY_TYPES_END};

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

const struct mechanism mech_sp800_108_counter_kdf = {
	.type = CKM_SP800_108_COUNTER_KDF,
	.name = "CKM_SP800_108_COUNTER_KDF",
	.scheme = "sp800-108",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.parse_native = sp800_108_parse_counter,
	.derive = {.plan = plan,
		.value = derive_counter,
		.more_keys = more_keys,
		.role = &role_leaf},
	.test = {.answers = counter_answers, .native_answers = counter_native},
};

const struct mechanism mech_sp800_108_feedback_kdf = {
	.type = CKM_SP800_108_FEEDBACK_KDF,
	.name = "CKM_SP800_108_FEEDBACK_KDF",
	.scheme = "sp800-108",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.parse_native = sp800_108_parse_feedback,
	.derive = {.plan = plan,
		.value = derive_feedback,
		.more_keys = more_keys,
		.role = &role_leaf},
	.test = {.answers = feedback_answers, .native_answers = feedback_native},
};

const struct mechanism mech_sp800_108_double_pipeline_kdf = {
	.type = CKM_SP800_108_DOUBLE_PIPELINE_KDF,
	.name = "CKM_SP800_108_DOUBLE_PIPELINE_KDF",
	.scheme = "sp800-108",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.parse_native = sp800_108_parse_pipeline,
	.derive = {.plan = plan,
		.value = derive_pipeline,
		.more_keys = more_keys,
		.role = &role_leaf},
	.test = {.answers = pipeline_answers, .native_answers = pipeline_native},
};
