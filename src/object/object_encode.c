/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_encode.c: the attributes of an object as bytes for the store, and back.
 *
 * Version 2, big-endian:
 *
 * 	 0  1  version, 2
 * 	 1  8  CKA_CLASS
 * 	 9  8  CKA_KEY_TYPE, or all ones
 * 	17  8  CKA_KEY_GEN_MECHANISM, or all ones
 * 	25  8  length of the value in bytes (keys), else 0
 * 	33  4  flags (enum flag)
 * 	37  4  how a key was made (enum made), else 0
 * 	41     variable attributes as in struct variables. Each is id (1), length (4), bytes. The
 * 	       ids ascend.
 *
 * The attribute of a foreign master, CKA_KEYDIV_FOREIGN_KEY, is there with length 0.
 *
 * Bytes from the store are hostile. object_decode checks every length, number and nested template.
 */
#include <stdlib.h>

#include "object/attribute.h"
#include "object/object.h"
#include "object/template_value.h"

#define VERSION 2
#define HEADER 41
#define ENCODED_MAX (HEADER + VARIABLES_MAX)
#define FLAGS_ALL ((FLAG_LAST << 1) - 1)
#define MADE_ALL (MADE_FLAGS | MADE_WAY | MADE_COPY | MADE_CHECK_BY_CMAC | MADE_FOR_BLOCKS)

/* Leave in O, a foreign master, only the mark that O is one. */
static CK_RV hide_foreign(struct object *o)
{
	static const uint8_t none[1];

	TRY(object_set_variable(o, VAR_FOREIGN_CHECK, bytes_of(NULL, 0)));
	return object_set_variable(o, VAR_FOREIGN_KEY, bytes_of(none, 0));
}

/* Set only the variables of RET: those of O, and the default list if O uses a default list. */
static CK_RV with_list(const struct object *o, struct object *ret)
{
	/* The variables are borrowed. The value stays out, so that no copy of a secret is made. */
	struct object bare = {.variables = o->variables};

	TRY(object_copy(&bare, ret));
	if (o->default_allowed == NULL || object_variable(o, VAR_ALLOWED_MECHANISMS).p != NULL)
		return CKR_OK;

	uint8_t list[256 * 8];
	ENSURE(o->default_allowed_count <= 256, CKR_FUNCTION_FAILED);
	for (uint32_t i = 0; i < o->default_allowed_count; i++)
		put_be64(list + 8 * (size_t)i, o->default_allowed[i]);
	return object_set_variable(
		ret, VAR_ALLOWED_MECHANISMS, bytes_of(list, 8 * (size_t)o->default_allowed_count));
}

CK_RV object_encode(const struct object *o, uint8_t **ret, size_t *ret_n)
{
	OBJECT whole = {0};

	TRY(with_list(o, &whole));
	if (object_is_foreign(o))
		TRY(hide_foreign(&whole));
	const struct variables *v = &whole.variables;
	uint8_t *p = malloc(HEADER + (size_t)v->len);
	ENSURE(p != NULL, CKR_HOST_MEMORY);
	p[0] = VERSION;
	put_be64(p + 1, o->object_class);
	put_be64(p + 9, o->key_type);
	put_be64(p + 17, o->key_gen_mechanism);
	put_be64(p + 25, o->object_class == CKO_SECRET_KEY ? object_key_length(o) : 0);
	put_be32(p + 33, o->flags);
	put_be32(p + 37, o->made);
	memcpy(p + HEADER, v->heap ? v->heap : v->small, v->len);
	*ret = p;
	*ret_n = HEADER + (size_t)v->len;
	return CKR_OK;
}

