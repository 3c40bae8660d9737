/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin.h: where PINs come from: a file, an inherited file descriptor, or a prompt without echo;
 * never the command line.
 */
#ifndef KEYDIV_TOOL_PIN_H
#define KEYDIV_TOOL_PIN_H

#include "tool/token/locked.h"

enum pin_kind { PIN_USER, PIN_SO, PIN_NEW };

/*
 * The PIN of KIND as the options say, else from the terminal, asked twice if it is to be
 * SET. False: reported.
 */
MUST_USE bool pin_get(enum pin_kind kind, bool set, struct secret_text **ret);

/* As pin_get, under the name WHAT at the prompt. */
MUST_USE bool pin_get_as(enum pin_kind kind, bool set, const char *what, struct secret_text **ret);

/*
 * As fail_rv, for a call that took the PIN of the security officer: when that is locked,
 * nobody unlocks it.
 */
bool fail_so(CK_RV rv, const char *what);

#endif
