/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use.c: see use.h. Read use() first: it lists the checks and the steps in their order, which is
 * that of derive() in derive.c.
 */
#include "calls/use.h"

#include "calls/derive_steps.h"
#include "calls/failure.h"
#include "calls/use_window.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"

/* The functions with which WITH_DERIVED_KEY works, by the kind of operation. */
static const struct function {
	CK_FLAGS flag;     /* that OPERATION must offer */
	uint32_t key_flag; /* that the derived key must have; 0: no such function */
	uint32_t usage;    /* the pair that the derived key has */
	bool incoming, message;
} functions[OPERATION_KINDS] = {
	[OPERATION_ENCRYPT] = {CKF_ENCRYPT, FLAG_ENCRYPT, USAGE_CIPHER, false, false},
	[OPERATION_DECRYPT] = {CKF_DECRYPT, FLAG_DECRYPT, USAGE_CIPHER, true, false},
	[OPERATION_SIGN] = {CKF_SIGN, FLAG_SIGN, USAGE_MAC, false, false},
	[OPERATION_VERIFY] = {CKF_VERIFY, FLAG_VERIFY, USAGE_MAC, true, false},
	[OPERATION_MESSAGE_ENCRYPT] = {CKF_ENCRYPT, FLAG_ENCRYPT, USAGE_CIPHER, false, true},
	[OPERATION_MESSAGE_DECRYPT] = {CKF_DECRYPT, FLAG_DECRYPT, USAGE_CIPHER, true, true},
	[OPERATION_MESSAGE_SIGN] = {CKF_SIGN, FLAG_SIGN, USAGE_MAC, false, true},
	[OPERATION_MESSAGE_VERIFY] = {CKF_VERIFY, FLAG_VERIFY, USAGE_MAC, true, true},
};

/*
 * Find the master of OP, and check that DERIVATION may derive from the master for use in one call.
 * The master stays pinned until the operation ends.
 */
static CK_RV find_base(struct derive_call *c, struct operation *op)
{
	if (op->key == NULL) {
		struct cached_key *base;
		TRY(session_key(c->session, c->base_handle, &base));
		key_cache_pin(base);
		op->key = base;
	}
	c->base = op->key;
	key_cache_pin(c->base); /* for derive_call_end */
	TRY(key_cache_may_use_derived(c->base, c->d.mechanism));
	TRY(session_scratch(c->session));
	c->d.base = c->base->key;
	c->d.scratch[0] = c->session->scratch[0];
	c->d.scratch[1] = c->session->scratch[1];
	return CKR_OK;
}

/* Plan the derived key by the template that a caller of C_DeriveKey would give. */
static CK_RV plan(struct derive_call *c, const struct use_parameter *p, uint32_t usage)
{
	struct key_request request = use_key_request(p);
	CK_BBOOL yes = CK_TRUE;
	bool cipher = usage == USAGE_CIPHER;
	CK_ATTRIBUTE attributes[] = {
		{CKA_KEY_TYPE, &request.type, sizeof request.type},
		{cipher ? CKA_ENCRYPT : CKA_SIGN, &yes, sizeof yes},
		{cipher ? CKA_DECRYPT : CKA_VERIFY, &yes, sizeof yes},
		{CKA_VALUE_LEN, &request.length, sizeof request.length},
	};

	c->parsed.in_template = false;
	return derive_plan(c, attributes, request.has_length ? 4 : 3);
}

/* Return true if state->repeats may be true after the message that STATE describes. */
static bool can_repeat(const struct use_state *state, const struct function *function)
{
	const struct use_parameter *p = &state->parameter;
	const struct deriving *derive = &p->derivation->derive;

	/* The tags of a set ascend, and the tags from DERIVATION on are not of the mechanism. */
	return function->message && p->own.encoded.n == state->shared_n &&
	       state->shared[0] >= KEYDIV_DERIVATION && p->further.encoded.n == 0 &&
	       derive->plan == NULL && derive->role != NULL;
}

/* Derive the key for the parsed parameter of OP, and give the key to OP. */
static CK_RV use(struct derive_call *c, struct operation *op, const struct function *function)
{
	struct use_state *state = op->use;
	const struct mechanism *operation = state->parameter.operation;

	if (use_window_requested(op) && !(operation->info.flags & CKF_SIGN))
		function = &functions[OPERATION_ENCRYPT]; /* the key of the stream */
	TRY(find_base(c, op));
	TRY(plan(c, &state->parameter, function->usage));
	TRY(self_test_gate(c->requested.index));
	TRY(derive_value(&c->d, &c->planned.value));
	TRY(self_test_gate(state->parameter.operation_index));
	TRY(plan_may_use(&c->planned, operation, function->key_flag));
	TRY(key_load(state->key, c->d.type, secret_peek(&c->planned.value), c->planned.value.len));
	state->d = c->d;
	state->d.call = NULL; /* ends with this call */
	state->repeatable = can_repeat(state, function);
	op->mech = operation;
	op->used = state->key;
	op->forget = true; /* no schedule of the derived key outlasts the operation */
	TRY(derive_confirm(c));
	return use_window_check(op);
}

/*
 * Derive the key of a message as the key of the message before. The N bytes at PARAMETER are the
 * fields of DERIVATION alone, else *RET_DONE is false and nothing has happened. Master, plan and
 * OPERATION are those of the message before: renew_base has seen the same master, and a logout ends
 * the operation.
 */
static CK_RV derive_again(
	struct session *s, struct operation *op, const void *parameter, CK_ULONG n, bool *ret_done)
{
	struct use_state *state = op->use;
	struct derivation *d = &state->d;
	SECRET value = {0};
	bool changed;

