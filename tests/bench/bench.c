/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c: compare keydiv, SoftHSM 2, NSS softokn, kryoptic and keydiv behind p11-kit's server
 * through the same PKCS#11 calls, in turns. The floor is the same arithmetic done by libcrypto
 * alone.
 *
 * Print one table with the medians of the rounds and the medians of the ratios within each round. A
 * busy machine disturbs the ratios less. Write JSON if a file is given.
 *
 * Usage: bench MODULE [--rounds N] [--json FILE] [--only TEXT] [--cpu]
 * --cpu measures processor time instead of wall-clock time, for a busy machine.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "round.h"

/* One column of one row of the table, with its results. */
struct column {
	bool there;
	int threads;
	run_fn run;
	struct peer *peer;
	long n;                   /* operations in one round */
	double round[ROUNDS_MAX]; /* nanoseconds for one operation */
	double ratio[ROUNDS_MAX]; /* ratio to keydiv in the same round */
	double median, median_ratio;
};

/* Choose the number of operations so that a round takes about 20 ms. */
static void warm_up(struct column *c)
{
	c->n = 1;
	for (;;) {
		double start = now();
		run_in_threads(c->run, c->peer, c->threads, c->n);
		double took = now() - start;
		if (took > 5e6) {
			c->n = (long)((double)c->n * 20e6 / took) + 1;
			return;
		}
		c->n *= 4;
	}
}

/*
 * The last column is the floor. For a bar of threads the last column is keydiv in one thread, with
 * which several threads are compared as with a floor.
 */
static void columns_of(
	const struct measure *m, struct peer peers[PEERS], struct column columns[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		struct column *c = &columns[i];
		bool one_thread = i == PEERS && m->bar.threads > 0;
		c->run = i < PEERS ? m->run[i] : one_thread ? m->run[PEER_KEYDIV] : m->floor;
		c->peer = i < PEERS ? &peers[i] : one_thread ? &peers[PEER_KEYDIV] : NULL;
		c->threads = one_thread ? 1 : m->threads;
		c->there = c->run != NULL && (i == PEERS || peers[i].there);
		if (c->there)
			warm_up(c);
	}
}

static void run_row(int rounds, struct column columns[COLUMNS])
{
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < COLUMNS; i++) {
			struct column *c = &columns[i];
			if (!c->there)
				continue;
			double start = now();
			run_in_threads(c->run, c->peer, c->threads, c->n);
			c->round[r] = (now() - start) / (double)c->n / c->threads;
			c->ratio[r] = c->round[r] / columns[0].round[r];
		}
	for (int i = 0; i < COLUMNS; i++)
		if (columns[i].there) {
			columns[i].median = median(columns[i].round, rounds);
			columns[i].median_ratio = median(columns[i].ratio, rounds);
		}
}

/* Return the verdict for one row. Every bar of the row must hold. */
static const char *verdict(const struct bar *bar, const struct column c[COLUMNS])
{
	bool met = true, any = false;

	if (bar->us > 0)
		any = true, met &= c[0].median / 1000 <= bar->us;
	if (bar->floor > 0)
		any = true, met &= 1 / c[PEERS].median_ratio <= bar->floor;
	if (bar->softhsm > 0 && c[PEER_SOFTHSM].there)
		any = true, met &= c[PEER_SOFTHSM].median_ratio >= bar->softhsm;
	if (bar->nss > 0 && c[PEER_NSS].there)
		any = true, met &= c[PEER_NSS].median_ratio >= bar->nss;
	if (bar->threads > 0 && !round_uses_cpu_time()) /* threads save no processor time */
		any = true, met &= c[PEERS].median_ratio >= bar->threads;
	return !any ? "" : met ? "met" : "NOT MET";
}

static void bar_text(const struct bar *bar, char *ret, size_t n)
{
	size_t at = 0;

	ret[0] = '\0';
	if (bar->us > 0)
		at += (size_t)snprintf(ret + at, n - at, "<= %.2f us ", bar->us);
	if (bar->softhsm > 0)
		at += (size_t)snprintf(ret + at, n - at, ">= %.0fx SoftHSM ", bar->softhsm);
	if (bar->nss > 0)
		at += (size_t)snprintf(ret + at, n - at, ">= %.0fx NSS ", bar->nss);
	if (bar->floor > 0)
		at += (size_t)snprintf(ret + at, n - at, "<= %.1fx floor ", bar->floor);
	if (bar->threads > 0)
		at += (size_t)snprintf(ret + at, n - at, ">= %.1fx one thread ", bar->threads);
	if (at > 0)
		ret[at - 1] = '\0';
}

