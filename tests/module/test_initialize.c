/* SPDX-License-Identifier: Apache-2.0 */
/* test_initialize.c: C_Initialize, C_Finalize, loading and unloading, interfaces. */
#include <dlfcn.h>
#include <sys/wait.h>

#include "base/store_interface.h"
#include "functions.h"

static bool before_initialize(const char *name)
{
	return strcmp(name, "C_Initialize") == 0 || strcmp(name, "C_GetFunctionList") == 0 ||
	       strcmp(name, "C_GetInterface") == 0 || strcmp(name, "C_GetInterfaceList") == 0;
}

static void all_say_not_initialized(void)
{
	const CK_ULONG zeros[10] = {0};
	size_t i;

	for (i = 0; i < FUNCTION_COUNT; i++) {
		CK_RV rv;

		if (before_initialize(functions[i].name))
			continue;
		rv = call(i, zeros);
		if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
			expect_rv(CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, rv,
				functions[i].name, __FILE__, __LINE__);
	}
}

START_TEST(nothing_works_before_initialize)
{
	all_say_not_initialized();
}
END_TEST

START_TEST(nothing_works_after_finalize)
{
	ok(f->C_Initialize(NULL));
	ok(f->C_Finalize(NULL));
	all_say_not_initialized();
}
END_TEST

START_TEST(the_list_is_to_be_had_before_initialize)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	CK_FUNCTION_LIST *again = NULL;

	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	ok(get_list(&again));
	holds(again == f);
	gives(CKR_ARGUMENTS_BAD, get_list(NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_GetFunctionList(NULL));
	ok(f->C_GetFunctionList(&again));
	holds(again == f);
	holds(f->version.major == 2 && f->version.minor == 40);
	holds(f3->version.major == 3);
}
END_TEST

static CK_RV mutex_create(CK_VOID_PTR *mutex)
{
	*mutex = malloc(1);
	return CKR_OK;
}

static CK_RV mutex_any(CK_VOID_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

static CK_RV mutex_destroy(CK_VOID_PTR mutex)
{
	free(mutex);
	return CKR_OK;
}

START_TEST(bad_arguments_leave_it_uninitialized)
{
	CK_INFO info;
	unsigned mask;
	CK_C_INITIALIZE_ARGS reserved = {0};

	reserved.pReserved = &info;
	gives(CKR_ARGUMENTS_BAD, f->C_Initialize(&reserved));
	reserved.flags = CKF_OS_LOCKING_OK;
	gives(CKR_ARGUMENTS_BAD, f->C_Initialize(&reserved));
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_GetInfo(&info));
	for (mask = 1; mask < 15; mask++) { /* some, not all, of the four */
		CK_C_INITIALIZE_ARGS some = {0};

		some.CreateMutex = mask & 1 ? mutex_create : NULL;
		some.DestroyMutex = mask & 2 ? mutex_destroy : NULL;
		some.LockMutex = mask & 4 ? mutex_any : NULL;
		some.UnlockMutex = mask & 8 ? mutex_any : NULL;
		some.flags = mask % 2 ? CKF_OS_LOCKING_OK : 0;
		gives(CKR_ARGUMENTS_BAD, f->C_Initialize(&some));
		gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_GetInfo(&info));
	}
}
END_TEST

START_TEST(accepted_arguments)
{
	CK_C_INITIALIZE_ARGS args = {0};
	CK_C_INITIALIZE_ARGS own = {mutex_create, mutex_destroy, mutex_any, mutex_any, 0, NULL};
	CK_RV rv;

	ok(f->C_Initialize(NULL));
	ok(f->C_Finalize(NULL));
	ok(f->C_Initialize(&args));
	ok(f->C_Finalize(NULL));
	args.flags = CKF_OS_LOCKING_OK;
	ok(f->C_Initialize(&args));
	ok(f->C_Finalize(NULL));
	args.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS;
	ok(f->C_Initialize(&args));
	ok(f->C_Finalize(NULL));
	own.flags = CKF_OS_LOCKING_OK; /* the library may choose */
	ok(f->C_Initialize(&own));
	ok(f->C_Finalize(NULL));
	own.flags = 0; /* a library that cannot use the application's mutexes says CANT_LOCK */
	rv = f->C_Initialize(&own);
	gives_either(CKR_OK, CKR_CANT_LOCK, rv);
}
END_TEST

