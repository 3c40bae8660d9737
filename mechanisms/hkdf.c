/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hkdf.c: HKDF (RFC 5869) as PKCS#11 3.0 defines it. Derive keys and data, and generate
 * keys for HKDF.
 */
#include "flat.h"
#include "key/kdf_primitives.h"
#include "native.h"

/* The parsed parameter, for plan and derive. */
struct native {
	enum digest_kind digest;
	bool extract, expand;
	bool salt_is_key;
	CK_OBJECT_HANDLE salt_key;
	struct bytes salt, info;
};

_Static_assert(sizeof(struct native) <= NATIVE_MAX, "room for the parsed parameter");

/* Parse the salt. Only extraction uses a salt, so the fields are ignored without extraction. */
static CK_RV parse_salt(const CK_HKDF_PARAMS *p, struct native *ret, uint8_t *heap, size_t *used)
{
	ret->salt_is_key = false;
	ret->salt = bytes_of(NULL, 0);
	if (!ret->extract)
		return CKR_OK;
	switch (p->ulSaltType) {
	case CKF_HKDF_SALT_NULL:
		return CKR_OK;
	case CKF_HKDF_SALT_DATA:
		return native_copy(p->pSalt, p->ulSaltLen, heap, used, &ret->salt);
	case CKF_HKDF_SALT_KEY:
		ret->salt_is_key = true;
		ret->salt_key = p->hSaltKey;
		return CKR_OK;
	default:
		return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown salt type");
	}
}

