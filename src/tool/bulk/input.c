/* SPDX-License-Identifier: Apache-2.0 */
/* input.c: opens the input and stops at the first name that occurs twice. */
#include "tool/bulk/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open a file without a name for the copy of a pipe. /tmp is last because it may be in memory. */
static int open_copy(void)
{
	const char *const directories[] = {secure_getenv("TMPDIR"), "/var/tmp", "/tmp"};

	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		if (!directories[i])
			continue;
		int fd = open(directories[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
	}
	print_failure(
		"cannot make a temporary file for a copy of the input: %s; set TMPDIR, or give "
		"--allow-duplicates",
		strerror(errno));
	return -1;
}

bool input_open(
	struct input *input, const char *file, struct record_format *format, bool allow_duplicates)
{
	struct problem problem;
	struct stat st;
	int copy = -1;

	input->allow_duplicates = allow_duplicates;
	input->searched = false;
	input->total = 0;
	input->duplicate = (struct duplicate){0};
	input->order = (struct order)ORDER_START;
	input->fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0)
		return fail("cannot read '%s': %s", file, strerror(errno));
	off_t start = lseek(input->fd, 0, SEEK_CUR);
	bool positioned = fstat(input->fd, &st) == 0 && S_ISREG(st.st_mode) && start >= 0;
	if (positioned)
		input->total = (uint64_t)(st.st_size - start);
	else if (!allow_duplicates && (copy = open_copy()) < 0)
		return false;
	if (!records_start(&input->records, format, input->fd, positioned, positioned ? start : 0,
		    copy, &problem)) {
		records_end(&input->records);
		return problem_report(&problem, input_line(input));
	}
	return true;
}

/* Read the whole list once more and find its first duplicate. False: PROBLEM is set. */
static bool search(struct input *input, struct problem *problem)
{
	struct lines *lines = &input->records.lines;

	if (!lines_make_seekable(lines, problem) ||
		!duplicates_find(
			lines->fd, lines->start, input->records.format, &input->duplicate, problem))
		return false;
	input->searched = true;
	return true;
}

enum got input_next(struct input *input, struct record *ret, struct problem *problem)
{
	unsigned long long before = input_line(input);
	enum got got = records_next(&input->records, ret, problem);

	if (got != GOT_ONE || input->allow_duplicates)
		return got;
	if (!input->searched) {
		enum order_result order = order_next(&input->order, ret->name, ret->n);
		if (order == ORDER_SAME)
			input->duplicate = (struct duplicate){ret->line, before};
		else if (order == ORDER_LOST && !search(input, problem))
			return GOT_PROBLEM;
	}
	if (input->duplicate.line != ret->line)
		return GOT_ONE;
	problem_fill(problem, CKR_OK,
		"the %s '%.100s' is also in line %llu: remove one, or give --allow-duplicates",
		input->records.format->member, ret->shown, input->duplicate.first);
	return GOT_PROBLEM;
}

void input_close(struct input *input)
{
	struct lines *lines = &input->records.lines;

	records_end(&input->records);
	if (lines->copy >= 0)
		close(lines->copy);
	if (lines->fd != input->fd)
		close(lines->fd);
	if (input->fd > STDIN_FILENO)
		close(input->fd);
}
