/* SPDX-License-Identifier: Apache-2.0 */
/* kdf.c: SP 800-108r1 in counter mode with AES-CMAC. */
#include "kdf.h"

#define LABEL_MAX 16
#define USE_FIELD 4 /* tag, length, one byte */
#define NO_USE 0

/* Compute the last block, of which the result has only the first N bytes. */
static CK_RV part_of_block(
	struct key *key, const uint8_t *input, size_t input_len, uint8_t *out, size_t n)
{
	SECRET block = {0};

	TRY(secret_resize(&block, KEY_BLOCK_MAX));
	TRY(key_cmac(key, input, input_len, secret_bytes(&block)));
	memcpy(out, secret_peek(&block), n);
	return CKR_OK;
}

/*
 * Return USE of the planned result of D: KEYDIV_USE_ bits for its usage and its type. NO_USE for a
 * result without usage, whatever its type.
 */
static uint8_t use_of(const struct derivation *d)
{
	uint8_t use = 0;

	if (d->usage == 0)
		return NO_USE;
	use |= d->usage & USAGE_CIPHER ? KEYDIV_USE_CIPHER : 0;
	use |= d->usage & USAGE_MAC ? KEYDIV_USE_MAC : 0;
	use |= d->usage & USAGE_WRAPPING ? KEYDIV_USE_WRAP : 0;
	const struct key_type *type = key_type_find(d->type);
	return type != NULL ? use | type->use : use;
}

/* Append the field USE to the N bytes at INPUT; return the new length. */
static size_t put_use(uint8_t *input, size_t n, uint8_t use)
{
	input[n] = KEYDIV_USE;
	put_be16(input + n + 1, 1);
	input[n + 3] = use;
	return n + USE_FIELD;
}

/* Compute the KDF with USE at the end of the context. NO_USE adds nothing. */
static inline __attribute__((always_inline)) CK_RV compute(struct key *key, const char *label,
	struct bytes context, uint8_t use, size_t length, struct secret *ret)
{
	/* Not cleared, because no byte is read before it is written. */
	uint8_t input[4 + LABEL_MAX + 1 + PARAMETER_MAX + USE_FIELD + 4];
	size_t label_len = strlen(label), n = 4;

	ENSURE(label_len <= LABEL_MAX && context.n <= PARAMETER_MAX, CKR_FUNCTION_FAILED);
	ENSURE(key_block_size(key) == KEY_BLOCK_MAX, CKR_KEY_TYPE_INCONSISTENT);
	TRY(secret_resize(ret, length));
	memcpy(input + n, label, label_len + 1); /* with its NUL, which is the separator 00 */
	n += label_len + 1;
	if (context.n > 0)
		memcpy(input + n, context.p, context.n);
	n += context.n;
	if (use != NO_USE)
		n = put_use(input, n, use);
	put_be32(input + n, (uint32_t)length * 8);
	n += 4;

	uint8_t *out = secret_bytes(ret);
	for (uint32_t i = 1; length > 0; i++) {
		size_t take = length < KEY_BLOCK_MAX ? length : KEY_BLOCK_MAX;
		put_be32(input, i);
		if (take == KEY_BLOCK_MAX)
			TRY(key_cmac(key, input, n, out));
		else
			TRY(part_of_block(key, input, n, out, take));
		out += take;
		length -= take;
	}
	return CKR_OK;
}

CK_RV kdf(
	struct key *key, const char *label, struct bytes context, size_t length, struct secret *ret)
{
	return compute(key, label, context, NO_USE, length, ret);
}

CK_RV kdf_result(struct derivation *d, struct key *key, const char *label, struct bytes context,
	struct secret *ret)
{
	return compute(key, label, context, use_of(d), d->length, ret);
}

CK_RV load_device_key(struct derivation *d, struct key **ret_key)
{
	SECRET value = {0};
	struct bytes context = parameter_span(d->parameter, KEYDIV_DEVICE, KEYDIV_PURPOSE);

	TRY(kdf(d->base, "device", context, key_length(d->base), &value));
	TRY(key_load(d->scratch[0], CKK_AES, secret_peek(&value), value.len));
	*ret_key = d->scratch[0];
	return CKR_OK;
}
