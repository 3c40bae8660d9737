/* SPDX-License-Identifier: Apache-2.0 */
/* self_test.c: run the known answers of a mechanism. */
#include "self_test.h"

/* Room for the parameter of one answer, as fields and as a struct of PKCS#11. */
struct bench {
	uint8_t encoded[PARAMETER_MAX];
	uint8_t heap[PARAMETER_MAX];
	_Alignas(max_align_t) uint8_t native[NATIVE_MAX];
	struct parameter parameter;
};

CK_RV self_test_hex(const char *hex, uint8_t *out, size_t room, size_t *ret_n)
{
	size_t n = hex == NULL ? 0 : strlen(hex) / 2;

	ENSURE(n <= room && (n == 0 || hex_decode(hex, out, n)), CKR_FUNCTION_FAILED);
	*ret_n = n;
	return CKR_OK;
}

static CK_RV read_parameter(
	const struct known_answer *answer, struct derivation *d, struct bench *bench)
{
	const struct bytes *native = d->mechanism->test.native_answers;
	const struct mechanism *mech = d->mechanism;
	size_t n = 0;

	if (mech->parse_native) {
		native += answer - mech->test.answers;
		CK_MECHANISM caller = {mech->type, (void *)(uintptr_t)native->p, native->n};
		d->native = bench->native;
		return mech->parse_native(&caller, bench->native, bench->heap, &n);
	}
	if (mech->fields) {
		TRY(self_test_hex(answer->parameter, bench->encoded, sizeof bench->encoded, &n));
		d->parameter = &bench->parameter;
		d->native = mech->parse_flat ? bench->native : NULL;
		return mech->parse_flat
			       ? parameter_parse_flat(
					 mech, bench->encoded, n, &bench->parameter, bench->native)
			       : parameter_parse(mech, bench->encoded, n, &bench->parameter);
	}
	return CKR_OK;
}

/*
 * Advance the state of the base, as C_DeriveKey does, and load the released key where derive.value
 * expects the key.
 */
static CK_RV advance(struct derivation *d, struct secret *state)
{
	const struct state_kind *kind = d->mechanism->derive.state;
	SECRET released = {0};

	TRY(kind->advance(d, secret_bytes(state), state->len, &released));
	return key_load(d->scratch[0], kind->released, secret_peek(&released), released.len);
}

static CK_RV run_answer(const struct known_answer *answer, struct derivation *d, bool flip)
{
	struct bench bench;
	SECRET base = {0};
	SECRET expected = {0};
	SECRET value = {0};
	size_t n;

	TRY(secret_resize(&base, strlen(answer->base) / 2));
	TRY(self_test_hex(answer->base, secret_bytes(&base), base.len, &n));
	TRY(secret_resize(&expected, strlen(answer->result) / 2));
	TRY(self_test_hex(answer->result, secret_bytes(&expected), expected.len, &n));
	if (d->base != NULL)
		TRY(key_load(d->base, answer->base_type, secret_peek(&base), base.len));
	TRY(read_parameter(answer, d, &bench));

	struct key_request request = {true, true, CKO_SECRET_KEY, answer->type, expected.len};
	if (key_type_is_state(answer->type))
		request.has_length = false; /* a state has no length in the template */
	if (answer->type == CK_UNAVAILABLE_INFORMATION) { /* a data object */
		request.has_type = false;
		request.object_class = CKO_DATA;
	}
	TRY(d->mechanism->derive.plan ? d->mechanism->derive.plan(d, &request)
				      : derive_plan_default(d, &request));
	if (d->mechanism->derive.state)
		TRY(advance(d, &base));
	TRY(derive_value(d, &value));

	secret_bytes(&expected)[0] ^= flip;
	ENSURE(value.len == expected.len &&
			secret_equal(secret_peek(&value), secret_peek(&expected), value.len),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV run_answers(
	const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], int flip_answer)
{
	ENSURE(mech->test.answers != NULL && mech->test.answers[0].base != NULL,
		CKR_FUNCTION_FAILED);
	for (int i = 0; mech->test.answers[i].base != NULL; i++) {
		struct derivation d = {.mechanism = mech, .scratch = {keys[1], keys[2]}};
		if (mech->info.flags & CKF_DERIVE)
			d.base = keys[0];
		if (mech->test.usages != NULL)
			d.usage = mech->test.usages[i];
		TRY(run_answer(&mech->test.answers[i], &d, i == flip_answer));
	}
	return CKR_OK;
}

CK_RV mechanism_self_test(
	const struct mechanism *mech, struct key *keys[SELF_TEST_KEYS], int flip_answer)
{
	CK_RV rv = mech->test.run ? mech->test.run(mech, keys, flip_answer >= 0)
				  : run_answers(mech, keys, flip_answer);

	for (size_t i = 0; i < SELF_TEST_KEYS; i++)
		key_unload(keys[i]);
	return rv == CKR_OK || rv == CKR_HOST_MEMORY ? rv : CKR_FUNCTION_FAILED;
}
