/* SPDX-License-Identifier: Apache-2.0 */
/* key_block_optional.c: see key_block_optional.h. */
#include "key_block_optional.h"

#include "key_block_text.h"

#define ID 2
#define SHORT (ID + 2)       /* characters before the data: id, length */
#define LONG (SHORT + 2 + 4) /* id, 00, count of length digits, length */

/* --- The forms of the data --- */

/* Return true if TEXT begins with the two characters CODE. */
static bool starts(struct bytes text, const char code[2])
{
	return text.n >= 2 && text.p[0] == (uint8_t)code[0] && text.p[1] == (uint8_t)code[1];
}

/* Asymmetric key life: version 01, then 00 ephemeral or 01 static (table 8). */
static bool is_key_life(struct bytes d)
{
	return d.n == 4 && starts(d, "01") && d.p[2] == '0' && (d.p[3] == '0' || d.p[3] == '1');
}

/* Base derivation key: 00 and a KSI of 5 bytes (TDES), or 01 and an id of 4 bytes (AES; table 9) */
static bool is_bdk_id(struct bytes d)
{
	return all_are(is_hex, d) &&
	       ((d.n == 12 && starts(d, "00")) || (d.n == 10 && starts(d, "01")));
}

static bool is_certificate(struct bytes d)
{
	while (d.n > 0 && d.p[d.n - 1] == '=')
		d.n--;
	return d.n > 0 && all_are(is_base64, d);
}

/* Certificates, each with format, length of 4 digits and text, until the end of D. */
static bool is_chain(struct bytes d)
{
	while (d.n > 0) {
		size_t n;
		if (d.n < 6 || (!starts(d, "00") && !starts(d, "01")) ||
			!read_number(d.p + 2, 4, 16, &n) || n > d.n - 6 ||
			!is_certificate(bytes_of(d.p + 6, n)))
			return false;
		d = bytes_of(d.p + 6 + n, d.n - 6 - n);
	}
	return true;
}

/* Public key certificate: 00 X.509, 01 EMV, or 02 a chain (tables 10 and 11). */
static bool is_certificates(struct bytes d)
{
	if (d.n <= 2)
		return false;
	struct bytes rest = bytes_of(d.p + 2, d.n - 2);
	if (starts(d, "02"))
		return is_chain(rest);
	return (starts(d, "00") || starts(d, "01")) && is_certificate(rest);
}

/* Derivations allowed: version 01, then usage, algorithm, mode, exportability (table 12). */
static bool is_derivations(struct bytes d)
{
	return d.n >= 7 && (d.n - 2) % 5 == 0 && starts(d, "01") && all_are(is_alphanumeric, d);
}

/* Hash of an HMAC: SHA-1, SHA-2, SHA-3 or SHAKE (table 13). */
static bool is_hash(struct bytes d)
{
	static const char known[][3] = {
		"10", "20", "21", "22", "23", "24", "25", "30", "31", "32", "33", "40", "41"};

	for (size_t i = 0; d.n == 2 && i < sizeof known / sizeof known[0]; i++)
		if (starts(d, known[i]))
			return true;
	return false;
}

/* Initial key of AES DUKPT: 8 bytes (table 14). */
static bool is_initial_id(struct bytes d)
{
	return d.n == 16 && all_are(is_hex, d);
}

/* Check value: 00 and at most 3 bytes (legacy), or 01 and at most 5 bytes (CMAC; table 15). */
static bool is_check_value(struct bytes d)
{
	size_t most = starts(d, "00") ? 8 : starts(d, "01") ? 12 : 0;

	return d.n >= 4 && d.n <= most && d.n % 2 == 0 && all_are(is_hex, d);
}

/* Initial KSN of TDES DUKPT: 10 bytes (table 16), or the 8 bytes that some HSMs write. */
static bool is_ksn(struct bytes d)
{
	return (d.n == 20 || d.n == 16) && all_are(is_hex, d);
}

/* Key block values: a version and a further field of two printable characters each (table 17). */
static bool is_values(struct bytes d)
{
	return d.n == 4 && all_are(is_printable, d);
}

/* Time in UTC, YYYYMMDDhhmmss[ss]Z or YYYY-MM-DDThh:mm:ss[.ss]Z (tables 21 and 22). */
static bool is_time(struct bytes d)
{
	static const char plain[] = "00000000000000", delimited[] = "0000-00-00T00:00:00.00Z";
	bool marks = d.n == 20 || d.n == 23;

	if ((!marks && d.n != 15 && d.n != 17) || d.p[d.n - 1] != 'Z')
		return false;
	for (size_t i = 0; i + 1 < d.n; i++) {
		char form = marks ? delimited[i] : plain[i % 14];
		if (form == '0' ? !is_digit(d.p[i]) : d.p[i] != (uint8_t)form)
			return false;
	}
	return true;
}

/* Wrapping pedigree: version 00 and a digit of 0 to 3 (table 23). */
static bool is_pedigree(struct bytes d)
{
	return d.n == 3 && starts(d, "00") && d.p[2] >= '0' && d.p[2] <= '3';
}

static bool is_any(struct bytes d)
{
	return all_are(is_printable, d);
}

/* The known blocks. FL (flags), LB (label) and PB (padding) are printable ASCII of any length. */
static const struct form {
	const char *id;
	bool (*check)(struct bytes data);
} forms[] = {
	{"AL", is_key_life},
	{"BI", is_bdk_id},
	{"CT", is_certificates},
	{"DA", is_derivations},
	{"FL", is_any},
	{"HM", is_hash},
	{"IK", is_initial_id},
	{"KC", is_check_value},
	{"KP", is_check_value},
	{"KS", is_ksn},
	{"KV", is_values},
	{"LB", is_any},
	{"PB", is_any},
	{"PK", is_check_value},
	{"TC", is_time},
	{"TS", is_time},
	{"WP", is_pedigree},
};

bool optional_block_check(const struct optional_block *b)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (optional_block_is(b, forms[i].id))
			return forms[i].check(b->data);
	return is_any(b->data);
}

/* --- Reading --- */

/*
 * Read a length over 255 behind the digits 00: the number of the length digits (04), or of the
 * bytes that they stand for (02), and 4 digits.
 */
static bool read_long(struct bytes text, size_t *ret_n)
{
	struct bytes count = bytes_of(text.p + SHORT, 2);

	return text.n >= LONG && (starts(count, "04") || starts(count, "02")) &&
	       read_number(text.p + SHORT + 2, 4, 16, ret_n);
}

bool optional_block_read(struct bytes text, struct optional_block *ret)
{
	size_t start = SHORT;

	if (text.n < SHORT || !is_alphanumeric(text.p[0]) || !is_alphanumeric(text.p[1]) ||
		!read_number(text.p + ID, 2, 16, &ret->n))
		return false;
	if (ret->n == 0) {
		start = LONG;
		if (!read_long(text, &ret->n))
			return false;
	}
	if (ret->n < start || ret->n > text.n)
		return false;
	ret->id = text.p;
	ret->data = bytes_of(text.p + start, ret->n - start);
	return true;
}
