/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_use_property.c: WITH_DERIVED_KEY has the result and the codes of C_DeriveKey, C_...Init, the
 * operation and C_DestroyObject. Both ways run for every DERIVATION and OPERATION, with random
 * inputs, random faults and several kinds of masters.
 */
#include "operation_fields.h"
#include "token_support.h"
#include "with_derived_key.h"

#define TRIALS 24
#define DATA_MAX_LEN 100
#define ROOM 256

/* --- Random numbers, the same in every run --- */

static uint64_t state;

static unsigned below(unsigned n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % n;
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)below(256);
}

/* --- Masters --- */

/* The kinds of masters for one DERIVATION. */
enum base_kind {
	BASE_PLAIN,     /* the list is DERIVATION and WITH_DERIVED_KEY */
	BASE_NAMES_ALL, /* and every OPERATION */
	BASE_NOT_USE,   /* the list lacks WITH_DERIVED_KEY */
	BASE_NOT_DERIVATION,
	BASE_LEAVES,    /* CKA_DERIVE_TEMPLATE has CKA_DERIVE false */
	BASE_NO_CIPHER, /* CKA_DERIVE_TEMPLATE has CKA_ENCRYPT false */
	BASE_ONLY_CMAC, /* CKA_DERIVE_TEMPLATE has a list */
	BASE_OTHER_TYPE,
	BASE_NOT_DERIVE,
	BASE_NONE,
	BASE_KINDS,
};

static CK_OBJECT_HANDLE bases[BASE_KINDS];
static uint8_t base_value[32];

static void make_bases(const struct mechanism *derivation)
{
	CK_MECHANISM_TYPE all[40] = {derivation->type, CKM_KEYDIV_WITH_DERIVED_KEY};
	CK_KEY_TYPE type = derivation->test.answers[0].base_type;
	size_t n = strlen(derivation->test.answers[0].base) / 2, listed = 2;

	fill(base_value, sizeof base_value);
	/* The list of a master of a trade is bound to the trade. */
	for (size_t i = 0; i < mechanism_count && derivation->trade == TRADE_NONE; i++)
		if (mechanisms[i]->operation.for_use)
			all[listed++] = mechanisms[i]->type;
#define MASTER(...)                                                                                \
	make(rw, T(KEY(type), RAW(CKA_VALUE, base_value, n), YES(CKA_DERIVE), __VA_ARGS__))
#define BOTH ALLOWED(derivation->type, CKM_KEYDIV_WITH_DERIVED_KEY)
	bases[BASE_PLAIN] = MASTER(BOTH);
	bases[BASE_NAMES_ALL] = MASTER(RAW(CKA_ALLOWED_MECHANISMS, all, listed * sizeof all[0]));
	bases[BASE_NOT_USE] = MASTER(ALLOWED(derivation->type));
	bases[BASE_NOT_DERIVATION] = MASTER(ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY));
	bases[BASE_LEAVES] = MASTER(BOTH, NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE)));
	bases[BASE_NO_CIPHER] = MASTER(BOTH, NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_ENCRYPT)));
	bases[BASE_ONLY_CMAC] = MASTER(BOTH, NESTED(CKA_DERIVE_TEMPLATE, ALLOWED(CKM_AES_CMAC)));
	bases[BASE_OTHER_TYPE] = make(rw,
		T(KEY(CKK_GENERIC_SECRET), RAW(CKA_VALUE, base_value, n), YES(CKA_DERIVE), BOTH));
	bases[BASE_NOT_DERIVE] = make(
		rw, T(KEY(type), RAW(CKA_VALUE, base_value, n), YES(CKA_SIGN), YES(CKA_VERIFY)));
	bases[BASE_NONE] = 0x123456;
}

/* --- One trial --- */

struct trial {
	const struct mechanism *derivation, *operation;
	enum base_kind base;
	bool mac;
	uint8_t derive[ROOM]; /* the encoded fields of DERIVATION, perhaps with a fault */
	size_t derive_n;
	bool counter_is_nonce;
	uint8_t counter[8];
	int iv_n, aad_n, tag; /* lengths, and the value of TAG_LENGTH; -1: absent */
	uint8_t iv[ROOM], aad[ROOM];
	int previous, padding; /* PREVIOUS_MAC (its first byte) and PADDING_METHOD; -1: absent */
	int type, length;      /* KEY_TYPE and KEY_LENGTH; -1: absent */
	uint8_t in[DATA_MAX_LEN];
	size_t in_n;
};

