/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_fields.h: the options that say how the key of a message is derived and used, and the
 * parameter of CKM_KEYDIV_WITH_DERIVED_KEY for one message.
 */
#ifndef KEYDIV_TOOL_MESSAGE_FIELDS_H
#define KEYDIV_TOOL_MESSAGE_FIELDS_H

#include "tool/commands/derive_fields.h"

#define MESSAGE_IV_MAX 256
#define MESSAGE_AAD_MAX 2048

struct message_fields {
	/* from the options; DERIVE has its own */
	struct derive_fields derive;
	const char *operation_text, *iv_text, *aad_text, *type, *counter_field;
	long long tag_length, key_length; /* -1: not given */
	bool by_key; /* set by the caller: the key itself is used, and no key is derived */
	/* message_fields_read() sets the members below */
	CK_MECHANISM_TYPE derivation, operation;
	CK_KEY_TYPE key_type; /* with TYPE */
	unsigned char counter_tag;
	size_t iv_n, aad_n;
	unsigned char iv[MESSAGE_IV_MAX], aad[MESSAGE_AAD_MAX];
};

#define MESSAGE_FIELDS                                                                             \
	{                                                                                          \
		.tag_length = -1, .key_length = -1                                                 \
	}

/* Entries for a command's option table. */
#define MESSAGE_FIELD_OPTIONS(f)                                                                   \
	TEXT_OPTION(                                                                               \
		"purpose", "TEXT", &(f).derive.purpose, "role of the device key, as enc or mac"),  \
		TEXT_OPTION("message-purpose", "TEXT", &(f).derive.message_purpose,                \
			"role of the message key, which the counter makes"),                       \
		TEXT_OPTION("salt", "HEX", &(f).derive.salt_text,                                  \
			"SALT to derive with, whatever the token keeps for the device"),           \
		FLAG_OPTION("previous", &(f).derive.previous,                                      \
			"use the key from before the last 'keydiv device rotate'"),                \
		FLAG_OPTION("unsalted", &(f).derive.unsalted,                                      \
			"derive without a SALT, whatever the token keeps for the device"),         \
		TEXT_OPTION("mechanism", "MECHANISM", &(f).derive.mechanism_text,                  \
			"derive by this mechanism, with the fields of --field"),                   \
		TEXTS_OPTION("field", "FIELD=VALUE", &(f).derive.field_texts,                      \
			"field for --mechanism: text, hex:HEX or a number; may be repeated"),      \
		TEXT_OPTION("serial-field", "FIELD", &(f).derive.serial_field,                     \
			"field of --mechanism that the serials are (default: DEVICE)"),            \
		TEXT_OPTION("counter-field", "FIELD", &(f).counter_field,                          \
			"field of --mechanism that the counters are (default: COUNTER)"),          \
		TEXT_OPTION("operation", "MECHANISM", &(f).operation_text,                         \
			"mechanism that uses the key (default: aes-cmac, aes-gcm); without a "     \
			"serial, KEY itself is used"),                                             \
		TEXT_OPTION("iv", "HEX", &(f).iv_text,                                             \
			"IV; 4 bytes, or none, where the counter is the rest of the nonce"),       \
		TEXT_OPTION("aad", "HEX", &(f).aad_text, "additional authenticated data"),         \
		NUMBER_OPTION("tag-length", "BYTES", &(f).tag_length,                              \
			"length of the tag, or of a MAC with a -general operation"),               \
		TEXT_OPTION("type", "TYPE", &(f).type, "type of the key (default: aes)"),          \
		NUMBER_OPTION("length", "BYTES", &(f).key_length, "length of the key")

/*
 * Check and read the options. DERIVATION and OPERATION are the defaults of the command; without a
 * derivation (BY_KEY) the options give the operation. False after a report.
 */
MUST_USE bool message_fields_read(
	struct message_fields *f, CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation);

/*
 * Build the mechanism and its parameter P for the message COUNTER of the serial of N bytes. COUNTER
 * is NULL if the message has none. The caller has checked that COUNTER fits (field_counter). SALT
 * is left out if it is empty. With BY_KEY, build the mechanism OPERATION and its parameter P of
 * --field; SERIAL is NULL.
 */
CK_MECHANISM message_fields_put(const struct message_fields *f, const char *serial, size_t n,
	const struct salt *salt, const uint64_t *counter, KEYDIV_PARAMETER *p);

#endif
