/* SPDX-License-Identifier: Apache-2.0 */
/* duplicates.c: the order of a list, and a Bloom filter with a second reading. */
#include "tool/bulk/duplicates.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* --- sorted lists --- */

/* Orders: by bytes or by length and then bytes (1, 2, 10), upwards or downwards. */
enum { BYTES_UP = 1, BYTES_DOWN = 2, LENGTH_UP = 4, LENGTH_DOWN = 8 };

enum order_result order_next(struct order *o, const char *name, size_t n)
{
	if (o->n > 0) {
		int c = memcmp(o->name, name, o->n < n ? o->n : n);
		if (c == 0 && o->n == n)
			return ORDER_SAME;
		bool longer = n > o->n, up = c != 0 ? c < 0 : longer;
		o->possible &= up ? ~(unsigned)BYTES_DOWN : ~(unsigned)BYTES_UP;
		up = n == o->n ? c < 0 : longer;
		o->possible &= up ? ~(unsigned)LENGTH_DOWN : ~(unsigned)LENGTH_UP;
	}
	memcpy(o->name, name, n);
	o->n = n;
	return o->possible ? ORDER_KEPT : ORDER_LOST;
}

/* --- the filter --- */

/*
 * A split block Bloom filter: a name sets one bit in each of the 8 words of one block, so a look-up
 * costs one cache miss. With 16 bits a name, one name in 1000 is marked without being a duplicate.
 */
#define BLOCK_WORDS 8
#define PENDING 16 /* names whose block is on its way from memory */
#define SLOTS (2 * (size_t)DUPLICATES_MARKS)

struct block {
	uint32_t word[BLOCK_WORDS];
};

/* A marked name, known by its hash, and the line where it occurs first. */
struct slot {
	uint64_t hash;
	uint64_t at;             /* where the line begins in the input */
	unsigned long long line; /* 0: not seen yet */
	bool used;
};

struct search {
	int fd;
	off_t start;
	struct record_format format; /* a copy: records_start() sets the column */
	uint64_t seed;
	unsigned batches, batch; /* a name belongs to the batch that its hash says */
	struct block *blocks;
	struct slot *slots;
	size_t marked;
	struct duplicate found;
	struct records records; /* of the reading */
	struct records earlier; /* reads one line again, to compare */
	struct problem *problem;
	bool unreadable; /* a read has failed, so the search may have missed a name */
};

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93U;
	return h ^ h >> 32;
}

static uint64_t hash_of(const struct search *s, const char *p, size_t n)
{
	uint64_t h = s->seed ^ n, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word);
	}
	word = 0;
	memcpy(&word, p, n);
	return mix(mix(h ^ word));
}

static struct block *block_of(const struct search *s, uint64_t hash)
{
	return &s->blocks[(hash >> 32) * DUPLICATES_BLOCKS >> 32];
}

/* Set the bits of HASH. Returns true if all were set already. */
static bool filter_add(struct search *s, uint64_t hash)
{
	static const uint32_t odd[BLOCK_WORDS] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU,
		0xa2b7289dU, 0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};
	struct block *block = block_of(s, hash);
	uint32_t missing = 0;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint32_t bit = 1U << ((uint32_t)hash * odd[i] >> 27);
		missing |= ~block->word[i] & bit;
		block->word[i] |= bit;
	}
	return missing == 0;
}

/* --- marked names --- */

static void mark(struct search *s, uint64_t hash)
{
	size_t i = hash % SLOTS;

	while (s->slots[i].used && s->slots[i].hash != hash)
		i = (i + 1) % SLOTS;
	s->marked += !s->slots[i].used;
	s->slots[i].used = true;
	s->slots[i].hash = hash;
}

/* Return true if RECORD has the same name as the line at AT. */
static bool same_name(struct search *s, const struct record *record, uint64_t at)
{
	struct record other;
	bool header = s->format.header, by_name = s->format.column_by_name;

	s->format.header = s->format.column_by_name = false;
	bool same = records_start(
		&s->earlier, &s->format, s->fd, true, s->start + (off_t)at, -1, s->problem);
	s->earlier.memory.count = 1;      /* so that no line but the first is taken for a heading */
	s->earlier.lines.number = at > 0; /* nor for one with a byte order mark */
	same = same && records_next(&s->earlier, &other, s->problem) == GOT_ONE &&
	       other.n == record->n && memcmp(other.name, record->name, other.n) == 0;
	s->unreadable = s->unreadable || s->earlier.lines.unreadable;
	records_end(&s->earlier);
	s->format.header = header;
	s->format.column_by_name = by_name;
	return same;
}

/* Compare RECORD with the marked names. Returns true if RECORD is a duplicate. */
static bool compare(struct search *s, const struct record *record)
{
	uint64_t hash = hash_of(s, record->name, record->n);
	size_t i = hash % SLOTS;
	bool marked = false;

	for (; s->slots[i].used; i = (i + 1) % SLOTS) {
		struct slot *slot = &s->slots[i];
		if (slot->hash != hash)
			continue;
		marked = true;
		if (slot->line == 0)
			break;
		if (same_name(s, record, slot->at)) {
			s->found = (struct duplicate){record->line, slot->line};
			return true;
		}
	}
	if (marked)
		s->slots[i] = (struct slot){hash, s->records.lines.line_at, record->line, true};
	return false;
}

