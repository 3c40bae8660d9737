/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_objects.c: objects that are created, derived, changed, used and destroyed; see world.h. The
 * version of an object is in its label and in its id, and both change in one call.
 */
#include "world.h"

enum kind { IMPORTED, DERIVED, CLIENT };

static enum kind kind_of(unsigned k)
{
	return k % 3 == CLIENT && !world_has_clients() ? IMPORTED : (enum kind)(k % 3);
}

static CK_ULONG object_text(char ret[32], unsigned index, unsigned k, uint32_t version)
{
	return (CK_ULONG)snprintf(ret, 32, "seat %u object %u v%u", index, k, version);
}

static void imported_value(uint8_t ret[16], unsigned index, unsigned k)
{
	memcpy(ret, mk, 16);
	ret[0] = (uint8_t)index;
	ret[1] = (uint8_t)k;
}

static CK_RV derive_child(
	const struct seat *seat, unsigned k, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE master;
	char serial[32];
	CK_RV rv = seat_named(seat, "master", &master);

	if (rv != CKR_OK)
		return rv;
	object_text(serial, seat->index, k, 0);
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, serial);
	return f->C_DeriveKey(seat->session, &m, master, t, n, ret);
}

static CK_RV make(const struct seat *seat, unsigned k, const char *text, CK_ULONG n)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE made, initial;
	uint8_t value[16];
	CK_RV rv;

	switch (kind_of(k)) {
	case IMPORTED:
		imported_value(value, seat->index, k);
		return f->C_CreateObject(seat->session,
			T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_TOKEN), READABLE,
				YES(CKA_ENCRYPT), RAW(CKA_LABEL, text, n), RAW(CKA_ID, text, n)),
			&made);
	case DERIVED:
		return derive_child(seat, k,
			T(KEY(CKK_AES), LENGTH(16), YES(CKA_TOKEN), READABLE, YES(CKA_ENCRYPT),
				RAW(CKA_LABEL, text, n), RAW(CKA_ID, text, n)),
			&made);
	default:
		rv = seat_named(seat, "initial", &initial);
		if (rv != CKR_OK)
			return rv;
		keydiv_put(&p, KEYDIV_SHAPE, "\25\7", 2);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
		return f->C_DeriveKey(seat->session, &m, initial,
			T(YES(CKA_TOKEN), RAW(CKA_LABEL, text, n), RAW(CKA_ID, text, n)), &made);
	}
}

static CK_RV value_of(const struct seat *seat, CK_OBJECT_HANDLE key, uint8_t ret[16])
{
	CK_ATTRIBUTE a = {CKA_VALUE, ret, 16};

	return f->C_GetAttributeValue(seat->session, key, &a, 1);
}

/* The value that the object must have. */
static CK_RV right_value(const struct seat *seat, unsigned k, uint8_t ret[16])
{
	CK_OBJECT_HANDLE again;

	if (kind_of(k) == IMPORTED) {
		imported_value(ret, seat->index, k);
		return CKR_OK;
	}
	CK_RV rv = derive_child(
		seat, k, T(KEY(CKK_AES), LENGTH(16), READABLE, YES(CKA_ENCRYPT)), &again);
	if (rv == CKR_OK)
		rv = value_of(seat, again, ret);
	if (rv == CKR_OK)
		rv = f->C_DestroyObject(seat->session, again);
	return rv;
}

/* The next number of a client that this seat alone uses is above all numbers before. */
static CK_RV use_client(const struct seat *seat, unsigned k, CK_OBJECT_HANDLE client)
{
	volatile uint64_t *highest = &world->client_number[seat->index][k];
	CK_OBJECT_HANDLE key;
	uint8_t bytes[8] = {0};
	CK_ATTRIBUTE a = {CKA_KEYDIV_TRANSACTION, bytes, 8};
	uint64_t number = 0;
	CK_RV rv = f->C_DeriveKey(
		seat->session, MECH(CKM_KEYDIV_ODUKPT_NEXT_KEY), client, NOTHING, &key);

	if (rv == CKR_OK)
		rv = f->C_GetAttributeValue(seat->session, key, &a, 1);
	if (rv == CKR_OK)
		rv = f->C_DestroyObject(seat->session, key);
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	if (number + 1 <= *highest)
		trouble("seat %u object %u gave number %llu after %llu", seat->index, k,
			(unsigned long long)number, (unsigned long long)*highest - 1);
	*highest = number + 1;
	return CKR_OK;
}

