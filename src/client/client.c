/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: see client.h. */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message_state.h"
#include "server.h"
#include "settings.h"

static _Atomic bool up;

/* Guards the variables below. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection connection = {.transport = {.fd = -1}};
static struct address server;
static bool fork_watched;

/* --- Forks --- */

/*
 * The child shares the descriptor with the parent and must not use it. The mutex may belong to a
 * thread that the child does not have, so the child makes a new one.
 */
static void forked(void)
{
	atomic_store(&up, false);
	transport_forked(&connection.transport);
	pthread_mutex_init(&lock, NULL);
	struct wire out = wire_forked(&connection.out), in = wire_forked(&connection.in);
	memset(&connection, 0, sizeof connection);
	connection.transport.fd = -1;
	connection.out = out;
	connection.in = in;
	log_close();
}

static CK_RV watch_forks(void)
{
	if (fork_watched)
		return CKR_OK;
	REQUIRE(pthread_atfork(NULL, NULL, forked) == 0, CKR_HOST_MEMORY,
		"no memory for the fork handler");
	fork_watched = true;
	return CKR_OK;
}

/* --- Starting and stopping --- */

/* Report S->error and return RV. */
static CK_RV refuse(const struct settings *s, CK_RV rv)
{
	log_error("%s", s->error);
	if (!log_enabled(LOG_ERROR) || strcmp(s->log_file, LOG_TO_STDERR) != 0)
		dprintf(STDERR_FILENO, "keydiv-client: %s\n", s->error);
	return rv;
}

static CK_RV configure(void)
{
	struct settings s;
	CK_RV rv = settings_read(&s);

	if (!log_open(s.log_file[0] ? s.log_file : NULL, s.log_level)) {
		if (rv == CKR_OK)
			snprintf(s.error, sizeof s.error, "log-file %s cannot be opened: %s",
				s.log_file, strerror(errno));
		rv = CKR_FUNCTION_FAILED;
	}
	if (rv != CKR_OK)
		return refuse(&s, rv);
	server = s.server;
	connection.timeout_ms = s.timeout * 1000;
	return CKR_OK;
}

static void stop_parts(void)
{
	message_close_all();
	server_stop(&connection);
	wire_free(&connection.out);
	wire_free(&connection.in);
	log_close();
}

static CK_RV start_parts(void)
{
	TRY(configure());
	TRY(watch_forks());
	message_close_all(); /* a forked child may have messages of its parent's sessions */
	return server_start(&connection, &server);
}

CK_RV client_start(void)
{
	CK_RV rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;

	pthread_mutex_lock(&lock);
	if (!atomic_load(&up)) {
		rv = result_logged("C_Initialize", start_parts());
		if (rv == CKR_OK)
			atomic_store(&up, true);
		else
			stop_parts();
	}
	pthread_mutex_unlock(&lock);
	return rv;
}

CK_RV client_stop(void)
{
	CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

	pthread_mutex_lock(&lock);
	if (atomic_load(&up)) {
		atomic_store(&up, false);
		stop_parts();
		rv = CKR_OK;
	}
	pthread_mutex_unlock(&lock);
	return rv;
}

/* --- Calls --- */

CK_RV client_guard(void)
{
	return atomic_load(&up) ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}

static CK_RV enter(bool again, struct connection **ret)
{
	TRY(client_guard());
	pthread_mutex_lock(&lock);
	CK_RV rv = client_guard(); /* another thread may have stopped the client */

	if (rv == CKR_OK && !connection_is_open(&connection)) {
		message_close_all(); /* no session outlives its connection */
		rv = again ? server_start(&connection, &server)
			   : FAIL(CKR_DEVICE_REMOVED, "the connection to the server is lost");
	}
	if (rv != CKR_OK) {
		pthread_mutex_unlock(&lock);
		return rv;
	}
	*ret = &connection;
	return CKR_OK;
}

CK_RV client_enter(struct connection **ret)
{
	return enter(false, ret);
}

CK_RV client_enter_again(struct connection **ret)
{
	return enter(true, ret);
}

void client_leave(void)
{
	pthread_mutex_unlock(&lock);
}

CK_RV client_call(enum call_id id, const uintptr_t *args)
{
	struct connection *c;
	CK_RV rv = client_enter(&c);

	if (rv == CKR_OK) {
		rv = call_run(c, id, args);
		client_leave();
	}
	return rv == CKR_OK ? CKR_OK : result_logged(call_name(id), rv);
}
