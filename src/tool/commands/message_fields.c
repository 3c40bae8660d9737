/* SPDX-License-Identifier: Apache-2.0 */
/* message_fields.c: reads how a message is processed, and builds the parameter. */
#include "tool/commands/message_fields.h"

#include <string.h>

#include "base/bytes.h"
#include "tool/token/names.h"

static bool read_hex(
	const char *option, const char *text, unsigned char *ret, size_t size, size_t *ret_n)
{
	size_t n = text ? strlen(text) : 0;

	*ret_n = n / 2;
	if (n % 2 || n / 2 > size || !hex_decode(text ? text : "", ret, n / 2))
		return fail("%s takes up to %zu bytes in hexadecimal", option, size);
	return true;
}

/* Check that NUMBER of OPTION is not given, or fits in the byte of its field. */
static bool check_byte(const char *option, long long number)
{
	return number >= -1 && number <= 255 && number != 0
		       ? true
		       : fail("%s takes a number of bytes from 1 to 255", option);
}

/* The counter makes a message key if the command or a role of the key says so. */
static bool read_derivation(struct message_fields *f, CK_MECHANISM_TYPE derivation)
{
	bool message_key =
		derivation == CKM_KEYDIV_DEVICE_MESSAGE_KEY || f->derive.message_purpose != NULL;

	if (f->derive.mechanism_text == NULL && f->counter_field != NULL)
		return fail("--counter-field goes with --mechanism");
	if (f->derive.mechanism_text == NULL && message_key)
		f->derive.counter_text = "0"; /* a counter comes with each message */
	f->counter_tag = f->counter_field ? field_tag(f->counter_field) : KEYDIV_COUNTER;
	if (f->counter_tag == 0 || !derive_fields_read(&f->derive))
		return false;
	f->derivation = f->derive.mechanism;
	return true;
}

/* Read the options of an operation with the key itself, whose fields are those of --field. */
static bool read_by_key(struct message_fields *f)
{
	const struct derive_fields *derive = &f->derive;

	if (derive->purpose || derive->message_purpose || derive->salt_text || derive->previous ||
		derive->unsalted || derive->mechanism_text || derive->serial_field ||
		f->counter_field || f->type || f->key_length >= 0)
		return fail("without a serial the key itself is used and none is derived: give the "
			    "serial of the device, or leave out the options of a derivation");
	if (f->iv_text || f->aad_text)
		return fail("--iv and --aad are for the key of a device: give its serial");
	for (size_t i = 0; i < derive->field_texts.count; i++)
		if (!fields_add(&f->derive.fields, derive->field_texts.text[i]))
			return false;
	return mechanism_read(f->operation_text, &f->operation) &&
	       check_byte("--tag-length", f->tag_length);
}

bool message_fields_read(
	struct message_fields *f, CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation)
{
	const struct key_kind *kind = f->type ? key_kind_read(f->type) : NULL;

	if (f->by_key)
		return read_by_key(f);
	f->operation = operation;
	if (f->type && !kind)
		return false;
	if (kind)
		f->key_type = kind->type;
	return read_derivation(f, derivation) &&
	       (!f->operation_text || mechanism_read(f->operation_text, &f->operation)) &&
	       read_hex("--iv", f->iv_text, f->iv, sizeof f->iv, &f->iv_n) &&
	       read_hex("--aad", f->aad_text, f->aad, sizeof f->aad, &f->aad_n) &&
	       check_byte("--tag-length", f->tag_length) && check_byte("--length", f->key_length);
}

/* The fields of a parameter in ascending order of their tags. */
struct parts {
	size_t count;
	struct field_part part[16];
};

/* Add a field in its place. */
static void add(struct parts *parts, unsigned char tag, const void *p, size_t n)
{
	size_t i = parts->count++;

	for (; i > 0 && parts->part[i - 1].tag > tag; i--)
		parts->part[i] = parts->part[i - 1];
	parts->part[i] = (struct field_part){tag, p, n};
}

static void add_text(struct parts *parts, unsigned char tag, const char *text)
{
	if (text != NULL)
		add(parts, tag, text, strlen(text));
}

static CK_MECHANISM put_by_key(const struct message_fields *f, KEYDIV_PARAMETER *p)
{
	const unsigned char tag_length = (unsigned char)f->tag_length;
	const struct field_part part = {KEYDIV_TAG_LENGTH, &tag_length, 1};
	const bool with_tag = f->tag_length >= 0;

	fields_put(&f->derive.fields, &part, with_tag, p);
	if (f->derive.fields.count == 0 && !with_tag)
		return (CK_MECHANISM){f->operation, NULL, 0};
	return keydiv_mechanism(f->operation, p);
}

CK_MECHANISM message_fields_put(const struct message_fields *f, const char *serial, size_t n,
	const struct salt *salt, const uint64_t *counter, KEYDIV_PARAMETER *p)
{
	const struct derive_fields *derive = &f->derive;
	const unsigned char tag_length = (unsigned char)f->tag_length;
	const unsigned char key_length = (unsigned char)f->key_length;
	unsigned char number[8], derivation[4], operation[4], key_type[4];
	struct parts parts = {0};

	if (f->by_key)
		return put_by_key(f, p);
	put_be32(derivation, (uint32_t)f->derivation);
	put_be32(operation, (uint32_t)f->operation);
	put_be32(key_type, (uint32_t)f->key_type);
	add(&parts, derive->mechanism_text ? derive->serial_tag : KEYDIV_DEVICE, serial, n);
	if (salt->n > 0)
		add(&parts, KEYDIV_SALT, salt->p, salt->n);
	add_text(&parts, KEYDIV_PURPOSE, derive->purpose);
	add_text(&parts, KEYDIV_MESSAGE_PURPOSE, derive->message_purpose);
	if (counter != NULL)
		add(&parts, f->counter_tag, number,
			field_counter(f->counter_tag, *counter, number));
	add(&parts, KEYDIV_DERIVATION, derivation, sizeof derivation);
	add(&parts, KEYDIV_OPERATION, operation, sizeof operation);
	if (f->iv_n > 0)
		add(&parts, KEYDIV_IV, f->iv, f->iv_n);
	if (f->aad_n > 0)
		add(&parts, KEYDIV_AAD, f->aad, f->aad_n);
	if (f->tag_length >= 0)
		add(&parts, KEYDIV_TAG_LENGTH, &tag_length, 1);
	if (f->type)
		add(&parts, KEYDIV_KEY_TYPE, key_type, sizeof key_type);
	if (f->key_length >= 0)
		add(&parts, KEYDIV_KEY_LENGTH, &key_length, 1);
	fields_put(&derive->fields, parts.part, parts.count, p);
	return keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, p);
}
