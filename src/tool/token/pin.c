/* SPDX-License-Identifier: Apache-2.0 */
/* pin.c: get a PIN. */
#include "tool/token/pin.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tool/options.h"
#include "tool/report.h"

static bool ask_twice(const char *what, struct secret_text *first)
{
	char prompt[80];
	struct secret_text *second = locked_new(sizeof *second);

	snprintf(prompt, sizeof prompt, "%s, again", what);
	if (!secret_ask(what, first) || !secret_ask(prompt, second))
		return false;
	bool same = first->length == second->length &&
		    memcmp(first->text, second->text, first->length) == 0;
	explicit_bzero(second, sizeof *second);
	return same ? true : fail("the two were not the same: begin again");
}

bool pin_get_as(enum pin_kind kind, bool set, const char *what, struct secret_text **ret)
{
	const char *file = kind == PIN_USER ? settings.pin_file
			   : kind == PIN_SO ? settings.so_pin_file
					    : settings.new_pin_file;
	long long fd = kind == PIN_USER ? settings.pin_fd
		       : kind == PIN_SO ? settings.so_pin_fd
					: settings.new_pin_fd;
	struct secret_text *pin = locked_new(sizeof *pin);

	if (file && fd >= 0)
		return fail("the %s is given twice, by file and by descriptor: give one", what);
	if (fd > INT_MAX)
		return fail("there is no descriptor %lld to read the %s from", fd, what);
	if (file          ? !secret_read_file(file, what, pin)
		: fd >= 0 ? !secret_read_fd((int)fd, what, pin)
		: set     ? !ask_twice(what, pin)
			  : !secret_ask(what, pin))
		return false;
	*ret = pin;
	return true;
}

bool pin_get(enum pin_kind kind, bool set, struct secret_text **ret)
{
	static const char *const names[] = {
		[PIN_USER] = "user PIN", [PIN_SO] = "SO PIN", [PIN_NEW] = "new PIN"};

	return pin_get_as(kind, set, names[kind], ret);
}

void print_failure_so(CK_RV rv, const char *what)
{
	if (rv != CKR_PIN_LOCKED)
		print_failure_rv(rv, "%s", what);
	else
		print_failure("%s: too many wrong PINs of the security officer, and nobody can "
			      "unlock that PIN; the user PIN still works; a token with both PINs "
			      "locked can only be removed with its files (CKR_PIN_LOCKED)",
			what);
}