START_TEST(twice_and_finalize_arguments)
{
	CK_INFO info;

	ok(f->C_Initialize(NULL));
	gives(CKR_CRYPTOKI_ALREADY_INITIALIZED, f->C_Initialize(NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_Finalize(&info));
	ok(f->C_GetInfo(&info));
	ok(f->C_Finalize(NULL));
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_Finalize(NULL));
}
END_TEST

START_TEST(a_wrong_configuration_line_is_refused)
{
	CK_INFO info;
	static const char *const wrong[] = {"slots = 0\n", "slots = 65\n", "slots = many\n",
		"no-such-key = 1\n", "scrypt-log2-n = 13\n", "scrypt-log2-n = 23\n",
		"log-level = loudest\n"};
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		write_conf(wrong[i]);
		if (!gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL)))
			fprintf(stderr, "with %s", wrong[i]);
		gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_GetInfo(&info));
	}
	write_conf("slots = 64\n");
	ok(f->C_Initialize(NULL));
}
END_TEST

START_TEST(token_objects_stay_sessions_do_not)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE old;
	int i;

	login(CKU_USER);
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), STR(CKA_LABEL, "stays"), YES(CKA_ENCRYPT)));
	import(CKK_AES, mk, 16, T(NO(CKA_TOKEN), STR(CKA_LABEL, "goes"), YES(CKA_ENCRYPT)));
	for (i = 0; i < 3; i++) {
		old = s;
		restart();
		gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(old, &info));
		s = open_session(CKF_RW_SESSION);
		holds(s != old);
		login(CKU_USER);
		holds(find(s, T(STR(CKA_LABEL, "stays")), NULL, 0) == 1);
		holds(find(s, T(STR(CKA_LABEL, "goes")), NULL, 0) == 0);
	}
}
END_TEST

/*
 * Unloading without C_Finalize leaves memory behind: destructors may not tear libcrypto down.
 * Nothing else may leave any.
 */
static bool leaks_are_counted(void)
{
	return instrumented();
}

START_TEST(loading_again_and_again)
{
	int i;

	for (i = 0; i < 5; i++) {
		open_library();
		ok(f->C_Initialize(NULL));
		s = open_session(0);
		ok(f->C_Finalize(NULL));
		holds(dlclose(library) == 0);
	}
	for (i = 0; i < 3 && !leaks_are_counted(); i++) { /* without C_Finalize */
		open_library();
		ok(f->C_Initialize(NULL));
		s = open_session(0);
		holds(dlclose(library) == 0);
	}
	library = NULL;
	f = NULL;
}
END_TEST

START_TEST(a_process_may_end_without_finalize)
{
	int how, status;

	for (how = 0; how < 3; how++) {
		pid_t child = fork();

		if (child == 0) {
			open_library();
			ok(f->C_Initialize(NULL));
			s = open_session(CKF_RW_SESSION);
			login(CKU_USER);
			import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT)));
			if (how == 1 && !leaks_are_counted())
				dlclose(library);
			if (how == 2)
				ok(f->C_Finalize(NULL));
			exit(0);
		}
		holds(waitpid(child, &status, 0) == child);
		holds(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}
END_TEST

