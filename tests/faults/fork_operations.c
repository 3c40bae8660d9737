/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork_operations.c: operations of a session that last over forks, and session objects, which no
 * child inherits; see fork_births.h.
 */
#include <pthread.h>

#include "../module/memory_search.h"
#include "fork_births.h"
#include "system_calls.h"

#define TEXT_LENGTH 64
static uint8_t text[TEXT_LENGTH] =
	"sixty-four bytes, of which each process encrypts one after other";

/* The session objects have the id of the process, so that a child would know those of others. */
static void label_of(char ret[24], pid_t process)
{
	snprintf(ret, 24, "of %d", (int)process);
}

static uint8_t hidden[16]; /* inverted, so that the search does not find this copy */
static pid_t has_hidden;

/* --- Session objects --- */

static CK_OBJECT_HANDLE make(
	const struct seat *seat, const char *label, const uint8_t value[16], CK_ATTRIBUTE_TYPE use)
{
	CK_OBJECT_HANDLE made = 0;
	CK_RV rv = f->C_CreateObject(seat->session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, value, 16), YES(use), NO(CKA_PRIVATE),
			RAW(CKA_LABEL, label, strlen(label))),
		&made);

	if (rv != CKR_OK)
		trouble("no session key: %s", name_of(rv));
	return made;
}

void begin_operations(struct seat *seat)
{
	char label[24];
	uint8_t value[16];

	label_of(label, getpid());
	for (int i = 0; i < 16; i++)
		value[i] = (uint8_t)draw(&seat->random);
	invert(hidden, value, 16);
	has_hidden = getpid();
	make(seat, label, value, CKA_ENCRYPT);
	explicit_bzero(value, sizeof value);
}

/* The stack of the calls above may have a copy, which is no memory of the module. */
__attribute__((noinline)) static void wipe_stack(void)
{
	volatile uint8_t room[16384];

	memset((void *)room, 0, sizeof room);
}

bool hidden_key_is_in_memory(void)
{
	wipe_stack();
	return has_hidden != 0 && copies(hidden, sizeof hidden) > 0;
}

void no_inherited_objects(const struct seat *seat)
{
	CK_OBJECT_HANDLE found[2];
	char label[24];
	CK_ULONG n = 0;

	label_of(label, has_hidden);
	CK_RV rv = seat_find(seat, T(RAW(CKA_LABEL, label, strlen(label))), found, &n);
	if (rv != CKR_OK || n != 0)
		trouble("a session object of the parent is in the child: %s", name_of(rv));
}

/* --- Operations in two parts. A fork may come between them --- */

/* Those of a thread have a session of their own, because other steps use the same functions. */
static __thread struct {
	enum { NONE, DIGEST, MAC, CIPHER, SEARCH, KINDS } kind;
	pid_t process; /* that the session and the keys belong to */
	struct seat seat;
	CK_OBJECT_HANDLE mac_key, cipher_key;
	CK_ULONG n;
	uint8_t out[TEXT_LENGTH];
} active;

static CK_RV begin(CK_OBJECT_HANDLE key)
{
	static uint8_t iv[16];
	CK_SESSION_HANDLE session = active.seat.session;

	active.n = sizeof active.out;
	switch (active.kind) {
	case DIGEST:
		if (f->C_DigestInit(session, MECH(CKM_SHA256)) != CKR_OK)
			return CKR_FUNCTION_FAILED;
		return f->C_DigestUpdate(session, text, TEXT_LENGTH / 2);
	case MAC:
		if (f->C_SignInit(session, MECH(CKM_AES_CMAC), key) != CKR_OK)
			return CKR_FUNCTION_FAILED;
		return f->C_SignUpdate(session, text, TEXT_LENGTH / 2);
	case CIPHER:
		if (f->C_EncryptInit(session, MECH_OF(CKM_AES_CBC, iv), key) != CKR_OK)
			return CKR_FUNCTION_FAILED;
		return f->C_EncryptUpdate(session, text, TEXT_LENGTH / 2, active.out, &active.n);
	default:
		return f->C_FindObjectsInit(session, T(STR(CKA_LABEL, "master")));
	}
}

