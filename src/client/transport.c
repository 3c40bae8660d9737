/* SPDX-License-Identifier: Apache-2.0 */
/* transport.c: see transport.h. */
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Some versions of this header need the types of <sys/socket.h> and do not include it. */
#include <linux/vm_sockets.h>

#include "base/clock.h"
#include "base/fd.h"

/* How long a command may take to end after its input has ended. */
#define END_MS 1000

/* How late a call that waits for a reply may notice its deadline. */
#define LOOK_MS 200

/*
 * Most replies come within 20 us, and waking a process that sleeps takes as long. So the client
 * looks for a reply this often before it sleeps, and lets the server run in between.
 */
#define LOOKS 100

extern char **environ;

/* --- Waiting --- */

static int64_t now_ms(void)
{
	return (int64_t)(clock_ns() / 1000000);
}

int64_t deadline_in(unsigned ms)
{
	return now_ms() + ms;
}

/* Wait until FD has one of EVENTS. */
static CK_RV wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {fd, events, 0};

	for (;;) {
		int64_t left = deadline - now_ms();

		REQUIRE(left > 0, CKR_DEVICE_REMOVED, "the server did not answer in time");
		int n = poll(&p, 1, (int)left);
		if (n > 0)
			return CKR_OK;
		REQUIRE(n == 0 || errno == EINTR, CKR_DEVICE_REMOVED, "poll() has failed");
	}
}

/* --- Sockets --- */

/* Connect FD, which does not block. A Unix socket whose queue is full gives EAGAIN at once. */
static CK_RV connect_fd(int fd, const void *name, socklen_t length, int64_t deadline)
{
	const struct timespec pause = {0, 1000000};
	int error = 0;
	socklen_t n = sizeof error;

	while (connect(fd, name, length) != 0) {
		error = errno;
		if (error != EAGAIN || now_ms() >= deadline)
			break;
		nanosleep(&pause, NULL);
		error = 0;
	}
	if (error == EINPROGRESS || error == EINTR) {
		TRY(wait_for(fd, POLLOUT, deadline));
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
			error = errno;
	}
	REQUIRE(error == 0, CKR_DEVICE_REMOVED, "no server listens at the address");
	return CKR_OK;
}

static CK_RV connect_socket(
	int family, const void *name, socklen_t length, int64_t deadline, int *ret_fd)
{
	int fd = fd_above_standard(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	REQUIRE(fd >= 0, CKR_DEVICE_REMOVED, "no socket can be made");
	CK_RV rv = connect_fd(fd, name, length, deadline);
	if (rv == CKR_OK)
		*ret_fd = fd;
	else
		close(fd);
	return rv;
}

static CK_RV connect_unix(const char *path, int64_t deadline, int *ret_fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t n = strlen(path);

	ENSURE(n < sizeof name.sun_path, CKR_DEVICE_REMOVED);
	memcpy(name.sun_path, path, n + 1);
	return connect_socket(AF_UNIX, &name, sizeof name, deadline, ret_fd);
}

static CK_RV connect_vsock(unsigned cid, unsigned port, int64_t deadline, int *ret_fd)
{
	struct sockaddr_vm name = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};

	return connect_socket(AF_VSOCK, &name, sizeof name, deadline, ret_fd);
}

/* --- A command --- */

/* Fill in ACTIONS and ATTRIBUTES for a command with END as its input and output. */
static int describe_spawn(
	posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int end)
{
	const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, pipe;
	int error;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if ((error = posix_spawn_file_actions_adddup2(actions, end, STDIN_FILENO)) != 0 ||
		(error = posix_spawn_file_actions_adddup2(actions, end, STDOUT_FILENO)) != 0 ||
		(error = posix_spawnattr_setsigmask(attributes, &none)) != 0 ||
		(error = posix_spawnattr_setsigdefault(attributes, &pipe)) != 0)
		return error;
	return posix_spawnattr_setflags(attributes, flags);
}

