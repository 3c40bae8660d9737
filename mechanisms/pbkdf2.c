/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbkdf2.c: CKM_PKCS5_PBKD2, a key from a password by PBKDF2 (RFC 8018, Current
 * Mechanisms Specification 2.29).
 */
#include "flat.h"
#include "key/kdf_primitives.h"
#include "native.h"

/* The parsed parameter, for plan and derive. */
struct native {
	enum digest_kind digest;
	CK_ULONG iterations;
	struct bytes salt, password;
};

_Static_assert(sizeof(struct native) <= NATIVE_MAX, "room for the parsed parameter");

static CK_RV digest_of(CK_ULONG prf, enum digest_kind *ret)
{
	static const struct {
		CK_ULONG prf;
		enum digest_kind kind;
	} known[] = {{CKP_PKCS5_PBKD2_HMAC_SHA1, DIGEST_SHA1},
		{CKP_PKCS5_PBKD2_HMAC_SHA224, DIGEST_SHA224},
		{CKP_PKCS5_PBKD2_HMAC_SHA256, DIGEST_SHA256},
		{CKP_PKCS5_PBKD2_HMAC_SHA384, DIGEST_SHA384},
		{CKP_PKCS5_PBKD2_HMAC_SHA512, DIGEST_SHA512}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].prf == prf) {
			*ret = known[i].kind;
			return CKR_OK;
		}
	return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown PRF");
}

static CK_RV check_iterations(CK_ULONG iterations)
{
	ENSURE(iterations >= 1 && iterations <= INT32_MAX, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/*
 * The struct is CK_PKCS5_PBKD2_PARAMS2, which holds the length of the password. The older struct of
 * the same size has a pointer to the length there. No pointer is a valid length, so callers of the
 * older struct are refused.
 */
static CK_RV parse(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	struct native *native = out;
	CK_PKCS5_PBKD2_PARAMS2 p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	ENSURE(p.saltSource == CKZ_SALT_SPECIFIED, CKR_MECHANISM_PARAM_INVALID);
	TRY(check_iterations(p.iterations));
	ENSURE(p.pPrfData == NULL && p.ulPrfDataLen == 0,
		CKR_MECHANISM_PARAM_INVALID); /* HMAC takes no parameter */
	native->iterations = p.iterations;
	TRY(digest_of(p.prf, &native->digest));
	TRY(native_copy(p.pSaltSourceData, p.ulSaltSourceDataLen, heap, used, &native->salt));
	return native_copy(p.pPassword, p.ulPasswordLen, heap, used, &native->password);
}

static const struct field flat_fields[] = {
	{FIELD(PASSWORD), true, 0, FLAT_BYTES_MAX},
	FLAT_HASH,
	{FIELD(SALT_VALUE), true, 0, FLAT_BYTES_MAX},
	{NUMBER_FIELD(ITERATIONS), true, 8, 8},
	{0},
};

static CK_RV parse_flat(const struct parameter *p, void *out)
{
	struct native *native = out;

	native->password = parameter_get(p, KEYDIV_PASSWORD);
	native->salt = parameter_get(p, KEYDIV_SALT_VALUE);
	native->iterations = get_be64(parameter_get(p, KEYDIV_ITERATIONS).p);
	TRY(check_iterations(native->iterations));
	return digest_of_mechanism(flat_hash(p), &native->digest);
}

/*
 * Plan a generic secret if the template has no type. A type with several lengths needs a length
 * in the template.
 */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	CK_KEY_TYPE number = request->has_type ? request->type : CKK_GENERIC_SECRET;
	const struct key_type *type = key_type_find(number);

	ENSURE(request->has_length || (type != NULL && key_type_only_length(type) != 0),
		CKR_TEMPLATE_INCOMPLETE);
	return derive_plan_as(d, request, number, 0);
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	const struct native *native = d->native;

	return pbkdf2(native->digest, native->password, native->salt, native->iterations, d->length,
		ret_value);
}

/* RFC 6070 (SHA-1, 2 iterations) and RFC 7914 section 11 (SHA-256). */
static const CK_PKCS5_PBKD2_PARAMS2 sha1 = {CKZ_SALT_SPECIFIED, (CK_VOID_PTR) "salt", 4, 2,
	CKP_PKCS5_PBKD2_HMAC_SHA1, NULL, 0, (CK_UTF8CHAR *)"password", 8};
static const CK_PKCS5_PBKD2_PARAMS2 sha256 = {CKZ_SALT_SPECIFIED, (CK_VOID_PTR) "salt", 4, 1,
	CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, (CK_UTF8CHAR *)"passwd", 6};

static const struct bytes native_answers[] = {
	{(const void *)&sha1, sizeof sha1},
	{(const void *)&sha256, sizeof sha256},
};

#define SHA1_KEY "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
#define SHA256_KEY                                                                                 \
	"55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"                         \
	"49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"

static const struct known_answer answers[] = {
	{0, "", NULL, CKK_GENERIC_SECRET, SHA1_KEY},
	{0, "", NULL, CKK_GENERIC_SECRET, SHA256_KEY},
	{0},
};

static const struct known_answer flat_answers[] = {
	{0, "", "61000870617373776f7264780004000002207a000473616c747c00080000000000000002",
		CKK_GENERIC_SECRET, SHA1_KEY},
	{0, "", "610006706173737764780004000002507a000473616c747c00080000000000000001",
		CKK_GENERIC_SECRET, SHA256_KEY},
	{0},
};

const struct mechanism mech_pkcs5_pbkd2 = {
	.type = CKM_PKCS5_PBKD2,
	.form = FORM_POINTERS,
	.name = "CKM_PKCS5_PBKD2",
	.source = "RFC 8018",
	.info = {16, 64, CKF_GENERATE},
	.parse_native = parse,
	.derive = {.plan = plan, .value = derive},
	.test = {.answers = answers, .native_answers = native_answers},
};

const struct mechanism mech_flat_pkcs5_pbkd2 = {
	.type = CKM_PKCS5_PBKD2,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_PKCS5_PBKD2",
	.what = "password -> key",
	.info = {16, 64, CKF_GENERATE},
	.fields = flat_fields,
	.parse_flat = parse_flat,
	.derive = {.plan = plan, .value = derive},
	.test = {.answers = flat_answers},
};