static CK_RV parse(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	struct native *native = out;
	CK_HKDF_PARAMS p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	ENSURE(p.bExtract <= CK_TRUE && p.bExpand <= CK_TRUE, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(p.bExtract || p.bExpand, CKR_MECHANISM_PARAM_INVALID);
	native->extract = p.bExtract;
	native->expand = p.bExpand;
	TRY(digest_of_mechanism(p.prfHashMechanism, &native->digest));
	TRY(parse_salt(&p, native, heap, used));
	return native_copy(p.pInfo, p.ulInfoLen, heap, used, &native->info);
}

static const struct field flat_fields[] = {
	FLAT_HASH,
	{NUMBER_FIELD(STEPS), true, 1, 1},
	{FIELD(SALT_VALUE), false, 0, FLAT_BYTES_MAX},
	{FIELD(INFO), false, 0, FLAT_BYTES_MAX},
	{0},
};

static CK_RV parse_flat(const struct parameter *p, void *out)
{
	struct native *native = out;
	uint8_t steps = parameter_get(p, KEYDIV_STEPS).p[0];

	REQUIRE(steps >= 1 && steps <= (KEYDIV_STEPS_EXTRACT | KEYDIV_STEPS_EXPAND),
		CKR_MECHANISM_PARAM_INVALID, "STEPS is not 1, 2 or 3");
	native->extract = steps & KEYDIV_STEPS_EXTRACT;
	native->expand = steps & KEYDIV_STEPS_EXPAND;
	native->salt_is_key = false;
	native->salt = flat_bytes(p, KEYDIV_SALT_VALUE);
	native->info = flat_bytes(p, KEYDIV_INFO);
	return digest_of_mechanism(flat_hash(p), &native->digest);
}

/*
 * Check the length of the result. Without expansion the result is one digest, with expansion at
 * most 255 digests.
 */
static CK_RV check_length(const struct native *native, size_t length)
{
	size_t digest = digest_length(native->digest);

	ENSURE(native->expand ? length <= HKDF_BLOCKS_MAX * digest : length == digest,
		CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	const struct native *native = d->native;

	TRY(derive_plan_as(d, request, CKK_GENERIC_SECRET, digest_length(native->digest)));
	return check_length(native, d->length);
}

/* Plan the data object of CKM_HKDF_DATA, for example an IV, of any length. */
static CK_RV plan_data(struct derivation *d, const struct key_request *request)
{
	const struct native *native = d->native;

	ENSURE(!request->has_type, CKR_TEMPLATE_INCONSISTENT);
	d->object_class = CKO_DATA;
	d->type = CKK_GENERIC_SECRET;
	d->length = request->has_length ? request->length : digest_length(native->digest);
	ENSURE(d->length >= 1 && d->length <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	return check_length(native, d->length);
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	const struct native *native = d->native;
	struct bytes salt = native->salt;
	SECRET salt_value = {0};

	if (native->salt_is_key) {
		ENSURE(d->other_key != NULL, CKR_KEY_HANDLE_INVALID);
		TRY(d->other_key(d, native->salt_key, &salt_value));
		salt = bytes_of(secret_peek(&salt_value), salt_value.len);
	}
	return key_hkdf(d->base, native->digest, native->extract, native->expand, salt,
		native->info, d->length, ret_value);
}

/*
 * Extraction alone gives the pseudo-random key of RFC 5869. HKDF_DERIVE computes an HMAC under this
 * key internally, so the result may only derive further.
 */
static const struct role role_extracted = {
	.level = LEVEL_FIXED,
	.children = {CKM_HKDF_DERIVE},
};

static const struct role *role_of(const struct derivation *d)
{
	const struct native *native = d->native;

	return native->expand ? &role_leaf : &role_extracted;
}

/* --- The mechanisms --- */

/* RFC 5869 appendix A.1, as a whole and in two steps. */
#define IKM "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define PRK "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
#define OKM "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"

#define SALT (CK_BYTE *)"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 13
#define INFO (CK_BYTE *)"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", 10

static const CK_HKDF_PARAMS both = {
	CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, SALT, 0, INFO};
static const CK_HKDF_PARAMS extract = {
	CK_TRUE, CK_FALSE, CKM_SHA256, CKF_HKDF_SALT_DATA, SALT, 0, NULL, 0};
static const CK_HKDF_PARAMS expand = {
	CK_FALSE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, INFO};

static const struct bytes native_answers[] = {
	{(const void *)&both, sizeof both},
	{(const void *)&extract, sizeof extract},
	{(const void *)&expand, sizeof expand},
};

static const struct known_answer answers[] = {
	{CKK_GENERIC_SECRET, IKM, NULL, CKK_GENERIC_SECRET, OKM},
	{CKK_GENERIC_SECRET, IKM, NULL, CKK_HKDF, PRK},
	{CKK_HKDF, PRK, NULL, CKK_GENERIC_SECRET, OKM},
	{0},
};

static const struct known_answer data_answers[] = {
	{CKK_GENERIC_SECRET, IKM, NULL, CK_UNAVAILABLE_INFORMATION, OKM},
	{0},
};

#define FLAT_SHA256 "78000400000250"
#define FLAT_SALT "7a000d000102030405060708090a0b0c"
#define FLAT_INFO "7b000af0f1f2f3f4f5f6f7f8f9"

static const struct known_answer flat_answers[] = {
	{CKK_GENERIC_SECRET, IKM, FLAT_SHA256 "79000103" FLAT_SALT FLAT_INFO, CKK_GENERIC_SECRET,
		OKM},
	{CKK_GENERIC_SECRET, IKM, FLAT_SHA256 "79000101" FLAT_SALT, CKK_HKDF, PRK},
	{CKK_HKDF, PRK, FLAT_SHA256 "79000102" FLAT_INFO, CKK_GENERIC_SECRET, OKM},
	{0},
};

static const struct known_answer flat_data_answers[] = {
	{CKK_GENERIC_SECRET, IKM, FLAT_SHA256 "79000103" FLAT_SALT FLAT_INFO,
		CK_UNAVAILABLE_INFORMATION, OKM},
	{0},
};

const struct mechanism mech_hkdf_derive = {
	.type = CKM_HKDF_DERIVE,
	.form = FORM_POINTERS,
	.name = "CKM_HKDF_DERIVE",
	.source = "RFC 5869",
	.scheme = "hkdf",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types_hmac,
	.parse_native = parse,
	.derive = {.plan = plan, .value = derive, .role_of = role_of},
	.test = {.answers = answers, .native_answers = native_answers},
};

const struct mechanism mech_hkdf_data = {
	.type = CKM_HKDF_DATA,
	.form = FORM_POINTERS,
	.name = "CKM_HKDF_DATA",
	.source = "RFC 5869",
	.scheme = "hkdf",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types_hmac,
	.parse_native = parse,
	.derive = {.plan = plan_data, .value = derive, .role = &role_none},
	.test = {.answers = data_answers, .native_answers = native_answers},
};

const struct mechanism mech_flat_hkdf_derive = {
	.type = CKM_HKDF_DERIVE,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_HKDF_DERIVE",
	.what = "secret -> key",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types_hmac,
	.fields = flat_fields,
	.parse_flat = parse_flat,
	.derive = {.plan = plan, .value = derive, .role_of = role_of},
	.test = {.answers = flat_answers},
};

const struct mechanism mech_flat_hkdf_data = {
	.type = CKM_HKDF_DATA,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_HKDF_DATA",
	.what = "secret -> data",
	.info = {1, SECRET_MAX, CKF_DERIVE},
	.key_types = key_types_hmac,
	.fields = flat_fields,
	.parse_flat = parse_flat,
	.derive = {.plan = plan_data, .value = derive, .role = &role_none},
	.test = {.answers = flat_data_answers},
};

const struct mechanism mech_hkdf_key_gen = {
	.type = CKM_HKDF_KEY_GEN,
	.name = "CKM_HKDF_KEY_GEN",
	.source = "PKCS#11 3.0",
	.info = {1, SECRET_MAX, CKF_GENERATE},
	.operation = {.generates = CKK_HKDF},
	.test = {.run = operation_self_test},
};
