/* SPDX-License-Identifier: Apache-2.0 */
/* message.c: one message from the options, or a list of messages, and the answers to them. */
#include "tool/commands/message.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "tool/bulk/bulk.h"
#include "tool/commands/message_fields.h"
#include "tool/decimal.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/find.h"

static const char *key_name, *counter_text, *message_text, *message_file, *mac_text, *json_lines;
static struct message_fields fields = MESSAGE_FIELDS;
static struct bulk bulk = {.threads = -1, .allow_duplicates = true, .in_order = true};

#define OPTIONS                                                                                    \
	TEXT_OPTION("key", "KEY", &key_name,                                                       \
		"the master, by label, id:HEX, uid:TEXT or PKCS#11 URI (default: the only one "    \
		"there is)"),                                                                      \
		TEXT_OPTION("counter", "NUMBER", &counter_text, "counter of the message"),         \
		TEXT_OPTION("message", "HEX", &message_text, "the message"),                       \
		TEXT_OPTION("message-file", "FILE", &message_file,                                 \
			"the message is what is in FILE (up to 64 KiB)"),                          \
		MESSAGE_FIELD_OPTIONS(fields),                                                     \
		TEXT_OPTION("csv", "FILE", &bulk.input,                                            \
			"read a list with the headings serial, counter, message (and mac) from "   \
			"FILE; - is standard input"),                                              \
		TEXT_OPTION("json-lines", "FILE", &json_lines,                                     \
			"the same as one JSON object a line, with these members"),                 \
		TEXT_OPTION("delimiter", "CHAR", &bulk.format.delimiter_text,                      \
			"character between the columns (default: comma); \\t is a tab"),           \
		FLAG_OPTION("hex", &bulk.format.hex, "the serials are in hexadecimal"),            \
		FLAG_OPTION("trim", &bulk.format.trim, "remove blanks around the fields"),         \
		TEXT_OPTION("output", "FILE", &bulk.output,                                        \
			"write to FILE instead of standard output"),                               \
		NUMBER_OPTION("threads", "NUMBER", &bulk.threads,                                  \
			"work in this many threads (default: one for each core; 64 to mark "       \
			"counters on disk)")

const struct option_spec message_options[] = {OPTIONS, OPTIONS_END};
const struct option_spec message_incoming_options[] = {
	OPTIONS,
	TEXT_OPTION("mac", "HEX", &mac_text, "MAC or tag of the message"),
	OPTIONS_END,
};

static const struct message_kind *kind;
static CK_OBJECT_HANDLE master;
static atomic_ullong verdicts[VERDICTS];

/* --- one message --- */

static bool read_counter(const struct record_value *value, uint64_t *ret, struct problem *problem)
{
	unsigned char bytes[8];

	if (!decimal_read(value->p, ret))
		return problem_set(problem, CKR_OK,
			"the counter '%.100s' is not a number from 0 to %llu", value->p,
			(unsigned long long)UINT64_MAX);
	return field_counter(fields.counter_tag, *ret, bytes) > 0
		       ? true
		       : problem_set(problem, CKR_OK,
				 "the counter '%.100s' does not fit into the field %s", value->p,
				 field_name(fields.counter_tag));
}

/* Decode the hexadecimal VALUE of NAME to RET. */
static bool decode(const struct record_value *value, const char *name, unsigned char *ret,
	size_t size, size_t *ret_n, struct problem *problem)
{
	*ret_n = value->n / 2;
	if (value->n / 2 > size)
		return problem_set(problem, CKR_OK, "the %s is longer than %zu bytes", name, size);
	return value->n % 2 == 0 && hex_decode(value->n ? value->p : "", ret, value->n / 2)
		       ? true
		       : problem_set(problem, CKR_OK, "the %s is not hexadecimal", name);
}

static bool read_message(const struct record *record, struct message *m, struct problem *problem)
{
	if (!decode(&record->value[MESSAGE], "message", m->bytes, MESSAGE_MAX, &m->n, problem) ||
		!decode(&record->value[MAC], "MAC", m->mac, sizeof m->mac, &m->mac_n, problem))
		return false;
	if (!kind->incoming || !kind->cipher)
		return true;
	memcpy(m->bytes + m->n, m->mac, m->mac_n); /* the token takes the tag behind the text */
	m->n += m->mac_n;
	return true;
}

/* Return the verdict that RV is, or -1 for a failure. */
static int verdict_of(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
		return VERDICT_OK;
	case CKR_SIGNATURE_INVALID:
	case CKR_SIGNATURE_LEN_RANGE:
	case CKR_ENCRYPTED_DATA_INVALID:
	case CKR_ENCRYPTED_DATA_LEN_RANGE:
	case CKR_AEAD_DECRYPT_FAILED:
		return kind->incoming ? VERDICT_BAD : -1;
	case CKR_KEYDIV_REPLAYED:
		return kind->incoming ? VERDICT_REPLAYED : -1;
	default:
		return -1;
	}
}

