/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: the token, its PIN, and the record of changes; see world.h. */
#include "world.h"

#include <dirent.h>

#include "../module/on_server.h"

struct world *world;

bool world_has_clients(void)
{
	return !on_server();
}

/* --- The record of changes --- */

void change_begin(struct change *c, uint32_t wanted)
{
	c->wanted = wanted;
	__sync_synchronize();
	c->under_way = true;
	__sync_synchronize();
}

void change_end(struct change *c, CK_RV rv)
{
	__sync_synchronize();
	if (rv == CKR_OK)
		c->acknowledged = c->wanted;
	__sync_synchronize();
	c->under_way = world->uncertain && rv == CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		__sync_fetch_and_add(&world->calls, 1);
}

void world_save(struct world_copy *ret)
{
	memcpy(ret->head, world, sizeof ret->head);
	for (int i = 0; i < 2; i++) {
		memcpy(ret->given[i], (void *)world->given[i], COPIED);
		memcpy(ret->accepted[i], (void *)world->accepted[i], COPIED);
	}
}

void world_restore(const struct world_copy *copy)
{
	memcpy(world, copy->head, sizeof copy->head);
	for (int i = 0; i < 2; i++) {
		memcpy((void *)world->given[i], copy->given[i], COPIED);
		memcpy((void *)world->accepted[i], copy->accepted[i], COPIED);
	}
}

/* --- Making the token --- */

static const CK_ULONG reserve[2] = {1, 16};

static void make_fixed_client(CK_OBJECT_HANDLE initial, const char *label, CK_ULONG reserved)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE made;

	keydiv_put(&p, KEYDIV_SHAPE, "\25\7", 2); /* C(28, 7) - 1 = 1 184 039 transactions */
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
	ok(f->C_DeriveKey(s, &m, initial,
		T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, reserved), RAW(CKA_LABEL, label, 8)),
		&made));
}

static void make_fixed_objects(void)
{
	CK_OBJECT_HANDLE initial;
	char label[24];

	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), OPEN_MASTER, STR(CKA_LABEL, "master")));
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_DERIVE), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
			STR(CKA_LABEL, "device")));
	initial = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_DERIVE), STR(CKA_LABEL, "initial"),
			ALLOWED(CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_KEY)));
	for (int i = 0; i < 2; i++) {
		snprintf(label, sizeof label, "client %d", i);
		if (world_has_clients())
			make_fixed_client(initial, label, reserve[i]);
		snprintf(label, sizeof label, "window %d", i);
		import(CKK_AES, mk, 16,
			T(YES(CKA_TOKEN), YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64),
				NUM(CKA_KEYDIV_RESERVE, reserve[i]), RAW(CKA_LABEL, label, 8)));
	}
}

void world_set_up(void)
{
	load();
	write_conf("slots = 2\n");
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	make_fixed_objects();
	ok(f->C_Finalize(NULL));
	world = faults_shared(sizeof *world);
	world->head[0] = world->head[1] = 100;
}

static void make_objects(unsigned unused)
{
	struct seat seat;

	(void)unused;
	seat_start(&seat, 0, 1);
	for (unsigned k = 0; k < 3; k++)
		if (object_create(&seat, k) != CKR_OK)
			trouble("no object to try with");
	if (fresh_step(&seat) != CKR_OK)
		trouble("no fresh token to try with");
	f->C_Finalize(NULL);
}

void world_prepare(struct world_copy *ret)
{
	await_process(start_process(make_objects, 0), false, "the preparation");
	copy_token(false);
	world_save(ret);
}

/* --- Sessions and objects --- */

void seat_start(struct seat *seat, unsigned index, uint64_t random)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv;

	*seat = (struct seat){.index = index, .random = random};
	rv = f->C_Initialize(&args);
	if (rv != CKR_OK)
		trouble("C_Initialize gave %s", name_of(rv));
	rv = f->C_OpenSession(
		slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &seat->session);
	if (rv != CKR_OK)
		trouble("C_OpenSession gave %s", name_of(rv));
	seat_login(seat);
}