/* The types and lengths that trials ask for. */
static const int types[] = {CKK_AES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKK_SHA256_HMAC,
	CKK_SHA512_HMAC, CKK_HKDF, 0x7777};
static const int lengths[] = {0, 8, 15, 16, 20, 24, 32, 64, 65, 255};

static size_t put(uint8_t *out, size_t at, uint8_t tag, const uint8_t *value, size_t n)
{
	out[at] = tag;
	put_be16(out + at + 1, (uint16_t)n);
	if (n > 0)
		memcpy(out + at + 3, value, n);
	return at + 3 + n;
}

/* Spoil the N encoded fields at P; return the new length. */
static size_t spoil(uint8_t *p, size_t n)
{
	size_t first = 3 + (size_t)get_be16(p + 1);

	switch (below(6)) {
	case 0: /* the first field is missing */
		memmove(p, p + first, n - first);
		return n - first;
	case 1: /* the first field is doubled */
		memmove(p + first, p, n);
		return n + first;
	case 2: /* the value is cut */
		return n - 1;
	case 3: /* a byte is left over */
		p[n] = 0;
		return n + 1;
	case 4: /* an unknown tag */
		p[0] = 0x6f;
		return n;
	default: /* a wrong length */
		put_be16(p + 1, (uint16_t)(get_be16(p + 1) + 1));
		return n;
	}
}

/* Take the fields of a known answer of DERIVATION, with some bytes of values changed at random. */
static void random_derivation(struct trial *t)
{
	const struct known_answer *answers = t->derivation->test.answers;
	unsigned count = 0;

	while (answers[count].base != NULL && answers[count].base_type == answers[0].base_type &&
		strlen(answers[count].base) == strlen(answers[0].base))
		count++;
	const char *hex = answers[below(count)].parameter;
	t->derive_n = strlen(hex) / 2;
	ck_assert_uint_le(t->derive_n, ROOM / 2);
	ck_assert(hex_decode(hex, t->derive, t->derive_n));
	for (size_t at = 0; at < t->derive_n; at += 3 + (size_t)get_be16(t->derive + at + 1))
		if (below(5) == 0 && get_be16(t->derive + at + 1) > 0)
			t->derive[at + 2 + get_be16(t->derive + at + 1)] ^= (uint8_t)(1 + below(7));
	if (below(8) == 0)
		t->derive_n = spoil(t->derive, t->derive_n);
}

static void random_operation(struct trial *t)
{
	const struct operation_inputs *inputs = t->operation->operation.inputs;
	bool retail = t->operation->type == CKM_KEYDIV_RETAIL_MAC;
	bool further = t->operation->operation.further == further_counter;

	t->previous = retail && below(2) == 0 ? (int)below(256) : -1;
	t->padding = retail && below(2) == 0 ? (int)below(8) / 3 + 1 : -1; /* 3 is no method */
	t->counter_is_nonce =
		further && t->derivation->derive.counter.tag != KEYDIV_COUNTER && below(2) == 0;
	fill(t->counter, sizeof t->counter);
	fill(t->iv, sizeof t->iv);
	fill(t->aad, sizeof t->aad);
	t->iv_n = inputs->iv_max == 0
			  ? -1
			  : (int)(inputs->iv_min + below(1u + inputs->iv_max - inputs->iv_min));
	if (t->counter_is_nonce)
		t->iv_n = below(2) == 0 ? -1 : 4;
	if (below(10) == 0)
		t->iv_n = (int)below(40) - 1 == 0 ? 1 : (int)below(20) + 1;
	if (below(12) == 0)
		t->iv_n = -1;
	t->aad_n = inputs->aad ? (int)below(50) - 1 : below(12) == 0 ? 3 : -1;
	t->tag = -1;
	if (inputs->tag_max != 0 && (inputs->tag_default == 0 || below(2) == 0))
		t->tag = inputs->tag_min + (int)below(1u + inputs->tag_max - inputs->tag_min);
	if (below(12) == 0)
		t->tag = below(2) == 0 ? -1 : (int)below(256);
	t->type = below(4) == 0 ? types[below(sizeof types / sizeof types[0])] : -1;
	t->length = below(4) == 0 ? lengths[below(sizeof lengths / sizeof lengths[0])] : -1;
	t->in_n = below(3) == 0 ? 16 * below(DATA_MAX_LEN / 16) : below(DATA_MAX_LEN);
	fill(t->in, sizeof t->in);
}

