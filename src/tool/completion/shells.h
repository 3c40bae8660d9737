/* SPDX-License-Identifier: Apache-2.0 */
/* shells.h: the tables of commands, options and words in the language of each shell. */
#ifndef KEYDIV_TOOL_COMPLETION_SHELLS_H
#define KEYDIV_TOOL_COMPLETION_SHELLS_H

#include <stdio.h>

#include "tool/completion/words.h"
#include "tool/options.h"

/* Print the tables to standard output. keydiv.bash, keydiv.zsh and keydiv.fish use them. */
void print_bash(void);
void print_zsh(void);
void print_fish(void);

/* Return the kind of the operand of COMMAND, or NULL if there is none or it is not completed. */
const struct kind *operand_kind(const struct command *command);

/*
 * Print TEXT between single quotes. Each character of SPECIAL gets a backslash before it, and a
 * single quote is printed as QUOTE.
 */
void print_quoted(const char *text, const char *special, const char *quote);

#endif