CK_RV seat_try_start(struct seat *seat)
{
	CK_RV rv = f->C_Initialize(NULL);

	if (rv == CKR_OK)
		rv = f->C_OpenSession(
			slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &seat->session);
	if (rv == CKR_OK)
		rv = f->C_Login(
			seat->session, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1);
	return rv;
}

CK_RV seat_find(const struct seat *seat, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE ret[2],
	CK_ULONG *ret_n)
{
	CK_RV rv = f->C_FindObjectsInit(seat->session, t, n);

	*ret_n = 0;
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(seat->session, ret, 2, ret_n);
	CK_RV end = f->C_FindObjectsFinal(seat->session);
	return rv != CKR_OK ? rv : end;
}

CK_RV seat_named(const struct seat *seat, const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n;
	CK_RV rv = seat_find(seat, T(RAW(CKA_LABEL, label, strlen(label))), found, &n);

	if (rv != CKR_OK)
		return rv;
	if (n > 1)
		trouble("more than one object has the label %s", label);
	*ret = found[0];
	return n == 1 ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
}

/* --- The PIN --- */

static CK_ULONG pin_text(char ret[16], uint32_t version)
{
	if (version == 0)
		return (CK_ULONG)snprintf(ret, 16, "%s", USER_PIN);
	return (CK_ULONG)snprintf(ret, 16, "pin-%u", version);
}

static CK_RV try_pin(const struct seat *seat, uint32_t version)
{
	char pin[16];
	CK_ULONG n = pin_text(pin, version);

	return f->C_Login(seat->session, CKU_USER, (CK_UTF8CHAR_PTR)pin, n);
}

#define LOGINS_MAX 100

void seat_login(const struct seat *seat)
{
	uint32_t acknowledged, wanted;
	bool changed;
	CK_RV rv;
	int i = 0;

	/* A refusal counts only if no other process has changed the PIN meanwhile. */
	do {
		acknowledged = world->pin.acknowledged;
		wanted = world->pin.wanted;
		rv = try_pin(seat, acknowledged);
		if (rv == CKR_PIN_INCORRECT && wanted != acknowledged)
			rv = try_pin(seat, wanted);
		changed = world->pin.acknowledged != acknowledged || world->pin.wanted != wanted;
	} while (rv == CKR_PIN_INCORRECT && changed && ++i < LOGINS_MAX);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		trouble("C_Login gave %s: PIN version %u, %u under way", name_of(rv), acknowledged,
			wanted);
}

CK_RV pin_step(struct seat *seat)
{
	uint32_t version = world->pin.acknowledged;
	char old_pin[16], new_pin[16];
	CK_ULONG old_n = pin_text(old_pin, version), new_n = pin_text(new_pin, version + 1);
	CK_RV rv;

	change_begin(&world->pin, version + 1);
	rv = f->C_SetPIN(
		seat->session, (CK_UTF8CHAR_PTR)old_pin, old_n, (CK_UTF8CHAR_PTR)new_pin, new_n);
	change_end(&world->pin, rv);
	return rv;
}

void pin_settle(const struct seat *seat)
{
	struct change *c = &world->pin;
	bool under_way = c->under_way && c->wanted != c->acknowledged;
	uint32_t is = c->acknowledged, is_not = under_way ? c->wanted : is + 1;
	CK_RV rv = f->C_Logout(seat->session);

	if (rv == CKR_OK)
		rv = try_pin(seat, is);
	if (rv == CKR_PIN_INCORRECT && under_way) {
		is_not = is;
		is = c->wanted;
		rv = try_pin(seat, is);
	}
	if (rv != CKR_OK)
		trouble("neither PIN is right: %s", name_of(rv));
	f->C_Logout(seat->session);
	rv = try_pin(seat, is_not);
	if (rv != CKR_PIN_INCORRECT)
		trouble("two PINs are right: the second gave %s", name_of(rv));
	c->acknowledged = c->wanted = is;
	c->under_way = false;
	seat_login(seat);
}

