/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_server.c: the client meets its server. Servers of all versions, servers that refuse,
 * lie or are gone, addresses, and the refusals of calls that the protocol cannot carry.
 * scripted_server.c is the server.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/message.h"
#include "client/message_state.h"
#include "client/older.h"
#include "client/server.h"

#include "scripted_server.h"
#include "time_limit.h"

#define S 7
#define KEY 9

static struct connection c = {.transport = {.fd = -1}, .timeout_ms = 60000};
static CK_BYTE out[64];
static CK_ULONG n;

static void start(enum dialect dialect)
{
	message_close_all();
	script_connect(&c, dialect);
	n = sizeof out;
}

/* --- Starting --- */

static CK_RV meet(uint8_t version)
{
	struct address a;

	script_listen(version, &a);
	return server_start(&c, &a);
}

START_TEST(versions)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	ck_assert_uint_eq(meet(0), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_24);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	ck_assert_uint_eq(meet(2), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25_6);
	script_end(&c);

	script_begin();
	ck_assert_uint_eq(meet(3), CKR_DEVICE_ERROR);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

/* Version 1 has two forms of mechanisms, which a probe tells apart. */
START_TEST(probes)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect(CALL_C_DigestInit, CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(meet(1), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25_6);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect(CALL_C_DigestInit, CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(meet(1), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect_hang_up(CALL_C_DigestInit);
	ck_assert_uint_eq(meet(1), CKR_DEVICE_REMOVED);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

START_TEST(module_that_does_not_start)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_FUNCTION_FAILED);
	ck_assert_uint_eq(meet(2), CKR_FUNCTION_FAILED);
	ck_assert(!connection_is_open(&c));
	script_end(&c);

	/* The state of the server's module is no state of this one. */
	script_begin();
	expect(CALL_C_Initialize, CKR_CRYPTOKI_ALREADY_INITIALIZED);
	ck_assert_uint_eq(meet(2), CKR_DEVICE_ERROR);
	script_end(&c);
}
END_TEST

/* --- The word size of the server --- */

/* The reply of C_GetAttributeValue with the profile ID as its N bytes at P. */
static void expect_profile(const void *p, uint32_t size)
{
	struct wire w = {0};

	wire_put_u32(&w, 1);
	wire_put_u32(&w, CKA_PROFILE_ID);
	wire_put_byte(&w, 1);
	wire_put_u32(&w, size);
	wire_put_bytes(&w, p, size);
	wire_put_u64(&w, CKR_OK);
	expect_raw(CALL_C_GetAttributeValue, "aAu", w.p, w.n);
	wire_free(&w);
}

static void expect_search(CK_RV init, CK_RV found, uint32_t count, CK_RV final)
{
	uint8_t reply[13] = {1};

	expect(CALL_C_FindObjectsInit, init);
	if (init != CKR_OK)
		return;
	put_be32(reply + 1, count);
	put_be64(reply + 5, 5);
	if (found != CKR_OK)
		expect(CALL_C_FindObjects, found);
	else
		expect_raw(CALL_C_FindObjects, "au", reply, 5 + 8 * count);
	expect(CALL_C_FindObjectsFinal, final);
}

START_TEST(word_sizes)
{
	const CK_ULONG good = CKP_BASELINE_PROVIDER;
	const uint8_t short_one[4] = {1}, reversed[8] = {0, 0, 0, 0, 0, 0, 0, 1};

	script_begin();
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(&good, sizeof good);
	expect_search(CKR_OK, CKR_OK, 0, CKR_OK);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(short_one, sizeof short_one);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(reversed, sizeof reversed);
	expect_search(CKR_OPERATION_ACTIVE, CKR_OK, 0, CKR_OK);
	expect_search(CKR_OK, CKR_DEVICE_MEMORY, 0, CKR_OK);
	expect_search(CKR_OK, CKR_OK, 1, CKR_DEVICE_ERROR);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect(CALL_C_GetAttributeValue, CKR_OBJECT_HANDLE_INVALID);
	start(DIALECT_0_25_6);
	c.session_mask = c.object_mask = 0;
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OK);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OK);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OPERATION_ACTIVE);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OBJECT_HANDLE_INVALID);
	script_end(&c);
}
END_TEST

/* --- Refusals --- */

