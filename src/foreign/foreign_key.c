/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_key.c: see foreign_key.h. */
#include "foreign/foreign_key.h"

#include <stdlib.h>

#include "base/arena.h"
#include "key/cmac_subkeys.h"
#include "key/random.h"

/*
 * A check is a version (1 byte), the kind of the MAC (1 byte, 0 for CMAC, else an index of
 * hmac_numbers), a random string (16 bytes) and its whole MAC. The numbers are in the store and
 * never change.
 */
#define CHECK_VERSION 1
#define CHECK_RANDOM 16
#define CHECK_HEAD (2 + CHECK_RANDOM)

_Static_assert(CHECK_HEAD + KEY_MAC_MAX <= FOREIGN_CHECK_MAX, "every check fits");

static const enum mac_kind hmac_numbers[] = {MAC_NONE, MAC_HMAC_SHA1, MAC_HMAC_SHA224,
	MAC_HMAC_SHA256, MAC_HMAC_SHA384, MAC_HMAC_SHA512};
#define HMAC_NUMBERS (sizeof hmac_numbers / sizeof hmac_numbers[0])

/* Keys have CMAC subkeys. */
static struct arena keys = {.fork_zeroes = true};

/* --- Memory --- */

void foreign_key_free(struct foreign_key *k)
{
	free(k->uri);
	arena_give(&keys, k, sizeof *k);
}

