/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locked.h: PINs and key components: memory that is locked and not dumped, and reading into
 * it without echo.
 */
#ifndef KEYDIV_TOOL_LOCKED_H
#define KEYDIV_TOOL_LOCKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SECRET_TEXT_MAX 1024

/* A secret line of text, without its newline; in locked memory. */
struct secret_text {
	size_t length;
	unsigned char text[SECRET_TEXT_MAX];
};

/*
 * N bytes of memory that is locked where the system lets us, left out of dumps, zeroed, and wiped
 * at exit; never freed.
 */
void *locked_new(size_t n);

/* Turn off core dumps and make the arena ready. Call it first of all. False: reported. */
MUST_USE bool locked_start(void);

/* Read the first line of the open file FD into RET, unbuffered; WHAT it is for messages. */
MUST_USE bool secret_read_fd(int fd, const char *what, struct secret_text *ret);

/* As secret_read_fd, from FILE. A file others can read gets a note. */
MUST_USE bool secret_read_file(const char *file, const char *what, struct secret_text *ret);

/*
 * Ask on the terminal with PROMPT and read a line without echo. False: reported, as when there
 * is no terminal.
 */
MUST_USE bool secret_ask(const char *prompt, struct secret_text *ret);

/* Ask PROMPT on the terminal with echo; true if the answer is yes. */
bool confirm(const char *prompt);

#endif
