/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fork_threads.c: forks while other threads compute with keys. The child survives, is refused
 * and has no key of its parent. The threads of the parent do not notice.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "harness.h"
#include "memory_search.h"

#define THREADS 3
#define SEARCHES 10
#define VALUE 32

static _Atomic bool stop;
static _Atomic int wrong;
static _Atomic unsigned busy; /* threads that have computed once */
static uint8_t hidden[VALUE]; /* inverted, so that the search does not find this copy */
static CK_OBJECT_HANDLE mac_key, cipher_key;

/* Check's own macros are not for threads: count instead. */
#define must(condition) ((condition) ? (void)0 : (void)atomic_fetch_add(&wrong, 1))

static void keys(void)
{
	uint8_t value[VALUE];

	user();
	/* The compiler must not put the value itself among the constants of this program. */
	for (int i = 0; i < VALUE; i++)
		hidden[i] = (uint8_t) ~(0x5C ^ 29 * i);
	invert(value, hidden, VALUE);
	mac_key = import(CKK_GENERIC_SECRET, value, VALUE, T(YES(CKA_SIGN), YES(CKA_VERIFY)));
	cipher_key = import(CKK_AES, value, VALUE, T(YES(CKA_ENCRYPT), YES(CKA_SIGN)));
	explicit_bzero(value, VALUE);
}

static CK_SESSION_HANDLE open_in_thread(void)
{
	CK_SESSION_HANDLE mine = 0;

	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &mine) == CKR_OK);
	return mine;
}

/* --- What threads do until they are stopped. Each is in libcrypto most of the time --- */

static void sign(CK_SESSION_HANDLE mine, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	static const uint8_t text[200];
	uint8_t mac[64];
	CK_ULONG n = sizeof mac;

	must(f->C_SignInit(mine, MECH(type), key) == CKR_OK);
	must(f->C_Sign(mine, (CK_BYTE_PTR)text, sizeof text, mac, &n) == CKR_OK);
}

static void encrypt(CK_SESSION_HANDLE mine)
{
	static uint8_t iv[16];
	CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
	uint8_t text[64] = {0}, out[80];
	CK_ULONG n = sizeof out;

	must(f->C_EncryptInit(mine, MECH_OF(CKM_AES_CBC, iv), cipher_key) == CKR_OK);
	must(f->C_Encrypt(mine, text, sizeof text, out, &n) == CKR_OK);
	n = sizeof out;
	must(f->C_EncryptInit(mine, MECH_OF(CKM_AES_GCM, gcm), cipher_key) == CKR_OK);
	must(f->C_Encrypt(mine, text, sizeof text, out, &n) == CKR_OK);
}

/* Changing the hash each time replaces the context of the HMAC. */
static void *computes(void *arg)
{
	CK_SESSION_HANDLE mine = open_in_thread();

	for (unsigned i = 0; !stop; i++) {
		sign(mine, i % 2 == 0 ? CKM_SHA256_HMAC : CKM_SHA512_HMAC, mac_key);
		if (arg != NULL) {
			encrypt(mine);
			sign(mine, CKM_AES_CMAC, cipher_key);
		}
		if (i == 0)
			busy++;
	}
	must(f->C_CloseSession(mine) == CKR_OK);
	return NULL;
}

#define LONG_TEXT ((size_t)1 << 30)
static uint8_t *long_text;

/* No call ends before the wait of a fork is over. */
static void *computes_long(void *arg)
{
	CK_SESSION_HANDLE mine = open_in_thread();
	uint8_t mac[64];

	(void)arg;
	sign(mine, CKM_SHA256_HMAC, mac_key);
	busy++;
	while (!stop) {
		CK_ULONG n = sizeof mac;

		must(f->C_SignInit(mine, MECH(CKM_SHA256_HMAC), mac_key) == CKR_OK);
		must(f->C_Sign(mine, long_text, LONG_TEXT, mac, &n) == CKR_OK);
	}
	return NULL;
}

static void start(pthread_t *thread, unsigned n, void *(*body)(void *))
{
	stop = false;
	busy = 0;
	for (size_t i = 0; i < n; i++)
		ck_assert(pthread_create(&thread[i], NULL, body, i % 2 ? &stop : NULL) == 0);
	while (busy < n)
		usleep(100);
}

static void end(pthread_t *thread, unsigned n)
{
	stop = true;
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	ck_assert_int_eq(wrong, 0);
}

/* --- Forks --- */

