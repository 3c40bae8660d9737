/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_foreign.c: the parts of a foreign master, see object_foreign.h.
 *
 * VAR_FOREIGN_KEY is the URI. VAR_FOREIGN_CHECK is the length of the check value (1 byte, 0 or 3),
 * the check value and the check. The store seals version (1 byte, 1), length of the URI (2 bytes,
 * big-endian), URI and VAR_FOREIGN_CHECK.
 */
#include "object/object_foreign.h"

#define VERSION 1
#define HEADER 3
#define CHECK_VALUE 3

struct object_foreign object_foreign(const struct object *o)
{
	struct bytes check = object_variable(o, VAR_FOREIGN_CHECK);
	struct object_foreign ret = {.uri = object_variable(o, VAR_FOREIGN_KEY)};

	if (check.n == 0)
		return ret;
	ret.check_value = bytes_of(check.p + 1, check.p[0]);
	ret.check = bytes_of(check.p + 1 + check.p[0], check.n - 1 - check.p[0]);
	return ret;
}

CK_RV object_foreign_set(struct object *o, const struct object_foreign *from)
{
	uint8_t both[1 + CHECK_VALUE + OBJECT_CHECK_MAX];
	size_t n = from->check_value.n;

	ENSURE(n == 0 || n == CHECK_VALUE, CKR_FUNCTION_FAILED);
	ENSURE(from->check.n >= 1 && from->check.n <= OBJECT_CHECK_MAX, CKR_FUNCTION_FAILED);
	both[0] = (uint8_t)n;
	if (n > 0)
		memcpy(both + 1, from->check_value.p, n);
	memcpy(both + 1 + n, from->check.p, from->check.n);
	TRY(object_set_variable(o, VAR_FOREIGN_CHECK, bytes_of(both, 1 + n + from->check.n)));
	return object_set_variable(o, VAR_FOREIGN_KEY, from->uri);
}

CK_RV object_foreign_encode(const struct object *o, struct secret *ret)
{
	struct bytes uri = object_variable(o, VAR_FOREIGN_KEY),
		     check = object_variable(o, VAR_FOREIGN_CHECK);

	ENSURE(uri.n >= 1 && uri.n <= OBJECT_URI_MAX && check.n > 0, CKR_FUNCTION_FAILED);
	TRY(secret_resize(ret, HEADER + uri.n + check.n));
	uint8_t *p = secret_bytes(ret);
	p[0] = VERSION;
	put_be16(p + 1, (uint16_t)uri.n);
	memcpy(p + HEADER, uri.p, uri.n);
	memcpy(p + HEADER + uri.n, check.p, check.n);
	return CKR_OK;
}

/* Return true if CHECK can be VAR_FOREIGN_CHECK. */
static bool check_sound(struct bytes check)
{
	if (check.n == 0 || (check.p[0] != 0 && check.p[0] != CHECK_VALUE))
		return false;
	return check.n > 1u + check.p[0] && check.n <= 1u + check.p[0] + OBJECT_CHECK_MAX;
}

CK_RV object_foreign_decode(struct bytes encoded, struct object *o)
{
	ENSURE(encoded.n > HEADER && encoded.p[0] == VERSION, CKR_DEVICE_ERROR);
	size_t n = get_be16(encoded.p + 1), room = encoded.n - HEADER;
	ENSURE(n >= 1 && n <= OBJECT_URI_MAX && n <= room, CKR_DEVICE_ERROR);
	struct bytes check = bytes_of(encoded.p + HEADER + n, room - n);
	ENSURE(check_sound(check), CKR_DEVICE_ERROR);
	TRY(object_set_variable(o, VAR_FOREIGN_CHECK, check));
	return object_set_variable(o, VAR_FOREIGN_KEY, bytes_of(encoded.p + HEADER, n));
}
