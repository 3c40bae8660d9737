/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.c: the measurements of fleet.py on one host, which is this process. KEYDIV_MODULE and
 * KEYDIV_CONF say which module and which store.
 *
 * 	fleet make N              make the token, a master, a master with a window, and N other keys
 * 	fleet derive SECONDS      derive from the token master in one thread. With FLEET_CPU=1 these
 * 	                          are seconds of the processor
 * 	fleet mark SECONDS N      let N threads mark counters, each of a device of its own
 * 	fleet start               start, log in and derive once
 * 	fleet watch SECONDS       derive all the time, and list the gaps
 *
 * Each prints a line of numbers. PINs are stretched cheaply, so that `start` is the rest.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "template.h"

#define SO_PIN "so-87654321"
#define USER_PIN "1234"
#define GROWERS 200
#define GAP 0.02 /* seconds without a derivation that `watch` lists */

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;
static volatile int stop;
static const CK_BYTE value[16] = "a key of a fleet";

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "fleet: %s gives 0x%lx\n", what, rv);
	exit(1);
}

static double read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static CK_SESSION_HANDLE open_session(void)
{
	CK_SESSION_HANDLE s;

	must(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
		"C_OpenSession");
	return s;
}

static void login(CK_USER_TYPE who, const char *pin)
{
	must(f->C_Login(session, who, (CK_BYTE *)(uintptr_t)pin, strlen(pin)), "C_Login");
}

static void load(void)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
	void *library = dlopen(getenv("KEYDIV_MODULE"), RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "fleet: %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	must(get_list(&f), "C_GetFunctionList");
	must(f->C_Initialize(&(CK_C_INITIALIZE_ARGS){.flags = CKF_OS_LOCKING_OK}), "C_Initialize");
}

static void make_key(CK_SESSION_HANDLE s, const char *label, CK_ATTRIBUTE *extra, CK_ULONG n)
{
	CK_ATTRIBUTE t[10] = {KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_TOKEN),
		RAW(CKA_LABEL, label, strlen(label))};
	CK_OBJECT_HANDLE key;

	memcpy(t + 5, extra, n * sizeof *extra);
	must(f->C_CreateObject(s, t, 5 + n, &key), "C_CreateObject");
}

static CK_OBJECT_HANDLE named(CK_SESSION_HANDLE s, const char *label)
{
	CK_OBJECT_HANDLE found;
	CK_ULONG n = 0;

	must(f->C_FindObjectsInit(s, T(RAW(CKA_LABEL, label, strlen(label)))), "C_FindObjectsInit");
	must(f->C_FindObjects(s, &found, 1, &n), "C_FindObjects");
	must(f->C_FindObjectsFinal(s), "C_FindObjectsFinal");
	must(n == 1 ? CKR_OK : CKR_OBJECT_HANDLE_INVALID, label);
	return found;
}

/* --- make --- */

static unsigned long wanted, made;

static void *grow(void *arg)
{
	CK_SESSION_HANDLE s = open_session();
	char label[32];
	unsigned long i;

	(void)arg;
	while ((i = __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED)) < wanted) {
		snprintf(label, sizeof label, "object-%07lu", i);
		make_key(s, label, T(YES(CKA_SIGN)));
	}
	return NULL;
}

static void make(unsigned long n)
{
	pthread_t threads[GROWERS];
	CK_BYTE label[32];

	memset(label, ' ', sizeof label);
	must(f->C_InitToken(0, (CK_BYTE *)(uintptr_t)SO_PIN, strlen(SO_PIN), label), "C_InitToken");
	session = open_session();
	login(CKU_SO, SO_PIN);
	must(f->C_InitPIN(session, (CK_BYTE *)(uintptr_t)USER_PIN, strlen(USER_PIN)), "C_InitPIN");
	must(f->C_Logout(session), "C_Logout");
	login(CKU_USER, USER_PIN);
	make_key(session, "master", T(YES(CKA_DERIVE)));
	make_key(session, "windowed", T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64)));
	wanted = n;
	for (unsigned i = 0; i < GROWERS; i++)
		pthread_create(&threads[i], NULL, grow, NULL);
	for (unsigned i = 0; i < GROWERS; i++)
		pthread_join(threads[i], NULL);
}

/* --- derive, watch --- */

static CK_RV derive(CK_OBJECT_HANDLE master)
{
	static KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE key;

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	CK_RV rv = f->C_DeriveKey(
		session, &m, master, T(KEY(CKK_AES), LENGTH(16), YES(CKA_SIGN)), &key);
	return rv == CKR_OK ? f->C_DestroyObject(session, key) : rv;
}