/* Return the status of a child that ends with what BODY returns. */
static int child_of(int (*body)(void))
{
	int status = -1;
	pid_t child = fork();

	ck_assert(child >= 0);
	if (child == 0)
		_exit(body());
	ck_assert(waitpid(child, &status, 0) == child);
	return status;
}

static int is_refused(void)
{
	CK_SESSION_INFO info;

	return f->C_GetSessionInfo(s, &info) != CKR_CRYPTOKI_NOT_INITIALIZED;
}

/* The allocator of gcc's address sanitizer may be locked for ever in a child of several threads. */
#ifdef __SANITIZE_ADDRESS__
#define CHILDREN 0
#else
#define CHILDREN 100
#endif

START_TEST(forks_meet_threads_that_compute)
{
	pthread_t thread[THREADS];

	start(thread, THREADS, computes);
	for (int i = 0; i < CHILDREN; i++)
		ck_assert_int_eq(child_of(is_refused), 0);
	end(thread, THREADS);
}
END_TEST

static int starts_over(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	if (is_refused() != 0 || f->C_Initialize(&args) != CKR_OK)
		return 1;
	s = 0;
	return f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK ||
	       f->C_Finalize(NULL) != CKR_OK;
}

/* A fork does not wait for a long call. What the call uses is then left alone in the child. */
START_TEST(forks_meet_a_long_call)
{
	pthread_t thread;

	long_text = mmap(
		NULL, LONG_TEXT, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert(long_text != MAP_FAILED);
	start(&thread, 1, computes_long);
	for (int i = 0; i < 5 && CHILDREN > 0; i++)
		ck_assert_int_eq(child_of(starts_over), 0);
	ck_assert_int_eq(wrong, 0); /* the thread ends with the process */
	_exit(0);
}
END_TEST

static int has_keys(void)
{
	return copies(hidden, VALUE) > 0 ? 2 : is_refused();
}

/*
 * A fork waits for calls that compute. A thread that gets no processor for as long as the fork
 * waits keeps its keys in libcrypto's memory, so the test goes on until a child has none.
 */
START_TEST(no_keys_of_threads_in_a_child)
{
	pthread_t thread[THREADS];
	bool clean = false;

	if (instrumented())
		return; /* its memory looks different */
	start(thread, THREADS, computes);
	holds(copies(hidden, VALUE) > 0);
	for (int i = 0; i < SEARCHES && !clean; i++)
		clean = child_of(has_keys) == 0;
	end(thread, THREADS);
	holds(clean);
}
END_TEST

/* --- Handlers of the host program, which call the module while the process forks --- */

static CK_RV before, parent, child; /* what C_GenerateRandom gave */

static CK_RV use(void)
{
	uint8_t bytes[8];

	return f->C_GenerateRandom(s, bytes, sizeof bytes);
}

static void handler_before(void)
{
	before = use();
}

static void handler_parent(void)
{
	parent = use();
}

static void handler_child(void)
{
	child = use();
}

/*
 * The last handlers that are called before a fork, and the first after it, because they are
 * registered before those of the module, which C_Initialize registers.
 */
static void handlers(void)
{
	load();
	ck_assert(pthread_atfork(handler_before, handler_parent, handler_child) == 0);
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	ok(f->C_DigestInit(s, MECH(CKM_SHA256))); /* an operation that a fork must not disturb */
}

static int child_was_refused(void)
{
	return child != CKR_CRYPTOKI_NOT_INITIALIZED || is_refused() != 0;
}

START_TEST(handlers_of_the_host_use_the_module)
{
	uint8_t digest[32];
	CK_ULONG n = sizeof digest;

	/*
	 * The calls lock a session after the fork has locked the stores. The thread sanitizer
	 * reports that order, which is harmless while no other thread uses the session.
	 */
	if (instrumented())
		return;
	for (int i = 0; i < 2; i++) {
		before = parent = child = CKR_VENDOR_DEFINED;
		ck_assert_int_eq(child_of(child_was_refused), 0);
		gives(CKR_OK, before);
		gives(CKR_OK, parent);
	}
	ok(f->C_Digest(s, (CK_BYTE_PTR) "", 0, digest, &n));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fork_threads");
	TCase *tc = add_case(suite, "fork_threads", keys);

	tcase_add_test(tc, forks_meet_threads_that_compute);
	tcase_add_test(tc, forks_meet_a_long_call);
	tcase_add_test(tc, no_keys_of_threads_in_a_child);
	tc = add_case(suite, "handlers", handlers);
	tcase_add_test(tc, handlers_of_the_host_use_the_module);
	return run(suite);
}
