/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale_durable.c: compare durable changes with what the disk needs for them. A token key is
 * compared with SQLite's own commit of such a record with the same settings. Many threads that
 * create keys at once are compared with one thread. The next key of an O-DUKPT client is compared
 * with two syncs of a file.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

#define ROUNDS 9
#define TOGETHER 32
#define CLIENT_ROUNDS 41 /* short rounds, because other users of a disk disturb in bursts */

/* --- SQLite alone, with the settings of the module and a similar table --- */

static sqlite3 *database;
static sqlite3_stmt *insert;

static void sql(const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(database, text, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", text, why);
		exit(1);
	}
}

static void sqlite_start(const char *dir)
{
	char path[600];

	snprintf(path, sizeof path, "%s/floor.db", dir);
	unlink(path);
	if (sqlite3_open(path, &database) != SQLITE_OK)
		exit(1);
	sql("PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA "
	    "cache_size = -4096;"
	    "PRAGMA page_size = 4096; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;"
	    "CREATE TABLE object(id INTEGER PRIMARY KEY AUTOINCREMENT, label BLOB, object_id BLOB, "
	    "attributes BLOB, "
	    "sealed BLOB);"
	    "CREATE INDEX by_label ON object(label); CREATE INDEX by_id ON object(object_id);");
	sqlite3_prepare_v2(database,
		"INSERT INTO object(label, object_id, attributes, sealed) VALUES(?1, ?2, ?3, ?4)",
		-1, &insert, NULL);
}

static void sqlite_insert(long i)
{
	char label[32];
	unsigned char bytes[150] = {0};

	snprintf(label, sizeof label, "floor-%ld", i);
	sql("BEGIN IMMEDIATE");
	sqlite3_bind_blob(insert, 1, label, (int)strlen(label), SQLITE_TRANSIENT);
	sqlite3_bind_blob(insert, 2, &i, sizeof i, SQLITE_TRANSIENT);
	sqlite3_bind_blob(insert, 3, bytes, sizeof bytes, SQLITE_TRANSIENT);
	sqlite3_bind_blob(insert, 4, bytes, 44, SQLITE_TRANSIENT);
	if (sqlite3_step(insert) != SQLITE_DONE)
		exit(1);
	sqlite3_reset(insert);
	sql("COMMIT");
}

/* --- Many threads at once --- */

struct thread {
	pthread_t id;
	struct peer *p;
	long n;
};

