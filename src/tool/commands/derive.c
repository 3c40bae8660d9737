/* SPDX-License-Identifier: Apache-2.0 */
/* derive.c: keydiv derive: the keys of one device, or of a million, from a master. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/bulk/bulk.h"
#include "tool/bulk/claim.h"
#include "tool/bulk/csv.h"
#include "tool/commands/commands.h"
#include "tool/commands/derive_fields.h"
#include "tool/commands/explain.h"
#include "tool/report.h"
#include "tool/token/derivation.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"
#include "tool/token/wrapping.h"

static const char *key_name;
static const char *allow;
static struct allowed allowed;
static bool store, explains;
static struct derive_fields fields;
static struct result_request request = RESULT_REQUEST;
static struct wrap_request wrap = WRAP_REQUEST;
static struct bulk bulk = {.threads = -1, .format = {.member = "serial"}};

static const struct option_spec options[] = {
	TEXT_OPTION("key", "KEY", &key_name,
		"the master, by label, id:HEX, uid:TEXT or PKCS#11 URI (default: the only one "
		"there is)"),
	DERIVE_FIELD_OPTIONS(fields),
	RESULT_OPTIONS(request),
	TEXT_OPTION("allow", "MECHANISMS", &allow,
		"mechanisms that the derived key may be used with (default: by the mechanism)"),
	WRAP_OPTIONS(wrap),
	EXPLAIN_OPTION(&explains),
	FLAG_OPTION("store", &store,
		"keep the derived keys in the token, labelled with the serials; needs --usage"),
	BULK_OPTIONS(bulk),
	OPTIONS_END,
};

static CK_OBJECT_HANDLE master;

/*
 * Return the length of the label of a stored key. The label is record->shown, so that a serial of
 * --hex has a label that people can read and type.
 */
static size_t label_length(const struct record *record)
{
	return bulk.format.hex ? 2 * record->n : record->n;
}

/*
 * Search the token for a key with the label of RECORD, which --resume leaves as it is. If there is
 * none, add the attributes of a token object to T: the label and a new CKA_ID, which is stored in
 * ID. False: PROBLEM is set.
 */
static bool prepare_storing(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	const struct record *record, struct template *t, unsigned char id[NEW_ID_BYTES],
	CK_OBJECT_HANDLE *ret_found, struct problem *problem)
{
	CK_RV rv = find_label(f, session, record->shown, label_length(record), ret_found);

	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot search the token");
	if (*ret_found && !bulk.resume)
		return problem_set(problem, CKR_OK,
			"there is a key '%s' already: delete it, or go on with --resume",
			record->shown);
	template_flag(t, CKA_TOKEN, true);
	template_bytes(t, CKA_LABEL, record->shown, label_length(record));
	return *ret_found || identity_add_id(f, session, t, id, problem);
}

/* Derive the key of RECORD, or of no serial if record->name is NULL. False: PROBLEM is set. */
static bool derive_for_record(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, CK_OBJECT_HANDLE *ret, struct problem *problem)
{
	CK_FUNCTION_LIST *f = client->f;
	KEYDIV_PARAMETER p;
	struct template t = {0};
	struct salt salt;
	CLAIM claim = {0};
	unsigned char id[NEW_ID_BYTES];
	char wrong[FIELDS_WRONG_MAX];

	*ret = 0;
	if (store) {
		claim_take(&claim, record->shown, label_length(record));
		if (!prepare_storing(f, session, record, &t, id, ret, problem))
			return false;
		if (*ret)
			return true;
	}
	if (!derive_fields_salt(&fields, f, session, record, &salt, problem))
		return false;
	result_template(&request, &t);
	if (allowed.count)
		template_bytes(&t, CKA_ALLOWED_MECHANISMS, allowed.type,
			allowed.count * sizeof allowed.type[0]);
	CK_MECHANISM mechanism = derive_fields_put(&fields, record->name, record->n, &salt, &p);
	CK_RV rv = f->C_DeriveKey(session, &mechanism, master, t.attributes, t.count, ret);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, problem))
		return false;
	if (rv == CKR_MECHANISM_PARAM_INVALID && fields_wrong(&mechanism, wrong))
		return problem_set(problem, CKR_OK, "cannot derive the key%s%s%s: %s (%s)",
			record->name ? " of '" : "", record->shown, record->name ? "'" : "", wrong,
			rv_name(rv));
	if (rv != CKR_OK)
		return problem_set(problem, rv,
			record->name ? "cannot derive the key of '%s'" : "cannot derive the key%s",
			record->shown);
	return !store ||
	       identity_is_alone(f, session, *ret, record->shown, label_length(record), problem);
}

/* The printed values of one derived key. */
struct output {
	struct result result;
	struct wrapped wrapped; /* with --wrap-with */
};

/* Append the members of OUTPUT to O. */
static void add_members(struct json_object *o, const struct output *output)
{
	if (wrap.kek)
		wrapped_add(o, &wrap, &output->wrapped);
	result_add(o, &request, &output->result);
}

/* Append OUTPUT to OUT as the fields of a CSV line behind the serial. */
static void add_columns(struct text *out, const struct output *output)
{
	const struct result *result = &output->result;
	struct text wrapped = {0};
	char mac[2 * MAC_MAX + 1], data[2 * DATA_MAX + 1];

	if (wrap.kek) {
		wrapped_text(&wrap, &output->wrapped, &wrapped);
		text_add(out, ",", 1);
		csv_add(out, wrapped.p, wrapped.n); /* the header of a key block can have commas */
		text_free(&wrapped);
	}
	text_add(out, ",", 1);
	if (result->is_data) {
		hex_encode(result->data, result->data_length, data);
		text_add_string(out, data);
	}
	text_add_string(out, result->check_value);
	if (request.with_mac) {
		hex_encode(result->mac, result->mac_length, mac);
		text_add(out, ",", 1);
		text_add_string(out, mac);
	}
}

