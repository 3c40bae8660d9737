/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_host_openssl.c: in a process that uses the same libcrypto: its end comes first, or its
 * configuration names us.
 */
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/wait.h>

#include "harness.h"

static void must_end_well(void (*body)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		body();
		exit(0); /* with all exit handlers */
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		ck_abort_msg("the process died of signal %d", WTERMSIG(status));
	ck_assert_int_eq(status, 0);
}

static void host_uses_libcrypto(void)
{
	uint8_t out[32];

	ck_assert_int_eq(EVP_Digest("abc", 3, out, NULL, EVP_sha256(), NULL), 1);
}

static void use_everything(void)
{
	uint8_t block[16] = {0};
	CK_ULONG n = 16;
	CK_OBJECT_HANDLE key;

	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ok(derive_device(open_master(), T(READABLE, YES(CKA_ENCRYPT), YES(CKA_SIGN)), &key));
	value_is(key, "2759dd4361d7979a96a5c23692cd5555");
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, block, 16, block, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignUpdate(s, block, 16));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_DigestUpdate(s, block, 16));
	ok(f->C_GenerateRandom(s, block, 16));
}

static void cleanup_then_finalize(void)
{
	host_uses_libcrypto();
	open_library();
	use_everything();
	OPENSSL_cleanup();
	f->C_Finalize(NULL);
	dlclose(library);
}

static void finalize_from_an_exit_handler(void)
{
	f->C_Finalize(NULL);
}

static void exit_handler_after_cleanup(void)
{
	/*
	 * Handlers run last in, first out: ours is registered before libcrypto's, so it
	 * runs after it.
	 */
	atexit(finalize_from_an_exit_handler);
	host_uses_libcrypto();
	open_library();
	use_everything();
}

static void no_finalize(void)
{
	host_uses_libcrypto();
	open_library();
	use_everything();
}

static void unloaded_after_cleanup(void)
{
	open_library();
	use_everything();
	host_uses_libcrypto();
	OPENSSL_cleanup();
	dlclose(library);
}

static void finalize_then_cleanup(void)
{
	open_library();
	use_everything();
	ok(f->C_Finalize(NULL));
	OPENSSL_cleanup();
	dlclose(library);
}

START_TEST(the_host_cleans_up_first)
{
	must_end_well(finalize_then_cleanup);
	/* The steps below leave memory behind, because no libcrypto is left that could free it. */
	if (instrumented())
		return;
	must_end_well(cleanup_then_finalize);
	must_end_well(exit_handler_after_cleanup);
	must_end_well(no_finalize);
	must_end_well(unloaded_after_cleanup);
}
END_TEST

static char trace[600];

static void configure(void)
{
	char path[600];
	FILE *conf;

	snprintf(path, sizeof path, "%s/openssl.cnf", test_dir);
	snprintf(trace, sizeof trace, "%s/evil-was-loaded", test_dir);
	conf = fopen(path, "w");
	ck_assert(conf != NULL && getenv("EVIL_PROVIDER") != NULL);
	fprintf(conf,
		"openssl_conf = init\n[init]\nproviders = providers\nalg_section = "
		"algorithms\n[providers]\nevil = "
		"evil\n[evil]\nmodule = %s\n"
		"activate = 1\n[algorithms]\ndefault_properties = provider=evil\n",
		getenv("EVIL_PROVIDER"));
	fclose(conf);
	setenv("OPENSSL_CONF", path, 1);
	setenv("EVIL_TRACE", trace, 1);
}

static void host_loads_configuration(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}

static void module_under_that_configuration(void)
{
	open_library();
	use_everything();
	ok(f->C_Finalize(NULL));
}

START_TEST(a_configuration_that_names_a_provider)
{
	configure();
	must_end_well(module_under_that_configuration);
	holds(access(trace, F_OK) != 0);
	must_end_well(host_loads_configuration); /* the control: it would have been loaded */
	holds(access(trace, F_OK) == 0);
}
END_TEST

static void host_and_module(void)
{
	host_loads_configuration();
	open_library();
	use_everything();
	ok(f->C_Finalize(NULL));
}

START_TEST(beside_a_host_that_has_no_algorithms)
{
	/* The host's default context offers nothing but that provider: ours is another context. */
	configure();
	must_end_well(host_and_module);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host openssl");
	TCase *tc = add_case(suite, "host", place);

	tcase_add_test(tc, the_host_cleans_up_first);
	tcase_add_test(tc, a_configuration_that_names_a_provider);
	tcase_add_test(tc, beside_a_host_that_has_no_algorithms);
	return run(suite);
}
