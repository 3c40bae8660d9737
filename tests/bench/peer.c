/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c: see peer.h. */
#include "peer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
CK_OBJECT_CLASS class_secret = CKO_SECRET_KEY;
CK_KEY_TYPE type_aes = CKK_AES;

static CK_BYTE value[16] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static CK_UTF8CHAR pin[] = "12345678";

void must(const struct peer *p, CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: %s gives 0x%lx\n", p->name, what, rv);
	exit(1);
}

static CK_FUNCTION_LIST *load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_FUNCTION_LIST *f = NULL;

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&f) != CKR_OK) {
		fprintf(stderr, "not measured: %s\n", dlerror());
		return NULL;
	}
	return f;
}

/* An AES key with one usage. */
static CK_OBJECT_HANDLE import(struct peer *p, bool token, CK_ATTRIBUTE_TYPE usage, CK_ATTRIBUTE_TYPE usage2,
	const CK_MECHANISM_TYPE *list, CK_ULONG n_list)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE t[] = {
		{CKA_CLASS, &class_secret, sizeof class_secret},
		{CKA_KEY_TYPE, &type_aes, sizeof type_aes},
		{CKA_VALUE, value, sizeof value},
		{CKA_TOKEN, token ? &yes : &no, 1},
		{CKA_PRIVATE, &yes, 1},
		{CKA_SENSITIVE, &yes, 1},
		{usage, &yes, 1},
		{usage2, &yes, 1},
		{CKA_ALLOWED_MECHANISMS, (void *)list, n_list * sizeof *list},
	};
	CK_ULONG n = p->id == PEER_KEYDIV && list != NULL ? 9 : 8;

	must(p, p->f->C_CreateObject(p->session[0], t, n, &key), "C_CreateObject");
	return key;
}

static void keydiv_keys(struct peer *p)
{
	static const CK_MECHANISM_TYPE odukpt[] = {CKM_KEYDIV_ODUKPT_KEY, CKM_KEYDIV_ODUKPT_CLIENT};
	static const CK_MECHANISM_TYPE aes_dukpt[] = {CKM_KEYDIV_AES_DUKPT_KEY};
	static const CK_MECHANISM_TYPE tdes_dukpt[] = {CKM_KEYDIV_TDES_DUKPT_KEY};

	p->initial_key = import(p, true, CKA_DERIVE, CKA_DERIVE, odukpt, 2);
	p->bdk_aes = import(p, true, CKA_DERIVE, CKA_DERIVE, aes_dukpt, 1);
	type_aes = CKK_DES2; /* for one import */
	p->bdk_tdes = import(p, true, CKA_DERIVE, CKA_DERIVE, tdes_dukpt, 1);
	type_aes = CKK_AES;
}

static void keys(struct peer *p)
{
	p->master = import(p, true, CKA_DERIVE, CKA_DERIVE, NULL, 0);
	p->mac_key = import(p, true, CKA_SIGN, CKA_VERIFY, NULL, 0);
	p->cipher_key = import(p, true, CKA_ENCRYPT, CKA_DECRYPT, NULL, 0);
	p->session_master = import(p, false, CKA_DERIVE, CKA_DERIVE, NULL, 0);
	p->session_mac_key = import(p, false, CKA_SIGN, CKA_VERIFY, NULL, 0);
	p->session_cipher_key = import(p, false, CKA_ENCRYPT, CKA_DECRYPT, NULL, 0);
	if (p->id == PEER_KEYDIV)
		keydiv_keys(p);
}

static void sessions(struct peer *p)
{
	for (int i = 0; i < THREADS_MAX; i++)
		must(p, p->f->C_OpenSession(p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &p->session[i]),
			"C_OpenSession");
}

