/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: the cost of a call to a server of p11-kit.
 *
 * 	client hand SOCKET N		N requests of C_GetSlotInfo, written by hand
 * 	client module MODULE N		N calls of C_GetSlotInfo through a PKCS#11 module
 *
 * Both print microseconds per call. client.sh runs them side by side, and several at once.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#define HEADER 12
#define GREETING "PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "client: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- By hand: one write, and as few reads as the writes of the server allow --- */

static int fd;

/* Send the request CALL with the N bytes at P. Return the arguments of the reply. */
static const uint8_t *ask(uint32_t call, const char *signature, const void *p, size_t n)
{
	static uint8_t out[512], in[1024];
	static uint32_t number;
	size_t letters = strlen(signature), length = 8 + letters + n, got = 0, whole = HEADER;

	put_be32(out, ++number);
	put_be32(out + 4, 0);
	put_be32(out + 8, (uint32_t)length);
	put_be32(out + HEADER, call);
	put_be32(out + HEADER + 4, (uint32_t)letters);
	memcpy(out + HEADER + 8, signature, letters);
	memcpy(out + HEADER + 8 + letters, p, n);
	must(write(fd, out, HEADER + length) == (ssize_t)(HEADER + length), "cannot write");
	while (got < whole) {
		ssize_t r = read(fd, in + got, sizeof in - got);
		must(r > 0, "cannot read");
		got += (size_t)r;
		if (got >= HEADER)
			whole = HEADER + get_be32(in + 8);
	}
	must(get_be32(in + HEADER) == call, "the server refuses a call");
	return in + HEADER + 8 + get_be32(in + HEADER + 4);
}

/* Connect to the server, initialise its module, and write the first slot to SLOT. */
static void greet(const char *path, uint8_t slot[8])
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	uint8_t p[128] = {1}, version = 2;
	size_t n = sizeof GREETING - 1;

	must(strlen(path) < sizeof name.sun_path, "the path is too long");
	memcpy(name.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&name, sizeof name) == 0, "cannot connect");
	must(write(fd, &version, 1) == 1 && read(fd, &version, 1) == 1, "no version");
	put_be32(p + 1, (uint32_t)n);
	memcpy(p + 5, GREETING, n);
	memcpy(p + 5 + n, "\0\1\0\0\0\1\0", 7);
	(void)ask(1, "ayyay", p, n + 12);
	const uint8_t *list = ask(4, "yfu", "\1\0\0\0\20", 5);
	must(get_be32(list + 1) > 0, "the server has no slot");
	memcpy(slot, list + 5, 8);
}

static void by_hand(const char *path, long n)
{
	uint8_t slot[8];

	greet(path, slot);
	double begin = now();
	for (long i = 0; i < n; i++)
		(void)ask(5, "u", slot, sizeof slot);
	printf("%.2f\n", (now() - begin) * 1e6 / (double)n);
}

/* --- Through a module --- */

static void by_module(const char *path, long n)
{
	void *library = dlopen(path, RTLD_NOW);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_FUNCTION_LIST *f = NULL;
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;
	CK_SLOT_INFO info;

	if (library != NULL)
		*(void **)&get = dlsym(library, "C_GetFunctionList");
	must(get != NULL && get(&f) == CKR_OK, "the module cannot be loaded");
	must(f->C_Initialize(NULL) == CKR_OK, "C_Initialize has failed");
	must(f->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK && count > 0, "no slot");
	double begin = now();
	for (long i = 0; i < n; i++)
		must(f->C_GetSlotInfo(slots[0], &info) == CKR_OK, "C_GetSlotInfo has failed");
	printf("%.2f\n", (now() - begin) * 1e6 / (double)n);
	must(f->C_Finalize(NULL) == CKR_OK, "C_Finalize has failed");
}

int main(int argc, char **argv)
{
	must(argc == 4, "usage: client hand|module PATH N");
	if (strcmp(argv[1], "hand") == 0)
		by_hand(argv[2], atol(argv[3]));
	else
		by_module(argv[2], atol(argv[3]));
	return 0;
}
