/* SPDX-License-Identifier: Apache-2.0 */
/* use_window.c: see use_window.h. */
#include "calls/use_window.h"

#include "calls/use_stream.h"
#include "state/window.h"
#include "token/handle.h"
#include "token/session_key.h"
#include "token/token.h"

/* Find the window of STREAM under the master of OP. */
static struct window_location location(const struct operation *op, const struct use_stream *stream)
{
	const struct object *master = &op->key->object;
	struct token *token = op->use->session->token;
	struct bytes reserve = object_variable(master, VAR_RESERVE);
	bool in_token = handle_is_token_object(op->key_handle);

	return (struct window_location){.store = in_token ? token->store : NULL,
		.vault = &token->vault,
		.master = in_token ? handle_record_id(op->key_handle) : (int64_t)op->key_handle,
		.size = object_window(master),
		.reserve = reserve.p != NULL ? get_be64(reserve.p) : 1,
		.direction = op->use->incoming ? WINDOW_INCOMING : WINDOW_OUTGOING,
		.stream = bytes_of(stream->bytes, stream->n)};
}

/* --- Requests --- */

/* Bytes of a report before the bits. */
#define REPORT_HEAD 9

size_t use_window_report_length(const struct operation *op)
{
	return REPORT_HEAD + window_set_bytes(object_window(&op->key->object));
}

static CK_RV check_request(const struct operation *op, struct bytes request)
{
	bool known =
		request.p[0] >= KEYDIV_WINDOW_SHOW && request.p[0] <= KEYDIV_WINDOW_SKIP &&
		(request.p[1] == KEYDIV_WINDOW_INCOMING || request.p[1] == KEYDIV_WINDOW_OUTGOING);

	REQUIRE(known, CKR_MECHANISM_PARAM_INVALID, "WINDOW_REQUEST has an unknown number");
	REQUIRE(object_has(&op->key->object, VAR_WINDOW), CKR_MECHANISM_PARAM_INVALID,
		"WINDOW_REQUEST is for masters with CKA_KEYDIV_WINDOW");
	return CKR_OK;
}

/* Describe the stream in the direction of the request. The operation itself has another one. */
static CK_RV requested_stream(const struct operation *op, bool incoming, struct use_stream *ret)
{
	struct use_state *use = op->use;
	bool was = use->incoming;

	use->incoming = incoming;
	CK_RV rv = use_stream(use, ret);
	use->incoming = was;
	return rv;
}

static CK_RV change_window(
	const struct operation *op, uint8_t what, struct window_location *at, uint64_t counter)
{
	if (what == KEYDIV_WINDOW_SHOW)
		return CKR_OK;
	REQUIRE(session_rights(op->use->session).read_write, CKR_SESSION_READ_ONLY,
		"the session is read-only");
	return what == KEYDIV_WINDOW_FORGET ? window_forget(at) : window_skip(at, counter);
}

CK_RV use_window_report(const struct operation *op, CK_BYTE *out)
{
	struct bytes request = op->use->parameter.window_request;
	bool incoming = request.p[1] == KEYDIV_WINDOW_INCOMING;
	struct use_stream stream;
	struct window_set set;

	TRY(requested_stream(op, incoming, &stream));
	struct window_location at = location(op, &stream);
	at.direction = incoming ? WINDOW_INCOMING : WINDOW_OUTGOING;
	TRY(change_window(op, request.p[0], &at, stream.counter));
	TRY(window_read(&at, &set));
	if (!set.any)
		set = window_set_empty(at.size);
	out[0] = set.any;
	put_be64(out + 1, set.any ? set.highest : 0);
	window_set_encode(&set, out + REPORT_HEAD);
	return CKR_OK;
}

/* --- Messages --- */

CK_RV use_window_check(const struct operation *op)
{
	struct bytes request = op->use->parameter.window_request;
	struct use_stream stream;

	if (__builtin_expect(request.p != NULL, 0))
		TRY(check_request(op, request));
	if (__builtin_expect(!object_has(&op->key->object, VAR_WINDOW), 1))
		return CKR_OK;
	return use_stream(op->use, &stream);
}

/* CKR_KEY_HANDLE_INVALID if another session or process has destroyed the master of OP. */
static CK_RV master_exists(const struct operation *op)
{
	struct cached_key *unused;

	return session_key_now(op->use->session, op->key_handle, &unused);
}

/*
 * The windows of a session master end with the master. An operation that is active then would begin
 * new ones, so the master must exist after the counter was marked.
 */
static CK_RV exists_after(const struct operation *op, const struct window_location *at)
{
	if (at->store != NULL)
		return CKR_OK;
	CK_RV rv = master_exists(op);
	if (rv != CKR_OK)
		windows_forget_session_master(op->key_handle);
	return rv;
}

CK_RV use_window_mark(const struct operation *op)
{
	struct use_stream stream;

	if (__builtin_expect(!object_has(&op->key->object, VAR_WINDOW), 1))
		return CKR_OK;
	TRY(use_stream(op->use, &stream));
	TRY(master_exists(op));
	struct window_location at = location(op, &stream);
	TRY(window_mark(&at, stream.counter));
	return exists_after(op, &at);
}
