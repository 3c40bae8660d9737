/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_block_optional.c: the forms of headers and optional blocks, from ANSI X9.143:2021
 * section 6. Each text ends where a page ends, and the page behind it cannot be read.
 */
#include "key_block_header.h"
#include "key_block_optional.h"
#include "unit.h"

#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096

static uint8_t *page_end;

static void set_up(void)
{
	uint8_t *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
	page_end = pages + PAGE;
}

static void tear_down(void)
{
	munmap(page_end - PAGE, 2 * PAGE);
}

static struct bytes at_end(const char *text, size_t n)
{
	memcpy(page_end - n, text, n);
	return bytes_of(page_end - n, n);
}

/* Return true if the N characters at DATA have the form of the optional block ID. */
static bool has_form(const char *id, const char *data, size_t n)
{
	struct optional_block b = {(const uint8_t *)id, at_end(data, n), 4 + n};

	return optional_block_check(&b);
}

/*
 * Data of a right form. FORM says which characters each place may have: d a digit, h a hexadecimal
 * digit in capitals, n a letter or digit, b one of base 64, p any printable one, 1 one of 0 and 1,
 * 2 one of 0 to 2, 3 one of 0 to 3, = the character itself. x is not tried.
 */
static const struct form_case {
	const char *id, *data, *form;
} forms[] = {
	{"AL", "0100",
		"=="
		"=1"},
	{"BI", "000123456789", "==hhhhhhhhhh"},
	{"BI", "0101234567", "==hhhhhhhh"},
	{"CT", "00QUJD", "=1bbbb"},
	{"CT", "02000004QUJD010002QU", "=2=1===xbbbb=1====bb"},
	{"DA", "01P0TENB0AXE", "==nnnnnnnnnn"},
	{"FL", "any text", "pppppppp"},
	{"IK", "0123456789ABCDEF", "hhhhhhhhhhhhhhhh"},
	{"KC", "00ABCDEF", "=1hhhhhh"},
	{"KP", "010123456789", "==hhhhhhhhhh"},
	{"KS", "00604B120F9292800000", "hhhhhhhhhhhhhhhhhhhh"},
	{"KS", "00604B120F929280", "hhhhhhhhhhhhhhhh"},
	{"KV", "0000", "pppp"},
	{"LB", "a label", "ppppppp"},
	{"PB", "0000", "pppp"},
	{"PK", "01ABCD", "=1hhhh"},
	{"TC", "20200818221218Z", "dddddddddddddd="},
	{"TC", "2020081822121899Z", "dddddddddddddddd="},
	{"TS", "2018-06-18T20:42:39Z", "dddd=dd=dd=dd=dd=dd="},
	{"TS", "2018-06-18T20:42:39.22Z", "dddd=dd=dd=dd=dd=dd=dd="},
	{"WP", "000", "==3"},
	{"ZZ", "unknown!", "pppppppp"},
};

static bool may_have(char form, char c, char own)
{
	bool digit = c >= '0' && c <= '9', capital = c >= 'A' && c <= 'Z',
	     letter = capital || (c >= 'a' && c <= 'z');

	switch (form) {
	case 'd':
		return digit;
	case 'h':
		return digit || (capital && c <= 'F');
	case 'n':
		return digit || letter;
	case 'b':
		return digit || letter || c == '+' || c == '/';
	case 'p':
		return c >= ' ' && c <= '~';
	case '1':
		return c == '0' || c == '1';
	case '2': /* the same text is a certificate of another format then */
		return c >= '0' && c <= '2';
	case '3':
		return c >= '0' && c <= '3';
	default:
		return c == own;
	}
}

/* Each place of each form, with each of the 256 characters. */
START_TEST(each_character_of_a_form)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const struct form_case *c = &forms[i];
		size_t n = strlen(c->data);
		char text[64];
		memcpy(text, c->data, n);
		ck_assert_uint_eq(strlen(c->form), n);
		for (size_t at = 0; at < n; at++) {
			for (int other = 0; other < 256; other++) {
				text[at] = (char)other;
				/* padding of base 64 is at the end of a certificate */
				if (c->form[at] == 'x' || (c->form[at] == 'b' && other == '='))
					continue;
				ck_assert_msg(
					has_form(c->id, text, n) ==
						may_have(c->form[at], (char)other, c->data[at]),
					"%s %s: %02x at %zu", c->id, c->data, (unsigned)other, at);
			}
			text[at] = c->data[at];
		}
	}
}
END_TEST

