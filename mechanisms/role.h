/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h: the role of a derived key, which says what the key may do, and the trade of a base, which
 * bounds the mechanisms that one base may have. src/policy applies both.
 */
#ifndef KEYDIV_MECHANISMS_ROLE_H
#define KEYDIV_MECHANISMS_ROLE_H

#include <stdint.h>

#include "base/pkcs11.h"

/*
 * The rules for CKA_DERIVE and CKA_ALLOWED_MECHANISMS of a result. 0 is no level, so that a test
 * finds a role whose level was forgotten.
 */
enum level {
	LEVEL_SHORTEN = 1, /* default list: children[]; the template may shorten it */
	LEVEL_FIXED,       /* exactly children[]; the template gives no list */
	LEVEL_LEAF,        /* the result derives no keys: CKA_DERIVE true is refused */
	/*
	 * As LEVEL_LEAF, unless CKA_DERIVE_TEMPLATE of a base that was not derived has CKA_DERIVE
	 * true. The default list is then that of CKA_DERIVE_TEMPLATE, else that of the key type,
	 * and the template may shorten the list. CKA_WRAP or CKA_UNWRAP true in such a
	 * CKA_DERIVE_TEMPLATE gives the result those usages alone.
	 */
	LEVEL_BY_TEMPLATE,
};

#define CHILDREN_MAX 8

/*
 * The role of the result of a derivation, which says what the result may do. The role depends on
 * what the value is, never on the caller (README.md, "One value has one role").
 */
struct role {
	uint32_t usage; /* USAGE_ bits that the result may have if CKA_DERIVE is false */
	enum level level;
	CK_MECHANISM_TYPE children[CHILDREN_MAX]; /* ended by 0 */
	/*
	 * USAGE_ bits that the result may have instead, and no CKA_DERIVE, if CKA_DERIVE_TEMPLATE
	 * of a base that was not derived has CKA_DERIVE false. 0: the template changes nothing.
	 */
	uint32_t leaf_by_template;
};

/* Roles that several mechanisms share (roles.c). */
extern const struct role role_by_use;   /* USE is part of the value: any usage, no CKA_DERIVE */
extern const struct role role_cipher;   /* encrypt and decrypt */
extern const struct role role_mac;      /* sign and verify */
extern const struct role role_wrapping; /* wrap and unwrap */
extern const struct role role_none;     /* neither usage nor CKA_DERIVE */
extern const struct role role_no_wrap;  /* any usage except wrap and unwrap, no CKA_DERIVE */
extern const struct role role_leaf;     /* the same, but CKA_DERIVE_TEMPLATE may say otherwise */

/*
 * The trade that a base serves. A value of one trade can be a value of another, so a base serves
 * only one. A CKA_ALLOWED_MECHANISMS that names a mechanism of a trade names nothing else but
 * mechanisms of the same trade and WITH_DERIVED_KEY.
 */
enum trade {
	TRADE_NONE, /* the lists of the mechanism are not bound */
	TRADE_GP_STATIC,
	TRADE_SCP02,
	TRADE_SDM,
	TRADE_LORAWAN,           /* root keys and join-server keys */
	TRADE_LORAWAN_MULTICAST, /* McRootKey and McKey */
	TRADE_OSDP,              /* the master of the readers */
	TRADE_OSDP_READER,       /* the base key of one reader */
	TRADE_OMS,
};

#endif
