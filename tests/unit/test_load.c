/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_load.c: the choice of a backend, and what a backend in a shared object of its own gets.
 *
 * The file under test is included, with the functions of the dynamic linker replaced: the "library"
 * is a function of this file.
 */
#include <dlfcn.h>
#include <string.h>

#include "base/config_store.h"
#include "key/crypto.h"
#include "unit.h"

static void *fake_dlopen(const char *path, int mode);
static void *fake_dlsym(void *library, const char *name);
static char *fake_dlerror(void);
static int fake_dladdr(const void *address, Dl_info *ret);
#define dlopen fake_dlopen
#define dlsym fake_dlsym
#define dlerror fake_dlerror
#define dladdr fake_dladdr
#include "store/load.c"
#undef dlopen
#undef dlsym
#undef dlerror
#undef dladdr

static const char *module = "/usr/lib/x/keydiv-pkcs11.so"; /* NULL: dladdr fails */
static char opened[PATH_MAX];
static bool there = true, has_symbol = true, accepts = true;
static struct store_backend library_backend;

/* The exported function of the library: call every service once. */
static const struct store_backend *library_function(const struct store_services *s)
{
	uint8_t digest[32], random[4];
	static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf}; /* FIPS 180-2, B.1 */

	ck_assert_str_eq(s->version, KEYDIV_VERSION);
	ck_assert_str_eq(s->conninfo, "service=x");
	ck_assert_uint_eq(s->lease_ms, 300);
	ck_ok(s->sha256((const uint8_t *)"abc", 3, digest));
	ck_assert_mem_eq(digest, abc, sizeof abc);
	ck_ok(s->random_bytes(random, sizeof random));
	s->log_text(LOG_DEBUG, "not %s a format");
	ck_assert(!s->log_enabled(LOG_ERROR));
	ck_assert_str_eq(s->rv_name(CKR_OK), "CKR_OK");
	s->error_note(__FILE__, __LINE__, "a reason", CKR_OK);
	return accepts ? &library_backend : NULL;
}

static void *fake_dlopen(const char *path, int mode)
{
	ck_assert_int_eq(mode, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	snprintf(opened, sizeof opened, "%s", path);
	return there ? &there : NULL;
}

static void *fake_dlsym(void *library, const char *name)
{
	store_backend_function *function = library_function;
	void *symbol;

	ck_assert_ptr_eq(library, &there);
	ck_assert_str_eq(name, STORE_SYMBOL);
	memcpy(&symbol, &function, sizeof symbol);
	return has_symbol ? symbol : NULL;
}

static char *fake_dlerror(void)
{
	static char text[] = "no such file";
	return text;
}

static int fake_dladdr(const void *address, Dl_info *ret)
{
	ck_assert_ptr_eq(address, &services);
	*ret = (Dl_info){.dli_fname = module};
	return module != NULL;
}

static void set_up(void)
{
	ck_ok(crypto_start());
}

static void tear_down(void)
{
	crypto_stop();
}

START_TEST(beside_the_module)
{
	const struct store_backend *backend = NULL;

	ck_assert_ptr_eq(store_configured(), &sqlite_backend);
	ck_assert(store_needs_directory());
	ck_ok(store_load("service=x", 300, &backend));
	ck_assert_ptr_eq(backend, &library_backend);
	ck_assert_str_eq(opened, "/usr/lib/x/keydiv-store-postgresql.so");
	ck_assert_ptr_eq(store_configured(), &sqlite_backend);
	ck_ok(store_configure("service=x", 300));
	ck_assert_ptr_eq(store_configured(), &library_backend);
	ck_assert(!store_needs_directory());
	ck_ok(store_configure("", 300));
	ck_assert_ptr_eq(store_configured(), &sqlite_backend);
}
END_TEST

static void cannot_load(void)
{
	ck_rv(store_configure("service=x", 300), CKR_FUNCTION_FAILED);
	ck_assert_ptr_eq(store_configured(), &sqlite_backend);
}

START_TEST(libraries_that_are_missing_or_refuse)
{
	there = false;
	cannot_load();
	there = true;
	has_symbol = false;
	cannot_load();
	has_symbol = true;
	accepts = false;
	cannot_load();
	accepts = true;
	opened[0] = '\0';
	module = NULL;
	cannot_load();
	module = "keydiv-pkcs11.so"; /* the dynamic linker would look for it elsewhere */
	cannot_load();
	char path[PATH_MAX] = "/";
	memset(path + 1, 'x', PATH_MAX - 10);
	path[PATH_MAX - 9] = '/';
	module = path;
	cannot_load();
	ck_assert_str_eq(opened, "");
}
END_TEST

/* Lengths that test_config cannot write to a file, because the lines of a file have a limit. */
START_TEST(long_connection_strings)
{
	char text[CONFIG_STORE_MAX + 20] = "postgresql:host=", ret[CONFIG_STORE_MAX] = "before";

	memset(text + strlen(text), 'x', CONFIG_STORE_MAX - 1 - 5);
	ck_assert_ptr_null(config_store(ret, text));
	ck_assert_uint_eq(strlen(ret), CONFIG_STORE_MAX - 1);
	text[strlen(text)] = 'x';
	strncpy(ret, "before", sizeof ret);
	ck_assert_str_eq(config_store(ret, text), "must be shorter");
	ck_assert_str_eq(ret, "before");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tests = tcase_create("load");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, beside_the_module);
	tcase_add_test(tests, libraries_that_are_missing_or_refuse);
	tcase_add_test(tests, long_connection_strings);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
