/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flat.c: the flat forms of standard mechanisms give what the standard mechanisms give, over
 * random parameters, valid or not.
 */
#include "mechanism_table.h"
#include "pairs.h"

#define ROUNDS 400

static const CK_MECHANISM_TYPE deriving[] = {CKM_HKDF_DERIVE, CKM_HKDF_DATA,
	CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF,
	CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA,
	CKM_DES3_CBC_ENCRYPT_DATA};
#define DERIVING (sizeof deriving / sizeof *deriving)

static void same_code(CK_RV native, CK_RV flat, CK_MECHANISM_TYPE type, int round)
{
	if (native != flat)
		ck_abort_msg("mechanism 0x%lx, round %d: %s, flat %s", type, round, name_of(native),
			name_of(flat));
}

/* --- Deriving --- */

static CK_OBJECT_HANDLE random_base(CK_MECHANISM_TYPE type)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
	} bases[] = {{CKK_AES, 16}, {CKK_AES, 32}, {CKK_DES3, 24}, {CKK_GENERIC_SECRET, 32},
		{CKK_HKDF, 20}, {CKK_DES2, 16}};
	uint8_t value[32];
	size_t i = random_below(6);

	if (random_below(2) == 0) /* mostly a type that fits */
		i = type == CKM_HKDF_DERIVE || type == CKM_HKDF_DATA ? 3
		    : type == CKM_DES3_ECB_ENCRYPT_DATA || type == CKM_DES3_CBC_ENCRYPT_DATA
			    ? 2
			    : random_below(2);
	for (size_t k = 0; k < sizeof value; k++)
		value[k] = (uint8_t)(2 * k + (__builtin_popcountl(k) % 2 == 0)); /* odd parity */
	return import(bases[i].type, value, bases[i].n, T(OPEN_MASTER, ALLOWED(type)));
}

/* Fill in a random template. Returns the number of attributes. */
static CK_ULONG random_template(CK_MECHANISM_TYPE type, CK_ATTRIBUTE out[6])
{
	static CK_ULONG class_data = CKO_DATA, key_type, length;
	static const CK_KEY_TYPE types[] = {
		CKK_AES, CKK_GENERIC_SECRET, CKK_DES2, CKK_DES3, CKK_HKDF};
	static const CK_ULONG sizes[] = {16, 24, 32, 20, 64, 8, 0, 5000};
	CK_ATTRIBUTE attributes[] = {READABLE, {CKA_CLASS, &class_data, sizeof class_data},
		{CKA_KEY_TYPE, &key_type, sizeof key_type},
		{CKA_VALUE_LEN, &length, sizeof length}};
	CK_ULONG n = 0;
	bool data = type == CKM_HKDF_DATA && random_below(10) > 0;

	key_type = types[random_below(5)];
	length = sizes[random_below(random_below(3) == 0 ? 8 : 3)];
	for (size_t i = 0; i < 2 && !data; i++)
		out[n++] = attributes[i];
	if (data)
		out[n++] = attributes[2];
	if (!data && random_below(3) > 0)
		out[n++] = attributes[3];
	if (random_below(4) > 0)
		out[n++] = attributes[4];
	return n;
}

/* Compare what can be read of two new objects, and destroy them. */
static void same_objects(CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE other)
{
	static const CK_ATTRIBUTE_TYPE read[] = {CKA_VALUE, CKA_KEY_TYPE, CKA_CLASS, CKA_VALUE_LEN,
		CKA_ALLOWED_MECHANISMS, CKA_DERIVE, CKA_ENCRYPT, CKA_SIGN, CKA_KEY_GEN_MECHANISM,
		CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL};

	for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
		uint8_t a[4096], b[4096];
		CK_ATTRIBUTE first = {read[i], a, sizeof a}, second = {read[i], b, sizeof b};
		CK_RV rv = f->C_GetAttributeValue(s, one, &first, 1);
		gives(rv, f->C_GetAttributeValue(s, other, &second, 1));
		holds(first.ulValueLen == second.ulValueLen);
		holds(rv != CKR_OK || memcmp(a, b, first.ulValueLen) == 0);
	}
	ok(f->C_DestroyObject(s, one));
	ok(f->C_DestroyObject(s, other));
}

