/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nss_sp800.c: the three KDFs of SP 800-108, in the module and in NSS's softokn: every PRF
 * that both have, every kind of piece but key handles, which NSS has not, counters of every width,
 * and several keys from one derivation.
 */
#include "second.h"

#include <dlfcn.h>

#define INPUTS 10000
#define PIECES_MAX 7
#define MORE_MAX 3

static CK_FUNCTION_LIST *nss;
static CK_SESSION_HANDLE ns;

/* Slot 1 is NSS's cryptography without a database: session objects and no login. */
static void with_nss(void)
{
	char parameters[] = "configdir='' certPrefix='' keyPrefix='' secmod='' "
			    "flags=readOnly,noCertDB,noModDB,forceOpen";
	/* NSS's CK_C_INITIALIZE_ARGS has LibraryParameters between flags and pReserved. */
	struct {
		void *mutex[4];
		CK_FLAGS flags;
		char *library_parameters;
		void *reserved;
	} args = {.flags = CKF_OS_LOCKING_OK, .library_parameters = parameters};
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	void *softokn = dlopen("libsoftokn3.so", RTLD_NOW | RTLD_LOCAL);

	ck_assert_msg(softokn != NULL, "NSS: %s", dlerror());
	*(void **)&get_list = dlsym(softokn, "C_GetFunctionList");
	ck_assert(get_list != NULL);
	ok(get_list(&nss));
	ok(nss->C_Initialize(&args));
	ok(nss->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &ns));
	user();
}

static void end_nss(void)
{
	ok(nss->C_Finalize(NULL));
}

/* --- One derivation --- */

enum mode { COUNTER, FEEDBACK, PIPELINE };

static const CK_MECHANISM_TYPE modes[] = {
	CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF};

static const struct {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key;
	size_t length;
} prfs[] = {
	{CKM_AES_CMAC, CKK_AES, 16},
	{CKM_SHA_1_HMAC, CKK_GENERIC_SECRET, 20},
	{CKM_SHA224_HMAC, CKK_GENERIC_SECRET, 28},
	{CKM_SHA256_HMAC, CKK_GENERIC_SECRET, 32},
	{CKM_SHA384_HMAC, CKK_GENERIC_SECRET, 48},
	{CKM_SHA512_HMAC, CKK_GENERIC_SECRET, 64},
};

static struct {
	size_t prf;
	uint8_t key[128];
	size_t key_length;
	CK_PRF_DATA_PARAM list[PIECES_MAX];
	CK_ULONG pieces;
	uint8_t bytes[PIECES_MAX][40];
	CK_SP800_108_COUNTER_FORMAT counter;
	CK_SP800_108_DKM_LENGTH_FORMAT bits;
	uint8_t iv[80];
	size_t iv_length;
	size_t length;
	size_t more;
	size_t more_length[MORE_MAX];
} input;

static void add(CK_PRF_DATA_TYPE type, void *value, size_t n)
{
	input.list[input.pieces++] = (CK_PRF_DATA_PARAM){type, value, n};
}

static void add_bytes(void)
{
	size_t n = 1 + below(sizeof input.bytes[0]);

	draw(input.bytes[input.pieces], n);
	add(CK_SP800_108_BYTE_ARRAY, input.bytes[input.pieces], n);
}

/*
 * Pieces in a random order: the iteration variable, perhaps a counter and a length, and
 * bytes between them.
 */
static void draw_pieces(enum mode mode)
{
	CK_ULONG left[4] = {CK_SP800_108_ITERATION_VARIABLE}, n = 1;

	input.pieces = 0;
	input.counter = (CK_SP800_108_COUNTER_FORMAT){below(2) == 1, 8 * (1 + below(4))};
	input.bits =
		(CK_SP800_108_DKM_LENGTH_FORMAT){below(2) ? CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS
							  : CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS,
			below(2) == 1, 8 * (2 + below(7))};
	if (mode != COUNTER && below(2))
		left[n++] = CK_SP800_108_OPTIONAL_COUNTER;
	if (below(2))
		left[n++] = CK_SP800_108_DKM_LENGTH;
	add_bytes();
	while (n > 0) {
		size_t i = below(n);
		bool counts = left[i] == CK_SP800_108_OPTIONAL_COUNTER || mode == COUNTER;
		if (left[i] == CK_SP800_108_DKM_LENGTH)
			add(left[i], &input.bits, sizeof input.bits);
		else
			add(left[i], counts ? &input.counter : NULL,
				counts ? sizeof input.counter : 0);
		left[i] = left[--n];
		if (below(2))
			add_bytes();
	}
	if (below(2)) { /* bytes need not come first */
		memmove(input.list, input.list + 1, --input.pieces * sizeof input.list[0]);
	}
}