/* --- readings --- */

/* End the reading before, and begin to read the list. False: s->problem is set. */
static bool begin(struct search *s)
{
	records_end(&s->records);
	return records_start(&s->records, &s->format, s->fd, true, s->start, -1, s->problem);
}

/*
 * Get the next record up to line LIMIT (0: all). A wrong line ends the list, as it ends the work.
 * A read error ends the list, too. The work may then read more of the list than the search did, so
 * the search fails.
 */
static bool next(struct search *s, unsigned long long limit, struct record *ret)
{
	bool got = records_next(&s->records, ret, s->problem) == GOT_ONE;

	s->unreadable = s->unreadable || s->records.lines.unreadable;
	return got && (limit == 0 || ret->line <= limit);
}

/* Compare the lines up to LIMIT with the marked names, and forget the marks. */
static bool second_reading(struct search *s, unsigned long long limit)
{
	struct record record;
	bool ok = begin(s);

	while (ok && next(s, limit, &record) && !compare(s, &record))
		;
	memset(s->slots, 0, SLOTS * sizeof *s->slots);
	s->marked = 0;
	return ok;
}

/*
 * Read the names of one batch through the filter, from line FROM on, until the list ends or the
 * marks are full. RET_LAST is the line where the reading ended, and RET_END whether the list did.
 */
static bool first_reading(
	struct search *s, unsigned long long from, unsigned long long *ret_last, bool *ret_end)
{
	uint64_t pending[PENDING];
	struct record record;
	unsigned long long limit = s->found.line ? s->found.line - 1 : 0;
	size_t count = 0;
	bool more = true;

	*ret_last = from;
	if (limit == 0 && s->found.line)
		return *ret_end = true;
	if (!begin(s))
		return false;
	while (s->marked + PENDING < DUPLICATES_MARKS && (more = next(s, limit, &record))) {
		*ret_last = record.line;
		if (record.line <= from)
			continue;
		uint64_t hash = hash_of(s, record.name, record.n);
		if (s->batches > 1 && hash % s->batches != s->batch)
			continue;
		__builtin_prefetch(block_of(s, hash), 1);
		if (count >= PENDING && filter_add(s, pending[count % PENDING]))
			mark(s, pending[count % PENDING]);
		pending[count++ % PENDING] = hash;
	}
	for (size_t i = count < PENDING ? 0 : count - PENDING; i < count; i++)
		if (filter_add(s, pending[i % PENDING]))
			mark(s, pending[i % PENDING]);
	*ret_end = !more;
	return true;
}

static bool search_batch(struct search *s)
{
	unsigned long long last = 0;
	bool end = false;

	memset(s->blocks, 0, DUPLICATES_BLOCKS * sizeof *s->blocks);
	while (!end) {
		struct duplicate before = s->found;
		if (!first_reading(s, last, &last, &end) ||
			(s->marked > 0 && !second_reading(s, last)))
			return false;
		if (s->found.line != before.line)
			return true;
	}
	return true;
}

/* Estimate how many names the list has, from its size and the length of its first lines. */
static unsigned batches_for(struct search *s)
{
	struct record record;
	struct stat st;

	if (fstat(s->fd, &st) != 0 || !begin(s))
		return 1;
	for (int i = 0; i < 1000 && next(s, 0, &record); i++)
		;
	if (s->records.memory.count == 0)
		return 1;
	uint64_t each = s->records.lines.bytes / s->records.memory.count;
	return (unsigned)((uint64_t)(st.st_size - s->start) / (each ? each : 1) / DUPLICATES_BATCH +
			  1);
}

bool duplicates_find(int fd, off_t start, const struct record_format *format, struct duplicate *ret,
	struct problem *problem)
{
	struct search *s = calloc(1, sizeof *s);

	if (s) {
		*s = (struct search){
			.fd = fd, .start = start, .format = *format, .problem = problem};
		s->blocks = aligned_alloc(64, DUPLICATES_BLOCKS * sizeof *s->blocks);
		s->slots = calloc(SLOTS, sizeof *s->slots);
	}
	bool ok = s && s->blocks && s->slots;
	if (!ok)
		problem_fill(problem, CKR_HOST_MEMORY, "cannot look for duplicates");
	if (ok && getrandom(&s->seed, sizeof s->seed, GRND_NONBLOCK) < 0)
		s->seed = (uint64_t)(uintptr_t)s; /* only the speed on hostile lists needs chance */
	if (ok)
		s->batches = batches_for(s);
	for (; ok && s->batch < s->batches; s->batch++)
		ok = search_batch(s);
	ok = ok && !s->unreadable;
	if (ok)
		*ret = s->found;
	if (s) {
		records_end(&s->records);
		free(s->blocks);
		free(s->slots);
	}
	free(s);
	return ok;
}
