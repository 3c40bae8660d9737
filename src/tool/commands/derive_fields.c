/* SPDX-License-Identifier: Apache-2.0 */
/* derive_fields.c: reads what is to be derived and builds the parameter. */
#include "tool/commands/derive_fields.h"

#include <limits.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/decimal.h"
#include "tool/report.h"
#include "tool/token/derivation.h"
#include "tool/token/names.h"

static bool read_hex(const char *option, const char *text, struct salt *ret)
{
	ret->n = strlen(text) / 2;
	if (ret->n < 8 || ret->n > SALT_MAX || !hex_decode(text, ret->p, ret->n))
		return fail("%s takes 8 to %d bytes in hexadecimal", option, SALT_MAX);
	return true;
}

/* Read the counter. A counter has 8 bytes, so the signed numbers of other options are too small. */
static bool read_counter(struct derive_fields *f)
{
	if (!decimal_read(f->counter_text, &f->counter))
		return fail("--counter takes a number from 0 to %llu, not '%s'", ULLONG_MAX,
			f->counter_text);
	return true;
}

/* Check that the role TEXT of OPTION has 1 to 32 bytes, or is not given (NULL). */
static bool check_role(const char *option, const char *text)
{
	size_t n = text ? strlen(text) : 1;

	return n >= 1 && n <= 32 ? true : fail("%s takes 1 to 32 bytes, not %zu", option, n);
}

/* Read the options of the device, message and session keys. */
static bool read_device(struct derive_fields *f)
{
	if ((f->salt_text != NULL) + f->previous + f->unsalted > 1)
		return fail("--salt, --previous and --unsalted exclude each other: give one");
	if (f->message_purpose && !f->counter_text)
		return fail("--message-purpose goes with --counter");
	if (!f->initiator_text != !f->responder_text || (f->session_purpose && !f->initiator_text))
		return fail("a session key has two nonces: give --initiator-nonce and "
			    "--responder-nonce");
	if (f->initiator_text && f->counter_text)
		return fail("--counter is for message keys, nonces are for session keys: give one "
			    "or the other");
	f->mechanism = f->counter_text     ? CKM_KEYDIV_DEVICE_MESSAGE_KEY
		       : f->initiator_text ? CKM_KEYDIV_DEVICE_SESSION_KEY
					   : CKM_KEYDIV_DEVICE_KEY;
	f->look_up_salt = !f->salt_text && !f->unsalted;
	return check_role("--purpose", f->purpose) &&
	       check_role("--message-purpose", f->message_purpose) &&
	       check_role("--session-purpose", f->session_purpose) &&
	       (!f->counter_text || read_counter(f)) &&
	       (!f->salt_text || read_hex("--salt", f->salt_text, &f->salt)) &&
	       (!f->initiator_text ||
		       (read_hex("--initiator-nonce", f->initiator_text, &f->initiator) &&
			       read_hex("--responder-nonce", f->responder_text, &f->responder)));
}

/* Read --mechanism and its fields. */
static bool read_mechanism(struct derive_fields *f)
{
	if (f->purpose || f->salt_text || f->counter_text || f->message_purpose ||
		f->initiator_text || f->responder_text || f->session_purpose || f->previous ||
		f->unsalted)
		return fail("with --mechanism, give every field by --field");
	f->serial_tag = f->serial_field ? field_tag(f->serial_field) : KEYDIV_DEVICE;
	if (f->serial_tag == 0 || !mechanism_read(f->mechanism_text, &f->mechanism))
		return false;
	for (size_t i = 0; i < f->field_texts.count; i++)
		if (!fields_add(&f->fields, f->field_texts.text[i]))
			return false;
	return true;
}

bool derive_fields_read(struct derive_fields *f)
{
	if (f->mechanism_text)
		return read_mechanism(f);
	if (f->field_texts.count || f->serial_field)
		return fail("--field and --serial-field go with --mechanism");
	return read_device(f);
}

bool derive_fields_start(struct derive_fields *f, const struct client *client)
{
	bool exist = false;

	if (!f->look_up_salt)
		return true;
	CK_RV rv = device_records_exist(client->f, client->session, &exist);
	f->use_records = exist || f->previous;
	return rv == CKR_OK ? true : fail_rv(rv, "cannot search the token");
}

bool derive_fields_salt(const struct derive_fields *f, CK_FUNCTION_LIST *list,
	CK_SESSION_HANDLE session, const struct record *serial, struct salt *ret,
	struct problem *problem)
{
	struct device_record record;

	*ret = f->salt;
	if (!f->use_records)
		return true;
	CK_RV rv = device_record_read(list, session, serial->name, serial->n, &record);
	if (rv == CKR_DATA_INVALID)
		return problem_set(problem, CKR_OK,
			"the record of '%s' is not one of keydiv's: see 'keydiv device show'",
			serial->shown);
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot read the record of '%s'", serial->shown);
	if (f->previous && record.count < 2)
		return problem_set(problem, CKR_OK,
			"'%s' has no previous key: it was never changed, or is retired",
			serial->shown);
	*ret = record.salt[f->previous ? 1 : 0];
	return true;
}

void derive_fields_free(struct derive_fields *f)
{
	fields_free(&f->fields);
}

CK_MECHANISM derive_fields_put(const struct derive_fields *f, const char *serial, size_t n,
	const struct salt *salt, KEYDIV_PARAMETER *p)
{
	if (f->mechanism_text) {
		const struct field_part part = {f->serial_tag, serial, n};
		fields_put(&f->fields, &part, serial != NULL, p);
		return keydiv_mechanism(f->mechanism, p);
	}
	device_parameter(p, serial, n, salt, f->purpose);
	if (f->counter_text)
		keydiv_put_number(p, KEYDIV_COUNTER, f->counter);
	if (f->message_purpose)
		keydiv_put(
			p, KEYDIV_MESSAGE_PURPOSE, f->message_purpose, strlen(f->message_purpose));
	if (f->initiator.n > 0) {
		keydiv_put(p, KEYDIV_INITIATOR_NONCE, f->initiator.p, f->initiator.n);
		keydiv_put(p, KEYDIV_RESPONDER_NONCE, f->responder.p, f->responder.n);
	}
	if (f->session_purpose)
		keydiv_put(
			p, KEYDIV_SESSION_PURPOSE, f->session_purpose, strlen(f->session_purpose));
	return keydiv_mechanism(f->mechanism, p);
}
