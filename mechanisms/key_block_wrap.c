/* SPDX-License-Identifier: Apache-2.0 */
/* key_block_wrap.c: key blocks that go out. */
#include "key_block.h"
#include "key_block_text.h"
#include "key_block_usage.h"

#define GIVEN_MAX 1024 /* characters of KEY_BLOCK_HEADER */
#define PB_MIN 4       /* characters of an empty PB */
#define HM_SIZE 6      /* characters of HM */
#define UNIT_MAX 16

/* The header of a key block that is written. */
struct outgoing {
	struct key_block_header header;
	size_t n; /* characters of TEXT */
	uint8_t text[GIVEN_MAX + PB_MIN + UNIT_MAX];
};

_Static_assert(GIVEN_MAX + PB_MIN + UNIT_MAX +
			       2 * (BINDING_LENGTH + SECRET_MAX + UNIT_MAX + BINDING_MAC_MAX) <=
		       KEY_BLOCK_TEXT_MAX,
	"the longest key fits into a key block with the longest header");

/* --- The header --- */

/* Add PB if the optional blocks do not fill the blocks of the cipher (X9.143:2021 6.3.6.11). */
static CK_RV pad(struct outgoing *o, bool padded)
{
	size_t unit = key_block_unit(o->header.version), n = PB_MIN;

	if (o->n % unit == 0)
		return CKR_OK;
	REQUIRE(!padded && o->header.blocks < 99, CKR_MECHANISM_PARAM_INVALID,
		"the optional blocks of the header do not fill the blocks of the cipher");
	while ((o->n + n) % unit != 0)
		n++;
	memcpy(o->text + o->n, "PB", 2);
	write_number(n, 2, 16, o->text + o->n + 2);
	memset(o->text + o->n + PB_MIN, '0', n - PB_MIN);
	o->n += n;
	o->header.blocks++;
	return CKR_OK;
}

/* Make the header of a key whose caller gives none. */
static CK_RV describe(const struct wrapping *w, struct outgoing *ret)
{
	ret->header = (struct key_block_header){
		.version = key_block_size(w->kek) == UNIT_MAX ? 'D' : 'B',
		.key_version = {'0', '0'},
		.exportability = 'N',
		.reserved = {'0', '0'},
	};
	TRY(key_block_describe(w->role, key_length(w->target), &ret->header));
	ret->n = KEY_BLOCK_FIXED;
	if (ret->header.hash != 0) {
		memcpy(ret->text + ret->n, "HM06", HM_SIZE - 2);
		key_block_put_hex(&ret->header.hash, 1, ret->text + ret->n + HM_SIZE - 2);
		ret->n += HM_SIZE;
		ret->header.blocks++;
	}
	return CKR_OK;
}

/* Check what the fixed header says about the block, beside usage, algorithm and mode. */
static CK_RV check_fixed(const struct wrapping *w, const struct key_block_header *h)
{
	bool by_aes = key_block_size(w->kek) == UNIT_MAX;

	REQUIRE(by_aes ? h->version == 'D' || h->version == 'E' : h->version == 'B',
		CKR_MECHANISM_PARAM_INVALID,
		"the wrapping key does not wrap in this version of the key block");
	REQUIRE(h->key_version[0] != 'c', CKR_MECHANISM_PARAM_INVALID,
		"the header is that of a component of a key");
	REQUIRE(key_block_exportability(h) <= w->role->exportability, CKR_MECHANISM_PARAM_INVALID,
		"the exportability of the header is looser than the key's");
	return CKR_OK;
}

/* Return true if KC tells a part of the CMAC subkey of TARGET, a key that derives by CMAC. */
static bool tells_subkey(const struct wrapping *w, struct bytes kc)
{
	return kc.p != NULL && kc.p[1] == '0' && w->role->derives &&
	       key_type_by_cmac(w->role->type);
}

