/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c: load and set up the modules that peer.h declares. */
#include "peer.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
CK_OBJECT_CLASS class_secret = CKO_SECRET_KEY;
CK_KEY_TYPE type_aes = CKK_AES;

static CK_BYTE value[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88,
	0x09, 0xcf, 0x4f, 0x3c};
static CK_UTF8CHAR pin[] = "12345678";

void must(const struct peer *p, CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: %s gives 0x%lx\n", p->name, what, rv);
	exit(1);
}

/* Set the function lists of P to those of the module at PATH. The list of 3.0 may be missing. */
static CK_FUNCTION_LIST *load(struct peer *p, const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS) = NULL;
	CK_UTF8CHAR name[] = "PKCS 11";
	CK_VERSION version = {3, 0};
	CK_INTERFACE *interface;
	CK_FUNCTION_LIST *f = NULL;

	if (library != NULL)
		*(void **)&get_interface = dlsym(library, "C_GetInterface");
	if (get_interface != NULL && get_interface(name, &version, &interface, 0) == CKR_OK)
		p->f3 = interface->pFunctionList;

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&f) != CKR_OK) {
		return NULL;
	}
	return f;
}

/* Create an AES key with one usage, or two. kryoptic refuses an attribute that comes twice. */
static CK_OBJECT_HANDLE import(struct peer *p, bool token, CK_ATTRIBUTE_TYPE usage,
	CK_ATTRIBUTE_TYPE usage2, const CK_MECHANISM_TYPE *list, CK_ULONG n_list)
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
		{0}, /* the last two follow */
		{0},
	};
	CK_ULONG n = 7;

	if (usage2 != usage)
		t[n++] = (CK_ATTRIBUTE){usage2, &yes, 1};
	if (p->id == PEER_KEYDIV && list != NULL)
		t[n++] =
			(CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, (void *)list, n_list * sizeof *list};

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

void peer_keys(struct peer *p)
{
	CK_ATTRIBUTE label = {CKA_LABEL, SEARCHED, sizeof SEARCHED - 1};

	p->master = import(p, true, CKA_DERIVE, CKA_DERIVE, NULL, 0);
	p->mac_key = import(p, true, CKA_SIGN, CKA_VERIFY, NULL, 0);
	p->cipher_key = import(p, true, CKA_ENCRYPT, CKA_DECRYPT, NULL, 0);
	p->session_master = import(p, false, CKA_DERIVE, CKA_DERIVE, NULL, 0);
	p->session_mac_key = import(p, false, CKA_SIGN, CKA_VERIFY, NULL, 0);
	p->session_cipher_key = import(p, false, CKA_ENCRYPT, CKA_DECRYPT, NULL, 0);
	must(p, p->f->C_SetAttributeValue(p->session[0], p->mac_key, &label, 1),
		"C_SetAttributeValue");
	if (p->id == PEER_KEYDIV)
		keydiv_keys(p);
}

void peer_forget_keys(struct peer *p)
{
	CK_OBJECT_HANDLE all[] = {p->master, p->mac_key, p->cipher_key, p->session_master,
		p->session_mac_key, p->session_cipher_key, p->initial_key, p->bdk_aes, p->bdk_tdes};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] != 0)
			must(p, p->f->C_DestroyObject(p->session[0], all[i]), "C_DestroyObject");
}

static void sessions(struct peer *p)
{
	for (int i = 0; i < THREADS_MAX; i++)
		must(p,
			p->f->C_OpenSession(p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
				NULL, &p->session[i]),
			"C_OpenSession");
}

/* --- Configuration of each module, and loading --- */

static FILE *configuration(const char *dir, const char *name, const char *variable)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	setenv(variable, path, 1);
	return file;
}

/*
 * Run p11-kit's server with keydiv at PATH in a process of its own, and let p11-kit-client.so find
 * the server. Without the server, loading the client fails.
 */
