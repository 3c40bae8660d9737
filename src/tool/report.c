/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: the tool's messages, and the remedy for each return code. */
#include "tool/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/pkcs11.h"

#include "keydiv.h"

static const struct {
	CK_RV rv;
	const char *mend;
} mends[] = {
	{CKR_PIN_INCORRECT, "the PIN is wrong; ten wrong ones lock it"},
	{CKR_PIN_LOCKED,
		"too many wrong PINs; the security officer unlocks it with 'keydiv pin unlock'"},
	{CKR_PIN_LEN_RANGE, "a PIN has 4 to 255 bytes"},
	{CKR_PIN_INVALID, "the token does not take this PIN; choose another"},
	{CKR_USER_PIN_NOT_INITIALIZED,
		"the token has no user PIN; set one with 'keydiv pin unlock'"},
	{CKR_USER_NOT_LOGGED_IN,
		"the token wants the user PIN; give it with --pin-file, --pin-fd or at a terminal"},
	{CKR_TOKEN_NOT_PRESENT, "there is no token in this slot; make one with 'keydiv init'"},
	{CKR_TOKEN_NOT_RECOGNIZED, "the token is not initialised; do so with 'keydiv init'"},
	{CKR_TOKEN_WRITE_PROTECTED,
		"the token's files cannot be written; see who owns the token directory"},
	{CKR_SESSION_EXISTS, "another program uses the token; end it first"},
	{CKR_SLOT_ID_INVALID, "there is no such slot; 'keydiv info' lists them"},
	{CKR_MECHANISM_INVALID, "the key or the token does not allow this mechanism; see 'keydiv "
				"key show' and key generate --allow"},
	{CKR_MECHANISM_PARAM_INVALID,
		"a field is too short, too long or out of range; see the limits in keydiv(1)"},
	{CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key was not made for this use; see 'keydiv key show'"},
	{CKR_KEY_TYPE_INCONSISTENT, "the mechanism does not take keys of this type"},
	{CKR_KEY_SIZE_RANGE, "this length is not to be had; AES keys have 16, 24 or 32 bytes"},
	{CKR_KEY_UNEXTRACTABLE, "the key may not leave the token"},
	{CKR_WRAPPED_KEY_INVALID, "this was not wrapped under that key, or it was damaged"},
	{CKR_WRAPPED_KEY_LEN_RANGE, "this was not wrapped under that key, or it was damaged"},
	{CKR_TEMPLATE_INCONSISTENT,
		"the properties asked for contradict each other or the base key's"},
	{CKR_ATTRIBUTE_VALUE_INVALID, "the token does not take one of the values"},
	{CKR_ATTRIBUTE_TYPE_INVALID, "the token does not know one of the properties"},
	{CKR_KEYDIV_EXHAUSTED, "the client has used up its keys; give it a new initial key"},
	{CKR_DEVICE_MEMORY, "there is no room left where the token is stored"},
	{CKR_DEVICE_ERROR, "the token's files are damaged or not yours to read, or a self-test "
			   "failed; set log-file "
			   "and look there"},
	{CKR_HOST_MEMORY, "out of memory"},
	{CKR_FUNCTION_FAILED, "see the log; log-file is set in keydiv.conf"},
	{CKR_FUNCTION_NOT_SUPPORTED, "this module cannot do it"},
	{CKR_GENERAL_ERROR, "see the log; log-file is set in keydiv.conf"},
};

static const char *mend_of(CK_RV rv)
{
	for (size_t i = 0; i < sizeof mends / sizeof mends[0]; i++)
		if (mends[i].rv == rv)
			return mends[i].mend;
	return "the module refused";
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
print(const char *prefix, const char *format, va_list args, const char *mend, const char *code)
{
	char line[8192];

	int n = vsnprintf(line, sizeof line, format, args);
	for (char *c = line; n > 0 && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (line_open)
		fputs("\r\033[K", stderr);
	line_open = false;
	fprintf(stderr, "%s%s%s%s%s\n", prefix, n < 0 ? format : line, *mend ? ": " : "", mend,
		code);
}

bool fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("keydiv: ", format, args, "", "");
	va_end(args);
	return false;
}

bool fail_rv(CK_RV rv, const char *format, ...)
{
	char code[80];
	va_list args;

	if (rv == CKR_KEYDIV_EXHAUSTED || (rv & CKR_VENDOR_DEFINED) == 0)
		snprintf(code, sizeof code, " (%s)", rv_name(rv));
	else
		snprintf(code, sizeof code, " (0x%08lx)", rv);
	va_start(args, format);
	print("keydiv: ", format, args, mend_of(rv), code);
	va_end(args);
	return false;
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("keydiv: note: ", format, args, "", "");
	va_end(args);
}

bool problem_set(struct problem *problem, CK_RV rv, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	problem->rv = rv;
	vsnprintf(problem->text, sizeof problem->text, format, args);
	va_end(args);
	return false;
}

bool problem_report(const struct problem *problem, unsigned long long number)
{
	char place[40] = "";

	if (number > 0)
		snprintf(place, sizeof place, "line %llu: ", number);
	if (problem->rv == CKR_OK)
		return fail("%s%s", place, problem->text);
	return fail_rv(problem->rv, "%s%s", place, problem->text);
}