static void draw_input(enum mode mode)
{
	input.prf = below(sizeof prfs / sizeof prfs[0]);
	input.key_length = prfs[input.prf].key == CKK_AES ? 16 + 8 * below(3)
							  : 14 + below(sizeof input.key - 13);
	draw(input.key, input.key_length);
	draw_pieces(mode);
	input.iv_length = below(3) ? below(sizeof input.iv + 1) : 0;
	draw(input.iv, input.iv_length);
	input.length = 16 + below(49);
	input.more = below(3) ? 0 : 1 + below(MORE_MAX);
	for (size_t i = 0; i < input.more; i++)
		input.more_length[i] = 16 + below(49);
}

/* Both want the same struct; KEYS[0] is the key of C_DeriveKey, the others the additional ones. */
static CK_RV derive(
	CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, enum mode mode, CK_OBJECT_HANDLE *keys)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ULONG lengths[1 + MORE_MAX] = {input.length};
	CK_ATTRIBUTE t[1 + MORE_MAX][5];
	CK_DERIVED_KEY more[MORE_MAX];
	CK_OBJECT_HANDLE base;
	CK_RV rv;

	for (size_t i = 0; i < 1 + input.more; i++) {
		CK_ATTRIBUTE one[5] = {{CKA_CLASS, &class, sizeof class},
			{CKA_KEY_TYPE, &type, sizeof type},
			{CKA_VALUE_LEN, &lengths[i], sizeof lengths[i]}, {CKA_SENSITIVE, &no, 1},
			{CKA_EXTRACTABLE, &yes, 1}};
		if (i > 0) {
			lengths[i] = input.more_length[i - 1];
			more[i - 1] = (CK_DERIVED_KEY){t[i], 5, &keys[i]};
		}
		memcpy(t[i], one, sizeof one);
	}

	CK_SP800_108_KDF_PARAMS plain = {prfs[input.prf].type, input.pieces, input.list, input.more,
		input.more ? more : NULL};
	CK_SP800_108_FEEDBACK_KDF_PARAMS chained = {prfs[input.prf].type, input.pieces, input.list,
		input.iv_length, input.iv_length ? input.iv : NULL, input.more,
		input.more ? more : NULL};
	CK_MECHANISM m = {modes[mode], &plain, sizeof plain};
	if (mode == FEEDBACK)
		m = (CK_MECHANISM){modes[mode], &chained, sizeof chained};
	CK_ATTRIBUTE base_t[] = {KEY(prfs[input.prf].key), READABLE, YES(CKA_DERIVE), NO(CKA_TOKEN),
		RAW(CKA_VALUE, input.key, input.key_length), ALLOWED(modes[mode]),
		YES(CKA_WRAP_WITH_TRUSTED), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)};
	ok(module->C_CreateObject(session, base_t, module == nss ? 7 : 10, &base));
	rv = module->C_DeriveKey(session, &m, base, t[0], 5, &keys[0]);
	ok(module->C_DestroyObject(session, base));
	return rv;
}

static size_t take(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	uint8_t *ret, size_t room)
{
	CK_ATTRIBUTE a = {CKA_VALUE, ret, room};

	ok(module->C_GetAttributeValue(session, key, &a, 1));
	ok(module->C_DestroyObject(session, key));
	return a.ulValueLen;
}

static void describe(enum mode mode, char *out, size_t room)
{
	size_t n = (size_t)snprintf(out, room,
		"mode %d prf %zu key %zu iv %zu length %zu more %zu pieces", mode, input.prf,
		input.key_length, input.iv_length, input.length, input.more);

	for (CK_ULONG i = 0; i < input.pieces; i++)
		n += (size_t)snprintf(out + n, room - n, " %lu(%lu)", input.list[i].type,
			input.list[i].ulValueLen);
	snprintf(out + n, room - n, " counter %lu%s length %lu%s method %lu",
		input.counter.ulWidthInBits, input.counter.bLittleEndian ? "le" : "",
		input.bits.ulWidthInBits, input.bits.bLittleEndian ? "le" : "",
		input.bits.dkmLengthMethod);
}

START_TEST(same_keys)
{
	enum mode mode = (enum mode)_i;
	CK_OBJECT_HANDLE ours[1 + MORE_MAX], theirs[1 + MORE_MAX];
	uint8_t a[64], b[64];
	char text[400];

	for (int i = 0; i < INPUTS; i++) {
		draw_input(mode);
		describe(mode, text, sizeof text);
		CK_RV rv = derive(f, s, mode, ours), their_rv = derive(nss, ns, mode, theirs);
		ck_assert_msg(rv == CKR_OK && their_rv == CKR_OK, "%s: %s, NSS %s", text,
			name_of(rv), name_of(their_rv));
		for (size_t k = 0; k < 1 + input.more; k++) {
			size_t n = take(f, s, ours[k], a, sizeof a),
			       m = take(nss, ns, theirs[k], b, sizeof b);
			ck_assert_msg(
				n == m && memcmp(a, b, n) == 0, "%s: key %zu differs", text, k);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("NSS SP 800-108");
	TCase *tc = tcase_create("kdf");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, with_nss, end_nss);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, same_keys, 0, 3);
	return run(suite);
}
