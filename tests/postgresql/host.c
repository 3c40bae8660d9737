/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c BOARD INDEX [make|list]: one host of the fleet, a process with caches of its own. Until
 * the board says stop, its threads make, use and end keys and mark counters of replay windows, at
 * random, and note each call on the board. With "make" it makes the token that all use, and with
 * "list" it prints the label of each key and "usable" if the key derives.
 *
 * KEYDIV_MODULE and KEYDIV_CONF say which module and which store. A call that fails is noted and
 * nothing more: the servers are killed, stopped and cut while the hosts work.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/pkcs11.h"

#include "board.h"
#include "keydiv.h"
#include "template.h"

#define SO_PIN "so-87654321"
#define USER_PIN "1234"
#define POOL 48              /* keys that are used, the youngest ones */
#define FEW 4                /* of them that a thread uses at a time */
#define HOLD_MS 3000         /* for how long at most */
#define LINGER 3000000000ULL /* nanoseconds for which a key that has ended is still tried */
#define TEXT "hello from the device"

static struct board *board;
static struct board_host *me;
static CK_FUNCTION_LIST *f;
static unsigned host;
static const CK_BYTE value[16] = "a key of history";

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_ms(unsigned ms)
{
	usleep(1000 * ms);
}

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(draw(state) % n);
}

