/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locked.h: memory for PINs and key components that is locked and not dumped, and reading into this
 * memory without echo.
 */
#ifndef KEYDIV_TOOL_LOCKED_H
#define KEYDIV_TOOL_LOCKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SECRET_TEXT_MAX 1024

/* A secret line of text without its newline, in locked memory. */
struct secret_text {
	size_t length;
	unsigned char text[SECRET_TEXT_MAX];
};

/*
 * Return N zeroed bytes of memory that is locked where the system allows it, left out of dumps, and
 * wiped at exit. The memory is never freed. Ends the program with a message if 64 KiB are used up.
 */
void *locked_new(size_t n);

/*
 * Turn off core dumps, keep other processes of the user from reading this one (ptrace, /proc), and
 * prepare the arena. Call this before any secret is read. False: reported.
 */
MUST_USE bool locked_start(void);

/*
 * Read the first line of the open file FD into RET, unbuffered and without its line end. WHAT
 * names the secret in messages. False after a report, also if the line is empty or longer
 * than SECRET_TEXT_MAX bytes.
 */
MUST_USE bool secret_read_fd(int fd, const char *what, struct secret_text *ret);

/* Do as secret_read_fd with FILE. A file that others can read gets a note. */
MUST_USE bool secret_read_file(const char *file, const char *what, struct secret_text *ret);

/*
 * Ask on the terminal with PROMPT and read a line without echo. False after a report, also if there
 * is no terminal.
 */
MUST_USE bool secret_ask(const char *prompt, struct secret_text *ret);

/* Return true if there is a terminal to ask at. */
bool has_terminal(void);

/*
 * Ask PROMPT at the terminal, with echo. Returns true if the answer is yes, and false without a
 * report if the answer is another or there is no terminal.
 */
bool confirm(const char *prompt);

#endif
