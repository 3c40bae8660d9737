/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c: keydiv, SoftHSM2 and NSS softokn side by side, through the same PKCS#11 calls, interleaved in one run, and the floor: the
 * same arithmetic with libcrypto alone. Prints one table of medians and ratios; writes JSON if told a file.
 *
 * Usage: bench MODULE [--rounds N] [--json FILE] [--only TEXT]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS_MAX 101

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One column of one row: how to run it, and what came out. */
struct column {
	bool there;
	run_fn run;
	struct peer *peer;
	long n; /* operations a round */
	double round[ROUNDS_MAX];
	double median;
};

/* Choose how often to repeat so that a round takes about 20 ms. */
static void warm_up(struct column *c)
{
	c->n = 1;
	for (;;) {
		double start = now();
		c->run(c->peer, c->n);
		double took = now() - start;
		if (took > 5e6) {
			c->n = (long)((double)c->n * 20e6 / took) + 1;
			return;
		}
		c->n *= 4;
	}
}

static void run_row(const struct measure *m, struct peer peers[PEERS], int rounds, struct column columns[PEERS + 1])
{
	for (int i = 0; i <= PEERS; i++) {
		struct column *c = &columns[i];
		c->run = i < PEERS ? m->run[i] : m->floor;
		c->peer = i < PEERS ? &peers[i] : NULL;
		c->there = c->run != NULL && (i == PEERS || peers[i].there);
		if (c->there)
			warm_up(c);
	}
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i <= PEERS; i++) {
			struct column *c = &columns[i];
			if (!c->there)
				continue;
			double start = now();
			c->run(c->peer, c->n);
			c->round[r] = (now() - start) / (double)c->n;
		}
	for (int i = 0; i <= PEERS; i++)
		if (columns[i].there) {
			qsort(columns[i].round, (size_t)rounds, sizeof(double), ascending);
			columns[i].median = columns[i].round[rounds / 2] / m->threads;
		}
}

static void print_row(const struct measure *m, const struct column c[PEERS + 1])
{
	printf("%-52s", m->name);
	for (int i = 0; i <= PEERS; i++)
		c[i].there ? printf(" %10.3f", c[i].median / 1000) : printf(" %10s", "-");
	for (int i = 1; i <= PEERS; i++)
		c[i].there ? printf(" %8.2fx", i < PEERS ? c[i].median / c[0].median : c[0].median / c[i].median)
			   : printf(" %9s", "-");
	printf("\n");
	fflush(stdout);
}

static void json_row(FILE *json, const struct measure *m, const struct column c[PEERS + 1], bool first)
{
	static const char *const names[] = {"keydiv", "softhsm", "nss", "floor"};

	fprintf(json, "%s\n  {\"name\": \"%s\", \"threads\": %d, \"unit\": \"us\"", first ? "" : ",", m->name,
		m->threads);
	for (int i = 0; i <= PEERS; i++)
		if (c[i].there)
			fprintf(json, ", \"%s\": %.4f", names[i], c[i].median / 1000);
	fprintf(json, "}");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
		{"json", required_argument, NULL, 'j'}, {"only", required_argument, NULL, 'o'}, {0}};
	char dir[] = "/tmp/keydiv-bench-XXXXXX", command[64];
	const char *only = NULL, *json_path = NULL;
	struct peer peers[PEERS];
	int rounds = 9, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'r':
			rounds = atoi(optarg);
			break;
		case 'j':
			json_path = optarg;
			break;
		case 'o':
			only = optarg;
			break;
		default:
			return 2;
		}
	if (optind >= argc || rounds < 1 || rounds > ROUNDS_MAX || mkdtemp(dir) == NULL) {
		fprintf(stderr, "usage: bench MODULE [--rounds N] [--json FILE] [--only TEXT]\n");
		return 2;
	}
	peers_start(dir, argv[optind], peers);
	floor_start();

	FILE *json = json_path ? fopen(json_path, "w") : NULL;
	if (json)
		fprintf(json, "[");
	printf("medians of %d interleaved rounds, us an operation\n%-52s %10s %10s %10s %10s %9s %9s %9s\n", rounds, "",
		"keydiv", "SoftHSM", "NSS", "floor", "SoftHSM/k", "NSS/k", "k/floor");
	bool first = true;
	for (const struct measure *m = measures; m->name != NULL; m++) {
		static struct column columns[PEERS + 1];
		if (only && strstr(m->name, only) == NULL)
			continue;
		memset(columns, 0, sizeof columns);
		run_row(m, peers, rounds, columns);
		print_row(m, columns);
		if (json)
			json_row(json, m, columns, first);
		first = false;
	}
	if (json) {
		fprintf(json, "\n]\n");
		fclose(json);
	}
	peers_stop(peers);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : 1;
}
