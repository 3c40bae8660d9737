/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_libcrypto_kdf.c: what the module derives is what libcrypto's own KDFs give: KBKDF, KRB5KDF,
 * HKDF, PBKDF2, and CMAC. The module computes none of these through an EVP_KDF, so the two have
 * nothing in common but the primitives.
 */
#include "second.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#define INPUTS 10000

#define TEXT(name, text) OSSL_PARAM_construct_utf8_string((name), (char *)(uintptr_t)(text), 0)
#define OCTETS(name, p, n) OSSL_PARAM_construct_octet_string((name), (void *)(uintptr_t)(p), (n))
#define NUMBER(name, p) OSSL_PARAM_construct_int((name), (p))
#define END OSSL_PARAM_construct_end()

/* --- Random inputs --- */

struct blob {
	uint8_t bytes[128];
	size_t n;
};

static void draw_blob(struct blob *b, size_t min, size_t max)
{
	b->n = min + below(max - min + 1);
	draw(b->bytes, b->n);
}

static size_t aes_key(struct blob *key)
{
	key->n = 16 + 8 * below(3);
	draw(key->bytes, key->n);
	return key->n;
}

static void des3_key(struct blob *key)
{
	key->n = 24;
	draw(key->bytes, key->n);
	for (size_t i = 0; i < key->n; i++)
		key->bytes[i] ^= __builtin_parity(key->bytes[i]) == 0;
}

static const char *aes_cbc(size_t key_length)
{
	return key_length == 16 ? "AES-128-CBC" : key_length == 24 ? "AES-192-CBC" : "AES-256-CBC";
}

/* --- Both sides --- */

