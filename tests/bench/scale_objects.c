/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale_objects.c: measure a token with many objects: start, login, search, memory, and deriving.
 * Each measurement runs in a fresh process, because start and memory belong to a process.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "scale.h"

#define GROWERS 200      /* as many changes as one commit takes */
#define PEER_SECONDS 240 /* a peer syncs each object separately; stop there after this time */
#define IN_USE 1000
#define PROBES 5

static void label_of(long i, char ret[32])
{
	snprintf(ret, 32, "object-%07ld", i);
}

/* --- Making the objects --- */

struct grower {
	pthread_t id;
	struct peer *p;
	long from, to;
};

static void *grow_some(void *arg)
{
	struct grower *g = arg;
	CK_SESSION_HANDLE s;
	char label[32];

	must(g->p,
		g->p->f->C_OpenSession(
			g->p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
		"C_OpenSession");
	for (long i = g->from; i < g->to; i++) {
		label_of(i, label);
		make_key(g->p, s, true, CKA_SIGN, label, (CK_ULONG)i);
	}
	return NULL;
}

/*
 * Create the objects FROM to TO - 1, with many threads where threads help. The first object of a
 * token is the master.
 */
static void grow(struct peer *p, long from, long to)
{
	struct grower g[GROWERS];
	int n = p->id == PEER_KEYDIV ? GROWERS : 1;

	if (from == 0)
		make_key(p, p->session[0], true, CKA_DERIVE, "master", 0xffffffff);
	for (int i = 0; i < n; i++) {
		g[i] = (struct grower){.p = p,
			.from = from + (to - from) * i / n,
			.to = from + (to - from) * (i + 1) / n};
		pthread_create(&g[i].id, NULL, grow_some, &g[i]);
	}
	for (int i = 0; i < n; i++)
		pthread_join(g[i].id, NULL);
}

/* --- Measuring --- */

static CK_OBJECT_HANDLE find(struct peer *p, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG n)
{
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class_secret, sizeof class_secret}, {type, value, n}};
	CK_OBJECT_HANDLE found[2] = {0};
	CK_ULONG count = 0;

	must(p, p->f->C_FindObjectsInit(p->session[0], t, 2), "C_FindObjectsInit");
	must(p, p->f->C_FindObjects(p->session[0], found, 2, &count), "C_FindObjects");
	must(p, p->f->C_FindObjectsFinal(p->session[0]), "C_FindObjectsFinal");
	must(p, count == 1 ? CKR_OK : CKR_GENERAL_ERROR, "search for one object");
	return found[0];
}

/*
 * Return the microseconds of one search by label or id. The same twenty objects are searched
 * repeatedly, for up to half a second.
 */
static double find_time(struct peer *p, long objects, bool by_label)
{
	double rounds[7];
	char label[32];
	CK_BYTE id[8] = {0};

	for (int r = -1; r < 7; r++) {
		double start = now();
		long n = 0;
		for (; n < 400 && (n < 4 || now() - start < 7e7); n++) {
			long i = (n % 20) * (objects / 20) % objects;
			label_of(i, label);
			for (int b = 0; b < 8; b++)
				id[b] = (CK_BYTE)((CK_ULONG)i >> 8 * (7 - b));
			by_label ? find(p, CKA_LABEL, label, strlen(label))
				 : find(p, CKA_ID, id, sizeof id);
		}
		if (r >= 0)
			rounds[r] = (now() - start) / 1000 / (double)n;
	}
	return median(rounds, 7);
}

/* Find and use up to IN_USE keys. */
static void use_many(struct peer *p, long objects)
{
	CK_MECHANISM m = {CKM_AES_CMAC, NULL, 0};
	CK_BYTE mac[16];
	char label[32];

	double start = now();
	for (long k = 0; k < IN_USE && k < objects && now() - start < 20e9; k++) {
		CK_ULONG n = sizeof mac;
		label_of(k * (objects / (objects < IN_USE ? objects : IN_USE)), label);
		CK_OBJECT_HANDLE key = find(p, CKA_LABEL, label, strlen(label));
		must(p, p->f->C_SignInit(p->session[0], &m, key), "C_SignInit");
		must(p, p->f->C_Sign(p->session[0], mac, 1, mac, &n), "C_Sign");
	}
}

