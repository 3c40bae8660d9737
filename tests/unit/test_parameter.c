/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_parameter.c: the flat encoding (mechanisms/README.md), put to every row with fields:
 * each field missing, doubled, out of order, too short, too long, of an unknown tag, and
 * bytes left over.
 */
#include "scheme.h"

/* A parameter as a list of fields, to be spoilt and encoded. */
struct list {
	size_t count;
	struct {
		uint8_t tag;
		size_t n;
	} field[FIELDS_MAX + 2];
};

static uint8_t encoded[3 * PARAMETER_MAX];

static size_t encode(const struct list *list)
{
	size_t at = 0;

	for (size_t i = 0; i < list->count; i++) {
		encoded[at] = list->field[i].tag;
		put_be16(encoded + at + 1, (uint16_t)list->field[i].n);
		memset(encoded + at + 3, '1', list->field[i].n);
		at += 3 + list->field[i].n;
	}
	return at;
}

/* ROW without its check of values: what is tested here is the encoding. */
static struct mechanism plain(const struct mechanism *row)
{
	struct mechanism copy = *row;

	copy.check = NULL;
	return copy;
}

static CK_RV parse(const struct mechanism *row, size_t n)
{
	struct mechanism copy = plain(row);
	struct parameter p;
	uint8_t *exact = malloc(n > 0 ? n : 1); /* so that the sanitizers see a byte too far */

	memcpy(exact, encoded, n);
	CK_RV rv = parameter_parse(&copy, exact, n, &p);
	free(exact);
	return rv;
}

static void accepted(const struct mechanism *row, const struct list *list, const char *what)
{
	CK_RV rv = parse(row, encode(list));
	ck_assert_msg(rv == CKR_OK, "%s: %s: %s", row->name, what, rv_name(rv));
}

static void refused(const struct mechanism *row, const struct list *list, const char *what)
{
	CK_RV rv = parse(row, encode(list));
	ck_assert_msg(
		rv == CKR_MECHANISM_PARAM_INVALID, "%s: %s: %s", row->name, what, rv_name(rv));
}

/* All fields of ROW, optional ones too, of their smallest length. */
static struct list all_fields(const struct mechanism *row)
{
	struct list list = {0};

	for (const struct field *f = row->fields; f->tag != 0; f++) {
		list.field[list.count].tag = f->tag;
		list.field[list.count++].n = f->min;
	}
	return list;
}

static struct list without(struct list list, size_t i)
{
	memmove(&list.field[i], &list.field[i + 1], (list.count - i - 1) * sizeof list.field[0]);
	list.count--;
	return list;
}

static struct list with(struct list list, size_t i, uint8_t tag, size_t n)
{
	memmove(&list.field[i + 1], &list.field[i], (list.count - i) * sizeof list.field[0]);
	list.field[i].tag = tag;
	list.field[i].n = n;
	list.count++;
	return list;
}

static void one_field(const struct mechanism *row, const struct list *all, size_t i)
{
	const struct field *f = &row->fields[i];
	struct list list = without(*all, i);

	if (f->required)
		refused(row, &list, "required field missing");
	else
		accepted(row, &list, "optional field missing");
	list = with(*all, i, f->tag, f->min);
	refused(row, &list, "field doubled");
	list = *all;
	list.field[i].n = f->max;
	accepted(row, &list, "longest field");
	list.field[i].n = f->max + 1u;
	refused(row, &list, "field too long");
	if (f->min > 0) {
		list.field[i].n = f->min - 1u;
		refused(row, &list, "field too short");
	}
	list = *all;
	list.field[i].tag++;
	if (list.field[i].tag != row->fields[i + 1].tag)
		refused(row, &list, "unknown tag instead");
	if (i > 0) {
		list = *all;
		list.field[i] = all->field[i - 1];
		list.field[i - 1] = all->field[i];
		refused(row, &list, "out of order");
	}
}

static void rest_of_row(const struct mechanism *row, const struct list *all)
{
	size_t n = encode(all);
	struct list list;

	accepted(row, all, "all fields");
	encode(all);
	for (size_t left = 1; left <= 3; left++) { /* a byte, two, three that are no whole field */
		memset(encoded + n, 0xFF, left);
		ck_assert_uint_eq(parse(row, n + left), CKR_MECHANISM_PARAM_INVALID);
	}
	for (size_t cut = 1; cut < n; cut++) /* cut anywhere but after a field */
		if (encode(all), parse(row, n - cut) == CKR_OK) {
			size_t at = 0;
			for (size_t i = 0; i < all->count && at != n - cut; i++)
				at += 3 + all->field[i].n;
			ck_assert_msg(at == n - cut, "%s: cut to %zu bytes", row->name, n - cut);
		}
	list = with(*all, all->count, 0xFE, 1);
	refused(row, &list, "unknown tag at the end");
	list = with(*all, 0, 0x00, 1);
	refused(row, &list, "tag 0");
}

START_TEST(every_row)
{
	unsigned rows = 0;

	for (size_t m = 0; m < mechanism_count; m++) {
		const struct mechanism *row = mechanisms[m];
		if (row->fields == NULL)
			continue;
		struct list all = all_fields(row);
		for (size_t i = 0; i < all.count; i++)
			one_field(row, &all, i);
		rest_of_row(row, &all);
		rows++;
	}
	ck_assert_uint_ge(rows, 25 + 13); /* no row is passed over */
}
END_TEST

/* More than 4096 bytes in all, though each field is within its limits. */
START_TEST(too_long_in_all)
{
	const struct mechanism *row = mechanism_find(CKM_KEYDIV_CMAC);
	struct field fields[] = {
		{1, false, "A", true, 0, 4000}, {2, false, "B", true, 0, 4000}, {0}};
	struct mechanism wide = plain(row);
	struct list list = {2, {{1, 4000}, {2, PARAMETER_MAX - 4000 - 6}}};

	wide.fields = fields;
	accepted(&wide, &list, "4096 bytes");
	list.field[1].n++;
	refused(&wide, &list, "4097 bytes");
}
END_TEST

START_TEST(values_of_fields)
{
	uint8_t bytes[] = {0x01, 0, 2, 'a', 'b', 0x03, 0, 1, 'x'};
	struct parameter p;

	ck_ok(parameter_parse(mechanism_find(CKM_KEYDIV_DEVICE_KEY), bytes, sizeof bytes, &p));
	ck_assert(bytes_equal(parameter_get(&p, KEYDIV_DEVICE), bytes_of("ab", 2)));
	ck_assert(bytes_equal(parameter_get(&p, KEYDIV_PURPOSE), bytes_of("x", 1)));
	ck_assert_ptr_null(parameter_get(&p, KEYDIV_SALT).p);
	ck_assert_ptr_null(parameter_get(&p, KEYDIV_COUNTER).p);
	ck_assert(
		bytes_equal(parameter_span(&p, KEYDIV_DEVICE, KEYDIV_PURPOSE), bytes_of(bytes, 9)));
	ck_assert(bytes_equal(
		parameter_span(&p, KEYDIV_SALT, KEYDIV_PURPOSE), bytes_of(bytes + 5, 4)));
	ck_assert_ptr_null(parameter_span(&p, KEYDIV_COUNTER, KEYDIV_MESSAGE_PURPOSE).p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parameter");
	TCase *tc = tcase_create("parameter");

	tcase_add_test(tc, every_row);
	tcase_add_test(tc, too_long_in_all);
	tcase_add_test(tc, values_of_fields);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
