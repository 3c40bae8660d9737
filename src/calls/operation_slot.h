/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_slot.h: the inside of a session's operations, for the operation_*.c files only: one
 * slot a kind, its stage, and the rules that all kinds share (PKCS#11 5.2 and 5.8 to 5.15).
 *
 * A slot keeps its cipher, MAC or digest object from one operation to the next, so that the same
 * key used again costs no allocation and no key schedule.
 */
#ifndef KEYDIV_TOKEN_OPERATION_SLOT_H
#define KEYDIV_TOKEN_OPERATION_SLOT_H

#include "calls/operation.h"
#include "key/mac.h"

enum operation_kind {
	OPERATION_ENCRYPT,
	OPERATION_DECRYPT,
	OPERATION_DIGEST,
	OPERATION_SIGN,
	OPERATION_VERIFY,
	OPERATION_MESSAGE_ENCRYPT,
	OPERATION_MESSAGE_DECRYPT,
	OPERATION_KINDS,
};

enum stage {
	STAGE_NONE,  /* not active */
	STAGE_BEGUN, /* initialised, nothing else */
	STAGE_SINGLE, /* a single-part call has asked for the length: only single-part calls may follow */
	STAGE_PARTS, /* in parts (message functions: within a message) */
};

#define OPERATION_NONCE_MAX 128
#define OPERATION_DATA_MAX                                                                         \
	(((CK_ULONG)1 << 36) - 32) /* SP 800-38D section 5.2.1.1; longer lengths are mistakes */

/*
 * Bytes that nobody may see yet, or that the caller's buffers may not hold; wiped when
 * the operation ends.
 */
struct buffer {
	uint8_t *p;
	size_t n, room;
};

/* Make room for MORE bytes after the N there are. CKR_HOST_MEMORY. */
MUST_USE CK_RV buffer_reserve(struct buffer *b, size_t more);
MUST_USE CK_RV buffer_append(struct buffer *b, const uint8_t *p, size_t n);
void buffer_clear(struct buffer *b);

/* The next number of the nonces made for one key in this session. */
struct nonce_counter {
	uint64_t key; /* a fingerprint: objects of the same value share the counter */
	uint64_t next;
};

/* What a message-encrypt operation knows of its nonces. */
struct nonces {
	bool settled; /* by the first message; the others must ask for the same */
	CK_GENERATOR_FUNCTION generator;
	size_t len, fixed_bits;
	struct nonce_counter *counter;
	uint64_t random_made;
	uint8_t base[OPERATION_NONCE_MAX]; /* CKG_GENERATE_COUNTER_XOR */
};

/* The schedules that a cipher or MAC object keeps side by side. */
enum kept { KEPT_GCM, KEPT_CCM, KEPT_OTHER, KEPT_SCHEDULES };

struct operation {
	enum stage stage;
	bool finished; /* `last` holds what the final call has still to hand out */
	bool mac_begun;
	bool forget; /* wipe the kept schedules when it ends */
	const struct mechanism *row;
	struct cached_key *key; /* pinned; NULL for digests */
	CK_OBJECT_HANDLE key_handle;
	struct cipher *cipher; /* kept from one operation to the next, as are mac and digest */
	struct mac *mac;
	struct digest *digest;
	CK_OBJECT_HANDLE
	keyed[KEPT_SCHEDULES]; /* the keys whose schedules they still hold, a place for each that they can */
	size_t out_len;  /* of the MAC or digest; of the tag for ciphers */
	size_t data_len; /* CCM: of the plaintext */
	size_t total;    /* bytes put in so far */
	size_t last_n;
	uint8_t last[KEY_BLOCK_MAX];
	uint8_t iv[KEY_BLOCK_MAX]; /* CBC_PAD decryption: to begin again */
	struct buffer buffer;
	struct nonces nonces;
};

#define NONCE_COUNTERS 32

struct operations {
	struct operation slot[OPERATION_KINDS];
	struct nonce_counter counters[NONCE_COUNTERS];
	size_t counters_used;
	uint64_t counter_floor; /* no counter that was forgotten had reached it */
};

/* What a C_...Init function needs. */
struct operation_request {
	enum operation_kind kind;
	CK_FLAGS mechanism_flag; /* CKF_ENCRYPT ... */
	uint32_t key_flag;       /* FLAG_ENCRYPT ...; 0: no key */
};

/*
 * The checks of a C_...Init function up to the mechanism's parameter, in their order: a NULL
 * mechanism cancels; CKR_OPERATION_ACTIVE; CKR_MECHANISM_INVALID; CKR_KEY_HANDLE_INVALID; those of
 * plan_may_use. *RET: the slot, its row and pinned key set, not yet active; NULL if MECHANISM was
 * NULL and has cancelled. RET_CALLER: a copy of MECHANISM.
 */
MUST_USE CK_RV operation_request(struct session *s, const struct operation_request *request,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_MECHANISM *ret_caller,
	struct operation **ret);

/* The slot is active if RV, what setting it up came to, is CKR_OK; else it is empty. Returns RV. */
CK_RV operation_begun(struct operation *op, CK_RV rv);

/*
 * Enter a single-part call, or one of parts. CKR_OPERATION_NOT_INITIALIZED; if they mix
 * CKR_OPERATION_ACTIVE: it ends.
 */
MUST_USE CK_RV operation_single(
	struct session *s, enum operation_kind kind, struct operation **ret);
MUST_USE CK_RV operation_part(struct session *s, enum operation_kind kind, struct operation **ret);

/*
 * Leave the call with RV: the operation goes on after CKR_BUFFER_TOO_SMALL, and after CKR_OK if
 * GOES_ON, else ends.
 */
CK_RV operation_leave(struct operation *op, CK_RV rv, bool goes_on);

void operation_end(struct operation *op);

static inline enum kept kept_of_cipher(enum cipher_mode mode)
{
	return mode == CIPHER_GCM ? KEPT_GCM : mode == CIPHER_CCM ? KEPT_CCM : KEPT_OTHER;
}

/*
 * To be called when the cipher or MAC object is given the operation's key, whose schedule
 * it will keep.
 */
static inline void operation_keeps(struct operation *op, enum kept kept)
{
	op->keyed[kept] = op->key_handle;
}

/*
 * The buffer convention (PKCS#11 5.2): with OUT NULL *OUT_LEN is set and *RET_GO false; with
 * too little room CKR_BUFFER_TOO_SMALL; else *RET_GO is true, and the caller writes NEEDED
 * bytes or fewer.
 */
MUST_USE CK_RV output_room(size_t needed, const CK_BYTE *out, CK_ULONG *out_len, bool *ret_go);

#endif
