/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_server.c: see scripted_server.h. */
#include "scripted_server.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STEPS 32
#define HEADER 12

static struct step {
	enum call_id id;
	CK_RV rv;
	const char *signature;
	uint8_t results[256];
	size_t n;
	bool hang_up;
} steps[STEPS];

static unsigned count, served;
static unsigned wrong; /* the call that came in place of the expected one; 0: none */
static int peer = -1, listener = -1;
static uint8_t version;
static bool forgiving;
static pthread_t thread;
static char folder[64];

/* --- The script --- */

void script_begin(void)
{
	memset(steps, 0, sizeof steps);
	count = served = wrong = 0;
	forgiving = false;
}

void script_forgive(void)
{
	forgiving = true;
}

static struct step *add(enum call_id id, const char *signature)
{
	ck_assert(count < STEPS);
	steps[count] = (struct step){.id = id, .signature = signature};
	return &steps[count++];
}

void expect(enum call_id id, CK_RV rv)
{
	add(id, "")->rv = rv;
}

void expect_raw(enum call_id id, const char *signature, const void *p, size_t n)
{
	struct step *s = add(id, signature);

	ck_assert(n <= sizeof s->results);
	memcpy(s->results, p, n);
	s->n = n;
}

void expect_bytes(enum call_id id, const void *p, size_t n)
{
	struct wire w = {0};

	wire_put_byte(&w, 1);
	wire_put_bytes(&w, p, n);
	expect_raw(id, "ay", w.p, w.n);
	wire_free(&w);
}

void expect_length(enum call_id id, uint32_t n)
{
	uint8_t p[5] = {0};

	put_be32(p + 1, n);
	expect_raw(id, "ay", p, sizeof p);
}

void expect_numbers(enum call_id id, const uint64_t *numbers, size_t n)
{
	uint8_t p[32];

	ck_assert(n <= 4);
	for (size_t i = 0; i < n; i++)
		put_be64(p + 8 * i, numbers[i]);
	expect_raw(id, "uuuu" + (4 - n), p, 8 * n);
}

void expect_hang_up(enum call_id id)
{
	add(id, "")->hang_up = true;
}

/* --- The server --- */

static bool get(void *p, size_t n)
{
	return recv(peer, p, n, MSG_WAITALL) == (ssize_t)n;
}

static bool put(const void *p, size_t n)
{
	return send(peer, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Read a request. False: the client has closed the connection. */
static bool request(uint8_t header[HEADER], uint32_t *ret_call)
{
	uint8_t byte, call[4];

	if (!get(header, HEADER) || !get(call, sizeof call))
		return false;
	*ret_call = get_be32(call);
	for (uint32_t n = get_be32(header + 8) - sizeof call; n > 0; n--)
		if (!get(&byte, 1))
			return false;
	return true;
}

static bool reply(const struct step *s, const uint8_t header[HEADER])
{
	bool good = s->rv == CKR_OK;
	const char *signature = good ? s->signature : "u";
	struct wire w = {0};

	wire_put_raw(&w, header, 4);
	wire_put_u32(&w, 0);
	wire_put_u32(&w, 0);
	wire_put_u32(&w, good ? s->id : 0);
	wire_put_bytes(&w, signature, strlen(signature));
	if (good)
		wire_put_raw(&w, s->results, s->n);
	else
		wire_put_u64(&w, s->rv);
	put_be32(w.p + 8, (uint32_t)w.n - HEADER);
	bool sent = put(w.p, w.n);
	wire_free(&w);
	return sent;
}

static void serve(void)
{
	uint8_t header[HEADER];
	uint32_t call;

	while (served < count && request(header, &call)) {
		const struct step other = {.id = (enum call_id)call, .signature = ""};

		if (call != steps[served].id && forgiving) {
			if (!reply(&other, header))
				return;
			continue;
		}
		if (call != steps[served].id) {
			wrong = call;
			return;
		}
		if (steps[served++].hang_up || !reply(&steps[served - 1], header))
			return;
	}
}

static void *run(void *unused)
{
	uint8_t wish;

	if (listener >= 0) {
		peer = accept(listener, NULL, NULL);
		if (peer < 0 || !get(&wish, 1) || !put(&version, 1))
			return unused;
	}
	serve();
	shutdown(peer, SHUT_RDWR);
	return unused;
}

void script_connect(struct connection *c, enum dialect dialect)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	connection_close(c);
	c->transport = (struct transport){ends[0], 0};
	c->timeout_ms = 60000;
	c->dialect = dialect;
	c->number = 0;
	peer = ends[1];
	ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
}

void script_listen(uint8_t taken, struct address *ret)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	snprintf(folder, sizeof folder, "/tmp/keydiv-script-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	*ret = (struct address){.kind = ADDRESS_UNIX};
	snprintf(ret->text, sizeof ret->text, "%s", name.sun_path);
	version = taken;
	ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
}

void script_abandon(struct connection *c)
{
	char path[sizeof folder + 8];

	connection_close(c);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	close(peer);
	if (listener >= 0) {
		close(listener);
		snprintf(path, sizeof path, "%s/socket", folder);
		unlink(path);
		rmdir(folder);
	}
	peer = listener = -1;
}

void script_end(struct connection *c)
{
	script_abandon(c);
	ck_assert_msg(wrong == 0, "step %u: the client has made the call %s and not %s", served,
		call_name(wrong), call_name(steps[served].id));
	ck_assert_msg(served == count, "the client has made %u of %u calls", served, count);
}
