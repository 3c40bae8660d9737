/* SPDX-License-Identifier: Apache-2.0 */
/* message_lines.h: a message, and the lines of the output that answer a list of messages. */
#ifndef KEYDIV_TOOL_MESSAGE_LINES_H
#define KEYDIV_TOOL_MESSAGE_LINES_H

#include "base/pkcs11.h"

#include "tool/bulk/record.h"
#include "tool/text.h"

#define MESSAGE_MAX 65536 /* bytes of a message */
#define MESSAGE_TAG_MAX 64

/* The answer to one message. */
enum verdict { VERDICT_OK, VERDICT_BAD, VERDICT_REPLAYED };
#define VERDICTS 3

/* A message in binary, and what the token makes of it. */
struct message {
	size_t n, mac_n;
	size_t tag_length; /* of the tag behind what seal makes, in bytes */
	unsigned char bytes[MESSAGE_MAX + MESSAGE_TAG_MAX]; /* for open: the tag is behind them */
	unsigned char mac[MESSAGE_TAG_MAX];
	CK_ULONG result_n;
	unsigned char result[MESSAGE_MAX + MESSAGE_TAG_MAX];
};

struct message_kind {
	const char *verb;            /* for messages: "cannot VERB the message" */
	CK_MECHANISM_TYPE operation; /* default */
	/* The default derivation; with the counter in the key or as the nonce of the cipher. */
	CK_MECHANISM_TYPE derivation;
	bool incoming;      /* there is a MAC, and the answer is a verdict */
	bool cipher;        /* the message is enciphered, and MAC is the tag */
	bool by_key;        /* the command can use a key itself, without a derivation */
	const char *result; /* the column that the result has, or NULL */
	/* Process M with one operation of MECHANISM under MASTER. */
	CK_RV(*run)
	(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
		CK_OBJECT_HANDLE master, struct message *m);
};

/* The places of the fields of a message in record->value. */
enum { COUNTER, MESSAGE, MAC };

/* Return the name of VERDICT in the output. */
const char *message_verdict(enum verdict verdict);

/*
 * Write what sign or seal made of M in hexadecimal: the message to RET_MESSAGE, and its MAC or tag
 * to RET_MAC, which has 2 * MESSAGE_TAG_MAX + 1 bytes.
 */
void message_split(
	const struct message_kind *kind, const struct message *m, char *ret_message, char *ret_mac);

/* Append the headings of the output: those of the input, HEADING, and what the answers add. */
void message_add_heading(const struct message_kind *kind, const struct record_format *format,
	const struct text *heading, struct text *out);

/* Append the line of RECORD with VERDICT and, for open, the plaintext. */
void message_add_verdict(const struct message_kind *kind, const struct record_format *format,
	const struct record *record, const struct message *m, enum verdict verdict,
	struct text *out);

/* Append a line with serial and counter of RECORD, and the message and MAC that M has. */
void message_add(const struct message_kind *kind, const struct record_format *format,
	const struct record *record, const struct message *m, struct text *out);

#endif