/* The lengths of the data, by id. START is what the data begins with; zeroes follow. */
START_TEST(each_length_of_a_form)
{
	static const struct {
		const char *id, *start;
		size_t lengths[8]; /* ended by 0 */
	} cases[] = {
		{"AL", "01", {4}},
		{"BI", "00", {12}},
		{"BI", "01", {10}},
		{"HM", "10", {2}},
		{"IK", "", {16}},
		{"KC", "00", {4, 6, 8}},
		{"KC", "01", {4, 6, 8, 10, 12}},
		{"KP", "00", {4, 6, 8}},
		{"KS", "", {16, 20}},
		{"KV", "", {4}},
		{"PK", "01", {4, 6, 8, 10, 12}},
		{"WP", "00", {3}},
		{"DA", "01", {7, 12, 17, 22, 27, 32, 37}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t n = 0; n <= 40; n++) {
			char text[41];
			bool right = false;
			memset(text, '0', sizeof text);
			memcpy(text, cases[i].start, strlen(cases[i].start));
			for (size_t k = 0; cases[i].lengths[k] != 0; k++)
				right = right || cases[i].lengths[k] == n;
			ck_assert_msg(
				has_form(cases[i].id, text, n) == right, "%s: %zu", cases[i].id, n);
		}
}
END_TEST

/* A time has digits alone or marks between them, hundredths or none, and Z at its end. */
START_TEST(times)
{
	static const char *const texts[] = {
		"111111111111111111111111111111", "2018-06-18T20:42:39.220000000"};
	static const size_t lengths[][2] = {{15, 17}, {20, 23}};

	for (size_t form = 0; form < 2; form++)
		for (size_t n = 1; n < 30; n++) {
			char text[32];
			snprintf(text, sizeof text, "%s", texts[form]);
			text[n - 1] = 'Z';
			ck_assert_msg(has_form("TS", text, n) ==
					      (n == lengths[form][0] || n == lengths[form][1]),
				"%.*s", (int)n, text);
		}
	ck_assert(!has_form("TC", "", 0));
}
END_TEST

/* Every hash that X9.143 has a number for, and no other two characters. */
START_TEST(each_hash)
{
	static const char known[] = "10 20 21 22 23 24 25 30 31 32 33 40 41";
	char text[3] = "";

	for (int a = ' '; a <= '~'; a++)
		for (int b = ' '; b <= '~'; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			bool right = a != ' ' && b != ' ' && strstr(known, text) != NULL;
			ck_assert_msg(has_form("HM", text, 2) == right, "%s", text);
		}
}
END_TEST

START_TEST(certificates)
{
	static const struct {
		const char *data;
		bool right;
	} cases[] = {
		{"00QQ==", true},
		{"01Q", true},
		{"00Q=Q", false},
		{"00=QQ", false},
		{"00=", false},
		{"00", false},
		{"0", false},
		{"", false},
		{"02000001Q", true},
		{"02000001Q010002Q=", true},
		{"02000001Q020002Q=", false},
		{"02000001Q01000", false},
		{"02000001Q010002Q", false},
		{"02000001Q010000", false},
		{"020000000", false},
		{"02000002Q", false},
		{"02000003QQ", false},
		{"020000", false},
		{"0200000", false},
		{"02000", false},
		{"0200", false},
		{"02000001=", false},
		{"0200000gQ", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(
			has_form("CT", cases[i].data, strlen(cases[i].data)) == cases[i].right,
			"%s", cases[i].data);
}
END_TEST

/* Every length of an optional block in its short and its long form, in a text of every length. */
START_TEST(extents)
{
	for (size_t said = 0; said <= 40; said++)
		for (size_t n = 0; n <= 40; n++)
			for (int form = 0; form < 3; form++) {
				static const char *const counts[] = {"", "04", "02"};
				char text[64];
				struct optional_block b;
				size_t start = form == 0 ? 4 : 10;
				memset(text, '7', sizeof text);
				if (form == 0)
					snprintf(text, sizeof text, "LB%02zX", said);
				else
					snprintf(text, sizeof text, "LB00%s%04zX", counts[form],
						said);
				text[start] = '7';
				bool right = said >= start && said <= n;
				bool found = optional_block_read(at_end(text, n), &b);
				ck_assert_msg(found == right, "%.10s of %zu", text, n);
				if (found) {
					ck_assert_uint_eq(b.n, said);
					ck_assert_uint_eq(b.data.n, said - start);
					ck_assert(b.data.p == b.id + start);
				}
			}
}
END_TEST

/* An id is two letters or digits. */
START_TEST(ids)
{
	for (size_t at = 0; at < 2; at++)
		for (int other = 0; other < 256; other++) {
			struct optional_block b;
			char text[] = "LB05x";
			text[at] = (char)other;
			ck_assert_msg(optional_block_read(at_end(text, 5), &b) ==
					      may_have('n', (char)other, 0),
				"%02x at %zu", (unsigned)other, at);
		}
}
END_TEST

/* A header that breaks off is refused without a look at what is behind it. */
START_TEST(headers_that_break_off)
{
	static const char *const headers[] = {"D0144D0AB00E0000",
		"D0160D0AB00E0100LB10123456789ABC", "D0160D0AB00E0100LB00040010123456",
		"D0160M7HC00E0200HM0621PB0A000000"};
	struct key_block_parts parts;

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		size_t whole = strlen(headers[i]);
		for (size_t n = 0; n < whole; n++)
			ck_assert(!key_block_parse(at_end(headers[i], n), false, &parts));
		bool right = key_block_parse(at_end(headers[i], whole), false, &parts);
		ck_assert_msg(right, "%s", headers[i]);
		ck_assert_uint_eq(parts.n, whole);
	}
}
END_TEST

/* Versions A to E are all that there are, and A to C have the block of TDES. */
START_TEST(versions)
{
	struct key_block_parts parts;
	char text[] = "?0144D0AB00E0000";

	for (int version = 0; version < 256; version++) {
		size_t unit = version < 'A' || version > 'E' ? 0 : version <= 'C' ? 8 : 16;
		text[0] = (char)version;
		ck_assert_uint_eq(key_block_unit((char)version), unit);
		ck_assert(key_block_parse(at_end(text, 16), false, &parts) == (unit != 0));
	}
}
END_TEST

/* Each character of the fixed header, but the length digits, with each of the 256 characters. */
START_TEST(fixed_header)
{
	static const char good[] = "D9999D0AB00E0000", form[] = "xxxxxnnnnnnEddpp";
	struct key_block_parts parts;
	char text[17];

	for (size_t at = 5; at < 16; at++)
		for (int other = 0; other < 256; other++) {
			memcpy(text, good, sizeof text);
			text[at] = (char)other;
			bool right = form[at] == 'E'   ? other && strchr("ENS", other)
				     : form[at] == 'd' ? other == '0'
						       : may_have(form[at], (char)other, 0);
			ck_assert_msg(key_block_parse(at_end(text, 16), false, &parts) == right,
				"%02x at %zu", (unsigned)other, at);
		}
}
END_TEST

/* The digits of a length count to 9999, and stand where the header has them. */
START_TEST(length_digits)
{
	static const size_t lengths[] = {0, 7, 42, 144, 999, 1000, 9992, 9999};
	struct key_block_header h = {.version = 'D',
		.usage = {'D', '0'},
		.algorithm = 'A',
		.mode = 'B',
		.key_version = {'1', '2'},
		.exportability = 'E',
		.blocks = 42,
		.reserved = {'3', '4'}};
	char expected[17];
	uint8_t out[17] = {0};

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		snprintf(expected, sizeof expected, "D%04zuD0AB12E4234", lengths[i] % 10000);
		key_block_write(&h, lengths[i], out);
		ck_assert_str_eq((char *)out, expected);
	}
}
END_TEST

/* A whole block has the length that its header says. The header fills units of the cipher. */
START_TEST(whole_blocks)
{
	static const struct {
		const char *text;
		bool right;
	} cases[] = {
		{"D0016D0AB00E0000", true},
		{"D0017D0AB00E0000", false},
		{"D0015D0AB00E0000", false},
		{"D00X6D0AB00E0000", false},
		{"D0032D0AB00E0100LB10123456789ABC", true},
		{"D0024D0AB00E0100LB081234", false},
		{"B0024D0AB00E0100LB081234", true},
		{"B0020D0AB00E0100LB04", false},
		{"B0024D0AB00E0100PB081234", true},
		{"B0032D0AB00E0200PB081234LB081234", false},
		{"B0032D0AB00E0200LB081234LB081234", false},
		{"B0032D0AB00E0200LB081234L1081234", true},
		{"B0032D0AB00E0200LB0812341B081234", true},
		{"B0024M7HB00E0100LB081234", false},
		{"B0024M7HB00E0100HM0621AA", false}, /* two characters too many */
		{"D0032M7HB00E0200HM0621PB0A123456", true},
		{"D0032M6HB00E0200LB0621PB0A123456", true},
		{"D0032M7HB00E0200LB0621PB0A123456", false},
	};
	struct key_block_parts parts;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes text = at_end(cases[i].text, strlen(cases[i].text));
		ck_assert_msg(
			key_block_parse(text, true, &parts) == cases[i].right, "%s", cases[i].text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_optional");
	TCase *tc = tcase_create("key_block_optional");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, each_character_of_a_form);
	tcase_add_test(tc, each_length_of_a_form);
	tcase_add_test(tc, times);
	tcase_add_test(tc, each_hash);
	tcase_add_test(tc, certificates);
	tcase_add_test(tc, extents);
	tcase_add_test(tc, ids);
	tcase_add_test(tc, headers_that_break_off);
	tcase_add_test(tc, versions);
	tcase_add_test(tc, fixed_header);
	tcase_add_test(tc, length_digits);
	tcase_add_test(tc, whole_blocks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