/* A token with both PINs, and the user logged in. */
static void token(struct peer *p)
{
	CK_UTF8CHAR label[33] = "benchmark                       ";
	CK_SESSION_HANDLE s;

	must(p, p->f->C_InitToken(p->slot, pin, 8, label), "C_InitToken");
	if (p->id == PEER_SOFTHSM) { /* its slot gets another number */
		CK_SLOT_ID slots[8];
		CK_ULONG n = 8;
		must(p, p->f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
		p->slot = slots[0];
	}
	must(p, p->f->C_OpenSession(p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s), "C_OpenSession");
	must(p, p->f->C_Login(s, CKU_SO, pin, 8), "C_Login (SO)");
	must(p, p->f->C_InitPIN(s, pin, 8), "C_InitPIN");
	must(p, p->f->C_Logout(s), "C_Logout");
	must(p, p->f->C_CloseSession(s), "C_CloseSession");
	sessions(p);
	must(p, p->f->C_Login(p->session[0], CKU_USER, pin, 8), "C_Login");
}

void start_keydiv(const char *dir, const char *path, struct peer *p)
{
	char conf[512];
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	snprintf(conf, sizeof conf, "%s/keydiv.conf", dir);
	FILE *file = fopen(conf, "w");
	if (file == NULL) {
		perror(conf);
		exit(1);
	}
	fprintf(file, "token-dir = %s/keydiv\nscrypt-log2-n = 14\n", dir);
	fclose(file);
	setenv("KEYDIV_CONF", conf, 1);
	p->f = load(path);
	if (p->f == NULL)
		exit(1);
	must(p, p->f->C_Initialize(&args), "C_Initialize");
	p->slot = 0;
	token(p);
	keys(p);
	p->there = true;
}

static void start_softhsm(const char *dir, struct peer *p)
{
	char path[512];
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;

	snprintf(path, sizeof path, "%s/softhsm", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/softhsm2.conf", dir);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return;
	fprintf(file, "directories.tokendir = %s/softhsm\nobjectstore.backend = file\nlog.level = ERROR\n", dir);
	fclose(file);
	setenv("SOFTHSM2_CONF", path, 1);
	p->f = load("/usr/lib/softhsm/libsofthsm2.so");
	if (p->f == NULL || p->f->C_Initialize(&args) != CKR_OK)
		return;
	must(p, p->f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	p->slot = slots[0];
	token(p);
	keys(p);
	p->there = true;
}

static void start_nss(const char *dir, struct peer *p)
{
	char parameters[600];
	char path[512];

	snprintf(parameters, sizeof parameters,
		"configdir='sql:%s/nss' certPrefix='' keyPrefix='' secmod='' flags=", dir);
	snprintf(path, sizeof path, "%s/nss", dir);
	mkdir(path, 0700);
	p->f = load("libsoftokn3.so");
	if (p->f == NULL)
		return;
	/* NSS's CK_C_INITIALIZE_ARGS has LibraryParameters between flags and pReserved. */
	struct {
		void *mutex[4];
		CK_FLAGS flags;
		char *library_parameters;
		void *reserved;
	} nss = {.flags = CKF_OS_LOCKING_OK, .library_parameters = parameters};
	if (p->f->C_Initialize(&nss) != CKR_OK)
		return;
	p->slot = 2; /* the key slot; 1 is the internal crypto slot */
	sessions(p);
	CK_RV rv = p->f->C_InitPIN(p->session[0], pin, 8);
	if (rv != CKR_OK) {
		must(p, p->f->C_Login(p->session[0], CKU_SO, NULL, 0), "C_Login (SO)");
		must(p, p->f->C_InitPIN(p->session[0], pin, 8), "C_InitPIN");
		must(p, p->f->C_Logout(p->session[0]), "C_Logout");
	}
	must(p, p->f->C_Login(p->session[0], CKU_USER, pin, 8), "C_Login");
	keys(p);
	p->there = true;
}

void peers_start(const char *dir, const char *keydiv_path, struct peer peers[PEERS])
{
	static const char *const names[PEERS] = {"keydiv", "SoftHSM", "NSS"};

	memset(peers, 0, PEERS * sizeof *peers);
	for (int i = 0; i < PEERS; i++) {
		peers[i].id = (enum peer_id)i;
		peers[i].name = names[i];
	}
	start_keydiv(dir, keydiv_path, &peers[PEER_KEYDIV]);
	start_softhsm(dir, &peers[PEER_SOFTHSM]);
	start_nss(dir, &peers[PEER_NSS]);
}

void peers_stop(struct peer peers[PEERS])
{
	for (int i = 0; i < PEERS; i++)
		if (peers[i].there && peers[i].id != PEER_SOFTHSM)
			peers[i].f->C_Finalize(NULL);
}
