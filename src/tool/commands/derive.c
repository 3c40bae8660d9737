/* SPDX-License-Identifier: Apache-2.0 */
/* derive.c: keydiv derive: the keys of one device, or of a million, from a master. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/bulk/bulk.h"
#include "tool/bulk/claim.h"
#include "tool/bulk/csv.h"
#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/derivation.h"
#include "tool/token/device_record.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"

static const char *key_name, *purpose, *salt_text, *message_purpose, *initiator_text,
	*responder_text, *session_purpose;
static const char *counter_text;
static unsigned long long counter;
static bool store, previous, unsalted;
static struct result_request request = RESULT_REQUEST;
static struct bulk bulk = {.threads = -1, .format = {.member = "serial"}};

static const struct option_spec options[] = {
	TEXT_OPTION("key", "KEY", &key_name,
		"the master, by label, id:HEX or PKCS#11 URI (default: the only one there is)"),
	TEXT_OPTION("purpose", "TEXT", &purpose, "role of the device key, as enc or mac"),
	TEXT_OPTION("salt", "HEX", &salt_text,
		"SALT to derive with, whatever the token keeps for the device"),
	FLAG_OPTION("previous", &previous,
		"derive the key from before the last 'keydiv device rotate'"),
	FLAG_OPTION("unsalted", &unsalted,
		"derive without a SALT, whatever the token keeps for the device"),
	TEXT_OPTION("counter", "NUMBER", &counter_text,
		"derive the message key of this message counter"),
	TEXT_OPTION("message-purpose", "TEXT", &message_purpose,
		"role of the message key; goes with --counter"),
	TEXT_OPTION("initiator-nonce", "HEX", &initiator_text,
		"derive the session key of both sides' nonces: the initiator's"),
	TEXT_OPTION("responder-nonce", "HEX", &responder_text, "the responder's nonce"),
	TEXT_OPTION("session-purpose", "TEXT", &session_purpose,
		"role of the session key; goes with the nonces"),
	RESULT_OPTIONS(request),
	FLAG_OPTION("store", &store,
		"keep the derived keys in the token, labelled with the serials; needs --usage"),
	BULK_OPTIONS(bulk),
	OPTIONS_END,
};

/* The values that are the same for all devices. */
static CK_OBJECT_HANDLE master;
static bool use_records;
static struct salt given_salt, initiator, responder; /* nonces have the lengths of a SALT */

/* Find the SALT of the device SERIAL. */
static bool find_salt(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const struct record *serial,
	struct salt *ret, struct problem *problem)
{
	struct device_record record;

	*ret = given_salt;
	if (!use_records)
		return true;
	CK_RV rv = device_record_read(f, session, serial->name, serial->n, &record);
	if (rv == CKR_DATA_INVALID)
		return problem_set(problem, CKR_OK,
			"the record of '%s' is not one of keydiv's: see 'keydiv device show'",
			serial->shown);
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot read the record of '%s'", serial->shown);
	if (previous && record.count < 2)
		return problem_set(problem, CKR_OK,
			"'%s' has no previous key: it was never changed, or is retired",
			serial->shown);
	*ret = record.salt[previous ? 1 : 0];
	return true;
}

static CK_MECHANISM mechanism_for(
	const char *serial, size_t n, const struct salt *salt, KEYDIV_PARAMETER *p)
{
	device_parameter(p, serial, n, salt, purpose);
	if (counter_text) {
		keydiv_put_number(p, KEYDIV_COUNTER, counter);
		if (message_purpose)
			keydiv_put(p, KEYDIV_MESSAGE_PURPOSE, message_purpose,
				strlen(message_purpose));
		return keydiv_mechanism(CKM_KEYDIV_DEVICE_MESSAGE_KEY, p);
	}
	if (initiator.n > 0) {
		keydiv_put(p, KEYDIV_INITIATOR_NONCE, initiator.p, initiator.n);
		keydiv_put(p, KEYDIV_RESPONDER_NONCE, responder.p, responder.n);
		if (session_purpose)
			keydiv_put(p, KEYDIV_SESSION_PURPOSE, session_purpose,
				strlen(session_purpose));
		return keydiv_mechanism(CKM_KEYDIV_DEVICE_SESSION_KEY, p);
	}
	return keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, p);
}

static bool derive_for_record(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, CK_OBJECT_HANDLE *ret, struct problem *problem)
{
	CK_FUNCTION_LIST *f = client->f;
	KEYDIV_PARAMETER p;
	struct template t = {0};
	struct salt salt;
	CLAIM claim = {0};
	unsigned char id[NEW_ID_BYTES];
	const char *serial = record->name;
	size_t n = record->n;

	if (store) {
		claim_take(&claim, serial, n);
		CK_RV rv = find_label(f, session, serial, n, ret);
		if (rv != CKR_OK)
			return problem_set(problem, rv, "cannot search the token");
		if (*ret && bulk.resume)
			return true;
		if (*ret)
			return problem_set(problem, CKR_OK,
				"there is a key '%s' already: delete it, or go on with --resume",
				record->shown);
		template_flag(&t, CKA_TOKEN, true);
		template_bytes(&t, CKA_LABEL, serial, n);
		if (!identity_add_id(f, session, &t, id, problem))
			return false;
	}
	if (!find_salt(f, session, record, &salt, problem))
		return false;
	result_template(&request, &t);
	CK_MECHANISM mechanism = mechanism_for(serial, n, &salt, &p);
	CK_RV rv = f->C_DeriveKey(session, &mechanism, master, t.attributes, t.count, ret);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, problem))
		return false;
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot derive the key of '%s'", record->shown);
	return !store || identity_is_alone(f, session, *ret, serial, n, problem);
}

