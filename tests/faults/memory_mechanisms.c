/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_mechanisms.c: every mechanism of the table of the module tests, in every way that it can
 * be used, as actions of the regime `memory`.
 */
#include "../module/mechanism_table.h"
#include "memory.h"

static CK_OBJECT_HANDLE key, target;
static uint8_t given[256]; /* ciphertext, MAC or wrapped key */
static CK_ULONG given_n;
static uint8_t clear[32] = "thirty-two bytes of clear text..";

/* --- Keys --- */

static CK_OBJECT_HANDLE make_key(const struct example *e, CK_ATTRIBUTE *t, CK_ULONG n)
{
	uint8_t value[EXAMPLE_KEY_MAX];
	CK_ATTRIBUTE all[12] = {KEY(e->key_type), RAW(CKA_VALUE, value, e->key_length)};
	CK_OBJECT_HANDLE made = 0;

	example_value(e, value);
	memcpy(all + 3, t, n * sizeof *t);
	CK_RV rv = f->C_CreateObject(s, all, 3 + n, &made);
	if (rv != CKR_OK)
		trouble("no key for %s: %s", e->name, name_of(rv));
	return made;
}

/* The mechanisms of LoRaWAN and WITH_DERIVED_KEY use a master. */
static bool uses_a_master(const struct example *e)
{
	return e->type == CKM_KEYDIV_WITH_DERIVED_KEY || e->type == CKM_KEYDIV_LORAWAN_MIC ||
	       e->type == CKM_KEYDIV_LORAWAN_JOIN_ACCEPT;
}

static void key_for(const struct example *e, CK_ATTRIBUTE_TYPE usage)
{
	if (usage == CKA_DERIVE)
		key = make_key(e, T(OPEN_MASTER, ALLOWED(standard_number(e->type))));
	else if (e->type == CKM_KEYDIV_WITH_DERIVED_KEY)
		key = make_key(e, T(YES(CKA_DERIVE)));
	else if (uses_a_master(e))
		key = make_key(e, T(YES(CKA_DERIVE), ALLOWED(e->type)));
	else
		key = make_key(e, T(YES(usage), ALLOWED(standard_number(e->type))));
}

/* --- Operations in one part and in several --- */

static CK_RV encrypt(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_EncryptInit(seat->session, &m, key);

	action_result.n = sizeof action_result.bytes;
	return rv != CKR_OK ? rv
			    : f->C_Encrypt(seat->session, clear, sizeof clear, action_result.bytes,
				      &action_result.n);
}

static CK_RV encrypt_parts(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_ULONG n = 256, rest = 128;
	CK_RV rv = f->C_EncryptInit(seat->session, &m, key);

	if (rv == CKR_OK)
		rv = f->C_EncryptUpdate(
			seat->session, clear, sizeof clear, action_result.bytes, &n);
	if (rv == CKR_OK)
		rv = f->C_EncryptFinal(seat->session, action_result.bytes + n, &rest);
	action_result.n = n + rest;
	return rv;
}

static CK_RV decrypt(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_DecryptInit(seat->session, &m, key);

	action_result.n = sizeof action_result.bytes;
	return rv != CKR_OK ? rv
			    : f->C_Decrypt(seat->session, given, given_n, action_result.bytes,
				      &action_result.n);
}

static CK_RV decrypt_parts(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_ULONG n = 256, rest = 128;
	CK_RV rv = f->C_DecryptInit(seat->session, &m, key);

	if (rv == CKR_OK)
		rv = f->C_DecryptUpdate(seat->session, given, given_n, action_result.bytes, &n);
	if (rv == CKR_OK)
		rv = f->C_DecryptFinal(seat->session, action_result.bytes + n, &rest);
	action_result.n = n + rest;
	return rv;
}

static CK_RV sign(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_SignInit(seat->session, &m, key);

	action_result.n = sizeof action_result.bytes;
	return rv != CKR_OK
		       ? rv
		       : f->C_Sign(seat->session, clear, 20, action_result.bytes, &action_result.n);
}

static CK_RV sign_parts(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_SignInit(seat->session, &m, key);

	action_result.n = sizeof action_result.bytes;
	if (rv == CKR_OK)
		rv = f->C_SignUpdate(seat->session, clear, 20);
	return rv != CKR_OK ? rv
			    : f->C_SignFinal(seat->session, action_result.bytes, &action_result.n);
}

static CK_RV verify(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_VerifyInit(seat->session, &m, key);

	return rv != CKR_OK ? rv : f->C_Verify(seat->session, clear, 20, given, given_n);
}

