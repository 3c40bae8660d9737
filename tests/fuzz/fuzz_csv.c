/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_csv.c: read a list of serials as CSV or JSON lines, from a file at given places and in order
 * as from a pipe, or refuse a line. The first two bytes of the input say how, and the rest is the
 * list.
 *
 * The reader is compiled with small limits (meson.build), so that short lists reach the end of a
 * block, the longest line, several batches of the search for duplicates, and full marks.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tool/bulk/csv.h"
#include "tool/bulk/csv_record.h"
#include "tool/bulk/duplicates.h"
#include "tool/bulk/records.h"

#define LIST_MAX 60000
#define RECORDS_MAX 4096

struct name {
	unsigned long long line;
	size_t n;
	char *p;
};

/* The records up to the first problem. */
struct reading {
	size_t count;
	struct name name[RECORDS_MAX];
	bool problem;
	unsigned long long last; /* line that was read */
};

static int file = -1, copy = -1;
static struct reading from_file, from_pipe;
static struct records records;

void fuzz_start(void)
{
	file = memfd_create("list", MFD_CLOEXEC);
	copy = memfd_create("copy", MFD_CLOEXEC);
	MUST(file >= 0 && copy >= 0);
}

static struct record_format format_of(uint8_t options, uint8_t delimiter)
{
	static const char delimiters[] = {',', ',', ',', ';', '\t', '|', ' ', '#'};
	static const struct value_column values[] = {
		{"counter", OPTIONAL, false}, {"message", REQUIRED, true}, {NULL, OPTIONAL, false}};
	struct record_format format = {.member = "serial"};

	format.header = options & 1;
	format.hex = options & 2;
	format.trim = options & 4;
	format.json_lines = (options & 0x18) == 0x18;
	format.values = (options & 0x18) == 0x10 ? values : NULL;
	format.with_value = (options & 0x18) == 0x08;
	format.utf8_only = options & 0x20;
	format.column = options & 0x40 ? (options & 0x80 ? "2" : "serial") : NULL;
	MUST(record_format_read(&format));
	format.delimiter = delimiters[delimiter % sizeof delimiters];
	return format;
}

/* --- readings --- */

static void forget(struct reading *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->name[i].p);
	r->count = 0;
}

static void keep(struct reading *r, const struct record *record)
{
	struct name *name = &r->name[r->count++];

	*name = (struct name){.line = record->line, .n = record->n, .p = malloc(record->n)};
	MUST(name->p != NULL);
	memcpy(name->p, record->name, record->n);
}

/* Read FD into R. The list is not longer than RECORDS_MAX lines. */
static void read_list(struct reading *r, struct record_format *format, bool positioned)
{
	struct problem problem = {CKR_OK, ""};
	struct record record;
	enum got got = GOT_PROBLEM;

	forget(r);
	if (records_start(&records, format, file, positioned, 0, positioned ? -1 : copy, &problem))
		while (r->count < RECORDS_MAX &&
			(got = records_next(&records, &record, &problem)) == GOT_ONE) {
			MUST(record.n > 0 && record.n <= NAME_MAX_BYTES && record.shown != NULL);
			MUST(record.line > (r->count ? r->name[r->count - 1].line : 0));
			keep(r, &record);
		}
	r->problem = got == GOT_PROBLEM;
	MUST(!r->problem || (problem.text[0] != '\0' && records.lines.number > 0));
	MUST(r->problem || r->count > 0);
	r->last = records.lines.number;
	records_end(&records);
}

/* Read the file in order, as a pipe is read, and compare the copy that the reader makes. */
static void read_pipe(struct record_format *format, const uint8_t *data, size_t n)
{
	static char again[LIST_MAX + 1];

	MUST(lseek(file, 0, SEEK_SET) == 0 && lseek(copy, 0, SEEK_SET) == 0);
	MUST(ftruncate(copy, 0) == 0);
	read_list(&from_pipe, format, false);
	ssize_t copied = pread(copy, again, n + 1, 0);
	MUST(copied >= 0 && (size_t)copied <= n && memcmp(again, data, (size_t)copied) == 0);
}

