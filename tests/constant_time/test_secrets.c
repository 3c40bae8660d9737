/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_secrets.c: secrets that a caller hands over: PINs, key values, data, MACs and ciphertexts,
 * through the functions of the module.
 */
#include "../module/mechanism_table.h"
#include "poison.h"

static uint8_t out[256];
static CK_ULONG n;

/* A copy of the N bytes at P, which is secret. */
static CK_BYTE_PTR secret(const void *p, size_t length)
{
	static uint8_t copies[16][256];
	static unsigned turn;
	uint8_t *copy = copies[turn++ % 16];

	ck_assert_uint_le(length, sizeof copies[0]);
	memcpy(copy, p, length);
	mark_secret(copy, length);
	return copy;
}

#define PIN(text) secret(text, sizeof(text) - 1), sizeof(text) - 1

static void secret_user(void)
{
	session();
	ok(f->C_Login(s, CKU_USER, PIN(USER_PIN)));
}

/* Import the key of the example E for USAGE, with a secret value. */
static CK_OBJECT_HANDLE key_for(const struct example *e, CK_ATTRIBUTE_TYPE usage)
{
	uint8_t value[EXAMPLE_KEY_MAX];

	example_value(e, value);
	if (usage == CKA_DERIVE)
		return import(e->key_type, secret(value, e->key_length), e->key_length,
			T(OPEN_MASTER, ALLOWED(standard_number(e->type))));
	return import(e->key_type, secret(value, e->key_length), e->key_length, T(YES(usage)));
}

/* --- PINs --- */

START_TEST(user_login)
{
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("1235")));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("12345678")));
	ok(f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	gives(CKR_PIN_INCORRECT, f->C_SetPIN(s, PIN("0000"), PIN("new pin")));
	ok(f->C_SetPIN(s, PIN(USER_PIN), PIN("new pin")));
	ok(f->C_Logout(s));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	ok(f->C_Login(s, CKU_USER, PIN("new pin")));
}
END_TEST

START_TEST(security_officer)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof label);
	gives(CKR_PIN_INCORRECT, f->C_InitToken(slot, PIN("so-87654322"), label));
	ok(f->C_InitToken(slot, PIN(SO_PIN), label));
	s = open_session(CKF_RW_SESSION);
	ok(f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	ok(f->C_InitPIN(s, PIN("87654321")));
	ok(f->C_SetPIN(s, PIN(SO_PIN), PIN("so-12345678")));
	ok(f->C_Logout(s));
	ok(f->C_Login(s, CKU_USER, PIN("87654321")));
}
END_TEST

/* --- Keys, data, MACs, ciphertexts --- */

static void signs(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t *text = secret("twenty bytes of text", 20);

	n = sizeof out;
	ok(f->C_SignInit(s, &m, key_for(e, CKA_SIGN)));
	ok(f->C_Sign(s, text, 20, out, &n));
	for (CK_ULONG wrong = 0; wrong <= n; wrong += n / 2) {
		mark_secret(out, n);
		ok(f->C_VerifyInit(s, &m, key_for(e, CKA_VERIFY)));
		ok(f->C_Verify(s, text, 20, out, n));
		out[wrong < n ? wrong : n - 1] ^= 1;
		ok(f->C_VerifyInit(s, &m, key_for(e, CKA_VERIFY)));
		gives(CKR_SIGNATURE_INVALID, f->C_Verify(s, text, 20, out, n));
		out[wrong < n ? wrong : n - 1] ^= 1;
	}
	ok(f->C_VerifyInit(s, &m, key_for(e, CKA_VERIFY)));
	ok(f->C_VerifyUpdate(s, text, 20));
	ok(f->C_VerifyFinal(s, out, n));
}

static void encrypts(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t back[64];
	CK_ULONG k = sizeof back;
	CK_RV rv;

	n = sizeof out;
	ok(f->C_EncryptInit(s, &m, key_for(e, CKA_ENCRYPT)));
	ok(f->C_Encrypt(s, secret("thirty-two bytes of clear text..", 32), 32, out, &n));
	mark_secret(out, n);
	ok(f->C_DecryptInit(s, &m, key_for(e, CKA_DECRYPT)));
	ok(f->C_Decrypt(s, out, n, back, &k));
	holds(k == 32);
	/* A wrong tag, wrong padding, or without effect on the code. */
	out[n - 1] ^= 1;
	k = sizeof back;
	ok(f->C_DecryptInit(s, &m, key_for(e, CKA_DECRYPT)));
	rv = f->C_Decrypt(s, out, n, back, &k);
	holds(rv == CKR_OK || rv == CKR_ENCRYPTED_DATA_INVALID);
}

/* The nonces of a key are counted under a fingerprint of the key. */
static void messages(const struct example *e)
{
	static uint8_t nonce[12], tag[16];
	CK_GCM_MESSAGE_PARAMS p = {nonce, sizeof nonce, 0, CKG_GENERATE_COUNTER, tag, 128};

	if (e->type != CKM_AES_GCM)
		return;
	n = sizeof out;
	ok(f3->C_MessageEncryptInit(s, MECH(e->type), key_for(e, CKA_ENCRYPT)));
	ok(f3->C_EncryptMessage(s, &p, sizeof p, NULL, 0, secret("text", 4), 4, out, &n));
	ok(f3->C_MessageEncryptFinal(s));
	mark_secret(tag, sizeof tag);
	ok(f3->C_MessageDecryptInit(s, MECH(e->type), key_for(e, CKA_DECRYPT)));
	ok(f3->C_DecryptMessage(s, &p, sizeof p, NULL, 0, out, n, out, &n));
	tag[0] ^= 1;
	gives(CKR_AEAD_DECRYPT_FAILED,
		f3->C_DecryptMessage(s, &p, sizeof p, NULL, 0, out, n, out, &n));
	ok(f3->C_MessageDecryptFinal(s));
}

