/* SPDX-License-Identifier: Apache-2.0 */
/* derivation.h: derive one key and read the result, for every command that derives. */
#ifndef KEYDIV_TOOL_DERIVATION_H
#define KEYDIV_TOOL_DERIVATION_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/text.h"
#include "tool/token/attributes.h"
#include "tool/token/device_record.h"
#include "tool/token/names.h"

#define MAC_MAX 64
#define SERIAL_MAX 128 /* bytes of the field DEVICE */

/* The result that the options ask for. Begin with RESULT_REQUEST. */
struct result_request {
	/* from the options */
	const char *type, *usage, *mac, *mac_file;
	long long length;
	/* result_request_read sets the members below */
	const struct key_kind *kind; /* or NULL for the mechanism's default */
	unsigned usages;
	struct text message; /* for the MAC */
	bool with_mac;
	bool leaves; /* set by the command: the result is wrapped */
};

#define RESULT_REQUEST                                                                             \
	{                                                                                          \
		.length = -1                                                                       \
	}

/* Entries for a command's option table. */
#define RESULT_OPTIONS(request)                                                                    \
	TEXT_OPTION("type", "TYPE", &(request).type,                                               \
		"type of the derived key (default: the mechanism's)"),                             \
		NUMBER_OPTION("length", "BYTES", &(request).length,                                \
			"length of the derived key (default: the mechanism's)"),                   \
		TEXT_OPTION("usage", "USAGES", &(request).usage,                                   \
			"what the derived key may do; the usage is part of its value"),            \
		TEXT_OPTION("mac", "TEXT", &(request).mac,                                         \
			"print also the MAC of TEXT made with the derived key; adds usage sign"),  \
		TEXT_OPTION("mac-file", "FILE", &(request).mac_file,                               \
			"the same, of what is in FILE (up to 64 KiB)")

/*
 * Begin the parameter P with the fields of a device key, which are the serial of N bytes, SALT if
 * not empty, and PURPOSE if not NULL.
 */
void device_parameter(KEYDIV_PARAMETER *p, const char *serial, size_t n, const struct salt *salt,
	const char *purpose);

/* Check and read the options. False after a report. */
MUST_USE bool result_request_read(struct result_request *request);
void result_request_free(struct result_request *request);

/*
 * Fill in the template of a result, a session object with type, length and usage. A result that
 * leaves is extractable and, if it derives, leaves under trusted keys only (mechanisms/README.md,
 * "Extractable keys and trust").
 */
void result_template(const struct result_request *request, struct template *t);

#define DATA_MAX 1024

struct result {
	char check_value[CHECK_VALUE_TEXT]; /* "" if the result has none: data, client states */
	bool is_data; /* the result is no key, and anybody who may derive it may read it */
	CK_ULONG data_length;
	unsigned char data[DATA_MAX];
	CK_ULONG mac_length;
	unsigned char mac[MAC_MAX];
};

/*
 * Read the check value of KEY, or the value if KEY is data (CKM_HKDF_DATA), and, if the options ask
 * for one, make a MAC with KEY. Sets PROBLEM after a failure.
 */
MUST_USE bool result_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const struct result_request *request, struct result *ret, struct problem *problem);

/* Append the members of RESULT to the object O. */
void result_add(
	struct json_object *o, const struct result_request *request, const struct result *result);

#endif
