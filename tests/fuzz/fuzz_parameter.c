/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_parameter.c: parse mechanism parameters of every mechanism: the flat encoding, the
 * PKCS#11 structs with their pointers, and IVs. Derive with each accepted parameter. The bytes
 * that a struct points to are in memory of exactly the stated length, so that a read beyond the
 * end is detected.
 */
#include "fuzz.h"

#include "mechanism.h"
#include "with_derived_key.h"

#define BUFFERS_MAX 64

static struct key *keys[1 + SCRATCH_KEYS];
static void *buffers[BUFFERS_MAX];
static size_t buffers_used;

void fuzz_start(void)
{
	MUST(crypto_start() == CKR_OK);
	for (unsigned i = 0; i < 1 + SCRATCH_KEYS; i++) {
		keys[i] = key_new();
		MUST(keys[i] != NULL);
	}
}

static void *keep(void *p)
{
	MUST(p != NULL && buffers_used < BUFFERS_MAX);
	return buffers[buffers_used++] = p;
}

/*
 * --- Structs of 8-byte words ---
 *
 * Each word has a letter: n is a number, p is a pointer whose length is the word l after it (or L
 * before it), t is a mechanism type.
 */

static const struct layout {
	CK_MECHANISM_TYPE type;
	const char *words;
} layouts[] = {
	{CKM_AES_GCM, "plnpln"},
	{CKM_AES_GMAC, "plnpln"},
	{CKM_AES_CCM, "nplpln"},
	{CKM_AES_CTR, "nnn"},
	{CKM_HKDF_DERIVE, "ntnplnpl"},
	{CKM_HKDF_DATA, "ntnplnpl"},
	{CKM_PKCS5_PBKD2, "nplnnplpl"},
	{CKM_AES_ECB_ENCRYPT_DATA, "pl"},
	{CKM_DES3_ECB_ENCRYPT_DATA, "pl"},
	{CKM_AES_CBC_ENCRYPT_DATA, "nnpl"},
	{CKM_DES3_CBC_ENCRYPT_DATA, "npl"},
	{CKM_SP800_108_COUNTER_KDF, "tddnd"},
	{CKM_SP800_108_DOUBLE_PIPELINE_KDF, "tddnd"},
	{CKM_SP800_108_FEEDBACK_KDF, "tddLpnd"},
};

static const char *layout_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
		if (layouts[i].type == type)
			return layouts[i].words;
	return NULL;
}

static CK_ULONG take_mechanism(struct input *in)
{
	uint8_t which = take_byte(in);

	return which < 250 ? mechanisms[which % mechanism_count]->type : take_number(in);
}

/* Take a pointer and its exact length, or NULL with a length. */
static void take_pointer(struct input *in, CK_ULONG *ret_p, CK_ULONG *ret_n)
{
	size_t n;
	uint8_t how = take_byte(in);

	if (how > 240) {
		*ret_p = 0;
		*ret_n = take_number(in);
		return;
	}
	*ret_p = (CK_ULONG)(uintptr_t)keep(take_bytes(in, 5000, &n));
	*ret_n = n;
}

/* Take the list of an SP 800-108 parameter with its formats and bytes. */
static void take_list(struct input *in, CK_ULONG *ret_n, CK_ULONG *ret_p)
{
	CK_ULONG n = take_byte(in) % 20;
	CK_PRF_DATA_PARAM *list = keep(calloc(n ? n : 1, sizeof *list));

	for (CK_ULONG i = 0; i < n; i++) {
		CK_ULONG p, length, words[3];
		list[i].type = take_byte(in) % 8;
		switch (take_byte(in) % 4) {
		case 0: /* the format of a counter */
		case 1: /* the format of a length */
			length = list[i].type == CK_SP800_108_DKM_LENGTH ? 24 : 16;
			for (int k = 0; k < 3; k++)
				words[k] = take_number(in);
			list[i].pValue = keep(malloc(length));
			memcpy(list[i].pValue, words, length);
			list[i].ulValueLen = length;
			break;
		default:
			take_pointer(in, &p, &length);
			list[i].pValue = (void *)(uintptr_t)p;
			list[i].ulValueLen = length;
		}
	}
	*ret_n = take_byte(in) > 250 ? 1000000000 : n;
	*ret_p = (CK_ULONG)(uintptr_t)list;
	if (*ret_n != n)
		*ret_p = 0;
}

static void take_struct(struct input *in, const char *words, CK_ULONG *out)
{
	for (size_t i = 0; words[i] != '\0'; i++)
		switch (words[i]) {
		case 'n':
			out[i] = take_number(in);
			break;
		case 't':
			out[i] = take_mechanism(in);
			break;
		case 'p':
			if (words[i + 1] == 'l') {
				take_pointer(in, &out[i], &out[i + 1]);
				i++;
			}
			break;
		case 'L':
			take_pointer(in, &out[i + 1], &out[i]);
			i++;
			break;
		case 'd':
			if (i == 1) {
				take_list(in, &out[1], &out[2]);
				i++;
			} else { /* the number of further keys, and an array unless it is 0 */
				out[i] = (CK_ULONG)(uintptr_t)keep(
					calloc(MORE_KEYS_MAX, sizeof(CK_DERIVED_KEY)));
			}
			break;
		}
}

