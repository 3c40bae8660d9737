/* SPDX-License-Identifier: Apache-2.0 */
/* load_mechanisms.c: every mechanism in every way that the token offers; see load.h. */
#include "../module/mechanism_table.h"
#include "load.h"

#define EXAMPLES_MAX 256
#define DATA 32

static const CK_FLAGS ways[] = {
	CKF_ENCRYPT, CKF_SIGN, CKF_DIGEST, CKF_WRAP, CKF_GENERATE, CKF_DERIVE};
#define WAYS (sizeof ways / sizeof ways[0])

static struct choice {
	const struct example *example;
	CK_FLAGS way;
} choices[EXAMPLES_MAX * WAYS];
static unsigned choice_count;

/* The keys of a step, which its end destroys. */
struct keys {
	const struct seat *seat;
	CK_OBJECT_HANDLE made[4];
	unsigned n;
};

static void keys_done(struct keys *keys)
{
	while (keys->n > 0)
		(void)f->C_DestroyObject(keys->seat->session, keys->made[--keys->n]);
}

/* --- Keys --- */

/* Mechanisms that use a master, or need data or a template of their own. See load_calls.c. */
static bool is_elsewhere(const struct example *e, CK_FLAGS way)
{
	switch (e->type) {
	case CKM_KEYDIV_WITH_DERIVED_KEY:
	case CKM_KEYDIV_LORAWAN_MIC:
	case CKM_KEYDIV_LORAWAN_JOIN_ACCEPT:
	case CKM_KEYDIV_SHE_KEY_UPDATE:
	case CKM_KEYDIV_SHE_KEY_PROOF:
	case CKM_KEYDIV_KEY_BLOCK:
		return true;
	default:
		return way == CKF_DERIVE && e->from != 0;
	}
}

static CK_RV add_key(struct keys *keys, const struct example *e, CK_ATTRIBUTE *t, CK_ULONG n)
{
	uint8_t value[EXAMPLE_KEY_MAX];
	CK_ATTRIBUTE all[12] = {KEY(e->key_type), RAW(CKA_VALUE, value, e->key_length)};

	example_value(e, value);
	memcpy(all + 3, t, n * sizeof *t);
	CK_RV rv = f->C_CreateObject(keys->seat->session, all, 3 + n, &keys->made[keys->n]);
	keys->n += rv == CKR_OK;
	return rv;
}

static CK_RV check_value(const struct keys *keys, CK_OBJECT_HANDLE key, uint8_t ret[3])
{
	CK_ATTRIBUTE a = {CKA_CHECK_VALUE, ret, 3};
	CK_RV rv = f->C_GetAttributeValue(keys->seat->session, key, &a, 1);

	return rv == CKR_ATTRIBUTE_TYPE_INVALID ? CKR_OK : rv; /* some keys have none */
}

/* --- Operations, in one part or in two --- */

static uint8_t clear[DATA] = "thirty-two bytes of clear text..";

struct transfer {
	CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
	CK_RV (*once)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
	CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
	CK_RV (*final)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *);
};

static CK_RV transfer(const struct keys *keys, const struct example *e, const struct transfer *how,
	bool parts, CK_BYTE *in, CK_ULONG in_n, CK_BYTE ret[256], CK_ULONG *ret_n)
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	CK_ULONG n = 128, rest = 128;
	CK_RV rv = how->init(session, &m, keys->made[0]);

	*ret_n = 256;
	if (rv != CKR_OK || !parts)
		return rv != CKR_OK ? rv : how->once(session, in, in_n, ret, ret_n);
	rv = how->update(session, in, in_n, ret, &n);
	if (rv == CKR_OK)
		rv = how->final(session, ret + n, &rest);
	*ret_n = n + rest;
	return rv;
}