static bool same_name(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static void must_agree(void)
{
	MUST(from_file.count == from_pipe.count && from_file.problem == from_pipe.problem &&
		from_file.last == from_pipe.last);
	for (size_t i = 0; i < from_file.count; i++)
		MUST(from_file.name[i].line == from_pipe.name[i].line &&
			same_name(&from_file.name[i], &from_pipe.name[i]));
}

/* --- what holds for each record --- */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Find line NUMBER, counted from 1, in the N bytes at P. */
static const char *find_line(const char *p, size_t n, unsigned long long number, size_t *ret_n)
{
	const char *end = p + n;

	while (--number > 0)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	*ret_n = (size_t)((newline ? newline : end) - p);
	while (*ret_n > 0 && p[*ret_n - 1] == '\r')
		--*ret_n;
	return p;
}

/* The rules for a name without quotation marks in the first column, written a second time. */
static void must_be_plain(const struct record_format *format, const char *p, size_t n,
	const struct name *name, bool first)
{
	if (first && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		n -= 3;
	}
	MUST(n > 0 && p[0] != '#');
	if (p[0] == '"')
		return;
	const char *delimiter = memchr(p, format->delimiter, n);
	size_t length = delimiter ? (size_t)(delimiter - p) : n;
	MUST(name->n == length && memcmp(name->p, p, length) == 0);
	MUST(!is_blank(p[0]) && !is_blank(p[length - 1]));
	for (size_t i = 0; i < length; i++)
		MUST(p[i] != ',' && p[i] != ';' && (unsigned char)p[i] >= ' ' && p[i] != 0x7f);
}

/* Write NAME as output has it, and read it again. */
static void must_come_back(const struct name *name)
{
	struct record_format format = {.member = "serial"};
	struct record_memory *memory = calloc(1, sizeof *memory);
	struct record record = {0};
	struct problem problem;
	struct text text = {0};

	MUST(memory != NULL && record_format_read(&format));
	memory->count = 1; /* else a name could be taken for a heading */
	csv_add(&text, name->p, name->n);
	text_add_string(&text, ",ABCDEF");
	MUST(csv_record(&format, text.p, text.n, memory, &record, &problem));
	MUST(record.n == name->n && memcmp(record.name, name->p, name->n) == 0);
	text_free(&text);
	free(memory);
}

/* A list that --trim reads has a delimiter, or its lines do not all have the same tabs. */
static void must_differ(const struct record_format *format, const char *p, size_t n)
{
	size_t lines = 1, length, tabs = SIZE_MAX;
	bool differ = false;

	for (size_t i = 0; i + 1 < n; i++)
		lines += p[i] == '\n';
	for (size_t i = from_file.name[0].line; i <= lines && !differ; i++) {
		const char *line = find_line(p, n, i, &length);
		if (length == 0)
			continue;
		size_t count = csv_count(line, length, '\t');
		tabs = tabs == SIZE_MAX ? count : tabs;
		differ = count != tabs || csv_count(line, length, format->delimiter) > 0;
	}
	MUST(differ || tabs == 0);
}

static void check_names(const struct record_format *format, const uint8_t *data, size_t n)
{
	bool first_column = !format->column_by_name && format->column_index == 0;

	if (format->json_lines)
		return;
	if (format->trim && format->delimiter != '\t' && from_file.count > 0)
		must_differ(format, (const char *)data, n);
	if (format->hex)
		return;
	for (size_t i = 0; i < from_file.count; i++) {
		const struct name *name = &from_file.name[i];
		size_t length;
		const char *line = find_line((const char *)data, n, name->line, &length);
		must_come_back(name);
		if (first_column && !format->trim)
			must_be_plain(format, line, length, name, name->line == 1);
	}
}

/* --- duplicates --- */

/* Return the line of the first name that occurs before, or 0. */
static unsigned long long first_duplicate(void)
{
	for (size_t i = 1; i < from_file.count; i++)
		for (size_t k = 0; k < i; k++)
			if (same_name(&from_file.name[i], &from_file.name[k]))
				return from_file.name[i].line;
	return 0;
}

static void check_duplicates(const struct record_format *format, bool search)
{
	struct order order = ORDER_START;
	enum order_result result = ORDER_KEPT;
	struct duplicate found;
	struct problem problem;
	unsigned long long line = first_duplicate();

	for (size_t i = 0; i < from_file.count && result == ORDER_KEPT; i++) {
		result = order_next(&order, from_file.name[i].p, from_file.name[i].n);
		MUST(result != ORDER_SAME || line != 0);
	}
	MUST(result != ORDER_KEPT || line == 0);
	if (!search)
		return;
	MUST(duplicates_find(file, 0, format, &found, &problem));
	MUST(found.line == line && found.first < line + (line == 0));
}

void fuzz_one(const uint8_t *data, size_t n)
{
	size_t lines = 1;

	if (n < 2 || n - 2 > LIST_MAX)
		return;
	struct record_format format = format_of(data[0], data[1]), again = format;
	bool search = data[1] >= 0x80 && !format.json_lines;
	data += 2;
	n -= 2;
	for (size_t i = 0; i < n; i++)
		lines += data[i] == '\n';
	if (lines > RECORDS_MAX)
		return;
	MUST(ftruncate(file, 0) == 0 && pwrite(file, data, n, 0) == (ssize_t)n);
	read_list(&from_file, &format, true);
	read_pipe(&again, data, n);
	must_agree();
	check_names(&format, data, n);
	if (!from_file.problem || from_file.count > 0)
		check_duplicates(&format, search);
	forget(&from_file);
	forget(&from_pipe);
}