/* Start COMMAND with END as its standard input and output. Return 0 or an error number. */
static int spawn(const char *command, int end, pid_t *ret)
{
	char sh[] = "sh", c[] = "-c", text[PATH_MAX];
	char *arguments[] = {sh, c, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	memcpy(text, command, strlen(command) + 1);
	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = describe_spawn(&actions, &attributes, end);
		if (error == 0)
			error = posix_spawn(
				ret, "/bin/sh", &actions, &attributes, arguments, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Our end of the socket pair does not block. The command's end does, as a pipe would. */
static CK_RV start_command(const char *command, struct transport *ret)
{
	int ends[2];
	pid_t child;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, CKR_DEVICE_REMOVED,
		"no socket can be made");
	int own = fd_above_standard(ends[0]), other = fd_above_standard(ends[1]);
	bool both = own >= 0 && other >= 0;
	int error = both ? spawn(command, other, &child) : 0;

	if (other >= 0)
		close(other);
	if ((!both || error != 0) && own >= 0)
		close(own);
	REQUIRE(error != ENOMEM, CKR_HOST_MEMORY, "no memory to start the command");
	REQUIRE(both && error == 0, CKR_DEVICE_REMOVED, "the command cannot be started");
	*ret = (struct transport){own, child};
	return CKR_OK;
}

/* Wait until CHILD has ended. Another part of the process may have waited for CHILD already. */
static void reap(pid_t child)
{
	const struct timespec pause = {0, 1000000};
	int64_t deadline = deadline_in(END_MS);
	pid_t ended;

	while ((ended = waitpid(child, NULL, WNOHANG)) == 0 && now_ms() < deadline)
		nanosleep(&pause, NULL);
	if (ended != 0)
		return;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* --- The stream --- */

/*
 * Let recv() on FD wait, for LOOK_MS at most. A reply then takes one call of the system for each of
 * its parts, and not three with poll().
 */
static CK_RV let_wait(int fd)
{
	const struct timeval limit = {0, LOOK_MS * 1000};
	int flags = fcntl(fd, F_GETFL);

	REQUIRE(flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0 &&
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0,
		CKR_DEVICE_REMOVED, "the socket cannot be set up");
	return CKR_OK;
}

CK_RV transport_open(const struct address *a, int64_t deadline, struct transport *ret)
{
	struct transport t = {-1, 0};

	switch (a->kind) {
	case ADDRESS_UNIX:
		TRY(connect_unix(a->text, deadline, &t.fd));
		break;
	case ADDRESS_VSOCK:
		TRY(connect_vsock(a->cid, a->port, deadline, &t.fd));
		break;
	case ADDRESS_COMMAND:
		TRY(start_command(a->text, &t));
		break;
	case ADDRESS_NONE:
		return FAIL(CKR_DEVICE_REMOVED, "no server is configured");
	}
	CK_RV rv = let_wait(t.fd);
	if (rv != CKR_OK)
		transport_close(&t);
	else
		*ret = t;
	return rv;
}

void transport_close(struct transport *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->child > 0)
		reap(t->child);
	*t = (struct transport){-1, 0};
}

void transport_forked(struct transport *t)
{
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct transport){-1, 0};
}

CK_RV transport_send(struct transport *t, const uint8_t *p, size_t n, int64_t deadline)
{
	while (n > 0) {
		ssize_t sent = send(t->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN) {
			TRY(wait_for(t->fd, POLLOUT, deadline));
		} else if (errno != EINTR) {
			return FAIL(CKR_DEVICE_REMOVED, "the connection to the server is lost");
		}
	}
	return CKR_OK;
}

CK_RV transport_receive(
	struct transport *t, uint8_t *p, size_t min, size_t max, int64_t deadline, size_t *ret_n)
{
	size_t n = 0;
	unsigned looks = 0;

	while (n < min) {
		ssize_t got = recv(t->fd, p + n, max - n, looks < LOOKS ? MSG_DONTWAIT : 0);

		if (got < 0 && errno == EAGAIN && looks++ < LOOKS) {
			sched_yield();
			continue;
		}
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 || (errno != EINTR && errno != EAGAIN))
			return FAIL(CKR_DEVICE_REMOVED, "the connection to the server is lost");
		REQUIRE(n >= min || now_ms() < deadline, CKR_DEVICE_REMOVED,
			"the server did not answer in time");
	}
	*ret_n = n;
	return CKR_OK;
}