static CK_RV encrypt(struct keys *keys, const struct example *e, unsigned chance)
{
	const struct transfer in = {f->C_EncryptInit, f->C_Encrypt, f->C_EncryptUpdate,
				      f->C_EncryptFinal},
			      back = {f->C_DecryptInit, f->C_Decrypt, f->C_DecryptUpdate,
				      f->C_DecryptFinal};
	uint8_t secret[256], again[256];
	CK_ULONG n, again_n = 0;
	CK_RV rv = add_key(
		keys, e, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), ALLOWED(standard_number(e->type))));

	if (rv == CKR_OK)
		rv = transfer(keys, e, &in, chance & 1, clear, DATA, secret, &n);
	if (rv == CKR_OK)
		rv = transfer(keys, e, &back, chance & 2, secret, n, again, &again_n);
	if (rv == CKR_OK && (again_n != DATA || memcmp(again, clear, DATA) != 0))
		trouble("%s gives another clear text", e->name);
	return rv;
}

static CK_RV mac(const struct keys *keys, const struct example *e, bool parts, CK_BYTE ret[64],
	CK_ULONG *ret_n)
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	CK_RV rv = f->C_SignInit(session, &m, keys->made[0]);

	*ret_n = 64;
	if (rv != CKR_OK || !parts)
		return rv != CKR_OK ? rv : f->C_Sign(session, clear, 20, ret, ret_n);
	rv = f->C_SignUpdate(session, clear, 20);
	return rv != CKR_OK ? rv : f->C_SignFinal(session, ret, ret_n);
}

static CK_RV sign(struct keys *keys, const struct example *e, unsigned chance)
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	uint8_t bytes[64];
	CK_ULONG n;
	CK_RV rv = add_key(
		keys, e, T(YES(CKA_SIGN), YES(CKA_VERIFY), ALLOWED(standard_number(e->type))));

	if (rv == CKR_OK)
		rv = mac(keys, e, chance & 1, bytes, &n);
	if (rv == CKR_OK)
		rv = f->C_VerifyInit(session, &m, keys->made[0]);
	if (rv != CKR_OK)
		return rv;
	if (chance & 2)
		return f->C_Verify(session, clear, 20, bytes, n);
	rv = f->C_VerifyUpdate(session, clear, 20);
	return rv != CKR_OK ? rv : f->C_VerifyFinal(session, bytes, n);
}

static CK_RV digest(struct keys *keys, const struct example *e, unsigned chance)
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	uint8_t one[64], two[64];
	CK_ULONG n = sizeof one, two_n = sizeof two;
	CK_RV rv = f->C_DigestInit(session, &m);

	(void)chance;
	if (rv == CKR_OK)
		rv = f->C_Digest(session, clear, DATA, one, &n);
	if (rv == CKR_OK)
		rv = f->C_DigestInit(session, &m);
	if (rv == CKR_OK)
		rv = f->C_DigestUpdate(session, clear, DATA / 2);
	if (rv == CKR_OK)
		rv = f->C_DigestUpdate(session, clear + DATA / 2, DATA / 2);
	if (rv == CKR_OK)
		rv = f->C_DigestFinal(session, two, &two_n);
	if (rv == CKR_OK && (n != two_n || memcmp(one, two, n) != 0))
		trouble("%s gives another digest", e->name);
	return rv;
}

/* --- Keys from keys --- */

static CK_RV add_target(struct keys *keys)
{
	CK_RV rv = f->C_CreateObject(keys->seat->session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), READABLE, YES(CKA_ENCRYPT)),
		&keys->made[keys->n]);

	keys->n += rv == CKR_OK;
	return rv;
}

static CK_RV wrap(struct keys *keys, const struct example *e, unsigned chance)
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	uint8_t wrapped[256], was[3], is[3];
	CK_ULONG n = sizeof wrapped;
	CK_RV rv = add_key(keys, e, T(YES(CKA_WRAP), ALLOWED(e->type)));

	(void)chance;
	if (rv == CKR_OK)
		rv = add_key(keys, e, T(YES(CKA_UNWRAP), ALLOWED(e->type)));
	if (rv == CKR_OK)
		rv = add_target(keys);
	if (rv == CKR_OK)
		rv = check_value(keys, keys->made[2], was);
	if (rv == CKR_OK)
		rv = f->C_WrapKey(session, &m, keys->made[0], keys->made[2], wrapped, &n);
	if (rv == CKR_OK)
		rv = f->C_UnwrapKey(session, &m, keys->made[1], wrapped, n,
			T(KEY(CKK_AES), READABLE), &keys->made[3]);
	if (rv != CKR_OK)
		return rv;
	keys->n = 4;
	rv = check_value(keys, keys->made[3], is);
	if (rv == CKR_OK && memcmp(was, is, 3) != 0)
		trouble("%s unwraps another key", e->name);
	return rv;
}