START_TEST(interfaces)
{
	CK_INTERFACE list[8], *one = NULL;
	CK_ULONG n = 0, i;
	bool seen_2 = false, seen_3 = false;

	ok(f3->C_GetInterfaceList(NULL, &n));
	holds(n >= 2 && n <= 8);
	i = n - 1;
	gives(CKR_BUFFER_TOO_SMALL, f3->C_GetInterfaceList(list, &i));
	holds(i == n);
	ok(f3->C_GetInterfaceList(list, &n));
	for (i = 0; i < n; i++) {
		CK_VERSION version;

		memcpy(&version, list[i].pFunctionList, sizeof version);
		seen_2 |= version.major == 2 && list[i].pFunctionList == f;
		seen_3 |= version.major == 3 && list[i].pFunctionList == f3;
		holds(strcmp((char *)list[i].pInterfaceName, "PKCS 11") == 0 ||
			(strcmp((char *)list[i].pInterfaceName, STORE_INTERFACE_NAME) == 0 &&
				version.major == 1 && !behind_server()));
	}
	holds(seen_2 && seen_3);
	gives(CKR_ARGUMENTS_BAD, f3->C_GetInterfaceList(list, NULL));

	ok(f3->C_GetInterface(NULL, NULL, &one, 0));
	holds(one->pFunctionList == f3);
	ok(f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 11", NULL, &one, 0));
	holds(one->pFunctionList == f3);
	ok(f3->C_GetInterface(NULL, &(CK_VERSION){2, 40}, &one, 0));
	holds(one->pFunctionList == f);
	ok(f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 11", &(CK_VERSION){2, 40}, &one, 0));
	holds(one->pFunctionList == f);
}
END_TEST

START_TEST(interfaces_that_are_not_there)
{
	CK_INTERFACE *one = NULL;

	gives(CKR_ARGUMENTS_BAD, f3->C_GetInterface(NULL, NULL, NULL, 0));
	gives(CKR_ARGUMENTS_BAD, f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 12", NULL, &one, 0));
	gives(CKR_ARGUMENTS_BAD, f3->C_GetInterface((CK_UTF8CHAR_PTR) "", NULL, &one, 0));
	gives(CKR_ARGUMENTS_BAD, f3->C_GetInterface(NULL, &(CK_VERSION){1, 0}, &one, 0));
	gives(CKR_ARGUMENTS_BAD,
		f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 11", &(CK_VERSION){4, 0}, &one, 0));
	gives(CKR_ARGUMENTS_BAD,
		f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 11", &(CK_VERSION){2, 39}, &one, 0));
	gives(CKR_ARGUMENTS_BAD,
		f3->C_GetInterface((CK_UTF8CHAR_PTR) "PKCS 11", NULL, &one, 1UL << 40));
	holds(one == NULL);
}
END_TEST

START_TEST(the_interfaces_agree)
{
	/* The 68 functions of 2.40 are the same functions in both lists. */
	size_t words = FUNCTIONS_OF_2_40 * sizeof(void *), i;

	holds(memcmp((char *)f + offsetof(CK_FUNCTION_LIST, C_Initialize),
		      (char *)f3 + offsetof(CK_FUNCTION_LIST_3_0, C_Initialize), words) == 0);
	for (i = 0; i < FUNCTION_COUNT; i++) {
		void *function;

		memcpy(&function, (char *)f3 + functions[i].offset, sizeof function);
		if (function == NULL)
			expect_true(false, functions[i].name, __FILE__, __LINE__);
	}
	for (i = 0; i < FUNCTIONS_OF_2_40; i++) {
		void *function;

		memcpy(&function,
			(char *)f + offsetof(CK_FUNCTION_LIST, C_Initialize) + i * sizeof function,
			sizeof function);
		holds(function != NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("initialize");
	TCase *loaded = add_case(suite, "loaded", load), *open = add_case(suite, "open", session),
	      *placed = add_case(suite, "placed", place);

	tcase_add_test(loaded, nothing_works_before_initialize);
	tcase_add_test(loaded, nothing_works_after_finalize);
	tcase_add_test(loaded, the_list_is_to_be_had_before_initialize);
	tcase_add_test(loaded, bad_arguments_leave_it_uninitialized);
	tcase_add_test(loaded, accepted_arguments);
	tcase_add_test(loaded, twice_and_finalize_arguments);
	tcase_add_test(loaded, a_wrong_configuration_line_is_refused);
	tcase_add_test(loaded, interfaces);
	tcase_add_test(loaded, interfaces_that_are_not_there);
	tcase_add_test(loaded, the_interfaces_agree);
	tcase_add_test(open, token_objects_stay_sessions_do_not);
	tcase_add_test(placed, loading_again_and_again);
	tcase_add_test(placed, a_process_may_end_without_finalize);
	return run(suite);
}