static void run_kdf(const char *name, const OSSL_PARAM *params, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

	ck_assert_msg(ctx != NULL && EVP_KDF_derive(ctx, out, n, params) == 1,
		"libcrypto refuses %s", name);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* KEY imported for the mechanism M alone gives WANTED, N bytes of TYPE. */
static void gives_key(CK_KEY_TYPE base_type, const struct blob *key, CK_MECHANISM *m,
	CK_KEY_TYPE type, const uint8_t *wanted, size_t n)
{
	uint8_t got[64];
	CK_OBJECT_HANDLE child,
		base = import(base_type, key->bytes, key->n, T(OPEN_MASTER, ALLOWED(m->mechanism)));

	ok(f->C_DeriveKey(s, m, base, T(READABLE, TYPE(type), LENGTH(n)), &child));
	ck_assert_uint_eq(get_bytes(child, CKA_VALUE, got, sizeof got), n);
	ck_assert_mem_eq(got, wanted, n);
	ok(f->C_DestroyObject(s, child));
	ok(f->C_DestroyObject(s, base));
}

/* --- KBKDF --- */

static const struct prf {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	const char *digest; /* NULL: CMAC */
	size_t length;
} prfs[] = {
	{CKM_AES_CMAC, CKK_AES, NULL, 16},
	{CKM_DES3_CMAC, CKK_DES3, NULL, 8},
	{CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, "SHA1", 20},
	{CKM_SHA224_HMAC, CKK_GENERIC_SECRET, "SHA2-224", 28},
	{CKM_SHA256_HMAC, CKK_SHA256_HMAC, "SHA2-256", 32},
	{CKM_SHA384_HMAC, CKK_GENERIC_SECRET, "SHA2-384", 48},
	{CKM_SHA512_HMAC, CKK_HKDF, "SHA2-512", 64},
};

/* All that libcrypto's KBKDF can be told. */
struct kbkdf {
	const struct prf *prf;
	struct blob key, label, context, iv;
	int separator, use_length;
	size_t length;
};

static void draw_kbkdf(struct kbkdf *k, bool feedback)
{
	k->prf = &prfs[below(sizeof prfs / sizeof prfs[0])];
	if (k->prf->key_type == CKK_AES)
		aes_key(&k->key);
	else if (k->prf->key_type == CKK_DES3)
		des3_key(&k->key);
	else
		draw_blob(&k->key, 14, 128);
	draw_blob(&k->label, 0, 60);
	draw_blob(&k->context, 0, 60);
	draw_blob(&k->iv, k->prf->length, k->prf->length);
	if (!feedback || below(4) == 0)
		k->iv.n = 0; /* libcrypto takes all of a PRF output, or none */
	k->separator = (int)below(2);
	k->use_length = (int)below(2);
	k->length = 16 + below(49);
}

static void kbkdf_there(const struct kbkdf *k, bool feedback, uint8_t *out)
{
	struct kbkdf copy = *k;
	OSSL_PARAM params[] = {TEXT("mode", feedback ? "FEEDBACK" : "COUNTER"),
		TEXT("mac", k->prf->digest ? "HMAC" : "CMAC"),
		k->prf->digest ? TEXT("digest", k->prf->digest)
			       : TEXT("cipher", k->prf->key_type == CKK_AES ? aes_cbc(k->key.n)
									    : "DES-EDE3-CBC"),
		OCTETS("key", k->key.bytes, k->key.n), OCTETS("salt", k->label.bytes, k->label.n),
		OCTETS("info", k->context.bytes, k->context.n),
		OCTETS("seed", k->iv.bytes, k->iv.n), NUMBER("use-separator", &copy.separator),
		NUMBER("use-l", &copy.use_length), END};

	run_kdf("KBKDF", params, out, k->length);
}

/*
 * The list of pieces that is libcrypto's order: [chained value] counter label
 * [00] context [length].
 */
static void kbkdf_here(const struct kbkdf *k, bool feedback, const uint8_t *wanted)
{
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
	CK_SP800_108_DKM_LENGTH_FORMAT bits = {below(2) ? CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS
							: CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS,
		CK_FALSE, 32};
	CK_PRF_DATA_PARAM list[6];
	CK_BYTE zero = 0;
	CK_ULONG n = 0;

	if (feedback)
		list[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_ITERATION_VARIABLE, NULL, 0};
	list[n++] = (CK_PRF_DATA_PARAM){
		feedback ? CK_SP800_108_OPTIONAL_COUNTER : CK_SP800_108_ITERATION_VARIABLE,
		&counter, sizeof counter};
	list[n++] = (CK_PRF_DATA_PARAM){
		CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t)k->label.bytes, k->label.n};
	if (k->separator)
		list[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_BYTE_ARRAY, &zero, 1};
	list[n++] = (CK_PRF_DATA_PARAM){
		CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t)k->context.bytes, k->context.n};
	if (k->use_length)
		list[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_DKM_LENGTH, &bits, sizeof bits};

	CK_SP800_108_KDF_PARAMS plain = {k->prf->type, n, list, 0, NULL};
	CK_SP800_108_FEEDBACK_KDF_PARAMS chained = {
		k->prf->type, n, list, k->iv.n, (CK_BYTE_PTR)(uintptr_t)k->iv.bytes, 0, NULL};
	CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &plain, sizeof plain};
	if (feedback)
		m = (CK_MECHANISM){CKM_SP800_108_FEEDBACK_KDF, &chained, sizeof chained};
	gives_key(k->prf->key_type, &k->key, &m, CKK_GENERIC_SECRET, wanted, k->length);
}

START_TEST(kbkdf)
{
	bool feedback = _i == 1;
	uint8_t wanted[64];
	struct kbkdf k;

	for (int i = 0; i < INPUTS; i++) {
		draw_kbkdf(&k, feedback);
		kbkdf_there(&k, feedback, wanted);
		kbkdf_here(&k, feedback, wanted);
	}
}
END_TEST

/* --- The mechanisms of the family, which are KBKDF with a label and fields --- */

static KEYDIV_PARAMETER p;

