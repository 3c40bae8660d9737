/* SPDX-License-Identifier: Apache-2.0 */
/* use_window.c: see use_window.h. */
#include "calls/use_window.h"

#include "calls/use_stream.h"
#include "state/window.h"
#include "token/handle.h"
#include "token/session.h"
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

CK_RV use_window_check(const struct operation *op)
{
	struct use_stream stream;

	if (__builtin_expect(!object_has(&op->key->object, VAR_WINDOW), 1))
		return CKR_OK;
	return use_stream(op->use, &stream);
}

CK_RV use_window_mark(const struct operation *op)
{
	struct use_stream stream;

	if (__builtin_expect(!object_has(&op->key->object, VAR_WINDOW), 1))
		return CKR_OK;
	TRY(use_stream(op->use, &stream));
	struct window_location at = location(op, &stream);
	return window_mark(&at, stream.counter);
}
