/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors_sp800_108.c: the vectors of CAVP for the three KDFs of SP 800-108. */
#include "vector_case.h"

/* The shortest and the longest derived key, in bytes. */
#define KEY_MIN 16
#define KEY_MAX 64

#define KEYS_MAX 12 /* for the longest result */
#define NOT_MADE 0xABCD

static struct value base, iv, fixed, rest, wanted;

struct prf {
	const char *name;
	CK_SP800_108_PRF_TYPE type;
	size_t length; /* of an output, in bytes */
};

static const struct prf *prf_of(const struct vectors *v)
{
	static const struct prf prfs[] = {{"AES_CMAC", CKM_AES_CMAC, 16},
		{"DES3_CMAC", CKM_DES3_CMAC, 8}, {"HMAC_SHA1", CKM_SHA_1_HMAC, 20},
		{"HMAC_SHA224", CKM_SHA224_HMAC, 28}, {"HMAC_SHA256", CKM_SHA256_HMAC, 32},
		{"HMAC_SHA384", CKM_SHA384_HMAC, 48}, {"HMAC_SHA512", CKM_SHA512_HMAC, 64}};
	size_t i = 0;

	while (i < sizeof prfs / sizeof prfs[0] && strcmp(prfs[i].name, vector_text(v, "prf")) != 0)
		i++;
	ck_assert_msg(i < sizeof prfs / sizeof prfs[0], "%s:%u: prf", v->name, v->line);
	return &prfs[i];
}

static CK_OBJECT_HANDLE base_of(const struct prf *prf, CK_MECHANISM_TYPE kdf)
{
	CK_KEY_TYPE type = prf->type == CKM_AES_CMAC    ? CKK_AES
			   : prf->type != CKM_DES3_CMAC ? CKK_GENERIC_SECRET
			   : base.n == 16               ? CKK_DES2
							: CKK_DES3;

	return import(type, base.p, base.n, T(OPEN_MASTER, ALLOWED(kdf)));
}

static void read_case(const struct vectors *v)
{
	value_read(v, "key", &base);
	value_read(v, "iv", &iv);
	value_read(v, "fixed", &fixed);
	value_read(v, "rest", &rest);
	value_read(v, "out", &wanted);
	case_holds(v, wanted.n == vector_number(v, "length") / 8);
}

/*
 * List the input of the PRF. In counter mode the counter stands before FIXED, after it, or between
 * FIXED and REST. In the other modes the chained value stands before FIXED, and the counter before
 * both, between them, after both, or nowhere.
 */
static CK_ULONG pieces_of(
	const struct vectors *v, CK_SP800_108_COUNTER_FORMAT *format, CK_PRF_DATA_PARAM pieces[4])
{
	const char *where = vector_text(v, "counter");
	bool counter_mode = vector_text(v, "mode") == NULL;
	CK_PRF_DATA_PARAM counter = {
		counter_mode ? CK_SP800_108_ITERATION_VARIABLE : CK_SP800_108_OPTIONAL_COUNTER,
		format, sizeof *format};
	CK_ULONG n = 0;

	*format = (CK_SP800_108_COUNTER_FORMAT){CK_FALSE, vector_number(v, "width")};
	if (strcmp(where, "before") == 0)
		pieces[n++] = counter;
	if (!counter_mode)
		pieces[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_ITERATION_VARIABLE, NULL, 0};
	if (strcmp(where, "middle") == 0 && !counter_mode)
		pieces[n++] = counter;
	pieces[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_BYTE_ARRAY, fixed.p, fixed.n};
	if (strcmp(where, "after") == 0 || (strcmp(where, "middle") == 0 && counter_mode))
		pieces[n++] = counter;
	if (rest.n > 0)
		pieces[n++] = (CK_PRF_DATA_PARAM){CK_SP800_108_BYTE_ARRAY, rest.p, rest.n};
	return n;
}

/* --- Results that are longer than a key --- */

static struct {
	size_t count;
	CK_ULONG length[KEYS_MAX];
	CK_OBJECT_HANDLE made[KEYS_MAX];
	CK_ATTRIBUTE attributes[KEYS_MAX][4];
	CK_DERIVED_KEY key[KEYS_MAX];
} keys;

static size_t left_out; /* bytes of results that no key had, of all cases */

/*
 * Return the length of the next key, if N bytes of the result are left. A further key begins with
 * an output of the PRF, so a key in front of it has whole outputs. No key is under KEY_MIN bytes.
 */
