/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_transport.c: the way of the client to a server. Addresses, servers that are gone,
 * full or slow, and bytes on the wire.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/address.h"
#include "client/transport.h"
#include "client/wire.h"

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
	Suite *s = suite_create("client_transport");
	TCase *t = tcase_create("transport");

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
