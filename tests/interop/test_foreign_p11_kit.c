/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_p11_kit.c: masters in SoftHSM where p11-kit loads SoftHSM, keydiv or both. p11-kit
 * holds a lock while it initialises modules, so keydiv must not load SoftHSM at that time.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "far.h"

/* Write the file NAME in the test's directory. */
__attribute__((format(printf, 2, 3))) static void write_file(
	const char *name, const char *format, ...)
{
	char path[700];
	va_list args;

	snprintf(path, sizeof path, "%s/%s", test_dir, name);
	FILE *out = fopen(path, "w");
	ck_assert_msg(out != NULL, "%s", path);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fclose(out);
}

static void make_dir(const char *name)
{
	char path[700];

	snprintf(path, sizeof path, "%s/%s", test_dir, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* p11-kit does not read the configuration of a user who is root. */
static void stop_being_root(void)
{
	char command[1400];

	if (getuid() != 0)
		return;
	snprintf(command, sizeof command, "chown -R 65534:65534 %s && chmod 711 %s/..", test_dir,
		test_dir);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

/*
 * Fixture: a key in SoftHSM, and a p11-kit that knows SoftHSM and keydiv and no other module.
 * Nothing is initialised.
 */
static void prepare(void)
{
	char config[700];

	both();
	far_key("mk", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	ok(g->C_Finalize(NULL));
	ok(f->C_Finalize(NULL));
	ck_assert_int_eq(dlclose(library), 0);
	library = NULL;
	make_dir("config");
	make_dir("config/pkcs11");
	make_dir("config/pkcs11/modules");
	write_file("config/pkcs11/pkcs11.conf", "user-config: only\n");
	write_file(
		"config/pkcs11/modules/softhsm.module", "module: %s\n", getenv("SOFTHSM2_MODULE"));
	write_file("config/pkcs11/modules/keydiv.module", "module: %s\n", getenv("KEYDIV_MODULE"));
	snprintf(config, sizeof config, "%s/config", test_dir);
	setenv("XDG_CONFIG_HOME", config, 1);
	stop_being_root();
	alarm(100); /* a deadlock fails the test before meson's limit does */
}

/* Load MODULE as the application's module, with FOREIGN as foreign-module, and log in. */
static void start(const char *module, const char *foreign)
{
	char conf[700], kept[700];

	snprintf(kept, sizeof kept, "%s", getenv("SOFTHSM2_CONF"));
	snprintf(conf, sizeof conf, "foreign-module = %s\n", foreign);
	write_conf(conf);
	setenv("SOFTHSM2_CONF", kept, 1);
	setenv("KEYDIV_MODULE", module, 1);
	open_library();
	ok(f->C_Initialize(NULL));
	restart(); /* finds the slot, and initialises all modules a second time */
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}

static void use_the_master(void)
{
	there = LINK("mk", STR(CKA_LABEL, "master"));
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 100));
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);
	holds(same_macs(other, 100, 20));
	ok(f->C_CloseSession(other));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "master")), &there, 1) == 1);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 200, 20));
}

START_TEST(softhsm_by_its_name_in_p11_kit)
{
	start(getenv("KEYDIV_MODULE"), "softhsm");
	use_the_master();
}
END_TEST

START_TEST(both_by_the_proxy)
{
	start(getenv("P11_KIT_PROXY"), getenv("SOFTHSM2_MODULE"));
	use_the_master();
}
END_TEST

START_TEST(both_by_the_proxy_and_by_name)
{
	start(getenv("P11_KIT_PROXY"), "softhsm");
	use_the_master();
}
END_TEST

/* The proxy has the tokens of SoftHSM and, in the same process, those of this keydiv. */
START_TEST(the_proxy_as_foreign_module)
{
	CK_OBJECT_HANDLE own;

	start(getenv("KEYDIV_MODULE"), getenv("P11_KIT_PROXY"));
	use_the_master();
	/* A key of keydiv that signs: keydiv calls itself, which neither hangs nor crashes. */
	ok(f->C_CreateObject(s,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_TOKEN), YES(CKA_SIGN),
			STR(CKA_LABEL, "own")),
		&own));
	gives(CKR_OK,
		f->C_CreateObject(s,
			T(CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
				STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:model=keydiv;object=own")),
			&there));
	holds(same_macs(s, 300, 20));
}
END_TEST

START_TEST(keydiv_by_its_name_in_p11_kit)
{
	CK_OBJECT_HANDLE master;

	start(getenv("KEYDIV_MODULE"), "keydiv");
	gives(CKR_DEVICE_ERROR, f->C_CreateObject(s,
					T(CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
						STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:object=mk")),
					&master));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign masters and p11-kit");
	TCase *tc = tcase_create("p11-kit");

	tcase_add_checked_fixture(tc, prepare, finish);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, softhsm_by_its_name_in_p11_kit);
	tcase_add_test(tc, both_by_the_proxy);
	tcase_add_test(tc, both_by_the_proxy_and_by_name);
	tcase_add_test(tc, the_proxy_as_foreign_module);
	tcase_add_test(tc, keydiv_by_its_name_in_p11_kit);
	return run(suite);
}
