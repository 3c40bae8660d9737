/* SPDX-License-Identifier: Apache-2.0 */
/* bulk_files.c: input and output of bulk work, and finding the place where an earlier run ended. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/bulk/bulk.h"
#include "tool/bulk/csv.h"
#include "tool/options.h"
#include "tool/report.h"

/* --- input --- */

static bool open_input(struct bulk *bulk, struct bulk_files *files)
{
	struct stat st;

	files->in = strcmp(bulk->input, "-") == 0 ? stdin : fopen(bulk->input, "re");
	if (!files->in)
		return fail("cannot read '%s': %s", bulk->input, strerror(errno));
	if (fstat(fileno(files->in), &st) == 0 && S_ISREG(st.st_mode))
		files->total = (uint64_t)st.st_size;
	return true;
}

/*
 * More of the input in the block; false at its end, or reported. Not stdio: a million lines, a
 * character at a time, are slow.
 */
static bool read_block(struct bulk_files *files)
{
	ssize_t got;

	while ((got = files->ended
			       ? 0
			       : read(fileno(files->in), files->block, sizeof files->block)) < 0 &&
		errno == EINTR)
		;
	files->failed = got < 0 && !fail("cannot read the input: %s", strerror(errno));
	files->ended = got <= 0;
	files->block_at = 0;
	files->block_size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/*
 * The next line with its end in the buffer, or as much of it as there is room for; its length, 0 at
 * the end of the input.
 */
static size_t read_line(struct bulk_files *files)
{
	const char *end = NULL;
	size_t n = 0;

	while (!end && n < sizeof files->buffer &&
		(files->block_at < files->block_size || read_block(files))) {
		const char *from = files->block + files->block_at;
		size_t most = files->block_size - files->block_at, room = sizeof files->buffer - n;
		if (most > room)
			most = room;
		end = memchr(from, '\n', most);
		if (end)
			most = (size_t)(end - from) + 1;
		memcpy(files->buffer + n, from, most);
		files->block_at += most;
		n += most;
	}
	return n;
}

ssize_t bulk_files_read(struct bulk_files *files)
{
	if (files->ahead > 0) {
		ssize_t n = files->ahead;
		files->ahead = 0;
		return n;
	}
	while (true) {
		ssize_t n = (ssize_t)read_line(files);
		if (files->failed)
			return -2;
		if (n == 0)
			return -1;
		files->bytes += (uint64_t)n;
		if (files->line++ == 0 && n >= 3 && memcmp(files->buffer, "\xef\xbb\xbf", 3) == 0)
			memmove(files->buffer, files->buffer + 3,
				(size_t)(n -= 3)); /* a byte order mark */
		while (n > 0 && (files->buffer[n - 1] == '\n' || files->buffer[n - 1] == '\r'))
			n--;
		if (n > FIELD_TEXT_MAX) {
			fail("line %llu is longer than %d bytes: is this the right file?",
				files->line, FIELD_TEXT_MAX);
			return -2;
		}
		if (n > 0)
			return n;
	}
}

/* Find the column, reading the heading if there is one. */
static bool read_heading(struct bulk *bulk, struct bulk_files *files)
{
	char *end = NULL;
	long number = bulk->column ? strtol(bulk->column, &end, 10) : 1;
	bool by_name = bulk->column && (end == bulk->column || *end);

	if (!by_name && (number < 1 || number > 1000))
		return fail("--column wants a number from 1, or a heading");
	bulk->column_index = (size_t)number - 1;
	if (!by_name && !bulk->header)
		return true;
	ssize_t n = bulk_files_read(files);
	if (n == -2)
		return false;
	if (by_name &&
		(n < 0 || !csv_column(files->buffer, (size_t)n, bulk->column, &bulk->column_index)))
		return fail(
			"the first line of '%s' has no heading '%s'", bulk->input, bulk->column);
	return true;
}

/* --- output --- */

/* What an earlier run left in the output. */
struct earlier {
	unsigned long long lines; /* whole ones */
	off_t start, end;         /* of the last whole line */
	off_t size;               /* what is behind END is a torn line */
};

static bool measure(FILE *file, struct earlier *ret)
{
	char block[65536];
	size_t n;

	*ret = (struct earlier){0};
	while ((n = fread(block, 1, sizeof block, file)) > 0) {
		for (const char *p = block; (p = memchr(p, '\n', (size_t)(block + n - p))); p++) {
			ret->start = ret->end;
			ret->end = ret->size + (p - block) + 1;
			ret->lines++;
		}
		ret->size += (off_t)n;
	}
	return !ferror(file);
}

/* The N bytes of FILE from POSITION on; the caller frees. NULL with errno. */
static char *read_part(FILE *file, off_t position, size_t n)
{
	char *part = calloc(1, n + 1);

	errno = part ? EIO : ENOMEM;
	if (part && fseeko(file, position, SEEK_SET) == 0 && fread(part, 1, n, file) == n)
		return part;
	free(part);
	return NULL;
}

/* The first field of an output LINE, as it was in the input. */
static bool first_field(const char *line, size_t n, char *ret, size_t size)
{
	size_t length;

	if (!settings.json)
		return !csv_field(line, n, 0, ret, size, &length);
	struct json_object *o = json_tokener_parse(line);
	const char *text = NULL;
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value)
		{
			(void)name;
			text = json_object_get_string(value);
			break;
		}
	}
	if (text)
		snprintf(ret, size, "%s", text);
	json_object_put(o);
	return text != NULL;
}