static size_t key_length(size_t n, size_t output)
{
	size_t most = KEY_MAX / output * output;

	if (n <= most)
		return n;
	while (most > output && n - most < KEY_MIN)
		most -= output;
	return most;
}

/*
 * Divide WANTED into keys. A rest that is too short for a key is left out, and a server makes only
 * one key for a call.
 */
static void divide(const struct prf *prf)
{
	static const CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
	size_t done = 0;

	for (keys.count = 0; wanted.n - done >= KEY_MIN && (keys.count == 0 || !behind_server());
		done += keys.length[keys.count++]) {
		size_t i = keys.count;
		ck_assert_uint_lt(i, KEYS_MAX);
		keys.length[i] = key_length(wanted.n - done, prf->length);
		keys.made[i] = NOT_MADE;
		CK_ATTRIBUTE attributes[] = {RAW(CKA_KEY_TYPE, &generic, sizeof generic), READABLE,
			RAW(CKA_VALUE_LEN, &keys.length[i], sizeof keys.length[i])};
		memcpy(keys.attributes[i], attributes, sizeof attributes);
		keys.key[i] = (CK_DERIVED_KEY){keys.attributes[i], 4, &keys.made[i]};
	}
	left_out += wanted.n - done;
	wanted.n = done;
}

/* The keys together must have the value WANTED. */
static void check_keys(const struct vectors *v)
{
	uint8_t out[KEYS_MAX * KEY_MAX];
	size_t n = 0;

	for (size_t i = 0; i < keys.count && keys.made[i] != NOT_MADE; i++) {
		n += get_bytes(keys.made[i], CKA_VALUE, out + n, KEY_MAX);
		ok(f->C_DestroyObject(s, keys.made[i]));
	}
	case_holds(v, value_equals(&wanted, out, n));
}

static void derive(const struct vectors *v, const struct prf *prf, CK_MECHANISM *m)
{
	CK_OBJECT_HANDLE handle = base_of(prf, m->mechanism);

	case_gives(v, CKR_OK, f->C_DeriveKey(s, m, handle, keys.attributes[0], 4, &keys.made[0]));
	check_keys(v);
	ok(f->C_DestroyObject(s, handle));
}

START_TEST(counter_mode_of_cavp)
{
	struct vectors v;

	for (vectors_open(&v, "cavp_sp800_108.txt"); vectors_next(&v);) {
		const struct prf *prf = prf_of(&v);
		CK_SP800_108_COUNTER_FORMAT format;
		CK_PRF_DATA_PARAM pieces[4];

		read_case(&v);
		divide(prf);
		CK_SP800_108_KDF_PARAMS p = {prf->type, pieces_of(&v, &format, pieces), pieces,
			keys.count - 1, keys.key + 1};
		derive(&v, prf, MECH_OF(CKM_SP800_108_COUNTER_KDF, p));
	}
	ck_assert_uint_eq(v.cases, 600);
	ck_assert_uint_eq(left_out, 0);
}
END_TEST

START_TEST(feedback_and_pipeline_of_cavp)
{
	unsigned feedback = 0;
	struct vectors v;

	for (vectors_open(&v, "cavp_sp800_108_chained.txt"); vectors_next(&v);) {
		const struct prf *prf = prf_of(&v);
		CK_SP800_108_COUNTER_FORMAT format;
		CK_PRF_DATA_PARAM pieces[4];

		read_case(&v);
		divide(prf);
		CK_ULONG n = pieces_of(&v, &format, pieces);
		if (strcmp(vector_text(&v, "mode"), "feedback") == 0) {
			CK_SP800_108_FEEDBACK_KDF_PARAMS p = {
				prf->type, n, pieces, iv.n, iv.p, keys.count - 1, keys.key + 1};
			derive(&v, prf, MECH_OF(CKM_SP800_108_FEEDBACK_KDF, p));
			feedback++;
		} else {
			CK_SP800_108_KDF_PARAMS p = {
				prf->type, n, pieces, keys.count - 1, keys.key + 1};
			derive(&v, prf, MECH_OF(CKM_SP800_108_DOUBLE_PIPELINE_KDF, p));
		}
	}
	ck_assert_uint_eq(feedback, 280);
	ck_assert_uint_eq(v.cases, 440);
	if (!behind_server())
		ck_assert_uint_eq(left_out, 192);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors of SP 800-108");
	TCase *tc = add_case(suite, "vectors of SP 800-108", user);

	tcase_add_test(tc, counter_mode_of_cavp);
	tcase_add_test(tc, feedback_and_pipeline_of_cavp);
	return run(suite);
}
