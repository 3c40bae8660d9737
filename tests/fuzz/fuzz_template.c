/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_template.c: put templates through every plan. A template is an array of CK_ATTRIBUTE from a
 * caller, with nested arrays and wrong lengths, or an encoded template from the store.
 */
#include "fuzz.h"

#include "mechanism.h"
#include "object/attribute.h"
#include "object/template.h"
#include "policy/plan.h"
#include "template.h"

#define ATTRIBUTES_MAX 40
#define BUFFERS_MAX 400

static void *buffers[BUFFERS_MAX];
static size_t buffers_used;
static struct key *scratch;
static struct object base, wrapper;

static CK_RV make(CK_ATTRIBUTE *t, CK_ULONG n, struct object *ret)
{
	struct rights rights = {.user = true, .read_write = true};
	struct template parsed;
	CK_RV rv = template_parse(t, n, &parsed);

	if (rv == CKR_OK)
		rv = plan_create(&parsed, &rights, ret);
	template_wipe(&parsed);
	return rv;
}

void fuzz_start(void)
{
	static uint8_t value[16];

	MUST(crypto_start() == CKR_OK);
	scratch = key_new();
	MUST(scratch != NULL);
	MUST(make(T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_DERIVE)), &base) == CKR_OK);
	MUST(make(T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_UNWRAP)), &wrapper) == CKR_OK);
}

/* --- An array from a caller --- */

static CK_ATTRIBUTE_TYPE take_type(struct input *in)
{
	unsigned place = (unsigned)take_byte(in) << 8 | take_byte(in);

	if (place >= 0xff00)
		return take_number(in);
	for (unsigned i = 0; i < ATTRIBUTE_PLACES; i++, place++)
		if (attribute_places[place % ATTRIBUTE_PLACES] != 0)
			break;
	return attribute_table[attribute_places[place % ATTRIBUTE_PLACES]].type;
}

static void *keep(void *p)
{
	MUST(p != NULL && buffers_used < BUFFERS_MAX);
	return buffers[buffers_used++] = p;
}

static CK_ATTRIBUTE *take_array(struct input *in, unsigned depth, CK_ULONG *ret_n)
{
	CK_ULONG n = take_byte(in) % (depth == 0 ? ATTRIBUTES_MAX : 5);
	CK_ATTRIBUTE *array = keep(calloc(n ? n : 1, sizeof *array));

	for (CK_ULONG i = 0; i < n; i++) {
		array[i].type = take_type(in);
		uint8_t how = take_byte(in);
		size_t length;
		CK_ULONG number;
		switch (how % 6) {
		case 0: /* a boolean */
			array[i].pValue = keep(malloc(1));
			*(uint8_t *)array[i].pValue = how >> 7;
			array[i].ulValueLen = 1;
			break;
		case 1: /* a number */
			number = take_number(in);
			array[i].pValue = keep(malloc(sizeof number));
			memcpy(array[i].pValue, &number, sizeof number);
			array[i].ulValueLen = sizeof number;
			break;
		case 2: /* bytes */
			array[i].pValue = keep(take_bytes(in, 5000, &length));
			array[i].ulValueLen = length;
			break;
		case 3: /* NULL with a length */
			array[i].ulValueLen = take_number(in);
			break;
		case 4: /* a nested array */
			if (depth < 3 && buffers_used < BUFFERS_MAX / 2) {
				array[i].pValue = take_array(in, depth + 1, &array[i].ulValueLen);
				array[i].ulValueLen *= sizeof *array;
			}
			break;
		case 5: /* an invalid length, which must be refused before anything is read */
			array[i].pValue = keep(malloc(8));
			array[i].ulValueLen = CK_UNAVAILABLE_INFORMATION - (how >> 4);
			break;
		}
	}
	*ret_n = n;
	return array;
}

