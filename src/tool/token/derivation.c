/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derivation.c: templates of derived keys, and what can be told of a derived key: its check value
 * and a MAC.
 */
#include "tool/token/derivation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tool/options.h"
#include "tool/report.h"

#define MESSAGE_MAX 65536

void device_parameter(KEYDIV_PARAMETER *p, const char *serial, size_t n, const struct salt *salt,
	const char *purpose)
{
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, serial, n);
	if (salt->n > 0)
		keydiv_put(p, KEYDIV_SALT, salt->p, salt->n);
	if (purpose)
		keydiv_put(p, KEYDIV_PURPOSE, purpose, strlen(purpose));
}

static bool read_message(struct result_wish *wish)
{
	char block[4096];
	size_t n;

	FILE *in = fopen(wish->mac_file, "re");
	if (!in)
		return fail("cannot read '%s': %s", wish->mac_file, strerror(errno));
	while ((n = fread(block, 1, sizeof block, in)) > 0 && wish->message.n <= MESSAGE_MAX)
		text_add(&wish->message, block, n);
	bool ok = !ferror(in);
	fclose(in);
	if (wish->message.n > MESSAGE_MAX)
		return fail("'%s' is longer than 64 KiB: a MAC here is of a short message",
			wish->mac_file);
	return ok ? true : fail("cannot read '%s'", wish->mac_file);
}

/* A row of `usages` as a bit. */
static unsigned usage_bit(CK_ATTRIBUTE_TYPE type)
{
	for (unsigned i = 0; usages[i].name; i++)
		if (usages[i].type == type)
			return 1U << i;
	return 0;
}

bool result_wish_read(struct result_wish *wish)
{
	if (wish->mac && wish->mac_file)
		return fail("--mac and --mac-file are both given: give one");
	if (wish->type && !(wish->kind = key_kind_read(wish->type)))
		return false;
	if (wish->usage && !usage_read(wish->usage, &wish->usages))
		return false;
	if (wish->allow && !allowed_read(wish->allow, &wish->allowed))
		return false;
	if (wish->mac)
		text_add_string(&wish->message, wish->mac);
	wish->with_mac = wish->mac || wish->mac_file;
	if (wish->with_mac && (wish->usages & usage_bit(CKA_DERIVE)))
		return fail("a key to derive from makes no MAC: leave out --mac or --usage derive");
	if (wish->with_mac)
		wish->usages |= usage_bit(CKA_SIGN);
	return !wish->mac_file || read_message(wish);
}

void result_wish_free(struct result_wish *wish)
{
	text_free(&wish->message);
}

void result_template(const struct result_wish *wish, struct template *t)
{
	if (wish->kind)
		template_number(t, CKA_KEY_TYPE, wish->kind->type);
	if (wish->length >= 0)
		template_number(t, CKA_VALUE_LEN, (CK_ULONG)wish->length);
	for (unsigned i = 0; usages[i].name; i++)
		if (wish->usages & (1U << i))
			template_flag(t, usages[i].type, true);
	if (wish->extractable)
		template_flag(t, CKA_EXTRACTABLE, true);
	if (wish->allowed.count)
		template_bytes(t, CKA_ALLOWED_MECHANISMS, wish->allowed.type,
			wish->allowed.count * sizeof wish->allowed.type[0]);
}

bool result_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const struct result_wish *wish, struct result *ret, struct problem *problem)
{
	check_value(f, session, key, ret->check_value);
	ret->mac_length = 0;
	if (!wish->with_mac)
		return true;
	CK_KEY_TYPE type = wish->kind ? wish->kind->type
				      : attribute_number(f, session, key, CKA_KEY_TYPE,
						CK_UNAVAILABLE_INFORMATION);
	CK_MECHANISM mechanism = {key_type_mac(type), NULL, 0};
	CK_RV rv = f->C_SignInit(session, &mechanism, key);
	if (rv == CKR_OK) {
		ret->mac_length = sizeof ret->mac;
		rv = f->C_Sign(session, (CK_BYTE_PTR)(wish->message.p ? wish->message.p : ""),
			wish->message.n, ret->mac, &ret->mac_length);
	}
	return rv == CKR_OK ? true
			    : problem_set(problem, rv, "cannot make a MAC with the derived key");
}

void result_add(struct json_object *o, const struct result_wish *wish, const struct result *result)
{
	add_text(o, "check_value", result->check_value);
	if (wish->with_mac)
		add_hex(o, "mac", result->mac, result->mac_length);
}
