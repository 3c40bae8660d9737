/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operations.h: the active operations of a session (PKCS#11 5.8 to 5.15), one slot for each kind of
 * operation. The steps of an operation are in src/calls.
 *
 * A slot keeps its cipher, MAC or digest object from one operation to the next. Using the same key
 * again therefore costs no allocation and no key schedule.
 *
 * The session's lock guards all of this.
 */
#ifndef KEYDIV_TOKEN_OPERATIONS_H
#define KEYDIV_TOKEN_OPERATIONS_H

#include "key/mac.h"
#include "mechanism.h"
#include "token/key_cache.h"
#include "token/use_state.h"

enum operation_kind {
	OPERATION_ENCRYPT,
	OPERATION_DECRYPT,
	OPERATION_DIGEST,
	OPERATION_SIGN,
	OPERATION_VERIFY,
	OPERATION_MESSAGE_ENCRYPT,
	OPERATION_MESSAGE_DECRYPT,
	OPERATION_MESSAGE_SIGN,
	OPERATION_MESSAGE_VERIFY,
	OPERATION_KINDS,
};

enum stage {
	STAGE_NONE,  /* not active */
	STAGE_BEGUN, /* initialised, no data yet */
	/* A single-part call has asked for the output length. Only single-part calls may follow. */
	STAGE_SINGLE,
	STAGE_PARTS, /* in parts, or within a message */
};

/* --- Buffers --- */

/*
 * Bytes of an operation that must not be in the caller's memory yet, for example plaintext whose
 * tag has not been checked. Wiped when the operation ends.
 */
struct buffer {
	uint8_t *p;
	size_t n, room; /* bytes used, bytes allocated */
};

/* Make room for MORE bytes after the bytes in use. CKR_HOST_MEMORY. */
MUST_USE CK_RV buffer_reserve(struct buffer *b, size_t more);

/* Append a copy of N bytes at P. CKR_HOST_MEMORY. */
MUST_USE CK_RV buffer_append(struct buffer *b, const uint8_t *p, size_t n);

/* Wipe the bytes in use. The memory is kept for the next operation unless it is over 64 KiB. */
void buffer_clear(struct buffer *b);

/* --- Nonces of message encryption (calls/nonce.h) --- */

#define OPERATION_NONCE_MAX 128

/* The next number of the nonces made for one key in this session. */
struct nonce_counter {
	uint64_t key; /* a fingerprint, so that objects of the same value share the counter */
	uint64_t next;
};

/* How a message-encrypt operation makes its nonces. */
struct nonces {
	bool settled; /* by the first message, and later messages must agree */
	CK_GENERATOR_FUNCTION generator;
	size_t len, fixed_bits;
	struct nonce_counter *counter;
	uint64_t random_made;
	uint8_t base[OPERATION_NONCE_MAX]; /* CKG_GENERATE_COUNTER_XOR */
};

/* --- Slots --- */

/* The key schedules that a cipher or MAC object keeps side by side. */
enum kept { KEPT_GCM, KEPT_CCM, KEPT_OTHER, KEPT_SCHEDULES };

#define OPERATION_PARAMETER_MAX 64

struct operation {
	enum stage stage;
	bool finished;  /* `last` holds output that the final call has still to return */
	bool mac_begun; /* data goes to `mac`, or is collected for a function that signs */
	bool forget;    /* wipe the kept schedules when the operation ends */
	bool derived;   /* an operation of WITH_DERIVED_KEY, with `use` */
	const struct mechanism *mech;
	struct cached_key *key; /* pinned: the key that the caller names; NULL for digests */
	struct key *used;       /* the key that computes: that of `key`, or the derived key */
	CK_OBJECT_HANDLE key_handle;
	/* kept from one operation to the next */
	struct cipher *cipher;
	struct mac *mac;
	struct digest *digest;
	struct use_state *use;                  /* NULL before the first use of a derived key */
	CK_OBJECT_HANDLE keyed[KEPT_SCHEDULES]; /* the keys of the kept schedules, 0 for none */
	size_t out_len;  /* in bytes, of the MAC, the digest or the cipher's tag */
	size_t data_len; /* of CCM's plaintext in bytes */
	size_t total;    /* bytes put in so far */
	size_t last_n;
	uint8_t last[KEY_BLOCK_MAX];
	uint8_t iv[KEY_BLOCK_MAX]; /* the IV of CBC_PAD decryption, to begin again */
	struct buffer buffer;
	struct nonces nonces;
	/* Mechanisms with a function that signs: encoded fields, and inner keys of the session */
	uint8_t parameter[OPERATION_PARAMETER_MAX];
	size_t parameter_n;
	struct key *const *scratch;
};

#define NONCE_COUNTERS 32

struct operations {
	struct operation slot[OPERATION_KINDS];
	struct nonce_counter counters[NONCE_COUNTERS];
	size_t counters_used;
	uint64_t
		counter_floor; /* every counter that was dropped had a lower or equal next number */
};

/* End the operation in OP, if any: unpin its key and wipe its data. */
void operation_end(struct operation *op);

/* Wipe the schedules that the slot's objects keep, without freeing memory. */
void operation_forget_kept(struct operation *op);

static inline enum kept kept_of_cipher(enum cipher_mode mode)
{
	return mode == CIPHER_GCM ? KEPT_GCM : mode == CIPHER_CCM ? KEPT_CCM : KEPT_OTHER;
}

/*
 * Call this when the cipher or MAC object of OP is given the operation's key, whose schedule the
 * object then keeps.
 */
static inline void operation_keeps(struct operation *op, enum kept kept)
{
	op->keyed[kept] = op->key_handle;
}

/* The functions below accept NULL, for a session without an operation so far. */

/* End every operation and wipe every schedule that is kept (logout, close). */
void operations_reset(struct operations *operations);

/* End every operation, wipe every schedule and free the memory. */
void operations_free(struct operations *operations);

/*
 * End the operations that use the destroyed key HANDLE, and wipe the schedules that are kept
 * of the key.
 */
void operations_forget(struct operations *operations, CK_OBJECT_HANDLE handle);

#endif