/* Counters of 64 bits in the struct of the standard, and parameters of the wrong size. */
START_TEST(mechanisms_that_cannot_travel)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	const uint64_t encrypts[] = {16, 32, CKF_ENCRYPT}, derives[] = {16, 32, CKF_DERIVE};
	CK_AES_CTR_PARAMS params = {128, {0}};
	CK_MECHANISM ctr = {CKM_AES_CTR, &params, sizeof params - 1},
		     good = {CKM_AES_CTR, &params, sizeof params},
		     des = {CKM_DES3_CBC, "8 bytes.", 8}, wrong_des = {CKM_DES3_CBC, "8", 1},
		     general = {CKM_AES_CMAC_GENERAL, &n, 1};
	const uintptr_t bad_args[] = {S, ARGUMENT(&ctr), KEY}, args[] = {S, ARGUMENT(&good), KEY},
			des_args[] = {S, ARGUMENT(&des), KEY},
			wrong_args[] = {S, ARGUMENT(&wrong_des), KEY},
			general_args[] = {S, ARGUMENT(&general), KEY};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetMechanismInfo, encrypts, 3);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetMechanismInfo, derives, 3);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetMechanismInfo, CKR_MECHANISM_INVALID);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect(CALL_C_EncryptInit, CKR_OK);
	expect(CALL_C_EncryptInit, CKR_OK);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, wrong_args), CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignInit, general_args), CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, args), CKR_OK);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, des_args), CKR_OK);
	script_end(&c);
}
END_TEST

/* A message Init has no function whose mechanism could be asked for. */
START_TEST(message_init_that_cannot_travel)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	CK_MECHANISM ctr = {CKM_AES_CTR, NULL, 1};
	const uintptr_t args[] = {S, ARGUMENT(&ctr), KEY};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_MessageSignInit, args), CKR_MECHANISM_PARAM_INVALID);
	script_end(&c);
}
END_TEST

/* A server of 0.24 takes a buffer without room for a question. */
START_TEST(no_room_on_an_old_server)
{
	const uintptr_t args[] = {S, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect_length(CALL_C_Encrypt, 16);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_bytes(CALL_C_EncryptUpdate, "y", 1);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect(CALL_C_EncryptUpdate, CKR_DEVICE_MEMORY);
	expect(CALL_C_EncryptUpdate, CKR_OPERATION_NOT_INITIALIZED);
	start(DIALECT_0_24);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, args), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 16);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_OK);
	ck_assert_uint_eq(n, 0);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 1);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_DEVICE_MEMORY);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_OPERATION_NOT_INITIALIZED);
	script_end(&c);
}
END_TEST

/* NULL with a length is refused by the token itself from 0.25 on. */
START_TEST(null_with_a_length)
{
	const uintptr_t args[] = {S, 0, 1, ARGUMENT(out), ARGUMENT(&n)},
			more[] = {S, 0, (uintptr_t)1 << 40, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect(CALL_C_Encrypt, CKR_ARGUMENTS_BAD);
	expect(CALL_C_Encrypt, CKR_ARGUMENTS_BAD);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, args), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, more), CKR_ARGUMENTS_BAD);
	script_end(&c);
}
END_TEST

/* A part without a signature, and one with it. */
START_TEST(signatures_in_parts)
{
	const uintptr_t none[] = {S, 0, 0, ARGUMENT("x"), 1, 0, 0},
			last[] = {S, 0, 0, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect_length(CALL_C_SignMessageNext, 0);
	expect_bytes(CALL_C_SignMessageNext, "mac", 3);
	expect_bytes(CALL_C_SignMessageNext, "mac", 3); /* nobody has asked for bytes */
	start(DIALECT_0_25_6);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, none), CKR_OK);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, last), CKR_OK);
	ck_assert(n == 3 && memcmp(out, "mac", 3) == 0);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, none), CKR_DEVICE_ERROR);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