static CK_RV use(const struct seat *seat, unsigned k, CK_OBJECT_HANDLE object)
{
	uint8_t is[16], right[16];
	CK_RV rv;

	if (kind_of(k) == CLIENT)
		return use_client(seat, k, object);
	rv = value_of(seat, object, is);
	if (rv == CKR_OK)
		rv = right_value(seat, k, right);
	if (rv == CKR_OK && memcmp(is, right, 16) != 0)
		trouble("seat %u object %u has another value", seat->index, k);
	return rv;
}

CK_RV object_create(const struct seat *seat, unsigned k)
{
	struct change *c = &world->objects[seat->index][k];
	char text[32];
	CK_ULONG n = object_text(text, seat->index, k, ++c->highest);

	if (!c->under_way)
		world->client_number[seat->index][k] = 0;
	change_begin(c, c->highest);
	CK_RV rv = make(seat, k, text, n);
	change_end(c, rv);
	return rv;
}

/* The object in its acknowledged version. */
static CK_RV present(const struct seat *seat, unsigned k, CK_OBJECT_HANDLE *ret)
{
	char text[32];

	object_text(text, seat->index, k, world->objects[seat->index][k].acknowledged);
	return seat_named(seat, text, ret);
}

CK_RV object_alter(const struct seat *seat, unsigned k)
{
	struct change *c = &world->objects[seat->index][k];
	CK_OBJECT_HANDLE object;
	char text[32];
	CK_RV rv = present(seat, k, &object);

	if (rv != CKR_OK)
		return rv;
	CK_ULONG n = object_text(text, seat->index, k, ++c->highest);
	change_begin(c, c->highest);
	rv = f->C_SetAttributeValue(
		seat->session, object, T(RAW(CKA_LABEL, text, n), RAW(CKA_ID, text, n)));
	change_end(c, rv);
	return rv;
}

CK_RV object_destroy(const struct seat *seat, unsigned k)
{
	struct change *c = &world->objects[seat->index][k];
	CK_OBJECT_HANDLE object;
	CK_RV rv = present(seat, k, &object);

	if (rv != CKR_OK)
		return rv;
	change_begin(c, 0);
	rv = f->C_DestroyObject(seat->session, object);
	change_end(c, rv);
	return rv;
}

CK_RV object_use(const struct seat *seat, unsigned k)
{
	CK_OBJECT_HANDLE object;
	CK_RV rv = present(seat, k, &object);

	return rv == CKR_OK ? use(seat, k, object) : rv;
}

CK_RV object_step(struct seat *seat)
{
	unsigned k = draw_below(&seat->random, OBJECTS), what = draw_below(&seat->random, 8);

	if (world->objects[seat->index][k].acknowledged == 0)
		return object_create(seat, k);
	if (what < 3)
		return object_alter(seat, k);
	return what < 6 ? object_use(seat, k) : object_destroy(seat, k);
}

/* --- Looking at them --- */

/* Return true if the object is there in VERSION, whole: label and id are both of this version. */
static bool is_there(
	const struct seat *seat, unsigned k, uint32_t version, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_HANDLE found[2];
	char text[32];
	CK_ULONG n = object_text(text, seat->index, k, version), by_label, by_id;

	if (version == 0)
		return false;
	CK_RV rv = seat_find(seat, T(RAW(CKA_ID, text, n)), found, &by_id);
	if (rv == CKR_OK)
		rv = seat_find(seat, T(RAW(CKA_LABEL, text, n)), found, &by_label);
	if (rv != CKR_OK || by_id != by_label || by_id > 1)
		trouble("%s is torn: %s", text, name_of(rv));
	*ret_object = found[0];
	return by_id == 1;
}

static void object_settle(const struct seat *seat, unsigned k)
{
	struct change *c = &world->objects[seat->index][k];
	CK_OBJECT_HANDLE object = 0;
	bool old = is_there(seat, k, c->acknowledged, &object);
	bool under_way = c->under_way && c->wanted != c->acknowledged;

	if (under_way && !old) {
		if (c->wanted != 0 && is_there(seat, k, c->wanted, &object))
			c->acknowledged = c->wanted;
		else if (c->wanted == 0)
			c->acknowledged = 0;
	}
	c->under_way = false;
	if (c->acknowledged == 0)
		return;
	if (object == 0)
		trouble("seat %u object %u v%u was acknowledged and is lost", seat->index, k,
			c->acknowledged);
	CK_RV rv = use(seat, k, object);
	if (rv != CKR_OK)
		trouble("seat %u object %u cannot be used: %s", seat->index, k, name_of(rv));
}

void objects_settle(const struct seat *seat, unsigned index)
{
	struct seat theirs = *seat;

	theirs.index = index;
	for (unsigned k = 0; k < OBJECTS; k++)
		object_settle(&theirs, k);
}