static double derive_time(struct peer *p)
{
	CK_OBJECT_HANDLE master = find(p, CKA_LABEL, "master", 6);
	double rounds[7];

	for (int r = -1; r < 7; r++) {
		double start = now();
		long n = 0;
		for (; n < 20000 && (n % 16 || now() - start < 5e7); n++)
			must(p,
				p->f->C_DestroyObject(
					p->session[0], derive_one(p, p->session[0], master, n)),
				"C_DestroyObject");
		if (r >= 0)
			rounds[r] = (now() - start) / 1000 / (double)n;
	}
	return median(rounds, 7);
}

/* Return the time that libcrypto needs to stretch the PIN with N = 2^14, r = 8, p = 1. */
static double scrypt_time(void)
{
	double rounds[3];
	unsigned char out[32];

	for (int r = 0; r < 3; r++) {
		double start = now();
		if (!EVP_PBE_scrypt("12345678", 8, (const unsigned char *)"saltsaltsaltsalt", 16,
			    1 << 14, 8, 1, 64 << 20, out, 32))
			abort();
		rounds[r] = (now() - start) / 1e6;
	}
	return median(rounds, 3);
}

/*
 * Print a line of numbers for the parent. Measure the first C_Initialize, because later ones
 * find libcrypto initialised.
 */
static void probe(struct peer *p, long objects)
{
	double before = resident();
	double start = now();
	must(p, peer_initialize(p), "C_Initialize");
	double initialize = (now() - start) / 1e6;
	peer_open(p);
	start = now();
	must(p, peer_login(p), "C_Login");
	double login = (now() - start) / 1e6;
	use_many(p, objects);
	double memory = (resident() - before) / 1024 / 1024, whole = resident() / 1024 / 1024;
	double by_label = find_time(p, objects, true), by_id = find_time(p, objects, false);
	double derive = derive_time(p);
	printf("%f %f %f %f %f %f %f %f\n", initialize, login,
		p->id == PEER_KEYDIV ? scrypt_time() : 0, by_label, by_id, memory, whole, derive);
}

int objects_child(int argc, char **argv)
{
	struct peer p;

	if (argc != 9)
		return 2;
	if (strcmp(argv[8], "cpu") == 0)
		round_use_cpu_time();
	if (!peer_load(&p, (enum peer_id)atoi(argv[3]), argv[5], argv[4]))
		return 1;
	if (strcmp(argv[2], "probe") == 0) {
		probe(&p, atol(argv[7]));
	} else {
		if (p.id != PEER_KEYDIV)
			alarm(PEER_SECONDS); /* the alarm ends this process */
		must(&p, peer_initialize(&p), "C_Initialize");
		peer_open(&p);
		must(&p, peer_login(&p), "C_Login");
		grow(&p, atol(argv[6]), atol(argv[7]));
		must(&p, p.f->C_Finalize(NULL), "C_Finalize");
	}
	fflush(stdout);
	_exit(0); /* skip the peers' destructors, because some of them crash */
}

/* --- The parent --- */

/*
 * Run a child and read its numbers into RET, unless RET is NULL. Return false if the child failed.
 */