START_TEST(derivations_agree)
{
	CK_MECHANISM_TYPE type = deriving[_i];
	unsigned accepted = 0, refused = 0;

	for (int round = 0; round < ROUNDS; round++) {
		pairs_seed((uint64_t)(_i * ROUNDS + round));
		CK_OBJECT_HANDLE base = random_base(type), one = 0, other = 0;
		CK_ATTRIBUTE template[6];
		CK_ULONG n = random_template(type, template);
		const struct pair *pair = random_pair(type);
		CK_MECHANISM native = pair->native, flat = pair->flat;
		CK_RV rv = f->C_DeriveKey(s, &native, base, template, n, &one);
		same_code(rv, f->C_DeriveKey(s, &flat, base, template, n, &other), type, round);
		if (rv == CKR_OK)
			same_objects(one, other);
		accepted += rv == CKR_OK;
		refused += rv == CKR_MECHANISM_PARAM_INVALID;
		ok(f->C_DestroyObject(s, base));
	}
	holds(accepted > ROUNDS / 20);
	holds(refused > 0);
}
END_TEST

START_TEST(passwords_agree)
{
	unsigned accepted = 0, refused = 0;

	for (int round = 0; round < ROUNDS; round++) {
		pairs_seed((uint64_t)round);
		CK_OBJECT_HANDLE one = 0, other = 0;
		CK_ATTRIBUTE template[6];
		CK_ULONG n = random_template(CKM_PKCS5_PBKD2, template);
		const struct pair *pair = random_pair(CKM_PKCS5_PBKD2);
		CK_MECHANISM native = pair->native, flat = pair->flat;
		CK_RV rv = f->C_GenerateKey(s, &native, template, n, &one);
		same_code(rv, f->C_GenerateKey(s, &flat, template, n, &other), CKM_PKCS5_PBKD2,
			round);
		if (rv == CKR_OK)
			same_objects(one, other);
		accepted += rv == CKR_OK;
		refused += rv == CKR_MECHANISM_PARAM_INVALID;
	}
	holds(accepted > ROUNDS / 20);
	holds(refused > 0);
}
END_TEST

/* A parameter in the template works for a flat form as for every mechanism with fields. */
START_TEST(parameter_in_the_template)
{
	const struct example *e = example_of(CKM_KEYDIV_FLAT_HKDF_DERIVE);
	CK_OBJECT_HANDLE base = import(
				 CKK_HKDF, mk32, 32, T(OPEN_MASTER, ALLOWED(CKM_HKDF_DERIVE))),
			 one, other;
	CK_MECHANISM m = example_mechanism(e);

	ok(f->C_DeriveKey(s, &m, base, T(TYPE(CKK_AES), LENGTH(16), READABLE), &one));
	ok(f->C_DeriveKey(s, MECH(e->type), base,
		T(TYPE(CKK_AES), LENGTH(16), READABLE,
			RAW(CKA_KEYDIV_PARAMETER, e->parameter, e->parameter_length)),
		&other));
	same_objects(one, other);
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, &m, base,
			T(TYPE(CKK_AES), LENGTH(16),
				RAW(CKA_KEYDIV_PARAMETER, e->parameter, e->parameter_length)),
			&other));
}
END_TEST

/* --- Encryption and authentication --- */

static CK_OBJECT_HANDLE aes_key(void)
{
	return import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
}

static void ciphers_agree(
	CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, int round, unsigned *ok_count)
{
	static uint8_t text[100], one[200], other[200], back[200];
	const struct pair *pair = random_pair(type);
	CK_MECHANISM native = pair->native, flat = pair->flat;
	CK_ULONG n = pair->data_length, a = sizeof one, b = sizeof other, c = sizeof back;

	random_fill(text, sizeof text);
	CK_RV rv = f->C_EncryptInit(s, &native, key);
	if (rv == CKR_OK)
		rv = f->C_Encrypt(s, text, n, one, &a);
	CK_RV flat_rv = f->C_EncryptInit(s, &flat, key);
	if (flat_rv == CKR_OK)
		flat_rv = f->C_Encrypt(s, text, n, other, &b);
	same_code(rv, flat_rv, type, round);
	if (rv != CKR_OK) {
		CK_RV decrypt = f->C_DecryptInit(s, &native, key);
		ok(f->C_DecryptInit(s, NULL, key));
		same_code(decrypt, f->C_DecryptInit(s, &flat, key), type, round);
		ok(f->C_DecryptInit(s, NULL, key));
		return;
	}
	holds(a == b && memcmp(one, other, a) == 0);
	ok(f->C_DecryptInit(s, &flat, key));
	ok(f->C_Decrypt(s, one, a, back, &c));
	holds(c == n && memcmp(back, text, n) == 0);
	one[random_below(a)] ^= 1;
	c = sizeof back;
	ok(f->C_DecryptInit(s, &flat, key));
	gives(CKR_ENCRYPTED_DATA_INVALID, f->C_Decrypt(s, one, a, back, &c));
	(*ok_count)++;
}