	*ret_done = false;
	if (parameter == NULL || n > PARAMETER_MAX)
		return CKR_OK;
	memcpy(s->parameter, parameter, n);
	if (parameter_parse(d->mechanism, s->parameter, n, &state->parameter.derive) != CKR_OK)
		return CKR_OK;
	*ret_done = true;
	state->again = true;
	op->mech = state->parameter.operation;
	op->used = s->scratch[0]; /* the inner key is overwritten, which is cheaper than a wipe */
	TRY(derive_value(d, &value));
	TRY(key_load(op->used, d->type, secret_peek(&value), value.len));
	TRY(session_confirm(s, &changed));
	if (__builtin_expect(changed, 0)) {
		*ret_done = false; /* the caller finds the master again and begins again */
		return CKR_OK;
	}
	return use_window_check(op);
}

/* Copy the N bytes at PARAMETER of a caller to S->parameter, and parse them with the shared. */
static CK_RV parse(struct session *s, struct use_state *state, const struct function *function,
	const void *parameter, CK_ULONG n)
{
	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(parameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	if (n > 0)
		memcpy(s->parameter, parameter, n);
	return use_parameter_parse(bytes_of(state->shared, state->shared_n),
		bytes_of(s->parameter, n), function->flag, state->room, &state->parameter);
}

/*
 * Take the master of OP as it is now. A message begins a derivation, and no derivation begins under
 * a master that was destroyed, by whichever session or process.
 */
static CK_RV renew_base(struct session *s, struct operation *op)
{
	struct cached_key *now;

	TRY(session_key(s, op->key_handle, &now));
	if (__builtin_expect(now == op->key, 1))
		return CKR_OK;
	key_cache_unpin(op->key);
	key_cache_pin(now);
	op->key = now;
	op->use->repeats = false;
	return CKR_OK;
}

/*
 * Parse the N bytes at PARAMETER, derive the key, and give the key to OP. RET_AGAIN is true if the
 * store has changed meanwhile.
 */
static CK_RV derive_once(struct session *s, struct operation *op, const struct function *function,
	const void *parameter, CK_ULONG n, bool *ret_again)
{
	struct use_parameter *parsed = &op->use->parameter;
	struct derive_call c;

	op->use->repeats = *ret_again = false;
	TRY(parse(s, op->use, function, parameter, n));
	c.requested.mech = parsed->derivation;
	c.requested.index = parsed->derivation_index;
	derive_call_begin(&c, s, op->key_handle);
	c.d.parameter = &parsed->derive;
	CK_RV rv = use(&c, op, function);
	*ret_again = c.again;
	derive_call_end(&c);
	return rv;
}

/* Derive the key for OP from the master as it is now. */
static CK_RV derive_for(struct session *s, struct operation *op, const struct function *function,
	const void *parameter, CK_ULONG n)
{
	bool again;
	CK_RV rv = derive_once(s, op, function, parameter, n, &again);

	while (__builtin_expect(again, 0)) {
		TRY(renew_base(s, op));
		rv = derive_once(s, op, function, parameter, n, &again);
	}
	return rv;
}

/* Keep the N bytes at PARAMETER, which all messages of OP share, and check the master. */
static CK_RV share(struct session *s, struct operation *op, const void *parameter, CK_ULONG n)
{
	struct use_state *state = op->use;
	struct cached_key *base;

	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(parameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	if (n > 0)
		memcpy(state->shared, parameter, n);
	state->shared_n = n;
	TRY(use_parameter_check(bytes_of(state->shared, n)));
	TRY(session_key_now(s, op->key_handle, &base));
	TRY(key_cache_may_use_derived(base, &mech_with_derived_key));
	key_cache_pin(base);
	op->key = base;
	op->mech = &mech_with_derived_key;
	return CKR_OK;
}

CK_RV use_begin(struct session *s, struct operation *op, enum operation_kind kind,
	const struct requested *requested, CK_OBJECT_HANDLE base)
{
	const struct function *function = &functions[kind];
	const CK_MECHANISM *caller = &requested->caller;

	if (op->use == NULL)
		op->use = use_state_new();
	ENSURE(op->use != NULL, CKR_HOST_MEMORY);
	op->use->session = s;
	op->use->incoming = function->incoming;
	op->use->shared_n = 0;
	op->use->repeats = false;
	op->derived = true;
	op->key_handle = base;
	s->leased = false;
	CK_RV rv = function->message ? share(s, op, caller->pParameter, caller->ulParameterLen)
				     : derive_for(s, op, function, caller->pParameter,
					       caller->ulParameterLen);
	if (rv != CKR_OK) {
		rv = call_failed(rv, requested->mech, s, base, op->key ? &op->key->object : NULL);
		operation_end(op);
	}
	return rv;
}

CK_RV use_begin_message(struct session *s, struct operation *op, enum operation_kind kind,
	const void *parameter, CK_ULONG n)
{
	bool done;

	s->leased = false;
	TRY(renew_base(s, op));
	if (op->use->repeats) {
		CK_RV rv = derive_again(s, op, parameter, n, &done);
		if (done)
			return rv;
		if (rv == CKR_OK && !s->leased)
			rv = renew_base(s, op);
		TRY(rv);
	}
	return derive_for(s, op, &functions[kind], parameter, n);
}

void use_end_message(struct operation *op)
{
	if (op->use->again)
		scratch_unload(op->use->session->scratch);
	use_state_end(op->use);
	operation_forget_kept(op);
	op->mech = &mech_with_derived_key;
	op->used = NULL;
}

CK_RV use_mark(struct operation *op)
{
	TRY(use_window_mark(op));
	op->use->marked = true;
	return CKR_OK;
}
