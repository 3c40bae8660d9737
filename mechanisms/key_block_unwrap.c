/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_unwrap.c: key blocks that come in.
 *
 * An attacker who could tell a wrong MAC from another fault would have an oracle. Every fault
 * therefore ends in the same code and the same line of the log.
 */
#include "key_block.h"
#include "key_block_usage.h"

enum binding key_block_binding(char version)
{
	switch (version) {
	case 'A':
	case 'C':
		return BINDING_VARIANT;
	case 'E':
		return BINDING_CTR;
	default:
		return BINDING_CBC;
	}
}

enum exportability key_block_exportability(const struct key_block_header *h)
{
	switch (h->exportability) {
	case 'S':
		return EXPORT_ANY;
	case 'E':
		return EXPORT_TRUSTED;
	default:
		return EXPORT_NONE;
	}
}

CK_RV key_block_open(struct key *kbpk, struct key *const scratch[SCRATCH_KEYS], uint8_t *text,
	size_t n, struct key_block_parts *ret, struct secret *ret_value, bool *ret_good)
{
	*ret_good = false;
	if (!key_block_parse(bytes_of(text, n), true, ret) ||
		key_block_unit(ret->header.version) != key_block_size(kbpk))
		return CKR_OK;
	enum binding binding = key_block_binding(ret->header.version);
	size_t body = (n - ret->n) / 2, mac_n = binding_mac_length(binding, kbpk);
	if ((n - ret->n) % 2 != 0 || body < mac_n + BINDING_CLEAR_MIN ||
		(body - mac_n) % binding_unit(binding, kbpk) != 0 ||
		!key_block_hex(text + ret->n, body, text + ret->n))
		return CKR_OK;
	struct bytes encrypted = bytes_of(text + ret->n, body - mac_n);
	return binding_open(binding, kbpk, scratch, bytes_of(text, ret->n), encrypted,
		encrypted.p + encrypted.n, ret_good, ret_value);
}

CK_RV key_block_compare(struct key *key, struct bytes data, bool *ret_same)
{
	static const uint8_t zero[16];
	uint8_t given[BINDING_MAC_MAX], computed[BINDING_MAC_MAX];
	size_t n = data.n / 2, block = key_block_size(key);

	*ret_same = false;
	if (block == 0 || !key_block_hex(data.p, n, given))
		return CKR_OK;
	/* The first byte says how: 00 encrypts a zero block, 01 is the CMAC of a zero block. */
	CK_RV rv = given[0] == 0 ? key_block(key, NULL, zero, computed)
				 : key_cmac(key, zero, block, computed);
	*ret_same = rv == CKR_OK && secret_equal(given + 1, computed, n - 1);
	wipe(computed, sizeof computed); /* an encrypted zero block is a CMAC subkey */
	return rv;
}

/* Compare the check values of the header with the KBPK and with VALUE, a key of TYPE. */
static CK_RV compare_check_values(const struct unwrapping *u, const struct key_block_parts *parts,
	CK_KEY_TYPE type, const struct secret *value, bool *ret_same)
{
	*ret_same = true;
	if (parts->kp.p != NULL)
		TRY(key_block_compare(u->kek, parts->kp, ret_same));
	if (parts->kc.p == NULL || !*ret_same)
		return CKR_OK;
	TRY(key_load(u->scratch[0], type, secret_peek(value), value->len));
	return key_block_compare(u->scratch[0], parts->kc, ret_same);
}

/* As key_block_unwrap, with *RET_GOOD in place of CKR_WRAPPED_KEY_INVALID. */
static CK_RV read_block(const struct unwrapping *u, struct wrapped_role *ret_role,
	struct secret *ret_value, bool *ret_good)
{
	struct key_block_parts parts;
	SECRET text = {0}; /* the caller may change the caller's memory during the call */

	*ret_good = false;
	if (u->wrapped.n > KEY_BLOCK_TEXT_MAX)
		return CKR_OK;
	TRY(secret_set(&text, u->wrapped.p, u->wrapped.n));
	TRY(key_block_open(
		u->kek, u->scratch, secret_bytes(&text), text.len, &parts, ret_value, ret_good));
	if (!*ret_good)
		return CKR_OK;
	REQUIRE(parts.header.key_version[0] != 'c', CKR_KEY_TYPE_INCONSISTENT,
		"the key block holds a component of a key");
	TRY(key_block_role(&parts.header, ret_value->len, ret_role));
	ret_role->exportability = key_block_exportability(&parts.header);
	return compare_check_values(u, &parts, ret_role->type, ret_value, ret_good);
}

CK_RV key_block_unwrap(
	const struct unwrapping *u, struct wrapped_role *ret_role, struct secret *ret_value)
{
	bool good;
	CK_RV rv = read_block(u, ret_role, ret_value, &good);

	if (rv != CKR_OK || !good)
		secret_wipe(ret_value);
	if (rv != CKR_WRAPPED_KEY_INVALID)
		TRY(rv);
	REQUIRE(rv == CKR_OK && good, CKR_WRAPPED_KEY_INVALID,
		"the key block is malformed, was changed, or is under another key");
	return CKR_OK;
}