static CK_RV end(void)
{
	CK_SESSION_HANDLE session = active.seat.session;
	CK_OBJECT_HANDLE found[4];
	CK_ULONG n = sizeof active.out;
	CK_RV rv;

	switch (active.kind) {
	case DIGEST:
		rv = f->C_DigestUpdate(session, text + TEXT_LENGTH / 2, TEXT_LENGTH / 2);
		return rv != CKR_OK ? rv : f->C_DigestFinal(session, active.out, &n);
	case MAC:
		rv = f->C_SignUpdate(session, text + TEXT_LENGTH / 2, TEXT_LENGTH / 2);
		return rv != CKR_OK ? rv : f->C_SignFinal(session, active.out, &n);
	case CIPHER:
		n -= active.n;
		rv = f->C_EncryptUpdate(session, text + TEXT_LENGTH / 2, TEXT_LENGTH / 2,
			active.out + active.n, &n);
		n = 0;
		return rv != CKR_OK ? rv : f->C_EncryptFinal(session, active.out, &n);
	default:
		rv = f->C_FindObjects(session, found, 4, &n);
		if (rv == CKR_OK && n != 1)
			trouble("a search over a fork found %lu objects", n);
		return rv != CKR_OK ? rv : f->C_FindObjectsFinal(session);
	}
}

/* Compare the result with that of the same operation in one part. */
static void compare(CK_OBJECT_HANDLE key)
{
	static uint8_t iv[16];
	CK_SESSION_HANDLE session = active.seat.session;
	uint8_t whole[TEXT_LENGTH];
	CK_ULONG n = sizeof whole, compared = active.kind == DIGEST ? 32
					      : active.kind == MAC  ? 16
								    : 64;
	CK_RV rv = CKR_OK;

	if (active.kind == DIGEST && (rv = f->C_DigestInit(session, MECH(CKM_SHA256))) == CKR_OK)
		rv = f->C_Digest(session, text, TEXT_LENGTH, whole, &n);
	else if (active.kind == MAC &&
		 (rv = f->C_SignInit(session, MECH(CKM_AES_CMAC), key)) == CKR_OK)
		rv = f->C_Sign(session, text, TEXT_LENGTH, whole, &n);
	else if (active.kind == CIPHER &&
		 (rv = f->C_EncryptInit(session, MECH_OF(CKM_AES_CBC, iv), key)) == CKR_OK)
		rv = f->C_Encrypt(session, text, TEXT_LENGTH, whole, &n);
	if (rv != CKR_OK)
		trouble("an operation in one part gave %s", name_of(rv));
	if (active.kind != SEARCH && memcmp(whole, active.out, compared) != 0)
		trouble("an operation over a fork gave another result");
}

static void open_session_and_keys(void)
{
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &active.seat.session);

	if (rv != CKR_OK)
		trouble("no session for operations: %s", name_of(rv));
	active.mac_key = make(&active.seat, "mac", mk, CKA_SIGN);
	active.cipher_key = make(&active.seat, "cipher", mk, CKA_ENCRYPT);
	active.process = getpid();
	active.kind = NONE;
}

/* A step begins an operation, and the next step ends the operation. */
CK_RV operation_step(struct seat *seat)
{
	if (active.process != getpid())
		open_session_and_keys();
	if (active.kind == NONE) {
		active.kind = 1 + draw_below(&seat->random, KINDS - 1);
		return begin(active.kind == MAC ? active.mac_key : active.cipher_key);
	}
	CK_RV rv = end();
	if (rv == CKR_OK)
		compare(active.kind == MAC ? active.mac_key : active.cipher_key);
	active.kind = NONE;
	return rv;
}

/* --- Calls that make keys --- */