/* Return true if an object of WHO may have VALUE as its variable ID. */
static bool variable_sound(enum attribute_who who, unsigned id, struct bytes value)
{
	if (id == VAR_PUBLIC_VALUE)
		return who == WHO_DATA && value.n <= DATA_MAX;
	if (id == VAR_MASTER_LIST)
		return who == WHO_KEY && value.n % 8 == 0 && value.n <= TEMPLATE_BYTES_MAX;
	if (id == VAR_TRANSACTION && value.n != 8)
		return false;
	if (id == VAR_SHAPE && value.n != 2)
		return false;
	if (id == VAR_WINDOW && (value.n != 8 || get_be64(value.p) - 1 >= WINDOW_MAX))
		return false;
	if (id == VAR_FOREIGN_KEY && value.n != 0) /* sealed */
		return false;
	if (!(attribute_sets[who][WHEN_EVER].variables >> id & 1))
		return false;
	return template_value_sound(attribute_find(variable_types[id]), value);
}

/* Return true if O has flags that a foreign master has, or is none (plan.h, plan_foreign). */
static bool foreign_sound(const struct object *o)
{
	const uint32_t must = FLAG_TOKEN | FLAG_DERIVE | FLAG_SENSITIVE;

	if (!object_is_foreign(o))
		return !(o->flags & FLAG_FOREIGN_EXTRACTABLE);
	return (o->flags & (must | FLAG_EXTRACTABLE)) == must;
}

static CK_RV decode_variables(struct bytes rest, struct object *ret)
{
	enum attribute_who who = attribute_who(ret);
	unsigned last = 0;

	while (rest.n > 0) {
		ENSURE(rest.n >= 5, CKR_DEVICE_ERROR);
		unsigned id = rest.p[0];
		size_t n = get_be32(rest.p + 1);
		ENSURE(id > last && id <= VARIABLE_LAST && n <= rest.n - 5, CKR_DEVICE_ERROR);
		ENSURE(variable_sound(who, id, bytes_of(rest.p + 5, n)), CKR_DEVICE_ERROR);
		TRY(object_set_variable(ret, (enum variable)id, bytes_of(rest.p + 5, n)));
		last = id;
		rest = bytes_of(rest.p + 5 + n, rest.n - 5 - n);
	}
	ENSURE(!object_has(ret, VAR_RESERVE) || object_reserves(ret), CKR_DEVICE_ERROR);
	ENSURE(foreign_sound(ret), CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV decode_header(const uint8_t *p, struct object *ret)
{
	ENSURE(p[0] == VERSION, CKR_DEVICE_ERROR);
	ret->object_class = get_be64(p + 1);
	ret->key_type = get_be64(p + 9);
	ret->key_gen_mechanism = get_be64(p + 17);
	ret->number = get_be64(p + 25);
	ret->flags = get_be32(p + 33);
	ret->made = get_be32(p + 37);
	ENSURE(ret->object_class == CKO_SECRET_KEY || ret->object_class == CKO_DATA,
		CKR_DEVICE_ERROR);
	ENSURE((ret->flags & ~(uint32_t)FLAGS_ALL) == 0, CKR_DEVICE_ERROR);
	ENSURE((ret->flags & ~attribute_sets[attribute_who(ret)][WHEN_EVER].flags) == 0,
		CKR_DEVICE_ERROR);
	if (ret->object_class == CKO_SECRET_KEY) {
		ENSURE(ret->number >= 1 && ret->number <= SECRET_MAX, CKR_DEVICE_ERROR);
		ENSURE(ret->key_type != CK_UNAVAILABLE_INFORMATION, CKR_DEVICE_ERROR);
		ENSURE((ret->made & ~(uint32_t)MADE_ALL) == 0, CKR_DEVICE_ERROR);
	} else {
		ENSURE(ret->made == 0, CKR_DEVICE_ERROR);
		ENSURE(ret->number == 0 && ret->key_type == CK_UNAVAILABLE_INFORMATION,
			CKR_DEVICE_ERROR);
	}
	return CKR_OK;
}

CK_RV object_decode(struct bytes encoded, struct object *ret)
{
	OBJECT o = {0};

	ENSURE(encoded.n >= HEADER && encoded.n <= ENCODED_MAX, CKR_DEVICE_ERROR);
	TRY(decode_header(encoded.p, &o));
	TRY(decode_variables(bytes_of(encoded.p + HEADER, encoded.n - HEADER), &o));
	object_move(&o, ret);
	return CKR_OK;
}