static void put_random(unsigned char tag, size_t min, size_t max)
{
	uint8_t bytes[2048];
	size_t n = min + below(max - min + 1);

	draw(bytes, n);
	keydiv_put(&p, tag, bytes, n);
}

static void maybe(unsigned char tag, size_t min, size_t max)
{
	if (below(2))
		put_random(tag, min, max);
}

static void put_device(void)
{
	put_random(KEYDIV_DEVICE, 1, 128);
	maybe(KEYDIV_SALT, 8, 64);
	maybe(KEYDIV_PURPOSE, 1, 32);
}

static void put_message(void)
{
	put_random(KEYDIV_COUNTER, 8, 8);
	maybe(KEYDIV_MESSAGE_PURPOSE, 1, 32);
}

static void put_session(void)
{
	put_random(KEYDIV_INITIATOR_NONCE, 8, 64);
	put_random(KEYDIV_RESPONDER_NONCE, 8, 64);
	maybe(KEYDIV_SESSION_PURPOSE, 1, 32);
}

static void put_data(void)
{
	put_random(KEYDIV_NONCE, 16, 64);
	maybe(KEYDIV_ENCRYPTION_CONTEXT, 1, 2048);
}

static void family_there(
	const struct blob *key, const char *label, size_t from, size_t to, uint8_t *out, size_t n)
{
	OSSL_PARAM params[] = {TEXT("mac", "CMAC"), TEXT("cipher", aes_cbc(key->n)),
		OCTETS("key", key->bytes, key->n), OCTETS("salt", label, strlen(label)),
		OCTETS("info", p.bytes + from, to - from), END};

	run_kdf("KBKDF", params, out, n);
}

static const struct family {
	CK_MECHANISM_TYPE type;
	const char *outer; /* label of a first step, over the fields of a device key */
	const char *label;
	void (*put)(void);
} families[] = {
	{CKM_KEYDIV_DEVICE_KEY, NULL, "device", put_device},
	{CKM_KEYDIV_MESSAGE_KEY, NULL, "message", put_message},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, "device", "message", put_message},
	{CKM_KEYDIV_SESSION_KEY, NULL, "session", put_session},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, "device", "session", put_session},
	{CKM_KEYDIV_DATA_KEY, NULL, "data", put_data},
};

START_TEST(family_of_kbkdf)
{
	const struct family *family = &families[_i];
	struct blob master, inner;
	uint8_t wanted[64];

	for (int i = 0; i < INPUTS; i++) {
		size_t length = 16 + below(49), first = 0;

		aes_key(&master);
		inner = master;
		keydiv_start(&p);
		if (family->outer) {
			put_device();
			first = p.length;
			family_there(&master, family->outer, 0, first, inner.bytes, inner.n);
		}
		family->put();
		family_there(&inner, family->label, first, p.length, wanted, length);
		CK_MECHANISM m = keydiv_mechanism(family->type, &p);
		gives_key(CKK_AES, &master, &m, CKK_GENERIC_SECRET, wanted, length);
	}
}
END_TEST

START_TEST(cmac)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	struct blob key;
	uint8_t wanted[16];
	size_t n;

	for (int i = 0; i < INPUTS; i++) {
		EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

		aes_key(&key);
		OSSL_PARAM params[] = {TEXT("cipher", aes_cbc(key.n)), END};
		keydiv_start(&p);
		put_random(KEYDIV_MESSAGE, 0, i % 8 ? 80 : 2000);
		ck_assert_int_eq(EVP_MAC_init(ctx, key.bytes, key.n, params), 1);
		ck_assert_int_eq(EVP_MAC_update(ctx, p.bytes + 3, p.length - 3), 1);
		ck_assert_int_eq(EVP_MAC_final(ctx, wanted, &n, sizeof wanted), 1);
		EVP_MAC_CTX_free(ctx);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_CMAC, &p);
		gives_key(CKK_AES, &key, &m, CKK_AES, wanted, n);
	}
	EVP_MAC_free(mac);
}
END_TEST