static CK_MECHANISM take_caller(struct input *in, const struct mechanism *row)
{
	const char *words = layout_of(row->type);
	CK_MECHANISM m = {row->type, NULL, 0};
	size_t n;

	if (words != NULL && take_byte(in) < 240) {
		CK_ULONG values[16] = {0};
		take_struct(in, words, values);
		m.ulParameterLen = strlen(words) * 8;
		m.pParameter = keep(malloc(m.ulParameterLen));
		memcpy(m.pParameter, values, m.ulParameterLen);
	} else {
		m.pParameter = keep(take_bytes(in, PARAMETER_MAX, &n));
		m.ulParameterLen =
			n -
			(words != NULL && n == strlen(words) * 8); /* a struct without pointers */
	}
	return m;
}

/* --- Deriving with an accepted parameter --- */

static CK_RV other_key(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	(void)d;
	return handle & 1 ? secret_set(ret_value, (const uint8_t *)"another key's value", 19)
			  : CKR_KEY_HANDLE_INVALID;
}

static bool load_base(struct input *in, const struct mechanism *row, CK_KEY_TYPE *ret_type)
{
	static const uint8_t value[64] =
		"a base key of any length that may be wanted here, up to 64 bytes";
	unsigned count = 0;

	if (row->key_types == NULL)
		return false;
	while (row->key_types[count] != KEY_TYPES_END)
		count++;
	uint8_t which = take_byte(in);
	*ret_type = row->key_types[which % count];
	size_t n = *ret_type == CKK_DES2 ? 16
		   : *ret_type == CKK_DES3
			   ? 24
			   : 16 + 8 * (size_t)(which >> 4 & 1) + 16 * (size_t)(which >> 5 & 1);
	n = *ret_type == CKK_AES && n > 32 ? 32 : n;
	return key_load(keys[0], *ret_type, value, n) == CKR_OK;
}

static void derive(struct input *in, struct derivation *d)
{
	SECRET value = {0};
	struct key_request request = {.object_class = CKO_SECRET_KEY};
	struct more_key more[MORE_KEYS_MAX];
	const CK_DERIVED_KEY *asked;
	uint8_t which = take_byte(in);
	CK_KEY_TYPE type;

	if (d->mechanism->derive.state != NULL ||
		(d->mechanism->type == CKM_PKCS5_PBKD2)) /* limit the number of rounds */
		return;
	d->base = load_base(in, d->mechanism, &type) ? keys[0] : NULL;
	if (d->base == NULL && d->mechanism->key_types != NULL)
		return;
	d->scratch[0] = keys[1];
	d->scratch[1] = keys[2];
	d->other_key = other_key;
	request.has_type = which & 1;
	request.type =
		(CK_KEY_TYPE[]){CKK_AES, CKK_GENERIC_SECRET, CKK_DES2, CKK_DES3}[which >> 2 & 3];
	request.has_length = which & 2;
	request.length = take_number(in);
	if (which & 0x80)
		request.object_class = CKO_DATA;
	d->object_class = request.object_class;
	if ((d->mechanism->derive.plan ? d->mechanism->derive.plan : derive_plan_default)(
		    d, &request) != CKR_OK)
		return;
	MUST(d->length <= SECRET_MAX);
	d->usage = which & 0x40 ? USAGE_ALL : which & 0x20 ? USAGE_SIGN : 0;
	if (d->mechanism->info.flags & CKF_DERIVE)
		MUST(derive_role(d)->children[CHILDREN_MAX - 1] == 0);
	if (d->mechanism->derive.more_keys != NULL && d->native != NULL) {
		d->more_count = d->mechanism->derive.more_keys(d->native, &asked);
		MUST(d->more_count <= MORE_KEYS_MAX);
		d->more = more;
		for (size_t i = 0; i < d->more_count; i++)
			more[i] = (struct more_key){1 + i * 7, 0};
	}
	CK_RV rv = derive_value(d, &value);
	MUST(rv != CKR_OK || value.len >= d->length);
	for (size_t i = 0; rv == CKR_OK && i < d->more_count; i++)
		MUST(more[i].offset + more[i].length <= value.len);
	for (int i = 0; i < 1 + SCRATCH_KEYS; i++)
		key_unload(keys[i]);
}

static void flat(struct input *in, const struct mechanism *row)
{
	struct parameter p;
	size_t n;
	uint8_t *encoded = keep(take_bytes(in, PARAMETER_MAX + 1, &n));

	if (parameter_parse(row, encoded, n, &p) != CKR_OK)
		return;
	MUST(n <= PARAMETER_MAX && p.encoded.n == n);
	for (unsigned tag = 0; tag < 256; tag++) {
		struct bytes b = parameter_get(&p, (uint8_t)tag);
		MUST(b.p == NULL || (b.p >= encoded && b.p + b.n <= encoded + n));
		b = parameter_span(&p, (uint8_t)tag, 255);
		MUST(b.n == 0 || (b.p >= encoded && b.p + b.n <= encoded + n));
	}
	_Alignas(16) uint8_t native[NATIVE_MAX];
	struct derivation d = {.mechanism = row, .parameter = &p, .native = native};
	if (row->parse_flat != NULL && row->parse_flat(&p, native) != CKR_OK)
		return;
	if (row->derive.value != NULL)
		derive(in, &d);
}

