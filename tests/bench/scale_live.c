/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale_live.c: measure the memory of a live session object, the time to derive beside many of
 * them, and check that derived and destroyed objects leave no memory behind.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

#define LIVE_BAR 100000 /* the number of objects for which the bars hold */
#define LIVE_MAX 1000000

/* Return the microseconds of derive + destroy, the median of 7 rounds of up to 50 ms. */
static double derive_time(struct peer *p, CK_OBJECT_HANDLE master)
{
	double rounds[7];

	for (int r = 0; r < 7; r++) {
		double start = now();
		long n = 0;
		for (; n < 200000 && (n % 64 || now() - start < 5e7); n++)
			must(p,
				p->f->C_DestroyObject(
					p->session[0], derive_one(p, p->session[0], master, n)),
				"C_DestroyObject");
		rounds[r] = (now() - start) / 1000 / (double)n;
	}
	return median(rounds, 7);
}

static void live(const struct scale *s, struct peer *p, const char *name, CK_OBJECT_HANDLE master)
{
	double first = derive_time(p, master), before = resident(), start = now();
	long made = 0;

	figure(s, "derive + destroy beside live session objects", name, 0, first, "us", "");
	for (long n = 10; n <= (s->full && p->id == PEER_KEYDIV ? LIVE_MAX : LIVE_BAR); n *= 10) {
		for (; made < n && now() - start < 30e9; made++)
			derive_one(p, p->session[0], master, made);
		if (made < n)
			break;
		double t = derive_time(p, master);
		bool barred = p->id == PEER_KEYDIV && n == LIVE_BAR;
		figure(s, "derive + destroy beside live session objects", name, n, t, "us", "");
		figure(s, "derive beside live objects, as a ratio to none", name, n, t / first, "x",
			barred ? "<= 1.2x" : "");
		figure(s, "memory of a live session object", name, n,
			(resident() - before) / (double)n, "bytes", barred ? "<= 512 bytes" : "");
	}
}

static void leaves_nothing(
	const struct scale *s, struct peer *p, const char *name, CK_OBJECT_HANDLE master)
{
	long times = s->full ? 10000000 : 1000000, n = 0;

	derive_time(p, master);
	double before = resident(), start = now();
	for (; n < times && (n % 64 || now() - start < 15e9); n++)
		must(p,
			p->f->C_DestroyObject(
				p->session[0], derive_one(p, p->session[0], master, n)),
			"C_DestroyObject");
	figure(s, "memory left by each derive + destroy", name, n,
		(resident() - before) / (double)n, "bytes", p->id == PEER_KEYDIV ? "0 bytes" : "");
}

void scale_live(const struct scale *s, enum peer_id id)
{
	static const char *const names[SCALE_PEERS] = {"keydiv", "softhsm", "nss"};
	char dir[512];
	struct peer p;

	fflush(NULL);
	if (fork() != 0) {
		wait(NULL);
		return;
	}
	fresh_directory(s, "live", dir);
	if (!peer_load(&p, id, dir, s->module) || peer_initialize(&p) != CKR_OK)
		_exit(1);
	peer_open(&p);
	must(&p, peer_login(&p), "C_Login");
	CK_OBJECT_HANDLE master = make_key(&p, p.session[0], true, CKA_DERIVE, NULL, 1);
	leaves_nothing(s, &p, names[id],
		p.id == PEER_NSS ? make_key(&p, p.session[0], false, CKA_DERIVE, NULL, 1) : master);
	live(s, &p, names[id],
		p.id == PEER_NSS ? make_key(&p, p.session[0], false, CKA_DERIVE, NULL, 1) : master);
	fflush(NULL);
	_exit(0);
}
