/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale_growth.c: measure how the cost of each operation grows with token objects and with
 * threads. All rounds of an operation have the same number of calls, which takes about ROUND_NS
 * in one thread.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "scale.h"

#define ROUNDS 7
#define ROUND_NS 15e6

/* --- Operations that wait for the disk (measure.h has the others) --- */

static CK_OBJECT_HANDLE clients[THREADS_MAX], reserving[THREADS_MAX];

static void token_key(struct peer *p, int thread, long n)
{
	for (long i = 0; i < n; i++) {
		CK_OBJECT_HANDLE key =
			make_key(p, p->session[thread], true, CKA_SIGN, "one more", (CK_ULONG)i);
		must(p, p->f->C_DestroyObject(p->session[thread], key), "C_DestroyObject");
	}
}

static void next_key(struct peer *p, int thread, long n)
{
	next_keys(p, p->session[thread], clients[thread], n);
}

static void next_key_reserved(struct peer *p, int thread, long n)
{
	next_keys(p, p->session[thread], reserving[thread], n);
}

static const struct measure durable[] = {
	{"create + destroy a token key, durable", 1, {token_key, token_key, token_key}, NULL, {0}},
	{"ODUKPT_NEXT_KEY, durable, a client a thread", 1, {next_key}, NULL, {0}},
	{"ODUKPT_NEXT_KEY, RESERVE 64, a client a thread", 1, {next_key_reserved}, NULL, {0}},
	{0},
};

static const struct measure *const tables[] = {measures, durable, NULL};

static void make_clients(struct peer *p)
{
	for (int t = 0; t < THREADS_MAX; t++) {
		clients[t] = make_client(p, 1);
		reserving[t] = make_client(p, 64);
	}
}

static void forget_clients(struct peer *p)
{
	for (int t = 0; t < THREADS_MAX; t++) {
		must(p, p->f->C_DestroyObject(p->session[0], clients[t]), "C_DestroyObject");
		must(p, p->f->C_DestroyObject(p->session[0], reserving[t]), "C_DestroyObject");
	}
}

/* Return the microseconds for one operation, over all threads. */
static double round_time(run_fn run, struct peer *p, int threads, long n)
{
	long each = (n + threads - 1) / threads;
	double start = now();

	run_in_threads(run, p, threads, each);
	double took = now() - start;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (round_uses_cpu_time()) /* as if each thread had a core, up to the number of cores */
		took /= (double)(threads < cores ? threads : cores);
	return took / 1000 / (double)(each * threads);
}

/* Choose the number of operations in a round. */
static long how_many(run_fn run, struct peer *p)
{
	for (long n = 1;; n *= 4) {
		double start = now();
		run(p, 0, n);
		double took = now() - start;
		if (took > ROUND_NS / 4)
			return (long)((double)n * ROUND_NS / took) + 1;
	}
}

/* --- Beside token objects --- */

static void one_beside(const struct scale *s, const struct measure *m, struct peer *p, long x)
{
	run_fn run = m->run[PEER_KEYDIV];
	double rounds[ROUNDS];
	char what[128];
	long n = how_many(run, p);

	for (int r = 0; r < ROUNDS; r++)
		rounds[r] = round_time(run, p, 1, n);
	snprintf(what, sizeof what, "%s, token objects", m->name);
	quiet_figure(s, what, "keydiv", x, median(rounds, ROUNDS), "us", "");
}

static void beside(const struct scale *s, const char *dir, long x)
{
	struct peer p;

	if (!peer_load(&p, PEER_KEYDIV, dir, s->module))
		_exit(1);
	must(&p, peer_initialize(&p), "C_Initialize");
	peer_open(&p);
	must(&p, peer_login(&p), "C_Login");
	peer_keys(&p);
	make_clients(&p);
	for (int t = 0; tables[t] != NULL; t++)
		for (const struct measure *m = tables[t]; m->name != NULL; m++)
			if (m->threads == 1)
				one_beside(s, m, &p, x);
	forget_clients(&p);
	peer_forget_keys(&p);
	must(&p, p.f->C_Finalize(NULL), "C_Finalize");
}

void growth_objects(const struct scale *s, const char *dir, long x)
{
	fflush(NULL);
	if (fork() == 0) { /* load the module in the child only */
		beside(s, dir, x);
		fflush(NULL);
		_exit(0);
	}
	wait(NULL);
}

/* --- With several threads --- */

/*
 * Print the times and the ratios of the rates of one operation of one module. The index is
 * threads - 1.
 */
static void tell(const struct scale *s, const struct measure *m, const char *peer,
	double us[THREADS_MAX][ROUNDS])
{
	bool bar = strcmp(peer, "keydiv") == 0 && m == &measures[0];
	char what[128], as_ratio[128];

	snprintf(what, sizeof what, "%s, threads", m->name);
	snprintf(as_ratio, sizeof as_ratio, "%s, rate in threads to that in one", m->name);
	printf("%-58s %-8s ", m->name, peer);
	for (int t = 0; t < THREADS_MAX; t++) {
		double rates[ROUNDS], ratios[ROUNDS];
		for (int r = 0; r < ROUNDS; r++) {
			rates[r] = 1e6 / us[t][r];
			ratios[r] = us[0][r] / us[t][r];
		}
		quiet_figure(s, what, peer, t + 1, median(rates, ROUNDS), "/s", "");
		quiet_figure(s, as_ratio, peer, t + 1, median(ratios, ROUNDS), "x",
			bar && t == 1 ? ">= 1.9x" : "");
		printf(" %5.2f", median(ratios, ROUNDS));
	}
	printf("%s\n", bar ? "  >= 1.9x for two" : "");
	fflush(stdout);
}

static void in_threads(
	const struct scale *s, const struct measure *m, struct peer peers[SCALE_PEERS])
{
	static const char *const names[SCALE_PEERS] = {"keydiv", "softhsm", "nss"};
	static double us[SCALE_PEERS][THREADS_MAX][ROUNDS];
	long n[SCALE_PEERS] = {0};

	for (int i = 0; i < SCALE_PEERS; i++)
		if (peers[i].there && m->run[i] != NULL)
			n[i] = how_many(m->run[i], &peers[i]);
	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < SCALE_PEERS; i++)
			for (int t = 0; t < THREADS_MAX && n[i] > 0; t++)
				us[i][t][r] = round_time(m->run[i], &peers[i], t + 1, n[i]);
	for (int i = 0; i < SCALE_PEERS; i++)
		if (n[i] > 0)
			tell(s, m, names[i], us[i]);
}

void growth_threads(const struct scale *s, struct peer peers[SCALE_PEERS])
{
	printf("rate in 1 to %d threads, as a ratio to that in one\n", THREADS_MAX);
	make_clients(&peers[PEER_KEYDIV]);
	for (int t = 0; tables[t] != NULL; t++)
		for (const struct measure *m = tables[t]; m->name != NULL; m++)
			if (m->threads == 1)
				in_threads(s, m, peers);
}
