/* SPDX-License-Identifier: Apache-2.0 */
/* key_generate.c: keydiv key generate: a key from the token's own random numbers. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/identity.h"
#include "tool/token/new_key.h"

static long long bits = -1;

static const struct option_spec options[] = {
	NEW_KEY_OPTIONS,
	NUMBER_OPTION("size", "BITS", &bits,
		"length of the key in bits (default: 256; des2 and des3 have but one)"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct template t = {0};
	struct problem problem;
	unsigned char id[NEW_ID_BYTES];
	CK_OBJECT_HANDLE key;

	(void)count, (void)operands;
	if (!new_key.label || !*new_key.label)
		return fail("a key needs a name: give --label");
	if (!new_key_read())
		return false;
	if (new_key.kind->generate == CK_UNAVAILABLE_INFORMATION)
		return fail("keys of type %s can be imported, not generated: use --type generic",
			new_key.kind->name);
	if (bits >= 0 && (new_key.kind->bytes || bits % 8 != 0))
		return fail("--size takes a multiple of 8 bits, and none for des2 and des3");
	if (!client_login(&client, true) || !label_is_free(&client, new_key.label))
		return false;
	if (!new_key_template(client.f, client.session, new_key.label, strlen(new_key.label), &t,
		    id, &problem))
		return problem_report(&problem, 0);
	if (!new_key.kind->bytes)
		template_number(&t, CKA_VALUE_LEN, (CK_ULONG)(bits >= 0 ? bits : 256) / 8);
	CK_MECHANISM mechanism = {new_key.kind->generate, NULL, 0};
	CK_RV rv = client.f->C_GenerateKey(client.session, &mechanism, t.attributes, t.count, &key);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID && bits >= 0)
		return fail("a key of type %s cannot have %lld bits (CKR_ATTRIBUTE_VALUE_INVALID)",
			new_key.kind->name, bits);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot generate '%s'", new_key.label);
	if (!identity_is_alone(
		    client.f, client.session, key, new_key.label, strlen(new_key.label), &problem))
		return problem_report(&problem, 0);
	return new_key_show(&client, key);
}

const struct command cmd_key_generate = {
	.name = "key generate",
	.arguments = "",
	.summary = "Generate a key in the token: a master of 256 bits to derive from, unless said "
		   "otherwise",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