static void random_trial(struct trial *t)
{
	random_derivation(t);
	random_operation(t);
	t->mac = t->operation->operation.mac != MAC_NONE;
	t->base = below(2) == 0 ? BASE_PLAIN : (enum base_kind)below(BASE_KINDS);
	if (t->base == BASE_NAMES_ALL && t->derivation->trade != TRADE_NONE)
		t->base = BASE_PLAIN; /* make_bases says why */
	if (t->base == BASE_PLAIN && t->derivation->type == CKM_KEYDIV_EMV_CARD_KEY)
		t->base = BASE_LEAVES;
}

/* Return the tag length of the operation, -1 if there is none. */
static int tag_of(const struct trial *t)
{
	const struct operation_inputs *inputs = t->operation->operation.inputs;

	return t->tag >= 0 ? t->tag : inputs->tag_max == 0 ? -1 : inputs->tag_default;
}

/* --- The four calls --- */

static CK_KEY_TYPE type_of(const struct trial *t)
{
	return t->type >= 0 ? (CK_KEY_TYPE)t->type : t->operation->key_types[0];
}

static CK_RV derive_first(const struct trial *t, CK_OBJECT_HANDLE *ret)
{
	CK_KEY_TYPE type = type_of(t);
	CK_ULONG length = (CK_ULONG)t->length;
	CK_MECHANISM m = {t->derivation->type, (void *)(uintptr_t)t->derive, (CK_ULONG)t->derive_n};
	CK_ATTRIBUTE template[] = {TYPE(type), YES(t->mac ? CKA_SIGN : CKA_ENCRYPT),
		YES(t->mac ? CKA_VERIFY : CKA_DECRYPT), LENGTH(length)};

	return IN(rw, derive_key(s, &m, bases[t->base], template, t->length >= 0 ? 4 : 3, ret));
}

static uint8_t nonce[12];
static CK_GCM_PARAMS gcm;
static CK_CCM_PARAMS ccm;
static CK_AES_CTR_PARAMS ctr;
static CK_ULONG general;
static uint8_t retail[32];

/* The fields of RETAIL_MAC below 70, in ascending order. */
static size_t put_retail(const struct trial *t, uint8_t *out)
{
	uint8_t block[8] = {(uint8_t)t->previous, 1, 2, 3}, byte = (uint8_t)t->padding;
	size_t n = 0;

	if (t->previous >= 0)
		n = put(out, n, KEYDIV_PREVIOUS_MAC, block, sizeof block);
	return t->padding >= 0 ? put(out, n, KEYDIV_PADDING_METHOD, &byte, 1) : n;
}