static CK_RV check_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_BYTE ret[3])
{
	return f->C_GetAttributeValue(session, key, &(CK_ATTRIBUTE){CKA_CHECK_VALUE, ret, 3}, 1);
}

static CK_RV wrap_and_unwrap(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM *m = MECH(CKM_AES_KEY_WRAP_KWP);
	CK_OBJECT_HANDLE back = 0;
	CK_BYTE wrapped[64], before[3], after[3];
	CK_ULONG n = sizeof wrapped;
	CK_RV rv = f->C_WrapKey(session, m, with, key, wrapped, &n);

	if (rv == CKR_OK)
		rv = f->C_UnwrapKey(
			session, m, with, wrapped, n, T(KEY(CKK_AES), YES(CKA_ENCRYPT)), &back);
	if (rv == CKR_OK)
		rv = check_value(session, key, before);
	if (rv == CKR_OK)
		rv = check_value(session, back, after);
	if (rv == CKR_OK && memcmp(before, after, sizeof after) != 0)
		trouble("an unwrapped key is another one");
	return rv != CKR_OK ? rv : f->C_DestroyObject(session, back);
}

static CK_RV send_message(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE iv[12] = "twelve bytes", tag[16], out[TEXT_LENGTH];
	CK_GCM_MESSAGE_PARAMS p = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
	CK_ULONG n = sizeof out;
	CK_RV rv = f3->C_MessageEncryptInit(session, MECH_OF(CKM_AES_GCM, p), key);

	if (rv != CKR_OK)
		return rv;
	rv = f3->C_EncryptMessage(session, &p, sizeof p, NULL, 0, text, TEXT_LENGTH, out, &n);
	CK_RV end = f3->C_MessageEncryptFinal(session);
	return rv != CKR_OK ? rv : end;
}

/* Generate, copy, wrap, unwrap, use and destroy keys of a session that is opened for that. */
CK_RV key_step(struct seat *seat)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key = 0, with = 0, copy = 0;
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

	(void)seat;
	if (rv != CKR_OK)
		return rv;
	rv = f->C_GenerateKey(session, MECH(CKM_AES_KEY_GEN),
		T(LENGTH(16), YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT)), &key);
	if (rv == CKR_OK)
		rv = f->C_GenerateKey(session, MECH(CKM_AES_KEY_GEN),
			T(LENGTH(32), YES(CKA_WRAP), YES(CKA_UNWRAP)), &with);
	if (rv == CKR_OK)
		rv = f->C_CopyObject(session, key, T(STR(CKA_LABEL, "copy")), &copy);
	if (rv == CKR_OK)
		rv = wrap_and_unwrap(session, with, copy);
	if (rv == CKR_OK)
		rv = send_message(session, copy);
	CK_RV end = f->C_CloseSession(session); /* destroys the keys */
	return rv != CKR_OK ? rv : end;
}

/* --- Pauses --- */

/* Longer than a fork waits for a call (FORK_WAIT_MS in src/token/sessions.h). */
#define LONG_PAUSE_US 120000

static volatile unsigned pausing; /* threads of this process; in a child none of them exists */
static volatile pid_t pausing_in;

bool a_thread_pauses(void)
{
	return pausing_in == getpid() && pausing > 0;
}

void pause_sometimes(const struct call_seen *seen)
{
	static __thread uint64_t random;

	if (random == 0)
		random = faults_seed + (uint64_t)pthread_self();
	if (seen->kind != CALL_WRITE && seen->kind != CALL_SYNC)
		return;
	if (draw_below(&random, 16) != 0)
		return;
	if (pausing_in != getpid()) {
		pausing_in = getpid();
		pausing = 0;
	}
	__sync_fetch_and_add(&pausing, 1);
	usleep(draw_below(&random, 16) == 0 ? LONG_PAUSE_US : draw_below(&random, 2000));
	__sync_fetch_and_sub(&pausing, 1);
}
