/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_import_wrapped.c: import many keys from a file, each wrapped with AES-KWP (RFC 5649) under
 * one key of the token.
 */
#include <string.h>

#include "base/bytes.h"
#include "tool/bulk/claim.h"
#include "tool/bulk/csv.h"
#include "tool/commands/key_import.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"
#include "tool/token/new_key.h"

#define WRAPPED_MAX 4104 /* the longest key the token takes, padded and with its check block */

static CK_OBJECT_HANDLE kek;

static bool unwrap(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const struct record *record,
	CK_OBJECT_HANDLE *ret, struct problem *problem)
{
	unsigned char wrapped[WRAPPED_MAX];
	struct template t = {0};
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
	unsigned char id[NEW_ID_BYTES];
	const struct record_value *value = &record->value[0];
	size_t n = value->n / 2;

	if (value->n % 2 || n > sizeof wrapped || !hex_decode(value->p, wrapped, n))
		return problem_set(problem, CKR_OK, "the wrapped key of '%s' is not hexadecimal",
			record->shown);
	new_key_template(f, session, &t);
	template_bytes(&t, CKA_LABEL, record->name, record->n);
	if (!identity_add_id(f, session, &t, id, problem))
		return false;
	CK_RV rv = f->C_UnwrapKey(session, &mechanism, kek, wrapped, n, t.attributes, t.count, ret);
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot unwrap the key of '%s'", record->shown);
	return identity_is_alone(f, session, *ret, record->name, record->n, problem);
}

static void add_line(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const struct record *record,
	CK_OBJECT_HANDLE key, struct text *out)
{
	char value[CHECK_VALUE_TEXT];

	check_value(f, session, key, value);
	if (settings.json) {
		struct json_object *o = json_object_new_object();
		json_object_object_add(o, "label", json_object_new_string(record->shown));
		add_text(o, "check_value", value);
		text_add_string(
			out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else {
		csv_add(out, record->shown, strlen(record->shown));
		text_add(out, ",", 1);
		text_add_string(out, value);
	}
	text_add(out, "\n", 1);
}

static bool import_record(const struct bulk *bulk, CK_SESSION_HANDLE session,
	const struct record *record, struct text *out, struct problem *problem)
{
	CK_FUNCTION_LIST *f = bulk->client->f;
	CK_OBJECT_HANDLE key;
	CLAIM claim = {0};

	claim_take(&claim, record->name, record->n);
	CK_RV rv = find_label(f, session, record->name, record->n, &key);
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot search the token");
	if (key && !bulk->resume)
		return problem_set(problem, CKR_OK,
			"there is a key '%s' already: delete it, or go on with --resume",
			record->shown);
	if (!key && !unwrap(f, session, record, &key, problem))
		return false;
	add_line(f, session, record, key, out);
	return true;
}

bool import_wrapped(struct client *client, struct bulk *bulk, const char *name)
{
	bulk->work = import_record;
	bulk->format.member = "label";
	bulk->format.with_value = true;
	return find_key(client, name, &kek) && bulk_run(bulk, client);
}
