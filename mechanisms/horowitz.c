/* SPDX-License-Identifier: Apache-2.0 */
/* horowitz.c: the keys of draft-horowitz-key-derivation-00, DK (0301) and password keys (0302). */
#include "mechanism.h"
#include "nfold.h"

#define CONSTANT_MAX 255
#define PADDED_MAX (CONSTANT_MAX + 1 + KEY_BLOCK_MAX)

/*
 * Return the length of CONSTANT with its padding, for blocks of BLOCK bytes and a key of N bytes.
 */
static size_t padded_length(size_t constant, size_t block, size_t n)
{
	size_t padded = (constant + block - 1) / block * block;

	return padded == constant && constant < n ? padded + block : padded;
}

/*
 * Check that a constant without padding needs one block only, because every further block would
 * be the same.
 */
static CK_RV check_constant(const struct parameter *p, size_t block, size_t n)
{
	size_t length = parameter_get(p, KEYDIV_CONSTANT).n;

	ENSURE(n <= block || padded_length(length, block, n) > length, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/* Compute DK(KEY, CONSTANT), as long as KEY, into RET. */
static CK_RV dk(struct key *key, struct bytes constant, struct secret *ret)
{
	size_t n = key_length(key), block = key_block_size(key),
	       padded = padded_length(constant.n, block, n);
	uint8_t whole[PADDED_MAX], folded[KEY_BLOCK_MAX];
	SECRET stream = {0};

	TRY(secret_resize(&stream, (n + block - 1) / block * block));
	memcpy(whole, constant.p, constant.n);
	for (size_t i = 0; i * block < n; i++) {
		memset(whole + constant.n, (int)i, padded - constant.n);
		nfold(whole, padded, folded,
			block); /* a block's length gives the constant itself */
		TRY(key_block(key, NULL, folded, secret_bytes(&stream) + i * block));
	}
	TRY(secret_resize(ret, n));
	nfold(secret_peek(&stream), stream.len, secret_bytes(ret), n);
	return CKR_OK;
}

/* --- From a key --- */

static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	TRY(check_constant(d->parameter, key_block_size(d->base), key_length(d->base)));
	TRY(derive_plan_default(d, request));
	ENSURE(d->length == key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	return dk(d->base, parameter_get(d->parameter, KEYDIV_CONSTANT), ret_value);
}

/* --- From a password --- */

/*
 * AES needs a length in the template. DES2 and DES3 have one length. Keys of other types have
 * no block cipher.
 */
static CK_RV plan_password(struct derivation *d, const struct key_request *request)
{
	const struct key_type *type = key_type_find(request->has_type ? request->type : CKK_AES);

	ENSURE(type != NULL && type->block != 0, CKR_TEMPLATE_INCONSISTENT);
	ENSURE(key_type_only_length(type) != 0 || request->has_length, CKR_TEMPLATE_INCOMPLETE);
	TRY(derive_plan_as(d, request, type->number, 0));
	return check_constant(d->parameter, type->block, d->length);
}

static CK_RV derive_password(struct derivation *d, struct secret *ret_value)
{
	struct bytes password = parameter_get(d->parameter, KEYDIV_PASSWORD);
	SECRET folded = {0};

	TRY(secret_resize(&folded, d->length));
	nfold(password.p, password.n, secret_bytes(&folded), folded.len);
	if (key_type_has_parity(d->type))
		des_set_odd_parity(secret_bytes(&folded), folded.len);
	TRY(key_load(d->scratch[0], d->type, secret_peek(&folded), folded.len));
	return dk(d->scratch[0], parameter_get(d->parameter, KEYDIV_CONSTANT), ret_value);
}

/* --- The mechanisms --- */

static const CK_KEY_TYPE key_types[] = {CKK_AES, CKK_DES2, CKK_DES3, KEY_TYPES_END};

static const struct field fields[] = {
	{FIELD(CONSTANT), true, 1, CONSTANT_MAX},
	{0},
};

static const struct field fields_password[] = {
	{FIELD(CONSTANT), true, 1, CONSTANT_MAX},
	{FIELD(PASSWORD), true, 1, 255},
	{0},
};

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"
#define SIGNING                                                                                    \
	"60"                                                                                       \
	"0007"                                                                                     \
	"7369676e696e67"

static const struct known_answer answers[] = {
	{CKK_AES, MASTER, SIGNING, CKK_AES, "58c54b3c1222e15cf245f8fab0ce8549"},
	{CKK_AES, MASTER, "60001e6120636f6e7374616e74206c6f6e676572207468616e206120626c6f636b",
		CKK_AES, "5bf8bdf4b1a39ec45073892e61d4a9bb"},
	{CKK_DES3, "010102020404070708080b0b0d0d0e0e1010131315151616", SIGNING, CKK_DES3,
		"19d3cbf4a761a11932e9e0512c6e8f9b0b6191e64fe61654"},
	{0},
};

#define CORRECT_HORSE                                                                              \
	"61"                                                                                       \
	"000d"                                                                                     \
	"636f727265637420686f727365"

/* Answers on which this file and tests/models/horowitz.py agree, because the draft has none. */
static const struct known_answer answers_password[] = {
	{0, "", SIGNING CORRECT_HORSE, CKK_AES, "99f222c78d5129a087669bb58eec96f8"},
	{0, "", SIGNING CORRECT_HORSE, CKK_AES,
		"f2f0d31eeaf53771f650d04d1f66cf07838d3dd9b7aa78569df06897799d6562"},
	{0, "", SIGNING CORRECT_HORSE, CKK_DES3,
		"589192e67a4a5d49a2c4c854e9abd6618aba37ad02ef045d"},
	{0},
};

const struct mechanism mech_horowitz_dk = {
	.type = CKM_KEYDIV_HOROWITZ_DK,
	.name = "CKM_KEYDIV_HOROWITZ_DK",
	.what = "key -> DK(key, constant) of Horowitz",
	.source = "draft-horowitz-key-derivation-00",
	.scheme = "horowitz",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf, .for_use = true},
	.test = {.answers = answers},
};

const struct mechanism mech_horowitz_password_key = {
	.type = CKM_KEYDIV_HOROWITZ_PASSWORD_KEY,
	.name = "CKM_KEYDIV_HOROWITZ_PASSWORD_KEY",
	.what = "password -> key",
	.source = "draft-horowitz-key-derivation-00",
	.info = {16, 32, CKF_GENERATE},
	.fields = fields_password,
	.derive = {.plan = plan_password, .value = derive_password},
	.test = {.answers = answers_password},
};
