/* SPDX-License-Identifier: Apache-2.0 */
/* window.h: the options of the `window` commands, and requests to the token about one stream. */
#ifndef KEYDIV_TOOL_WINDOW_H
#define KEYDIV_TOOL_WINDOW_H

#include "tool/commands/device.h"
#include "tool/commands/message_fields.h"
#include "tool/options.h"

struct window_options {
	const char *key, *to;
	bool sealed, outgoing, force;
	struct message_fields fields;
};

extern struct window_options window_options;

/* Entries for a command's option table. */
#define WINDOW_OPTIONS(o)                                                                          \
	TEXT_OPTION("key", "KEY", &(o).key,                                                        \
		"the master, by label, id:HEX, uid:TEXT or PKCS#11 URI (default: the only one "    \
		"there is)"),                                                                      \
		FLAG_OPTION("sealed", &(o).sealed,                                                 \
			"the messages of open and seal, not those of verify and sign"),            \
		FLAG_OPTION("outgoing", &(o).outgoing,                                             \
			"the messages that the token makes, not those that it receives"),          \
		DEVICE_OPTION, MESSAGE_FIELD_OPTIONS((o).fields)

#define WINDOW_FORCE_OPTION(o) FLAG_OPTION("force", &(o).force, "do not ask")

/*
 * Log in, let the token do WHAT (KEYDIV_WINDOW_SHOW ...) for the stream of the device SERIAL, and
 * print the window. QUESTION, if not NULL, is asked before a change, followed by the serial. False
 * after a report.
 */
MUST_USE bool window_request(const char *serial, unsigned char what, const char *question);

#endif
