/* SPDX-License-Identifier: Apache-2.0 */
/* use_stream.c: see use_stream.h. */
#include "calls/use_stream.h"

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
	return (struct found_counter){parameter_get(&p->further, KEYDIV_COUNTER), {0, 64}};
}

/* Return the number in the low BITS bits of VALUE. */
static uint64_t low_bits(struct bytes value, unsigned bits)
{
	uint64_t number = 0;

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

/* Append the field I of DERIVATION to RET, without the counter. */
static void put_field(
	const struct parameter *p, size_t i, struct counter_place place, struct use_stream *ret)
{
	struct bytes value = p->value[i];
	uint8_t *at = ret->bytes + ret->n;
	bool counts = p->fields[i].tag == place.tag;

	if (counts && place.bits == 8 * value.n)
		return;
	memcpy(at, value.p - HEAD, HEAD + value.n); /* tag and length stand before the value */
	if (counts)
		clear_low_bits(at + HEAD, value.n, place.bits);
	ret->n += HEAD + value.n;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t n)
{
	for (size_t i = n; i > 0; i--, number >>= 8)
		at[i - 1] = (uint8_t)number;
	return at + n;
}

/* Append what follows the fields. */
static void put_tail(const struct use_state *use, struct use_stream *ret)
{
	const struct use_parameter *p = &use->parameter;
	const struct mechanism *operation = p->operation;
	struct bytes initial = parameter_get(&p->derive, KEYDIV_INITIAL_KEY_LENGTH);
	uint8_t *at = ret->bytes + ret->n;

	at = put_number(at, p->derivation->type, 4);
	at = put_number(at,
		operation->operation.mac_general ? operation->operation.whole : operation->type, 4);
	at = put_number(at, use->d.type, 4);
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
	ret->counter = low_bits(counter.field, counter.place.bits);
	ret->n = 0;
	for (size_t i = 0; i < p->derive.count; i++)
		if (p->derive.value[i].p != NULL &&
			p->derive.fields[i].tag != KEYDIV_INITIAL_KEY_LENGTH)
			put_field(&p->derive, i, counter.place, ret);
	put_tail(use, ret);
	return CKR_OK;
}
