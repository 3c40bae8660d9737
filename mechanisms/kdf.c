/* SPDX-License-Identifier: Apache-2.0 */
/* kdf.c: see kdf.h. */
#include "kdf.h"

#define LABEL_MAX 16

CK_RV kdf(struct key *key, const char *label, struct bytes context, size_t length, struct secret *ret)
{
	uint8_t input[4 + LABEL_MAX + 1 + PARAMETER_MAX + 4];
	size_t label_len = strlen(label), n = 4;
	SECRET block = { 0 };

	TRY(secret_resize(ret, length));
	memcpy(input + n, label, label_len + 1); /* with its 00, the separator */
	n += label_len + 1;
	if (context.n > 0)
		memcpy(input + n, context.p, context.n);
	n += context.n;
	put_be32(input + n, (uint32_t)length * 8);
	n += 4;

	TRY(secret_resize(&block, KEY_BLOCK_MAX));
	for (size_t done = 0, i = 1; done < length; done += KEY_BLOCK_MAX, i++) {
		size_t take = length - done < KEY_BLOCK_MAX ? length - done : KEY_BLOCK_MAX;
		put_be32(input, (uint32_t)i);
		TRY(key_cmac(key, input, n, secret_bytes(&block)));
		memcpy(secret_bytes(ret) + done, secret_peek(&block), take);
	}
	return CKR_OK;
}

CK_RV load_device_key(struct derivation *d, struct key **ret_key)
{
	SECRET value = { 0 };
	struct bytes context = parameter_span(d->parameter, KEYDIV_DEVICE, KEYDIV_PURPOSE);

	TRY(kdf(d->base, "device", context, key_length(d->base), &value));
	TRY(key_load(d->scratch[0], CKK_AES, secret_peek(&value), value.len));
	*ret_key = d->scratch[0];
	return CKR_OK;
}
