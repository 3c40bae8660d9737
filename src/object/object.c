/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.c: objects in memory. Copying, moving, variable attributes and the list of
 * mechanisms; see object.h.
 */
#include "object/object.h"

#include <stdlib.h>

#define ENTRY_HEADER 5 /* id (1), length (4) */

_Static_assert(VARIABLE_LAST < 32, "struct variables has one bit for each variable attribute");

static const uint8_t *variables_peek(const struct variables *v)
{
	return v->heap ? v->heap : v->small;
}

void object_wipe(struct object *o)
{
	if (o->variables.heap != NULL)
		free(o->variables.heap);
	secret_wipe(&o->value);
	memset(o, 0,
		offsetof(struct object,
			variables.small)); /* the rest has no meaning without a length */
}

/* Copy everything except the variables and the value. The length of a key stays in `number`. */
static void copy_fixed(const struct object *from, struct object *to)
{
	to->object_class = from->object_class;
	to->key_type = from->key_type;
	to->key_gen_mechanism = from->key_gen_mechanism;
	to->number = from->value.len > 0 && from->object_class == CKO_SECRET_KEY ? from->value.len
										 : from->number;
	to->flags = from->flags;
	to->made = from->made;
	to->default_allowed_count = from->default_allowed_count;
	to->default_allowed = from->default_allowed;
	to->variables.present = from->variables.present;
}

/* Make RET, which must be empty, a copy of N bytes at P. */
static CK_RV variables_set(struct variables *ret, const uint8_t *p, size_t n)
{
	if (n > VARIABLES_INLINE) {
		uint8_t *heap = malloc(n);
		ENSURE(heap != NULL, CKR_HOST_MEMORY);
		memcpy(heap, p, n);
		ret->heap = heap;
	} else {
		memcpy(ret->small, p, n);
		ret->heap = NULL;
	}
	ret->len = (uint32_t)n;
	return CKR_OK;
}

CK_RV object_copy(const struct object *o, struct object *ret)
{
	TRY(variables_set(&ret->variables, variables_peek(&o->variables), o->variables.len));
	CK_RV rv = secret_set(&ret->value, secret_peek(&o->value), o->value.len);
	if (rv != CKR_OK) {
		free(ret->variables.heap);
		ret->variables.heap = NULL;
		ret->variables.len = 0;
		return rv;
	}
	copy_fixed(o, ret);
	return CKR_OK;
}

void object_move(struct object *from, struct object *to)
{
	copy_fixed(from, to);
	to->variables.len = from->variables.len;
	to->variables.heap = from->variables.heap;
	if (from->variables.heap == NULL && from->variables.len > 0)
		memcpy(to->variables.small, from->variables.small, from->variables.len);
	secret_move(&from->value, &to->value);

	from->variables.heap = NULL;
	from->variables.len = 0;
	from->variables.present = 0;
	from->default_allowed = NULL;
	from->default_allowed_count = 0;
	from->flags = 0;
	from->made = 0;
}

/*
 * Return the offset of the entry of ID, or the offset where a new entry belongs. *RET_SIZE is the
 * size of the entry with its header, or 0 if there is no entry.
 */
static size_t entry_find(const struct variables *v, enum variable id, size_t *ret_size)
{
	const uint8_t *p = variables_peek(v);
	size_t at = 0;

	while (at < v->len) {
		size_t size = ENTRY_HEADER + get_be32(p + at + 1);
		if (p[at] >= (uint8_t)id) {
			*ret_size = p[at] == (uint8_t)id ? size : 0;
			return at;
		}
		at += size;
	}
	*ret_size = 0;
	return at;
}

struct bytes object_find_variable(const struct object *o, enum variable id)
{
	size_t size, at = entry_find(&o->variables, id, &size);

	if (size == 0)
		return bytes_of(NULL, 0);
	return bytes_of(variables_peek(&o->variables) + at + ENTRY_HEADER, size - ENTRY_HEADER);
}

CK_RV object_set_variable(struct object *o, enum variable id, struct bytes value)
{
	struct variables *v = &o->variables;
	size_t old, at = entry_find(v, id, &old);
	size_t fresh = value.p == NULL ? 0 : ENTRY_HEADER + value.n;
	size_t total = v->len - old + fresh;
	size_t tail = v->len - old - at;

	ENSURE(value.n <= VARIABLES_MAX && total <= VARIABLES_MAX, CKR_DEVICE_MEMORY);
	if (v->heap == NULL && total <= VARIABLES_INLINE && old == 0 && tail == 0 && fresh > 0) {
		/*
		 * Fast path for new objects: append in place. VALUE may lie elsewhere in SMALL,
		 * because nothing there is overwritten.
		 */
		v->small[at] = (uint8_t)id;
		put_be32(v->small + at + 1, (uint32_t)value.n);
		memcpy(v->small + at + ENTRY_HEADER, value.p, value.n);
		v->len = (uint32_t)total;
		v->present |= 1u << id;
		return CKR_OK;
	}

	/* Build the result in a separate buffer, because VALUE may lie in the old one. */
	const uint8_t *p = variables_peek(v);
	uint8_t small[VARIABLES_INLINE], *heap = NULL;
	if (total > VARIABLES_INLINE) {
		heap = malloc(total);
		ENSURE(heap != NULL, CKR_HOST_MEMORY);
	}
	uint8_t *out = heap ? heap : small;
	memcpy(out, p, at);
	if (fresh > 0) {
		out[at] = (uint8_t)id;
		put_be32(out + at + 1, (uint32_t)value.n);
		if (value.n > 0)
			memcpy(out + at + ENTRY_HEADER, value.p, value.n);
	}
	memcpy(out + at + fresh, p + at + old, tail);

	free(v->heap);
	v->heap = heap;
	if (heap == NULL)
		memcpy(v->small, small, total);
	v->len = (uint32_t)total;
	v->present = fresh > 0 ? v->present | 1u << id : v->present & ~(1u << id);
	return CKR_OK;
}

bool object_names(const struct object *o, CK_MECHANISM_TYPE type)
{
	return (o->default_allowed != NULL || object_has(o, VAR_ALLOWED_MECHANISMS)) &&
	       object_allows(o, type);
}

bool object_allows(const struct object *o, CK_MECHANISM_TYPE type)
{
	struct bytes list = object_variable(o, VAR_ALLOWED_MECHANISMS);

	if (list.p != NULL) {
		for (size_t i = 0; i + 8 <= list.n; i += 8)
			if (get_be64(list.p + i) == type)
				return true;
		return false;
	}
	if (o->default_allowed == NULL)
		return true;
	for (uint32_t i = 0; i < o->default_allowed_count; i++)
		if (o->default_allowed[i] == type)
			return true;
	return false;
}

bool object_checks_by_cmac(const struct object *o)
{
	bool derives = (o->flags & FLAG_DERIVE) || (o->made & MADE_CHECK_BY_CMAC);

	return derives && key_type_by_cmac(o->key_type);
}
