/* SPDX-License-Identifier: Apache-2.0 */
/*
 * new_key.h: the properties of a new key, as the options of `key generate` and `key
 * import` give them.
 */
#ifndef KEYDIV_TOOL_NEW_KEY_H
#define KEYDIV_TOOL_NEW_KEY_H

#include "tool/token/attributes.h"
#include "tool/token/client.h"
#include "tool/token/identity.h"
#include "tool/token/names.h"
#include "tool/token/template_list.h"

struct new_key {
	/* from the options */
	const char *label, *id, *type, *usage, *allow, *unwrap_template;
	const char *uri; /* of a key in another token, which `key link` makes a master */
	bool extractable, wrap_with_trusted, extractable_children, public, use_only;
	long long window, reserve; /* -1 if not given */
	/* set by the command: the header of a key block says type and usage, the options may not */
	bool by_header;
	/* new_key_read sets the members below */
	const struct key_kind *kind; /* NULL: the header says the type */
	unsigned usages;
	struct allowed allowed;
	unsigned char id_bytes[64];
	CK_ULONG id_length;
	struct template_list unwrap;
	unsigned char flat_unwrap[TEMPLATE_MAX * 8 + 8 * ALLOWED_MAX + TEMPLATE_MAX];
	CK_ULONG flat_unwrap_length; /* the flat form of `unwrap` (keydiv.h) */
};

extern struct new_key new_key;

/* Entries for a command's option table. */
#define NEW_KEY_OPTIONS                                                                            \
	TEXT_OPTION("label", "TEXT", &new_key.label, "name of the key"),                           \
		TEXT_OPTION("id", "HEX", &new_key.id, "CKA_ID of the key"),                        \
		TEXT_OPTION("type", "TYPE", &new_key.type,                                         \
			"aes (default), des2, des3, generic, hkdf, sha256-hmac, ..."),             \
		TEXT_OPTION("usage", "USAGES", &new_key.usage,                                     \
			"derive (default), or some of encrypt, decrypt, sign, verify, wrap, "      \
			"unwrap"),                                                                 \
		TEXT_OPTION("allow", "MECHANISMS", &new_key.allow,                                 \
			"mechanisms or schemes the key may be used with (default: by type)"),      \
		FLAG_OPTION("extractable", &new_key.extractable,                                   \
			"let the key be wrapped; it is never readable"),                           \
		FLAG_OPTION("wrap-with-trusted", &new_key.wrap_with_trusted,                       \
			"let the key be wrapped under trusted keys only"),                         \
		FLAG_OPTION("extractable-children", &new_key.extractable_children,                 \
			"let keys derived from this master be wrapped"),                           \
		FLAG_OPTION("use-only", &new_key.use_only,                                         \
			"let this master give no key objects, only use keys within one call"),     \
		NUMBER_OPTION("window", "NUMBER", &new_key.window,                                 \
			"accept each counter once, also NUMBER below the highest (1 to 1024)"),    \
		NUMBER_OPTION("reserve", "NUMBER", &new_key.reserve,                               \
			"mark NUMBER counters of a window in one write (1 to 4096, default 1)"),   \
		TEXT_OPTION("unwrap-template", "TEMPLATE", &new_key.unwrap_template,               \
			"properties of every key that is unwrapped with the key"),                 \
		FLAG_OPTION("public", &new_key.public, "let the key be seen without login")

/* Check and read the options. False after a report. */
MUST_USE bool new_key_read(void);

/*
 * Fill in the template T of the key with the label of N bytes at LABEL for SESSION, without the
 * value. ID has a random CKA_ID, unless --id gives one. LABEL and ID must live as long as T. With
 * BY_HEADER, the template has no type, usage or list that the options do not give. False: PROBLEM
 * is set.
 */
MUST_USE bool new_key_template(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label,
	size_t n, struct template *t, unsigned char id[NEW_ID_BYTES], struct problem *problem);

/* Show the label, type and check value of a new key. */
MUST_USE bool new_key_show(struct client *client, CK_OBJECT_HANDLE key);

#endif