/* The native mechanism of T for N bytes of plaintext. False if the fields have none. */
static bool native(const struct trial *t, size_t n, CK_MECHANISM *ret)
{
	const struct operation_inputs *inputs = t->operation->operation.inputs;
	uint8_t *iv = (uint8_t *)(uintptr_t)t->iv, *aad = (uint8_t *)(uintptr_t)t->aad;
	CK_ULONG iv_n = t->iv_n < 0 ? 0 : (CK_ULONG)t->iv_n;
	CK_ULONG aad_n = t->aad_n < 0 ? 0 : (CK_ULONG)t->aad_n;

	if ((t->aad_n >= 0 && !inputs->aad) || (t->tag >= 0 && inputs->tag_max == 0) ||
		(t->iv_n >= 0 && inputs->iv_max == 0))
		return false;
	if (t->counter_is_nonce) {
		if (t->iv_n >= 0 && t->iv_n != 4)
			return false;
		memset(nonce, 0, sizeof nonce);
		memcpy(nonce, t->iv, t->iv_n == 4 ? 4 : 0);
		memcpy(nonce + 4, t->counter, 8);
		iv = nonce;
		iv_n = sizeof nonce;
	}
	*ret = (CK_MECHANISM){t->operation->type, NULL, 0};
	switch (t->operation->operation.cipher) {
	case CIPHER_GCM:
		gcm = (CK_GCM_PARAMS){iv, iv_n, 8 * iv_n, aad, aad_n, 8 * (CK_ULONG)tag_of(t)};
		*ret = (CK_MECHANISM){CKM_AES_GCM, &gcm, sizeof gcm};
		return true;
	case CIPHER_CCM:
		ccm = (CK_CCM_PARAMS){n, iv, iv_n, aad, aad_n, (CK_ULONG)tag_of(t)};
		*ret = (CK_MECHANISM){CKM_AES_CCM, &ccm, sizeof ccm};
		return tag_of(t) >= (t->base == BASE_NAMES_ALL ? 4 : 8);
	case CIPHER_CTR:
		ctr.ulCounterBits = 128;
		memcpy(ctr.cb, iv, 16);
		*ret = (CK_MECHANISM){CKM_AES_CTR, &ctr, sizeof ctr};
		return iv_n == 16;
	default:
		break;
	}
	if (t->operation->type == CKM_KEYDIV_RETAIL_MAC) {
		uint8_t tag = (uint8_t)t->tag;
		size_t at = put_retail(t, retail);
		if (t->tag >= 0)
			at = put(retail, at, KEYDIV_TAG_LENGTH, &tag, 1);
		*ret = (CK_MECHANISM){t->operation->type, retail, at};
		return true;
	}
	if (inputs->iv_max != 0) /* CBC, GMAC */
		*ret = (CK_MECHANISM){t->operation->type, iv, iv_n};
	if (t->operation->operation.mac_general) {
		general = (CK_ULONG)tag_of(t);
		*ret = (CK_MECHANISM){t->operation->type, &general, sizeof general};
		return tag_of(t) >= 8;
	}
	return inputs->iv_max == 0 || t->iv_n >= 0;
}

static CK_RV run_native(const struct trial *t, bool incoming, CK_MECHANISM *m, CK_OBJECT_HANDLE key,
	const uint8_t *in, size_t n, uint8_t *out, CK_ULONG *out_n)
{
	uint8_t *from = (uint8_t *)(uintptr_t)in;

	if (t->mac && incoming) {
		CK_RV rv = IN(rw, verify_init(s, m, key));
		return rv != CKR_OK ? rv : IN(rw, verify_single(s, from, n, out, *out_n));
	}
	if (t->mac) {
		CK_RV rv = IN(rw, sign_init(s, m, key));
		return rv != CKR_OK ? rv : IN(rw, sign_single(s, from, n, out, out_n));
	}
	if (incoming) {
		CK_RV rv = IN(rw, decrypt_init(s, m, key));
		return rv != CKR_OK ? rv : IN(rw, decrypt_single(s, from, n, out, out_n));
	}
	CK_RV rv = IN(rw, encrypt_init(s, m, key));
	return rv != CKR_OK ? rv : IN(rw, encrypt_single(s, from, n, out, out_n));
}

/*
 * A short MAC that the master's list permits has no native form, because the list of the derived
 * key decides there. Return true if T asks for such a MAC, which is then a part of the whole MAC.
 */
static bool is_short_mac(const struct trial *t)
{
	bool retail_mac = t->operation->type == CKM_KEYDIV_RETAIL_MAC;

	return (t->operation->operation.mac_general || retail_mac) && t->base == BASE_NAMES_ALL &&
	       t->tag >= 4 && t->tag < 8 && t->iv_n < 0 && t->aad_n < 0;
}

/* OUT and *OUT_N are the output, or for C_Verify the MAC to verify. */
static CK_RV four_calls(const struct trial *t, bool incoming, const uint8_t *in, size_t n,
	uint8_t *out, CK_ULONG *out_n)
{
	CK_OBJECT_HANDLE key = 0;
	CK_MECHANISM m;
	struct trial whole = *t;

	CK_RV rv = derive_first(t, &key);
	if (rv != CKR_OK)
		return rv;
	if (is_short_mac(t)) {
		uint8_t mac[ROOM];
		CK_ULONG mac_n = sizeof mac;
		if (t->operation->operation.mac_general)
			whole.operation = mechanism_find(t->operation->operation.whole);
		whole.tag = -1;
		ck_assert(native(&whole, n, &m));
		rv = run_native(&whole, false, &m, key, in, n, mac, &mac_n);
		if (rv == CKR_OK && incoming)
			rv = *out_n != (CK_ULONG)t->tag      ? CKR_SIGNATURE_LEN_RANGE
			     : memcmp(out, mac, *out_n) != 0 ? CKR_SIGNATURE_INVALID
							     : CKR_OK;
		if (rv == CKR_OK && !incoming) {
			memcpy(out, mac, (size_t)t->tag);
			*out_n = (CK_ULONG)t->tag;
		}
	} else {
		size_t tag = tag_of(t) > 0 && !t->mac ? (size_t)tag_of(t) : 0;
		size_t plain = incoming ? (n > tag ? n - tag : 0) : n;
		bool has = native(t, plain, &m);
		CK_MECHANISM none = {t->operation->type, (void *)(uintptr_t) "", 1};
		rv = run_native(t, incoming, has ? &m : &none, key, in, n, out, out_n);
	}
	ck_ok(IN(rw, object_destroy(s, key)));
	return rv;
}