static bool child(const struct scale *s, const char *self, const char *mode, enum peer_id id,
	const char *dir, long from, long to, double ret[8])
{
	char number[3][24];
	int fd[2], status;

	snprintf(number[0], 24, "%d", (int)id);
	snprintf(number[1], 24, "%ld", from);
	snprintf(number[2], 24, "%ld", to);
	if (pipe(fd) != 0)
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd[1], 1);
		close(fd[0]);
		execl(self, self, "--child", mode, number[0], s->module, dir, number[1], number[2],
			round_uses_cpu_time() ? "cpu" : "time", (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	FILE *in = fdopen(fd[0], "r");
	int got = 0;
	while (ret != NULL && got < 8 && fscanf(in, "%lf", &ret[got]) == 1)
		got++;
	waitpid(pid, &status, 0);
	fclose(in);
	return status == 0 && (ret == NULL || got == 8);
}

static void tell(const struct scale *s, const char *name, long n, double v[8])
{
	bool ours = strcmp(name, "keydiv") == 0;

	figure(s, "C_Initialize, token objects", name, n, v[0], "ms", ours ? "<= 3 ms" : "");
	figure(s, "C_Login, token objects", name, n, v[1], "ms", "");
	if (ours)
		figure(s, "C_Login less scrypt alone", name, n, v[1] - v[2], "ms", "<= 50 ms");
	figure(s, "C_FindObjects by label, one result", name, n, v[3], "us",
		ours ? "<= 20 us" : "");
	figure(s, "C_FindObjects by id, one result", name, n, v[4], "us", ours ? "<= 20 us" : "");
	figure(s, "memory taken, 1000 objects in use", name, n, v[5], "MiB",
		ours ? "<= 64 MiB" : "");
	figure(s, "derive + destroy beside token objects", name, n, v[7], "us", "");
}

/* Return the number of objects that the token in DIR has already, from a note beside the token. */
static long noted(const char *dir, long set)
{
	char path[600];
	long n = 0;

	snprintf(path, sizeof path, "%s/objects", dir);
	FILE *file = fopen(path, set ? "w" : "r");
	if (file == NULL)
		return 0;
	if (set)
		fprintf(file, "%ld\n", set);
	else if (fscanf(file, "%ld", &n) != 1)
		n = 0;
	fclose(file);
	return n;
}

/*
 * Make a token of each size, so that the tokens can be kept. A larger token starts as a copy of
 * the smaller one. RATE is the number of objects made in a second for the smaller token, 0 if
 * unknown. Update RATE.
 */
static bool prepare(const struct scale *s, const char *self, enum peer_id id, const char *name,
	long previous, long n, double *rate, char dir[512])
{
	char command[1200];

	snprintf(dir, 512, "%s/%s-%ld", s->dir, name, n);
	if (noted(dir, 0) == n)
		return true;
	if (id != PEER_KEYDIV && *rate > 0 && (double)(n - previous) / *rate > PEER_SECONDS) {
		printf("%s: not measured at %ld objects, which would take %.0f s to make\n", name,
			n, (double)(n - previous) / *rate);
		return false;
	}
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	if (system(command) != 0)
		return false;
	if (previous > 0) {
		snprintf(command, sizeof command, "cp -a '%s/%s-%ld' '%s'", s->dir, name, previous,
			dir);
		if (system(command) != 0)
			return false;
	} else if (mkdir(dir, 0700) != 0) {
		return false;
	}
	double start = now();
	if (!child(s, self, "grow", id, dir, previous, n, NULL)) {
		printf("%s: not measured at %ld objects, which could not be made in time\n", name,
			n);
		return false;
	}
	*rate = (double)(n - previous) / (now() - start) * 1e9;
	if (!round_uses_cpu_time())
		figure(s, id == PEER_KEYDIV ? "token keys made by 200 threads" : "token keys made",
			name, n, *rate, "/s", "");
	noted(dir, n);
	return true;
}

static void one_peer(
	const struct scale *s, const char *self, enum peer_id id, const char *name, long most)
{
	char dir[512];
	long previous = 0;
	double rate = 0;

	for (long n = 1; n <= most; n *= 10) {
		double values[8][PROBES], probed[8], v[8];
		if (!prepare(s, self, id, name, previous, n, &rate, dir))
			return;
		int probes = 0;
		for (double start = now(); probes < PROBES && (probes == 0 || now() - start < 20e9);
			probes++) {
			if (!child(s, self, "probe", id, dir, 0, n, probed))
				return;
			for (int i = 0; i < 8; i++)
				values[i][probes] = probed[i];
		}
		for (int i = 0; i < 8; i++)
			v[i] = median(values[i], probes);
		tell(s, name, n, v);
		if (id == PEER_KEYDIV)
			growth_objects(s, dir, n);
		previous = n;
	}
}

void scale_objects(const struct scale *s, const char *self)
{
	one_peer(s, self, PEER_KEYDIV, "keydiv", s->full ? 1000000 : 100000);
	one_peer(s, self, PEER_SOFTHSM, "softhsm", s->full ? 10000 : 1000);
	one_peer(s, self, PEER_NSS, "nss", s->full ? 10000 : 1000);
}