/* Process the message of RECORD. False: PROBLEM is set. */
static bool process(const struct client *client, CK_SESSION_HANDLE session,
	const struct record *record, struct message *m, enum verdict *ret, struct problem *problem)
{
	KEYDIV_PARAMETER p;
	struct salt salt;
	uint64_t counter;
	bool counted = record->value[COUNTER].p != NULL;
	char wrong[FIELDS_WRONG_MAX];

	if (counted && !read_counter(&record->value[COUNTER], &counter, problem))
		return false;
	if (!read_message(record, m, problem) ||
		!derive_fields_salt(&fields.derive, client->f, session, record, &salt, problem))
		return false;
	CK_MECHANISM mechanism = message_fields_put(
		&fields, record->name, record->n, &salt, counted ? &counter : NULL, &p);
	m->tag_length = fields.by_key            ? 0 /* such a cipher has none */
			: fields.tag_length >= 0 ? (size_t)fields.tag_length
						 : 16;
	CK_RV rv = kind->run(client->f, session, &mechanism, master, m);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, problem))
		return false;
	int verdict = verdict_of(rv);
	if (fields.by_key && rv == CKR_MECHANISM_PARAM_INVALID && fields_wrong(&mechanism, wrong))
		return problem_set(problem, CKR_OK, "cannot %s the message: %s (%s)", kind->verb,
			wrong, rv_name(rv));
	if (verdict < 0)
		return problem_set(problem, rv,
			fields.by_key ? "cannot %s the message" : "cannot %s the message of '%s'",
			kind->verb, record->shown);
	*ret = (enum verdict)verdict;
	if (verdict != VERDICT_OK)
		m->result_n = 0;
	atomic_fetch_add(&verdicts[verdict], 1);
	return true;
}

/* --- lists --- */

static const struct value_column incoming_columns[] = {
	{"counter", OPTIONAL, false},
	{"message", REQUIRED, true},
	{"mac", REQUIRED, true},
	{"verdict", FORBIDDEN, false},
	{"plaintext", FORBIDDEN, false},
	{NULL, OPTIONAL, false},
};
static const struct value_column outgoing_columns[] = {
	{"counter", OPTIONAL, false},
	{"message", REQUIRED, true},
	{NULL, OPTIONAL, false},
};
_Static_assert(
	sizeof incoming_columns / sizeof incoming_columns[0] <= RECORD_VALUES + 1, "columns");

static void add_heading(const struct bulk *b, const struct records *records, struct text *out)
{
	if (!b->format.json_lines)
		message_add_heading(kind, &b->format, &records->heading, out);
}

static bool list_record(const struct bulk *b, CK_SESSION_HANDLE session,
	const struct record *record, struct text *out, struct problem *problem)
{
	struct message m;
	enum verdict verdict;

	if (!process(b->client, session, record, &m, &verdict, problem))
		return false;
	if (kind->incoming)
		message_add_verdict(kind, &b->format, record, &m, verdict, out);
	else
		message_add(kind, &b->format, record, &m, out);
	return true;
}

/* Say how many messages are not ok. Returns true if all are. */
static bool report_verdicts(void)
{
	unsigned long long bad = verdicts[VERDICT_BAD], replayed = verdicts[VERDICT_REPLAYED];

	return bad + replayed == 0
		       ? true
		       : fail("%llu of %llu messages are refused: %llu bad, %llu replayed",
				 bad + replayed, bad + replayed + verdicts[VERDICT_OK], bad,
				 replayed);
}

/* --- one message from the options --- */

static bool read_file(const char *file, struct text *ret)
{
	unsigned char bytes[MESSAGE_MAX + 1];
	char hex[2 * MESSAGE_MAX + 1];
	FILE *in = fopen(file, "re");

	if (!in)
		return fail("cannot read '%s': %s", file, strerror(errno));
	size_t n = fread(bytes, 1, sizeof bytes, in);
	int error = ferror(in) ? errno : 0;
	fclose(in);
	if (error)
		return fail("cannot read '%s': %s", file, strerror(error));
	if (n > MESSAGE_MAX)
		return fail("'%s' is longer than %d bytes", file, MESSAGE_MAX);
	hex_encode(bytes, n, hex);
	text_add(ret, hex, 2 * n + 1);
	ret->n--;
	return true;
}