/* --- One call --- */

/* The fields of T that are not of DERIVATION, in two encoded sets: below 70, and from there. */
static size_t encode_own(const struct trial *t, uint8_t *out)
{
	uint8_t number[4], byte;
	size_t n = 0;

	put_be32(number, (uint32_t)t->derivation->type);
	n = put(out, n, KEYDIV_DERIVATION, number, 4);
	put_be32(number, (uint32_t)t->operation->type);
	n = put(out, n, KEYDIV_OPERATION, number, 4);
	if (t->iv_n >= 0)
		n = put(out, n, KEYDIV_IV, t->iv, (size_t)t->iv_n);
	if (t->aad_n >= 0)
		n = put(out, n, KEYDIV_AAD, t->aad, (size_t)t->aad_n);
	byte = (uint8_t)t->tag;
	if (t->tag >= 0)
		n = put(out, n, KEYDIV_TAG_LENGTH, &byte, 1);
	put_be32(number, (uint32_t)t->type);
	if (t->type >= 0)
		n = put(out, n, KEYDIV_KEY_TYPE, number, 4);
	byte = (uint8_t)t->length;
	return t->length >= 0 ? put(out, n, KEYDIV_KEY_LENGTH, &byte, 1) : n;
}

/* Insert the encoded field FIELD into the N bytes of encoded fields at P, in its place. */
static size_t insert(uint8_t *p, size_t n, const uint8_t *field)
{
	size_t at = 0, more = 3 + (size_t)get_be16(field + 1);

	while (at + 3 <= n && p[at] < field[0] && at + 3 + get_be16(p + at + 1) <= n)
		at += 3 + (size_t)get_be16(p + at + 1);
	memmove(p + at + more, p + at, n - at);
	memcpy(p + at, field, more);
	return n + more;
}

/* Copy to OUT the fields of DERIVATION and, in their places, the further fields of OPERATION. */
static size_t encode_derive(const struct trial *t, uint8_t *out)
{
	uint8_t more[32];
	size_t more_n = put_retail(t, more), n = t->derive_n;

	memcpy(out, t->derive, t->derive_n);
	if (t->counter_is_nonce)
		more_n = put(more, 0, KEYDIV_COUNTER, t->counter, 8);
	for (size_t at = 0; at < more_n; at += 3 + (size_t)get_be16(more + at + 1))
		n = insert(out, n, more + at);
	return n;
}

/* The ways to use WITH_DERIVED_KEY. */
enum way { WAY_SINGLE, WAY_PARTS, WAY_MESSAGE, WAYS };

static CK_RV parts_of_mac(CK_MECHANISM *m, bool incoming, CK_OBJECT_HANDLE base, uint8_t *in,
	size_t n, uint8_t *out, CK_ULONG *out_n)
{
	size_t cut = n > 0 ? below((unsigned)n + 1) : 0;
	CK_RV rv = incoming ? IN(rw, verify_init(s, m, base)) : IN(rw, sign_init(s, m, base));

	if (rv != CKR_OK)
		return rv;
	rv = incoming ? IN(rw, verify_update(s, in, cut)) : IN(rw, sign_update(s, in, cut));
	if (rv == CKR_OK)
		rv = incoming ? IN(rw, verify_update(s, in + cut, n - cut))
			      : IN(rw, sign_update(s, in + cut, n - cut));
	if (rv != CKR_OK)
		return rv;
	return incoming ? IN(rw, verify_final(s, out, *out_n)) : IN(rw, sign_final(s, out, out_n));
}

