/* SPDX-License-Identifier: Apache-2.0 */
/* far.c: see far.h. */
#include "far.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../module/mechanism_table.h"

const char *far_token = "hsm";
CK_OBJECT_HANDLE there, here;

void far_restart(const char *text)
{
	const char *conf = getenv("SOFTHSM2_CONF");
	char kept[600] = "";

	if (conf != NULL)
		snprintf(kept, sizeof kept, "%s", conf);
	write_conf(text);
	if (kept[0] != 0)
		setenv("SOFTHSM2_CONF", kept, 1); /* write_conf has set another one */
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}

void far_softhsm(void)
{
	char text[700];
	const char *module = getenv("SOFTHSM2_MODULE");

	both();
	/* The program and keydiv use SoftHSM in threads, so SoftHSM must lock. */
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	ok(g->C_Finalize(NULL));
	ok(g->C_Initialize(&args));
	ok(g->C_OpenSession(far_slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &gs));
	ok(g->C_Login(gs, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	snprintf(text, sizeof text, "foreign-module = %s\n", module);
	far_restart(text);
}

const char *far_load(const char *name)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	struct link_map *map = NULL;
	void *module = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	ck_assert_msg(module != NULL, "%s", dlerror());
	ck_assert_int_eq(dlinfo(module, RTLD_DI_LINKMAP, &map), 0);
	*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	ck_assert(get_list != NULL);
	ok(get_list(&g));
	return map->l_name;
}

/* Slot 2 is NSS's database of keys. A new database has no PIN. */
void far_nss(void)
{
	char arguments[900], conf[2000], dir[600];
	/* NSS's CK_C_INITIALIZE_ARGS has LibraryParameters between flags and pReserved. */
	struct {
		void *mutex[4];
		CK_FLAGS flags;
		char *library_parameters;
		void *reserved;
	} args = {.flags = CKF_OS_LOCKING_OK, .library_parameters = arguments};

	user();
	snprintf(dir, sizeof dir, "%s/nss", test_dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	snprintf(arguments, sizeof arguments,
		"configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=", dir);
	const char *path = far_load("libsoftokn3.so");
	ok(g->C_Initialize(&args));
	far_token = "NSS%20Certificate%20DB";
	ok(g->C_OpenSession(2, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &gs));
	ok(g->C_Login(gs, CKU_SO, (CK_UTF8CHAR_PTR) "", 0));
	ok(g->C_InitPIN(gs, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(g->C_Logout(gs));
	ok(g->C_Login(gs, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	snprintf(conf, sizeof conf, "foreign-module = %s\nforeign-module-arguments = %s\n", path,
		arguments);
	far_restart(conf);
}

void far_finish(void)
{
	CK_RV rv = g != NULL ? g->C_Finalize(NULL) : CKR_OK;

	if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
		ck_abort_msg("C_Finalize of the other module gave %s", name_of(rv));
}

CK_SLOT_ID far_slot(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_TOKEN_INFO info;
	size_t n_label = strcspn(far_token, "%"); /* what is not encoded */

	ok(g->C_GetSlotList(CK_TRUE, slots, &n));
	for (CK_ULONG i = 0; i < n; i++)
		if (g->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
			memcmp(info.label, far_token, n_label) == 0)
			return slots[i];
	ck_abort_msg("the other token is not there");
}

bool wait_for(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child && status == 0;
}

CK_OBJECT_HANDLE far_key(const char *label, CK_KEY_TYPE type, const void *value, size_t n,
	enum far_right right, CK_ATTRIBUTE *extra, CK_ULONG count)
{
	CK_BBOOL sign = right & FAR_SIGN ? CK_TRUE : CK_FALSE;
	CK_BBOOL encrypt = right & FAR_ENCRYPT ? CK_TRUE : CK_FALSE;
	CK_ATTRIBUTE t[24] = {KEY(type), RAW(CKA_VALUE, value, n), YES(CKA_TOKEN), YES(CKA_PRIVATE),
		RAW(CKA_LABEL, label, strlen(label)), RAW(CKA_SIGN, &sign, 1),
		RAW(CKA_ENCRYPT, &encrypt, 1), NO(CKA_VERIFY), NO(CKA_DECRYPT), NO(CKA_WRAP),
		NO(CKA_UNWRAP), NO(CKA_DERIVE), YES(CKA_SENSITIVE)};
	CK_OBJECT_HANDLE key = 0;

	if (count > 0)
		memcpy(t + 14, extra, count * sizeof *extra);
	else
		t[14] = (CK_ATTRIBUTE)NO(CKA_EXTRACTABLE);
	ok(g->C_CreateObject(gs, t, 14 + (count > 0 ? count : 1), &key));
	return key;
}

CK_RV link_key(const char *object, CK_ATTRIBUTE *extra, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	char uri[256];
	CK_ATTRIBUTE t[16] = {CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE)};

	snprintf(uri, sizeof uri, "pkcs11:token=%s;object=%s", far_token, object);
	t[3] = (CK_ATTRIBUTE)RAW(CKA_KEYDIV_FOREIGN_KEY, uri, strlen(uri));
	if (count > 0)
		memcpy(t + 4, extra, count * sizeof *extra);
	return f->C_CreateObject(s, t, 4 + count, ret);
}

CK_OBJECT_HANDLE near_key(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count)
{
	CK_ATTRIBUTE t[16] = {YES(CKA_DERIVE)};

	if (count > 0)
		memcpy(t + 1, extra, count * sizeof *extra);
	return import(type, value, n, t, 1 + count);
}

/* --- Comparing --- */

/* Wrap KEY under a key of a fixed value. */
static CK_ULONG wrapped(CK_OBJECT_HANDLE key, uint8_t *out, CK_ULONG room)
{
	CK_OBJECT_HANDLE wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));

	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), wrapper, key, out, &room));
	ok(f->C_DestroyObject(s, wrapper));
	return room;
}