static void raise_to(uint64_t *at, uint64_t value_)
{
	uint64_t seen = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (value_ > seen && !__atomic_compare_exchange_n(at, &seen, value_, false,
					__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

/* Set AT to VALUE unless it has a lower one. */
static void lower_to(uint64_t *at, uint64_t value_)
{
	uint64_t seen = __atomic_load_n(at, __ATOMIC_RELAXED);

	while ((seen == 0 || value_ < seen) && !__atomic_compare_exchange_n(at, &seen, value_,
						       false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

static void put(uint64_t *at, uint64_t value_)
{
	__atomic_store_n(at, value_, __ATOMIC_SEQ_CST);
}

static uint64_t get(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

/* Count a failure. CKR_DEVICE_ERROR is what a server out of reach gives. */
static void note_failure(CK_RV rv)
{
	__atomic_fetch_add(&me->failures, 1, __ATOMIC_RELAXED);
	if (rv == CKR_DEVICE_ERROR)
		return;
	__atomic_fetch_add(&me->strange, 1, __ATOMIC_RELAXED);
	me->strange_rv = rv;
}

/* --- Starting --- */

static CK_RV start(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
	void *library = dlopen(getenv("KEYDIV_MODULE"), RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "host: %s\n", dlerror());
		exit(2);
	}
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	CK_RV rv = get_list(&f);
	return rv == CKR_OK ? f->C_Initialize(&args) : rv;
}

static CK_RV open_session(CK_SESSION_HANDLE *ret)
{
	return f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE who)
{
	const char *pin = who == CKU_SO ? SO_PIN : USER_PIN;
	CK_RV rv = f->C_Login(session, who, (CK_BYTE *)(uintptr_t)pin, strlen(pin));

	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

/* Open a session and log in, again and again while the server is out of reach. */
static bool open_logged_in(CK_SESSION_HANDLE *ret)
{
	while (!get(&board->stop)) {
		CK_RV rv = open_session(ret);
		if (rv == CKR_OK)
			rv = login(*ret, CKU_USER);
		if (rv == CKR_OK) {
			put(&me->logged_in, now());
			return true;
		}
		note_failure(rv);
		pause_ms(20);
	}
	return false;
}

/* Make a token key with the attributes EXTRA. */
static CK_RV import(CK_SESSION_HANDLE session, CK_ATTRIBUTE *extra, CK_ULONG n)
{
	CK_ATTRIBUTE t[12] = {KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_TOKEN)};
	CK_OBJECT_HANDLE key;

	memcpy(t + 4, extra, n * sizeof *extra);
	return f->C_CreateObject(session, t, 4 + n, &key);
}

/* The token, and the masters with windows: those of even number mark each counter. */
static CK_RV make_token(void)
{
	CK_BYTE label[32];
	CK_SESSION_HANDLE session;
	char name[8];

	memset(label, ' ', sizeof label);
	CK_RV rv = f->C_InitToken(0, (CK_BYTE *)(uintptr_t)SO_PIN, strlen(SO_PIN), label);
	if (rv == CKR_OK)
		rv = open_session(&session);
	if (rv == CKR_OK)
		rv = login(session, CKU_SO);
	if (rv == CKR_OK)
		rv = f->C_InitPIN(session, (CK_BYTE *)(uintptr_t)USER_PIN, strlen(USER_PIN));
	if (rv == CKR_OK)
		rv = f->C_Logout(session);
	if (rv == CKR_OK)
		rv = login(session, CKU_USER);
	for (unsigned i = 0; rv == CKR_OK && i < BOARD_STREAMS; i++) {
		snprintf(name, sizeof name, "W%u", i);
		rv = import(session, T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64),
					     NUM(CKA_KEYDIV_RESERVE, i % 2 ? 16 : 1),
					     RAW(CKA_LABEL, name, strlen(name))));
	}
	return rv;
}

/* --- Keys: those of even number are masters, and those of odd number encrypt --- */

static CK_RV search(
	CK_SESSION_HANDLE session, const char *label, CK_OBJECT_HANDLE *ret, CK_ULONG *n)
{
	CK_OBJECT_HANDLE two[2];
	CK_RV rv = f->C_FindObjectsInit(session, T(RAW(CKA_LABEL, label, strlen(label))));

	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(session, two, 2, n);
	(void)f->C_FindObjectsFinal(session);
	if (rv == CKR_OK && *n > 0)
		*ret = two[0];
	return rv;
}

static const char *label_of(uint64_t number, char room[24])
{
	snprintf(room, 24, "K%llu", (unsigned long long)number);
	return room;
}

static void make_key(CK_SESSION_HANDLE session)
{
	uint64_t number = __atomic_fetch_add(&board->keys, 1, __ATOMIC_SEQ_CST);
	char label[24];

	if (number >= BOARD_KEYS)
		return;
	struct board_key *key = &board->key[number];
	label_of(number, label);
	put(&key->make_begin, now());
	CK_RV rv = import(session, T(YES(number % 2 ? CKA_ENCRYPT : CKA_DERIVE),
					   RAW(CKA_LABEL, label, strlen(label))));
	put(&key->make_rv, rv);
	put(&key->make_end, now());
	if (rv != CKR_OK)
		note_failure(rv);
	else
		__atomic_fetch_add(&me->changes, 1, __ATOMIC_RELAXED);
}

static uint64_t random_key(uint64_t *random)
{
	uint64_t keys = get(&board->keys);

	keys = keys < BOARD_KEYS ? keys : BOARD_KEYS;
	return keys < POOL ? below(random, (unsigned)keys) : keys - 1 - below(random, POOL);
}

/* End a key that was acknowledged, once: the first who sets gone_begin does. */
static void end_key(CK_SESSION_HANDLE session, uint64_t *random)
{
	CK_OBJECT_HANDLE handle;
	CK_ULONG n = 0;
	uint64_t none = 0;
	char label[24];

	if (get(&board->keys) < POOL / 2)
		return;
	uint64_t number = random_key(random);
	struct board_key *key = &board->key[number];
	if (get(&key->make_end) == 0 || key->make_rv != CKR_OK || get(&key->gone_begin) != 0)
		return;
	CK_RV rv = search(session, label_of(number, label), &handle, &n);
	if (rv != CKR_OK || n != 1)
		return; /* look() judges that */
	if (!__atomic_compare_exchange_n(
		    &key->gone_begin, &none, now(), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return;
	put(&key->gone_by, number % 2 && below(random, 2) ? BY_DISABLE : BY_DESTROY);
	if (key->gone_by == BY_DESTROY)
		rv = f->C_DestroyObject(session, handle);
	else
		rv = f->C_SetAttributeValue(session, handle, T(NO(CKA_ENCRYPT)));
	put(&key->gone_rv, rv);
	put(&key->gone_end, now());
	if (rv != CKR_OK)
		note_failure(rv);
	else
		__atomic_fetch_add(&me->changes, 1, __ATOMIC_RELAXED);
}

static void look(CK_SESSION_HANDLE session, uint64_t *random)
{
	CK_OBJECT_HANDLE handle;
	CK_ULONG n = 0;
	char label[24];

	if (get(&board->keys) == 0)
		return;
	uint64_t number = random_key(random);
	struct board_key *key = &board->key[number];
	bool made = get(&key->make_end) != 0 && key->make_rv == CKR_OK;
	uint64_t begin = now();
	CK_RV rv = search(session, label_of(number, label), &handle, &n);
	if (rv != CKR_OK)
		note_failure(rv);
	else if (n > 0)
		raise_to(&key->found, begin);
	else if (made)
		lower_to(&key->missed, now());
}

static void *change(void *arg)
{
	CK_SESSION_HANDLE session;
	uint64_t random = board->seed + 1000 * host + now();

	(void)arg;
	if (!open_logged_in(&session))
		return NULL;
	while (!get(&board->stop)) {
		unsigned what = below(&random, 8);
		if (what < 3)
			make_key(session);
		else if (what < 6)
			end_key(session, &random);
		else
			look(session, &random);
		pause_ms(below(&random, 20));
	}
	return NULL;
}

/* --- Uses --- */

/* The handle of each key in this process, 0 while it has not been found. */
static CK_OBJECT_HANDLE handles[BOARD_KEYS];

static CK_RV derive(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE master)
{
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE key;

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	CK_RV rv = f->C_DeriveKey(
		session, &m, master, T(KEY(CKK_AES), LENGTH(16), YES(CKA_SIGN)), &key);
	if (rv == CKR_OK)
		(void)f->C_DestroyObject(session, key);
	return rv;
}

static CK_RV encrypt(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE out[16];
	CK_ULONG n = sizeof out;
	CK_RV rv = f->C_EncryptInit(session, MECH(CKM_AES_ECB), key);

	return rv == CKR_OK ? f->C_Encrypt(session, (CK_BYTE *)(uintptr_t)value, 16, out, &n) : rv;
}

static CK_RV use_once(CK_SESSION_HANDLE session, uint64_t number, CK_OBJECT_HANDLE key)
{
	return number % 2 ? encrypt(session, key) : derive(session, key);
}

static bool is_refusal(CK_RV rv)
{
	return rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID ||
	       rv == CKR_KEY_FUNCTION_NOT_PERMITTED;
}

static void use_key(CK_SESSION_HANDLE session, uint64_t number)
{
	struct board_key *key = &board->key[number];

	uint64_t gone = get(&key->gone_end);
	if (gone != 0 && now() > gone + LINGER)
		return;
	uint64_t begin = now();
	CK_RV rv = use_once(session, number, handles[number]);
	uint64_t end = now();
	if (rv == CKR_OK) {
		raise_to(&key->used, begin);
		if (get(&key->used) == begin)
			key->used_host = host;
		put(&me->worked, end);
		__atomic_fetch_add(&me->uses, 1, __ATOMIC_RELAXED);
	} else if (is_refusal(rv)) {
		key->refused_rv = rv;
		lower_to(&key->refused, end);
	} else {
		put(&me->failed, end);
		note_failure(rv);
	}
}

/* Choose a key that is there, and find its handle. */
static bool choose_key(CK_SESSION_HANDLE session, uint64_t *random, uint64_t *ret)
{
	CK_ULONG n = 0;
	char label[24];

	if (get(&board->keys) == 0)
		return false;
	*ret = random_key(random);
	struct board_key *key = &board->key[*ret];
	if (get(&key->make_end) == 0 || key->make_rv != CKR_OK || get(&key->gone_end) != 0)
		return false;
	return handles[*ret] != 0 ||
	       (search(session, label_of(*ret, label), &handles[*ret], &n) == CKR_OK && n > 0);
}

/*
 * Use a few keys again and again, for up to some seconds. So this thread asks the server for
 * nothing meanwhile, and a host that is cut off goes on with what it has cached if it can.
 */
static void *use(void *arg)
{
	CK_SESSION_HANDLE session;
	uint64_t random = board->seed + (uintptr_t)arg + 2000 * host + now(), few[FEW];
	unsigned n = 0;

	if (!open_logged_in(&session))
		return NULL;
	while (!get(&board->stop)) {
		for (unsigned tries = n = 0; n < FEW && tries < 2 * FEW; tries++)
			n += choose_key(session, &random, &few[n]);
		uint64_t until = now() + UINT64_C(1000000) * below(&random, HOLD_MS);
		while (!get(&board->stop) && now() < until) {
			for (unsigned i = 0; i < n; i++)
				use_key(session, few[i]);
			usleep(500);
		}
	}
	return NULL;
}

/* --- Counters --- */

static void message(KEYDIV_PARAMETER *p, unsigned device, uint64_t counter)
{
	char serial[16];

	snprintf(serial, sizeof serial, "SN-%06u", device);
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, serial, (CK_ULONG)strlen(serial));
	keydiv_put_number(p, KEYDIV_COUNTER, (CK_ULONG)counter);
	keydiv_put_type(p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(p, KEYDIV_OPERATION, CKM_AES_CMAC);
}

/* Verify the message of COUNTER, which the key DEVICE makes, by the master with a window. */
static CK_RV pass(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE device, CK_OBJECT_HANDLE master,
	uint64_t counter)
{
	KEYDIV_PARAMETER p;
	CK_BYTE mac[16];
	CK_ULONG n = sizeof mac;

	message(&p, 7, counter);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	CK_RV rv = f->C_SignInit(session, &m, device);
	if (rv == CKR_OK)
		rv = f->C_Sign(session, (CK_BYTE *)(uintptr_t)TEXT, sizeof TEXT - 1, mac, &n);
	if (rv == CKR_OK)
		rv = f->C_VerifyInit(session, &m, master);
	if (rv == CKR_OK)
		rv = f->C_Verify(session, (CK_BYTE *)(uintptr_t)TEXT, sizeof TEXT - 1, mac, n);
	return rv;
}

static void mark_one(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE device, CK_OBJECT_HANDLE *masters,
	uint64_t *random)
{
	unsigned stream = below(random, BOARD_STREAMS);
	uint64_t head = get(&board->head[stream]), back = below(random, 48);
	uint64_t counter = head + 8 > back ? head + 8 - back : 1;
	char label[8];
	CK_ULONG n = 0;

	if (counter >= BOARD_COUNTERS)
		return;
	snprintf(label, sizeof label, "W%u", stream);
	if (masters[stream] == 0 &&
		(search(session, label, &masters[stream], &n) != CKR_OK || n == 0))
		return;
	raise_to(&board->head[stream], counter);
	CK_RV rv = pass(session, device, masters[stream], counter);
	if (rv == CKR_OK) {
		__atomic_fetch_add(&board->accepted[stream][counter], 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&me->marks, 1, __ATOMIC_RELAXED);
	} else if (rv != CKR_KEYDIV_REPLAYED) {
		note_failure(rv);
	}
}

static void *mark(void *arg)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE device, masters[BOARD_STREAMS] = {0};
	uint64_t random = board->seed + (uintptr_t)arg + 3000 * host + now();

	if (!open_logged_in(&session))
		return NULL;
	CK_RV rv = f->C_CreateObject(
		session, T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(CKA_DERIVE)), &device);
	if (rv != CKR_OK) {
		fprintf(stderr, "host: the device's key gives 0x%lx\n", rv);
		exit(2);
	}
	while (!get(&board->stop)) {
		mark_one(session, device, masters, &random);
		pause_ms(2);
	}
	return NULL;
}

/* --- The end --- */

static CK_RV list_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	char label[24] = "";
	CK_ATTRIBUTE a = {CKA_LABEL, label, sizeof label - 1};
	CK_RV rv = f->C_GetAttributeValue(session, key, &a, 1);

	if (rv != CKR_OK)
		return rv;
	label[a.ulValueLen] = '\0';
	rv = use_once(session, label[0] == 'K' ? strtoull(label + 1, NULL, 10) : 0, key);
	if (rv != CKR_OK && rv != CKR_KEY_FUNCTION_NOT_PERMITTED)
		return rv;
	printf("%s %s\n", label, rv == CKR_OK ? "usable" : "disabled");
	return CKR_OK;
}

static CK_RV list(void)
{
	CK_SESSION_HANDLE session, other;
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 64;

	if (!open_logged_in(&session))
		return CKR_FUNCTION_CANCELED;
	CK_RV rv = open_session(&other);
	if (rv == CKR_OK)
		rv = f->C_FindObjectsInit(other, T(YES(CKA_TOKEN), CLASS(CKO_SECRET_KEY)));
	while (rv == CKR_OK && n == 64) {
		rv = f->C_FindObjects(other, found, 64, &n);
		for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
			rv = list_key(session, found[i]);
	}
	return rv;
}

#define THREADS 5

static void work(void)
{
	void *(*const threads[THREADS])(void *) = {change, use, use, mark, mark};
	pthread_t made[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&made[i], NULL, threads[i], (void *)i) != 0)
			exit(2);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(made[i], NULL);
}

static bool map_board(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || (size_t)st.st_size != sizeof *board)
		return false;
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return board != MAP_FAILED;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[3] : "work";

	if (argc < 3 || !map_board(argv[1])) {
		fprintf(stderr, "host: there is no board, or it has another size\n");
		return 2;
	}
	host = (unsigned)atoi(argv[2]) % BOARD_HOSTS;
	me = &board->host[host];
	me->logged_in = 0;
	put(&me->started, now());
	CK_RV rv = start();
	if (rv == CKR_OK && strcmp(what, "make") == 0)
		rv = make_token();
	else if (rv == CKR_OK && strcmp(what, "list") == 0)
		rv = list();
	else if (rv == CKR_OK)
		work();
	if (rv == CKR_OK)
		rv = f->C_Finalize(NULL);
	if (rv != CKR_OK)
		fprintf(stderr, "host %u: 0x%lx\n", host, rv);
	return rv == CKR_OK ? 0 : 3;
}
