/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h: the policy. Plan every attribute of a new or changed object, or say why the object
 * must not exist.
 *
 * There is one function for each way in which an object comes into being. Each takes a parsed
 * template and fills a struct object completely, except the value. No function has a side effect.
 * All use the attribute table (attribute.h) and the rules of mechanisms/README.md and of PKCS#11
 * "Creating, modifying and copying objects":
 *
 * - attributes that change in one direction only;
 * - roles: a key that derives does nothing else, and a value has one role;
 * - levels: the mechanisms that a derived key may be used with;
 * - trades: a base serves one trade of cards, networks, readers or meters;
 * - protection: a derived key is protected at least as well as its base;
 * - trust: a master that may leave the token comes back as the same master or not at all.
 *
 * RET must be empty. After an error the caller may call object_wipe(RET), and need not.
 */
#ifndef KEYDIV_POLICY_PLAN_H
#define KEYDIV_POLICY_PLAN_H

#include "mechanism.h"
#include "object/object_foreign.h"
#include "object/template.h"

/* The rights of the session that makes a call. */
struct rights {
	bool user;       /* the user is logged in */
	bool so;         /* the SO is logged in */
	bool read_write; /* the session may write token objects */
};

/*
 * Check that RIGHTS allow to make or change an object with FLAGS.
 *
 * - CKR_USER_NOT_LOGGED_IN: a private object without the user, or a token object without a login,
 *   because the value of a token object is sealed under the token key.
 * - CKR_SESSION_READ_ONLY: a token object in a read-only session.
 */
MUST_USE CK_RV plan_access(const struct rights *rights, uint32_t flags);

/*
 * Plan C_CreateObject, including the value, which is in the template. CKR_TEMPLATE_INCOMPLETE if
 * the template lacks CKA_CLASS, CKA_KEY_TYPE or CKA_VALUE. A key is private, sensitive and not
 * extractable unless the template says otherwise. That holds for generated and unwrapped keys too.
 */
MUST_USE CK_RV plan_create(
	const struct template *t, const struct rights *rights, struct object *ret);

/* The key of a foreign master, as the other token describes the key. */
struct foreign_plan {
	CK_KEY_TYPE type;
	size_t length;               /* of the value in bytes */
	bool extractable;            /* CKA_EXTRACTABLE there */
	struct object_foreign parts; /* the URI is that of the template */
};

/*
 * Return true if T, a template of C_CreateObject, asks for a foreign master. plan_foreign then
 * replaces plan_create.
 */
static inline bool plan_is_foreign(const struct template *t)
{
	return (t->variables_given >> VAR_FOREIGN_KEY & 1) && (t->given & GIVEN_CLASS) &&
	       t->object_class == CKO_SECRET_KEY;
}

/*
 * Plan C_CreateObject of a foreign master. KEY is NULL in a first call, which refuses a bad
 * template before the other token is asked. The caller ignores RET of the first call.
 *
 * - CKR_TEMPLATE_INCONSISTENT if CKA_VALUE is given, CKA_TOKEN or CKA_DERIVE is not given as true,
 *   the key would have another usage, be readable or extractable, or CKA_KEY_TYPE is not KEY's.
 * - CKR_ATTRIBUTE_VALUE_INVALID for a URI that is empty or too long.
 * - CKR_KEY_TYPE_INCONSISTENT for a KEY that no mechanism takes.
 */
MUST_USE CK_RV plan_foreign(const struct template *t, const struct rights *rights,
	const struct foreign_plan *key, struct object *ret);

/* Plan C_GenerateKey of a random key by MECH. *RET_LENGTH is the number of bytes to generate. */
MUST_USE CK_RV plan_generate(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *ret, size_t *ret_length);

/*
 * Plan C_GenerateKey by a mechanism that computes the key from a password. The mechanism's plan
 * function has settled TYPE.
 */
MUST_USE CK_RV plan_generate_as(const struct template *t, const struct mechanism *mech,
	CK_KEY_TYPE type, const struct rights *rights, struct object *ret);

/*
 * Find the class, type and length that the template of C_DeriveKey asks for (or of C_GenerateKey,
 * if BASE is NULL). The mechanism's plan function settles them. CKR_TEMPLATE_INCONSISTENT for a
 * class other than CKO_SECRET_KEY and CKO_DATA.
 */
MUST_USE CK_RV plan_request(
	const struct template *t, const struct object *base, struct key_request *ret);

/*
 * Plan C_DeriveKey from BASE. TYPE is the settled type of the result, or CK_UNAVAILABLE_INFORMATION
 * if the mechanism's plan function says that the result is a CKO_DATA object. ROLE is the role of
 * the result (derive_role). Obeys CKA_DERIVE_TEMPLATE of BASE.
 *
 * The hot path: one pass, and no allocation unless the template has long attributes.
 */
MUST_USE CK_RV plan_derive(const struct template *t, const struct object *base,
	const struct role *role, CK_KEY_TYPE type, const struct rights *rights, struct object *ret);

