/* SPDX-License-Identifier: Apache-2.0 */
/* output_file.c: opens the output and finds the place where an earlier run ended. */
#include "tool/bulk/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/bulk/csv.h"
#include "tool/options.h"

#define FIELD_SIZE (2 * NAME_MAX_BYTES + 1)

/* The output of an earlier run. */
struct earlier {
	unsigned long long lines; /* number of whole lines */
	off_t start, end;         /* of the last whole line */
	off_t size;               /* bytes behind END are a torn line */
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

/* Read N bytes of FILE from POSITION on; the caller frees. NULL with errno. */
static char *read_part(FILE *file, off_t position, size_t n)
{
	char *part = calloc(1, n + 1);

	errno = part ? EIO : ENOMEM;
	if (part && fseeko(file, position, SEEK_SET) == 0 && fread(part, 1, n, file) == n)
		return part;
	free(part);
	return NULL;
}

/* Read the first field of the output line LINE, which is a name as output shows it. */
static bool first_field(const char *line, size_t n, char ret[FIELD_SIZE])
{
	struct csv_field field;
	size_t length;

	if (!settings.json)
		return !csv_find(line, n, ',', false, 0, &field) &&
		       csv_copy(&field, ret, FIELD_SIZE, &length);
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
	bool ok = text && strlen(text) < FIELD_SIZE;
	if (ok)
		memcpy(ret, text, strlen(text) + 1);
	json_object_put(o);
	return ok;
}

/* Skip the records whose output is there. LAST is the last whole line of the output, N bytes. */
static bool skip(struct output_file *output, struct input *input, const struct earlier *earlier,
	const char *last, size_t n)
{
	char done[FIELD_SIZE];
	struct record record = {.shown = ""};
	struct problem problem;

	for (unsigned long long i = 0; i < earlier->lines; i++) {
		enum got got = input_next(input, &record, &problem);
		if (got == GOT_PROBLEM)
			return problem_report(&problem, input_line(input));
		if (got == GOT_END)
			return fail("'%s' has more lines than the input: it is the output of "
				    "something else",
				output->name);
	}
	if (earlier->lines > 0 && (!first_field(last, n, done) || strcmp(done, record.shown) != 0))
		return fail(
			"'%s' does not go with this input: line %llu is not that of record %llu",
			output->name, earlier->lines, earlier->lines);
	return true;
}

/* Append the beginning of the output of the record that is shown as NAME. */
static void begin_line(const char *member, const char *name, struct text *ret)
{
	if (!settings.json) {
		csv_add(ret, name, strlen(name));
	} else {
		struct json_object *o = json_object_new_string(name);
		text_add_string(ret, "{\"");
		text_add_string(ret, member);
		text_add_string(ret, "\":");
		text_add_string(
			ret, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
	text_add(ret, ",", 1);
}

/* Check that TORN, N bytes, begins like the output of the next record, before it is cut off. */
static bool check_torn(struct output_file *output, const char *member, struct input *input,
	const char *torn, size_t n)
{
	struct text line = {0};
	struct problem problem;

	if (n == 0)
		return true;
	enum got got = input_next(input, &output->next, &problem);
	if (got == GOT_PROBLEM)
		return problem_report(&problem, input_line(input));
	output->waiting = got == GOT_ONE;
	if (output->waiting)
		begin_line(member, output->next.shown, &line);
	bool ok = output->waiting && memcmp(torn, line.p, n < line.n ? n : line.n) == 0;
	text_free(&line);
	return ok ? true
		  : fail("'%s' does not go with this input: its end is not that of a torn line",
			    output->name);
}

static bool resume(struct output_file *output, const char *member, struct input *input)
{
	struct earlier earlier;

	if (!measure(output->file, &earlier))
		return fail("cannot read '%s': %s", output->name, strerror(errno));
	size_t n = earlier.lines > 0 ? (size_t)(earlier.end - earlier.start) - 1 : 0;
	size_t torn_n = (size_t)(earlier.size - earlier.end);
	char *last = read_part(output->file, earlier.start, n);
	char *torn = read_part(output->file, earlier.end, torn_n);
	bool ok = last && torn;
	if (!ok)
		print_failure("cannot go on with '%s': %s", output->name, strerror(errno));
	ok = ok && skip(output, input, &earlier, last, n) &&
	     check_torn(output, member, input, torn, torn_n);
	free(last);
	free(torn);
	if (ok && (ftruncate(fileno(output->file), earlier.end) != 0 ||
			  fseeko(output->file, earlier.end, SEEK_SET) != 0))
		return fail("cannot go on with '%s': %s", output->name, strerror(errno));
	return ok;
}

static bool same_file(int a, int b)
{
	struct stat one, two;

	return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

/* A device or a pipe may have no end, and nothing in it is the output of an earlier run. */
static bool is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool output_file_open(struct output_file *output, const char *member, struct input *input)
{
	output->waiting = false;
	output->file = stdout;
	if (!output->name)
		return true;
	int fd = open(
		output->name, O_RDWR | O_CREAT | O_CLOEXEC | (output->resume ? 0 : O_EXCL), 0666);
	if (fd < 0 && errno == EEXIST)
		return fail("'%s' is there already: give --resume to go on with this file, or "
			    "remove it",
			output->name);
	if (fd < 0 || !(output->file = fdopen(fd, "r+")))
		return fail("cannot write '%s': %s", output->name, strerror(errno));
	if (output->resume && !is_regular(fd))
		return fail("'%s' is no regular file, and so --resume cannot go on with it: leave "
			    "out --output and --resume, and redirect standard output",
			output->name);
	if (same_file(input->fd, fd))
		return fail("'%s' is the input: give the output another name", output->name);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return fail("another run is writing '%s': let it end first", output->name);
	return !output->resume || resume(output, member, input);
}

bool output_file_close(struct output_file *output, bool ok)
{
	bool closed = true;

	if (output->file)
		closed = fflush(output->file) == 0; /* fclose() forgets what cannot be written */
	if (output->file && output->file != stdout)
		closed = fclose(output->file) == 0 && closed;
	if (ok && !closed)
		return fail("cannot write %s: %s", output->name ? output->name : "the output",
			strerror(errno));
	return ok;
}