START_TEST(encryption_agrees)
{
	CK_OBJECT_HANDLE key = aes_key();
	unsigned worked = 0;

	for (int round = 0; round < ROUNDS; round++) {
		pairs_seed((uint64_t)round);
		ciphers_agree(_i == 0 ? CKM_AES_GCM : CKM_AES_CCM, key, round, &worked);
	}
	holds(worked > ROUNDS / 10 && worked < ROUNDS);
}
END_TEST

START_TEST(gmac_agrees)
{
	CK_OBJECT_HANDLE key = aes_key();
	uint8_t text[100], one[16], other[16];
	unsigned worked = 0;

	random_fill(text, sizeof text);
	for (int round = 0; round < ROUNDS; round++) {
		pairs_seed((uint64_t)round);
		const struct pair *pair = random_pair(CKM_AES_GMAC);
		CK_MECHANISM native = pair->native, flat = pair->flat;
		CK_ULONG a = sizeof one, b = sizeof other;
		CK_RV rv = f->C_SignInit(s, &native, key);
		same_code(rv, rv == CKR_OK ? f->C_Sign(s, text, pair->data_length, one, &a) : rv,
			CKM_AES_GMAC, round);
		same_code(rv, f->C_SignInit(s, &flat, key), CKM_AES_GMAC, round);
		if (rv != CKR_OK)
			continue;
		ok(f->C_Sign(s, text, pair->data_length, other, &b));
		holds(a == 16 && b == 16 && memcmp(one, other, 16) == 0);
		ok(f->C_VerifyInit(s, &flat, key));
		ok(f->C_Verify(s, text, pair->data_length, one, a));
		one[3] ^= 1;
		ok(f->C_VerifyInit(s, &flat, key));
		gives(CKR_SIGNATURE_INVALID, f->C_Verify(s, text, pair->data_length, one, a));
		worked++;
	}
	holds(worked > ROUNDS / 10 && worked < ROUNDS);
}
END_TEST

/* --- Messages --- */

static uint8_t text[100], native_out[100], sealed[132], back[132], tag[16];
static uint8_t aad[20] = "data beside the text";

/* Encrypt DATA_N bytes in the native form, and put ciphertext and tag into SEALED. */
static CK_ULONG seal_native(CK_SESSION_HANDLE session, const struct pair *pair, CK_ULONG data_n)
{
	CK_ULONG n = sizeof native_out;
	CK_ULONG tag_n = pair->native.mechanism == CKM_AES_GCM
				 ? ((CK_GCM_MESSAGE_PARAMS *)pair->native.pParameter)->ulTagBits / 8
				 : ((CK_CCM_MESSAGE_PARAMS *)pair->native.pParameter)->ulMACLen;

	ok(f3->C_EncryptMessage(session, pair->native.pParameter, pair->native.ulParameterLen, aad,
		sizeof aad, text, data_n, native_out, &n));
	holds(n == data_n);
	memcpy(sealed, native_out, n);
	memcpy(sealed + n, tag, tag_n);
	return n + tag_n;
}

