/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: tables of names. */
#include "tool/token/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/report.h"

/*
 * The mechanisms of keydiv, as they were when the tool was built, and some that only
 * other tokens have.
 */
static const struct mechanism_about mechanisms[] = {
#define MECHANISM(...) {__VA_ARGS__},
#include "mechanism_names.h"
#define OTHER(number) {number, #number, "", "", "", "", "", "", NULL},
	OTHER(CKM_AES_MAC) OTHER(CKM_AES_MAC_GENERAL) OTHER(CKM_AES_KEY_WRAP_PAD)
		OTHER(CKM_DES_KEY_GEN) OTHER(CKM_DES3_CBC_PAD) OTHER(CKM_DES3_MAC) OTHER(CKM_MD5)
			OTHER(CKM_MD5_HMAC) OTHER(CKM_RSA_PKCS) OTHER(CKM_RSA_PKCS_KEY_PAIR_GEN)};

#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

void mechanism_name(CK_MECHANISM_TYPE type, char *ret)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (mechanisms[i].type == type) {
			snprintf(ret, NAME_TEXT_MAX, "%s", mechanisms[i].name);
			return;
		}
	snprintf(ret, NAME_TEXT_MAX, "0x%08lx", type);
}

const struct mechanism_about *mechanism_about(CK_MECHANISM_TYPE type)
{
	static const struct mechanism_about unknown = {0, "", "", "", "", "", "", "", NULL};

	for (size_t i = 0; i < MECHANISMS; i++)
		if (mechanisms[i].type == type)
			return &mechanisms[i];
	return &unknown;
}

static const char *const prefixes[] = {"CKM_KEYDIV_", "CKM_"};

void name_word(const char *name, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			name += strlen(prefixes[i]);
	for (; *name && n + 1 < NAME_TEXT_MAX; name++)
		ret[n++] = *name == '_' ? '-' : (char)tolower((unsigned char)*name);
	ret[n] = '\0';
}

/* --- the fields of one mechanism --- */

static const struct mechanism_field mechanism_fields[] = {
#define MECHANISM_FIELD(...) {__VA_ARGS__},
#include "mechanism_names.h"
	{0},
};

const struct mechanism_field *mechanism_field_next(
	CK_MECHANISM_TYPE type, const struct mechanism_field *last)
{
	for (const struct mechanism_field *f = last ? last + 1 : mechanism_fields; f->name; f++)
		if (f->mechanism == type)
			return f;
	return NULL;
}

/* --- lists of allowed mechanisms --- */

/* Return true if NAME and WANTED differ at most in case and in - instead of _. */
bool name_matches(const char *name, const char *wanted)
{
	for (; *name && *wanted; name++, wanted++) {
		int a = tolower((unsigned char)*name), b = tolower((unsigned char)*wanted);
		if ((a == '-' ? '_' : a) != (b == '-' ? '_' : b))
			return false;
	}
	return *name == *wanted;
}

static bool is_mechanism(const char *name, const char *wanted)
{
	if (name_matches(name, wanted))
		return true;
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(prefixes[i]);
		if (strncmp(name, prefixes[i], n) == 0 && name_matches(name + n, wanted))
			return true;
	}
	return false;
}

bool allowed_add(struct allowed *allowed, CK_MECHANISM_TYPE type)
{
	/* A list names the standard mechanism for both forms. */
	if ((type & ~0x7FFFUL) == CKM_KEYDIV_FLAT(0))
		type &= 0x7FFFUL;
	for (CK_ULONG i = 0; i < allowed->count; i++)
		if (allowed->type[i] == type)
			return true;
	if (allowed->count == ALLOWED_MAX)
		return fail("more than %d mechanisms are allowed: shorten the list", ALLOWED_MAX);
	allowed->type[allowed->count++] = type;
	return true;
}

/*
 * Allow every mechanism of the scheme PART. *RET_DONE is false after a report of allowed_add().
 * Return false if PART is not the name of a scheme.
 */