/* --- Looking at everything --- */

/*
 * The first change of a process removes files without records, or the second one. A change that
 * ends in a kill leaves the object as it was. Return false if the disk is full or read-only.
 */
static bool make_two_changes(const struct seat *seat, const char *label)
{
	CK_OBJECT_HANDLE object;
	CK_RV rv = seat_named(seat, label, &object);

	for (int i = 0; i < 2 && rv == CKR_OK; i++)
		rv = f->C_SetAttributeValue(
			seat->session, object, T(RAW(CKA_LABEL, label, strlen(label))));
	if (rv == CKR_DEVICE_MEMORY || rv == CKR_TOKEN_WRITE_PROTECTED)
		return false;
	if (rv != CKR_OK)
		trouble("a change of %s gave %s", label, name_of(rv));
	return true;
}

void states_check(const struct seat *seat, CK_SLOT_ID on, unsigned clients)
{
	struct dirent *entry;
	char path[600];
	unsigned n = 0;

	if (!make_two_changes(seat, "device") || !world_has_clients())
		return;
	snprintf(path, sizeof path, "%.500s/slot-%lu/clients", token_dir, on);
	DIR *dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	if (n != clients)
		trouble("slot %lu has %u state files of %u clients", on, n, clients);
}

static unsigned count_clients(unsigned seats)
{
	unsigned n = FIXED_CLIENTS;

	for (unsigned i = 0; i < seats; i++)
		for (unsigned k = 2; k < OBJECTS; k += 3)
			n += world->objects[i][k].acknowledged != 0;
	return n;
}

static void check_count(const struct seat *seat, unsigned seats)
{
	CK_OBJECT_HANDLE found[512];
	CK_ULONG n = 0, wanted = FIXED_OBJECTS + (world_has_clients() ? FIXED_CLIENTS : 0);
	CK_RV rv = f->C_FindObjectsInit(seat->session, NOTHING);

	if (rv == CKR_OK)
		rv = f->C_FindObjects(seat->session, found, 512, &n);
	f->C_FindObjectsFinal(seat->session);
	for (unsigned i = 0; i < seats; i++)
		for (unsigned k = 0; k < OBJECTS; k++)
			wanted += world->objects[i][k].acknowledged != 0;
	if (rv != CKR_OK || n != wanted)
		trouble("the token has %lu objects, not %lu: %s", n, wanted, name_of(rv));
}

void world_goes_on(struct seat *seat, const char *text)
{
	CK_RV rv = object_alter(seat, 0);

	if (rv == CKR_OK && world->objects[0][2].acknowledged != 0)
		rv = object_use(seat, 2);
	for (unsigned which = 0; which < 2 && rv == CKR_OK; which++) {
		rv = number_take(seat, which);
		if (rv == CKR_OK)
			rv = window_use(seat, which, world->head[which] + 41);
	}
	if (rv == CKR_OK && world->objects[0][3].acknowledged == 0)
		rv = object_create(seat, 3);
	if (rv != CKR_OK)
		trouble("%s: afterwards a step gave %s", text, name_of(rv));
}

void world_check(unsigned seats)
{
	struct seat seat;

	seat_start(&seat, 0, 1);
	for (unsigned i = 0; i < seats; i++)
		objects_settle(&seat, i);
	check_count(&seat, seats);
	states_check(&seat, slot, count_clients(seats));
	pin_settle(&seat);
	fresh_settle(&seat);
	for (int i = 0; i < 8; i++)
		if (number_step(&seat) != CKR_OK || window_step(&seat) != CKR_OK)
			trouble("a shared client or a window does not work any more");
	f->C_Finalize(NULL);
}