static void measure_derive(double seconds)
{
	CK_OBJECT_HANDLE master = named(session, "master");
	clockid_t clock = getenv("FLEET_CPU") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
	unsigned long n = 0;

	must(derive(master), "C_DeriveKey");
	double start = read_clock(clock), end;
	do {
		for (int i = 0; i < 1000; i++)
			must(derive(master), "C_DeriveKey");
		n += 1000;
		end = read_clock(clock);
	} while (end < start + seconds);
	printf("%.0f\n", (double)n / (end - start));
}

/* Print the end of each gap, by CLOCK_MONOTONIC, and its length. */
static void watch(double seconds)
{
	CK_OBJECT_HANDLE master = named(session, "master");
	double start = now(), last = start, t = start;

	while (t < start + seconds) {
		CK_RV rv = derive(master);
		t = now();
		if (rv != CKR_OK)
			continue;
		if (t - last > GAP)
			printf("%.3f %.3f\n", t, t - last);
		last = t;
	}
	fflush(stdout);
}

/* --- mark --- */

static unsigned long marks;

struct marker {
	pthread_t thread;
	unsigned index;
};

static void message(KEYDIV_PARAMETER *p, unsigned device, unsigned long counter)
{
	char serial[16];

	snprintf(serial, sizeof serial, "SN-%06u", device);
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, serial, (CK_ULONG)strlen(serial));
	keydiv_put_number(p, KEYDIV_COUNTER, counter);
	keydiv_put_type(p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(p, KEYDIV_OPERATION, CKM_AES_CMAC);
}

/* The device makes its messages with a session key of the same value, which has no window. */
static void *mark(void *arg)
{
	struct marker *marker = arg;
	CK_SESSION_HANDLE s = open_session();
	CK_OBJECT_HANDLE device, master = named(s, "windowed");
	KEYDIV_PARAMETER p;
	CK_BYTE mac[16];
	unsigned long base = (unsigned long)time(NULL) << 20;

	must(f->C_CreateObject(
		     s, T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_DERIVE)), &device),
		"C_CreateObject");
	for (unsigned long i = 1; !stop; i++) {
		CK_ULONG n = sizeof mac;
		message(&p, marker->index, base + i);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
		must(f->C_SignInit(s, &m, device), "C_SignInit");
		must(f->C_Sign(s, (CK_BYTE *)(uintptr_t) "m", 1, mac, &n), "C_Sign");
		must(f->C_VerifyInit(s, &m, master), "C_VerifyInit");
		must(f->C_Verify(s, (CK_BYTE *)(uintptr_t) "m", 1, mac, n), "C_Verify");
		__atomic_fetch_add(&marks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void measure_marks(double seconds, unsigned n)
{
	static struct marker markers[1024];

	for (unsigned i = 0; i < n && i < 1024; i++) {
		markers[i].index = i;
		pthread_create(&markers[i].thread, NULL, mark, &markers[i]);
	}
	usleep(300000); /* all of them have begun their streams */
	double start = now();
	unsigned long before = __atomic_load_n(&marks, __ATOMIC_RELAXED);
	usleep((useconds_t)(seconds * 1e6));
	unsigned long after = __atomic_load_n(&marks, __ATOMIC_RELAXED);
	double end = now();
	stop = 1;
	for (unsigned i = 0; i < n && i < 1024; i++)
		pthread_join(markers[i].thread, NULL);
	printf("%.0f\n", (double)(after - before) / (end - start));
}

/* --- start --- */

static long resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (in == NULL || fscanf(in, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (in != NULL)
		fclose(in);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Print the milliseconds of C_Initialize with a session, of C_Login, and of a first derivation. */
static void measure_start(void)
{
	double start = now();
	load();
	session = open_session();
	double opened = now();
	login(CKU_USER, USER_PIN);
	double logged_in = now();
	must(derive(named(session, "master")), "C_DeriveKey");
	double end = now();
	printf("%.2f %.2f %.2f %ld\n", 1e3 * (opened - start), 1e3 * (logged_in - opened),
		1e3 * (end - logged_in), resident_kib());
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double seconds = argc > 2 ? atof(argv[2]) : 1;

	if (strcmp(what, "start") == 0) {
		measure_start();
		return 0;
	}
	load();
	if (strcmp(what, "make") == 0) {
		make(argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
		return f->C_Finalize(NULL) == CKR_OK ? 0 : 1;
	}
	session = open_session();
	login(CKU_USER, USER_PIN);
	if (strcmp(what, "derive") == 0)
		measure_derive(seconds);
	else if (strcmp(what, "watch") == 0)
		watch(seconds);
	else if (strcmp(what, "mark") == 0)
		measure_marks(seconds, argc > 3 ? (unsigned)atoi(argv[3]) : 64);
	else
		return 2;
	return f->C_Finalize(NULL) == CKR_OK ? 0 : 1;
}