/* Check the check values KC and KP in the header. */
static CK_RV check_values(const struct wrapping *w, const struct key_block_parts *parts)
{
	bool same = true;

	/* A caller could guess the encrypted zero block byte by byte, because KC may be short. */
	REQUIRE(!tells_subkey(w, parts->kc), CKR_MECHANISM_PARAM_INVALID,
		"KC of an AES key that derives must be its CMAC (KC begins with 01)");
	if (parts->kc.p != NULL)
		TRY(key_block_compare(w->target, parts->kc, &same));
	REQUIRE(same, CKR_MECHANISM_PARAM_INVALID, "KC of the header is not that of the key");
	if (parts->kp.p != NULL)
		TRY(key_block_compare(w->kek, parts->kp, &same));
	REQUIRE(same, CKR_MECHANISM_PARAM_INVALID,
		"KP of the header is not that of the wrapping key");
	return CKR_OK;
}

/* Take GIVEN, the header that the caller gives. */
static CK_RV take(const struct wrapping *w, struct bytes given, struct outgoing *ret)
{
	struct key_block_parts parts;

	ENSURE(given.n <= GIVEN_MAX, CKR_MECHANISM_PARAM_INVALID);
	REQUIRE(key_block_parse(given, false, &parts) && parts.n == given.n,
		CKR_MECHANISM_PARAM_INVALID, "the header of the key block is malformed");
	TRY(check_fixed(w, &parts.header));
	TRY(key_block_fits(&parts.header, w->role, key_length(w->target)));
	TRY(check_values(w, &parts));
	ret->header = parts.header;
	ret->n = given.n;
	memcpy(ret->text, given.p, given.n);
	return pad(ret, parts.padded);
}

/* --- The block --- */

/*
 * Return the length in bytes of the longest key of ALGORITHM, to which every key is padded so that
 * the block does not show the length of the key. An HMAC key of any length is possible. HMAC uses
 * the digest of a key that is longer than a block of the hash (RFC 2104 section 2), so the longest
 * key that is of use has one block.
 */
static size_t longest(const struct key_block_header *h)
{
	switch (h->algorithm) {
	case 'A':
		return 32;
	case 'T':
		return 24;
	default:
		return h->hash <= 0x21 ? 64 : 128; /* SHA-1, SHA-224, SHA-256; SHA-384, SHA-512 */
	}
}

/* Return the length in bytes of the clear data: length, key, padding to whole units. */
static size_t clear_length(const struct wrapping *w, const struct key_block_header *h)
{
	size_t unit = binding_unit(key_block_binding(h->version), w->kek);
	size_t most = longest(h), key = key_length(w->target);
	size_t n = BINDING_LENGTH + (key > most ? key : most);

	return (n + unit - 1) / unit * unit;
}

/* Encrypt the key and write the block to OUT. */
static CK_RV write_block(
	const struct wrapping *w, const struct outgoing *o, size_t clear_n, uint8_t *out)
{
	enum binding binding = key_block_binding(o->header.version);
	size_t mac_n = binding_mac_length(binding, w->kek);
	SECRET body = {0};

	TRY(secret_resize(&body, clear_n + mac_n));
	uint8_t *bytes = secret_bytes(&body);
	TRY(binding_seal(binding, w->kek, w->scratch, bytes_of(o->text, o->n), w->target, clear_n,
		bytes, bytes + clear_n));
	memcpy(out, o->text, o->n);
	key_block_put_hex(bytes, body.len, out + o->n);
	return CKR_OK;
}

CK_RV key_block_wrap(const struct wrapping *w, uint8_t *out, size_t *ret_n)
{
	struct bytes given = parameter_get(w->parameter, KEYDIV_KEY_BLOCK_HEADER);
	struct outgoing o = {.n = 0};

	if (given.p != NULL) {
		TRY(take(w, given, &o));
	} else {
		TRY(describe(w, &o));
		TRY(pad(&o, false));
	}
	size_t clear_n = clear_length(w, &o.header);
	size_t mac_n = binding_mac_length(key_block_binding(o.header.version), w->kek);
	*ret_n = o.n + 2 * (clear_n + mac_n);
	key_block_write(&o.header, *ret_n, o.text);
	return out == NULL ? CKR_OK : write_block(w, &o, clear_n, out);
}
