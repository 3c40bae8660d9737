/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sp800_108.c: the three KDFs of NIST SP 800-108 as PKCS#11 3.0 defines them (Current Mechanisms
 * Specification 2.42), in counter, feedback and double-pipeline mode.
 *
 * The parameter lists the pieces of the PRF's input in order. If the caller asks for several keys,
 * each key begins with a new PRF output, so that no two keys share an output.
 */
#include "sp800_108_answers.h"
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

const struct mechanism mech_sp800_108_counter_kdf = {
	.type = CKM_SP800_108_COUNTER_KDF,
	.form = FORM_POINTERS,
	.name = "CKM_SP800_108_COUNTER_KDF",
	.source = "SP 800-108r1 4.1",
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
	.form = FORM_POINTERS,
	.name = "CKM_SP800_108_FEEDBACK_KDF",
	.source = "SP 800-108r1 4.2",
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
	.form = FORM_POINTERS,
	.name = "CKM_SP800_108_DOUBLE_PIPELINE_KDF",
	.source = "SP 800-108r1 4.3",
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

const struct mechanism mech_flat_sp800_108_counter_kdf = {
	.type = CKM_SP800_108_COUNTER_KDF,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_SP800_108_COUNTER_KDF",
	.what = "key -> key",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.fields = sp800_108_flat_fields,
	.parse_flat = sp800_108_flat_counter,
	.derive = {.plan = plan, .value = derive_counter, .role = &role_leaf},
	.test = {.answers = counter_flat_answers},
};

const struct mechanism mech_flat_sp800_108_feedback_kdf = {
	.type = CKM_SP800_108_FEEDBACK_KDF,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_SP800_108_FEEDBACK_KDF",
	.what = "key -> key",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.fields = sp800_108_flat_feedback_fields,
	.parse_flat = sp800_108_flat_chained,
	.derive = {.plan = plan, .value = derive_feedback, .role = &role_leaf},
	.test = {.answers = feedback_flat_answers},
};

const struct mechanism mech_flat_sp800_108_double_pipeline_kdf = {
	.type = CKM_SP800_108_DOUBLE_PIPELINE_KDF,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_SP800_108_DOUBLE_PIPELINE_KDF",
	.what = "key -> key",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types,
	.fields = sp800_108_flat_fields,
	.parse_flat = sp800_108_flat_chained,
	.derive = {.plan = plan, .value = derive_pipeline, .role = &role_leaf},
	.test = {.answers = pipeline_flat_answers},
};