/* --- KRB5KDF --- */

START_TEST(krb5kdf)
{
	bool des = _i == 1;
	struct blob key, constant;
	uint8_t wanted[32];

	for (int i = 0; i < INPUTS; i++) {
		if (des)
			des3_key(&key);
		else
			aes_key(&key);
		draw_blob(&constant, 1, des ? 8 : 16); /* libcrypto takes no longer one */
		OSSL_PARAM params[] = {TEXT("cipher", des ? "DES-EDE3-CBC" : aes_cbc(key.n)),
			OCTETS("key", key.bytes, key.n),
			OCTETS("constant", constant.bytes, constant.n), END};
		run_kdf("KRB5KDF", params, wanted, key.n);
		keydiv_start(&p);
		keydiv_put(&p, KEYDIV_CONSTANT, constant.bytes, constant.n);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_RFC3961_DK, &p);
		gives_key(des ? CKK_DES3 : CKK_AES, &key, &m, des ? CKK_DES3 : CKK_AES, wanted,
			key.n);
	}
}
END_TEST

/* --- HKDF, PBKDF2 --- */

static const struct {
	CK_MECHANISM_TYPE type;
	CK_ULONG pbkdf2;
	const char *name;
	size_t length;
} digests[] = {
	{CKM_SHA_1, CKP_PKCS5_PBKD2_HMAC_SHA1, "SHA1", 20},
	{CKM_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA224, "SHA2-224", 28},
	{CKM_SHA256, CKP_PKCS5_PBKD2_HMAC_SHA256, "SHA2-256", 32},
	{CKM_SHA384, CKP_PKCS5_PBKD2_HMAC_SHA384, "SHA2-384", 48},
	{CKM_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512, "SHA2-512", 64},
};

/* The salt as data, as the key of an object, or absent. */
static CK_OBJECT_HANDLE set_salt(CK_HKDF_PARAMS *hkdf, struct blob *salt)
{
	static const CK_ULONG kinds[] = {CKF_HKDF_SALT_NULL, CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY};

	hkdf->ulSaltType = kinds[below(3)];
	draw_blob(salt, 16, 128);
	hkdf->pSalt = salt->bytes;
	hkdf->ulSaltLen = salt->n;
	if (hkdf->ulSaltType == CKF_HKDF_SALT_NULL || !hkdf->bExtract)
		salt->n = 0;
	if (hkdf->ulSaltType != CKF_HKDF_SALT_KEY || !hkdf->bExtract)
		return 0;
	hkdf->hSaltKey = import(
		CKK_GENERIC_SECRET, salt->bytes, salt->n, T(OPEN_MASTER, ALLOWED(CKM_HKDF_DERIVE)));
	return hkdf->hSaltKey;
}

START_TEST(hkdf_key)
{
	static const char *const modes[] = {"EXTRACT_AND_EXPAND", "EXTRACT_ONLY", "EXPAND_ONLY"};
	struct blob key, salt, info;
	uint8_t wanted[64];

	for (int i = 0; i < INPUTS; i++) {
		size_t which = below(5), mode = below(3),
		       length = mode == 1 ? digests[which].length : 16 + below(49);
		CK_HKDF_PARAMS hkdf = {
			mode != 2, mode != 1, digests[which].type, 0, NULL, 0, 0, info.bytes, 0};
		CK_MECHANISM m = {CKM_HKDF_DERIVE, &hkdf, sizeof hkdf};

		draw_blob(&key, 1, 128);
		draw_blob(&info, 0, 128);
		hkdf.ulInfoLen = info.n;
		CK_OBJECT_HANDLE salt_key = set_salt(&hkdf, &salt);
		OSSL_PARAM params[] = {TEXT("mode", modes[mode]),
			TEXT("digest", digests[which].name), OCTETS("key", key.bytes, key.n),
			OCTETS("salt", salt.bytes, salt.n), OCTETS("info", info.bytes, info.n),
			END};
		run_kdf("HKDF", params, wanted, length);
		gives_key(CKK_GENERIC_SECRET, &key, &m, CKK_GENERIC_SECRET, wanted, length);
		if (salt_key)
			ok(f->C_DestroyObject(s, salt_key));
	}
}
END_TEST

