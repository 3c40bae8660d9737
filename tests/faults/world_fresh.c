/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_fresh.c: a second token, which is initialised again and again; see world.h. Its label, and
 * the id of each of its objects, have the version. The objects are a device, a client and a master
 * with a window, so a new life ends states of each kind.
 */
#include "world.h"

static void fresh_label(CK_UTF8CHAR ret[33], uint32_t version)
{
	snprintf((char *)ret, 33, "fresh v%-24u", version);
	memset(ret + strlen((char *)ret), ' ', 32 - strlen((char *)ret));
}

static CK_RV open_fresh(CK_SESSION_HANDLE *ret, CK_USER_TYPE who)
{
	const char *pin = who == CKU_SO ? SO_PIN : USER_PIN;
	CK_RV rv =
		f->C_OpenSession(FRESH_SLOT, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);

	if (rv == CKR_OK)
		rv = f->C_Login(*ret, who, (CK_UTF8CHAR_PTR)pin, strlen(pin));
	return rv;
}

static CK_RV set_user_pin(void)
{
	CK_SESSION_HANDLE session;
	CK_RV rv = open_fresh(&session, CKU_SO);

	if (rv == CKR_OK)
		rv = f->C_InitPIN(session, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1);
	f->C_CloseAllSessions(FRESH_SLOT);
	return rv;
}

static CK_RV make_client(CK_SESSION_HANDLE session, CK_UTF8CHAR id[33])
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE initial, made;
	CK_RV rv = f->C_CreateObject(session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_KEY)),
		&initial);

	keydiv_put(&p, KEYDIV_SHAPE, "\25\7", 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
	if (rv == CKR_OK)
		rv = f->C_DeriveKey(session, &m, initial,
			T(YES(CKA_TOKEN), STR(CKA_LABEL, "client"), RAW(CKA_ID, id, 32)), &made);
	return rv;
}

static CK_RV make_objects(CK_SESSION_HANDLE session, CK_UTF8CHAR id[33])
{
	CK_OBJECT_HANDLE made;
	CK_RV rv = f->C_CreateObject(session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_TOKEN), YES(CKA_DERIVE),
			STR(CKA_LABEL, "device"), RAW(CKA_ID, id, 32)),
		&made);

	if (rv == CKR_OK)
		rv = f->C_CreateObject(session,
			T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_TOKEN), YES(CKA_DERIVE),
				NUM(CKA_KEYDIV_WINDOW, 64), STR(CKA_LABEL, "window"),
				RAW(CKA_ID, id, 32)),
			&made);
	return rv == CKR_OK && world_has_clients() ? make_client(session, id) : rv;
}

static CK_RV use_fresh_client(const struct seat *seat)
{
	unsigned long long number;
	CK_RV rv = number_next(seat, "client", &number);

	if (rv != CKR_OK)
		return rv;
	if (number < world->fresh_number)
		trouble("the client of the fresh token gave number %llu after %llu", number,
			(unsigned long long)world->fresh_number - 1);
	world->fresh_number = number + 1;
	return CKR_OK;
}

/* Take a number and pass a counter, above all that were used in this life. */
static CK_RV use_objects(const struct seat *seat)
{
	CK_RV rv = world_has_clients() ? use_fresh_client(seat) : CKR_OK;

	if (rv != CKR_OK)
		return rv;
	world->fresh_head++;
	rv = window_pass(seat, "window", world->fresh_head);
	if (rv == CKR_OK)
		world->fresh_passed = world->fresh_head;
	return rv;
}

static CK_RV fill(CK_UTF8CHAR id[33])
{
	struct seat seat = {0};
	CK_RV rv = open_fresh(&seat.session, CKU_USER);

	if (rv == CKR_OK)
		rv = make_objects(seat.session, id);
	if (rv == CKR_OK)
		world->fresh_stage = 3;
	if (rv == CKR_OK)
		rv = use_objects(&seat);
	f->C_CloseAllSessions(FRESH_SLOT);
	return rv;
}

