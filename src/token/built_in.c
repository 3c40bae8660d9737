/* SPDX-License-Identifier: Apache-2.0 */
/*
 * built_in.c: the built-in objects. The number in a handle counts from 1, first the profiles and
 * then the mechanisms.
 */
#include "token/built_in.h"

#include "mechanism.h"
#include "token/handle.h"

static const CK_ULONG profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER};

#define PROFILES (sizeof profiles / sizeof profiles[0])

static void make(size_t number, struct object *ret)
{
	*ret = (struct object){
		.object_class = number < PROFILES ? CKO_PROFILE : CKO_MECHANISM,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.number = number < PROFILES ? profiles[number]
					    : mechanism_number(mechanisms[number - PROFILES]),
		.flags = FLAG_TOKEN,
	};
}

bool built_in_exists(CK_OBJECT_HANDLE handle)
{
	uint64_t number = handle_built_in_number(handle);

	if (number < 1 || number > PROFILES + mechanism_count)
		return false;
	return number <= PROFILES || mechanism_offered(mechanisms[number - PROFILES - 1]);
}

CK_RV built_in_get(CK_OBJECT_HANDLE handle, struct object *ret)
{
	REQUIRE(built_in_exists(handle), CKR_OBJECT_HANDLE_INVALID, "no such object");
	make((size_t)handle_built_in_number(handle) - 1, ret);
	return CKR_OK;
}

void built_in_each(
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg)
{
	for (size_t i = 0; i < PROFILES + mechanism_count; i++) {
		struct object o;
		if (!built_in_exists(handle_of_built_in(i + 1)))
			continue;
		make(i, &o);
		each(handle_of_built_in(i + 1), &o, arg);
	}
}
