/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: see log.h. */
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "keydiv.h"

static int log_fd = -1;
static enum log_level threshold = LOG_NONE;

bool log_open(const char *file, enum log_level level)
{
	log_close();
	if (file == NULL || level == LOG_NONE)
		return true;
	if (strcmp(file, LOG_TO_STDERR) == 0)
		log_fd = STDERR_FILENO;
	else
		log_fd = fd_above_standard(open(file,
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
	if (log_fd < 0)
		return false;
	threshold = level;
	return true;
}

void log_close(void)
{
	if (log_fd >= 0 && log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = -1;
	threshold = LOG_NONE;
}

bool log_enabled(enum log_level level)
{
	return level != LOG_NONE && level <= threshold;
}

void log_write(enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"", "error", "warning", "info", "debug"};
	char line[512];
	struct timespec now;
	struct tm utc;
	va_list args;

	if (!log_enabled(level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &utc);
	n += (size_t)snprintf(
		line + n, sizeof line - n, " [%ld] %s: ", (long)getpid(), names[level]);
	va_start(args, format);
	int more = vsnprintf(line + n, sizeof line - n - 1, format, args);
	va_end(args);
	if (more > 0)
		n += (size_t)more < sizeof line - n - 1 ? (size_t)more : sizeof line - n - 2;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?'; /* a file name or a label may contain a line feed */
	line[n++] = '\n';
	if (write(log_fd, line, n) < 0)
		return; /* the call that is logged must not fail because the disk is full */
}

/*
 * This thread's explanation of the last error. The texts are constants of the program, except the
 * key's label, whose owner may be gone when the line is written.
 */
static _Thread_local struct {
	CK_RV rv;
	const char *file, *reason, *mechanism;
	int line;
	size_t key_length;
	char key[64];
} failure;

void error_note(const char *file, int line, const char *reason, CK_RV rv)
{
	if (!log_enabled(LOG_ERROR))
		return;
	const char *slash = strrchr(file, '/');
	failure.rv = rv;
	failure.file = slash ? slash + 1 : file;
	failure.line = line;
	failure.reason = reason;
	failure.mechanism = NULL;
	failure.key_length = 0;
	log_write(LOG_DEBUG, "%s: %s at %s:%d", rv_name(rv), reason, failure.file, line);
}

/* Make FAILURE an explanation of RV. An explanation of another error belongs to an earlier call. */
static void explain(CK_RV rv)
{
	if (failure.rv != rv) {
		memset(&failure, 0, sizeof failure);
		failure.rv = rv;
	}
}

void log_subject_mechanism(CK_RV rv, const char *name)
{
	if (!log_enabled(LOG_ERROR))
		return;
	explain(rv);
	failure.mechanism = name;
}

void log_subject_key(CK_RV rv, const void *text, size_t n)
{
	if (!log_enabled(LOG_ERROR) || n == 0)
		return;
	explain(rv);
	failure.key_length = n < sizeof failure.key ? n : sizeof failure.key;
	memcpy(failure.key, text, failure.key_length);
}

/* Write " (mechanism NAME, key 'LABEL')" to TEXT, as far as FAILURE knows them. */
static void subject_text(char *text, size_t room)
{
	char key[sizeof failure.key + 8] = "";

	text[0] = '\0';
	if (failure.key_length > 0)
		snprintf(key, sizeof key, "key '%.*s'", (int)failure.key_length, failure.key);
	if (failure.mechanism)
		snprintf(text, room, " (mechanism %s%s%s)", failure.mechanism, key[0] ? ", " : "",
			key);
	else if (key[0])
		snprintf(text, room, " (%s)", key);
}

void log_forget(void)
{
	memset(&failure, 0, sizeof failure);
}

void log_failure(const char *function, CK_RV rv)
{
	char subject[200], place[80] = "";

	if (!log_enabled(LOG_ERROR))
		return;
	explain(rv);
	subject_text(subject, sizeof subject);
	if (failure.file)
		snprintf(place, sizeof place, " at %s:%d", failure.file, failure.line);
	log_error("%s: %s%s%s%s%s", function, rv_name(rv), failure.reason ? ": " : "",
		failure.reason ? failure.reason : "", subject, place);
	log_forget();
}
