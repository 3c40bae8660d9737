/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: the tool's messages, and the remedy for each return code. */
#include "tool/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/pkcs11.h"

#include "keydiv.h"

struct remedy {
	CK_RV rv;
	const char *text;
};

/* While a key in another token is used. */
static const struct remedy foreign_remedies[] = {
	{CKR_PIN_INCORRECT,
		"the other token refuses the PIN, which is keydiv's user PIN or that of "
		"foreign-pin-source in keydiv.conf"},
	{CKR_PIN_LOCKED, "the other token has locked its PIN; unlock it with the tools of that "
			 "token"},
	{CKR_TOKEN_NOT_PRESENT, "the other token, which has the key, is not there"},
	{CKR_TOKEN_NOT_RECOGNIZED, "the other token, which has the key, cannot be used"},
	{CKR_DEVICE_REMOVED, "the other token was removed, or the server of client.conf cannot be "
			     "reached"},
	{CKR_DEVICE_ERROR, "the other token fails or has another key behind the URI, or the "
			   "token's files are damaged; set log-file and see the log"},
	{CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key was not made for this use, or may not do so in the other token; see "
		"'keydiv key show'"},
};

static const struct remedy remedies[] = {
	{CKR_PIN_INCORRECT, "the PIN is wrong; ten wrong PINs lock it"},
	{CKR_PIN_LOCKED, "too many wrong PINs; the security officer can unlock the user's PIN with "
			 "'keydiv pin unlock'"},
	{CKR_PIN_LEN_RANGE, "a PIN has 4 to 255 bytes"},
	{CKR_PIN_INVALID, "the token refuses this PIN; choose another"},
	{CKR_USER_PIN_NOT_INITIALIZED,
		"the token has no user PIN; set one with 'keydiv pin unlock'"},
	{CKR_USER_NOT_LOGGED_IN,
		"this needs the user PIN; give it with --pin-file, --pin-fd or at a terminal"},
	{CKR_TOKEN_NOT_PRESENT, "there is no token in this slot; make one with 'keydiv init'"},
	{CKR_TOKEN_NOT_RECOGNIZED, "the token is not initialised; do so with 'keydiv init'"},
	{CKR_TOKEN_WRITE_PROTECTED,
		"the token's files cannot be written; check the owner of the token directory"},
	{CKR_SESSION_EXISTS, "another program uses the token; end that program first"},
	{CKR_SLOT_ID_INVALID, "there is no such slot; 'keydiv info' lists the slots"},
	{CKR_MECHANISM_INVALID, "the key or the token does not allow this mechanism; see 'keydiv "
				"key show' and key generate --allow"},
	{CKR_MECHANISM_PARAM_INVALID,
		"a field is missing, given twice, unknown to the mechanism or out of range; "
		"'keydiv mechanisms' lists the fields, and keydiv(1) their limits"},
	{CKR_DATA_LEN_RANGE, "the mechanism does not take a message of this length"},
	{CKR_DATA_INVALID, "the mechanism does not take this message; the log says why (log-file "
			   "in keydiv.conf)"},
	{CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key was not made for this use; see 'keydiv key show'"},
	{CKR_KEY_TYPE_INCONSISTENT, "the mechanism does not take keys of this type"},
	{CKR_KEY_SIZE_RANGE, "the mechanism does not take keys of this length; AES keys have 16, "
			     "24 or 32 bytes, "
			     "and 'keydiv mechanisms' lists what each mechanism takes"},
	{CKR_KEY_UNEXTRACTABLE, "the key was made without --extractable"},
	{CKR_KEY_NOT_WRAPPABLE, "the wrapping key must not wrap this key; see keydiv(1)"},
	{CKR_WRAPPING_KEY_TYPE_INCONSISTENT, "the mechanism does not wrap with keys of this type"},
	{CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
		"the mechanism does not unwrap with keys of this type"},
	{CKR_WRAPPING_KEY_SIZE_RANGE, "the wrapping key is weaker than the key"},
	{CKR_WRAPPED_KEY_INVALID, "the key was wrapped under another key, or is damaged"},
	{CKR_WRAPPED_KEY_LEN_RANGE, "the key was wrapped under another key, or is damaged"},
	{CKR_TEMPLATE_INCONSISTENT,
		"the properties contradict each other or those of the base key; the log says which "
		"(log-file in keydiv.conf)"},
	{CKR_ATTRIBUTE_VALUE_INVALID, "the token refuses one of the values; the log says which "
				      "(log-file in keydiv.conf)"},
	{CKR_ATTRIBUTE_TYPE_INVALID, "the token does not know one of the properties; the log says "
				     "which (log-file in keydiv.conf)"},
	{CKR_KEYDIV_EXHAUSTED, "the client has used up its keys; give it a new initial key"},
	{CKR_KEYDIV_REPLAYED, "the counter was used before, or is too far below the highest used "
			      "counter; see keydiv window show"},
	{CKR_DEVICE_MEMORY, "there is no room left where the token is stored"},
	{CKR_DEVICE_ERROR, "the token's files are damaged, cannot be read or are writable for "
			   "others, the database server cannot be reached, or a self-test failed; "
			   "set log-file and see the log"},
	{CKR_DEVICE_REMOVED, "the server of client.conf cannot be reached; users of "
			     "keydiv-server.socket are members "
			     "of group keydiv-clients"},
	{CKR_HOST_MEMORY, "out of memory"},
	{CKR_FUNCTION_FAILED, "see the log; log-file is set in keydiv.conf"},
	{CKR_FUNCTION_NOT_SUPPORTED, "this module cannot do that"},
	{CKR_GENERAL_ERROR, "see the log; log-file is set in keydiv.conf"},
};

static _Atomic bool foreign_key;

void report_foreign_key(void)
{
	foreign_key = true;
}

static const char *remedy_for(CK_RV rv)
{
	for (size_t i = 0; foreign_key && i < sizeof foreign_remedies / sizeof *foreign_remedies;
		i++)
		if (foreign_remedies[i].rv == rv)
			return foreign_remedies[i].text;
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
		if (remedies[i].rv == rv)
			return remedies[i].text;
	return "the module refused the call";
}

static _Atomic bool line_open;

void report_line_open(bool open)
{
	line_open = open;
}

/*
 * Print one line. A control character in a serial or a file name could affect a terminal, so it
 * becomes a question mark.
 */
static void __attribute__((format(printf, 2, 0)))
print(const char *prefix, const char *format, va_list args, const char *remedy, const char *code)
{
	char line[8192];

	int n = vsnprintf(line, sizeof line, format, args);
	for (char *c = line; n > 0 && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (line_open)
		fputs("\r\033[K", stderr);
	line_open = false;
	fprintf(stderr, "%s%s%s%s%s\n", prefix, n < 0 ? format : line, *remedy ? ": " : "", remedy,
		code);
}

void print_failure(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("keydiv: ", format, args, "", "");
	va_end(args);
}

void print_failure_rv(CK_RV rv, const char *format, ...)
{
	char code[80];
	va_list args;

	if (rv == CKR_KEYDIV_EXHAUSTED || rv == CKR_KEYDIV_REPLAYED ||
		(rv & CKR_VENDOR_DEFINED) == 0)
		snprintf(code, sizeof code, " (%s)", rv_name(rv));
	else
		snprintf(code, sizeof code, " (0x%08lx)", rv);
	va_start(args, format);
	print("keydiv: ", format, args, remedy_for(rv), code);
	va_end(args);
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("keydiv: note: ", format, args, "", "");
	va_end(args);
}

void problem_fill(struct problem *problem, CK_RV rv, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	problem->rv = rv;
	vsnprintf(problem->text, sizeof problem->text, format, args);
	va_end(args);
}

void problem_print(const struct problem *problem, unsigned long long number)
{
	char place[40] = "";

	if (number > 0)
		snprintf(place, sizeof place, "line %llu: ", number);
	if (problem->rv == CKR_OK)
		print_failure("%s%s", place, problem->text);
	else
		print_failure_rv(problem->rv, "%s%s", place, problem->text);
}
