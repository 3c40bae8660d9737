/* SPDX-License-Identifier: Apache-2.0 */
/* message_lines.c: writes answers to messages as CSV and as JSON lines. */
#include "tool/commands/message_lines.h"

#include <json-c/json.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/bulk/csv.h"

const char *message_verdict(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {"ok", "bad", "replayed"};

	return names[verdict];
}

void message_split(
	const struct message_kind *kind, const struct message *m, char *ret_message, char *ret_mac)
{
	size_t tag = m->tag_length < m->result_n ? m->tag_length : m->result_n;

	if (!kind->cipher) {
		hex_encode(m->bytes, m->n, ret_message);
		hex_encode(m->result, m->result_n, ret_mac);
		return;
	}
	hex_encode(m->result, m->result_n - tag, ret_message);
	hex_encode(m->result + m->result_n - tag, tag, ret_mac);
}

/* --- CSV --- */

static void add_field(const struct record_format *format, struct text *out, const char *text)
{
	text_add(out, &format->delimiter, 1);
	text_add_string(out, text);
}

void message_add_heading(const struct message_kind *kind, const struct record_format *format,
	const struct text *heading, struct text *out)
{
	if (kind->incoming) {
		text_add(out, heading->p, heading->n);
		if (kind->result)
			add_field(format, out, kind->result);
		add_field(format, out, "verdict");
	} else {
		text_add_string(out, "serial");
		add_field(format, out, "counter");
		add_field(format, out, "message");
		add_field(format, out, "mac");
	}
	text_add(out, "\n", 1);
}

/* --- JSON --- */

static void add_member(struct text *out, const char *name, const char *text)
{
	text_add_string(out, ",\"");
	text_add_string(out, name);
	text_add_string(out, "\":\"");
	text_add_string(out, text);
	text_add_string(out, "\"");
}

/* Append the members that a line begins with. */
static void begin_object(const struct record *record, struct text *out)
{
	struct json_object *serial = json_object_new_string(record->shown);
	const struct record_value *counter = &record->value[COUNTER];

	text_add_string(out, "{\"serial\":");
	text_add_string(
		out, json_object_to_json_string_ext(serial, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(serial);
	if (counter->p) {
		text_add_string(out, ",\"counter\":");
		text_add(out, counter->p, counter->n);
	}
}

/* Return the length of the JSON object TEXT without the brace that ends it. */
static size_t without_brace(const char *text, size_t n)
{
	while (n > 0 && text[n - 1] != '}')
		n--;
	return n > 0 ? n - 1 : 0;
}

/* --- both --- */

void message_add_verdict(const struct message_kind *kind, const struct record_format *format,
	const struct record *record, const struct message *m, enum verdict verdict,
	struct text *out)
{
	char result[2 * (MESSAGE_MAX + MESSAGE_TAG_MAX) + 1] = "";

	if (kind->result && verdict == VERDICT_OK)
		hex_encode(m->result, m->result_n, result);
	if (format->json_lines) {
		text_add(out, record->text, without_brace(record->text, record->text_n));
		if (kind->result && verdict == VERDICT_OK)
			add_member(out, kind->result, result);
		add_member(out, "verdict", message_verdict(verdict));
		text_add_string(out, "}\n");
		return;
	}
	text_add(out, record->text, record->text_n);
	if (kind->result)
		add_field(format, out, result);
	add_field(format, out, message_verdict(verdict));
	text_add(out, "\n", 1);
}

void message_add(const struct message_kind *kind, const struct record_format *format,
	const struct record *record, const struct message *m, struct text *out)
{
	char message[2 * (MESSAGE_MAX + MESSAGE_TAG_MAX) + 1], mac[2 * MESSAGE_TAG_MAX + 1];

	message_split(kind, m, message, mac);
	if (format->json_lines) {
		begin_object(record, out);
		add_member(out, "message", message);
		add_member(out, "mac", mac);
		text_add_string(out, "}\n");
		return;
	}
	csv_add(out, record->shown, strlen(record->shown));
	add_field(format, out, record->value[COUNTER].p ? record->value[COUNTER].p : "");
	add_field(format, out, message);
	add_field(format, out, mac);
	text_add(out, "\n", 1);
}
