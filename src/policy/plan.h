/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h: the policy: what every attribute of a new or changed object will be, or why it
 * may not be.
 *
 * One function for each way an object comes to be. Each takes a parsed template and fills a struct
 * object completely, all but the value; none has a side effect. They all walk the attribute table
 * (attribute.h) and the rules of mechanisms/README.md, PKCS#11 "Creating, modifying, copying
 * objects": one-way attributes, roles (a key that derives does nothing else), levels
 * (CKA_ALLOWED_MECHANISMS of derived keys), inheritance of protection.
 *
 * RET must be empty; after an error object_wipe(RET) is allowed and nothing else is needed.
 */
#ifndef KEYDIV_TOKEN_PLAN_H
#define KEYDIV_TOKEN_PLAN_H

#include "mechanism.h"
#include "object/template.h"

/* Who asks: the session's rights. */
struct rights {
	bool user;       /* the user is logged in */
	bool so;         /* the SO is logged in */
	bool read_write; /* the session */
};

/*
 * Whether RIGHTS may make or change an object with FLAGS: private without user:
 * CKR_USER_NOT_LOGGED_IN; token object in a read-only session: CKR_SESSION_READ_ONLY; token object
 * with nobody logged in: CKR_USER_NOT_LOGGED_IN (its value is sealed under the token key).
 */
MUST_USE CK_RV plan_access(const struct rights *rights, uint32_t flags);

/* C_CreateObject: value included (from the template). CKR_TEMPLATE_INCOMPLETE, ... */
MUST_USE CK_RV plan_create(
	const struct template *t, const struct rights *rights, struct object *ret);

/* C_GenerateKey of a random key by MECH; *RET_LENGTH is the number of bytes to generate. */
MUST_USE CK_RV plan_generate(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *ret, size_t *ret_length);

/*
 * C_GenerateKey by a mech that derives the key from its parameter, once TYPE has been settled by the
 * mech's plan function.
 */
MUST_USE CK_RV plan_generate_as(const struct template *t, const struct mechanism *mech,
	CK_KEY_TYPE type, const struct rights *rights, struct object *ret);

/*
 * What the template of C_DeriveKey (or, with BASE NULL, C_GenerateKey) asks for, to be settled
 * by the mech's plan function. CKR_TEMPLATE_INCONSISTENT for a class that is neither
 * CKO_SECRET_KEY nor CKO_DATA.
 */
MUST_USE CK_RV plan_request(
	const struct template *t, const struct object *base, struct key_request *ret);

/*
 * C_DeriveKey from BASE by MECH, once TYPE has been settled. Obeys CKA_DERIVE_TEMPLATE of BASE. The
 * hot path: one pass, no allocation unless the template has long attributes. TYPE is
 * CK_UNAVAILABLE_INFORMATION where the mech's plan says that the result is a CKO_DATA object
 * (HKDF_DATA): the template's class must agree with that, whatever the mech.
 */
MUST_USE CK_RV plan_derive(const struct template *t, const struct object *base,
	const struct mechanism *mech, CK_KEY_TYPE type, const struct rights *rights,
	struct object *ret);

/*
 * C_UnwrapKey with UNWRAPPER (its CKA_UNWRAP_TEMPLATE is obeyed); VALUE_LEN is checked against the
 * template's once known: plan_value.
 */
MUST_USE CK_RV plan_unwrap(const struct template *t, const struct object *unwrapper,
	const struct rights *rights, struct object *ret);

/*
 * Put N bytes at VALUE into the planned key O (T may be NULL): length checked against the
 * templates' (CKR_TEMPLATE_INCONSISTENT) and for its type (CKR_ATTRIBUTE_VALUE_INVALID), odd parity
 * NOT set here.
 */
MUST_USE CK_RV plan_value(
	struct object *o, const struct template *t, const uint8_t *value, size_t n);

/*
 * If T gives a CKA_CHECK_VALUE (not an empty one), whether it is that of the key O, whose value is
 * in place: CKR_ATTRIBUTE_VALUE_INVALID if not. To be asked after plan_create, and after plan_value
 * of a derived or unwrapped key. SCRATCH is loaded and unloaded only if needed.
 */
MUST_USE CK_RV plan_check_value(
	const struct object *o, const struct template *t, struct key *scratch);

/* C_CopyObject of SOURCE: value included. CKR_ACTION_PROHIBITED if not copyable. */
MUST_USE CK_RV plan_copy(const struct template *t, const struct object *source,
	const struct rights *rights, struct object *ret);

/*
 * C_SetAttributeValue: O in place, wholly or (on error) not at all. CKR_ACTION_PROHIBITED
 * if not modifiable.
 */
MUST_USE CK_RV plan_set(const struct template *t, const struct rights *rights, struct object *o);

/*
 * Whether WRAPPER may wrap TARGET with MECH: CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
 * CKR_KEY_FUNCTION_NOT_PERMITTED (no CKA_WRAP, or CKA_DECRYPT beside it), CKR_MECHANISM_INVALID;
 * CKR_KEY_NOT_WRAPPABLE (client states, CKA_WRAP_WITH_TRUSTED), CKR_KEY_UNEXTRACTABLE,
 * CKR_KEY_HANDLE_INVALID (CKA_WRAP_TEMPLATE, PKCS#11 C_WrapKey), CKR_WRAPPING_KEY_SIZE_RANGE (a
 * stronger target). The caller sees to it that the two handles differ (CKR_KEY_NOT_WRAPPABLE); the
 * same struct twice is noticed here too.
 */
MUST_USE CK_RV plan_may_wrap(
	const struct object *wrapper, const struct object *target, const struct mechanism *mech);

/*
 * Whether KEY may be used with MECH for a function needing FLAG (FLAG_SIGN ...). In this order:
 * CKR_KEY_TYPE_INCONSISTENT (no secret key of a type the mech takes),
 * CKR_KEY_FUNCTION_NOT_PERMITTED (FLAG is off; or FLAG_UNWRAP with CKA_ENCRYPT, FLAG_WRAP with
 * CKA_DECRYPT), CKR_MECHANISM_INVALID (not in CKA_ALLOWED_MECHANISMS), and for keys with
 * CKA_START_DATE/END_DATE nothing (informational).
 */
MUST_USE CK_RV plan_may_use(const struct object *key, const struct mechanism *mech, uint32_t flag);

#endif