void same_value(CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
{
	uint8_t one[4200], other[4200];
	CK_ULONG n, m;

	if (get_ulong(a, CKA_CLASS) == CKO_DATA) {
		n = get_bytes(a, CKA_VALUE, one, sizeof one);
		m = get_bytes(b, CKA_VALUE, other, sizeof other);
	} else {
		n = wrapped(a, one, sizeof one);
		m = wrapped(b, other, sizeof other);
	}
	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(one, other, n);
}

CK_RV device_key(
	CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, unsigned number, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	char serial[32];

	snprintf(serial, sizeof serial, "SN-%06u", number);
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, serial);
	return f->C_DeriveKey(session, &m, base, T(YES(CKA_EXTRACTABLE)), ret);
}

/* --- Every mechanism --- */

#define PARAMETER_ROOM 4200

/* Copy the parameter of E to OUT. Half of the fields get random bytes of the same length. */
static CK_ULONG mutated(const struct example *e, uint8_t *out)
{
	CK_ULONG at = 0;

	memcpy(out, e->parameter, e->parameter_length);
	if ((e->type & KEYDIV_VENDOR) != KEYDIV_VENDOR)
		return e->parameter_length; /* a struct */
	while (at + 3 <= e->parameter_length) {
		size_t n = (size_t)out[at + 1] << 8 | out[at + 2];
		uint8_t tag = out[at];
		at += 3;
		if (tag != KEYDIV_HASH && below(2)) {
			if (n == 1)
				out[at] = (uint8_t)below(8);
			else
				draw(out + at, n);
		}
		at += n;
	}
	return e->parameter_length;
}

/* Derive with M from BASE. Half of the rounds ask for an AES key. */
static CK_RV derive(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ULONG length, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM_TYPE type = standard_number(m->mechanism);

	*ret = 0;
	if (type == CKM_HKDF_DATA)
		return f->C_DeriveKey(s, m, base, T(CLASS(CKO_DATA), LENGTH(32)), ret);
	if (length > 0)
		return f->C_DeriveKey(
			s, m, base, T(YES(CKA_EXTRACTABLE), TYPE(CKK_AES), LENGTH(length)), ret);
	return f->C_DeriveKey(s, m, base, T(YES(CKA_EXTRACTABLE)), ret);
}

/* Return true if the mechanism may refuse a foreign key that may do both. */
static bool needs_value(CK_MECHANISM_TYPE type)
{
	switch (standard_number(type)) {
	case CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY:
	case CKM_KEYDIV_TDES_DUKPT_KEY:
	case CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL:
	case CKM_HKDF_DERIVE:
	case CKM_HKDF_DATA:
		return true;
	default:
		return false;
	}
}

static bool is_refusal(CK_RV rv)
{
	return rv == CKR_KEY_FUNCTION_NOT_PERMITTED || rv == CKR_KEY_TYPE_INCONSISTENT;
}

/* Compare one derivation. Return true if both derived. */
static bool compare_one(const struct example *e, enum far_right right)
{
	static const CK_ULONG lengths[] = {0, 0, 16, 24, 32};
	uint8_t parameter[PARAMETER_ROOM];
	CK_MECHANISM m = {e->type, parameter, mutated(e, parameter)};
	CK_ULONG length = lengths[below(5)];
	CK_OBJECT_HANDLE a, b;
	CK_RV rv = derive(&m, here, length, &a), far_rv = derive(&m, there, length, &b);

	if (rv == CKR_OK && is_refusal(far_rv) && (right != FAR_BOTH || needs_value(e->type))) {
		ok(f->C_DestroyObject(s, a));
		return false;
	}
	ck_assert_msg(rv == far_rv, "%s: %s here, %s over a foreign key", e->name, name_of(rv),
		name_of(far_rv));
	if (rv != CKR_OK)
		return false;
	same_value(a, b);
	ok(f->C_DestroyObject(s, a));
	ok(f->C_DestroyObject(s, b));
	return true;
}

/* Return true if E derives from an imported key of TYPE. */
static bool derives_from(const struct example *e, CK_KEY_TYPE type)
{
	CK_MECHANISM_INFO info;
	CK_KEY_TYPE base = e->key_type == CKK_HKDF ? CKK_GENERIC_SECRET : e->key_type;

	return f->C_GetMechanismInfo(slot, e->type, &info) == CKR_OK && info.flags & CKF_DERIVE &&
	       e->from == 0 && base == type;
}

