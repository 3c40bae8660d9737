/* SPDX-License-Identifier: Apache-2.0 */
/* use_stream.c: see use_stream.h. */
#include "calls/use_stream.h"

#include "key/key.h"
#include "operation_fields.h"

#define HEAD 3 /* tag and length */
#define INCOMING 1
#define OUTGOING 2

/* The counter of a parameter. A COUNTER that is a nonce is whole, so no part of it remains. */
struct found_counter {
	struct bytes field; /* p == NULL: there is none */
	struct counter_place place;
};

static struct found_counter find_counter(const struct use_parameter *p)
{
	struct counter_place place = p->derivation->derive.counter;

	if (place.tag != 0)
		return (struct found_counter){parameter_get(&p->derive, place.tag), place};
	return (struct found_counter){parameter_get(&p->further, KEYDIV_COUNTER), {.bits = 64}};
}

/* Return the number at PLACE of VALUE. */
static uint64_t number_of(struct bytes value, struct counter_place place)
{
	unsigned bits = place.bits;
	uint64_t number = 0;

	if (place.lsb_first) {
		for (size_t i = value.n; i > 0; i--)
			number = number << 8 | value.p[i - 1];
		return number;
	}
	for (size_t i = value.n > 8 ? value.n - 8 : 0; i < value.n; i++)
		number = number << 8 | value.p[i];
	return bits < 64 ? number & ((UINT64_C(1) << bits) - 1) : number;
}

/* Clear the low BITS bits of the N bytes at P. */
static void clear_low_bits(uint8_t *p, size_t n, unsigned bits)
{
	for (; bits >= 8; bits -= 8)
		p[--n] = 0;
	if (bits > 0)
		p[n - 1] &= (uint8_t)(0xff << bits);
}

/* Append the field I of DERIVATION to RET, without the counter and what the key ignores. */
static void put_field(
	const struct parameter *p, size_t i, struct counter_place place, struct use_stream *ret)
{
	struct bytes value = p->value[i];
	uint8_t *at = ret->bytes + ret->n;
	uint8_t tag = p->fields[i].tag;
	bool counts = tag == place.tag;

	if (counts && place.bits == 8 * value.n)
		return;
	if (tag == place.of && parameter_get(p, place.with).p == NULL)
		return;
	memcpy(at, value.p - HEAD, HEAD + value.n); /* tag and length stand before the value */
	if (counts) {
		clear_low_bits(at + HEAD, value.n, place.bits);
		memset(at + HEAD, 0, place.unused);
	}
	ret->n += HEAD + value.n;
}

static void put_fields(
	const struct parameter *p, struct counter_place place, struct use_stream *ret)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->value[i].p != NULL && p->fields[i].tag != KEYDIV_INITIAL_KEY_LENGTH)
			put_field(p, i, place, ret);
}

/*
 * Append a check value of the derived key to RET. Messages whose COUNTER is the nonce have one key,
 * and some schemes make one key of different fields: n-fold, leading zeros of a PAN.
 */
static CK_RV put_key(const struct use_state *use, struct use_stream *ret)
{
	static const uint8_t text[] = "keydiv stream of a key";
	uint8_t check[KEY_BLOCK_MAX];

	TRY(key_cmac(use->key, text, sizeof text, check));
	memcpy(ret->bytes, check, sizeof check);
	ret->n = sizeof check;
	wipe(check, sizeof check);
	return CKR_OK;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t n)
{
	for (size_t i = n; i > 0; i--, number >>= 8)
		at[i - 1] = (uint8_t)number;
	return at + n;
}

/* Return the type of the derived key. A generic secret has the value of the HMAC's own type. */
static CK_KEY_TYPE type_of(const struct use_state *use)
{
	const struct key_type *type = key_type_find(use->d.type);
	bool generic = type != NULL && type->use == KEYDIV_USE_GENERIC;

	return generic ? use->parameter.operation->key_types[0] : use->d.type;
}

/* Append what follows the fields. BY_KEY: the key alone says how the key was derived. */
static void put_tail(const struct use_state *use, bool by_key, struct use_stream *ret)
{
	const struct use_parameter *p = &use->parameter;
	const struct mechanism *operation = p->operation;
	struct bytes initial = parameter_get(&p->derive, KEYDIV_INITIAL_KEY_LENGTH);
	uint8_t *at = ret->bytes + ret->n;

	at = put_number(at, by_key ? 0 : p->derivation->type, 4);
	at = put_number(at,
		operation->operation.mac_general ? operation->operation.whole : operation->type, 4);
	at = put_number(at, type_of(use), 4);
	at = put_number(at, use->d.length, 2);
	at = put_number(at, initial.p != NULL ? initial.p[0] : key_length(use->d.base), 2);
	*at = use->incoming ? INCOMING : OUTGOING;
	ret->n += USE_STREAM_TAIL;
}

CK_RV use_stream(const struct use_state *use, struct use_stream *ret)
{
	const struct use_parameter *p = &use->parameter;
	struct found_counter counter = find_counter(p);
	bool has_tag = p->operation->operation.mac != MAC_NONE ||
		       p->operation->operation.inputs->tag_max != 0;

	REQUIRE(counter.field.p != NULL, CKR_MECHANISM_PARAM_INVALID,
		"the parameter has no counter, which the master's CKA_KEYDIV_WINDOW needs");
	REQUIRE(has_tag, CKR_MECHANISM_PARAM_INVALID,
		"OPERATION has no MAC or tag, which the master's CKA_KEYDIV_WINDOW needs");
	ENSURE(p->derive.encoded.n <= USE_STREAM_MAX - USE_STREAM_TAIL,
		CKR_MECHANISM_PARAM_INVALID);
	ret->counter = number_of(counter.field, counter.place);
	ret->n = 0;
	bool by_key = counter.place.tag == 0;
	if (by_key)
		TRY(put_key(use, ret));
	else
		put_fields(&p->derive, counter.place, ret);
	put_tail(use, by_key, ret);
	return CKR_OK;
}
