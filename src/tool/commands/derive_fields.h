/* SPDX-License-Identifier: Apache-2.0 */
/* derive_fields.h: the options of `derive` that say what is derived, and its parameter. */
#ifndef KEYDIV_TOOL_DERIVE_FIELDS_H
#define KEYDIV_TOOL_DERIVE_FIELDS_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/bulk/record.h"
#include "tool/options.h"
#include "tool/token/device_record.h"
#include "tool/token/fields.h"

struct derive_fields {
	/* from the options */
	const char *purpose, *salt_text, *counter_text, *message_purpose, *initiator_text,
		*responder_text, *session_purpose, *mechanism_text, *serial_field;
	struct texts field_texts;
	bool previous, unsalted;
	/* derive_fields_read() sets the members below */
	CK_MECHANISM_TYPE mechanism;
	uint64_t counter;
	struct salt salt, initiator, responder; /* nonces have the lengths of a SALT */
	struct fields fields;                   /* of --field */
	unsigned char serial_tag;               /* the field that a serial is */
	bool look_up_salt;                      /* the token may have a SALT for the device */
	/* set by derive_fields_start(): the token has SALTs of devices, which are looked up */
	bool use_records;
};

/* Entries for a command's option table. */
#define DERIVE_FIELD_OPTIONS(f)                                                                    \
	TEXT_OPTION("purpose", "TEXT", &(f).purpose, "role of the device key, as enc or mac"),     \
		TEXT_OPTION("salt", "HEX", &(f).salt_text,                                         \
			"SALT to derive with, whatever the token keeps for the device"),           \
		FLAG_OPTION("previous", &(f).previous,                                             \
			"derive the key from before the last 'keydiv device rotate'"),             \
		FLAG_OPTION("unsalted", &(f).unsalted,                                             \
			"derive without a SALT, whatever the token keeps for the device"),         \
		TEXT_OPTION("counter", "NUMBER", &(f).counter_text,                                \
			"derive the message key of this message counter"),                         \
		TEXT_OPTION("message-purpose", "TEXT", &(f).message_purpose,                       \
			"role of the message key; goes with --counter"),                           \
		TEXT_OPTION("initiator-nonce", "HEX", &(f).initiator_text,                         \
			"derive the session key of both sides' nonces: the initiator's"),          \
		TEXT_OPTION(                                                                       \
			"responder-nonce", "HEX", &(f).responder_text, "the responder's nonce"),   \
		TEXT_OPTION("session-purpose", "TEXT", &(f).session_purpose,                       \
			"role of the session key; goes with the nonces"),                          \
		TEXT_OPTION("mechanism", "MECHANISM", &(f).mechanism_text,                         \
			"derive by this mechanism, with the fields of --field"),                   \
		TEXTS_OPTION("field", "FIELD=VALUE", &(f).field_texts,                             \
			"field for --mechanism: text, hex:HEX or a number; may be repeated"),      \
		TEXT_OPTION("serial-field", "FIELD", &(f).serial_field,                            \
			"field of --mechanism that the serials are (default: DEVICE)")

/* Check and read the options. False after a report. */
MUST_USE bool derive_fields_read(struct derive_fields *f);
void derive_fields_free(struct derive_fields *f);

/* Find out whether the token of CLIENT has SALTs of devices. False after a report. */
MUST_USE bool derive_fields_start(struct derive_fields *f, const struct client *client);

/*
 * Find the SALT of the device SERIAL, from the options or from the token. RET is empty if the
 * device has none. False: PROBLEM is set.
 */
MUST_USE bool derive_fields_salt(const struct derive_fields *f, CK_FUNCTION_LIST *list,
	CK_SESSION_HANDLE session, const struct record *serial, struct salt *ret,
	struct problem *problem);

/*
 * Build the mechanism and its parameter P for the serial of N bytes, or without a serial if SERIAL
 * is NULL. SALT is left out if it is empty.
 */
CK_MECHANISM derive_fields_put(const struct derive_fields *f, const char *serial, size_t n,
	const struct salt *salt, KEYDIV_PARAMETER *p);

#endif