/*
 * Compare E over a key of N random bytes. Return the number of derivations that both did.
 */
static unsigned compare(
	const struct example *e, CK_KEY_TYPE type, size_t n, enum far_right right, unsigned rounds)
{
	CK_MECHANISM_TYPE allowed = standard_number(e->type);
	uint8_t value[64];
	unsigned done = 0;

	draw(value, sizeof value);
	if (type == CKK_DES2 || type == CKK_DES3)
		for (size_t k = 0; k < n; k++)
			value[k] ^= __builtin_parity(value[k]) == 0;
	CK_OBJECT_HANDLE far = far_key("mk", type, value, n, right, NOTHING);
	there = LINK("mk", ALLOWED(allowed), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN));
	here = near_key(type, value, n, T(ALLOWED(allowed), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));
	for (unsigned round = 0; round < rounds; round++)
		done += compare_one(e, right);
	ok(f->C_DestroyObject(s, there));
	ok(f->C_DestroyObject(s, here));
	ok(g->C_DestroyObject(gs, far));
	return done;
}

#define ROUNDS 40

void compare_kind(const struct far_kind *kind)
{
	static const size_t lengths[] = {16, 24, 32, 64};
	CK_KEY_TYPE type = kind->type;
	unsigned all = 0;

	for (size_t i = 0; i < example_count; i++) {
		const struct example *e = &examples[i];
		if (!derives_from(e, type))
			continue;
		unsigned done = compare(e, type, e->key_length, kind->right, ROUNDS);
		ck_assert_msg(done > 0 || kind->right != FAR_BOTH || needs_value(e->type),
			"%s derived nothing over a foreign key", e->name);
		all += done;
		/* Other lengths, which some mechanisms refuse here and there. */
		bool other = type == CKK_AES || type == CKK_GENERIC_SECRET;
		for (size_t k = 0; other && k < 4; k++)
			if (lengths[k] != e->key_length &&
				(type == CKK_AES ? lengths[k] <= 32 : lengths[k] >= 32))
				all += compare(e, type, lengths[k], kind->right, ROUNDS / 4);
	}
	ck_assert_uint_ge(all, kind->least);
}

/* --- A master there and here --- */

void link_both(enum far_right right, CK_ATTRIBUTE *extra, CK_ULONG n)
{
	far_key("mk", CKK_AES, mk, 16, right, NOTHING);
	ok(link_key("mk", extra, n, &there));
	here = near_key(CKK_AES, mk, 16, extra, n);
}

CK_RV device_mac(
	CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, unsigned number, uint8_t ret_mac[16])
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	char serial[32];
	CK_OBJECT_HANDLE key;
	CK_ULONG n = 16;

	snprintf(serial, sizeof serial, "SN-%u", number);
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, serial);
	CK_RV rv = f->C_DeriveKey(session, &m, base, T(YES(CKA_SIGN)), &key);
	if (rv == CKR_OK)
		rv = f->C_SignInit(session, MECH(CKM_AES_CMAC), key);
	if (rv == CKR_OK)
		rv = f->C_Sign(session, (CK_BYTE *)"message", 7, ret_mac, &n);
	return rv == CKR_OK ? f->C_DestroyObject(session, key) : rv;
}

bool same_macs(CK_SESSION_HANDLE session, unsigned from, unsigned count)
{
	uint8_t a[16], b[16];

	for (unsigned i = from; i < from + count; i++)
		if (device_mac(session, there, i, a) != CKR_OK ||
			device_mac(session, here, i, b) != CKR_OK || memcmp(a, b, 16) != 0)
			return false;
	return true;
}

/* --- Threads and processes --- */

static _Atomic unsigned wrong;

static void *derive_in_a_thread(void *arg)
{
	CK_SESSION_HANDLE mine;

	if (f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) !=
			CKR_OK ||
		!same_macs(mine, (unsigned)(uintptr_t)arg, 300) ||
		f->C_CloseSession(mine) != CKR_OK)
		atomic_fetch_add(&wrong, 1);
	return NULL;
}

void far_threads(void)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 4; i++)
		ck_assert_int_eq(
			pthread_create(&thread[i], NULL, derive_in_a_thread, (void *)(1000 * i)),
			0);
	holds(same_macs(s, 0, 300));
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(wrong, 0);
}

/* In a child: keydiv and the other module are initialised there again. */
static void in_the_child(void)
{
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, device_mac(s, there, 1, (uint8_t[16]){0}));
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "master"), YES(CKA_TOKEN)), &there, 1) == 1);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 100));
	gives(CKR_OK, f->C_Finalize(NULL));
}

void far_forks(void)
{
	holds(same_macs(s, 0, 20)); /* a foreign session is open */
	holds(in_child(in_the_child));
	holds(same_macs(s, 20, 20));
	/* Also while both work. */
	pid_t child = fork();
	ck_assert(child >= 0);
	if (child == 0)
		_exit(in_child(in_the_child) ? 0 : 1);
	holds(same_macs(s, 100, 200));
	holds(wait_for(child));
	holds(same_macs(s, 300, 20));
}
