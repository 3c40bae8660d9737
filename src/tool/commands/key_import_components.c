/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_import_components.c: import a key as the XOR of components, each typed without echo and
 * confirmed by its check value.
 *
 * Components and key are in locked memory only, and wiped after use. The token computes the check
 * values, for which each component is a session key for a moment.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "tool/commands/key_import.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/locked.h"
#include "tool/token/new_key.h"

#define VALUE_MAX 64

struct value {
	size_t n;
	unsigned char p[VALUE_MAX];
};

static int digit(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Read "HEX" or "HEX,CHECKVALUE". Blanks between digits are ignored. */
static bool parse(const struct secret_text *text, size_t number, struct value *ret,
	char ret_check[CHECK_VALUE_TEXT])
{
	size_t digits = 0, i = 0;

	memset(ret, 0, sizeof *ret);
	for (; i < text->length && text->text[i] != ','; i++) {
		if (text->text[i] == ' ' || text->text[i] == '\t')
			continue;
		int d = digit(text->text[i]);
		if (d < 0 || digits == sizeof ret->p * 2)
			return fail(
				"component %zu is no key in hexadecimal: type it again", number);
		ret->p[digits / 2] |= (unsigned char)(digits % 2 ? d : d << 4);
		digits++;
	}
	ret->n = digits / 2;
	if (digits % 2 || ret->n == 0)
		return fail("component %zu has an odd number of digits, or none: type it again",
			number);
	size_t left = text->length - i;
	if (left > 0 && left != 7)
		return fail(
			"component %zu: the check value behind the comma has 6 hexadecimal digits",
			number);
	snprintf(ret_check, CHECK_VALUE_TEXT, "%.*s", left > 0 ? 6 : 0,
		(const char *)text->text + i + 1);
	return true;
}

/* Set odd parity for keys of DES. Components need no parity. */
static void set_parity(struct value *v)
{
	if (!new_key.kind->parity)
		return;
	for (size_t i = 0; i < v->n; i++) {
		unsigned char b = v->p[i] & 0xfe;
		v->p[i] = b | !__builtin_parity(b);
	}
}

/* Compute the check value of a component as a key of the requested type. */
static bool component_check(struct client *client, const struct value *component, size_t number,
	char ret[CHECK_VALUE_TEXT])
{
	struct template t = {0};
	CK_OBJECT_HANDLE key;
	struct value *v = locked_new(sizeof *v);

	*v = *component;
	set_parity(v);
	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(&t, CKA_KEY_TYPE, new_key.kind->type);
	template_flag(&t, CKA_TOKEN, false);
	template_flag(&t, CKA_PRIVATE, true);
	template_flag(&t, CKA_SENSITIVE, true);
	template_flag(&t, CKA_EXTRACTABLE, false);
	template_bytes(&t, CKA_VALUE, v->p, v->n);
	CK_RV rv = client->f->C_CreateObject(client->session, t.attributes, t.count, &key);
	explicit_bzero(v, sizeof *v);
	if (rv != CKR_OK)
		return fail_rv(
			rv, "component %zu cannot be a key of type %s", number, new_key.kind->name);
	check_value(client->f, client->session, key, ret);
	(void)client->f->C_DestroyObject(client->session, key);
	return true;
}

/*
 * Read component NUMBER from FILE, or from the keyboard if FILE is NULL, and confirm that it is
 * the right one.
 */
static bool read_component(
	struct client *client, size_t number, size_t count, const char *file, struct value *ret)
{
	char what[96], wanted[CHECK_VALUE_TEXT], check[CHECK_VALUE_TEXT], question[120];
	struct secret_text *text = locked_new(sizeof *text);

	snprintf(what, sizeof what, "component %zu of %zu (hexadecimal, not shown)", number, count);
	bool ok = (file ? secret_read_file(file, "the component", text) : secret_ask(what, text)) &&
		  parse(text, number, ret, wanted);
	explicit_bzero(text, sizeof *text);
	if (!ok || !component_check(client, ret, number, check))
		return false;
	if (*wanted)
		return strcasecmp(wanted, check) == 0 ? true
						      : fail("component %zu has the check value "
							     "%s, not %s: it was not copied right",
								number, check, wanted);
	if (file)
		return true;
	snprintf(question, sizeof question,
		"The check value of component %zu is %s. Is that right? (yes/no)", number, check);
	return confirm(question) ? true
				 : fail("component %zu was not confirmed: begin again", number);
}

static bool all_zero(const struct value *v)
{
	unsigned char any = 0;

	for (size_t i = 0; i < v->n; i++)
		any |= v->p[i];
	return any == 0;
}

/* Combine all components in KEY by XOR. */
static bool combine(struct client *client, size_t count, const struct texts *files,
	struct value *key, struct value *component)
{
	for (size_t i = 0; i < count; i++) {
		if (!read_component(
			    client, i + 1, count, files->count ? files->text[i] : NULL, component))
			return false;
		if (i == 0)
			key->n = component->n;
		if (component->n != key->n)
			return fail("component %zu is %zu bytes long, the first %zu: they must be "
				    "equal",
				i + 1, component->n, key->n);
		for (size_t k = 0; k < key->n; k++)
			key->p[k] ^= component->p[k];
	}
	if (all_zero(key))
		return fail("the components cancel out: is one of them given twice?");
	return true;
}

static bool create(struct client *client, struct value *key, const char *check)
{
	struct template t = {0};
	CK_OBJECT_HANDLE object;
	char value[CHECK_VALUE_TEXT];

	set_parity(key);
	new_key_template(&t);
	template_text(&t, CKA_LABEL, new_key.label);
	template_bytes(&t, CKA_VALUE, key->p, key->n);
	CK_RV rv = client->f->C_CreateObject(client->session, t.attributes, t.count, &object);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot import '%s'", new_key.label);
	check_value(client->f, client->session, object, value);
	if (check && strcasecmp(check, value) != 0) {
		(void)client->f->C_DestroyObject(client->session, object);
		return fail("the key has the check value %s, not %s: it was not imported; look at "
			    "the components",
			value, check);
	}
	new_key_show(client, object);
	return true;
}

bool import_components(
	struct client *client, size_t count, const struct texts *files, const char *check)
{
	struct value *key = locked_new(sizeof *key), *component = locked_new(sizeof *component);

	memset(key, 0, sizeof *key);
	bool ok = combine(client, files->count ? files->count : count, files, key, component) &&
		  create(client, key, check);
	explicit_bzero(key, sizeof *key);
	explicit_bzero(component, sizeof *component);
	return ok;
}