static bool allow_scheme(struct allowed *allowed, const char *part, bool *ret_done)
{
	bool found = false;

	*ret_done = true;
	for (size_t i = 0; i < MECHANISMS; i++) {
		if (*mechanisms[i].scheme == '\0' || !name_matches(mechanisms[i].scheme, part))
			continue;
		found = true;
		*ret_done = *ret_done && allowed_add(allowed, mechanisms[i].type);
	}
	return found;
}

static bool allow_part(const char *part, void *data)
{
	struct allowed *allowed = data;
	bool done;
	char *end;

	if (allow_scheme(allowed, part, &done))
		return done;
	for (size_t i = 0; i < MECHANISMS; i++)
		if (is_mechanism(mechanisms[i].name, part))
			return allowed_add(allowed, mechanisms[i].type);
	errno = 0;
	unsigned long number = strtoul(part, &end, 16);
	if (strncmp(part, "0x", 2) == 0 && !errno && *end == '\0' && end > part + 2)
		return allowed_add(allowed, number);
	return fail("'%s' is no mechanism or scheme: 'keydiv mechanisms' lists them", part);
}

bool allowed_read(const char *text, struct allowed *ret)
{
	ret->count = 0;
	return each_part(text, allow_part, ret);
}

/* --- key types --- */

/* The key types of keydiv's own table. */
static const struct key_kind kinds[] = {
#define KEY_TYPE(...) {__VA_ARGS__},
#include "mechanism_names.h"
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct key_kind *find_kind(CK_KEY_TYPE type)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

const struct key_kind *key_kind_read(const char *name)
{
	char known[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].state)
			continue;
		if (name_matches(kinds[i].name, name))
			return &kinds[i];
		n += (size_t)snprintf(
			known + n, sizeof known - n, n > 0 ? ", %s" : "%s", kinds[i].name);
		if (n >= sizeof known)
			n = sizeof known - 1;
	}
	print_failure("'%s' is no type of key; the types are %s", name, known);
	return NULL;
}

const struct key_kind *key_kind_generated(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].generate == type)
			return &kinds[i];
	return NULL;
}

void key_type_name(CK_KEY_TYPE type, char *ret)
{
	const struct key_kind *kind = find_kind(type);

	if (kind != NULL)
		snprintf(ret, NAME_TEXT_MAX, "%s", kind->name);
	else
		snprintf(ret, NAME_TEXT_MAX, "0x%lx", type);
}

CK_ULONG key_type_bytes(CK_KEY_TYPE type)
{
	const struct key_kind *kind = find_kind(type);

	return kind != NULL ? kind->bytes : 0;
}

CK_MECHANISM_TYPE key_type_mac(CK_KEY_TYPE type)
{
	const struct key_kind *kind = find_kind(type);

	return kind != NULL ? kind->mac : CK_UNAVAILABLE_INFORMATION;
}

/* --- usages --- */

const struct usage usages[] = {
	{"derive", CKA_DERIVE},
	{"encrypt", CKA_ENCRYPT},
	{"decrypt", CKA_DECRYPT},
	{"sign", CKA_SIGN},
	{"verify", CKA_VERIFY},
	{"wrap", CKA_WRAP},
	{"unwrap", CKA_UNWRAP},
	{NULL, 0},
};

static bool usage_part(const char *part, void *data)
{
	unsigned *bits = data;

	for (unsigned i = 0; usages[i].name; i++)
		if (strcmp(usages[i].name, part) == 0) {
			*bits |= 1U << i;
			return true;
		}
	return fail("'%s' is no usage: give derive, encrypt, decrypt, sign, verify, wrap or unwrap",
		part);
}

bool usage_read(const char *text, unsigned *ret_bits)
{
	unsigned bits = 0;

	if (!each_part(text, usage_part, &bits))
		return false;
	*ret_bits = bits;
	return true;
}

unsigned usage_bit(CK_ATTRIBUTE_TYPE type)
{
	for (unsigned i = 0; usages[i].name; i++)
		if (usages[i].type == type)
			return 1U << i;
	return 0;
}

bool mechanism_read(const char *name, CK_MECHANISM_TYPE *ret)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (is_mechanism(mechanisms[i].name, name)) {
			*ret = mechanisms[i].type;
			return true;
		}
	return fail("'%s' is no mechanism: 'keydiv mechanisms' lists them", name);
}
