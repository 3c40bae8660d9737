/* SPDX-License-Identifier: Apache-2.0 */
/* mechanism.c: the registry, the parameter parser and the default plan, see mechanism.h. */
#include "mechanism.h"

#define MECHANISM(name) extern const struct mechanism mech_##name;
#include "list.h"
#undef MECHANISM

#define MECHANISM(name) &mech_##name,
const struct mechanism *const mechanisms[] = {
#include "list.h"
	NULL,
};
#undef MECHANISM

const size_t mechanism_count = sizeof mechanisms / sizeof mechanisms[0] - 1;

const CK_KEY_TYPE key_types_aes[] = {CKK_AES, KEY_TYPES_END};
const CK_KEY_TYPE key_types_tdes[] = {CKK_DES2, CKK_DES3, KEY_TYPES_END};
const CK_KEY_TYPE key_types_hmac[] = {CKK_GENERIC_SECRET, CKK_SHA_1_HMAC, CKK_SHA224_HMAC,
	CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_HMAC, CKK_HKDF, KEY_TYPES_END};

/*
 * --- Lookup ---
 *
 * The table is an open hash table with one byte for each place. A constructor fills the table when
 * the module is loaded, before any call, and mechanisms_offer fills the table again. A mechanism
 * that is not offered is not in the table, so no call can find the mechanism.
 */

#define PLACES 256 /* a power of two, more than twice the number of mechanisms */
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0] - 1)

_Static_assert(MECHANISMS <= PLACES / 2, "more mechanisms need more places");

/* 1 + index into mechanisms[], 0 for a free place: the offered mechanisms, and all mechanisms. */
static uint8_t offered_places[PLACES], all_places[PLACES];
static CK_MECHANISM_TYPE number[MECHANISMS]; /* mechanism_number() of mechanisms[i] */
static bool only_flat;

static unsigned hash(CK_MECHANISM_TYPE type)
{
	return (unsigned)((type * UINT64_C(0x9E3779B97F4A7C15)) >> 56) & (PLACES - 1);
}

bool mechanism_offered(const struct mechanism *mech)
{
	return !only_flat || mech->form != FORM_POINTERS;
}

static void put_in(uint8_t places[PLACES], size_t index)
{
	unsigned h = hash(number[index]);

	while (places[h] != 0)
		h = (h + 1) & (PLACES - 1);
	places[h] = (uint8_t)(index + 1);
}

static void offer(void)
{
	memset(offered_places, 0, sizeof offered_places);
	for (size_t i = 0; i < MECHANISMS; i++)
		if (mechanism_offered(mechanisms[i]))
			put_in(offered_places, i);
}

__attribute__((constructor)) static void fill_places(void)
{
	for (size_t i = 0; i < MECHANISMS; i++) {
		number[i] = mechanism_number(mechanisms[i]);
		put_in(all_places, i);
	}
	offer();
}

bool parameters_flat(void)
{
	return only_flat;
}

void mechanisms_offer(bool flat)
{
	if (flat == only_flat)
		return; /* the table is not written to while a late call of another thread reads */
	only_flat = flat;
	offer();
}

static inline const struct mechanism *look_up(
	const uint8_t places[PLACES], CK_MECHANISM_TYPE wanted, size_t *ret_index)
{
	for (unsigned h = hash(wanted); places[h] != 0; h = (h + 1) & (PLACES - 1)) {
		size_t index = places[h] - 1u;
		if (number[index] == wanted) {
			*ret_index = index;
			return mechanisms[index];
		}
	}
	return NULL;
}

const struct mechanism *mechanism_look_up(CK_MECHANISM_TYPE wanted, size_t *ret_index)
{
	return look_up(offered_places, wanted, ret_index);
}

const struct mechanism *mechanism_look_up_any(CK_MECHANISM_TYPE wanted, size_t *ret_index)
{
	return look_up(all_places, wanted, ret_index);
}

const struct mechanism *mechanism_find(CK_MECHANISM_TYPE wanted)
{
	size_t index;

	return mechanism_look_up(wanted, &index);
}

bool mechanism_takes(const struct mechanism *mech, CK_KEY_TYPE type)
{
	if (mech->key_types == NULL)
		return false;
	for (const CK_KEY_TYPE *t = mech->key_types; *t != KEY_TYPES_END; t++)
		if (*t == type)
			return true;
	return false;
}

/* --- Parameters --- */

/* Note that FIELD is absent. */
static inline CK_RV skip_field(const struct field *field, struct bytes *ret)
{
	ENSURE(!field->required, CKR_MECHANISM_PARAM_INVALID);
	*ret = bytes_of(NULL, 0);
	return CKR_OK;
}

/*
 * Read one field at P..END into field *INDEX of the mechanism or a later one. Move *P
 * past the field.
 */
static inline CK_RV parse_field(
	struct parameter *ret, const uint8_t **p, const uint8_t *end, size_t *index)
{
	ENSURE(end - *p >= 3, CKR_MECHANISM_PARAM_INVALID);
	uint8_t tag = (*p)[0];
	size_t length = get_be16(*p + 1);

