/* SPDX-License-Identifier: Apache-2.0 */
/* scale_threads.c: derive + destroy from a token master in 1 to 8 threads with a session each, all modules interleaved. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

#define ROUNDS 9

struct thread {
	pthread_t id;
	struct peer *p;
	int number;
	long n;
};

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	CK_SESSION_HANDLE s = t->p->session[t->number];

	for (long i = 0; i < t->n; i++)
		must(t->p, t->p->f->C_DestroyObject(s, derive_one(t->p, s, t->p->master, i)), "C_DestroyObject");
	return NULL;
}

/* Derivations a second. */
static double rate(struct peer *p, int threads, long n)
{
	struct thread t[THREADS_MAX];
	double start = now();

	for (int i = 0; i < threads; i++) {
		t[i] = (struct thread){.p = p, .number = i, .n = n};
		pthread_create(&t[i].id, NULL, thread_main, &t[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(t[i].id, NULL);
	double took = now() - start;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (round_uses_cpu_time()) /* what it would be if each thread had a core, as far as there are cores */
		took /= (double)(threads < cores ? threads : cores);
	return (double)(n * threads) / took * 1e9;
}

static void measure(const struct scale *s, struct peer peers[PEERS])
{
	static const char *const names[PEERS] = {"keydiv", "softhsm", "nss"};
	static const long n[PEERS] = {100000, 500, 200};
	static double rates[PEERS][THREADS_MAX + 1][ROUNDS], ratios[PEERS][THREADS_MAX + 1][ROUNDS];

	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < PEERS; i++)
			for (int t = 1; t <= THREADS_MAX && peers[i].there; t++) {
				rates[i][t][r] = rate(&peers[i], t, n[i]);
				ratios[i][t][r] = rates[i][t][r] / rates[i][1][r];
			}
	for (int i = 0; i < PEERS; i++)
		for (int t = 1; t <= THREADS_MAX && peers[i].there; t++) {
			figure(s, "derive + destroy, threads", names[i], t, median(rates[i][t], ROUNDS), "/s", "");
			figure(s, "threads, as a ratio to one", names[i], t, median(ratios[i][t], ROUNDS), "x",
				i == PEER_KEYDIV && t == 2 ? ">= 1.9x" : "");
		}
}

void scale_threads(const struct scale *s)
{
	char dir[512];
	struct peer peers[PEERS];

	fflush(NULL);
	if (fork() != 0) { /* the modules are loaded in the child only */
		wait(NULL);
		return;
	}
	fresh_directory(s, "threads", dir);
	peers_start(dir, s->module, peers);
	measure(s, peers);
	fflush(NULL);
	_exit(0);
}
