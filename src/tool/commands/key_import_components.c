/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_import_components.c: a key as the XOR of components. Each component is typed without echo and
 * confirmed by its check value. The whole key is confirmed before the token stores it.
 *
 * Components and key are in locked memory only, and are wiped after use.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands/key_import.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/ceremony.h"
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
 * Read component NUMBER of IMPORT and check it. RET_CHECKS has its check values. False: reported.
 */
static bool read_component(struct client *client, const struct component_import *import,
	size_t number, struct component *ret, struct check_values *ret_checks)
{
	char what[96];
	struct check_text given;
	const char *file = import->files->count ? import->files->text[number - 1] : NULL;
	struct secret_text *text = locked_new(sizeof *text);

	snprintf(what, sizeof what, "component %zu of %zu (hexadecimal, not shown)", number,
		import->count);
	bool ok = (file ? secret_read_file(file, "the component", text) : secret_ask(what, text)) &&
		  component_read(text, number, ret, &given);
	explicit_bzero(text, sizeof *text);
	if (!ok || !component_length_fits(ret, new_key.kind, number) ||
		!check_values_of(client, ret, new_key.kind, ret_checks))
		return false;
	if (*given.digits)
		return check_matches(&given, ret_checks)
			       ? true
			       : fail("component %zu has the check value %.6s%s%.6s, not %s: the "
				      "component was not copied right",
					 number, ret_checks->block, *ret_checks->cmac ? " or " : "",
					 ret_checks->cmac, given.digits);
	return file ? true : confirm_component(number, ret_checks);
}

static bool all_zero(const struct component *c)
{
	unsigned char any = 0;

	for (size_t i = 0; i < c->n; i++)
		any |= c->p[i];
	return any == 0;
}

/* Read all components and set KEY to their XOR, and CHECKS to the check values of each. */
static bool combine(struct client *client, const struct component_import *import,
	struct component *key, struct component *component, struct check_values *checks)
{
	for (size_t i = 0; i < import->count; i++) {
		if (!read_component(client, import, i + 1, component, &checks[i]))
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
 * Set the check value of CEREMONY to the one that the token keeps. An AES master has the CMAC,
 * because its CMAC subkeys are made from the encrypted block of zeros.
 */
static void choose_check(struct ceremony *ceremony, const struct check_values *checks)
{
	bool cmac = new_key.kind->cmac_check && new_key.usages & usage_bit(CKA_DERIVE);

	ceremony->check = cmac ? checks->cmac : checks->block;
	ceremony->check_form = !*checks->cmac ? "SHA-1"
			       : cmac         ? "CMAC"
					      : "encrypted block of zeros";
}

/* Ask if the key of CEREMONY is to be stored. SHORT_MASTER: it may be half a key. */
static bool ask(const struct ceremony *ceremony, bool short_master)
{
	char question[320];

	snprintf(question, sizeof question,
		"The key '%.80s' has type %s, %zu bits%s and check value %.6s. Store it? (yes/no)",
		ceremony->label, ceremony->type, ceremony->bits,
		short_master ? " (and not the usual 256)" : "", ceremony->check);
	return confirm(question) ? true
				 : fail("the key was not confirmed, and so it was not imported");
}

/*
 * Make sure that type, bits and check value of KEY are meant. WANTED is the value of --check-value,
 * or empty. A key that people typed is always shown, because they have to confirm what is stored.
 */
static bool confirm_key(const struct component_import *import, const struct component *key,
	const struct check_values *checks, const struct check_text *wanted,
	const struct ceremony *ceremony)
{
	bool short_master = component_is_half(key, new_key.kind) && import->size < 0;
	bool given = *wanted->digits, typed = import->files->count == 0;

	if (import->size >= 0 && (size_t)import->size != ceremony->bits)
		return fail(
			"the components make a key of %zu bits, not %lld: the key was not imported",
			ceremony->bits, import->size);
	if (given && !check_matches(wanted, checks))
		return fail(
			"the key has the check value %.6s, not %s: the key was not imported; check "
			"the components",
			ceremony->check, wanted->digits);
	if (given && !short_master && !typed)
		return true;
	if (has_terminal())
		return ask(ceremony, short_master);
	if (short_master)
		return fail("the components make an AES key of 128 bits: confirm that with --size "
			    "128; the key was not imported");
	return given ? true
		     : fail("the key (type %s, %zu bits, check value %.6s) was not imported: "
			    "confirm it with --check-value",
			       ceremony->type, ceremony->bits, ceremony->check);
}

static bool create(struct client *client, const struct component *key, CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};
	struct problem problem;
	unsigned char id[NEW_ID_BYTES];

	if (!new_key_template(client->f, client->session, new_key.label, strlen(new_key.label), &t,
		    id, &problem))
		return problem_report(&problem, 0);
	template_bytes(&t, CKA_VALUE, key->p, key->n);
	CK_RV rv = client->f->C_CreateObject(client->session, t.attributes, t.count, ret);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot import '%s'", new_key.label);
	return identity_is_alone(client->f, client->session, *ret, new_key.label,
		       strlen(new_key.label), &problem)
		       ? true
		       : problem_report(&problem, 0);
}

/*
 * Store KEY. The record is written first, so that the token holds no key without a record, even if
 * this process is killed in between.
 */
static bool record_and_create(struct client *client, const char *record,
	const struct ceremony *ceremony, const struct component *key)
{
	CK_OBJECT_HANDLE object;

	if (record && !ceremony_write(record, ceremony))
		return false;
	if (create(client, key, &object))
		return new_key_show(client, object);
	if (record)
		(void)unlink(record);
	return false;
}

bool import_components(struct client *client, const struct component_import *import)
{
	struct component *key = locked_new(sizeof *key), *component = locked_new(sizeof *component);
	const char *check = import->check;
	struct check_text wanted = {""};
	struct check_values checks;
	struct ceremony ceremony = {.token = &client->token,
		.label = new_key.label,
		.type = new_key.kind->name,
		.count = import->count};

	memset(key, 0, sizeof *key);
	bool ok = (!check || check_read(check, strlen(check), "--check-value", &wanted)) &&
		  combine(client, import, key, component, ceremony.component) &&
		  check_values_of(client, key, new_key.kind, &checks);
	if (ok) {
		ceremony.bits = 8 * key->n;
		choose_check(&ceremony, &checks);
		ok = confirm_key(import, key, &checks, &wanted, &ceremony) &&
		     record_and_create(client, import->record, &ceremony, key);
	}
	explicit_bzero(key, sizeof *key);
	explicit_bzero(component, sizeof *component);
	return ok;
}
