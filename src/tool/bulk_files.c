/* SPDX-License-Identifier: Apache-2.0 */
/* bulk_files.c: input and output of bulk work, and finding the place where an earlier run ended. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bulk.h"
#include "csv.h"
#include "options.h"
#include "report.h"

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

ssize_t bulk_files_read(struct bulk_files *files)
{
	while (true) {
		errno = 0;
		ssize_t n = getline(&files->buffer, &files->buffer_size, files->in);
		if (n < 0 && (ferror(files->in) || !feof(files->in))) {
			fail("cannot read the input: %s", strerror(errno));
			return -2;
		}
		if (n < 0)
			return -1;
		files->bytes += (uint64_t)n;
		if (files->line++ == 0 && n >= 3 && memcmp(files->buffer, "\xef\xbb\xbf", 3) == 0)
			memmove(files->buffer, files->buffer + 3, (size_t)(n -= 3)); /* a byte order mark */
		while (n > 0 && (files->buffer[n - 1] == '\n' || files->buffer[n - 1] == '\r'))
			n--;
		if (n > FIELD_TEXT_MAX) {
			fail("line %llu is longer than %d bytes: is this the right file?", files->line, FIELD_TEXT_MAX);
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
	if (by_name && (n < 0 || !csv_column(files->buffer, (size_t)n, bulk->column, &bulk->column_index)))
		return fail("the first line of '%s' has no heading '%s'", bulk->input, bulk->column);
	return true;
}

/* --- output --- */

/* Where the last complete line of FILE begins and ends, and how many there are. */
static bool measure(FILE *file, off_t *ret_start, off_t *ret_end, unsigned long long *ret_lines)
{
	off_t position = 0, start = 0, end = 0;
	unsigned long long lines = 0;
	char block[65536];
	size_t n;

	while ((n = fread(block, 1, sizeof block, file)) > 0) {
		for (const char *p = block; (p = memchr(p, '\n', (size_t)(block + n - p))); p++) {
			start = end;
			end = position + (p - block) + 1;
			lines++;
		}
		position += (off_t)n;
	}
	*ret_start = start;
	*ret_end = end;
	*ret_lines = lines;
	return !ferror(file);
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

/* Skip the records that LINES lines of output stand for; the last of them must be the output's last line. */
static bool skip(
	struct bulk *bulk, struct bulk_files *files, unsigned long long lines, const char *last, size_t last_length)
{
	static char done[FIELD_TEXT_MAX], wanted[FIELD_TEXT_MAX];
	size_t length;
	ssize_t n = 0;

	for (; files->skipped < lines; files->skipped++) {
		n = bulk_files_read(files);
		if (n == -2)
			return false;
		if (n < 0)
			return fail(
				"'%s' has more lines than the input: it is the output of something else", bulk->output);
	}
	if (lines > 0 &&
		(!first_field(last, last_length, done, sizeof done) ||
			csv_field(files->buffer, (size_t)n, bulk->column_index, wanted, sizeof wanted, &length) ||
			strcmp(done, wanted) != 0))
		return fail("'%s' does not go with this input: line %llu is not that of record %llu", bulk->output,
			lines, lines);
	return true;
}

static bool resume(struct bulk *bulk, struct bulk_files *files)
{
	off_t start, end;
	unsigned long long lines;
	char *last = NULL;
	bool ok = false;

	if (!measure(files->out, &start, &end, &lines))
		return fail("cannot read '%s': %s", bulk->output, strerror(errno));
	size_t n = lines > 0 ? (size_t)(end - start) - 1 : 0;
	last = calloc(1, n + 1);
	if (!last)
		return fail_rv(CKR_HOST_MEMORY, "cannot go on with '%s'", bulk->output);
	if (fseeko(files->out, start, SEEK_SET) != 0 || fread(last, 1, n, files->out) != n ||
		ftruncate(fileno(files->out), end) != 0 || fseeko(files->out, end, SEEK_SET) != 0)
		fail("cannot go on with '%s': %s", bulk->output, strerror(errno));
	else
		ok = skip(bulk, files, lines, last, n);
	free(last);
	return ok;
}

static bool open_output(struct bulk *bulk, struct bulk_files *files)
{
	if (!bulk->output) {
		files->out = stdout;
		return bulk->resume ? fail("--resume needs --output: the file to go on with") : true;
	}
	int fd = open(bulk->output, O_RDWR | O_CREAT | O_CLOEXEC | (bulk->resume ? 0 : O_EXCL), 0666);
	if (fd < 0 && errno == EEXIST)
		return fail("'%s' is there already: --resume goes on with it, or remove it", bulk->output);
	if (fd < 0 || !(files->out = fdopen(fd, "r+")))
		return fail("cannot write '%s': %s", bulk->output, strerror(errno));
	return !bulk->resume || resume(bulk, files);
}

bool bulk_files_open(struct bulk *bulk, struct bulk_files *files)
{
	return open_input(bulk, files) && read_heading(bulk, files) && open_output(bulk, files);
}

bool bulk_files_close(struct bulk *bulk, struct bulk_files *files)
{
	bool ok = true;

	if (files->in && files->in != stdin)
		fclose(files->in);
	if (files->out == stdout)
		ok = fflush(stdout) == 0;
	else if (files->out)
		ok = fclose(files->out) == 0;
	free(files->buffer);
	return ok ? true : fail("cannot write %s: %s", bulk->output ? bulk->output : "the output", strerror(errno));
}
