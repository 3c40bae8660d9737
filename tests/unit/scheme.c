/* SPDX-License-Identifier: Apache-2.0 */
/* scheme.c: see scheme.h. */
#include "scheme.h"

#include <ctype.h>

#define KEYS 4

static struct key *keys[KEYS];

void scheme_set_up(void)
{
	ck_ok(crypto_start());
	for (unsigned i = 0; i < KEYS; i++) {
		keys[i] = key_new();
		ck_assert_ptr_nonnull(keys[i]);
	}
}

void scheme_tear_down(void)
{
	for (unsigned i = 0; i < KEYS; i++)
		key_free(keys[i]);
	crypto_stop();
}

struct key *scheme_key(unsigned i)
{
	return keys[i];
}

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = strlen(hex) / 2;

	ck_assert_msg(n <= room && hex_decode(hex, out, n), "not hexadecimal: %s", hex);
	return n;
}

void scheme_start(
	struct scheme *s, CK_MECHANISM_TYPE mechanism, CK_KEY_TYPE base_type, const char *hex)
{
	memset(s, 0, sizeof *s);
	s->mechanism = mechanism;
	s->base_type = base_type;
	s->base_len = from_hex(hex, s->base, sizeof s->base);
	keydiv_start(&s->parameter);
}

void scheme_want(struct scheme *s, CK_KEY_TYPE type, size_t length)
{
	s->request = (struct key_request){true, length != 0, CKO_SECRET_KEY, type, length};
}

void scheme_put_hex(struct scheme *s, uint8_t tag, const char *hex)
{
	uint8_t value[4096];

	keydiv_put(&s->parameter, tag, value, from_hex(hex, value, sizeof value));
}

void scheme_put_text(struct scheme *s, uint8_t tag, const char *text)
{
	keydiv_put(&s->parameter, tag, text, strlen(text));
}

static CK_RV parse(struct scheme *s, const struct mechanism *row, struct derivation *d,
	struct parameter *p, void *native)
{
	static uint8_t heap[PARAMETER_MAX];
	size_t used = 0;

	CK_MECHANISM caller = keydiv_mechanism(s->mechanism, &s->parameter);
	if (row->parse_native) {
		caller.pParameter = (void *)(uintptr_t)s->native;
		caller.ulParameterLen = s->native_len;
		d->native = native;
		return row->parse_native(&caller, native, heap, &used);
	}
	d->parameter = p;
	d->native = native;
	if (row->form == FORM_FLAT)
		return parameter_parse_flat(
			row, caller.pParameter, caller.ulParameterLen, p, native);
	return parameter_parse(row, caller.pParameter, caller.ulParameterLen, p);
}

CK_RV scheme_run(struct scheme *s, struct secret *ret)
{
	const struct mechanism *row = mechanism_find(s->mechanism);
	_Alignas(16) uint8_t native[NATIVE_MAX];
	struct parameter p;
	SECRET released = {0};

	ck_assert_ptr_nonnull(row);
	struct derivation d = {.mechanism = row,
		.usage = s->usage,
		.scratch = {keys[1], keys[2]},
		.more = s->more,
		.more_count = s->more_count,
		.other_key = s->other_key};
	TRY(parse(s, row, &d, &p, native));
	if (row->key_types != NULL) {
		TRY(key_load(keys[0], s->base_type, s->base, s->base_len));
		ENSURE(mechanism_takes(row, s->base_type), CKR_KEY_TYPE_INCONSISTENT);
		d.base = keys[0];
	}
	if (row->derive.state != NULL)
		d.state_key_length = s->base[3];
	TRY(row->derive.plan ? row->derive.plan(&d, &s->request)
			     : derive_plan_default(&d, &s->request));
	if (row->derive.state != NULL) {
		TRY(row->derive.state->advance(&d, s->base, s->base_len, &released));
		TRY(key_load(d.scratch[0], row->derive.state->released, secret_peek(&released),
			released.len));
	}
	TRY(derive_value(&d, ret));
	s->type = d.type;
	s->length = d.length;
	s->number = d.number;
	return CKR_OK;
}

void scheme_expect(struct scheme *s, const char *hex)
{
	uint8_t expected[SECRET_MAX];
	char text[2 * SECRET_MAX + 1], wanted_text[2 * SECRET_MAX + 1];
	size_t n = from_hex(hex, expected, sizeof expected);
	SECRET value = {0};

	ck_ok(scheme_run(s, &value));
	if (s->type == CKK_DES2 || s->type == CKK_DES3)
		des_set_odd_parity(expected, n);
	hex_encode(expected, n, wanted_text);
	hex_encode(secret_peek(&value), value.len, text);
	ck_assert_str_eq(text, wanted_text);
}

void scheme_refused(struct scheme *s, CK_RV rv)
{
	SECRET value = {0};

	ck_rv(scheme_run(s, &value), rv);
}

CK_RV scheme_read_answer(const struct mechanism *mech, size_t i, struct derivation *d)
{
	static uint8_t encoded[PARAMETER_MAX], heap[PARAMETER_MAX];
	static _Alignas(16) uint8_t native[NATIVE_MAX];
	static struct parameter parameter;
	size_t used = 0;

	if (mech->parse_native != NULL) {
		struct bytes given = mech->test.native_answers[i];
		CK_MECHANISM caller = {mech->type, (void *)(uintptr_t)given.p, given.n};
		d->native = native;
		return mech->parse_native(&caller, native, heap, &used);
	}
	size_t n = strlen(mech->test.answers[i].parameter) / 2;
	ck_assert(hex_decode(mech->test.answers[i].parameter, encoded, n));
	d->parameter = &parameter;
	d->native = native;
	return mech->form == FORM_FLAT ? parameter_parse_flat(mech, encoded, n, &parameter, native)
				       : parameter_parse(mech, encoded, n, &parameter);
}
