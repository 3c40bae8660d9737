/* SPDX-License-Identifier: Apache-2.0 */
/* component.c: reads components and has the token compute their check values. */
#include "tool/token/component.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/report.h"
#include "tool/token/attributes.h"

static bool is_separator(int c)
{
	return c == ' ' || c == '\t';
}

bool check_read(const char *text, size_t n, const char *name, struct check_text *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (is_separator(c))
			continue;
		if (!isxdigit(c) || used == CHECK_DIGITS_MAX)
			return fail("%s: a check value has 4 to 10 hexadecimal digits", name);
		ret->digits[used++] = (char)toupper(c);
	}
	ret->digits[used] = '\0';
	return used >= 4 ? true : fail("%s: a check value has 4 to 10 hexadecimal digits", name);
}

bool check_matches(const struct check_text *given, const struct check_values *checks)
{
	size_t n = strlen(given->digits);

	return strncmp(given->digits, checks->block, n) == 0 ||
	       strncmp(given->digits, checks->cmac, n) == 0;
}

/* Read the hexadecimal digits of TEXT up to its end or comma. RET_END is where they end. */
static bool read_digits(
	const struct secret_text *text, size_t number, struct component *ret, size_t *ret_end)
{
	size_t digits = 0, i = 0;

	memset(ret, 0, sizeof *ret);
	for (; i < text->length && text->text[i] != ','; i++) {
		int c = text->text[i];
		if (is_separator(c))
			continue;
		if (!isxdigit(c))
			return fail("component %zu is not hexadecimal: type or copy the component "
				    "again",
				number);
		if (digits == sizeof ret->p * 2)
			return fail("component %zu has more than %d bytes, the most that a key has",
				number, COMPONENT_MAX);
		int d = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
		ret->p[digits / 2] |= (unsigned char)(digits % 2 ? d : d << 4);
		digits++;
	}
	ret->n = digits / 2;
	*ret_end = i;
	if (digits % 2)
		return fail("component %zu has an odd number of digits, %zu: type it again", number,
			digits);
	return digits > 0 ? true : fail("component %zu is empty: type it again", number);
}

bool component_read(const struct secret_text *text, size_t number, struct component *ret,
	struct check_text *ret_check)
{
	char name[32];
	size_t end = 0;

	snprintf(name, sizeof name, "component %zu", number);
	ret_check->digits[0] = '\0';
	if (!read_digits(text, number, ret, &end))
		return false;
	return end == text->length || check_read((const char *)text->text + end + 1,
					      text->length - end - 1, name, ret_check);
}

/* --- check values --- */

/* Write the lengths of KIND to RET of N bytes, as "16, 24 or 32". */
static void write_lengths(const struct key_kind *kind, char *ret, size_t n)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; kind->lengths[i] != 0 && used < n; i++) {
		const char *between = i == 0 ? "" : kind->lengths[i + 1] == 0 ? " or " : ", ";
		used += (size_t)snprintf(ret + used, n - used, "%s%d", between, kind->lengths[i]);
	}
}

bool component_length_fits(
	const struct component *component, const struct key_kind *kind, size_t number)
{
	char lengths[64];

	if (kind->lengths[0] == 0)
		return true;
	for (size_t i = 0; kind->lengths[i] != 0; i++)
		if (kind->lengths[i] == component->n)
			return true;
	write_lengths(kind, lengths, sizeof lengths);
	return fail("component %zu has %zu bytes, and a key of type %s has %s", number,
		component->n, kind->name, lengths);
}

bool component_is_half(const struct component *component, const struct key_kind *kind)
{
	size_t longest = 0;

	for (size_t i = 0; kind->lengths[i] != 0; i++)
		longest = kind->lengths[i];
	return longest != 0 && 2 * component->n == longest;
}

static void write_digits(const unsigned char *p, char ret[CHECK_DIGITS_MAX + 1])
{
	hex_encode(p, CHECK_DIGITS_MAX / 2, ret);
	for (; *ret; ret++)
		*ret = (char)toupper((unsigned char)*ret);
}

/* Encrypt a block of zeros with COMPONENT as a key of KIND, and compute its CMAC. */
static CK_RV with_cipher(struct client *client, const struct key_kind *kind,
	const struct component *component, struct check_values *ret)
{
	CK_FUNCTION_LIST *f = client->f;
	unsigned char zeros[16] = {0}, out[16];
	struct template t = {0};
	CK_MECHANISM block = {kind->ecb, NULL, 0}, cmac = {kind->mac, NULL, 0};
	CK_ULONG n = sizeof out;
	CK_OBJECT_HANDLE key;

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(&t, CKA_KEY_TYPE, kind->type);
	template_flag(&t, CKA_TOKEN, false);
	template_flag(&t, CKA_PRIVATE, true);
	template_flag(&t, CKA_SENSITIVE, true);
	template_flag(&t, CKA_EXTRACTABLE, false);
	template_flag(&t, CKA_ENCRYPT, true);
	template_flag(&t, CKA_SIGN, true);
	template_bytes(&t, CKA_VALUE, component->p, component->n);
	TRY(f->C_CreateObject(client->session, t.attributes, t.count, &key));
	CK_RV rv = f->C_EncryptInit(client->session, &block, key);
	if (rv == CKR_OK)
		rv = f->C_Encrypt(client->session, zeros, kind->block, out, &n);
	write_digits(out, ret->block);
	if (rv == CKR_OK)
		rv = f->C_SignInit(client->session, &cmac, key);
	n = sizeof out;
	if (rv == CKR_OK)
		rv = f->C_Sign(client->session, zeros, kind->block, out, &n);
	write_digits(out, ret->cmac);
	(void)f->C_DestroyObject(client->session, key);
	return rv;
}

static CK_RV with_hash(
	struct client *client, const struct component *component, struct check_values *ret)
{
	CK_MECHANISM sha_1 = {CKM_SHA_1, NULL, 0};
	unsigned char out[20];
	CK_ULONG n = sizeof out;

	TRY(client->f->C_DigestInit(client->session, &sha_1));
	TRY(client->f->C_Digest(client->session, (CK_BYTE_PTR)component->p, component->n, out, &n));
	write_digits(out, ret->block);
	ret->cmac[0] = '\0';
	return CKR_OK;
}

bool check_values_of(struct client *client, const struct component *component,
	const struct key_kind *kind, struct check_values *ret)
{
	CK_RV rv = kind->block != 0 ? with_cipher(client, kind, component, ret)
				    : with_hash(client, component, ret);
	return rv == CKR_OK ? true
			    : fail_rv(rv, "cannot compute the check value of a key of type %s",
				      kind->name);
}
