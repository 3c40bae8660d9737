/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_object.c: decode, read, match and encode an object's attributes as the store delivers them.
 */
#include "fuzz.h"

#include "key/key.h"
#include "object/attribute.h"
#include "object/object.h"

static struct key *scratch;

void fuzz_start(void)
{
	MUST(crypto_start() == CKR_OK);
	scratch = key_new();
	MUST(scratch != NULL);
}

/*
 * Read the template in A again. The first read returned the lengths of the inner attributes. Give
 * each inner attribute room of exactly its length.
 */
static void read_inner(const struct reading *r, CK_ATTRIBUTE *a)
{
	CK_ATTRIBUTE *inner = a->pValue;
	CK_ULONG n = a->ulValueLen / sizeof *inner;

	for (CK_ULONG i = 0; i < n; i++) {
		MUST(inner[i].ulValueLen <= SECRET_MAX);
		inner[i].pValue = malloc(inner[i].ulValueLen ? inner[i].ulValueLen : 1);
		MUST(inner[i].pValue != NULL);
	}
	MUST(attributes_read(r, a, 1) == CKR_OK);
	for (CK_ULONG i = 0; i < n; i++)
		free(inner[i].pValue);
}

static void read_all(const struct object *o)
{
	static const uint8_t unique_id[16];
	struct reading r = {.object = o, .handle = 1, .unique_id = unique_id, .key = scratch};
	_Alignas(CK_ATTRIBUTE) uint8_t bytes[33 * sizeof(CK_ATTRIBUTE)];

	for (size_t place = 0; place < ATTRIBUTE_PLACES; place++) {
		if (attribute_places[place] == 0)
			continue;
		CK_ATTRIBUTE a[] = {
			{attribute_table[attribute_places[place]].type, bytes, sizeof bytes},
			{attribute_table[attribute_places[place]].type, NULL, 0}};
		memset(bytes, 0, sizeof bytes); /* an array of the caller, which asks for lengths */
		CK_RV rv = attributes_read(&r, a, 1);
		MUST(rv != CKR_OK || a[0].ulValueLen <= sizeof bytes);
		if (rv == CKR_OK && attribute_table[attribute_places[place]].kind == KIND_TEMPLATE)
			read_inner(&r, a);
		rv = attributes_read(&r, a + 1, 1);
		MUST(rv != CKR_OK || a[1].ulValueLen != CK_UNAVAILABLE_INFORMATION);
	}
	attributes_size(o);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct object o = {0}, again = {0};
	uint8_t *encoded = NULL, *twice = NULL;
	size_t encoded_n = 0, twice_n = 0;

	if (object_decode(bytes_of(data, n), &o) != CKR_OK) {
		object_wipe(&o);
		return;
	}
	read_all(&o);
	/* An encoded object must decode to the same object. */
	MUST(object_encode(&o, &encoded, &encoded_n) == CKR_OK);
	MUST(object_decode(bytes_of(encoded, encoded_n), &again) == CKR_OK);
	MUST(object_encode(&again, &twice, &twice_n) == CKR_OK);
	MUST(encoded_n == twice_n && memcmp(encoded, twice, twice_n) == 0);
	free(encoded);
	free(twice);
	object_wipe(&o);
	object_wipe(&again);
}