static void message_agrees(CK_SESSION_HANDLE native, CK_MECHANISM_TYPE type, CK_ULONG data_n)
{
	const struct pair *pair = random_message(type, data_n, tag);
	CK_ULONG whole = seal_native(native, pair, data_n), n = sizeof back, asked = 0;
	uint8_t *p = pair->flat.pParameter;
	CK_ULONG p_n = pair->flat.ulParameterLen;

	ok(f3->C_EncryptMessage(s, p, p_n, aad, sizeof aad, text, data_n, NULL, &asked));
	holds(asked == whole);
	n = whole - 1;
	gives(CKR_BUFFER_TOO_SMALL,
		f3->C_EncryptMessage(s, p, p_n, aad, sizeof aad, text, data_n, back, &n));
	holds(n == whole);
	ok(f3->C_EncryptMessage(s, p, p_n, aad, sizeof aad, text, data_n, back, &n));
	holds(n == whole && memcmp(back, sealed, whole) == 0);

	n = sizeof back;
	ok(f3->C_DecryptMessage(s, p, p_n, aad, sizeof aad, sealed, whole, back, &n));
	holds(n == data_n && memcmp(back, text, data_n) == 0);
	memset(back, 0xEE, sizeof back);
	sealed[random_below(whole)] ^= 1;
	n = sizeof back;
	gives(CKR_AEAD_DECRYPT_FAILED,
		f3->C_DecryptMessage(s, p, p_n, aad, sizeof aad, sealed, whole, back, &n));
	for (size_t i = 0; i < sizeof back; i++)
		holds(back[i] == 0xEE);
	n = sizeof back;
	gives(CKR_ENCRYPTED_DATA_LEN_RANGE,
		f3->C_DecryptMessage(s, p, p_n, aad, sizeof aad, sealed, 11, back, &n));
}

static void message_in_parts(CK_SESSION_HANDLE native, CK_MECHANISM_TYPE type, CK_ULONG data_n)
{
	const struct pair *pair = random_message(type, data_n, tag);
	CK_ULONG whole = seal_native(native, pair, data_n), cut = random_below(data_n + 1), n, m;
	uint8_t *p = pair->flat.pParameter;
	CK_ULONG p_n = pair->flat.ulParameterLen;

	ok(f3->C_EncryptMessageBegin(s, p, p_n, aad, sizeof aad));
	n = sizeof back;
	ok(f3->C_EncryptMessageNext(s, NULL, 0, text, cut, back, &n, 0));
	holds(n == cut);
	m = whole - cut - 1;
	gives(CKR_BUFFER_TOO_SMALL, f3->C_EncryptMessageNext(s, NULL, 0, text + cut, data_n - cut,
					    back + n, &m, CKF_END_OF_MESSAGE));
	holds(m == whole - cut);
	/* The parameter of the message may come again, or be empty. */
	ok(f3->C_EncryptMessageNext(
		s, p, p_n, text + cut, data_n - cut, back + n, &m, CKF_END_OF_MESSAGE));
	holds(m == whole - cut && memcmp(back, sealed, whole) == 0);

	cut = random_below(whole + 1);
	ok(f3->C_DecryptMessageBegin(s, p, p_n, aad, sizeof aad));
	n = sizeof back;
	ok(f3->C_DecryptMessageNext(s, NULL, 0, sealed, cut, back, &n, 0));
	holds(n == 0);
	n = sizeof back;
	ok(f3->C_DecryptMessageNext(
		s, NULL, 0, sealed + cut, whole - cut, back, &n, CKF_END_OF_MESSAGE));
	holds(n == data_n && memcmp(back, text, data_n) == 0);
}

START_TEST(messages_agree)
{
	CK_MECHANISM_TYPE type = _i == 0 ? CKM_AES_GCM : CKM_AES_CCM;
	CK_OBJECT_HANDLE key = aes_key();
	CK_SESSION_HANDLE native = open_session(0);

	random_fill(text, sizeof text);
	ok(f3->C_MessageEncryptInit(native, MECH(type), key));
	ok(f3->C_MessageEncryptInit(s, MECH(CKM_KEYDIV_FLAT(type)), key));
	ok(f3->C_MessageDecryptInit(s, MECH(CKM_KEYDIV_FLAT(type)), key));
	for (int round = 0; round < ROUNDS / 4; round++) {
		pairs_seed((uint64_t)round);
		message_agrees(native, type, random_below(sizeof text));
		message_in_parts(native, type, 1 + random_below(sizeof text - 1));
	}
	message_agrees(native, type, 0);
	ok(f3->C_MessageEncryptFinal(s));
	ok(f3->C_MessageDecryptFinal(s));
}
END_TEST