static void native(struct input *in, const struct mechanism *row)
{
	_Alignas(16) uint8_t out[NATIVE_MAX];
	uint8_t *heap = keep(malloc(PARAMETER_MAX));
	size_t used = 0;
	CK_MECHANISM m = take_caller(in, row);
	struct derivation d = {.mechanism = row, .native = out};

	CK_RV rv = row->parse_native(&m, out, heap, &used);
	MUST(used <= PARAMETER_MAX);
	if (rv == CKR_OK)
		derive(in, &d);
}

static void operation(struct input *in, const struct mechanism *row)
{
	struct cipher_setup setup;
	struct message_setup message;
	struct bytes iv;
	CK_MECHANISM m = take_caller(in, row);

	if (row->operation.cipher_setup != NULL) {
		CK_RV rv = row->operation.cipher_setup(&m, &setup);
		MUST(rv == CKR_OK || rv == CKR_MECHANISM_PARAM_INVALID);
	}
	if (row->operation.mac_setup != NULL && row->operation.mac_setup(&m, 16, &iv) == CKR_OK)
		MUST(iv.p != NULL);
	if (row->operation.message_setup != NULL) {
		CK_ULONG words[7];
		size_t n = row->type == CKM_AES_GCM ? 6 : 7;
		for (size_t i = 0; i < n; i++)
			words[i] = take_number(in);
		static uint8_t room[512];
		words[row->type == CKM_AES_GCM ? 0 : 1] = (CK_ULONG)(uintptr_t)room;
		words[row->type == CKM_AES_GCM ? 4 : 5] = (CK_ULONG)(uintptr_t)room;
		CK_RV rv = row->operation.message_setup(words, n * sizeof words[0], &message);
		MUST(rv != CKR_OK || (message.nonce_len <= 256 && message.tag_len <= 16 &&
					     message.fixed_bits <= 8 * message.nonce_len));
	}
}

/* Return true if B is within the N bytes at ROOM, or absent. */
static bool within(struct bytes b, const uint8_t *room, size_t n)
{
	return b.p == NULL || (b.p >= room && b.p + b.n <= room + n);
}

/* The fields of WITH_DERIVED_KEY in two sets, what OPERATION takes of them, and the derivation. */
static void use(struct input *in)
{
	static const CK_FLAGS flags[] = {CKF_SIGN, CKF_VERIFY, CKF_ENCRYPT, CKF_DECRYPT};
	CK_FLAGS flag = flags[take_byte(in) % 4];
	size_t one_n, other_n;
	uint8_t *one = keep(take_bytes(in, PARAMETER_MAX + 1, &one_n));
	uint8_t *other = keep(take_bytes(in, PARAMETER_MAX + 1, &other_n));
	uint8_t *room = keep(malloc(PARAMETER_MAX));
	struct use_parameter p;
	struct cipher_setup setup = {.mode = CIPHER_NONE};
	struct mac_start start;

	CK_RV rv =
		use_parameter_parse(bytes_of(one, one_n), bytes_of(other, other_n), flag, room, &p);
	MUST(rv == CKR_OK || rv == CKR_MECHANISM_PARAM_INVALID);
	if (rv != CKR_OK)
		return;
	MUST(p.derivation->derive.for_use && p.operation->operation.for_use);
	MUST(p.window_request.p != NULL ? flag == CKF_SIGN : p.operation->info.flags & flag);
	MUST(p.derive.encoded.n + p.further.encoded.n + p.own.encoded.n == one_n + other_n);
	MUST(within(p.derive.encoded, room, PARAMETER_MAX));
	MUST(within(p.own.encoded, room, PARAMETER_MAX));
	if (p.operation->operation.mac != MAC_NONE) {
		rv = use_mac_start(&p, 16, 8, &start);
		MUST(rv != CKR_OK || (start.length >= 8 && start.length <= 16));
		MUST(rv != CKR_OK || start.iv.p == NULL || within(start.iv, room, PARAMETER_MAX));
	} else {
		rv = use_cipher_setup(&p, 8, &setup);
		MUST(rv != CKR_OK || setup.iv.n > 0);
	}
	struct derivation d = {.mechanism = p.derivation, .parameter = &p.derive};
	derive(in, &d);
}

#define SELECTS_USE 250 /* a first byte from here on */

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	uint8_t which = take_byte(&in);
	const struct mechanism *row = mechanisms[which % mechanism_count];

	if (which >= SELECTS_USE)
		use(&in);
	else if (row->fields != NULL)
		flat(&in, row);
	else if (row->parse_native != NULL)
		native(&in, row);
	else
		operation(&in, row);
	while (buffers_used > 0)
		free(buffers[--buffers_used]);
}