static CK_RV generate(struct keys *keys, const struct example *e, unsigned chance)
{
	CK_MECHANISM m = example_mechanism(e);
	bool fixed = e->key_type == CKK_DES2 || e->key_type == CKK_DES3;
	CK_RV rv = fixed ? f->C_GenerateKey(
				   keys->seat->session, &m, T(YES(CKA_ENCRYPT)), &keys->made[0])
			 : f->C_GenerateKey(keys->seat->session, &m,
				   T(TYPE(e->key_type), LENGTH(e->key_length)), &keys->made[0]);

	(void)chance;
	keys->n = rv == CKR_OK;
	return rv;
}

static CK_RV derive_once(struct keys *keys, const struct example *e, uint8_t ret_check[3])
{
	CK_SESSION_HANDLE session = keys->seat->session;
	CK_MECHANISM m = example_mechanism(e);
	CK_OBJECT_HANDLE *ret = &keys->made[keys->n];
	CK_MECHANISM_TYPE standard = standard_number(e->type);
	CK_RV rv;

	if (standard == CKM_HKDF_DATA)
		rv = f->C_DeriveKey(
			session, &m, keys->made[0], T(CLASS(CKO_DATA), LENGTH(32)), ret);
	else if (standard == CKM_HKDF_DERIVE)
		rv = f->C_DeriveKey(
			session, &m, keys->made[0], T(TYPE(CKK_GENERIC_SECRET), LENGTH(32)), ret);
	else
		rv = f->C_DeriveKey(session, &m, keys->made[0], NOTHING, ret);
	if (rv != CKR_OK)
		return rv;
	return check_value(keys, keys->made[keys->n++], ret_check);
}

static CK_RV derive(struct keys *keys, const struct example *e, unsigned chance)
{
	uint8_t one[3] = {0}, two[3] = {0};
	CK_RV rv = add_key(keys, e, T(OPEN_MASTER, ALLOWED(standard_number(e->type))));

	(void)chance;
	if (rv == CKR_OK)
		rv = derive_once(keys, e, one);
	if (rv == CKR_OK)
		rv = derive_once(keys, e, two);
	if (rv == CKR_OK && memcmp(one, two, 3) != 0)
		trouble("%s derives another key", e->name);
	return rv;
}

/* --- The step --- */

CK_RV mechanism_step(struct seat *seat)
{
	static CK_RV (*const run[WAYS])(struct keys *, const struct example *, unsigned) = {
		encrypt, sign, digest, wrap, generate, derive};
	const struct choice *choice = &choices[draw_below(&seat->random, choice_count)];
	struct keys keys = {.seat = seat};
	CK_MECHANISM_INFO info;

	load_doing = choice->example->name;
	CK_RV rv = f->C_GetMechanismInfo(slot, choice->example->type, &info);

	for (unsigned way = 0; way < WAYS && rv == CKR_OK; way++)
		if (ways[way] == choice->way)
			rv = run[way](&keys, choice->example, (unsigned)draw(&seat->random));
	keys_done(&keys);
	return rv;
}

void mechanisms_learn(void)
{
	CK_MECHANISM_INFO info;

	for (size_t i = 0; i < example_count && i < EXAMPLES_MAX; i++) {
		if (f->C_GetMechanismInfo(slot, examples[i].type, &info) != CKR_OK)
			continue;
		for (unsigned way = 0; way < WAYS; way++)
			if ((info.flags & ways[way]) && !is_elsewhere(&examples[i], ways[way]))
				choices[choice_count++] = (struct choice){&examples[i], ways[way]};
	}
	if (choice_count == 0)
		trouble("no mechanism");
}