START_TEST(fields_of_messages)
{
	CK_OBJECT_HANDLE key = aes_key();
	CK_ULONG n = sizeof back, tag_n;
	KEYDIV_PARAMETER p;
	CK_GCM_MESSAGE_PARAMS native = {tag, 12, 0, CKG_NO_GENERATE, tag, 128};

	ok(f3->C_MessageEncryptInit(s, MECH(CKM_KEYDIV_FLAT_AES_GCM), key));
	/* The associated data as a field gives the same as the argument, and both are refused. */
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_IV, "twelve bytes", 12);
	ok(f3->C_EncryptMessage(s, p.bytes, p.length, aad, sizeof aad, text, 20, sealed, &n));
	keydiv_put(&p, KEYDIV_AAD, aad, sizeof aad);
	tag_n = sizeof back;
	ok(f3->C_EncryptMessage(s, p.bytes, p.length, NULL, 0, text, 20, back, &tag_n));
	holds(n == 36 && tag_n == 36 && memcmp(sealed, back, 36) == 0);
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_EncryptMessage(s, p.bytes, p.length, aad,
						   sizeof aad, text, 20, back, &tag_n));
	/* No IV, a struct, nothing at all, a field of CCM. */
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_AAD, aad, sizeof aad);
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessage(s, p.bytes, p.length, NULL, 0, text, 20, back, &tag_n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessage(s, &native, sizeof native, NULL, 0, text, 20, back, &tag_n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessageBegin(s, &native, sizeof native, NULL, 0));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessage(s, NULL, 0, NULL, 0, text, 20, back, &tag_n));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_IV, "twelve bytes", 12);
	keydiv_put_number(&p, KEYDIV_DATA_LENGTH, 20);
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessage(s, p.bytes, p.length, NULL, 0, text, 20, back, &tag_n));
	ok(f3->C_MessageEncryptFinal(s));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_MessageEncryptInit(
			s, MECH_P(CKM_KEYDIV_FLAT_AES_GCM, &native, sizeof native), key));
}
END_TEST

/* --- One permission --- */

START_TEST(permission)
{
	CK_MECHANISM hkdf = example_mechanism(example_of(CKM_KEYDIV_FLAT_HKDF_DERIVE));
	CK_MECHANISM gcm = example_mechanism(example_of(CKM_KEYDIV_FLAT_AES_GCM));
	CK_OBJECT_HANDLE child, key;

	key = import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_DERIVE), ALLOWED(CKM_HKDF_DERIVE)));
	ok(f->C_DeriveKey(s, &hkdf, key, T(TYPE(CKK_AES), LENGTH(16)), &child));
	/* The number of a flat form allows neither form. */
	key = import(CKK_GENERIC_SECRET, mk32, 32,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_FLAT_HKDF_DERIVE)));
	gives(CKR_MECHANISM_INVALID,
		f->C_DeriveKey(s, &hkdf, key, T(TYPE(CKK_AES), LENGTH(16)), &child));
	/* A list without the standard mechanism does not allow its flat form. */
	key = import(CKK_GENERIC_SECRET, mk32, 32,
		T(YES(CKA_DERIVE), ALLOWED(CKM_SP800_108_COUNTER_KDF)));
	gives(CKR_MECHANISM_INVALID,
		f->C_DeriveKey(s, &hkdf, key, T(TYPE(CKK_AES), LENGTH(16)), &child));
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), ALLOWED(CKM_AES_CBC)));
	gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, &gcm, key));
	gives(CKR_MECHANISM_INVALID,
		f3->C_MessageEncryptInit(s, MECH(CKM_KEYDIV_FLAT_AES_GCM), key));
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), ALLOWED(CKM_AES_GCM)));
	ok(f->C_EncryptInit(s, &gcm, key));
	key = import(CKK_AES, mk, 16, T(YES(CKA_DECRYPT)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f3->C_MessageEncryptInit(s, MECH(CKM_KEYDIV_FLAT_AES_GCM), key));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flat");
	TCase *tc = add_case(suite, "forms", user);

	tcase_add_loop_test(tc, derivations_agree, 0, DERIVING);
	tcase_add_test(tc, passwords_agree);
	tcase_add_test(tc, parameter_in_the_template);
	tcase_add_loop_test(tc, encryption_agrees, 0, 2);
	tcase_add_test(tc, gmac_agrees);
	tcase_add_loop_test(tc, messages_agree, 0, 2);
	tcase_add_test(tc, fields_of_messages);
	tcase_add_test(tc, permission);
	return run(suite);
}