static void digests(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);

	n = sizeof out;
	ok(f->C_DigestInit(s, &m));
	ok(f->C_DigestUpdate(s, secret("abc", 3), 3));
	ok(f->C_DigestFinal(s, out, &n));
}

static void wraps(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	CK_OBJECT_HANDLE made,
		key = import(CKK_AES, secret(mk, 16), 16, T(READABLE, YES(CKA_ENCRYPT)));
	bool is_text = e->type == CKM_KEYDIV_KEY_BLOCK; /* whose characters are no secret */

	n = sizeof out;
	ok(f->C_WrapKey(s, &m, key_for(e, CKA_WRAP), key, out, &n));
	if (!is_text)
		mark_secret(out, n);
	ok(f->C_UnwrapKey(s, &m, key_for(e, CKA_UNWRAP), out, n, T(KEY(CKK_AES)), &made));
	out[n - 1] = out[n - 1] == '0' ? '1' : '0';
	gives(CKR_WRAPPED_KEY_INVALID,
		f->C_UnwrapKey(s, &m, key_for(e, CKA_UNWRAP), out, n, T(KEY(CKK_AES)), &made));
}

static void derives(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e), before;
	CK_OBJECT_HANDLE base = 0, child;

	if (e->from == CKM_KEYDIV_ODUKPT_CLIENT) {
		before = example_mechanism(example_of(e->from));
		ok(f->C_DeriveKey(
			s, &before, key_for(example_of(e->from), CKA_DERIVE), NOTHING, &base));
	} else {
		base = key_for(e, CKA_DERIVE);
	}
	if (standard_number(e->type) == CKM_HKDF_DATA)
		ok(f->C_DeriveKey(s, &m, base, T(CLASS(CKO_DATA), LENGTH(32)), &child));
	else if (standard_number(e->type) == CKM_HKDF_DERIVE)
		ok(f->C_DeriveKey(s, &m, base, T(TYPE(CKK_GENERIC_SECRET), LENGTH(32)), &child));
	else
		ok(f->C_DeriveKey(s, &m, base, NOTHING, &child));
}

/* Mechanisms whose keys or data are not like those of the others. test_mechanisms.c has them. */
static bool is_special(CK_MECHANISM_TYPE type)
{
	return type == CKM_KEYDIV_WITH_DERIVED_KEY || type == CKM_KEYDIV_LORAWAN_MIC ||
	       type == CKM_KEYDIV_LORAWAN_JOIN_ACCEPT || type == CKM_KEYDIV_SHE_KEY_UPDATE ||
	       type == CKM_KEYDIV_SHE_KEY_PROOF;
}

static void use(const struct example *e)
{
	CK_MECHANISM_INFO info;

	if (is_special(e->type) || f->C_GetMechanismInfo(slot, e->type, &info) != CKR_OK)
		return;
	printf("%s\n", e->name);
	if (info.flags & CKF_ENCRYPT)
		encrypts(e);
	if (info.flags & CKF_MESSAGE_ENCRYPT)
		messages(e);
	if (info.flags & CKF_SIGN)
		signs(e);
	if (info.flags & CKF_DIGEST)
		digests(e);
	if (info.flags & CKF_WRAP)
		wraps(e);
	if (info.flags & CKF_DERIVE)
		derives(e);
}

START_TEST(every_mechanism)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG count = 256;

	for (size_t i = 0; i < example_count; i++)
		use(&examples[i]);
	ok(f->C_GetMechanismList(slot, list, &count));
	for (CK_ULONG i = 0; i < count; i++)
		ck_assert_msg(example_of(list[i]) != NULL, "0x%lx has no example", list[i]);
}
END_TEST

/* A key that is stored and loaded again by another process. */
START_TEST(token_object)
{
	CK_OBJECT_HANDLE base, child;

	ok(f->C_CreateObject(s,
		T(KEY(CKK_AES), RAW(CKA_VALUE, secret(mk, 16), 16), YES(CKA_TOKEN), YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_DEVICE_KEY), STR(CKA_LABEL, "stored")),
		&base));
	restart();
	s = open_session(CKF_RW_SESSION);
	ok(f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "stored")), &base, 1), 1);
	ok(derive_device(base, T(YES(CKA_TOKEN), TYPE(CKK_AES)), &child));
}
END_TEST

/* The state of a client, which is sealed in a file of its own. */
START_TEST(stored_client)
{
	const struct example *e = example_of(CKM_KEYDIV_ODUKPT_CLIENT);
	CK_MECHANISM m = example_mechanism(e);
	CK_OBJECT_HANDLE client, child;

	ok(f->C_DeriveKey(s, &m, key_for(e, CKA_DERIVE), T(YES(CKA_TOKEN)), &client));
	for (int i = 0; i < 4; i++)
		ok(f->C_DeriveKey(s, MECH(CKM_KEYDIV_ODUKPT_NEXT_KEY), client, NOTHING, &child));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secrets");

	tcase_add_test(add_case(suite, "login", session), user_login);
	tcase_add_test(add_case(suite, "security officer", initialize), security_officer);
	TCase *tc = add_case(suite, "mechanisms", secret_user);
	tcase_add_test(tc, every_mechanism);
	tcase_add_test(tc, token_object);
	tcase_add_test(tc, stored_client);
	return run(suite);
}
