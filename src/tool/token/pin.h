/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin.h: get a PIN from a file, an inherited file descriptor, or a prompt without echo, and never
 * from the command line.
 */
#ifndef KEYDIV_TOOL_PIN_H
#define KEYDIV_TOOL_PIN_H

#include "tool/token/locked.h"

enum pin_kind { PIN_USER, PIN_SO, PIN_NEW };

/*
 * Get the PIN of KIND from the source in the options, else from the terminal. If SET is true, the
 * PIN is a new PIN, and the terminal asks twice. *RET is in locked memory that is never freed, and
 * the caller wipes the PIN after use. False after a report.
 */
MUST_USE bool pin_get(enum pin_kind kind, bool set, struct secret_text **ret);

/* Do as pin_get, with the name WHAT at the prompt. */
MUST_USE bool pin_get_as(enum pin_kind kind, bool set, const char *what, struct secret_text **ret);

/* Do as fail_rv, for a call with the PIN of the security officer. Nobody can unlock that PIN. */
void print_failure_so(CK_RV rv, const char *what);
#define fail_so(rv, what) (print_failure_so(rv, what), false)

#endif
