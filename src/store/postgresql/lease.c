/* SPDX-License-Identifier: Apache-2.0 */
/* lease.c: see lease.h. */
#include "store/postgresql/lease.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "key/random.h"

#define NS_OF_MS INT64_C(1000000)
#define RENEW_WAIT 1000
#define RENEWALS_MAX 20 /* of one call; a server that needs longer than a lease renews nothing */
#define VISIT_NS (NS_OF_MS / 2)
#define POLL_MS 10 /* of a writer that waits for other hosts */
#define FIRST_TIMELINE "00000001"

static int64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 * NS_OF_MS + now.tv_nsec;
}

CK_RV lease_init(struct lease *lease, const char *conninfo, int32_t slot, unsigned ms)
{
	*lease = (struct lease){.slot = slot,
		.ms = (int32_t)ms,
		.connection = {.conninfo = conninfo, .purpose = "lease", .fd = -1}};
	atomic_store(&lease->word, 2);
	lease->shared.freshness = &lease->word;
	pthread_mutex_init(&lease->lock, NULL);
	pthread_mutex_init(&lease->seen_lock, NULL);
	return random_bytes(lease->host, sizeof lease->host);
}

static void own_row(const struct lease *lease, struct parameters *p)
{
	parameter_int4(p, lease->slot);
	parameter_bytes(p, bytes_of(lease->host, LEASE_HOST_LEN));
}

void lease_abandon(struct lease *lease)
{
	connection_abandon(&lease->connection);
}

/* --- Changes that were seen --- */

static bool is_other(const struct lease_seen *a, const struct lease_seen *b)
{
	return memcmp(a->timeline, b->timeline, TIMELINE_LEN) != 0;
}

static bool same_generation(const struct lease_seen *a, const struct lease_seen *b)
{
	return memcmp(a->generation, b->generation, CHANGE_ID_LEN) == 0;
}

struct lease_seen lease_known(struct lease *lease)
{
	pthread_mutex_lock(&lease->seen_lock);
	struct lease_seen known = lease->seen;
	pthread_mutex_unlock(&lease->seen_lock);
	return known;
}

CK_RV lease_seen_of_result(
	const PGresult *r, int column, const char *timeline, struct lease_seen *ret)
{
	*ret = (struct lease_seen){0};
	memcpy(ret->timeline, timeline, TIMELINE_LEN);
	if (PQntuples(r) == 0)
		return CKR_OK;
	TRY(result_number(r, 0, column, 0, INT64_MAX - 1, &ret->changes));
	return result_exact(r, 0, column + 1, ret->generation, CHANGE_ID_LEN);
}

bool lease_is_set_back(const struct lease_seen *before, const struct lease_seen *now)
{
	if (is_other(before, now))
		return false;
	return now->changes < before->changes ||
	       (now->changes == before->changes && !same_generation(before, now));
}

void lease_note(struct lease *lease, const struct lease_seen *before, const struct lease_seen *now)
{
	bool set_back = lease_is_set_back(before, now);

	pthread_mutex_lock(&lease->seen_lock);
	if (set_back || is_other(&lease->seen, now) || now->changes > lease->seen.changes) {
		lease->seen = *now;
		atomic_fetch_add(&lease->word, 2);
	}
	pthread_mutex_unlock(&lease->seen_lock);
	if (set_back)
		log_warning("postgresql: the database was set back: it has %lld changes and had "
			    "%lld",
			(long long)now->changes, (long long)before->changes);
}

bool lease_covers(struct lease *lease, const struct lease_seen *now, bool *ret_other)
{
	struct lease_seen known = lease_known(lease);

	*ret_other = is_other(&known, now);
	return !*ret_other && !lease_is_set_back(&known, now);
}

/* --- Renewals. The caller holds lease->lock --- */

static CK_RV make_row(struct lease *lease)
{
	struct parameters p = {.n = 0}, slot = {.n = 0};
	char name[100] = "", host[64] = "";

	gethostname(host, sizeof host - 1);
	int n = snprintf(name, sizeof name, "%s %ld", host, (long)getpid());
	parameter_int4(&slot, lease->slot);
	connection_send(&lease->connection, SQL_HOST_PRUNE, &slot);
	own_row(lease, &p);
	parameter_bytes(&p, bytes_of(name, (size_t)n));
	parameter_int4(&p, lease->ms);
	connection_send(&lease->connection, SQL_HOST_MAKE, &p);
	return connection_sync(&lease->connection, RENEW_WAIT, 0, NULL);
}