static CK_RV parts_of_cipher(CK_MECHANISM *m, bool incoming, CK_OBJECT_HANDLE base, uint8_t *in,
	size_t n, uint8_t *out, CK_ULONG *out_n)
{
	size_t cut = n > 0 ? below((unsigned)n + 1) : 0, at = 0;
	CK_ULONG room = *out_n, step = room;
	CK_RV rv = incoming ? IN(rw, decrypt_init(s, m, base)) : IN(rw, encrypt_init(s, m, base));

	if (rv != CKR_OK)
		return rv;
	for (int part = 0; part < 2; part++) {
		uint8_t *from = part == 0 ? in : in + cut;
		CK_ULONG length = part == 0 ? cut : n - cut;
		step = room - at;
		rv = incoming ? IN(rw, decrypt_update(s, from, length, out + at, &step))
			      : IN(rw, encrypt_update(s, from, length, out + at, &step));
		if (rv != CKR_OK)
			return rv;
		at += step;
	}
	step = room - at;
	rv = incoming ? IN(rw, decrypt_final(s, out + at, &step))
		      : IN(rw, encrypt_final(s, out + at, &step));
	*out_n = at + step;
	return rv;
}

static CK_RV message_of_mac(CK_MECHANISM *shared, bool incoming, CK_OBJECT_HANDLE base,
	uint8_t *own, size_t own_n, uint8_t *in, size_t n, uint8_t *out, CK_ULONG *out_n)
{
	CK_RV rv = IN(rw, message_mac_init(s, !incoming, shared, base));

	if (rv != CKR_OK)
		return rv;
	CK_ULONG room = *out_n;
	for (int i = 0; i < 3; i++) { /* later messages may repeat what the first has planned */
		*out_n = room;
		rv = incoming ? IN(rw, message_verify(s, own, own_n, in, n, out, *out_n))
			      : IN(rw, message_sign(s, own, own_n, in, n, out, out_n));
	}
	ck_ok(IN(rw, message_mac_final(s, !incoming)));
	return rv;
}

static CK_RV message_of_cipher(CK_MECHANISM *shared, bool incoming, CK_OBJECT_HANDLE base,
	uint8_t *own, size_t own_n, uint8_t *in, size_t n, uint8_t *out, CK_ULONG *out_n)
{
	CK_RV rv = IN(rw, message_init(s, !incoming, shared, base));

	if (rv != CKR_OK)
		return rv;
	CK_ULONG room = *out_n;
	for (int i = 0; i < 3; i++) {
		*out_n = room;
		rv = IN(rw, message_single(s, !incoming, own, own_n, NULL, 0, in, n, out, out_n));
	}
	ck_ok(IN(rw, message_final(s, !incoming)));
	return rv == CKR_AEAD_DECRYPT_FAILED ? CKR_ENCRYPTED_DATA_INVALID : rv;
}

static CK_RV one_call(const struct trial *t, enum way way, bool incoming, const uint8_t *in,
	size_t n, uint8_t *out, CK_ULONG *out_n)
{
	uint8_t one[3 * ROOM], other[3 * ROOM], *from = (uint8_t *)(uintptr_t)in;
	size_t one_n = encode_derive(t, one), other_n = encode_own(t, other);
	CK_OBJECT_HANDLE base = bases[t->base];

	if (way == WAY_MESSAGE) {
		bool swap = below(2) == 0;
		CK_MECHANISM shared = {
			CKM_KEYDIV_WITH_DERIVED_KEY, swap ? one : other, swap ? one_n : other_n};
		uint8_t *own = swap ? other : one;
		size_t own_n = swap ? other_n : one_n;
		return t->mac ? message_of_mac(
					&shared, incoming, base, own, own_n, from, n, out, out_n)
			      : message_of_cipher(
					&shared, incoming, base, own, own_n, from, n, out, out_n);
	}
	memcpy(one + one_n, other, other_n);
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, one, one_n + other_n};
	if (way == WAY_SINGLE)
		return run_native(t, incoming, &m, base, in, n, out, out_n);
	return t->mac ? parts_of_mac(&m, incoming, base, from, n, out, out_n)
		      : parts_of_cipher(&m, incoming, base, from, n, out, out_n);
}

/* --- Comparison --- */

static unsigned good_trials, bad_trials;

