/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: session objects in slots.
 *
 * A place (handle.h) is slot in shard << 4 | shard. A slot whose serial numbers are used up is
 * retired, so that no handle is given out twice.
 */
#include "token/pool.h"

#include <pthread.h>

#include "base/arena.h"
#include "state/window.h"
#include "token/handle.h"

#define SHARD_BITS 4
#define SHARDS (1u << SHARD_BITS)
#define CHUNK_BITS 8
#define CHUNK_SLOTS (1u << CHUNK_BITS)
#define CHUNKS_MAX (1u << (HANDLE_PLACE_BITS - SHARD_BITS - CHUNK_BITS))

struct slot {
	_Atomic uint64_t version;
	uint64_t serial; /* of the current or last object of the slot, part of its handle */
	/* NULL if the slot is free. Changed with the lock, except by pool_show. */
	struct token *_Atomic token;
	struct pool_owner *owner;
	/* The neighbours in the owner's list as slot + 1, or 0. The free list uses next, too. */
	uint32_t next, previous;
	struct object object;
};

struct shard {
	pthread_mutex_t lock;
	uint32_t free; /* slot + 1 */
	uint32_t chunks_used;
	/* Changed with the lock, read without: the number of objects, and of those with a name. */
	_Atomic uint32_t live, named;
	struct slot *chunks[CHUNKS_MAX];
} __attribute__((aligned(64)));

static struct shard shards[SHARDS];

/* Of an object that was not shown yet. No token has this address. */
#define HIDDEN ((struct token *)(void *)shards)

_Static_assert(sizeof(struct slot) <= 512, "a session object costs at most 512 bytes");

static inline struct token *token_of(const struct slot *slot)
{
	return atomic_load_explicit(&slot->token, memory_order_relaxed);
}

/* A reader has the lock, which the thread that calls this had when it filled the slot. */
static inline void set_token(struct slot *slot, struct token *token)
{
	atomic_store_explicit(&slot->token, token, memory_order_relaxed);
}

#define LOCKED(shard) __attribute__((cleanup(unlock), unused)) struct shard *locked_ = lock(shard)

static struct shard *lock(struct shard *shard)
{
	pthread_mutex_lock(&shard->lock);
	return shard;
}

static void unlock(struct shard **shard)
{
	pthread_mutex_unlock(&(*shard)->lock);
}

CK_RV pool_start(void)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		ENSURE(pthread_mutex_init(&shards[i].lock, NULL) == 0, CKR_HOST_MEMORY);
		shards[i].free = 0;
		shards[i].chunks_used = 0; /* in a forked child, forget the parent's chunks */
		atomic_store_explicit(&shards[i].live, 0, memory_order_relaxed);
		atomic_store_explicit(&shards[i].named, 0, memory_order_relaxed);
	}
	return CKR_OK;
}

static struct slot *slot_at(const struct shard *shard, uint32_t index)
{
	return &shard->chunks[index >> CHUNK_BITS][index & (CHUNK_SLOTS - 1)];
}

void pool_stop(void)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &shards[i];
		/* Free memory of the object outside the arena. */
		for (uint32_t s = 0; s < shard->chunks_used << CHUNK_BITS; s++)
			if (token_of(slot_at(shard, s)) != NULL)
				object_wipe(&slot_at(shard, s)->object);
		for (uint32_t c = 0; c < shard->chunks_used; c++)
			arena_unmap(shard->chunks[c], CHUNK_SLOTS * sizeof(struct slot));
		shard->chunks_used = 0;
		shard->free = 0;
		pthread_mutex_destroy(&shard->lock);
	}
}

/* --- Slots --- */

static CK_RV grow(struct shard *shard)
{
	REQUIRE(shard->chunks_used < CHUNKS_MAX, CKR_HOST_MEMORY, "too many session objects");
	struct slot *chunk = arena_map(CHUNK_SLOTS * sizeof *chunk);
	ENSURE(chunk != NULL, CKR_HOST_MEMORY);
	uint32_t first = shard->chunks_used << CHUNK_BITS;
	shard->chunks[shard->chunks_used++] = chunk;
	for (uint32_t i = CHUNK_SLOTS; i-- > 0;) {
		chunk[i].next = shard->free;
		shard->free = first + i + 1;
	}
	return CKR_OK;
}

static CK_OBJECT_HANDLE handle_of(
	const struct shard *shard, uint32_t index, const struct slot *slot)
{
	return handle_of_place(slot->serial, index << SHARD_BITS | (uint32_t)(shard - shards));
}

