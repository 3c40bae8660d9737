/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.c: the cost of DEVICE_KEY over a key in another token.
 *
 * 	foreign KEYDIV OTHER PIN N ROUNDS
 *
 * KEYDIV is keydiv's module, whose token has the master "master". OTHER is the foreign module,
 * whose key "mk" the master is linked to. Each round makes N keys over that master by C_DeriveKey
 * and C_DestroyObject, and N MACs of the same message with that key by C_SignInit and C_Sign. Both
 * are interleaved in hundredths of a round. foreign.sh makes the tokens.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/pkcs11.h"
#include "keydiv.h"

#define ROUNDS_MAX 99
#define PARTS 100

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "foreign: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- A module with a session, and the key that is measured --- */

struct side {
	CK_FUNCTION_LIST *f;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
};

/* Open a session on the first token of the module PATH that has the key LABEL. */
static void open_side(const char *path, const char *pin, const char *label, struct side *ret)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof class},
		{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16, found = 0;

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	must(get != NULL && get(&ret->f) == CKR_OK, "a module cannot be loaded");
	must(ret->f->C_Initialize(&args) == CKR_OK, "C_Initialize has failed");
	must(ret->f->C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK, "C_GetSlotList has failed");
	for (CK_ULONG i = 0; i < n && found == 0; i++) {
		CK_SESSION_HANDLE s;
		must(ret->f->C_OpenSession(slots[i], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
			     NULL, &s) == CKR_OK,
			"C_OpenSession has failed");
		if (ret->f->C_Login(s, CKU_USER, (CK_BYTE *)(uintptr_t)pin, strlen(pin)) != CKR_OK)
			continue;
		must(ret->f->C_FindObjectsInit(s, t, 2) == CKR_OK, "C_FindObjectsInit has failed");
		must(ret->f->C_FindObjects(s, &ret->key, 1, &found) == CKR_OK,
			"C_FindObjects has failed");
		must(ret->f->C_FindObjectsFinal(s) == CKR_OK, "C_FindObjectsFinal has failed");
		ret->session = s;
	}
	must(found == 1, "a token lacks its key");
}

/* --- What is measured --- */

static CK_BYTE serial[9];

static void number(long i)
{
	for (int d = 8; d >= 0; d--, i /= 10)
		serial[d] = (CK_BYTE)('0' + i % 10);
}

static double derive(struct side *keydiv, long from, long n)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE sign = {CKA_SIGN, &yes, 1};
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE key;
	double begin = now();

	for (long i = from; i < from + n; i++) {
		number(i);
		keydiv_start(&p);
		keydiv_put(&p, KEYDIV_DEVICE, serial, sizeof serial);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
		must(keydiv->f->C_DeriveKey(keydiv->session, &m, keydiv->key, &sign, 1, &key) ==
				CKR_OK,
			"C_DeriveKey has failed");
		must(keydiv->f->C_DestroyObject(keydiv->session, key) == CKR_OK,
			"C_DestroyObject has failed");
	}
	return now() - begin;
}

/* The message is the input of the KDF: [1]32 "device" 00 DEVICE USE [128]32. */
static double sign(struct side *other, long from, long n)
{
	CK_BYTE message[4 + 7 + 12 + 4 + 4] = {
		0, 0, 0, 1, 'd', 'e', 'v', 'i', 'c', 'e', 0, KEYDIV_DEVICE, 0, 9};
	CK_MECHANISM m = {CKM_AES_CMAC, NULL, 0};
	CK_BYTE mac[16];
	double begin = now();

	memcpy(message + 23, "\x7f\0\1\2\0\0\0\x80", 8);
	for (long i = from; i < from + n; i++) {
		CK_ULONG length = sizeof mac;
		number(i);
		memcpy(message + 14, serial, sizeof serial);
		must(other->f->C_SignInit(other->session, &m, other->key) == CKR_OK,
			"C_SignInit has failed");
		must(other->f->C_Sign(other->session, message, sizeof message, mac, &length) ==
				CKR_OK,
			"C_Sign has failed");
	}
	return now() - begin;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, long n)
{
	qsort(values, (size_t)n, sizeof *values, compare);
	return values[n / 2];
}

int main(int argc, char **argv)
{
	static double derived[ROUNDS_MAX], signed_there[ROUNDS_MAX], ratio[ROUNDS_MAX];
	struct side keydiv = {0}, other = {0};

	must(argc == 6, "usage: foreign KEYDIV OTHER PIN N ROUNDS");
	long n = atol(argv[4]) / PARTS, rounds = atol(argv[5]);
	must(n > 0 && rounds > 0 && rounds <= ROUNDS_MAX, "N is at least 100, ROUNDS 1 to 99");
	open_side(argv[2], argv[3], "mk", &other);
	open_side(argv[1], argv[3], "master", &keydiv);
	(void)derive(&keydiv, 0, n);
	for (long r = 0; r < rounds; r++) {
		for (long part = 0; part < PARTS; part++) {
			derived[r] += derive(&keydiv, part * n, n) / (double)(n * PARTS);
			signed_there[r] += sign(&other, part * n, n) / (double)(n * PARTS);
		}
		ratio[r] = derived[r] / signed_there[r];
	}
	double times = median(ratio, rounds);
	printf("C_DeriveKey + C_DestroyObject %.2f us, C_SignInit + C_Sign in the other token %.2f "
	       "us, ratio %.3f (%.3f to %.3f), bar 1.2: %s\n",
		median(derived, rounds), median(signed_there, rounds), times, ratio[0],
		ratio[rounds - 1], times <= 1.2 ? "met" : "NOT MET");
	return 0;
}