/* The field of the record in the buffer, N bytes long, that its output begins with. */
static bool field_of(const struct bulk *bulk, const struct bulk_files *files, ssize_t n,
	char ret[FIELD_TEXT_MAX])
{
	size_t length;

	return !csv_field(
		files->buffer, (size_t)n, bulk->column_index, ret, FIELD_TEXT_MAX, &length);
}

/*
 * Skip the records that the whole lines stand for; the last of them must be that of LAST, the last
 * whole line, N bytes.
 */
static bool skip(struct bulk *bulk, struct bulk_files *files, const struct earlier *earlier,
	const char *last, size_t last_length)
{
	static char done[FIELD_TEXT_MAX], wanted[FIELD_TEXT_MAX];
	ssize_t n = 0;

	for (; files->skipped < earlier->lines; files->skipped++) {
		n = bulk_files_read(files);
		if (n == -2)
			return false;
		if (n < 0)
			return fail("'%s' has more lines than the input: it is the output of "
				    "something else",
				bulk->output);
	}
	if (earlier->lines > 0 &&
		(!first_field(last, last_length, done, sizeof done) ||
			!field_of(bulk, files, n, wanted) || strcmp(done, wanted) != 0))
		return fail(
			"'%s' does not go with this input: line %llu is not that of record %llu",
			bulk->output, earlier->lines, earlier->lines);
	return true;
}

/* How the output of a record with FIELD begins. */
static void begin_line(const struct bulk *bulk, const char *field, struct text *ret)
{
	if (!settings.json) {
		csv_add(ret, field, strlen(field));
	} else {
		struct json_object *o = json_object_new_string(field);
		text_add_string(ret, "{\"");
		text_add_string(ret, bulk->member);
		text_add_string(ret, "\":");
		text_add_string(
			ret, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
	text_add(ret, ",", 1);
}

/*
 * Whether TORN, N bytes, can be the beginning of the next record's output; what is not ours must
 * not be cut off.
 */
static bool goes_on(struct bulk *bulk, struct bulk_files *files, const char *torn, size_t n)
{
	static char field[FIELD_TEXT_MAX];
	struct text line = {0};

	if (n == 0)
		return true;
	files->ahead = bulk_files_read(files);
	if (files->ahead == -2)
		return false;
	bool ok = files->ahead > 0 && field_of(bulk, files, files->ahead, field);
	if (ok) {
		begin_line(bulk, field, &line);
		ok = memcmp(torn, line.p, n < line.n ? n : line.n) == 0;
	}
	text_free(&line);
	return ok ? true
		  : fail("'%s' does not go with this input: its end is not that of a torn line",
			    bulk->output);
}

static bool resume(struct bulk *bulk, struct bulk_files *files)
{
	struct earlier earlier;

	if (!measure(files->out, &earlier))
		return fail("cannot read '%s': %s", bulk->output, strerror(errno));
	size_t n = earlier.lines > 0 ? (size_t)(earlier.end - earlier.start) - 1 : 0;
	size_t torn_length = (size_t)(earlier.size - earlier.end);
	char *last = read_part(files->out, earlier.start, n);
	char *torn = read_part(files->out, earlier.end, torn_length);
	bool ok = last && torn;
	if (!ok)
		fail("cannot go on with '%s': %s", bulk->output, strerror(errno));
	ok = ok && skip(bulk, files, &earlier, last, n) && goes_on(bulk, files, torn, torn_length);
	free(last);
	free(torn);
	if (ok && (ftruncate(fileno(files->out), earlier.end) != 0 ||
			  fseeko(files->out, earlier.end, SEEK_SET) != 0))
		return fail("cannot go on with '%s': %s", bulk->output, strerror(errno));
	return ok;
}

static bool same_file(FILE *a, FILE *b)
{
	struct stat one, two;

	return fstat(fileno(a), &one) == 0 && fstat(fileno(b), &two) == 0 &&
	       one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static bool open_output(struct bulk *bulk, struct bulk_files *files)
{
	if (!bulk->output) {
		files->out = stdout;
		return true;
	}
	int fd = open(
		bulk->output, O_RDWR | O_CREAT | O_CLOEXEC | (bulk->resume ? 0 : O_EXCL), 0666);
	if (fd < 0 && errno == EEXIST)
		return fail("'%s' is there already: --resume goes on with it, or remove it",
			bulk->output);
	if (fd < 0 || !(files->out = fdopen(fd, "r+")))
		return fail("cannot write '%s': %s", bulk->output, strerror(errno));
	if (same_file(files->in, files->out))
		return fail("'%s' is the input: give the output another name", bulk->output);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return fail("another run is writing '%s': let it end first", bulk->output);
	return !bulk->resume || resume(bulk, files);
}

bool bulk_files_open(struct bulk *bulk, struct bulk_files *files)
{
	return open_input(bulk, files) && read_heading(bulk, files) && open_output(bulk, files);
}

bool bulk_files_close(struct bulk *bulk, struct bulk_files *files, bool ok)
{
	bool closed = true;

	if (files->in && files->in != stdin)
		fclose(files->in);
	if (files->out == stdout)
		closed = fflush(stdout) == 0;
	else if (files->out)
		closed = fclose(files->out) == 0;
	if (ok && !closed)
		return fail("cannot write %s: %s", bulk->output ? bulk->output : "the output",
			strerror(errno));
	return ok;
}
