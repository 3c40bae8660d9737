/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c: eight processes with eight threads each on one token, all calls mixed, with logins,
 * logouts and new PINs. A call may fail only because its process was logged out meanwhile.
 */
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define PROCESSES 8
#define THREADS 8

static struct control {
	volatile bool stop;
	_Atomic uint64_t steps, refused; /* refused: while logged out */
	_Atomic uint64_t longest;        /* step, in microseconds */
} * control;

static unsigned first_seat;          /* of this process */
static _Atomic unsigned login_turns; /* odd: this process is or may be logged out */

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static CK_RV new_session_step(struct seat *seat)
{
	struct seat other = *seat;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &other.session);

	if (rv != CKR_OK)
		return rv;
	rv = f->C_GetSessionInfo(other.session, &info);
	if (rv == CKR_OK)
		rv = seat_named(&other, "master", &key);
	CK_RV end = f->C_CloseSession(other.session);
	return rv != CKR_OK ? rv : end;
}

/* Encrypt with a session key, and compare with AES-128 of SP 800-38A, F.1.1. */
static CK_RV session_key_step(struct seat *seat)
{
	static const uint8_t right[4] = {0x3a, 0xd7, 0x7b, 0xb4};
	uint8_t block[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11,
		0x73, 0x93, 0x17, 0x2a};
	CK_OBJECT_HANDLE key;
	CK_ULONG n = sizeof block;
	CK_RV rv = f->C_CreateObject(
		seat->session, T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_ENCRYPT)), &key);

	if (rv == CKR_OK)
		rv = f->C_EncryptInit(seat->session, MECH(CKM_AES_ECB), key);
	if (rv == CKR_OK)
		rv = f->C_Encrypt(seat->session, block, sizeof block, block, &n);
	if (rv == CKR_OK && memcmp(block, right, sizeof right) != 0)
		trouble("seat %u: another ciphertext", seat->index);
	return rv == CKR_OK ? f->C_DestroyObject(seat->session, key) : rv;
}

static CK_RV plain_step(struct seat *seat)
{
	CK_TOKEN_INFO info;
	CK_BYTE bytes[32];
	CK_ULONG n = sizeof bytes;
	CK_RV rv = f->C_GenerateRandom(seat->session, bytes, sizeof bytes);

	if (rv == CKR_OK)
		rv = f->C_DigestInit(seat->session, MECH(CKM_SHA256));
	if (rv == CKR_OK)
		rv = f->C_Digest(seat->session, bytes, sizeof bytes, bytes, &n);
	return rv == CKR_OK ? f->C_GetTokenInfo(slot, &info) : rv;
}

/* The first thread of a process logs out and in again. That of the first process sets PINs. */
static CK_RV login_step(struct seat *seat)
{
	if (seat->index == 0 && draw_below(&seat->random, 2) == 0)
		return pin_step(seat);
	login_turns++;
	CK_RV rv = f->C_Logout(seat->session);
	if (rv == CKR_OK)
		seat_login(seat);
	login_turns++;
	return rv;
}

static CK_RV any_step(struct seat *seat)
{
	if (seat->index == first_seat && draw_below(&seat->random, 128) == 0)
		return login_step(seat);
	switch (draw_below(&seat->random, 32)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return new_session_step(seat);
	case 4:
	case 5:
	case 6:
	case 7:
		return session_key_step(seat);
	case 8:
	case 9:
	case 10:
		return plain_step(seat);
	default:
		break;
	}
	switch (draw_below(&seat->random, 3)) {
	case 0:
		return number_step(seat);
	case 1:
		return window_step(seat);
	default:
		return object_step(seat);
	}
}

static bool is_for_logout(CK_RV rv)
{
	return rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_KEY_HANDLE_INVALID ||
	       rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_OPERATION_NOT_INITIALIZED;
}

static void timed_step(struct seat *seat)
{
	uint64_t start = microseconds(), longest = control->longest;
	unsigned turns = login_turns;
	CK_RV rv = any_step(seat);
	bool logged_out = turns % 2 == 1 || login_turns != turns;
	uint64_t took = microseconds() - start;

	if (rv != CKR_OK && !(logged_out && is_for_logout(rv)))
		trouble("seat %u: a step gave %s", seat->index, name_of(rv));
	control->refused += rv != CKR_OK;
	control->steps++;
	while (took > longest && !atomic_compare_exchange_weak(&control->longest, &longest, took))
		;
}

static void *thread(void *arg)
{
	struct seat *seat = arg;

	while (!control->stop)
		timed_step(seat);
	return NULL;
}

static void process(unsigned index)
{
	struct seat seat[THREADS];
	pthread_t threads[THREADS];

	first_seat = index * THREADS;
	seat_start(&seat[0], first_seat, faults_seed + first_seat);
	for (unsigned i = 0; i < THREADS; i++) {
		unsigned me = first_seat + i;

		seat[i] = (struct seat){me, seat[0].session, faults_seed + 1000003 * me};
		if (i > 0 && f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				     &seat[i].session) != CKR_OK)
			trouble("seat %u: no session", me);
		if (pthread_create(&threads[i], NULL, thread, &seat[i]) != 0)
			trouble("seat %u: no thread", me);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	f->C_Finalize(NULL);
}

static void look(unsigned seats)
{
	world_check(seats);
}

START_TEST(nothing_fails_under_load)
{
	pid_t child[PROCESSES];
	unsigned i;

	faults_begin("load", 20);
	control = faults_shared(sizeof *control);
	for (i = 0; i < PROCESSES; i++)
		child[i] = start_process(process, i);
	while (faults_time_left()) {
		faults_check_trouble();
		usleep(10000);
	}
	control->stop = true;
	for (i = 0; i < PROCESSES; i++)
		await_process(child[i], false, "a process");
	await_process(start_process(look, PROCESSES * THREADS), false, "the look at the token");
	printf("load: %llu steps, of which %llu were refused after a logout, and %llu changes; the "
	       "longest took %llu ms\n",
		(unsigned long long)control->steps, (unsigned long long)control->refused,
		(unsigned long long)world->calls, (unsigned long long)control->longest / 1000);
	printf("load: 0 errors, 0 duplicates, 0 lost\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = add_case(suite, "load", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, nothing_fails_under_load);
	return run(suite);
}