CK_RV foreign_key_new(struct foreign *f, struct bytes uri, struct foreign_key **ret)
{
	struct foreign_key *k;

	ENSURE(uri.n <= FOREIGN_URI_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	k = arena_take(&keys, sizeof *k);
	ENSURE(k != NULL, CKR_HOST_MEMORY);
	k->owner = f;
	k->uri = strndup((const char *)uri.p, uri.n);
	if (k->uri == NULL) {
		foreign_key_free(k);
		return FAIL(CKR_HOST_MEMORY, "no memory");
	}
	*ret = k;
	return CKR_OK;
}

void foreign_keys_trim(void)
{
	arena_trim(&keys);
}

/* --- Computing --- */

/* Compute the subkeys of CMAC if K is a cipher's and its token makes no CMAC. */
static CK_RV compute_subkeys(struct foreign_key *k)
{
	static const uint8_t zero[KEY_BLOCK_MAX];
	uint8_t l[KEY_BLOCK_MAX];
	size_t block = k->nature.block;

	if (block == 0 || k->nature.cmac)
		return CKR_OK;
	CK_RV rv = foreign_ecb(&k->found, block, zero, block, l);
	if (rv == CKR_OK) {
		cmac_double(l, k->k1, block);
		cmac_double(k->k1, k->k2, block);
	}
	wipe(l, sizeof l);
	return rv;
}

/* The CMAC of encrypted blocks (SP 800-38B section 6.2). */
static CK_RV cmac_of_blocks(
	const struct foreign_key *k, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	size_t block = k->nature.block;
	uint8_t state[KEY_BLOCK_MAX] = {0}, last[KEY_BLOCK_MAX] = {0};
	const uint8_t *subkey = n > 0 && n % block == 0 ? k->k1 : k->k2;
	size_t before = n > 0 ? (n - 1) / block * block : 0;
	CK_RV rv = CKR_OK;

	if (n > before)
		memcpy(last, msg + before, n - before);
	if (n - before < block)
		last[n - before] = 0x80;
	for (size_t at = 0; rv == CKR_OK && at < before; at += block) {
		for (size_t i = 0; i < block; i++)
			state[i] ^= msg[at + i];
		rv = foreign_ecb(&k->found, block, state, block, state);
	}
	for (size_t i = 0; i < block; i++)
		state[i] ^= last[i] ^ subkey[i];
	if (rv == CKR_OK)
		rv = foreign_ecb(&k->found, block, state, block, ret_mac);
	wipe(state, sizeof state);
	wipe(last, sizeof last);
	return rv;
}

CK_RV foreign_key_mac(const struct foreign_key *k, enum mac_kind kind, const uint8_t *msg, size_t n,
	uint8_t *ret_mac)
{
	if (kind != MAC_CMAC)
		return foreign_hmac(&k->found, kind, msg, n, ret_mac);
	if (k->nature.cmac)
		return foreign_cmac(&k->found, k->nature.block, msg, n, ret_mac);
	REQUIRE(k->nature.ecb, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the foreign key may neither sign nor encrypt");
	return cmac_of_blocks(k, msg, n, ret_mac);
}

/* --- The check --- */

/* The MAC of CHECK by K. *RET_N is its length. */
static CK_RV check_mac(const struct foreign_key *k, const uint8_t *check,
	uint8_t ret_mac[KEY_MAC_MAX], size_t *ret_n)
{
	enum mac_kind kind = check[1] == 0 ? MAC_CMAC : hmac_numbers[check[1]];

	*ret_n = kind == MAC_CMAC ? k->nature.block : mac_length(kind, NULL);
	return foreign_key_mac(k, kind, check + 2, CHECK_RANDOM, ret_mac);
}

/* Return CKR_DEVICE_ERROR unless the key that was found makes the MAC of CHECK, which is sound. */
static CK_RV compare(const struct foreign_key *k, struct bytes check)
{
	uint8_t mac[KEY_MAC_MAX];
	size_t n;

	CK_RV rv = check_mac(k, check.p, mac, &n);
	if (rv == CKR_OK &&
		(check.n != CHECK_HEAD + n || !secret_equal(mac, check.p + CHECK_HEAD, n)))
		rv = FAIL(CKR_DEVICE_ERROR, "another key is behind the URI of the foreign key");
	wipe(mac, sizeof mac);
	return rv;
}

/* Compute the check of K twice, because a wrong MAC here would make the key useless. */
static CK_RV make_check(struct foreign_key *k)
{
	size_t n;

	k->check[0] = CHECK_VERSION;
	for (uint8_t i = 0; i < HMAC_NUMBERS; i++)
		if (k->nature.block == 0 && hmac_numbers[i] == k->nature.hmac)
			k->check[1] = i;
	TRY(random_bytes(k->check + 2, CHECK_RANDOM));
	TRY(compute_subkeys(k));
	TRY(check_mac(k, k->check, k->check + CHECK_HEAD, &n));
	k->check_n = CHECK_HEAD + n;
	TRY(compute_subkeys(k));
	return compare(k, bytes_of(k->check, k->check_n));
}

static CK_RV require_sound(struct bytes check)
{
	REQUIRE(check.n > CHECK_HEAD && check.n <= FOREIGN_CHECK_MAX &&
			check.p[0] == CHECK_VERSION && check.p[1] < HMAC_NUMBERS,
		CKR_DEVICE_ERROR, "the check of the foreign key is malformed");
	return CKR_OK;
}

CK_RV foreign_key_compare(const struct foreign_key *k, struct bytes check)
{
	TRY(require_sound(check));
	return compare(k, check);
}

CK_RV foreign_key_read_check(struct foreign_key *k, struct bytes check)
{
	TRY(require_sound(check));
	memcpy(k->check, check.p, check.n);
	k->check_n = check.n;
	return CKR_OK;
}

/* --- Finding --- */

/* Return the code for MATCH of a key that was linked before. */
static CK_RV match_in_use(enum foreign_match match)
{
	REQUIRE(match != FOREIGN_NO_TOKEN, CKR_TOKEN_NOT_PRESENT,
		"no foreign token has the URI of the key");
	REQUIRE(match == FOREIGN_ONE, CKR_DEVICE_ERROR,
		"the URI of the foreign key does not name one key any more");
	return CKR_OK;
}

/*
 * Read the nature of the key. A cipher that can compute no CMAC, and an HMAC key without an HMAC,
 * have no use here.
 */
static CK_RV prepare(struct foreign_key *k, struct foreign_nature *ret)
{
	TRY(foreign_nature(&k->found, ret));
	REQUIRE(ret->cmac || ret->ecb || ret->hmac != MAC_NONE, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the foreign key may neither sign nor encrypt by a mechanism that keydiv uses");
	return CKR_OK;
}

/* Find K again and check it. */
static CK_RV find_again(struct foreign_key *k)
{
	struct foreign_nature now;
	enum foreign_match match;

	k->serial = 0;
	TRY(foreign_find(k->owner, k->uri, &k->found, &match));
	TRY(match_in_use(match));
	TRY(prepare(k, &now));
	REQUIRE(now.type == k->nature.type && now.length == k->nature.length, CKR_DEVICE_ERROR,
		"another key is behind the URI of the foreign key");
	k->nature = now;
	TRY(compute_subkeys(k));
	TRY(compare(k, bytes_of(k->check, k->check_n)));
	k->serial = k->found.session->serial;
	return CKR_OK;
}

CK_RV foreign_key_ready(struct foreign_key *k)
{
	bool ready = k->serial != 0 && k->serial == k->found.session->serial &&
		     foreign_session_is_open(k->found.session);

	return ready ? CKR_OK : find_again(k);
}

CK_RV foreign_key_link(struct foreign_key *k)
{
	enum foreign_match match;

	TRY(foreign_find(k->owner, k->uri, &k->found, &match));
	REQUIRE(match != FOREIGN_URI_BAD, CKR_ATTRIBUTE_VALUE_INVALID,
		"the URI of the foreign key is refused; the line before says why");
	REQUIRE(match != FOREIGN_NO_TOKEN, CKR_ATTRIBUTE_VALUE_INVALID,
		"the URI names no token of the foreign module");
	REQUIRE(match != FOREIGN_NO_KEY, CKR_ATTRIBUTE_VALUE_INVALID,
		"the URI names no secret key of the foreign token");
	REQUIRE(match == FOREIGN_ONE, CKR_ATTRIBUTE_VALUE_INVALID,
		"the URI names several tokens or keys");
	TRY(prepare(k, &k->nature));
	return make_check(k);
}