static void begin_life(void)
{
	world->fresh_stage = 1;
	world->fresh_number = 0;
	world->fresh_head = 100;
	world->fresh_passed = 0;
}

CK_RV fresh_step(struct seat *seat)
{
	struct change *c = &world->fresh;
	CK_UTF8CHAR label[33];

	(void)seat;
	fresh_label(label, ++c->highest);
	change_begin(c, c->highest);
	CK_RV rv = f->C_InitToken(FRESH_SLOT, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label);
	if (rv == CKR_OK)
		begin_life();
	change_end(c, rv);
	if (rv == CKR_OK)
		rv = set_user_pin();
	if (rv != CKR_OK)
		return rv;
	world->fresh_stage = 2;
	return fill(label);
}

static CK_ULONG count(const struct seat *seat, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE found[8];
	CK_ULONG ret = 0;
	CK_RV rv = f->C_FindObjectsInit(seat->session, t, n);

	if (rv == CKR_OK)
		rv = f->C_FindObjects(seat->session, found, 8, &ret);
	f->C_FindObjectsFinal(seat->session);
	if (rv != CKR_OK)
		trouble("the fresh token cannot be searched: %s", name_of(rv));
	return ret;
}

/* All objects are of this life and, once they were acknowledged, there and in their state. */
static void look_at_objects(CK_UTF8CHAR id[33])
{
	struct seat seat = {0};
	CK_RV rv = open_fresh(&seat.session, CKU_USER);

	if (rv != CKR_OK)
		trouble("the fresh token gave %s at login", name_of(rv));
	CK_ULONG all = count(&seat, NOTHING), right = count(&seat, T(RAW(CKA_ID, id, 32)));
	CK_ULONG wanted = world_has_clients() ? 3 : 2;
	if (all != right || (all != wanted && world->fresh_stage >= 3))
		trouble("the fresh token has %lu objects, %lu of this life, in stage %u", all,
			right, world->fresh_stage);
	if (world->fresh_stage >= 3)
		states_check(&seat, FRESH_SLOT, 1);
	if (world->fresh_passed > 0) {
		rv = window_pass(&seat, "window", world->fresh_passed);
		if (rv != CKR_KEYDIV_REPLAYED)
			trouble("the fresh token's window gave %s again", name_of(rv));
	}
	if (world->fresh_stage >= 3)
		rv = use_objects(&seat);
	/* A full or read-only disk takes no mark of a window. */
	if (world->fresh_stage >= 3 && rv != CKR_OK && rv != CKR_DEVICE_MEMORY &&
		rv != CKR_TOKEN_WRITE_PROTECTED)
		trouble("the fresh token cannot be used: %s", name_of(rv));
	f->C_CloseAllSessions(FRESH_SLOT);
}

void fresh_settle(const struct seat *seat)
{
	struct change *c = &world->fresh;
	CK_UTF8CHAR label[33];
	CK_TOKEN_INFO info;
	CK_RV rv = f->C_GetTokenInfo(FRESH_SLOT, &info);

	(void)seat;
	if (rv != CKR_OK)
		trouble("the fresh token is damaged: %s", name_of(rv));
	if (c->highest == 0 || (c->acknowledged == 0 && !(info.flags & CKF_TOKEN_INITIALIZED)))
		return;
	fresh_label(label, c->wanted);
	if (c->under_way && memcmp(info.label, label, 32) == 0) {
		begin_life();
		c->acknowledged = c->wanted;
	}
	c->under_way = false;
	fresh_label(label, c->acknowledged);
	if (memcmp(info.label, label, 32) != 0)
		trouble("the fresh token is \"%.32s\", not \"%.32s\"", info.label, label);
	bool has_pin = (info.flags & CKF_USER_PIN_INITIALIZED) != 0;
	if (!has_pin && world->fresh_stage >= 2)
		trouble("the fresh token has lost its PIN");
	if (has_pin)
		look_at_objects(label);
}