static void show_answer(const struct record *record, const struct message *m, enum verdict verdict)
{
	struct json_object *o = json_object_new_object();
	char hex[2 * (MESSAGE_MAX + MESSAGE_TAG_MAX) + 1], mac[2 * MESSAGE_TAG_MAX + 1];

	if (!fields.by_key)
		add_text(o, "serial", record->shown);
	if (kind->incoming && kind->result && verdict == VERDICT_OK)
		add_hex(o, kind->result, m->result, m->result_n);
	if (kind->incoming) {
		add_text(o, "verdict", message_verdict(verdict));
	} else {
		message_split(kind, m, hex, mac);
		add_text(o, "message", hex);
		if (!fields.by_key || !kind->cipher)
			add_text(o, "mac", mac);
	}
	show(o);
}

static struct record_value value_of(const char *text)
{
	return (struct record_value){text, text ? strlen(text) : 0};
}

/* Process the one message. SERIAL is NULL if the key itself is used. */
static bool run_one(struct client *client, const char *serial)
{
	char name[NAME_MAX_BYTES + 1], shown[2 * NAME_MAX_BYTES + 1];
	struct record record = {0};
	struct message m;
	struct problem problem;
	enum verdict verdict;

	bulk.format.utf8_only = settings.json;
	record.value[COUNTER] = value_of(counter_text);
	record.value[MESSAGE] = value_of(message_text);
	record.value[MAC] = value_of(mac_text);
	if ((serial && !record_name(&bulk.format, serial, strlen(serial), name, shown, &record,
			       &problem)) ||
		!process(client, client->session, &record, &m, &verdict, &problem))
		return problem_report(&problem, 0);
	show_answer(&record, &m, verdict);
	return verdict == VERDICT_OK;
}

/* --- the command --- */

static bool check_list(int count)
{
	if (count > 0 || counter_text || message_text || message_file || mac_text || settings.json)
		return fail("with a list, the messages come from the list: leave out the serial, "
			    "--counter, --message, --message-file, --mac and --json");
	return true;
}

/* Check whose key processes the one message: that of a device, or the key of --key itself. */
static bool check_whose(int count)
{
	fields.by_key = kind->by_key && count == 0 && fields.operation_text;
	if (!fields.by_key && count != 1)
		return fail("give the serial of the device, or a list with --csv or --json-lines");
	if (fields.by_key && (!key_name || counter_text))
		return fail("without a serial the key itself is used: give it with --key, and no "
			    "--counter");
	return true;
}

static bool check_one(int count, struct text *message)
{
	if (!check_whose(count))
		return false;
	if (!message_text == !message_file)
		return fail("give the message with --message or --message-file");
	if (kind->incoming && !mac_text)
		return fail("give the MAC of the message with --mac");
	if (!counter_text && !fields.derive.mechanism_text && !fields.by_key)
		return fail("give the counter of the message with --counter");
	if (message_file && !read_file(message_file, message))
		return false;
	if (message_file)
		message_text = message->p;
	return true;
}

static bool check_options(int count, struct text *message)
{
	if (bulk.input && json_lines)
		return fail("--csv and --json-lines are both given: give one");
	bulk.format.json_lines = json_lines != NULL;
	if (json_lines)
		bulk.input = json_lines;
	bulk.format.member = "serial";
	bulk.format.values = kind->incoming ? incoming_columns : outgoing_columns;
	bulk.heading = add_heading;
	bulk.work = list_record;
	bulk.allow_duplicates = bulk.input != NULL;
	return (bulk.input ? check_list(count) : check_one(count, message)) &&
	       bulk_options_fit(&bulk, true) &&
	       message_fields_read(&fields, kind->derivation, kind->operation);
}

/* Use many threads if each message waits for the disk. */
static bool see_window(struct client *client)
{
	CK_ULONG window =
		attribute_number(client->f, client->session, master, CKA_KEYDIV_WINDOW, 0);

	if (!attributes_were_read())
		return false;
	bulk.waits = window > 0;
	if (window == 0 && kind->incoming && !fields.by_key)
		note("this master keeps no counters, so a message that came before is not noticed");
	return true;
}

bool message_run(const struct message_kind *the_kind, int count, char **operands)
{
	CLIENT client = {0};
	struct text message = {0};

	kind = the_kind;
	bool ok = check_options(count, &message) && client_login_for(&client, key_name, false) &&
		  find_key(&client, key_name, &master) &&
		  derive_fields_start(&fields.derive, &client) && see_window(&client);
	if (ok)
		ok = bulk.input ? bulk_run(&bulk, &client) && report_verdicts()
				: run_one(&client, count ? operands[0] : NULL);
	derive_fields_free(&fields.derive);
	text_free(&message);
	return ok;
}