static CK_RV connect(struct lease *lease)
{
	bool is_new;

	TRY(connection_open(&lease->connection, &is_new));
	if (is_new)
		lease->opened = connection_clock();
	return CKR_OK;
}

/* Send the renewal. Its lease begins before. */
static CK_RV send_renewal(struct lease *lease)
{
	struct parameters p = {.n = 0};

	TRY(connect(lease));
	if (!lease->registered)
		TRY(make_row(lease));
	lease->registered = true;
	own_row(lease, &p);
	lease->before = lease_known(lease);
	parameter_bytes(&p, bytes_of(lease->before.timeline, strlen(lease->before.timeline)));
	parameter_int8(&p, lease->before.changes);
	lease->start = boottime_ns();
	connection_send(&lease->connection, SQL_HOST_RENEW, &p);
	connection_flush(&lease->connection);
	lease->sent = true;
	return CKR_OK;
}

/* Take the answer to the renewal. RET_DONE is false if the row has to be made again. */
static CK_RV take_renewal(struct lease *lease, bool *ret_done)
{
	RESULT *result = NULL;
	int64_t length = lease->ms * NS_OF_MS;
	struct lease_seen now;

	lease->sent = *ret_done = false;
	TRY(connection_finish(&lease->connection, RENEW_WAIT, 1, &result));
	if (PQntuples(result) == 0) { /* the row was removed as that of a dead process */
		lease->registered = false;
		return CKR_OK;
	}
	TRY(lease_seen_of_result(result, 0, lease->connection.timeline, &now));
	REQUIRE(!lease->connection.noticed, CKR_DEVICE_ERROR,
		"a renewal may not be on the standby");
	lease_note(lease, &lease->before, &now);
	int64_t until = lease->start + length;
	atomic_store_explicit(&lease->until, until, memory_order_release);
	atomic_store_explicit(&lease->shared.renew_at, until - length / 2, memory_order_release);
	atomic_store_explicit(&lease->contact, time(NULL), memory_order_relaxed);
	*ret_done = true;
	return CKR_OK;
}

/* Take the answer that is under way, if any, so that something else can be sent. */
static void settle(struct lease *lease)
{
	bool unused;

	if (lease->sent && take_renewal(lease, &unused) != CKR_OK)
		log_write(LOG_INFO, "postgresql: a renewal of the lease failed");
}

/* A connection that has ended while nobody used it is not yet a server that is away. */
static CK_RV renew(struct lease *lease)
{
	bool done = false;
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; !done && i < 3; i++) {
		bool was_open = connection_is_open(&lease->connection);
		rv = lease->sent ? CKR_OK : send_renewal(lease);
		if (rv == CKR_OK)
			rv = take_renewal(lease, &done);
		if (rv != CKR_OK && !was_open)
			break;
	}
	if (rv == CKR_OK && !done)
		rv = FAIL(CKR_DEVICE_ERROR, "the row of this host cannot be renewed");
	if (rv != CKR_OK)
		lease->failed_at = connection_clock();
	return rv;
}

void lease_close(struct lease *lease)
{
	struct parameters p = {.n = 0};

	settle(lease);
	if (lease->registered && connection_is_open(&lease->connection)) {
		own_row(lease, &p);
		connection_send(&lease->connection, SQL_HOST_REMOVE, &p);
		if (connection_sync(&lease->connection, RENEW_WAIT, 0, NULL) != CKR_OK)
			log_write(LOG_INFO, "postgresql: the row of this host is left");
	}
	connection_close(&lease->connection);
	pthread_mutex_destroy(&lease->lock);
	pthread_mutex_destroy(&lease->seen_lock);
}

static bool runs(const struct lease *lease)
{
	return boottime_ns() < atomic_load_explicit(&lease->until, memory_order_acquire);
}

static bool must_renew(const struct lease *lease)
{
	return boottime_ns() >= atomic_load_explicit(&lease->shared.renew_at, memory_order_acquire);
}

/*
 * Send the renewal, or take its answer if the answer is there. Without a connection the thread that
 * is here makes one, and waits.
 */
