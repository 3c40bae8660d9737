/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_import_components.c: a key as the XOR of components. Each component is typed without echo and
 * confirmed by its check value. The whole key is confirmed before the token stores it.
 *
 * Components and key are in locked memory only, and are wiped after use.
 */
#include <stdio.h>
#include <string.h>

#include "tool/commands/key_import.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/component.h"
#include "tool/token/identity.h"
#include "tool/token/locked.h"
#include "tool/token/new_key.h"

/* Ask if CHECKS are those of component NUMBER. */
static bool confirm_component(size_t number, const struct check_values *checks)
{
	char question[160];

	if (*checks->cmac)
		snprintf(question, sizeof question,
			"The check value of component %zu is %.6s (CMAC: %.6s). Is that right? "
			"(yes/no)",
			number, checks->block, checks->cmac);
	else
		snprintf(question, sizeof question,
			"The check value of component %zu is %.6s. Is that right? (yes/no)", number,
			checks->block);
	return confirm(question) ? true
				 : fail("component %zu was not confirmed: begin again", number);
}

/*
 * Read component NUMBER of COUNT from FILE, or from the terminal if FILE is NULL, and check
 * it. False: reported.
 */
static bool read_component(
	struct client *client, size_t number, size_t count, const char *file, struct component *ret)
{
	char what[96];
	struct check_text given;
	struct check_values checks;
	struct secret_text *text = locked_new(sizeof *text);

	snprintf(what, sizeof what, "component %zu of %zu (hexadecimal, not shown)", number, count);
	bool ok = (file ? secret_read_file(file, "the component", text) : secret_ask(what, text)) &&
		  component_read(text, number, ret, &given);
	explicit_bzero(text, sizeof *text);
	if (!ok || !component_length_fits(ret, new_key.kind, number) ||
		!check_values_of(client, ret, new_key.kind, &checks))
		return false;
	if (*given.digits)
		return check_matches(&given, &checks)
			       ? true
			       : fail("component %zu has the check value %.6s%s%.6s, not %s: the "
				      "component was not copied right",
					 number, checks.block, *checks.cmac ? " or " : "",
					 checks.cmac, given.digits);
	return file ? true : confirm_component(number, &checks);
}

static bool all_zero(const struct component *c)
{
	unsigned char any = 0;

	for (size_t i = 0; i < c->n; i++)
		any |= c->p[i];
	return any == 0;
}

/* Read all components and set KEY to their XOR. */
static bool combine(struct client *client, size_t count, const struct texts *files,
	struct component *key, struct component *component)
{
	for (size_t i = 0; i < count; i++) {
		if (!read_component(
			    client, i + 1, count, files->count ? files->text[i] : NULL, component))
			return false;
		if (i == 0)
			key->n = component->n;
		if (component->n != key->n)
			return fail("component %zu has %zu bytes, and the first has %zu: all must "
				    "have the same length",
				i + 1, component->n, key->n);
		for (size_t k = 0; k < key->n; k++)
			key->p[k] ^= component->p[k];
	}
	if (all_zero(key))
		return fail("the components cancel out: is one of them given twice?");
	return true;
}

/*
 * Show type, bits and check value of KEY and make sure that they are meant. WANTED is the value of
 * --check-value, or empty. SIZE is the value of --size, or -1.
 */
static bool confirm_key(const struct component *key, const struct check_values *checks,
	const struct check_text *wanted, long long size)
{
	size_t bits = 8 * key->n;
	bool derives = new_key.usages & usage_bit(CKA_DERIVE);
	const char *value = derives && *checks->cmac ? checks->cmac : checks->block;
	bool short_master = component_is_half(key, new_key.kind) && size < 0;
	char question[320];

	if (size >= 0 && (size_t)size != bits)
		return fail(
			"the components make a key of %zu bits, not %lld: the key was not imported",
			bits, size);
	if (*wanted->digits && !check_matches(wanted, checks))
		return fail(
			"the key has the check value %.6s, not %s: the key was not imported; check "
			"the components",
			value, wanted->digits);
	if (*wanted->digits && !short_master)
		return true;
	if (!has_terminal())
		return short_master ? fail("the components make an AES key of 128 bits: confirm "
					   "that with --size 128; the key was not imported")
				    : fail("the key (type %s, %zu bits, check value %.6s) was not "
					   "imported: confirm it with --check-value",
					      new_key.kind->name, bits, value);
	snprintf(question, sizeof question,
		"The key '%.80s' has type %s, %zu bits%s and check value %.6s. Store it? (yes/no)",
		new_key.label, new_key.kind->name, bits,
		short_master ? " (and not the usual 256)" : "", value);
	return confirm(question) ? true
				 : fail("the key was not confirmed, and so it was not imported");
}

static bool create(struct client *client, const struct component *key)
{
	struct template t = {0};
	struct problem problem;
	unsigned char id[NEW_ID_BYTES];
	CK_OBJECT_HANDLE object;

	new_key_template(client->f, client->session, &t);
	template_text(&t, CKA_LABEL, new_key.label);
	template_bytes(&t, CKA_VALUE, key->p, key->n);
	if (!new_key.id_length && !identity_add_id(client->f, client->session, &t, id, &problem))
		return problem_report(&problem, 0);
	CK_RV rv = client->f->C_CreateObject(client->session, t.attributes, t.count, &object);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot import '%s'", new_key.label);
	if (!identity_is_alone(client->f, client->session, object, new_key.label,
		    strlen(new_key.label), &problem))
		return problem_report(&problem, 0);
	new_key_show(client, object);
	return true;
}

bool import_components(struct client *client, size_t count, const struct texts *files,
	const char *check, long long size)
{
	struct component *key = locked_new(sizeof *key), *component = locked_new(sizeof *component);
	struct check_text wanted = {""};
	struct check_values checks;

	memset(key, 0, sizeof *key);
	bool ok = (!check || check_read(check, strlen(check), "--check-value", &wanted)) &&
		  combine(client, files->count ? files->count : count, files, key, component) &&
		  check_values_of(client, key, new_key.kind, &checks) &&
		  confirm_key(key, &checks, &wanted, size) && create(client, key);
	explicit_bzero(key, sizeof *key);
	explicit_bzero(component, sizeof *component);
	return ok;
}
