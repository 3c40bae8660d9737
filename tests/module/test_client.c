/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client.c: properties that only keydiv-client.so has. They are its configuration, servers
 * that are gone, hang or speak nonsense, and a connection that is lost. Commands of these tests
 * take the place of the server.
 */
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char conf[600];

/* Write client.conf with TEXT and the mode MODE. */
static void client_conf(const char *text, mode_t mode)
{
	snprintf(conf, sizeof conf, "%s/client.conf", test_dir);
	FILE *out = fopen(conf, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fchmod(fileno(out), mode), 0);
	fclose(out);
	setenv("KEYDIV_CLIENT_CONF", conf, 1);
}

static CK_RV start(const char *text)
{
	client_conf(text, 0600);
	return f->C_Initialize(NULL);
}

START_TEST(wrong_configurations)
{
	static const char *const wrong[] = {"", "server = /run/socket\n", "server = unix:path=x\n",
		"server = unix:path=/a%0\n", "server = unix:path=/a%00b\n", "server = |\n",
		"server = vsock:cid=2\n", "server = vsock:port=99999999999\n",
		"server = |true\ntimeout = 0\n", "server = |true\ntimeout = 601\n",
		"server = |true\nserver2 = x\n"};

	unsetenv("P11_KIT_SERVER_ADDRESS");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		gives(CKR_FUNCTION_FAILED, start(wrong[i]));
	client_conf("server = |true\n", 0620);
	gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL));
	setenv("KEYDIV_CLIENT_CONF", "/not/there", 1);
	gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL));
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_Finalize(NULL));
}
END_TEST

/* A command in the environment would run with the rights of the application. */
START_TEST(no_command_of_the_environment)
{
	char mark[600], value[700];

	snprintf(mark, sizeof mark, "%s/mark", test_dir);
	snprintf(value, sizeof value, "|touch %s", mark);
	setenv("P11_KIT_SERVER_ADDRESS", value, 1);
	gives(CKR_FUNCTION_FAILED, start(""));
	holds(access(mark, F_OK) != 0);
	setenv("P11_KIT_SERVER_ADDRESS", "unix:path=/not/there", 1);
	gives(CKR_DEVICE_REMOVED, start(""));
}
END_TEST

START_TEST(servers_that_are_no_servers)
{
	static const char *const commands[] = {"true", "false", "/not/there", "cat",
		"printf '\\002'", "printf '\\377'", "head -c 4096 /dev/zero", "yes",
		"printf '\\002'; cat", "printf '\\002'; sleep 0.1; yes",
		"printf '\\002\\000\\000\\000\\001\\000\\000\\000\\000\\377\\377\\377\\377'; cat",
		"head -c 1 >/dev/null; printf '\\002'; exec <&-; sleep 100", "sleep 100"};
	char text[300];

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		snprintf(text, sizeof text, "server = |%s\ntimeout = 1\n", commands[i]);
		CK_RV rv = start(text);
		holds(rv == CKR_DEVICE_REMOVED || rv == CKR_DEVICE_ERROR);
		gives(CKR_CRYPTOKI_NOT_INITIALIZED, f->C_Finalize(NULL));
	}
	holds(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no zombie is left */
}
END_TEST

/* Start the client with the usual server, which writes its process number to a file. */
static void start_served(void)
{
	const char *server = getenv("KEYDIV_SERVER"), *module = getenv("KEYDIV_SERVED_MODULE");
	char text[1200];

	snprintf(text, sizeof text, "server = |echo $$ >%s/pid; %s %s\n", test_dir,
		server ? server : "exec p11-kit remote", module);
	ok(start(text));
}

static pid_t server_pid(void)
{
	char path[600];
	int pid = 0;

	snprintf(path, sizeof path, "%s/pid", test_dir);
	FILE *in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%d", &pid), 1);
	fclose(in);
	return pid;
}

START_TEST(a_lost_connection)
{
	CK_SESSION_INFO info;
	CK_ULONG n = 0;

	start_served();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	CK_SESSION_HANDLE before = s;

	ck_assert_int_eq(kill(server_pid(), SIGKILL), 0);
	gives(CKR_DEVICE_REMOVED, f->C_GetSessionInfo(s, &info));
	gives(CKR_DEVICE_REMOVED, f->C_GetSlotList(CK_TRUE, NULL, &n));
	gives(CKR_DEVICE_REMOVED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	s = open_session(CKF_RW_SESSION);
	holds(s != before);
	gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(before, &info));
	/* Another application: not logged in, and no object of the earlier session. */
	ok(f->C_GetSessionInfo(s, &info));
	holds(info.state == CKS_RW_PUBLIC_SESSION);
	login(CKU_USER);
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Finalize(NULL));
}
END_TEST

/* The handles of two connections differ, although both servers count from the same number. */
START_TEST(handles_of_two_connections)
{
	CK_SESSION_INFO info;

	start_served();
	CK_SESSION_HANDLE first = open_session(CKF_RW_SESSION);
	ok(f->C_Finalize(NULL));
	start_served();
	s = open_session(CKF_RW_SESSION);
	holds(s != first);
	gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(first, &info));
	ok(f->C_Finalize(NULL));
}
END_TEST

/* A defect once: a last part without output left the operation active on an old server. */
START_TEST(a_last_part_into_a_buffer_without_room)
{
	uint8_t text[16] = {0}, out[16];
	CK_ULONG n = sizeof out;

	start_served();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	for (int i = 0; i < 2; i++) {
		ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
		n = 0;
		gives(CKR_BUFFER_TOO_SMALL, f->C_EncryptUpdate(s, text, sizeof text, out, &n));
		holds(n == sizeof text);
		ok(f->C_EncryptUpdate(s, text, sizeof text, out, &n));
		n = 0;
		ok(f->C_EncryptFinal(s, out, &n));
		holds(n == 0);
	}
	ok(f->C_Finalize(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *tc = add_case(suite, "client", load);

	tcase_add_test(tc, wrong_configurations);
	tcase_add_test(tc, no_command_of_the_environment);
	tcase_add_test(tc, servers_that_are_no_servers);
	tcase_add_test(tc, a_lost_connection);
	tcase_add_test(tc, handles_of_two_connections);
	tcase_add_test(tc, a_last_part_into_a_buffer_without_room);
	return run(suite);
}
