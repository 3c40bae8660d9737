/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_plan.c: keydiv odukpt plan, which helps to choose the number of registers and of server
 * calls. Pure computation, no token.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tool/commands/commands.h"
#include "tool/commands/odukpt_plan_draw.h"
#include "tool/output.h"
#include "tool/report.h"

static long long transactions = 1000000, key_size = 16;
static const char *svg;

static const struct option_spec options[] = {
	NUMBER_OPTION("transactions", "NUMBER", &transactions,
		"transactions a client shall last for (default: 1000000)"),
	NUMBER_OPTION("key-size", "BYTES", &key_size,
		"length of the initial key: 16 (default), 24 or 32"),
	TEXT_OPTION("svg", "FILE", &svg, "draw registers over server calls into FILE"),
	OPTIONS_END,
};

static void add_row(
	struct json_object *rows, const char *name, const struct scheme *s, unsigned client_bytes)
{
	struct json_object *o = json_object_new_object();
	char text[64];

	add_text(o, "scheme", name);
	add_number(o, "registers", s->registers);
	add_number(o, "worst_calls", s->calls);
	snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)scheme_mean(s) / 1000,
		(unsigned long long)scheme_mean(s) % 1000);
	json_object_object_add(o, "mean_calls", json_object_new_double_s(strtod(text, NULL), text));
	add_number(o, "transactions", s->keys);
	add_number(o, "client_bytes", client_bytes);
	json_object_array_add(rows, o);
}

static bool run(int operand_count, char **operands)
{
	static const struct column columns[] = {
		{"scheme", "scheme", false},
		{"registers", "R", true},
		{"worst_calls", "N", true},
		{"transactions", "transactions T", true},
		{"client_bytes", "client bytes", true},
		{"mean_calls", "server calls: mean", true},
		{"worst_calls", "worst", true},
		{0},
	};
	struct scheme shapes[SHAPE_MAX], tdes, aes;

	(void)operand_count, (void)operands;
	if (transactions < 1)
		return fail("--transactions takes at least 1");
	if (key_size != 16 && key_size != 24 && key_size != 32)
		return fail("--key-size takes 16, 24 or 32");
	size_t count = plan_shapes((uint64_t)transactions, shapes);
	if (count == 0)
		return fail("no shape with R and N up to 32 gives %lld transactions below 2^63",
			transactions);
	counter_count(21, 10, &tdes);
	counter_count(32, 16, &aes);
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < count; i++)
		add_row(rows, "Optimal-DUKPT", &shapes[i],
			shapes[i].registers * (unsigned)key_size + 8);
	add_row(rows, "TDES DUKPT", &tdes, tdes.registers * 16 + 3);
	add_row(rows, "AES DUKPT", &aes, aes.registers * (unsigned)key_size + 4);
	if (svg && !plan_draw(svg, (uint64_t)transactions, shapes, count, &tdes, &aes)) {
		json_object_put(rows);
		return false;
	}
	show_table(rows, columns);
	return true;
}

const struct command cmd_odukpt_plan = {
	.name = "odukpt plan",
	.arguments = "",
	.summary = "Show the shapes of Optimal-DUKPT for a number of transactions, beside the "
		   "DUKPTs of X9.24",
	.sets = SET_JSON,
	.options = options,
	.run = run,
};
