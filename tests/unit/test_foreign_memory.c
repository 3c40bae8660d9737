/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_memory.c: foreign keys when memory runs out. This program replaces the allocator of
 * the C library and the mapping of pages. Each allocation of a link, an attachment and a
 * computation fails in turn. Each gives the right bytes or an error, nothing stays allocated, and
 * the next try works. The allocations of other libraries work: p11_kit_uri_parse of 0.24.1 uses
 * the NULL that it gets.
 */
#include "foreign/foreign.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_open.h"
#include "key/crypto.h"
#include "unit.h"

#define REPLACES __attribute__((visibility("default")))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static long until;  /* the allocation that fails, counted from 1; 0: none */
static long failed; /* allocations that have failed */
static long held;   /* allocations that are not free */

/* Return true if this allocation, which the code at CALLER has asked for, fails. */
static bool fails(void *caller)
{
	Dl_info at;

	if (until == 0)
		return false;
	if (dladdr(caller, &at) != 0 && strstr(at.dli_fname, "test_foreign_memory") == NULL)
		return false;
	if (--until > 0)
		return false;
	failed++;
	errno = ENOMEM;
	return true;
}

static void *got(void *p)
{
	held += p != NULL;
	return p;
}

REPLACES void *malloc(size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : got(__libc_malloc(n));
}

REPLACES void *calloc(size_t count, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : got(__libc_calloc(count, n));
}

REPLACES void *realloc(void *p, size_t n)
{
	if (fails(__builtin_return_address(0)))
		return NULL;
	void *moved = __libc_realloc(p, n);
	held += p == NULL && moved != NULL;
	return moved;
}

REPLACES void free(void *p)
{
	held -= p != NULL;
	__libc_free(p);
}

REPLACES char *strndup(const char *text, size_t n)
{
	size_t len = strnlen(text, n);
	char *copy = fails(__builtin_return_address(0)) ? NULL : got(__libc_malloc(len + 1));

	if (copy != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

REPLACES void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	if (fails(__builtin_return_address(0)))
		return MAP_FAILED;
	return got((void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset));
}

REPLACES int munmap(void *at, size_t n)
{
	held--;
	return (int)syscall(SYS_munmap, at, n);
}

/* --- One use --- */

#define URI "pkcs11:token=fake;object=mk;type=secret-key"

static struct config config;
static struct key *far_key;
static const uint8_t msg[37] = "a message";
static uint8_t right[16];

/* Link, attach and compute MAC. The caller compares it, because macros of Check allocate memory. */
static CK_RV use_all(struct foreign *f, struct foreign_pin *pin, uint8_t mac[16])
{
	static struct foreign_facts facts;
	struct bytes uri = bytes_of(URI, strlen(URI));

	TRY(foreign_pin_keep(pin, bytes_of(FAKE_PIN, strlen(FAKE_PIN))));
	TRY(foreign_link(f, uri, &facts));
	TRY(foreign_attach(
		f, uri, facts.type, facts.length, bytes_of(facts.check, facts.check_n), far_key));
	return key_cmac(far_key, msg, sizeof msg, mac);
}

/* All from C_Initialize to C_Finalize. *RET_LEFT is what stays allocated. */
static CK_RV once(long *ret_left, bool *ret_right)
{
	struct foreign f = {0};
	struct foreign_pin pin;
	uint8_t mac[16] = {0};
	long before = held;

	foreign_start(&config);
	foreign_pin_init(&pin);
	f.pin = &pin;
	CK_RV rv = use_all(&f, &pin, mac);
	*ret_right = memcmp(mac, right, sizeof mac) == 0;
	key_unload(far_key);
	foreign_close(&f);
	foreign_stop();
	foreign_pin_destroy(&pin);
	*ret_left = held - before;
	return rv;
}

static void set_up(void)
{
	fake_open(FAKE_PIN);
	fake->keys[0] = fake_key_that_signs("mk", CKK_AES, 16);
	fake->keys[0].encrypt = true;
	ck_ok(crypto_start());
	config_defaults(&config);
	snprintf(config.foreign_module, sizeof config.foreign_module, "%s", getenv("FAKE_FOREIGN"));
	far_key = key_new();
	struct key *near = key_new();
	ck_assert(far_key != NULL && near != NULL);
	ck_ok(key_load(near, CKK_AES, fake->keys[0].value, 16));
	ck_ok(key_cmac(near, msg, sizeof msg, right));
	key_free(near);
}

/* The first rounds load p11-kit, which keeps what it has allocated once. */
START_TEST(each_allocation_fails_once)
{
	long left, n = 0;
	bool is_right;

	set_up();
	fake->no_cmac = _i == 1; /* then the CMAC is made of blocks */
	for (int i = 0; i < 3; i++) {
		ck_ok(once(&left, &is_right));
		ck_assert(is_right);
	}
	do {
		failed = 0;
		until = ++n;
		CK_RV rv = once(&left, &is_right);
		until = 0;
		bool in_error = rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_ERROR ||
				rv == CKR_ATTRIBUTE_VALUE_INVALID;
		if (rv == CKR_OK ? !is_right : !in_error || failed == 0)
			ck_abort_msg("allocation %ld: code 0x%lx, right %d", n, rv, is_right);
		ck_assert_msg(left == 0, "allocation %ld: %ld stay allocated", n, left);
		ck_assert_uint_eq(fake->sessions, 0);
		ck_ok(once(&left, &is_right));
		ck_assert(is_right && left == 0);
	} while (failed > 0);
	ck_assert_int_gt(n, 5); /* more than nothing has failed */
	key_free(far_key);
	crypto_stop();
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("foreign memory");
	TCase *tc = tcase_create("foreign memory");

	tcase_add_loop_test(tc, each_allocation_fails_once, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
