/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony.c: writes the record of a key ceremony. */
#include "tool/token/ceremony.h"

#include <stdio.h>
#include <time.h>

#include "tool/new_file.h"
#include "tool/text.h"
#include "tool/token/client.h"

/* Append "NAME: VALUE". A control character in VALUE becomes a question mark, as in all output. */
static void add_line(struct text *out, const char *name, const char *value)
{
	text_add_string(out, name);
	text_add_string(out, ": ");
	for (; *value; value++) {
		bool control = (unsigned char)*value < ' ' || *value == 0x7f;
		text_add(out, control ? "?" : value, 1);
	}
	text_add_string(out, "\n");
}

static void add_date(struct text *out)
{
	char date[32] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &utc);
	add_line(out, "date", date);
}

static void add_token(struct text *out, const CK_TOKEN_INFO *token)
{
	char label[sizeof token->label + 1], serial[sizeof token->serialNumber + 1];

	padded_text(token->label, sizeof token->label, label);
	padded_text(token->serialNumber, sizeof token->serialNumber, serial);
	add_line(out, "token", label);
	add_line(out, "serial number", serial);
}

static void add_component(struct text *out, size_t number, const struct check_values *checks)
{
	char name[48], value[80];

	snprintf(name, sizeof name, "check value of component %zu", number);
	if (*checks->cmac)
		snprintf(value, sizeof value, "%.6s (encrypted block of zeros), %.6s (CMAC)",
			checks->block, checks->cmac);
	else
		snprintf(value, sizeof value, "%.6s (SHA-1)", checks->block);
	add_line(out, name, value);
}

static void add_signatures(struct text *out, size_t count)
{
	char line[128];

	text_add_string(out, "\nSignatures:\n");
	for (size_t i = 0; i <= count; i++) {
		char who[32] = "operator";
		if (i < count)
			snprintf(who, sizeof who, "component %zu", i + 1);
		snprintf(line, sizeof line,
			"\n%-13s name ____________________ signature ____________________\n", who);
		text_add_string(out, line);
	}
}

static void add_record(struct text *out, const struct ceremony *ceremony)
{
	char text[80];

	text_add_string(out, "Import of a key from components\n\n");
	add_date(out);
	add_token(out, ceremony->token);
	add_line(out, "label", ceremony->label);
	add_line(out, "type", ceremony->type);
	snprintf(text, sizeof text, "%zu", ceremony->bits);
	add_line(out, "bits", text);
	for (size_t i = 0; i < ceremony->count; i++)
		add_component(out, i + 1, &ceremony->component[i]);
	snprintf(text, sizeof text, "%.6s (%s)", ceremony->check, ceremony->check_form);
	add_line(out, "check value of the key", text);
	add_signatures(out, ceremony->count);
}

bool ceremony_write(const char *file, const struct ceremony *ceremony)
{
	struct text text = {0};

	add_record(&text, ceremony);
	bool ok = new_file_write(file, text.p, text.n);
	text_free(&text);
	return ok;
}