static void add_line(struct text *out, const char *serial, const struct output *output)
{
	if (settings.json) {
		struct json_object *o = json_object_new_object();
		json_object_object_add(o, "serial", json_object_new_string(serial));
		add_members(o, output);
		text_add_string(
			out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else {
		csv_add(out, serial, strlen(serial));
		add_columns(out, output);
	}
	text_add(out, "\n", 1);
}

/* Check that the serial of RECORD fits into the field DEVICE, if it goes there. */
static bool serial_fits(const struct record *record, struct problem *problem)
{
	if (record->n <= SERIAL_MAX || fields.mechanism_text)
		return true;
	return problem_set(problem, CKR_OK, "the serial '%s' has %zu bytes: the limit is %d",
		record->shown, record->n, SERIAL_MAX);
}

static bool derive_one(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, struct output *ret, struct problem *problem)
{
	CK_FUNCTION_LIST *f = client->f;
	CK_OBJECT_HANDLE key;

	if (!serial_fits(record, problem) ||
		!derive_for_record(client, session, record, &key, problem))
		return false;
	bool ok = result_read(f, session, key, &request, &ret->result, problem) &&
		  (!wrap.kek || wrap_key(client, session, &wrap, key, record->shown, &ret->wrapped,
					problem));
	if (!store)
		(void)f->C_DestroyObject(session, key);
	return ok;
}

static bool derive_record(const struct bulk *b, CK_SESSION_HANDLE session,
	const struct record *record, struct text *out, struct problem *problem)
{
	struct output output;

	if (!derive_one(b->client, session, record, &output, problem))
		return false;
	add_line(out, record->shown, &output);
	return true;
}

/* Print how the key of RECORD is derived. False after a report. */
static bool explain_one(struct client *client, const struct record *record)
{
	KEYDIV_PARAMETER p;
	struct salt salt;
	struct problem problem;

	if (!serial_fits(record, &problem) ||
		!derive_fields_salt(&fields, client->f, client->session, record, &salt, &problem))
		return problem_report(&problem, 0);
	CK_MECHANISM mechanism = derive_fields_put(&fields, record->name, record->n, &salt, &p);
	return explain(client, master, mechanism.mechanism, &p, &request,
		record->name ? record->shown : NULL);
}

static bool derive_operand(struct client *client, const char *serial)
{
	char name[NAME_MAX_BYTES + 1], shown[2 * NAME_MAX_BYTES + 1];
	struct record record = {0};
	struct text out = {0};
	struct problem problem;

	bool ok = record_name(&bulk.format, serial, strlen(serial), name, shown, &record, &problem);
	if (ok && explains)
		return explain_one(client, &record);
	ok = ok && derive_record(&bulk, client->session, &record, &out, &problem);
	if (ok)
		fwrite(out.p, 1, out.n, stdout);
	text_free(&out);
	return ok ? true : problem_report(&problem, 0);
}

/* Derive the one key that --mechanism and --field describe without a serial. */
static bool derive_alone(struct client *client)
{
	static const struct record none = {.shown = ""};
	struct output output;
	struct problem problem;

	if (explains)
		return explain_one(client, &none);
	if (!derive_one(client, client->session, &none, &output, &problem))
		return problem_report(&problem, 0);
	struct json_object *o = json_object_new_object();
	add_members(o, &output);
	show(o);
	return true;
}

static bool check_options(int count)
{
	bool alone = fields.mechanism_text && count == 0 && !bulk.input;

	if (!alone && (count > 0) == (bulk.input != NULL))
		return fail("give the serials as arguments, or a file of them with --csv");
	if (store && (alone || !request.usage))
		return fail(alone ? "--store needs a serial, which becomes the label"
				  : "--store needs --usage: what the stored keys are for");
	if (explains && (store || bulk.input || wrap.kek_name))
		return fail("--explain derives nothing: leave out --store, --csv and --wrap-with");
	if (store && wrap.kek_name)
		return fail("--wrap-with is for keys that leave the token: leave out --store");
	request.leaves = wrap.kek_name != NULL;
	return bulk_options_fit(&bulk, true) && derive_fields_read(&fields) &&
	       result_request_read(&request) && wrap_request_read(&wrap) &&
	       (!allow || allowed_read(allow, &allowed));
}

static bool derive_all(struct client *client, int count, char **operands)
{
	if (!derive_fields_start(&fields, client) || !wrap_request_find(&wrap, client) ||
		(wrap.kek && !children_can_leave(client, master)))
		return false;
	if (bulk.input)
		return bulk_run(&bulk, client);
	bulk.client = client;
	bulk.format.utf8_only = settings.json;
	if (count == 0)
		return derive_alone(client);
	for (int i = 0; i < count; i++)
		if (!derive_operand(client, operands[i]))
			return false;
	return true;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};

	bulk.work = derive_record;
	bulk.write = store;
	bool ok = check_options(count) && client_login_for(&client, key_name, store) &&
		  find_key(&client, key_name, &master) && derive_all(&client, count, operands);
	result_request_free(&request);
	derive_fields_free(&fields);
	return ok;
}

const struct command cmd_derive = {
	.name = "derive",
	.arguments = "[SERIAL ...]",
	.summary = "Derive the keys of devices; print serial, check value and, if wanted, a MAC "
		   "or the wrapped key; or keep the keys",
	.sets = SET_USER,
	.options = options,
	.max_arguments = -1,
	.run = run,
};