	/*
	 * Tags ascend in the mechanism's list as in the parameter. Skipping the fields that are
	 * absent finds a tag, or shows that the tag does not belong. Tag 0 ends the list.
	 */
	for (; ret->fields[*index].tag != tag; (*index)++) {
		ENSURE(ret->fields[*index].tag != 0, CKR_MECHANISM_PARAM_INVALID);
		TRY(skip_field(&ret->fields[*index], &ret->value[*index]));
	}
	ENSURE(tag != 0, CKR_MECHANISM_PARAM_INVALID);

	const struct field *field = &ret->fields[*index];
	ENSURE(length >= field->min && length <= field->max, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(length <= (size_t)(end - *p) - 3, CKR_MECHANISM_PARAM_INVALID);
	ret->value[*index] = bytes_of(*p + 3, length);
	*p += 3 + length;
	(*index)++;
	return CKR_OK;
}

CK_RV fields_parse(const struct field *fields, struct bytes encoded, struct parameter *ret)
{
	const uint8_t *p = encoded.p, *end = encoded.p + encoded.n;
	size_t index = 0;

	ret->fields = fields;
	ret->encoded = encoded;
	while (p < end)
		TRY(parse_field(ret, &p, end, &index));
	for (; ret->fields[index].tag != 0; index++)
		TRY(skip_field(&ret->fields[index], &ret->value[index]));
	ret->count = index;
	return CKR_OK;
}

CK_RV parameter_parse(
	const struct mechanism *mech, const uint8_t *encoded, size_t n, struct parameter *ret)
{
	ENSURE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID);
	TRY(fields_parse(mech->fields, bytes_of(encoded, n), ret));
	return mech->check ? mech->check(ret) : CKR_OK;
}

CK_RV parameter_parse_flat(const struct mechanism *mech, const uint8_t *encoded, size_t n,
	struct parameter *ret, void *out)
{
	TRY(parameter_parse(mech, encoded, n, ret));
	return mech->parse_flat(ret, out);
}

struct bytes parameter_get(const struct parameter *p, uint8_t tag)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->fields[i].tag == tag)
			return p->value[i];
	return bytes_of(NULL, 0);
}

struct bytes parameter_span(const struct parameter *p, uint8_t first, uint8_t last)
{
	struct bytes span = {NULL, 0};

	for (size_t i = 0; i < p->count; i++) {
		struct bytes value = p->value[i];
		if (value.p == NULL || p->fields[i].tag < first || p->fields[i].tag > last)
			continue;
		if (span.p == NULL)
			span.p = value.p - 3; /* tag and length stand before the value */
		span.n = (size_t)(value.p + value.n - span.p);
	}
	return span;
}

/* --- Plans --- */

#define AES128 16          /* bytes */
#define FREE_LENGTH_MIN 16 /* of types without lengths of their own */
#define FREE_LENGTH_MAX 64

CK_RV derive_check_length(const struct key_type *t, size_t length)
{
	bool fits = t->length[0].bytes != 0
			    ? key_type_lists(t, length)
			    : length >= FREE_LENGTH_MIN && length <= FREE_LENGTH_MAX;

	ENSURE(fits, CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

CK_RV derive_plan_as(
	struct derivation *d, const struct key_request *request, CK_KEY_TYPE type, size_t length)
{
	d->object_class = CKO_SECRET_KEY;
	d->type = request->has_type ? request->type : type;
	const struct key_type *t = key_type_find(d->type);
	ENSURE(t != NULL && !t->state, CKR_TEMPLATE_INCONSISTENT);
	size_t only = key_type_only_length(t);
	d->length = request->has_length ? request->length : only != 0 ? only : length;
	return derive_check_length(t, d->length);
}

CK_RV derive_plan_default(struct derivation *d, const struct key_request *request)
{
	return derive_plan_as(d, request, key_type(d->base), key_length(d->base));
}

CK_RV derive_plan_only(
	struct derivation *d, const struct key_request *request, CK_KEY_TYPE type, size_t length)
{
	TRY(derive_plan_as(d, request, type, length));
	REQUIRE(d->type == type, CKR_TEMPLATE_INCONSISTENT,
		"the mechanism derives a key of another type");
	REQUIRE(d->length == length, CKR_KEY_SIZE_RANGE,
		"the mechanism derives a key of another length");
	return CKR_OK;
}

CK_RV derive_plan_aes128(struct derivation *d, const struct key_request *request)
{
	REQUIRE(key_length(d->base) == AES128, CKR_KEY_SIZE_RANGE,
		"the mechanism takes AES keys of 16 bytes only");
	return derive_plan_only(d, request, CKK_AES, AES128);
}

CK_RV derive_value(struct derivation *d, struct secret *ret_value)
{
	TRY(d->mechanism->derive.value(d, ret_value));
	ENSURE(ret_value->len >= d->length, CKR_FUNCTION_FAILED);
	if (key_type_has_parity(d->type) && !d->mechanism->derive.keeps_parity)
		des_set_odd_parity(secret_bytes(ret_value), d->length);
	return CKR_OK;
}