static CK_RV verify_parts(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_VerifyInit(seat->session, &m, key);

	if (rv == CKR_OK)
		rv = f->C_VerifyUpdate(seat->session, clear, 20);
	return rv != CKR_OK ? rv : f->C_VerifyFinal(seat->session, given, given_n);
}

static CK_RV digest(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_DigestInit(seat->session, &m);

	action_result.n = sizeof action_result.bytes;
	return rv != CKR_OK ? rv
			    : f->C_Digest(seat->session, clear, sizeof clear, action_result.bytes,
				      &action_result.n);
}

static CK_RV digest_parts(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_RV rv = f->C_DigestInit(seat->session, &m);

	action_result.n = sizeof action_result.bytes;
	if (rv == CKR_OK)
		rv = f->C_DigestUpdate(seat->session, clear, sizeof clear);
	return rv != CKR_OK
		       ? rv
		       : f->C_DigestFinal(seat->session, action_result.bytes, &action_result.n);
}

/* --- Keys from keys --- */

static CK_RV wrap(struct seat *seat, const void *use)
{
	const struct example *e = use;
	CK_MECHANISM m = example_mechanism(use);

	action_result.n = sizeof action_result.bytes;
	CK_RV rv =
		f->C_WrapKey(seat->session, &m, key, target, action_result.bytes, &action_result.n);
	if (e->type == CKM_KEYDIV_KEY_BLOCK)
		action_result.n = 16; /* the rest depends on a random number */
	return rv;
}

static CK_RV unwrap(struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);
	CK_OBJECT_HANDLE made;

	return f->C_UnwrapKey(
		seat->session, &m, key, given, given_n, T(KEY(CKK_AES), READABLE), &made);
}

static CK_RV generate(struct seat *seat, const void *use)
{
	const struct example *e = use;
	CK_MECHANISM m = example_mechanism(e);
	CK_OBJECT_HANDLE made;

	if (e->key_type == CKK_DES2 || e->key_type == CKK_DES3)
		return f->C_GenerateKey(seat->session, &m, T(YES(CKA_ENCRYPT)), &made);
	return f->C_GenerateKey(
		seat->session, &m, T(TYPE(e->key_type), LENGTH(e->key_length)), &made);
}

/* The check value tells keys apart. The initial keys and clients of O-DUKPT have none. */
static CK_RV check_value(struct seat *seat, const struct example *e, CK_OBJECT_HANDLE made)
{
	CK_ATTRIBUTE check = {CKA_CHECK_VALUE, action_result.bytes, 3};
	CK_RV rv = e->from == 0 ? f->C_GetAttributeValue(seat->session, made, &check, 1)
				: CKR_ATTRIBUTE_TYPE_INVALID;

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
		return CKR_OK;
	action_result.n = 3;
	if (rv != CKR_OK && f->C_DestroyObject(seat->session, made) != CKR_OK)
		trouble("C_DestroyObject of a new key fails");
	return rv;
}

static CK_RV derive(struct seat *seat, const void *use)
{
	const struct example *e = use;
	CK_MECHANISM m = example_mechanism(e);
	CK_MECHANISM_TYPE standard = standard_number(e->type);
	CK_OBJECT_HANDLE made;

	if (standard == CKM_HKDF_DATA)
		return f->C_DeriveKey(
			seat->session, &m, key, T(CLASS(CKO_DATA), LENGTH(32)), &made);
	if (standard == CKM_HKDF_DERIVE)
		return f->C_DeriveKey(
			seat->session, &m, key, T(TYPE(CKK_GENERIC_SECRET), LENGTH(32)), &made);
	CK_RV rv = f->C_DeriveKey(seat->session, &m, key, NOTHING, &made);
	return rv != CKR_OK ? rv : check_value(seat, e, made);
}

/* --- Preparing --- */

static void for_encrypt(const struct seat *seat, const void *use)
{
	(void)seat;
	key_for(use, CKA_ENCRYPT);
}

static void for_sign(const struct seat *seat, const void *use)
{
	(void)seat;
	key_for(use, CKA_SIGN);
}

static void keep_given(CK_RV rv)
{
	given_n = rv == CKR_OK ? action_result.n : 0;
	memcpy(given, action_result.bytes, given_n < sizeof given ? given_n : 0);
}

static void for_decrypt(const struct seat *seat, const void *use)
{
	struct seat copy = *seat;

	key_for(use, CKA_ENCRYPT);
	keep_given(encrypt(&copy, use));
	if (!uses_a_master(use))
		key_for(use, CKA_DECRYPT);
}

static void for_verify(const struct seat *seat, const void *use)
{
	struct seat copy = *seat;

	key_for(use, CKA_SIGN);
	keep_given(sign(&copy, use));
	if (!uses_a_master(use))
		key_for(use, CKA_VERIFY);
}