static void bump(struct slot *slot)
{
	atomic_store_explicit(&slot->version,
		atomic_load_explicit(&slot->version, memory_order_relaxed) + 1,
		memory_order_release);
}

static struct shard *shard_of(CK_OBJECT_HANDLE handle)
{
	return &shards[handle_place(handle) & (SHARDS - 1)];
}

/* Return the live slot of HANDLE in SHARD, which is locked, or NULL. */
static struct slot *find(struct shard *shard, struct token *token, CK_OBJECT_HANDLE handle,
	bool private_too, uint32_t *ret_index)
{
	uint32_t index = handle_place(handle) >> SHARD_BITS;

	if (index >> CHUNK_BITS >= shard->chunks_used)
		return NULL;
	struct slot *slot = slot_at(shard, index);
	if (token_of(slot) != token || token == NULL || slot->serial != handle_serial(handle))
		return NULL;
	if ((slot->object.flags & FLAG_PRIVATE) && !private_too)
		return NULL;
	*ret_index = index;
	return slot;
}

static inline uint32_t read_count(const _Atomic uint32_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

/* Add MORE to COUNT of a shard that is locked. */
static inline void add_to(_Atomic uint32_t *count, int more)
{
	atomic_store_explicit(count, read_count(count) + (uint32_t)more, memory_order_relaxed);
}

/* Count MORE objects that have the attributes of O and so a name, which is a label or an id. */
static inline void count_name(struct shard *shard, const struct object *o, int more)
{
	if (__builtin_expect(object_has(o, VAR_LABEL) || object_has(o, VAR_ID), 0))
		add_to(&shard->named, more);
}

static inline uint32_t first_of(const struct pool_owner *owner)
{
	return atomic_load_explicit(&owner->first, memory_order_relaxed);
}

static inline void set_first(struct pool_owner *owner, uint32_t first)
{
	atomic_store_explicit(&owner->first, first, memory_order_relaxed);
}

/* Destroy the object in SLOT. */
static void release(struct shard *shard, struct slot *slot, uint32_t index)
{
	bump(slot);
	if (__builtin_expect(object_has(&slot->object, VAR_WINDOW), 0))
		windows_forget_session_master(handle_of(shard, index, slot));
	if (slot->next)
		slot_at(shard, slot->next - 1)->previous = slot->previous;
	if (slot->previous)
		slot_at(shard, slot->previous - 1)->next = slot->next;
	else
		set_first(slot->owner, slot->next);
	count_name(shard, &slot->object, -1);
	object_wipe(&slot->object);
	set_token(slot, NULL);
	add_to(&shard->live, -1);
	if (slot->serial < HANDLE_SERIAL_MAX) {
		slot->next = shard->free;
		shard->free = index + 1;
	}
}

/* --- The interface --- */

static inline CK_RV add(struct token *token, struct pool_owner *owner, struct object *o,
	CK_OBJECT_HANDLE *ret_handle)
{
	struct shard *shard = &shards[owner->shard & (SHARDS - 1)];
	LOCKED(shard);

	if (shard->free == 0)
		TRY(grow(shard));
	uint32_t index = shard->free - 1;
	struct slot *slot = slot_at(shard, index);
	shard->free = slot->next;

	object_move(o, &slot->object);
	slot->serial++;
	set_token(slot, token);
	slot->owner = owner;
	slot->previous = 0;
	slot->next = first_of(owner);
	if (slot->next)
		slot_at(shard, slot->next - 1)->previous = index + 1;
	set_first(owner, index + 1);
	add_to(&shard->live, 1);
	count_name(shard, &slot->object, 1);
	bump(slot);
	*ret_handle = handle_of(shard, index, slot);
	return CKR_OK;
}

CK_RV pool_add(struct token *token, struct pool_owner *owner, struct object *o,
	CK_OBJECT_HANDLE *ret_handle)
{
	return add(token, owner, o, ret_handle);
}

CK_RV pool_add_hidden(struct pool_owner *owner, struct object *o, CK_OBJECT_HANDLE *ret_handle)
{
	return add(HIDDEN, owner, o, ret_handle);
}

void pool_show(struct token *token, CK_OBJECT_HANDLE handle)
{
	set_token(slot_at(shard_of(handle), handle_place(handle) >> SHARD_BITS), token);
}

void pool_take_hidden(CK_OBJECT_HANDLE handle, struct object *o)
{
	struct shard *shard = shard_of(handle);
	LOCKED(shard);
	uint32_t index = handle_place(handle) >> SHARD_BITS;
	struct slot *slot = slot_at(shard, index);

	count_name(shard, &slot->object, -1);
	object_move(&slot->object, o);
	release(shard, slot, index);
}

CK_RV pool_get(struct token *token, CK_OBJECT_HANDLE handle, bool private_too, struct object *ret,
	const _Atomic uint64_t **ret_version, uint64_t *ret_seen)
{
	uint32_t index;
	struct shard *shard = shard_of(handle);
	LOCKED(shard);
	struct slot *slot = find(shard, token, handle, private_too, &index);

	REQUIRE(slot != NULL, CKR_OBJECT_HANDLE_INVALID, "no such object");
	TRY(object_copy(&slot->object, ret));
	if (ret_version != NULL) {
		*ret_version = &slot->version;
		*ret_seen = atomic_load_explicit(&slot->version, memory_order_relaxed);
	}
	return CKR_OK;
}

CK_RV pool_change(struct token *token, CK_OBJECT_HANDLE handle, bool private_too,
	CK_RV (*change)(struct object *o, void *arg), void *arg)
{
	uint32_t index;
	struct object copy = {0};
	struct shard *shard = shard_of(handle);
	LOCKED(shard);
	struct slot *slot = find(shard, token, handle, private_too, &index);

	REQUIRE(slot != NULL, CKR_OBJECT_HANDLE_INVALID, "no such object");
	CK_RV rv = object_copy(&slot->object, &copy);
	if (rv == CKR_OK)
		rv = change(&copy, arg);
	if (rv == CKR_OK) {
		bump(slot);
		count_name(shard, &slot->object, -1);
		object_wipe(&slot->object);
		object_move(&copy, &slot->object);
		count_name(shard, &slot->object, 1);
	}
	object_wipe(&copy);
	return rv;
}

CK_RV pool_destroy(struct token *token, CK_OBJECT_HANDLE handle, bool private_too)
{
	uint32_t index;
	struct shard *shard = shard_of(handle);
	LOCKED(shard);
	struct slot *slot = find(shard, token, handle, private_too, &index);

	REQUIRE(slot != NULL, CKR_OBJECT_HANDLE_INVALID, "no such object");
	REQUIRE(slot->object.flags & FLAG_DESTROYABLE, CKR_ACTION_PROHIBITED,
		"CKA_DESTROYABLE is CK_FALSE");
	release(shard, slot, index);
	return CKR_OK;
}

CK_RV pool_take_back(struct token *token, CK_OBJECT_HANDLE handle)
{
	uint32_t index;
	struct shard *shard = shard_of(handle);
	LOCKED(shard);
	struct slot *slot = find(shard, token, handle, true, &index);

	REQUIRE(slot != NULL, CKR_OBJECT_HANDLE_INVALID, "no such object");
	release(shard, slot, index);
	return CKR_OK;
}

/* Not inline, so that closing a session without objects needs few registers. */
__attribute__((noinline)) static void destroy_owned(struct pool_owner *owner)
{
	struct shard *shard = &shards[owner->shard & (SHARDS - 1)];
	LOCKED(shard);

	for (uint32_t first = first_of(owner); first != 0; first = first_of(owner))
		release(shard, slot_at(shard, first - 1), first - 1);
}

void pool_destroy_owned(struct pool_owner *owner)
{
	/* Only the caller could add an object, so an empty list stays empty. */
	if (first_of(owner) != 0)
		destroy_owned(owner);
}

void pool_destroy_private(struct token *token)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &shards[i];
		LOCKED(shard);
		for (uint32_t s = 0; s < shard->chunks_used << CHUNK_BITS; s++) {
			struct slot *slot = slot_at(shard, s);
			if (token_of(slot) == token && (slot->object.flags & FLAG_PRIVATE))
				release(shard, slot, s);
		}
	}
}

/* Call EACH for the objects of TOKEN in SHARD. The slots after the last live one are not read. */
static void each_in(struct shard *shard, struct token *token,
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg)
{
	LOCKED(shard);
	uint32_t left = read_count(&shard->live);

	for (uint32_t s = 0; left > 0; s++) {
		struct slot *slot = slot_at(shard, s);
		left -= token_of(slot) != NULL;
		if (token_of(slot) == token)
			each(handle_of(shard, s, slot), &slot->object, arg);
	}
}

void pool_each(struct token *token, bool named,
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg)
{
	for (unsigned i = 0; i < SHARDS; i++) /* else threads would wait for each other in vain */
		if (read_count(named ? &shards[i].named : &shards[i].live) > 0)
			each_in(&shards[i], token, each, arg);
}
