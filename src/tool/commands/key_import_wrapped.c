/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_import_wrapped.c: import keys from a file, each wrapped under one key of the token, with
 * AES-KWP (RFC 5649) or as a key block.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "tool/bulk/claim.h"
#include "tool/bulk/csv.h"
#include "tool/commands/key_import.h"
#include "tool/commands/key_summary.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"
#include "tool/token/new_key.h"
#include "tool/token/wrapping.h"

static CK_OBJECT_HANDLE kek;

/*
 * Read VALUE of the record called SHOWN into RET. A key block is text, and any other wrapped key is
 * in hexadecimal. The token checks the rest, and says nothing of a block that it did not wrap.
 */
static bool read_wrapped(const struct record_value *value, const char *shown, struct wrapped *ret,
	struct problem *problem)
{
	bool good = value->n <= sizeof ret->p;

	ret->n = new_key.by_header ? value->n : value->n / 2;
	if (new_key.by_header && good)
		memcpy(ret->p, value->p, ret->n);
	for (size_t i = 0; new_key.by_header && good && i < ret->n; i++)
		good = ret->p[i] >= ' ' && ret->p[i] <= '~';
	if (!new_key.by_header)
		good = value->n % 2 == 0 && ret->n <= sizeof ret->p &&
		       hex_decode(value->p, ret->p, ret->n);
	if (good)
		return true;
	return problem_set(problem, CKR_OK,
		new_key.by_header ? "the key block of '%s' has a character that is no printable "
				    "ASCII, or is too long"
				  : "the wrapped key of '%s' is not hexadecimal",
		shown);
}

/* Set PROBLEM for the key of the record called SHOWN, which C_UnwrapKey refused with RV. */
static bool unwrap_failed(CK_RV rv, const char *shown, struct problem *problem)
{
	const char *cure = NULL;

	if (new_key.by_header && rv == CKR_KEY_TYPE_INCONSISTENT)
		cure = "the token offers nothing for the usage in the header";
	if (new_key.by_header && rv == CKR_TEMPLATE_INCONSISTENT)
		cure = "the options say more than the header, or the wrapping key is not one for "
		       "such keys; see keydiv(1), Key blocks";
	return cure ? problem_set(problem, CKR_OK, "cannot unwrap the key of '%s': %s (%s)", shown,
			      cure, rv_name(rv))
		    : problem_set(problem, rv, "cannot unwrap the key of '%s'", shown);
}

static bool unwrap(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, CK_OBJECT_HANDLE *ret, struct problem *problem)
{
	CK_FUNCTION_LIST *f = client->f;
	struct wrapped wrapped;
	struct template t = {0};
	CK_MECHANISM mechanism = {
		new_key.by_header ? CKM_KEYDIV_KEY_BLOCK : CKM_AES_KEY_WRAP_KWP, NULL, 0};
	unsigned char id[NEW_ID_BYTES];

	if (!read_wrapped(&record->value[0], record->shown, &wrapped, problem))
		return false;
	if (!new_key_template(f, session, record->name, record->n, &t, id, problem))
		return false;
	CK_RV rv = f->C_UnwrapKey(
		session, &mechanism, kek, wrapped.p, wrapped.n, t.attributes, t.count, ret);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, problem))
		return false;
	if (rv != CKR_OK)
		return unwrap_failed(rv, record->shown, problem);
	return identity_is_alone(f, session, *ret, record->name, record->n, problem);
}

static bool add_line(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const struct record *record,
	CK_OBJECT_HANDLE key, struct text *out, struct problem *problem)
{
	char value[CHECK_VALUE_TEXT];

	check_value(f, session, key, value);
	CK_RV rv = attributes_result();
	if (rv != CKR_OK)
		return problem_set(
			problem, rv, "cannot read the check value of '%s'", record->shown);
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
	return true;
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
	if (!key && !unwrap(bulk->client, session, record, &key, problem))
		return false;
	return add_line(f, session, record, key, out, problem);
}

bool import_wrapped(struct client *client, struct bulk *bulk, const char *name)
{
	bulk->work = import_record;
	bulk->format.member = "label";
	bulk->format.with_value = true;
	return find_key(client, name, &kek) && bulk_run(bulk, client);
}

/* Read the only line of FILE into BLOCK. False: reported. */
static bool read_block(const char *file, struct wrapped *block)
{
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");

	if (!in)
		return fail("cannot read '%s': %s", file, strerror(errno));
	block->n = fread(block->p, 1, sizeof block->p, in);
	int error = ferror(in) ? errno : 0;
	if (in != stdin)
		fclose(in);
	if (error)
		return fail("cannot read '%s': %s", file, strerror(error));
	while (block->n > 0 && (block->p[block->n - 1] == '\r' || block->p[block->n - 1] == '\n'))
		block->n--;
	if (block->n == sizeof block->p)
		return fail("'%s' is too long: a key block has 9992 characters at most", file);
	if (block->n == 0)
		return fail("'%s' is empty: a key block is one line", file);
	if (memchr(block->p, '\n', block->n))
		return fail("'%s' has more than one line: give --key-block-csv for a list", file);
	return true;
}

bool import_key_block(struct client *client, const char *file, const char *name)
{
	struct wrapped block;
	struct record record = {
		.name = new_key.label, .shown = new_key.label, .n = strlen(new_key.label)};
	CK_OBJECT_HANDLE key;
	struct problem problem;

	if (!find_key(client, name, &kek) || !read_block(file, &block))
		return false;
	record.value[0] = (struct record_value){(const char *)block.p, block.n};
	if (!unwrap(client, client->session, &record, &key, &problem))
		return problem_report(&problem, 0);
	return attributes_show(key_summary(client, key)); /* what the header made of the key */
}
