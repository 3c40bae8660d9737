/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_library.c: libp11-kit that cannot be loaded or is too old, and a foreign module in
 * the child of a fork. This program replaces dlopen.
 */
#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_open.h"
#include "foreign/foreign_module.h"
#include "foreign/p11_kit_library.h"
#include "unit.h"

static enum { AS_USUAL, MISSING, TOO_OLD } library;

__attribute__((visibility("default"))) void *dlopen(const char *name, int flags)
{
	void *(*real)(const char *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "dlopen");
	if (library == AS_USUAL || name == NULL || strcmp(name, "libp11-kit.so.0") != 0)
		return real(name, flags);
	/* This program has no function of p11-kit. */
	return library == MISSING ? real("/not/there", flags) : real(NULL, flags);
}

static void set_up(void)
{
	library = AS_USUAL;
	fake_open(FAKE_PIN);
}

START_TEST(no_library)
{
	const struct p11_kit_library *kit = NULL;

	library = MISSING;
	ck_assert_uint_eq(p11_kit_library(&kit), CKR_DEVICE_ERROR);
	library = TOO_OLD;
	ck_assert_uint_eq(p11_kit_library(&kit), CKR_DEVICE_ERROR);
	ck_assert_ptr_null(kit);
	library = AS_USUAL;
	ck_ok(p11_kit_library(&kit));
	library = MISSING; /* the library stays loaded */
	ck_ok(p11_kit_library(&kit));
	ck_assert_ptr_nonnull(kit);
}
END_TEST

/* Without the library a name is no module. */
START_TEST(name_without_library)
{
	CK_FUNCTION_LIST *f;
	uint64_t era;

	library = MISSING;
	foreign_module_start("fake", "");
	ck_assert_uint_eq(foreign_module(&f, &era), CKR_DEVICE_ERROR);
	foreign_module_stop();
}
END_TEST

/* A name that p11-kit does not know. */
START_TEST(unknown_name)
{
	CK_FUNCTION_LIST *f;
	uint64_t era;

	foreign_module_start("no-such-module-of-p11-kit", "");
	ck_assert_uint_eq(foreign_module(&f, &era), CKR_DEVICE_ERROR);
	foreign_module_stop();
}
END_TEST

/* Make FUNCTION fail once, at its first call. */
static void fail_once(const char *function, CK_RV rv)
{
	fake->function = function;
	fake->rv = rv;
	fake->skip = 0;
	fake->times = 1;
}

/* A module that is told nothing of a fork is ended and initialised again in the child. */
static void in_child(CK_RV first, CK_RV expected, unsigned finalized)
{
	CK_FUNCTION_LIST *f;
	uint64_t era;
	int status;
	pid_t child = fork();

	if (child == 0) {
		foreign_module_forked();
		fake->up = true; /* as a module that does not notice the fork */
		fake->finalized = 0;
		fail_once("C_Initialize", first);
		CK_RV rv = foreign_module(&f, &era);
		_exit(rv == expected && fake->finalized == finalized ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(forked)
{
	CK_FUNCTION_LIST *f;
	uint64_t era;

	foreign_module_start(getenv("FAKE_FOREIGN"), "");
	ck_ok(foreign_module(&f, &era));
	in_child(CKR_GENERAL_ERROR, CKR_OK, 1);
	in_child(CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_OK, 0);
	foreign_module_stop();
	/* A module that keydiv did not initialise in the parent is not ended in the child. */
	in_child(CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, 0);
}
END_TEST

/* A module that refuses C_GetInfo is ended again, and the code is that of C_GetInfo. */
START_TEST(no_info)
{
	CK_FUNCTION_LIST *f;
	uint64_t era;

	foreign_module_start(getenv("FAKE_FOREIGN"), "");
	fail_once("C_GetInfo", CKR_DEVICE_MEMORY);
	unsigned before = fake->finalized;
	ck_assert_uint_eq(foreign_module(&f, &era), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(fake->finalized, before + 1);
	ck_ok(foreign_module(&f, &era));
	foreign_module_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("foreign_library");
	TCase *t = tcase_create("library");

	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_test(t, no_library);
	tcase_add_test(t, name_without_library);
	tcase_add_test(t, unknown_name);
	tcase_add_test(t, forked);
	tcase_add_test(t, no_info);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