static void add_line(struct text *out, const char *serial, const struct result *result)
{
	if (settings.json) {
		struct json_object *o = json_object_new_object();
		json_object_object_add(o, "serial", json_object_new_string(serial));
		result_add(o, &request, result);
		text_add_string(
			out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else {
		csv_add(out, serial, strlen(serial));
		text_add(out, ",", 1);
		text_add_string(out, result->check_value);
		if (request.with_mac) {
			char mac[2 * MAC_MAX + 1];
			hex_encode(result->mac, result->mac_length, mac);
			text_add(out, ",", 1);
			text_add_string(out, mac);
		}
	}
	text_add(out, "\n", 1);
}

static bool derive_one(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, struct text *out, struct problem *problem)
{
	CK_FUNCTION_LIST *f = client->f;
	CK_OBJECT_HANDLE key;
	struct result result;

	if (record->n > SERIAL_MAX)
		return problem_set(problem, CKR_OK,
			"the serial '%s' has %zu bytes: the limit is %d", record->shown, record->n,
			SERIAL_MAX);
	if (!derive_for_record(client, session, record, &key, problem))
		return false;
	bool ok = result_read(f, session, key, &request, &result, problem);
	if (!store)
		(void)f->C_DestroyObject(session, key);
	if (ok)
		add_line(out, record->shown, &result);
	return ok;
}

static bool derive_record(const struct bulk *b, CK_SESSION_HANDLE session,
	const struct record *record, struct text *out, struct problem *problem)
{
	return derive_one(b->client, session, record, out, problem);
}

static bool derive_operands(struct client *client, int count, char **serials)
{
	char name[NAME_MAX_BYTES + 1], shown[2 * NAME_MAX_BYTES + 1];
	struct record record = {0};
	struct text out = {0};
	struct problem problem;
	bool ok = true;

	for (int i = 0; ok && i < count; i++) {
		text_clear(&out);
		ok = record_name(&bulk.format, serials[i], strlen(serials[i]), name, shown, &record,
			     &problem) &&
		     derive_one(client, client->session, &record, &out, &problem);
		if (ok)
			fwrite(out.p, 1, out.n, stdout);
		else
			problem_report(&problem, 0);
	}
	text_free(&out);
	return ok;
}

static bool read_hex(const char *option, const char *text, struct salt *ret)
{
	ret->n = strlen(text) / 2;
	if (ret->n < 8 || ret->n > SALT_MAX || !hex_decode(text, ret->p, ret->n))
		return fail("%s takes 8 to %d bytes in hexadecimal", option, SALT_MAX);
	return true;
}

/* Read the counter. A counter has 8 bytes, so the signed numbers of other options are too small. */
static bool read_counter(void)
{
	char *end;

	errno = 0;
	counter = strtoull(counter_text, &end, 10);
	if (errno || *end || counter_text[0] < '0' || counter_text[0] > '9')
		return fail("--counter takes a number from 0 to %llu, not '%s'", ULLONG_MAX,
			counter_text);
	return true;
}

/* Check the options that select the derivation. */
static bool check_fields(void)
{
	if ((salt_text != NULL) + previous + unsalted > 1)
		return fail("--salt, --previous and --unsalted exclude each other: give one");
	if (message_purpose && !counter_text)
		return fail("--message-purpose goes with --counter");
	if (!initiator_text != !responder_text || (session_purpose && !initiator_text))
		return fail("a session key has two nonces: give --initiator-nonce and "
			    "--responder-nonce");
	if (initiator_text && counter_text)
		return fail("--counter is for message keys, nonces are for session keys: give one "
			    "or the other");
	return (!counter_text || read_counter()) &&
	       (!salt_text || read_hex("--salt", salt_text, &given_salt)) &&
	       (!initiator_text ||
		       (read_hex("--initiator-nonce", initiator_text, &initiator) &&
			       read_hex("--responder-nonce", responder_text, &responder)));
}

static bool check_options(int count)
{
	if ((count > 0) == (bulk.input != NULL))
		return fail("give the serials as arguments, or a file of them with --csv");
	if (store && !request.usage)
		return fail("--store needs --usage: what the stored keys are for");
	return bulk_options_fit(&bulk, true) && check_fields() && result_request_read(&request);
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};

	if (!check_options(count) || !client_login_for(&client, key_name, store) ||
		!find_key(&client, key_name, &master)) {
		result_request_free(&request);
		return false;
	}
	bool ok = true, exist = false;
	if (!salt_text && !unsalted) {
		CK_RV rv = device_records_exist(client.f, client.session, &exist);
		if (rv != CKR_OK)
			ok = fail_rv(rv, "cannot search the token");
		use_records = exist || previous;
	}
	bulk.work = derive_record;
	bulk.write = store;
	bulk.format.utf8_only = settings.json;
	ok = ok &&
	     (bulk.input ? bulk_run(&bulk, &client) : derive_operands(&client, count, operands));
	result_request_free(&request);
	return ok;
}

const struct command cmd_derive = {
	.name = "derive",
	.arguments = "[SERIAL ...]",
	.summary = "Derive the keys of devices; print serial, check value and, if wanted, a MAC; "
		   "or keep the keys",
	.sets = SET_USER,
	.options = options,
	.max_arguments = -1,
	.run = run,
};