static void print_row(const struct measure *m, const struct column c[COLUMNS])
{
	char bar[80];

	bar_text(&m->bar, bar, sizeof bar);
	printf("%-56s", m->name);
	for (int i = 0; i < COLUMNS; i++)
		c[i].there ? printf(" %9.3f", c[i].median / 1000) : printf(" %9s", "-");
	for (int i = 1; i < COLUMNS; i++) {
		bool to_floor = i == PEERS && m->bar.threads == 0;
		c[i].there ? printf(" %8.2fx", to_floor ? 1 / c[i].median_ratio : c[i].median_ratio)
			   : printf(" %9s", "-");
	}
	printf("  %s%s%s\n", bar, *bar ? ": " : "", verdict(&m->bar, c));
	fflush(stdout);
}

/* The name of column I in the JSON file. */
static const char *name_of(const struct measure *m, int i)
{
	static const char *const names[] = {
		"keydiv", "softhsm", "nss", "kryoptic", "server", "floor"};

	return i == PEERS && m->bar.threads > 0 ? "one_thread" : names[i];
}

/* Write one line for each row, so that a script without a JSON parser can read the file. */
static void json_row(
	FILE *json, const struct measure *m, const struct column c[COLUMNS], bool first)
{
	char bar[80];

	bar_text(&m->bar, bar, sizeof bar);
	fprintf(json, "%s\n  {\"name\": \"%s\", \"threads\": %d, \"unit\": \"%s\"",
		first ? "" : ",", m->name, m->threads,
		round_uses_cpu_time() ? "us of processor time" : "us");
	for (int i = 0; i < COLUMNS; i++)
		if (c[i].there)
			fprintf(json, ", \"%s\": %.4f", name_of(m, i), c[i].median / 1000);
	for (int i = 1; i < COLUMNS; i++)
		if (c[i].there)
			fprintf(json, ", \"%s_ratio\": %.3f", name_of(m, i), c[i].median_ratio);
	fprintf(json, ", \"bar\": \"%s\", \"verdict\": \"%s\"}", bar, verdict(&m->bar, c));
}

struct settings {
	const char *only, *json;
	int rounds;
};

static void run_table(const struct settings *s, struct peer peers[PEERS])
{
	/* The last two: libcrypto alone, or keydiv in one thread where the bar is about threads. */
	static const char *const heads[] = {"keydiv", "SoftHSM", "NSS", "kryoptic", "server",
		"floor", "SoftHSM/k", "NSS/k", "kryopt./k", "server/k", "k/floor"};
	static struct column columns[COLUMNS];
	FILE *json = s->json ? fopen(s->json, "w") : NULL;
	bool first = true;

	if (json)
		fprintf(json, "[");
	printf("medians of %d interleaved rounds, us an operation%s\n%-56s", s->rounds,
		round_uses_cpu_time() ? " (processor time, not time)" : "", "");
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		printf(" %9s", heads[i]);
	printf("\n");
	for (const struct measure *m = measures; m->name != NULL; m++) {
		if (s->only && strstr(m->name, s->only) == NULL)
			continue;
		memset(columns, 0, sizeof columns);
		columns_of(m, peers, columns);
		run_row(s->rounds, columns);
		print_row(m, columns);
		if (json)
			json_row(json, m, columns, first);
		first = false;
	}
	if (json) {
		fprintf(json, "\n]\n");
		fclose(json);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
		{"json", required_argument, NULL, 'j'}, {"only", required_argument, NULL, 'o'},
		{"cpu", no_argument, NULL, 'c'}, {0}};
	char dir[] = "/tmp/keydiv-bench-XXXXXX", command[64];
	struct settings s = {.rounds = 9};
	struct peer peers[PEERS];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'r':
			s.rounds = atoi(optarg);
			break;
		case 'j':
			s.json = optarg;
			break;
		case 'o':
			s.only = optarg;
			break;
		case 'c':
			round_use_cpu_time();
			break;
		default:
			return 2;
		}
	if (optind >= argc || s.rounds < 1 || s.rounds > ROUNDS_MAX || mkdtemp(dir) == NULL) {
		fprintf(stderr,
			"usage: bench MODULE [--rounds N] [--json FILE] [--only TEXT] [--cpu]\n");
		return 2;
	}
	peers_start(dir, argv[optind], PEERS, peers);
	floor_start();
	run_table(&s, peers);
	peers_stop(PEERS, peers);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : 1;
}