static void describe(char *text, size_t room, const struct trial *t, enum way way, bool incoming)
{
	snprintf(text, room,
		"%s %s way %d %s base %d iv %d aad %d tag %d type %d length %d in %zu counter %d",
		t->derivation->name, t->operation->name, way, incoming ? "in" : "out", t->base,
		t->iv_n, t->aad_n, t->tag, t->type, t->length, t->in_n, t->counter_is_nonce);
}

/* Return true if GOT is right where the other way gives WANTED. */
static bool same_code(const struct trial *t, CK_RV got, CK_RV wanted)
{
	if (t->base == BASE_NOT_USE && wanted != got)
		return got == CKR_MECHANISM_INVALID; /* only WITH_DERIVED_KEY needs that name */
	/* The message functions check the master first, because the parameter comes later. */
	return got == wanted;
}

static void compare(const struct trial *t, bool incoming, const uint8_t *in, size_t n, uint8_t *out,
	CK_ULONG *out_n, CK_RV *ret)
{
	uint8_t wanted[ROOM], got[ROOM];
	char text[512];
	CK_ULONG wanted_n = sizeof wanted;

	if (t->mac && incoming) {
		memcpy(wanted, out, *out_n);
		wanted_n = *out_n;
	}
	CK_RV wanted_rv = four_calls(t, incoming, in, n, wanted, &wanted_n);
	for (enum way way = 0; way < WAYS; way++) {
		CK_ULONG got_n = sizeof got;
		describe(text, sizeof text, t, way, incoming);
		if (t->mac && incoming) {
			memcpy(got, out, *out_n);
			got_n = *out_n;
		}
		CK_RV got_rv = one_call(t, way, incoming, in, n, got, &got_n);
		bool base_first = way == WAY_MESSAGE && t->base >= BASE_NOT_USE;
		ck_assert_msg(same_code(t, got_rv, wanted_rv) || base_first, "%s: %s and not %s",
			text, rv_name(got_rv), rv_name(wanted_rv));
		if (wanted_rv == CKR_OK && got_rv == CKR_OK)
			ck_assert_msg(got_n == wanted_n && memcmp(got, wanted, got_n) == 0,
				"%s: other bytes", text);
	}
	*ret = wanted_rv;
	if (wanted_rv == CKR_OK && !(t->mac && incoming)) {
		memcpy(out, wanted, wanted_n);
		*out_n = wanted_n;
	}
}

static void run_trial(struct trial *t)
{
	uint8_t out[ROOM], back[ROOM];
	CK_ULONG out_n = 0, back_n = 0;
	CK_RV rv, back_rv;

	random_trial(t);
	compare(t, false, t->in, t->in_n, out, &out_n, &rv);
	if (rv != CKR_OK) {
		bad_trials++;
		out_n = below(40);
		fill(out, sizeof out);
	} else {
		good_trials++;
	}
	if (below(4) == 0 && out_n > 0)
		out[below((unsigned)out_n)] ^= 1;
	if (t->mac)
		compare(t, true, t->in, t->in_n, out, &out_n, &back_rv);
	else
		compare(t, true, out, out_n, back, &back_n, &back_rv);
}

START_TEST(one_call_is_four_calls)
{
	const struct mechanism *derivation = mechanisms[_i];
	struct trial t = {.derivation = derivation};
	CK_ULONG before, after;

	if (!derivation->derive.for_use)
		return;
	state = (uint64_t)_i;
	user_token();
	make_bases(derivation);
	before = count_found(rw, NOTHING, NULL, 0);
	for (size_t i = 0; i < mechanism_count; i++) {
		t.operation = mechanisms[i];
		for (unsigned trial = 0; t.operation->operation.for_use && trial < TRIALS; trial++)
			run_trial(&t);
	}
	after = count_found(rw, NOTHING, NULL, 0);
	ck_assert_uint_eq(before, after);
	/* A trade gives one type of key, which most operations do not take. */
	ck_assert_uint_gt(good_trials, derivation->trade == TRADE_NONE ? TRIALS / 2 : 0);
	ck_assert_uint_gt(bad_trials, TRIALS);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("use_property");
	TCase *tc = tcase_create("use_property");

	tcase_add_loop_test(tc, one_call_is_four_calls, 0, (int)mechanism_count);
	tcase_set_timeout(tc, 300);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
