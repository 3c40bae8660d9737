/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h: messages of devices, each processed by one call with the key that belongs to it
 * (CKM_KEYDIV_WITH_DERIVED_KEY). The commands verify, open, sign and seal differ in a struct
 * message_kind only.
 */
#ifndef KEYDIV_TOOL_MESSAGE_H
#define KEYDIV_TOOL_MESSAGE_H

#include "tool/commands/message_lines.h"
#include "tool/options.h"

/* The options of all four commands. */
extern const struct option_spec message_options[];
extern const struct option_spec message_incoming_options[]; /* the same and --mac */

/* Run the command KIND on its operand or on its list. False: reported, or a verdict is not ok. */
MUST_USE bool message_run(const struct message_kind *kind, int count, char **operands);

#endif
