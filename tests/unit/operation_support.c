/* SPDX-License-Identifier: Apache-2.0 */
/* operation_support.c: see operation_support.h. */
#include "operation_support.h"

#include "calls/failure.h"
#include "calls/use.h"
#include "calls/use_message.h"
#include "calls/use_window.h"
#include "policy/plan.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"

#define KEYS 6

struct session *session;
static struct cached_key keys[KEYS + 1];

static void make_key(
	CK_OBJECT_HANDLE handle, CK_KEY_TYPE type, size_t n, uint8_t first, uint32_t flags)
{
	uint8_t value[32];

	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)(first + i);
	keys[handle] = (struct cached_key){.handle = handle, .key = key_new()};
	keys[handle].object =
		(struct object){.object_class = CKO_SECRET_KEY, .key_type = type, .flags = flags};
	ck_ok(key_load(keys[handle].key, type, value, n));
}

void operation_list(CK_OBJECT_HANDLE key, const CK_MECHANISM_TYPE *list, uint32_t n)
{
	keys[key].object.default_allowed = n > 0 ? list : NULL;
	keys[key].object.default_allowed_count = n;
}

void operation_setup(void)
{
	ck_ok(crypto_start());
	make_key(AES_KEY, CKK_AES, 16, 0, FLAGS_USAGE);
	make_key(AES_KEY_2, CKK_AES, 32, 7, FLAGS_USAGE);
	make_key(DES3_KEY, CKK_DES3, 24, 1, FLAGS_USAGE);
	make_key(HMAC_KEY, CKK_GENERIC_SECRET, 20, 3, FLAGS_USAGE);
	make_key(AES_KEY_COPY, CKK_AES, 16, 0, FLAGS_USAGE);
	make_key(NO_USE_KEY, CKK_AES, 16, 9, 0);
	session = calloc(1, sizeof *session);
	ck_assert_ptr_nonnull(session);
}

void operation_teardown(void)
{
	operations_free(session->operations);
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		key_free(session->scratch[i]);
	free(session);
	for (unsigned i = 1; i <= KEYS; i++) {
		ck_assert_uint_eq(keys[i].pins, 0);
		key_free(keys[i].key);
	}
	crypto_stop();
}

unsigned pins_of(CK_OBJECT_HANDLE key)
{
	return keys[key].pins;
}

/* --- What stands in for the rest of the token --- */

CK_RV session_key(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	ck_assert_ptr_eq(s, session);
	if (handle < 1 || handle > KEYS)
		return CKR_KEY_HANDLE_INVALID;
	*ret = &keys[handle];
	return CKR_OK;
}

CK_RV session_key_now(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	return session_key(s, handle, ret);
}

CK_RV session_scratch(struct session *s)
{
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		if (s->scratch[i] == NULL && (s->scratch[i] = key_new()) == NULL)
			return CKR_HOST_MEMORY;
	return CKR_OK;
}

void key_cache_pin(struct cached_key *entry)
{
	entry->pins++;
}

void key_cache_unpin(struct cached_key *entry)
{
	ck_assert_uint_gt(entry->pins, 0);
	entry->pins--;
}

void session_end_search(struct session *s)
{
	ck_assert_ptr_eq(s, session);
}

CK_RV call_failed(CK_RV rv, const struct mechanism *mech, const struct session *s,
	CK_OBJECT_HANDLE handle, const struct object *key)
{
	(void)mech;
	(void)handle;
	(void)key;
	ck_assert_ptr_eq(s, session);
	return rv;
}

CK_RV plan_may_use(const struct object *key, const struct mechanism *mech, uint32_t flag)
{
	if (!mechanism_takes(mech, key->key_type))
		return CKR_KEY_TYPE_INCONSISTENT;
	return key->flags & flag ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV self_test_gate(size_t index)
{
	ck_assert_uint_lt(index, mechanism_count);
	return CKR_OK;
}

/* Operations with a derived key have tests of their own (test_use.c). */

CK_RV use_begin(struct session *s, struct operation *op, enum operation_kind kind,
	const struct requested *requested, CK_OBJECT_HANDLE base)
{
	(void)op;
	(void)kind;
	(void)requested;
	(void)base;
	ck_assert_ptr_eq(s, session);
	return CKR_MECHANISM_INVALID;
}

CK_RV use_cipher_message(
	struct session *s, struct operation *op, const struct cipher_message *message)
{
	(void)op;
	(void)message;
	ck_assert_ptr_eq(s, session);
	return CKR_FUNCTION_FAILED;
}

CK_RV use_mark(struct operation *op)
{
	(void)op;
	return CKR_FUNCTION_FAILED;
}

size_t use_window_report_length(const struct operation *op)
{
	(void)op;
	return 0;
}

CK_RV use_window_report(const struct operation *op, CK_BYTE *out)
{
	(void)op;
	(void)out;
	return CKR_FUNCTION_FAILED;
}