static void run_server(struct peer *p, const char *path)
{
	char command[2048], line[512];

	mkdir(p->dir, 0700);
	snprintf(command, sizeof command,
		"printf 'token-dir = %s/keydiv\nscrypt-log2-n = 14\n' >'%s/keydiv.conf' && "
		"KEYDIV_CONF='%s/keydiv.conf' p11-kit server --sh -n '%s/socket' --provider '%s' "
		"pkcs11: 2>/dev/null",
		p->dir, p->dir, p->dir, p->dir, path);
	FILE *out = popen(command, "r");
	while (out != NULL && fgets(line, sizeof line, out) != NULL) {
		char *address = strstr(line, "P11_KIT_SERVER_ADDRESS="), *end;
		if (address != NULL && (end = strpbrk(address, ";\n")) != NULL) {
			*end = '\0';
			setenv("P11_KIT_SERVER_ADDRESS", strchr(address, '=') + 1, 1);
		}
		sscanf(line, "P11_KIT_SERVER_PID=%ld", &p->server);
	}
	if (out != NULL)
		pclose(out);
}

/* Write the configuration of P, and make the folder of its token. */
static void configure(struct peer *p, const char *keydiv_path)
{
	FILE *file = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/%s", p->dir, p->id == PEER_SOFTHSM ? "softhsm" : "nss");
	switch (p->id) {
	case PEER_KEYDIV:
		file = configuration(p->dir, "keydiv.conf", "KEYDIV_CONF");
		fprintf(file, "token-dir = %s/keydiv\nscrypt-log2-n = 14\n", p->dir);
		break;
	case PEER_SOFTHSM:
		file = configuration(p->dir, "softhsm2.conf", "SOFTHSM2_CONF");
		fprintf(file,
			"directories.tokendir = %s/softhsm\nobjectstore.backend = file\nlog.level "
			"= ERROR\n",
			p->dir);
		mkdir(path, 0700);
		break;
	case PEER_KRYOPTIC:
		file = configuration(p->dir, "kryoptic.conf", "KRYOPTIC_CONF");
		fprintf(file,
			"[[slots]]\nslot = 0\ndbtype = \"sqlite\"\ndbargs = \"%s/kryoptic.sql\"\n",
			p->dir);
		break;
	case PEER_SERVER:
		snprintf(p->dir + strlen(p->dir), sizeof p->dir - strlen(p->dir), "/server");
		run_server(p, keydiv_path);
		break;
	default:
		mkdir(path, 0700);
	}
	if (file != NULL)
		fclose(file);
}

bool peer_load(struct peer *p, enum peer_id id, const char *dir, const char *keydiv_path)
{
	static const char *const names[PEERS] = {
		"keydiv", "SoftHSM", "NSS", "kryoptic", "p11-kit's server"};
	const char *const paths[PEERS] = {keydiv_path, "/usr/lib/softhsm/libsofthsm2.so",
		"libsoftokn3.so", getenv("KEYDIV_BENCH_KRYOPTIC"), P11_KIT_CLIENT};

	memset(p, 0, sizeof *p);
	p->id = id;
	p->name = names[id];
	snprintf(p->dir, sizeof p->dir, "%s", dir);
	configure(p, keydiv_path);
	p->f = load(p, paths[id] != NULL ? paths[id] : "libkryoptic_pkcs11.so");
	return p->f != NULL;
}

/* Initialise p11-kit's client. Before the server listens, the client has no slot. */
static CK_RV initialize_client(struct peer *p, CK_C_INITIALIZE_ARGS *args)
{
	CK_RV rv = p->f->C_Initialize(args);
	CK_ULONG n = 0;

	for (int tries = 0; rv == CKR_OK && tries < 500; tries++) {
		rv = p->f->C_GetSlotList(CK_TRUE, NULL, &n);
		if (rv != CKR_OK || n > 0)
			return rv;
		p->f->C_Finalize(NULL);
		usleep(10000);
		rv = p->f->C_Initialize(args);
	}
	return rv == CKR_OK ? CKR_DEVICE_REMOVED : rv;
}

CK_RV peer_initialize(struct peer *p)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	char parameters[600];
	/* The CK_C_INITIALIZE_ARGS of NSS has LibraryParameters between flags and pReserved. */
	struct {
		void *mutex[4];
		CK_FLAGS flags;
		char *library_parameters;
		void *reserved;
	} nss = {.flags = CKF_OS_LOCKING_OK, .library_parameters = parameters};

	if (p->id == PEER_SERVER)
		return initialize_client(p, &args);
	if (p->id != PEER_NSS)
		return p->f->C_Initialize(&args);
	snprintf(parameters, sizeof parameters,
		"configdir='sql:%s/nss' certPrefix='' keyPrefix='' secmod='' flags=", p->dir);
	return p->f->C_Initialize(&nss);
}

