/* SPDX-License-Identifier: Apache-2.0 */
/* key_export.c: keydiv key export: a key of the token, wrapped under another. */
#include <stdio.h>

#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/attributes.h"
#include "tool/token/find.h"
#include "tool/token/wrapping.h"

static struct wrap_request wrap = WRAP_REQUEST;

static const struct option_spec options[] = {
	WRAP_OPTIONS(wrap),
	OPTIONS_END,
};

/* Print the wrapped key, in text alone in its line, so that the output is what is passed on. */
static bool print(struct client *client, const char *name, CK_OBJECT_HANDLE key,
	const struct wrapped *wrapped)
{
	char check[CHECK_VALUE_TEXT];
	struct text text = {0};

	if (settings.json) {
		struct json_object *o = json_object_new_object();
		check_value(client->f, client->session, key, check);
		add_text(o, "key", name);
		wrapped_add(o, &wrap, wrapped);
		add_text(o, "check_value", check);
		return attributes_show(o);
	}
	wrapped_text(&wrap, wrapped, &text);
	text_add(&text, "\n", 1);
	fwrite(text.p, 1, text.n, stdout);
	text_free(&text);
	return true;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE key;
	struct wrapped wrapped;
	struct problem problem;

	(void)count;
	if (!wrap.kek_name)
		return fail("a key leaves the token wrapped: give --wrap-with");
	if (!wrap_request_read(&wrap) || !client_login_for(&client, operands[0], false) ||
		!find_key(&client, operands[0], &key) || !wrap_request_find(&wrap, &client))
		return false;
	if (!wrap_key(&client, client.session, &wrap, key, operands[0], &wrapped, &problem))
		return problem_report(&problem, 0);
	return print(&client, operands[0], key, &wrapped);
}

const struct command cmd_key_export = {
	.name = "key export",
	.arguments = "KEY",
	.summary = "Print a key wrapped under another key of the token, by AES-KWP or as a key "
		   "block",
	.sets = SET_USER,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
