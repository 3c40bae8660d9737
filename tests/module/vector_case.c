/* SPDX-License-Identifier: Apache-2.0 */
/* vector_case.c: see vector_case.h. */
#include "vector_case.h"

void tally_is(const struct tally *t, unsigned accepted, unsigned rejected, unsigned refused)
{
	ck_assert_msg(t->accepted == accepted && t->rejected == rejected && t->refused == refused,
		"%u accepted, %u rejected, %u refused, instead of %u, %u, %u", t->accepted,
		t->rejected, t->refused, accepted, rejected, refused);
}

void value_read(const struct vectors *v, const char *name, struct value *ret)
{
	ret->n = vector_text(v, name) != NULL ? vector_hex(v, name, ret->p, sizeof ret->p) : 0;
}

bool value_equals(const struct value *value, const void *p, size_t n)
{
	return n == value->n && memcmp(value->p, p, n) == 0;
}

bool case_is_valid(const struct vectors *v)
{
	const char *result = vector_text(v, "result");

	return result == NULL || strcmp(result, "valid") == 0;
}

const struct case_hash *case_hash(const struct vectors *v)
{
	static const struct case_hash hashes[] = {
		{"sha1", 20, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKK_SHA_1_HMAC,
			CKP_PKCS5_PBKD2_HMAC_SHA1},
		{"sha224", 28, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL,
			CKK_SHA224_HMAC, CKP_PKCS5_PBKD2_HMAC_SHA224},
		{"sha256", 32, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
			CKK_SHA256_HMAC, CKP_PKCS5_PBKD2_HMAC_SHA256},
		{"sha384", 48, CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL,
			CKK_SHA384_HMAC, CKP_PKCS5_PBKD2_HMAC_SHA384},
		{"sha512", 64, CKM_SHA512, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL,
			CKK_SHA512_HMAC, CKP_PKCS5_PBKD2_HMAC_SHA512},
	};
	const char *name = vector_text(v, "hash");
	size_t i = 0;

	while (i < sizeof hashes / sizeof hashes[0] &&
		(name == NULL || strcmp(hashes[i].name, name) != 0))
		i++;
	ck_assert_msg(i < sizeof hashes / sizeof hashes[0], "%s:%u: no hash, or an unknown one",
		v->name, v->line);
	return &hashes[i];
}