/* --- Tokens --- */

/*
 * Find the slot of the token. SoftHSM gives its slots new numbers. If SoftHSM has a token, the
 * first slot holds it. p11-kit's client has numbers of its own.
 */
static void find_slot(struct peer *p)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;

	p->slot = p->id == PEER_NSS
			  ? 2
			  : 0; /* NSS: slot 1 is the internal crypto slot, slot 2 the key slot */
	if (p->id != PEER_SOFTHSM && p->id != PEER_SERVER)
		return;
	must(p, p->f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	p->slot = slots[0];
}

static void set_pins(struct peer *p)
{
	CK_UTF8CHAR label[33] = "benchmark                       ";
	CK_SESSION_HANDLE s;

	must(p, p->f->C_InitToken(p->slot, pin, 8, label), "C_InitToken");
	find_slot(p);
	must(p, p->f->C_OpenSession(p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
		"C_OpenSession");
	must(p, p->f->C_Login(s, CKU_SO, pin, 8), "C_Login (SO)");
	must(p, p->f->C_InitPIN(s, pin, 8), "C_InitPIN");
	must(p, p->f->C_Logout(s), "C_Logout");
	must(p, p->f->C_CloseSession(s), "C_CloseSession");
}

static void set_nss_pin(struct peer *p)
{
	if (p->f->C_InitPIN(p->session[0], pin, 8) == CKR_OK)
		return;
	must(p, p->f->C_Login(p->session[0], CKU_SO, NULL, 0), "C_Login (SO)");
	must(p, p->f->C_InitPIN(p->session[0], pin, 8), "C_InitPIN");
	must(p, p->f->C_Logout(p->session[0]), "C_Logout");
}

void peer_open(struct peer *p)
{
	CK_TOKEN_INFO info;

	find_slot(p);
	must(p, p->f->C_GetTokenInfo(p->slot, &info), "C_GetTokenInfo");
	bool fresh = p->id == PEER_NSS ? !(info.flags & CKF_USER_PIN_INITIALIZED)
				       : !(info.flags & CKF_TOKEN_INITIALIZED);
	if (fresh && p->id != PEER_NSS)
		set_pins(p);
	sessions(p);
	if (fresh && p->id == PEER_NSS)
		set_nss_pin(p);
}

CK_RV peer_login(struct peer *p)
{
	return p->f->C_Login(p->session[0], CKU_USER, pin, 8);
}

static bool start(struct peer *p, enum peer_id id, const char *dir, const char *keydiv_path)
{
	if (!peer_load(p, id, dir, keydiv_path) || peer_initialize(p) != CKR_OK)
		return false;
	peer_open(p);
	must(p, peer_login(p), "C_Login");
	peer_keys(p);
	p->there = true;
	return true;
}

void start_keydiv(const char *dir, const char *path, struct peer *p)
{
	if (!start(p, PEER_KEYDIV, dir, path)) {
		fprintf(stderr, "cannot start %s\n", path);
		exit(1);
	}
}

void peers_start(const char *dir, const char *keydiv_path, int n, struct peer *peers)
{
	memset(peers, 0, (size_t)n * sizeof *peers);
	start_keydiv(dir, keydiv_path, &peers[PEER_KEYDIV]);
	for (int i = PEER_SOFTHSM; i < n; i++)
		if (!start(&peers[i], (enum peer_id)i, dir, keydiv_path))
			fprintf(stderr, "not measured, because it is not installed: %s\n",
				peers[i].name);
}

void peers_stop(int n, struct peer *peers)
{
	for (int i = 0; i < n; i++) {
		if (peers[i].there && peers[i].id != PEER_SOFTHSM)
			peers[i].f->C_Finalize(NULL);
		if (peers[i].server > 0)
			kill((pid_t)peers[i].server, SIGTERM);
	}
}