/* The planned object must be one that the store can write and read. */
static void look_at(CK_RV rv, struct object *o)
{
	struct object again = {0};
	uint8_t *encoded = NULL;
	size_t n;

	if (o->object_class == CKO_SECRET_KEY && object_key_length(o) == 0)
		o->number = 16; /* planned, but still without its value */
	if (rv == CKR_OK && object_encode(o, &encoded, &n) == CKR_OK)
		MUST(object_decode(bytes_of(encoded, n), &again) == CKR_OK);
	/* Check roles and protection, whatever the template asks for (mechanisms/README.md). */
	if (rv == CKR_OK && o->object_class == CKO_SECRET_KEY) {
		MUST(!(o->flags & FLAG_DERIVE) || !(o->flags & FLAGS_USAGE));
		MUST(!(o->flags & FLAG_DERIVE) || !object_allows(o, CK_UNAVAILABLE_INFORMATION));
		MUST(!(o->flags & FLAG_TRUSTED));
	}
	free(encoded);
	object_wipe(o);
	object_wipe(&again);
}

static void plan_all(const struct template *t, uint8_t which)
{
	struct rights rights = {
		.user = which & 1, .so = !(which & 1) && (which & 2), .read_write = which & 4};
	struct object o = {0};
	struct key_request request;
	size_t length;
	const struct mechanism *row = mechanisms[which % mechanism_count];

	/* Only the SO makes trusted keys. Exclude them, so that the rule above can be checked. */
	if (rights.so)
		rights.so = false;
	CK_RV rv = plan_create(t, &rights, &o);
	if (rv == CKR_OK)
		rv = plan_check_value(&o, t, scratch);
	look_at(rv, &o);
	const struct role *role = row->derive.role;
	if (plan_request(t, &base, &request) == CKR_OK && role != NULL &&
		role->level != LEVEL_FIXED) {
		rv = plan_derive(
			t, &base, role, request.has_type ? request.type : CKK_AES, &rights, &o);
		MUST(rv != CKR_OK || (o.flags & FLAG_SENSITIVE));
		MUST(rv != CKR_OK || !(o.flags & FLAG_EXTRACTABLE) ||
			(o.flags & FLAG_WRAP_WITH_TRUSTED));
		look_at(rv, &o);
	}
	rv = plan_generate(t, mechanism_find(CKM_AES_KEY_GEN), &rights, &o, &length);
	look_at(rv, &o);
	rv = plan_unwrap(t, &wrapper, NULL, &rights, &o);
	if (rv == CKR_OK) {
		MUST(!(o.flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE | FLAG_LOCAL)));
		rv = plan_value(&o, t, (const uint8_t *)"0123456789abcdef", 16);
	}
	look_at(rv, &o);
	rv = plan_copy(t, &base, &rights, &o);
	MUST(rv != CKR_OK || (o.flags & FLAG_SENSITIVE)); /* like the source */
	look_at(rv, &o);
	MUST(object_copy(&base, &o) == CKR_OK);
	rv = plan_set(t, &rights, &o);
	MUST(rv != CKR_OK || ((o.flags & FLAG_SENSITIVE) && !(o.flags & FLAG_EXTRACTABLE)));
	look_at(rv, &o);
}

static void callers_array(struct input in)
{
	static const uint8_t unique_id[16];
	CK_ULONG n;
	struct template t;
	uint8_t which = take_byte(&in);
	CK_ATTRIBUTE *array = take_array(&in, 0, &n);

	if (template_parse(array, n, &t) == CKR_OK) {
		struct reading r = {
			.object = &base, .handle = 1, .unique_id = unique_id, .key = scratch};
		plan_all(&t, which);
		attributes_match(&r, &t);
		template_wipe(&t);
	}
	while (buffers_used > 0)
		free(buffers[--buffers_used]);
}

/* --- An encoded template from the store --- */

static void encoded(struct input in)
{
	struct template t, merged, none;
	struct nested nested;
	static const enum variable templates[] = {
		VAR_WRAP_TEMPLATE, VAR_UNWRAP_TEMPLATE, VAR_DERIVE_TEMPLATE};
	enum variable outer = templates[take_byte(&in) % 3];
	struct bytes rest = bytes_of(in.p, in.n);

	if (template_decode(outer, rest, &t) != CKR_OK)
		return;
	for (size_t before = rest.n; rest.n > 0; before = rest.n) {
		MUST(template_next(outer, &rest, &nested) ==
			CKR_OK); /* template_decode has checked the encoding */
		MUST(rest.n < before);
	}
	MUST(template_parse(NULL, 0, &none) == CKR_OK);
	if (template_merge(&none, &t, true, &merged) == CKR_OK)
		plan_all(&merged, 5);
	template_wipe(&none);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};

	if (take_byte(&in) & 1)
		encoded(in);
	else
		callers_array(in);
}