/* The functions of PKCS#11 3.0 on a server of 0.24. */
START_TEST(older_functions)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	const uintptr_t no_name[] = {S, CKU_USER, ARGUMENT("1234"), 4, 0, 1},
			name[] = {S, CKU_USER, ARGUMENT("1234"), 4, ARGUMENT("me"), 2};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_hang_up(CALL_C_FindObjectsFinal);
	start(DIALECT_0_24);
	ck_assert_uint_eq(older_login_user(&c, no_name), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(older_login_user(&c, name), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(older_cancel(&c, S, CKF_FIND_OBJECTS), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(older_cancel(&c, S, CKF_FIND_OBJECTS), CKR_DEVICE_REMOVED);
	script_end(&c);
}
END_TEST

/* --- Addresses and the stream --- */

static const char *parse(const char *text, struct address *a)
{
	return address_parse(text, true, a);
}

/* A wire without memory takes and gives no bytes. clang's sanitizer finds no offset from NULL. */
START_TEST(nothing_on_an_empty_wire)
{
	struct wire w = {0};

	wire_put_raw(&w, "", 0);
	ck_assert(!w.failed && w.n == 0);
	ck_assert_ptr_nonnull(wire_get_raw(&w, 0));
	ck_assert_ptr_null(wire_get_raw(&w, 1));
	ck_assert(w.failed);
	wire_free(&w);
}
END_TEST

START_TEST(addresses)
{
	static const char *const wrong[] = {"vsock:", "vsock:port=", "vsock:port=1;cid=",
		"vsock:port=1;port=", "vsock:port=1cid=2", "vsock:cid=2", "vsock:port=4294967296",
		"vsock:port=12345678901", "vsock:port=1;x=2", "vsock:port=1 ", "vsock:port=-1",
		"vsock:port=1;;cid=3", "unix:path=/%4", "unix:path=/%", "unix:path=/%00", "| \t",
		"x"};
	struct address a = {.kind = ADDRESS_NONE};
	char text[PATH_MAX + 2];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(parse(wrong[i], &a) != NULL, "%s", wrong[i]);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	text[0] = '|';
	ck_assert_ptr_nonnull(parse(text, &a));
	ck_assert_int_eq(a.kind, ADDRESS_NONE);
	ck_assert_ptr_null(parse("vsock:port=4294967295", &a));
	ck_assert(a.kind == ADDRESS_VSOCK && a.cid == 2 && a.port == UINT32_MAX);
	ck_assert_ptr_null(parse("vsock:cid=3;port=1024;", &a));
	ck_assert(a.cid == 3 && a.port == 1024);
	ck_assert_ptr_null(parse("unix:path=/a%20b", &a));
	ck_assert(a.kind == ADDRESS_UNIX && strcmp(a.text, "/a b") == 0);
}
END_TEST

static CK_RV open_at(const struct address *a)
{
	struct transport t = {-1, 0};
	CK_RV rv = transport_open(a, deadline_in(20), &t);

	transport_close(&t);
	return rv;
}

START_TEST(no_servers)
{
	struct address a = {.kind = ADDRESS_NONE};
	struct rlimit before, none;

	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	a = (struct address){.kind = ADDRESS_VSOCK, .cid = 2, .port = UINT32_MAX};
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	a = (struct address){.kind = ADDRESS_UNIX, .text = "/not/there"};
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	memset(a.text, 'x', 200);
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	/* No descriptor is left. */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	a = (struct address){.kind = ADDRESS_UNIX, .text = "/not/there"};
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	a = (struct address){.kind = ADDRESS_COMMAND, .text = "true"};
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_uint_eq(open_at(&a), CKR_OK);
}
END_TEST

static void nothing(int number)
{
	(void)number;
}

/* Interrupt every call that waits, each millisecond. */
static void interrupt(bool on)
{
	const struct itimerval each = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};
	struct sigaction action = {.sa_handler = nothing};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
}

/* The queue of a listening socket is full, and stays so until the deadline. */
START_TEST(full_queue)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/keydiv-queue-XXXXXX";
	struct address a = {.kind = ADDRESS_UNIX};
	int clients[8];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", folder);
	snprintf(a.text, sizeof a.text, "%s", name.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	bool full = false;
	for (size_t i = 0; i < 8; i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		full = connect(clients[i], (struct sockaddr *)&name, sizeof name) != 0;
	}
	ck_assert(full && errno == EAGAIN);
	ck_assert_uint_eq(open_at(&a), CKR_DEVICE_REMOVED);
	for (size_t i = 0; i < 8; i++)
		close(clients[i]);
	close(fd);
	unlink(name.sun_path);
	rmdir(folder);
}
END_TEST

static void *read_all(void *fd)
{
	char buffer[4096];

	usleep(20000); /* until the sender waits; if not, the test shows less and still passes */
	while (read(*(int *)fd, buffer, sizeof buffer) > 0)
		;
	return NULL;
}

START_TEST(slow_server)
{
	static uint8_t request[4 << 20];
	pthread_t thread;
	size_t got;
	int ends[2];

	/* A server that reads nothing and writes nothing, while signals interrupt the client. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct transport t = {ends[0], 0};
	interrupt(true);
	ck_assert_uint_eq(
		transport_send(&t, request, sizeof request, deadline_in(30)), CKR_DEVICE_REMOVED);
	ck_assert_uint_eq(
		transport_receive(&t, request, 1, 1, deadline_in(30), &got), CKR_DEVICE_REMOVED);
	interrupt(false);
	transport_close(&t);
	close(ends[1]);
	/* A server that reads late. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	t = (struct transport){ends[0], 0};
	ck_assert_int_eq(pthread_create(&thread, NULL, read_all, &ends[1]), 0);
	ck_assert_uint_eq(
		transport_send(&t, request, sizeof request, deadline_in(1800000)), CKR_OK);
	transport_close(&t);
	pthread_join(thread, NULL);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("client_server");
	TCase *t = tcase_create("server");

	tcase_add_test(t, versions);
	tcase_add_test(t, probes);
	tcase_add_test(t, module_that_does_not_start);
	tcase_add_test(t, word_sizes);
	tcase_add_test(t, mechanisms_that_cannot_travel);
	tcase_add_test(t, message_init_that_cannot_travel);
	tcase_add_test(t, no_room_on_an_old_server);
	tcase_add_test(t, null_with_a_length);
	tcase_add_test(t, signatures_in_parts);
	tcase_add_test(t, older_functions);
	tcase_add_test(t, nothing_on_an_empty_wire);
	tcase_add_test(t, addresses);
	tcase_add_test(t, no_servers);
	tcase_add_test(t, full_queue);
	tcase_add_test(t, slow_server);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