static void *make_some(void *arg)
{
	struct thread *t = arg;
	CK_SESSION_HANDLE s;

	must(t->p,
		t->p->f->C_OpenSession(
			t->p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
		"C_OpenSession");
	for (long i = 0; i < t->n; i++)
		make_key(t->p, s, true, CKA_SIGN, "together", (CK_ULONG)i);
	must(t->p, t->p->f->C_CloseSession(s), "C_CloseSession");
	return NULL;
}

/* Return the number of keys created in a second. */
static double together(struct peer *p, int threads, long n)
{
	struct thread t[TOGETHER];
	double start = now();

	for (int i = 0; i < threads; i++) {
		t[i] = (struct thread){.p = p, .n = n};
		pthread_create(&t[i].id, NULL, make_some, &t[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(t[i].id, NULL);
	return (double)(threads * n) / (now() - start) * 1e9;
}

static void token_keys(const struct scale *s, struct peer *p, const char *name)
{
	double ours[ROUNDS], floor[ROUNDS], ratio[ROUNDS], one[ROUNDS], many[ROUNDS], gain[ROUNDS];
	bool keydiv = p->id == PEER_KEYDIV;
	long n = keydiv ? 20 : 10, serial = 0;

	for (int r = 0; r < ROUNDS; r++) {
		double start = now();
		for (long i = 0; i < n; i++)
			make_key(p, p->session[0], true, CKA_SIGN, "alone", (CK_ULONG)serial++);
		double middle = now();
		for (long i = 0; i < n; i++)
			sqlite_insert(serial++);
		ours[r] = (middle - start) / 1e6 / (double)n;
		floor[r] = (now() - middle) / 1e6 / (double)n;
		ratio[r] = ours[r] / floor[r];
		one[r] = together(p, 1, n);
		many[r] = keydiv ? together(p, TOGETHER, n) : 0;
		gain[r] = many[r] / one[r];
	}
	figure(s, "create a token key, durable", name, 1, median(ours, ROUNDS), "ms", "");
	if (!keydiv)
		return;
	figure(s, "SQLite's own commit of such a row", "floor", 1, median(floor, ROUNDS), "ms", "");
	figure(s, "token key as a ratio to SQLite's own", name, 1, median(ratio, ROUNDS), "x",
		"<= 1.5x");
	figure(s, "token keys created by 32 threads at once", name, TOGETHER, median(many, ROUNDS),
		"/s", "");
	figure(s, "32 threads creating, as a ratio to one", name, TOGETHER, median(gain, ROUNDS),
		"x", ">= 10x");
}

/* --- O-DUKPT clients --- */

CK_OBJECT_HANDLE make_client(struct peer *p, CK_ULONG reserve)
{
	static CK_MECHANISM_TYPE list[] = {CKM_KEYDIV_ODUKPT_CLIENT};
	CK_BYTE value[16] = {7};
	CK_ATTRIBUTE initial[] = {{CKA_CLASS, &class_secret, sizeof class_secret},
		{CKA_KEY_TYPE, &type_aes, sizeof type_aes}, {CKA_VALUE, value, sizeof value},
		{CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1}, {CKA_DERIVE, &yes, 1},
		{CKA_ALLOWED_MECHANISMS, list, sizeof list}};
	CK_ATTRIBUTE t[] = {{CKA_TOKEN, &yes, 1}, {CKA_DERIVE, &yes, 1},
		{CKA_KEYDIV_RESERVE, &reserve, sizeof reserve}};
	CK_OBJECT_HANDLE base, key;
	KEYDIV_PARAMETER parameter = KEYDIV_PARAMETER_INIT;

	must(p, p->f->C_CreateObject(p->session[0], initial, 7, &base), "C_CreateObject");
	keydiv_put(&parameter, KEYDIV_SHAPE, "\x15\x07", 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &parameter);
	must(p, p->f->C_DeriveKey(p->session[0], &m, base, t, 3, &key), "C_DeriveKey (client)");
	must(p, p->f->C_DestroyObject(p->session[0], base), "C_DestroyObject");
	return key;
}

void next_keys(struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE state, long n)
{
	CK_ATTRIBUTE t[] = {{CKA_TOKEN, &no, 1}, {CKA_SIGN, &yes, 1}};
	CK_OBJECT_HANDLE key;

	for (long i = 0; i < n; i++) {
		KEYDIV_PARAMETER parameter;
		keydiv_start(&parameter);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_NEXT_KEY, &parameter);
		must(p, p->f->C_DeriveKey(session, &m, state, t, 2, &key), "C_DeriveKey (next)");
		must(p, p->f->C_DestroyObject(session, key), "C_DestroyObject");
	}
}

/* Return the microseconds for one key. */
static double next_time(struct peer *p, CK_OBJECT_HANDLE state, long n)
{
	double start = now();

	next_keys(p, p->session[0], state, n);
	return (now() - start) / 1000 / (double)n;
}

/* Return the microseconds for two syncs of 4 KiB each. */
static double two_syncs(int fd, long n)
{
	static const char block[4096];
	double start = now();

	for (long i = 0; i < n; i++)
		for (int slot = 0; slot < 2; slot++)
			if (pwrite(fd, block, sizeof block, slot * (off_t)sizeof block) !=
					sizeof block ||
				fdatasync(fd) != 0)
				exit(1);
	return (now() - start) / 1000 / (double)n;
}

static void clients(const struct scale *s, struct peer *p, const char *dir)
{
	double ours[CLIENT_ROUNDS], floor[CLIENT_ROUNDS], ratio[CLIENT_ROUNDS],
		reserved[CLIENT_ROUNDS];
	char path[600];
	CK_OBJECT_HANDLE one = make_client(p, 1), many = make_client(p, 64);

	snprintf(path, sizeof path, "%s/floor", dir);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	two_syncs(fd, 2);
	next_time(p, one, 2);
	for (int r = 0; r < CLIENT_ROUNDS; r++) {
		ours[r] = next_time(p, one, 8);
		floor[r] = two_syncs(fd, 8);
		ratio[r] = ours[r] / floor[r];
		reserved[r] = 1e6 / next_time(p, many, 1280);
	}
	close(fd);
	figure(s, "ODUKPT_NEXT_KEY, durable", "keydiv", 1, median(ours, CLIENT_ROUNDS), "us", "");
	figure(s, "two fdatasyncs of 4 KiB", "floor", 1, median(floor, CLIENT_ROUNDS), "us", "");
	figure(s, "next key as a ratio to two syncs", "keydiv", 1, median(ratio, CLIENT_ROUNDS),
		"x", "<= 1.5x");
	figure(s, "ODUKPT_NEXT_KEY with RESERVE 64", "keydiv", 64, median(reserved, CLIENT_ROUNDS),
		"/s", ">= 50000/s");
}

static void one_peer(const struct scale *s, enum peer_id id)
{
	static const char *const names[SCALE_PEERS] = {"keydiv", "softhsm", "nss"};
	char dir[512];
	struct peer p;

	fresh_directory(s, "durable", dir);
	sqlite_start(dir);
	if (!peer_load(&p, id, dir, s->module) || peer_initialize(&p) != CKR_OK)
		return;
	peer_open(&p);
	must(&p, peer_login(&p), "C_Login");
	token_keys(s, &p, names[id]);
	if (id == PEER_KEYDIV)
		clients(s, &p, dir);
}

void scale_durable(const struct scale *s)
{
	for (int id = 0; id < SCALE_PEERS; id++) {
		fflush(NULL);
		if (fork() == 0) {
			one_peer(s, (enum peer_id)id);
			fflush(NULL);
			_exit(0);
		}
		wait(NULL);
	}
}
