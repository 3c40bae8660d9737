/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_mark.c: see window_mark.h. The texts of all MACs begin with a purpose of their own, so no
 * MAC of one kind is a MAC of another kind.
 */
#include "state/window_mark.h"

#include "base/log.h"
#include "key/key.h"

#define MAC_LEN 16
#define MARK_KEY_LEN 32
#define FIXED_LEN 16 /* highest and owner */

_Static_assert(FIXED_LEN + (WINDOW_MAX + 7) / 8 + MAC_LEN <= MARK_MAX, "room for a mark");

static const char key_purpose[] = "keydiv replay windows";
static const char stream_purpose[] = "keydiv replay stream";
static const char mark_purpose[] = "keydiv replay mark";

const uint8_t mark_head_stream[MARK_STREAM_LEN] = {0};

static uint8_t *append(uint8_t *at, const void *p, size_t n)
{
	memcpy(at, p, n);
	return at + n;
}

CK_RV mark_key(const struct snapshot *keys, struct key *key)
{
	uint8_t text[sizeof key_purpose + VAULT_UUID_LEN];
	SECRET mac = {0};

	append(append(text, key_purpose, sizeof key_purpose), keys->uuid, VAULT_UUID_LEN);
	TRY(secret_resize(&mac, KEY_MAC_MAX));
	TRY(key_load(key, CKK_GENERIC_SECRET, secret_peek(&keys->key), keys->key.len));
	CK_RV rv = key_mac(key, MAC_HMAC_SHA256, text, sizeof text, secret_bytes(&mac));
	if (rv == CKR_OK)
		rv = key_load(key, CKK_GENERIC_SECRET, secret_peek(&mac), MARK_KEY_LEN);
	if (rv != CKR_OK)
		key_unload(key);
	return rv;
}

CK_RV mark_stream(struct key *key, int64_t master, enum window_direction direction,
	struct bytes description, uint8_t ret_stream[MARK_STREAM_LEN])
{
	uint8_t text[sizeof stream_purpose + 1 + 8 + WINDOW_STREAM_MAX], mac[KEY_MAC_MAX];
	uint8_t *at = append(text, stream_purpose, sizeof stream_purpose);

	ENSURE(description.n <= WINDOW_STREAM_MAX, CKR_GENERAL_ERROR);
	*at++ = (uint8_t)direction;
	put_be64(at, (uint64_t)master);
	at = append(at + 8, description.p, description.n);
	TRY(key_mac(key, MAC_HMAC_SHA256, text, (size_t)(at - text), mac));
	memcpy(ret_stream, mac, MARK_STREAM_LEN);
	return CKR_OK;
}

/* --- Marks --- */

/* Compute the MAC of BODY, the text of a mark of SIZE (0 for a head), at its place. */
static CK_RV mac_of(struct key *key, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	unsigned size, struct bytes body, uint8_t ret_mac[KEY_MAC_MAX])
{
	uint8_t text[sizeof mark_purpose + 8 + MARK_STREAM_LEN + 4 + MARK_MAX];
	uint8_t *at = append(text, mark_purpose, sizeof mark_purpose);

	put_be64(at, (uint64_t)master);
	at = append(at + 8, stream, MARK_STREAM_LEN);
	put_be32(at, size);
	at = append(at + 4, body.p, body.n);
	return key_mac(key, MAC_HMAC_SHA256, text, (size_t)(at - text), ret_mac);
}

/* Append the MAC to the N bytes at RET. */
static CK_RV seal_text(struct key *key, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	unsigned size, uint8_t ret[MARK_MAX], size_t n, size_t *ret_n)
{
	uint8_t mac[KEY_MAC_MAX];

	TRY(mac_of(key, master, stream, size, bytes_of(ret, n), mac));
	memcpy(ret + n, mac, MAC_LEN);
	*ret_n = n + MAC_LEN;
	return CKR_OK;
}

static CK_RV check_text(struct key *key, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	unsigned size, struct bytes sealed)
{
	uint8_t mac[KEY_MAC_MAX];

	ENSURE(sealed.n >= MAC_LEN, CKR_DEVICE_ERROR);
	struct bytes body = bytes_of(sealed.p, sealed.n - MAC_LEN);
	TRY(mac_of(key, master, stream, size, body, mac));
	if (secret_equal(mac, sealed.p + body.n, MAC_LEN))
		return CKR_OK;
	log_error("windows.db: a mark of master %lld was changed by another program",
		(long long)master);
	return CKR_DEVICE_ERROR;
}

CK_RV mark_seal(
	struct key *key, const struct window_mark *mark, uint8_t ret[MARK_MAX], size_t *ret_n)
{
	size_t n = FIXED_LEN;

	put_be64(ret, mark->set.highest);
	put_be64(ret + 8, mark->owner);
	if (mark->owner == 0) {
		window_set_encode(&mark->set, ret + n);
		n += window_set_bytes(mark->set.size);
	}
	return seal_text(key, mark->master, mark->stream, mark->set.size, ret, n, ret_n);
}

CK_RV mark_open(struct key *key, struct bytes sealed, struct window_mark *ret)
{
	unsigned size = ret->set.size;

	TRY(check_text(key, ret->master, ret->stream, size, sealed));
	size_t n = sealed.n - MAC_LEN;
	ENSURE(n >= FIXED_LEN, CKR_DEVICE_ERROR);
	uint64_t highest = get_be64(sealed.p);
	ret->owner = get_be64(sealed.p + 8);
	if (ret->owner != 0) {
		ENSURE(n == FIXED_LEN, CKR_DEVICE_ERROR);
		ret->set = window_set_empty(size);
		window_set_fill(&ret->set, highest);
		return CKR_OK;
	}
	ENSURE(n == FIXED_LEN + window_set_bytes(size), CKR_DEVICE_ERROR);
	ret->set = window_set_decode(size, highest, sealed.p + FIXED_LEN);
	return CKR_OK;
}

CK_RV mark_seal_head(struct key *key, int64_t master, uint8_t ret[MARK_MAX], size_t *ret_n)
{
	return seal_text(key, master, mark_head_stream, 0, ret, 0, ret_n);
}

CK_RV mark_check_head(struct key *key, int64_t master, struct bytes sealed)
{
	if (sealed.n == 0) {
		log_error("windows.db: the replay windows of master %lld are missing",
			(long long)master);
		return CKR_DEVICE_ERROR;
	}
	ENSURE(sealed.n == MAC_LEN, CKR_DEVICE_ERROR);
	return check_text(key, master, mark_head_stream, 0, sealed);
}

CK_RV mark_check_near(struct key *key, unsigned size, const struct mark_near *near)
{
	bool head = memcmp(near->stream, mark_head_stream, MARK_STREAM_LEN) == 0;

	return check_text(
		key, near->master, near->stream, head ? 0 : size, bytes_of(near->mark, near->n));
}