static CK_RV advance(struct lease *lease)
{
	struct connection *c = &lease->connection;
	bool unused;

	if (lease->sent)
		return connection_is_ready(c) ? take_renewal(lease, &unused) : CKR_OK;
	return connection_is_open(c) && lease->registered ? send_renewal(lease) : renew(lease);
}

/*
 * Less than half of the lease is left. The next call that looks after the answer comes VISIT_NS
 * later. After a failure, the next one tries again after an eighth of the lease.
 */
static void renew_early(struct lease *lease)
{
	if (pthread_mutex_trylock(&lease->lock) != 0)
		return;
	if (must_renew(lease)) {
		CK_RV rv = advance(lease);
		int64_t pause = rv != CKR_OK ? lease->ms * NS_OF_MS / 8 : VISIT_NS;
		int64_t next = boottime_ns() + pause, until = atomic_load(&lease->until);
		if (must_renew(lease))
			atomic_store(&lease->shared.renew_at, next < until ? next : until);
	}
	pthread_mutex_unlock(&lease->lock);
}

/*
 * The lease is over. Threads that wait for one renewal share its failure, so that no thread waits
 * for a renewal after the other.
 */
static CK_RV renew_now(struct lease *lease)
{
	int64_t entered = connection_clock();
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&lease->lock);
	for (unsigned i = 0; rv == CKR_OK && !runs(lease); i++) {
		if (lease->failed_at > entered || i == RENEWALS_MAX)
			rv = FAIL(CKR_DEVICE_ERROR, "the lease is over and cannot be renewed");
		else
			rv = renew(lease);
	}
	pthread_mutex_unlock(&lease->lock);
	return rv;
}

CK_RV lease_confirm(struct lease *lease)
{
	if (!must_renew(lease))
		return CKR_OK;
	if (runs(lease))
		renew_early(lease);
	return runs(lease) ? CKR_OK : renew_now(lease);
}

void lease_end(struct lease *lease)
{
	atomic_store(&lease->until, 0);
	atomic_store(&lease->shared.renew_at, 0);
}

/* --- Waiting for other hosts --- */

/*
 * Ask how many hosts have not taken note of CHANGES on TIMELINE, and for the longest lease. A row
 * that was not renewed for ten seconds is of a dead host or of one whose lease is over, whatever
 * the clock of the server does within that time. A promoted server has a clock of its own, so there
 * the answer holds only after the longest lease that began under the old primary.
 */
static bool all_have_seen(
	struct lease *lease, const char *timeline, int64_t changes, int64_t *ret_longest)
{
	struct parameters p = {.n = 0};
	RESULT *result = NULL;
	int64_t waiting = 1, longest = LEASE_MS_MAX;

	own_row(lease, &p);
	parameter_bytes(&p, bytes_of(timeline, TIMELINE_LEN));
	parameter_int8(&p, changes);
	pthread_mutex_lock(&lease->lock);
	settle(lease);
	CK_RV rv = connect(lease);
	if (rv == CKR_OK) {
		connection_send(&lease->connection, SQL_HOST_WAITING, &p);
		rv = connection_sync(&lease->connection, RENEW_WAIT, 1, &result);
	}
	if (rv == CKR_OK)
		rv = result_number(result, 0, 0, 0, INT32_MAX, &longest);
	if (rv == CKR_OK)
		rv = result_number(result, 0, 1, 0, INT64_MAX, &waiting);
	bool same = memcmp(lease->connection.timeline, timeline, TIMELINE_LEN) == 0;
	bool first = same && memcmp(timeline, FIRST_TIMELINE, TIMELINE_LEN) == 0;
	int64_t age = connection_clock() - lease->opened;
	pthread_mutex_unlock(&lease->lock);
	*ret_longest = rv == CKR_OK && longest < LEASE_MS_MAX ? longest : LEASE_MS_MAX;
	return rv == CKR_OK && waiting == 0 && same && (first || age > 2 * LEASE_MS_MAX);
}

void lease_wait_for_hosts(struct lease *lease, const char *timeline, int64_t changes)
{
	int64_t start = connection_clock(), longest = 0, most = lease->ms;

	while (!all_have_seen(lease, timeline, changes, &longest)) {
		if (most < longest)
			most = longest;
		if (connection_clock() - start > most + most / 20 + 1) /* 1.05, rounded up */
			return;
		usleep(POLL_MS * 1000);
	}
}
