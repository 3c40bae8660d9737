/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c: reads lines in blocks, without stdio, which is slow for a million short lines. */
#include "tool/bulk/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void lines_start(struct lines *lines, int fd, bool positioned, off_t start)
{
	lines->fd = fd;
	lines->copy = -1;
	lines->positioned = positioned;
	lines->start = start;
	lines->offset = 0;
	lines->bytes = lines->line_at = 0;
	lines->number = 0;
	lines->ended = lines->unreadable = false;
	lines->from = lines->to = 0;
}

static bool copy_block(struct lines *lines, const char *p, size_t n, struct problem *problem)
{
	while (n > 0) {
		ssize_t done = write(lines->copy, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return problem_set(problem, CKR_OK,
				"cannot keep a copy of the input: %s; set TMPDIR to a directory "
				"with room, or give --allow-duplicates",
				strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Read up to N bytes to P and copy them. The result is that of read(), or -1 with PROBLEM set. */
static ssize_t read_some(struct lines *lines, char *p, size_t n, struct problem *problem)
{
	ssize_t got;

	do
		got = lines->positioned ? pread(lines->fd, p, n, lines->start + lines->offset)
					: read(lines->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		lines->unreadable = true;
		problem_fill(problem, CKR_OK, "cannot read the input: %s", strerror(errno));
		return -1;
	}
	if (lines->copy >= 0 && !copy_block(lines, p, (size_t)got, problem))
		return -1;
	lines->offset += got;
	return got;
}

/* Read more behind what the block has. False: PROBLEM is set. */
static bool append(struct lines *lines, struct problem *problem)
{
	ssize_t got = read_some(
		lines, lines->block + lines->to, sizeof lines->block - lines->to, problem);
	if (got < 0)
		return false;
	lines->ended = got == 0;
	lines->to += (size_t)got;
	return true;
}

/* Move what is left to the front of the block and read more behind it. False: PROBLEM is set. */
static bool fill(struct lines *lines, struct problem *problem)
{
	memmove(lines->block, lines->block + lines->from, lines->to - lines->from);
	lines->to -= lines->from;
	lines->from = 0;
	return append(lines, problem);
}

/* Find the end of the line at FROM, reading on as far as needed. False: PROBLEM is set. */
static bool find_end(struct lines *lines, size_t *ret_n, struct problem *problem)
{
	size_t seen = 0;

	while (true) {
		const char *from = lines->block + lines->from;
		size_t n = lines->to - lines->from;
		const char *end = n > seen ? memchr(from + seen, '\n', n - seen) : NULL;
		if (end) {
			*ret_n = (size_t)(end - from) + 1;
			return true;
		}
		if (lines->ended || n > LINE_MAX_BYTES + 8) {
			*ret_n = n;
			return true;
		}
		seen = n;
		if (!fill(lines, problem))
			return false;
	}
}

/* Drop the byte order mark of the first line. UTF-16 is refused. */
static bool check_encoding(const char **line, size_t *n, struct problem *problem)
{
	const unsigned char *p = (const unsigned char *)*line;

	if (*n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return problem_set(
			problem, CKR_OK, "the input is in UTF-16: save the file as UTF-8");
	if (*n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		*line += 3;
		*n -= 3;
	}
	return true;
}

enum got lines_next(struct lines *lines, const char **ret, size_t *ret_n, struct problem *problem)
{
	while (true) {
		size_t n;
		if (!find_end(lines, &n, problem))
			return GOT_PROBLEM;
		if (n == 0)
			return GOT_END;
		const char *line = lines->block + lines->from;
		lines->from += n;
		lines->line_at = lines->bytes;
		lines->bytes += n;
		if (lines->number++ == 0 && !check_encoding(&line, &n, problem))
			return GOT_PROBLEM;
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (n > LINE_MAX_BYTES) {
			problem_fill(problem, CKR_OK,
				"the line is longer than %d bytes: is this the right file?",
				LINE_MAX_BYTES);
			return GOT_PROBLEM;
		}
		if (n > 0) {
			*ret = line;
			*ret_n = n;
			return GOT_ONE;
		}
	}
}

bool lines_read_ahead(struct lines *lines, struct problem *problem)
{
	while (!lines->ended && lines->to < sizeof lines->block)
		if (!append(lines, problem))
			return false;
	return true;
}

bool lines_ready(const struct lines *lines)
{
	struct pollfd poll_fd = {.fd = lines->fd, .events = POLLIN};

	if (lines->positioned || lines->ended ||
		memchr(lines->block + lines->from, '\n', lines->to - lines->from))
		return true;
	return poll(&poll_fd, 1, 0) != 0;
}

bool lines_make_seekable(struct lines *lines, struct problem *problem)
{
	char block[65536];
	off_t read_so_far = lines->offset;
	ssize_t got = 1;

	if (lines->positioned)
		return true;
	while (!lines->ended && got > 0)
		got = read_some(lines, block, sizeof block, problem);
	if (got < 0)
		return false;
	lines->fd = lines->copy;
	lines->copy = -1;
	lines->positioned = true;
	lines->start = 0;
	lines->offset = read_so_far;
	return true;
}
