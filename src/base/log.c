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
	log_fd = fd_above_standard(open(
		file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
	if (log_fd < 0)
		return false;
	threshold = level;
	return true;
}

void log_close(void)
{
	if (log_fd >= 0)
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
			line[i] = '?'; /* one line a failure, whatever a file name holds */
	line[n++] = '\n';
	if (write(log_fd, line, n) < 0)
		return; /* a full log disk must not fail the call that is logged */
}

/* The last failed condition of this thread; the texts are constants of the program. */
static _Thread_local struct {
	const char *file, *condition;
	int line;
	CK_RV rv;
} failed;

void error_note(const char *file, int line, const char *condition, CK_RV rv)
{
	if (log_enabled(LOG_ERROR)) {
		const char *slash = strrchr(file, '/');
		failed.file = slash ? slash + 1 : file;
		failed.condition = condition;
		failed.line = line;
		failed.rv = rv;
		log_write(LOG_DEBUG, "%s:%d: %s: requires %s", failed.file, line, rv_name(rv),
			condition);
	}
}

const char *error_reason(CK_RV rv)
{
	static _Thread_local char text[200];

	text[0] = '\0';
	if (failed.condition && failed.rv == rv)
		snprintf(text, sizeof text, " (%s:%d: requires %s)", failed.file, failed.line,
			failed.condition);
	failed.condition = NULL;
	return text;
}
