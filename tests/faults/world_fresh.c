/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_fresh.c: a second token, which is initialised again and again; see world.h. Its label, and
 * the label of its only object, have the version.
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

static CK_RV make_object(CK_UTF8CHAR label[33])
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE made;
	CK_RV rv = open_fresh(&session, CKU_USER);

	if (rv == CKR_OK)
		rv = f->C_CreateObject(session,
			T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_TOKEN), YES(CKA_ENCRYPT),
				RAW(CKA_LABEL, label, 32)),
			&made);
	f->C_CloseAllSessions(FRESH_SLOT);
	return rv;
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
		world->fresh_stage = 1;
	change_end(c, rv);
	if (rv == CKR_OK)
		rv = set_user_pin();
	if (rv != CKR_OK)
		return rv;
	world->fresh_stage = 2;
	rv = make_object(label);
	if (rv == CKR_OK)
		world->fresh_stage = 3;
	return rv;
}

/* How many objects there are, all with LABEL. */
static CK_ULONG count_objects(CK_UTF8CHAR label[33])
{
	struct seat seat = {0};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG all = 0, right = 0;
	CK_RV rv = open_fresh(&seat.session, CKU_USER);

	if (rv == CKR_OK)
		rv = seat_find(&seat, T(CLASS(CKO_SECRET_KEY)), found, &all);
	if (rv == CKR_OK)
		rv = seat_find(&seat, T(RAW(CKA_LABEL, label, 32)), found, &right);
	if (rv != CKR_OK || all != right)
		trouble("the fresh token has %lu objects, %lu of this life: %s", all, right,
			name_of(rv));
	f->C_CloseAllSessions(FRESH_SLOT);
	return all;
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
		world->fresh_stage = 1;
		c->acknowledged = c->wanted;
	}
	c->under_way = false;
	fresh_label(label, c->acknowledged);
	if (memcmp(info.label, label, 32) != 0)
		trouble("the fresh token is \"%.32s\", not \"%.32s\"", info.label, label);
	bool has_pin = (info.flags & CKF_USER_PIN_INITIALIZED) != 0;
	if (!has_pin && world->fresh_stage >= 2)
		trouble("the fresh token has lost its PIN");
	if (has_pin && count_objects(label) == 0 && world->fresh_stage >= 3)
		trouble("the fresh token has lost its object");
}