/*
 * Plan C_UnwrapKey with UNWRAPPER. Obeys CKA_UNWRAP_TEMPLATE of UNWRAPPER. plan_value compares
 * CKA_VALUE_LEN with the length of the value later. ROLE is what the wrapped form says about the
 * key, or NULL for a form that carries the value alone. CKR_TEMPLATE_INCONSISTENT if T asks for
 * more than ROLE.
 */
MUST_USE CK_RV plan_unwrap(const struct template *t, const struct object *unwrapper,
	const struct wrapped_role *role, const struct rights *rights, struct object *ret);

/*
 * Put N bytes at VALUE into the planned key O, without any change. T may be NULL.
 * CKR_TEMPLATE_INCONSISTENT if the length is not that of the template, CKR_ATTRIBUTE_VALUE_INVALID
 * if no key of this type has this length.
 */
MUST_USE CK_RV plan_value(
	struct object *o, const struct template *t, const uint8_t *value, size_t n);

/*
 * If T gives a CKA_CHECK_VALUE that is not empty, check that this is the check value of the key O,
 * else CKR_ATTRIBUTE_VALUE_INVALID. Call after plan_create, and after plan_value of a derived or
 * unwrapped key. Loads and unloads SCRATCH if needed.
 */
MUST_USE CK_RV plan_check_value(
	const struct object *o, const struct template *t, struct key *scratch);

/*
 * Plan C_CopyObject of SOURCE, including the value. A copy is never CKA_TRUSTED.
 * CKR_ACTION_PROHIBITED if SOURCE is not copyable.
 */
MUST_USE CK_RV plan_copy(const struct template *t, const struct object *source,
	const struct rights *rights, struct object *ret);

/*
 * Plan C_SetAttributeValue. O is changed completely, or not at all after an error.
 * CKR_ACTION_PROHIBITED if O is not modifiable.
 */
MUST_USE CK_RV plan_set(const struct template *t, const struct rights *rights, struct object *o);

/*
 * Check that WRAPPER may wrap TARGET with MECH.
 *
 * - CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID as in
 *   plan_may_use, for the wrapping key.
 * - CKR_KEY_NOT_WRAPPABLE for a state, for CKA_WRAP_WITH_TRUSTED without CKA_TRUSTED on the
 *   wrapping key, for a master that the wrapping key would not give back as the same master, and
 *   for another key under a wrapping key that gives back masters.
 * - CKR_KEY_UNEXTRACTABLE if TARGET is not extractable.
 * - CKR_KEY_HANDLE_INVALID if CKA_WRAP_TEMPLATE does not match (PKCS#11 C_WrapKey).
 * - CKR_WRAPPING_KEY_SIZE_RANGE if the wrapping key is weaker than TARGET.
 *
 * The caller must check that the two handles differ (CKR_KEY_NOT_WRAPPABLE).
 */
MUST_USE CK_RV plan_may_wrap(
	const struct object *wrapper, const struct object *target, const struct mechanism *mech);

/* Fill in RET from TARGET, a key that plan_may_wrap has permitted to wrap. */
void plan_wrapped_role(const struct object *target, struct wrapped_role *ret);

/*
 * Check that KEY may be used with MECH for a function that needs FLAG (FLAG_SIGN, for example). The
 * checks come in this order. CKA_START_DATE and CKA_END_DATE are informational.
 *
 * - CKR_KEY_TYPE_INCONSISTENT: KEY is not a secret key of a type that the mechanism takes.
 * - CKR_KEY_FUNCTION_NOT_PERMITTED: FLAG is off (FLAG_DERIVE for a mechanism by_deriving_key), or
 *   FLAG is FLAG_DERIVE and the key has CKA_KEYDIV_USE_ONLY, which gives no key objects.
 * - CKR_MECHANISM_INVALID: CKA_ALLOWED_MECHANISMS lacks the mechanism.
 */
MUST_USE CK_RV plan_may_use(const struct object *key, const struct mechanism *mech, uint32_t flag);

/*
 * As plan_may_use for WITH_DERIVED_KEY under BASE, where MECH derives. CKA_KEYDIV_USE_ONLY is
 * permitted. CKR_MECHANISM_INVALID also if CKA_ALLOWED_MECHANISMS lacks WITH_DERIVED_KEY.
 */
MUST_USE CK_RV plan_may_use_derived(const struct object *base, const struct mechanism *mech);

/*
 * Check that KEY, which the parameter of a derivation names by handle, may be used with MECH beside
 * BASE. The result depends on KEY too, but is protected as a key derived from BASE. So BASE must be
 * protected at least as well as KEY. CKA_ALLOWED_MECHANISMS of KEY must be MECH alone.
 * CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID.
 */
MUST_USE CK_RV plan_second_key(
	const struct object *key, const struct object *base, const struct mechanism *mech);

#endif