/* CKM_HKDF_DATA: a data object, of any length. */
START_TEST(hkdf_data)
{
	struct blob key, info;
	uint8_t wanted[512], got[512];

	for (int i = 0; i < INPUTS; i++) {
		size_t which = below(5), length = 1 + below(sizeof wanted);
		CK_HKDF_PARAMS hkdf = {CK_TRUE, CK_TRUE, digests[which].type, CKF_HKDF_SALT_NULL,
			NULL, 0, 0, info.bytes, 0};
		CK_MECHANISM m = {CKM_HKDF_DATA, &hkdf, sizeof hkdf};
		CK_OBJECT_HANDLE base, data;

		draw_blob(&key, 1, 128);
		draw_blob(&info, 0, 128);
		hkdf.ulInfoLen = info.n;
		OSSL_PARAM params[] = {TEXT("digest", digests[which].name),
			OCTETS("key", key.bytes, key.n), OCTETS("info", info.bytes, info.n), END};
		run_kdf("HKDF", params, wanted, length);
		base = import(CKK_HKDF, key.bytes, key.n, T(OPEN_MASTER, ALLOWED(CKM_HKDF_DATA)));
		ok(f->C_DeriveKey(s, &m, base, T(CLASS(CKO_DATA), LENGTH(length)), &data));
		ck_assert_uint_eq(get_bytes(data, CKA_VALUE, got, sizeof got), length);
		ck_assert_mem_eq(got, wanted, length);
		ok(f->C_DestroyObject(s, data));
		ok(f->C_DestroyObject(s, base));
	}
}
END_TEST

START_TEST(pbkdf2)
{
	struct blob password, salt;
	uint8_t wanted[64], got[64];

	for (int i = 0; i < INPUTS; i++) {
		size_t which = below(5), length = 16 + below(49);
		int any = 1, iterations = 1 + (int)below(i % 100 ? 5 : 2000);
		CK_OBJECT_HANDLE made;

		draw_blob(&password, 1, 128);
		draw_blob(&salt, 1, 128);
		OSSL_PARAM params[] = {TEXT("digest", digests[which].name),
			OCTETS("pass", password.bytes, password.n),
			OCTETS("salt", salt.bytes, salt.n), NUMBER("iter", &iterations),
			NUMBER("pkcs5", &any), END};
		run_kdf("PBKDF2", params, wanted, length);
		CK_PKCS5_PBKD2_PARAMS2 pbkd2 = {CKZ_SALT_SPECIFIED, salt.bytes, salt.n,
			(CK_ULONG)iterations, digests[which].pbkdf2, NULL, 0, password.bytes,
			password.n};
		ok(f->C_GenerateKey(s, MECH_P(CKM_PKCS5_PBKD2, &pbkd2, sizeof pbkd2),
			T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(length)), &made));
		ck_assert_uint_eq(get_bytes(made, CKA_VALUE, got, sizeof got), length);
		ck_assert_mem_eq(got, wanted, length);
		ok(f->C_DestroyObject(s, made));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libcrypto KDF");
	TCase *tc = add_case(suite, "kdf", user);

	tcase_add_loop_test(tc, kbkdf, 0, 2);
	tcase_add_loop_test(tc, family_of_kbkdf, 0, sizeof families / sizeof families[0]);
	tcase_add_test(tc, cmac);
	tcase_add_loop_test(tc, krb5kdf, 0, 2);
	tcase_add_test(tc, hkdf_key);
	tcase_add_test(tc, hkdf_data);
	tcase_add_test(tc, pbkdf2);
	return run(suite);
}
