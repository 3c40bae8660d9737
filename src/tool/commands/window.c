/* SPDX-License-Identifier: Apache-2.0 */
/* window.c: asks the token for the replay window of one stream, or changes the window. */
#include "tool/commands/window.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/decimal.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/find.h"
#include "tool/token/locked.h"

#define REPORT_HEAD 9                       /* bytes before the bits */
#define REPORT_MAX (REPORT_HEAD + 1024 / 8) /* a window of 1024 */

struct window_options window_options = {.fields = MESSAGE_FIELDS};

static bool read_to(uint64_t *ret)
{
	const char *text = window_options.to;

	return decimal_read(text, ret)
		       ? true
		       : fail("--to takes a number from 0 to %llu, not '%s'", ULLONG_MAX, text);
}

/* Check that the counter of --to fits into the field that the counters are. */
static bool to_fits(uint64_t counter)
{
	unsigned char tag = window_options.fields.counter_tag, bytes[8];

	return field_counter(tag, counter, bytes) > 0
		       ? true
		       : fail("--to: the counter does not fit into the field %s", field_name(tag));
}

/*
 * Read the options. *RET_COUNTED is false if the counter is in another field, such as KSN. The
 * token ignores the counter except for KEYDIV_WINDOW_SKIP.
 */
static bool read_options(uint64_t *ret_counter, bool *ret_counted)
{
	struct window_options *o = &window_options;

	*ret_counter = 0;
	*ret_counted = o->to || o->fields.counter_field || !o->fields.derive.mechanism_text;
	if (o->to && !read_to(ret_counter))
		return false;
	return message_fields_read(&o->fields,
		       o->sealed ? CKM_KEYDIV_DEVICE_KEY : CKM_KEYDIV_DEVICE_MESSAGE_KEY,
		       o->sealed ? CKM_AES_GCM : CKM_AES_CMAC) &&
	       to_fits(*ret_counter);
}

/* Choose the SALT of DEVICE: that of an option, or one of those that the token keeps. */
static bool choose_salt(const struct device *device, const struct salt **ret)
{
	const struct derive_fields *f = &window_options.fields.derive;

	*ret = f->look_up_salt ? &device->record.salt[f->previous ? 1 : 0] : &f->salt;
	if (f->look_up_salt && f->previous && device->record.count < 2)
		return fail("'%s' has no previous key: it was never changed, or is retired",
			device->text);
	return true;
}

/* Insert WINDOW_REQUEST into P, the parameter of a message, in the order of the tags. */
static void put_request(KEYDIV_PARAMETER *p, unsigned char what)
{
	unsigned char field[] = {KEYDIV_WINDOW_REQUEST, 0, 2, what,
		window_options.outgoing ? KEYDIV_WINDOW_OUTGOING : KEYDIV_WINDOW_INCOMING};
	CK_ULONG at = 0;

	if (p->failed || p->length + sizeof field > KEYDIV_PARAMETER_MAX) {
		p->failed = 1;
		return;
	}
	while (at < p->length && p->bytes[at] < KEYDIV_WINDOW_REQUEST)
		at += 3 + (CK_ULONG)get_be16(p->bytes + at + 1);
	memmove(p->bytes + at + sizeof field, p->bytes + at, p->length - at);
	memcpy(p->bytes + at, field, sizeof field);
	p->length += sizeof field;
}

/* Return the number of counters below the highest, of WINDOW, that are still accepted. */
static unsigned long still_accepted(const unsigned char *report, CK_ULONG window)
{
	unsigned long long highest = get_be64(report + 1);
	unsigned long n = 0;

	for (CK_ULONG i = 0; i < window && i < highest; i++)
		n += (report[REPORT_HEAD + i / 8] >> i % 8 & 1) == 0;
	return n;
}

static void print_report(const char *serial, CK_ULONG window, const unsigned char *report)
{
	struct json_object *o = json_object_new_object();
	bool used = report[0] != 0;

	add_text(o, "serial", serial);
	add_text(o, "direction", window_options.outgoing ? "outgoing" : "incoming");
	add_flag(o, "used", used);
	if (used)
		add_number(o, "highest", get_be64(report + 1));
	if (used && !window_options.outgoing)
		add_number(o, "accepted_below", still_accepted(report, window));
	show(o);
}

/* Send the request with the parameter P under MASTER, and read the report. */
static bool ask_token(struct client *client, CK_OBJECT_HANDLE master, KEYDIV_PARAMETER *p,
	const char *serial, unsigned char report[REPORT_MAX])
{
	CK_MECHANISM mechanism = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, p);
	CK_ULONG n = REPORT_MAX;
	struct problem problem;

	CK_RV rv = client->f->C_SignInit(client->session, &mechanism, master);
	if (rv == CKR_OK)
		rv = client->f->C_Sign(client->session, (CK_BYTE_PTR) "", 0, report, &n);
	if (rv == CKR_MECHANISM_INVALID &&
		client_hides(client, CKM_KEYDIV_WITH_DERIVED_KEY, &problem))
		return problem_report(&problem, 0);
	if (rv == CKR_MECHANISM_PARAM_INVALID)
		return fail("the token refuses these fields: the mechanism needs a counter, and "
			    "the operation a MAC or tag (CKR_MECHANISM_PARAM_INVALID)");
	return rv == CKR_OK ? true : fail_rv(rv, "cannot read the window of '%s'", serial);
}

static bool agree(const char *serial, const char *question)
{
	char prompt[320];

	if (question == NULL || window_options.force)
		return true;
	snprintf(prompt, sizeof prompt, "%s of '%s'? (yes/no)", question, serial);
	return confirm(prompt) ? true
			       : fail("nothing was changed: answer yes at a terminal, or give "
				      "--force");
}

static bool request_in(struct client *client, const char *serial, unsigned char what,
	const uint64_t *counter, const char *question)
{
	unsigned char report[REPORT_MAX] = {0};
	const struct salt *salt;
	struct device device;
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE master;

	if (!find_key(client, window_options.key, &master))
		return false;
	CK_ULONG window =
		attribute_number(client->f, client->session, master, CKA_KEYDIV_WINDOW, 0);
	if (!attributes_were_read())
		return false;
	if (window == 0)
		return fail("the master keeps no windows: it was made without --window");
	if (!device_read(client, serial, &device) || !choose_salt(&device, &salt) ||
		!agree(serial, question))
		return false;
	(void)message_fields_put(
		&window_options.fields, device.serial, device.n, salt, counter, &p);
	put_request(&p, what);
	if (!ask_token(client, master, &p, serial, report))
		return false;
	print_report(serial, window, report);
	return true;
}

bool window_request(const char *serial, unsigned char what, const char *question)
{
	CLIENT client = {0};
	uint64_t counter;
	bool counted;

	bool ok = read_options(&counter, &counted) &&
		  client_login_for(&client, window_options.key, what != KEYDIV_WINDOW_SHOW) &&
		  request_in(&client, serial, what, counted ? &counter : NULL, question);
	derive_fields_free(&window_options.fields.derive);
	return ok;
}