static void for_wrap(const struct seat *seat, const void *use)
{
	const struct example *e = use;

	(void)seat;
	key_for(e, CKA_WRAP);
	target = make_key(example_of(CKM_AES_ECB), T(READABLE, YES(CKA_ENCRYPT)));
}

static void for_unwrap(const struct seat *seat, const void *use)
{
	CK_MECHANISM m = example_mechanism(use);

	for_wrap(seat, use);
	given_n = sizeof given;
	if (f->C_WrapKey(seat->session, &m, key, target, given, &given_n) != CKR_OK)
		given_n = 0;
	key_for(use, CKA_UNWRAP);
}

static void for_derive(const struct seat *seat, const void *use)
{
	const struct example *e = use;

	key_for(e->from == CKM_KEYDIV_ODUKPT_CLIENT ? example_of(CKM_KEYDIV_ODUKPT_CLIENT) : e,
		CKA_DERIVE);
	if (e->from != CKM_KEYDIV_ODUKPT_CLIENT)
		return;
	CK_MECHANISM m = example_mechanism(example_of(CKM_KEYDIV_ODUKPT_CLIENT));
	CK_RV rv = f->C_DeriveKey(seat->session, &m, key, NOTHING, &key);
	if (rv != CKR_OK)
		trouble("no client: %s", name_of(rv));
}

/* --- The actions --- */

static const struct way {
	const char *name;
	CK_FLAGS flag;
	void (*prepare)(const struct seat *seat, const void *use);
	CK_RV (*run)(struct seat *seat, const void *use);
} ways[] = {
	{"C_Encrypt", CKF_ENCRYPT, for_encrypt, encrypt},
	{"C_EncryptUpdate", CKF_ENCRYPT, for_encrypt, encrypt_parts},
	{"C_Decrypt", CKF_DECRYPT, for_decrypt, decrypt},
	{"C_DecryptUpdate", CKF_DECRYPT, for_decrypt, decrypt_parts},
	{"C_Sign", CKF_SIGN, for_sign, sign},
	{"C_SignUpdate", CKF_SIGN, for_sign, sign_parts},
	{"C_Verify", CKF_VERIFY, for_verify, verify},
	{"C_VerifyUpdate", CKF_VERIFY, for_verify, verify_parts},
	{"C_Digest", CKF_DIGEST, NULL, digest},
	{"C_DigestUpdate", CKF_DIGEST, NULL, digest_parts},
	{"C_WrapKey", CKF_WRAP, for_wrap, wrap},
	{"C_UnwrapKey", CKF_UNWRAP, for_unwrap, unwrap},
	{"C_GenerateKey", CKF_GENERATE, NULL, generate},
	{"C_DeriveKey", CKF_DERIVE, for_derive, derive},
};
#define WAYS (sizeof ways / sizeof ways[0])

/* Return true for uses with other keys, data or templates, which are in memory_others.c. */
static bool is_elsewhere(const struct example *e, const struct way *way)
{
	switch (e->type) {
	case CKM_KEYDIV_KEY_BLOCK:
		return way->flag == CKF_UNWRAP;
	case CKM_KEYDIV_WITH_DERIVED_KEY:
		return way->flag == CKF_ENCRYPT || way->flag == CKF_DECRYPT;
	case CKM_KEYDIV_LORAWAN_MIC:
	case CKM_KEYDIV_SHE_KEY_UPDATE:
	case CKM_KEYDIV_SHE_KEY_PROOF:
		return true;
	default:
		return false;
	}
}

/* The flags of the mechanism in the token, which a process of its own asks for. */
static CK_FLAGS *offered;

static void ask(unsigned unused)
{
	CK_MECHANISM_INFO info;

	(void)unused;
	f->C_Initialize(NULL);
	for (size_t i = 0; i < example_count; i++)
		if (f->C_GetMechanismInfo(slot, examples[i].type, &info) == CKR_OK)
			offered[i] = info.flags;
	f->C_Finalize(NULL);
}

void memory_mechanisms(add_action *add)
{
	static char names[64 * 1024];
	size_t used = 0;

	offered = faults_shared(example_count * sizeof *offered);
	await_process(start_process(ask, 0), false, "the list of mechanisms");
	for (size_t i = 0; i < example_count; i++)
		for (size_t w = 0; w < WAYS; w++) {
			if (!(offered[i] & ways[w].flag) || is_elsewhere(&examples[i], &ways[w]))
				continue;
			struct action action = {names + used, CALL, ways[w].prepare, ways[w].run,
				&examples[i], false};
			used += (size_t)snprintf(names + used, sizeof names - used, "%s with %s",
					ways[w].name, examples[i].name) +
				1;
			ck_assert(used < sizeof names);
			add(&action);
		}
}
