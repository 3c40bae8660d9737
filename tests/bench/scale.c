/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale.c: measure how costs grow with token objects (1 to 10^5, with --full to 10^6), with live
 * session objects and with threads, and measure the cost of a durable change. Every loop is bounded
 * by a time or by a number.
 *
 * Usage: scale MODULE [--dir DIR] [--json FILE] [--full]
 *        [--only objects|live|durable|threads] [--cpu]
 * --cpu measures processor time instead of wall-clock time, for a busy machine.
 * DIR keeps the tokens with many objects from one run to the next. Without DIR the tokens are
 * made for this run and removed at its end.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"
#include "scale.h"

void quiet_figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar)
{
	if (s->json == NULL)
		return;
	struct stat now; /* child processes write to the file too */
	bool any = fstat(fileno(s->json), &now) == 0 && now.st_size > 0;
	fprintf(s->json,
		"%s\n  {\"what\": \"%s\", \"peer\": \"%s\", \"x\": %ld, \"value\": %.4f, \"unit\": "
		"\"%s\", ",
		any ? "," : "[", what, peer, x, value, unit);
	fprintf(s->json, "\"bar\": \"%s\", \"clock\": \"%s\"}", bar,
		round_uses_cpu_time() ? "processor" : "time");
	fflush(s->json);
}

void figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar)
{
	printf("%-58s %-8s %9ld %14.3f %-6s %s\n", what, peer, x, value, unit, bar);
	fflush(stdout);
	quiet_figure(s, what, peer, x, value, unit, bar);
}

void fresh_directory(const struct scale *s, const char *name, char ret[512])
{
	char command[600];

	snprintf(ret, 512, "%s/%s", s->dir, name);
	snprintf(command, sizeof command, "rm -rf '%s'", ret);
	if (system(command) != 0 || mkdir(ret, 0700) != 0) {
		perror(ret);
		exit(1);
	}
}

double resident(void)
{
	long total, pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%ld %ld", &total, &pages) != 2)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

CK_OBJECT_HANDLE make_key(struct peer *p, CK_SESSION_HANDLE session, bool token,
	CK_ATTRIBUTE_TYPE usage, const char *label, CK_ULONG id)
{
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE value[16] = {1, 2, 3}, id_bytes[8];
	CK_ATTRIBUTE t[] = {
		{CKA_CLASS, &class_secret, sizeof class_secret},
		{CKA_KEY_TYPE, &type_aes, sizeof type_aes},
		{CKA_VALUE, value, sizeof value},
		{CKA_TOKEN, token ? &yes : &no, 1},
		{CKA_PRIVATE, &yes, 1},
		{CKA_SENSITIVE, &yes, 1},
		{usage, &yes, 1},
		{CKA_LABEL, (void *)label, label ? strlen(label) : 0},
		{CKA_ID, id_bytes, sizeof id_bytes},
	};

	memcpy(value + 8, &id, sizeof id);
	for (int i = 0; i < 8; i++)
		id_bytes[i] = (CK_BYTE)(id >> 8 * (7 - i));
	must(p, p->f->C_CreateObject(session, t, label ? 9 : 7, &key), "C_CreateObject");
	return key;
}

CK_OBJECT_HANDLE derive_one(
	struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE master, long i)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG sixteen = 16;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_secret, sizeof class_secret},
		{CKA_KEY_TYPE, &type_aes, sizeof type_aes},
		{CKA_VALUE_LEN, &sixteen, sizeof sixteen}, {CKA_TOKEN, &no, 1},
		{CKA_SENSITIVE, &yes, 1}, {CKA_SIGN, &yes, 1}};
	CK_BYTE text[32] = "device";
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
	CK_SP800_108_DKM_LENGTH_FORMAT length = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};
	CK_PRF_DATA_PARAM data[] = {{CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter},
		{CK_SP800_108_BYTE_ARRAY, text, 19},
		{CK_SP800_108_DKM_LENGTH, &length, sizeof length}};
	CK_SP800_108_KDF_PARAMS kdf = {CKM_AES_CMAC, 3, data, 0, NULL};
	CK_KEY_DERIVATION_STRING_DATA ecb = {text, 16};
	KEYDIV_PARAMETER parameter;
	CK_MECHANISM m;

	serial_number(i, text + 6);
	keydiv_start(&parameter);
	keydiv_put(&parameter, KEYDIV_DEVICE, text + 6, 9);
	if (p->id == PEER_KEYDIV)
		m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &parameter);
	else if (p->id == PEER_SOFTHSM)
		m = (CK_MECHANISM){CKM_AES_ECB_ENCRYPT_DATA, &ecb, sizeof ecb};
	else
		m = (CK_MECHANISM){CKM_SP800_108_COUNTER_KDF, &kdf, sizeof kdf};
	must(p, p->f->C_DeriveKey(session, &m, master, template, 6, &key), "C_DeriveKey");
	return key;
}

static void run(const struct scale *s, const char *only, const char *self)
{
	printf("%-58s %-8s %9s %14s\n", "", "", "at", "");
	if (!only || strcmp(only, "threads") == 0)
		scale_threads(s);
	if (!only || strcmp(only, "live") == 0)
		for (int id = 0; id < SCALE_PEERS; id++)
			scale_live(s, (enum peer_id)id);
	if (!only || strcmp(only, "durable") == 0)
		scale_durable(s);
	if (!only || strcmp(only, "objects") == 0)
		scale_objects(s, self);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"json", required_argument, NULL, 'j'}, {"full", no_argument, NULL, 'f'},
		{"only", required_argument, NULL, 'o'}, {"cpu", no_argument, NULL, 'c'}, {0}};
	char made[] = "/var/tmp/keydiv-scale-XXXXXX", command[64];
	const char *only = NULL, *json = NULL;
	struct scale s = {0};
	int option;

	if (argc > 2 && strcmp(argv[1], "--child") == 0)
		return objects_child(argc, argv);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'd':
			s.dir = optarg;
			break;
		case 'j':
			json = optarg;
			break;
		case 'f':
			s.full = true;
			break;
		case 'o':
			only = optarg;
			break;
		case 'c':
			round_use_cpu_time();
			break;
		default:
			return 2;
		}
	if (optind >= argc || (!s.dir && mkdtemp(made) == NULL)) {
		fprintf(stderr, "usage: scale MODULE [--dir DIR] [--json FILE] [--full] [--only "
				"objects|live|durable|threads]\n");
		return 2;
	}
	s.module = argv[optind];
	if (s.dir)
		mkdir(s.dir, 0700);
	bool keep = s.dir != NULL;
	s.dir = keep ? s.dir : made;
	if (json)
		unlink(json);
	s.json = json ? fopen(json, "a") : NULL;
	run(&s, only, argv[0]);
	if (s.json) {
		fprintf(s.json, "\n]\n");
		fclose(s.json);
	}
	snprintf(command, sizeof command, "rm -rf '%s'", made);
	return keep || system(command) == 0 ? 0 : 1;
}
