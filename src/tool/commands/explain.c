/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c: prints the steps of a derivation as comments and commands of the shell. */
#include "tool/commands/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/output.h"
#include "tool/settings.h"
#include "tool/token/attributes.h"
#include "tool/token/kdf_steps.h"
#include "tool/token/names.h"

/* Return the value of the field USE for the result of REQUEST, or 0 if it has no usage. */
static unsigned char use_of(const struct result_request *request)
{
	static const struct {
		CK_ATTRIBUTE_TYPE usage;
		unsigned char use;
	} uses[] = {
		{CKA_ENCRYPT, KEYDIV_USE_CIPHER},
		{CKA_DECRYPT, KEYDIV_USE_CIPHER},
		{CKA_SIGN, KEYDIV_USE_MAC},
		{CKA_VERIFY, KEYDIV_USE_MAC},
		{CKA_WRAP, KEYDIV_USE_WRAP},
		{CKA_UNWRAP, KEYDIV_USE_WRAP},
	};
	const struct key_kind *kind = request->kind;
	unsigned char use = 0;

	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		if (request->usages & usage_bit(uses[i].usage))
			use |= uses[i].use;
	if (use && kind && kind->parity)
		use |= KEYDIV_USE_DES;
	else if (use && kind && kind->mac != CKM_AES_CMAC)
		use |= KEYDIV_USE_GENERIC;
	return use;
}

/* Return the length in bytes of the result of REQUEST. */
static size_t length_of(const struct result_request *request, size_t base_bytes)
{
	if (request->kind && request->kind->bytes)
		return request->kind->bytes;
	return request->length >= 0 ? (size_t)request->length : base_bytes;
}

/* Write the command that computes STEP to a new string, which the caller frees. */
static char *command_of(const struct kdf_step *step, size_t key_bytes, const char *context)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	fprintf(out,
		"openssl kdf -keylen %zu -kdfopt mac:CMAC -kdfopt cipher:AES-%zu-CBC -kdfopt "
		"hexkey:$%s -kdfopt salt:%s",
		step->length, 8 * key_bytes, step->key, step->label);
	if (step->context_n > 0)
		fprintf(out, " -kdfopt hexinfo:%s", context);
	fputs(" KBKDF", out);
	fclose(out);
	return text;
}

/* Describe STEP, whose key has KEY_BYTES bytes. */
static struct json_object *describe(const struct kdf_step *step, size_t key_bytes)
{
	struct json_object *o = json_object_new_object();
	char formula[256], *context = malloc(2 * step->context_n + 1);

	if (!context)
		abort();
	hex_encode(step->context, step->context_n, context);
	snprintf(formula, sizeof formula, "%s = KDF(%s, \"%s\", %s, %zu bytes)", step->result,
		step->key, step->label, *step->fields ? step->fields : "nothing", step->length);
	char *command = command_of(step, key_bytes, context);
	add_text(o, "result", step->result);
	add_text(o, "formula", formula);
	add_text(o, "context", context);
	add_text(o, "command", command);
	free(command);
	free(context);
	return o;
}

static const char *member(struct json_object *o, const char *name)
{
	return json_object_get_string(json_object_object_get(o, name));
}

static void print_step(struct json_object *o)
{
	printf("# %s\n# context: %s\n%s=$(%s | tr -d ':\\n')\n", member(o, "formula"),
		*member(o, "context") ? member(o, "context") : "nothing", member(o, "result"),
		member(o, "command"));
}

static void print(struct json_object *o, bool parity)
{
	struct json_object *steps = json_object_object_get(o, "steps");

	printf("# %s%s%s\n# KDF: SP 800-108 in counter mode with AES-CMAC\n",
		member(o, "mechanism"), json_object_object_get(o, "serial") ? " of " : "",
		json_object_object_get(o, "serial") ? member(o, "serial") : "");
	for (size_t i = 0; i < json_object_array_length(steps); i++)
		print_step(json_object_array_get_idx(steps, i));
	if (parity)
		puts("# the token then sets odd parity in each byte of KEY");
	puts("echo \"$KEY\"");
}

bool explain(struct client *client, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE type,
	const KEYDIV_PARAMETER *p, const struct result_request *request, const char *serial)
{
	static struct kdf_step steps[KDF_STEPS_MAX];
	struct kdf_request kdf = {.mechanism = type, .parameter = p};
	char name[NAME_TEXT_MAX];
	size_t count;

	if (p->failed)
		return fail("the fields are too long, or one is given twice");
	kdf.base_bytes = attribute_number(client->f, client->session, base, CKA_VALUE_LEN, 0);
	if (!attributes_were_read())
		return false;
	kdf.result_bytes = length_of(request, kdf.base_bytes);
	kdf.use = use_of(request);
	if (!kdf_steps(&kdf, steps, &count))
		return false;
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	mechanism_name(type, name);
	if (serial)
		add_text(o, "serial", serial);
	add_text(o, "mechanism", name);
	for (size_t i = 0; i < count; i++)
		json_object_array_add(
			list, describe(&steps[i], i ? steps[i - 1].length : kdf.base_bytes));
	json_object_object_add(o, "steps", list);
	if (settings.json) {
		show(o);
		return true;
	}
	print(o, request->kind && request->kind->parity);
	json_object_put(o);
	return true;
}
