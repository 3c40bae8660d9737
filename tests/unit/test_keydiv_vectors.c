/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keydiv_vectors.c: the known answers of the keydiv schemes, of Horowitz and of Optimal-DUKPT.
 */
#include "scheme.h"

static const struct {
	const char *name;
	uint8_t tag;
} names[] = {
	{"device", KEYDIV_DEVICE},
	{"salt", KEYDIV_SALT},
	{"purpose", KEYDIV_PURPOSE},
	{"counter", KEYDIV_COUNTER},
	{"message_purpose", KEYDIV_MESSAGE_PURPOSE},
	{"initiator_nonce", KEYDIV_INITIATOR_NONCE},
	{"responder_nonce", KEYDIV_RESPONDER_NONCE},
	{"nonce", KEYDIV_NONCE},
	{"message", KEYDIV_MESSAGE},
	{"shape", KEYDIV_SHAPE},
	{"transaction", KEYDIV_TRANSACTION},
	{"odukpt_purpose", KEYDIV_ODUKPT_PURPOSE},
	{"constant", KEYDIV_CONSTANT},
};

static CK_MECHANISM_TYPE mechanism_named(const char *name)
{
	for (size_t i = 0; i < mechanism_count; i++)
		if (strcmp(mechanisms[i]->name, name) == 0)
			return mechanisms[i]->type;
	ck_abort_msg("no mechanism %s", name);
	return 0;
}

static CK_KEY_TYPE type_named(const char *name)
{
	return strcmp(name, "DES2") == 0          ? CKK_DES2
	       : strcmp(name, "SHA256_HMAC") == 0 ? CKK_SHA256_HMAC
						  : CKK_DES3;
}

static uint32_t usage_named(const char *text)
{
	return (strstr(text, "encrypt") ? USAGE_ENCRYPT : 0) |
	       (strstr(text, "decrypt") ? USAGE_DECRYPT : 0) |
	       (strstr(text, "sign") ? USAGE_SIGN : 0) |
	       (strstr(text, "verify") ? USAGE_VERIFY : 0) |
	       (strstr(text, "wrap") ? USAGE_WRAP : 0);
}

START_TEST(published_answers_of_the_family)
{
	struct vectors v;
	struct scheme s;

	for (vectors_open(&v, "keydiv.txt"); vectors_next(&v);) {
		CK_KEY_TYPE type = vector_text(&v, "base_type") ? CKK_DES3 : CKK_AES;
		const char *out = vector_text(&v, "out");
		scheme_start(&s, mechanism_named(vector_text(&v, "mechanism")), type,
			vector_text(&v, "base"));
		size_t fields = 0;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (vector_text(&v, names[i].name)) {
				scheme_put_hex(&s, names[i].tag, vector_text(&v, names[i].name));
				fields++;
			}
		const char *usage = vector_text(&v, "usage"), *of_type = vector_text(&v, "type");
		size_t others = 3 + (type == CKK_DES3) + (usage != NULL) + (of_type != NULL);
		ck_assert_uint_eq(
			fields, v.count - others); /* no field of the file is overlooked */
		s.usage = usage != NULL ? usage_named(usage) : 0;
		scheme_want(&s, of_type != NULL ? type_named(of_type) : type, strlen(out) / 2);
		scheme_expect(&s, out);
	}
	ck_assert_uint_ge(v.cases, 38);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keydiv_vectors");
	TCase *tc = tcase_create("keydiv_vectors");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers_of_the_family);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
