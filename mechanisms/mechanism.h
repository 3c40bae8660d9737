/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mechanism.h: what a mechanism is: one constant row, and the functions a row may name.
 *
 * Everything that differs from mechanism to mechanism stands in its row, in the file of its scheme.
 * The derive pipeline, C_GetMechanismList, C_GetMechanismInfo, the parameter parser, the policy
 * gate, the self-tests and the log's names all read the row, and print_names.c prints from it what
 * the tool calls it; there is no second list, and no switch over mechanism numbers elsewhere.
 * README.md in this folder says how to add one.
 */
#ifndef KEYDIV_MECHANISM_H
#define KEYDIV_MECHANISM_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "key/cipher.h"
#include "key/digest.h"
#include "key/key.h"
#include "key/key_type.h"
#include "key/wrap.h"
#include "keydiv.h"

/* --- Parameters (README.md, "The parameter") --- */

#define PARAMETER_MAX 4096
#define FIELDS_MAX 8

struct field {
	uint8_t tag;
	const char *name;
	bool required;
	uint16_t min, max; /* length in bytes */
};

/*
 * Tag and name of a struct field, as keydiv.h has them: FIELD(DEVICE) is KEYDIV_DEVICE, "DEVICE".
 */
#define FIELD(name) KEYDIV_##name, #name

/*
 * A parsed parameter: a private copy of the caller's bytes, read once. Absent fields have
 * p == NULL.
 */
struct parameter {
	const struct field *fields; /* the row's; value[i] belongs to fields[i] */
	size_t count;
	struct bytes value[FIELDS_MAX];
	struct bytes encoded; /* the whole parameter as it was encoded */
};

/* The value of the field TAG; p == NULL if it is absent (or not one of the row's). */
struct bytes parameter_get(const struct parameter *p, uint8_t tag);

/*
 * The fields FIRST..LAST as they were encoded, which is one contiguous piece, since tags ascend:
 * a KDF's context.
 */
struct bytes parameter_span(const struct parameter *p, uint8_t first, uint8_t last);

/*
 * Parse N bytes at ENCODED by ROW's field list; RET refers to ENCODED, which the caller has copied
 * and keeps. CKR_MECHANISM_PARAM_INVALID for whatever is not exactly such a list.
 */
struct mechanism;
MUST_USE CK_RV parameter_parse(
	const struct mechanism *row, const uint8_t *encoded, size_t n, struct parameter *ret);

/* --- Deriving --- */

#define SCRATCH_KEYS 2

/* The key that is to come out: what the template asked for, zero where it said nothing. */
struct key_request {
	bool has_type, has_length;
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE type;
	CK_ULONG length;
};

/*
 * One more key out of the same derivation (SP 800-108, "additional derived keys"). The pipeline
 * plans each from its own template and fills LENGTH in; the row's derive says at which OFFSET of
 * its result the key's bytes stand.
 */
struct more_key {
	size_t length, offset; /* in bytes */
};

#define MORE_KEYS_MAX 16

/* What a row's derive function works on. Everything is borrowed; the function allocates nothing. */
struct derivation {
	const struct mechanism *mechanism;
	struct key *base; /* opaque; NULL for generate */
	struct key *scratch
		[SCRATCH_KEYS]; /* for inner keys: key_load them as you like, the pipeline wipes them */
	const struct parameter *parameter; /* rows with fields */
	void *native;                      /* rows with a native parser: what that parser made */
	CK_KEY_TYPE type;                  /* of the result, planned */
	size_t length;                     /* of the result in bytes, planned */
	uint32_t usage;                    /* of the result, planned: USAGE_ bits; 0: none */
	CK_OBJECT_CLASS
	object_class;    /* of the result, planned: CKO_SECRET_KEY, or CKO_DATA (CKM_HKDF_DATA) */
	uint64_t number; /* out: TRANSACTION, for rows that set CKA_KEYDIV_TRANSACTION */
	size_t state_key_length; /* rows with advance: length of the keys in the state, known before the plan */

	/*
	 * rows with more_keys: the result is one string; the first key is its first LENGTH bytes,
	 * the others where they say
	 */
	struct more_key *more;
	size_t more_count;

	/*
	 * The value of another key object the parameter names by handle (CK_SP800_108_KEY_HANDLE,
	 * hSaltKey): the pipeline's, which checks that it is visible, a secret key, CKA_DERIVE
	 * true and allows this mechanism. NULL where there are no objects (self-tests): rows then
	 * fail with CKR_KEY_HANDLE_INVALID.
	 */
	CK_RV (*other_key)(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value);
};

/* Which children the result of a mechanism may have (README.md: levels do not mix). */
enum level {
	LEVEL_OPEN,     /* default list by key type; the template may give any list */
	LEVEL_SHORTEN,  /* default list: children[]; the template may shorten it */
	LEVEL_FIXED,    /* exactly children[]; the template gives no list */
	LEVEL_LEAF,     /* CKA_DERIVE true is refused */
	LEVEL_EXPLICIT, /* CKA_DERIVE true needs a list from the template, any list */
	/*
	 * A leaf, unless CKA_DERIVE_TEMPLATE of the base has CKA_DERIVE true. The default list is
	 * that of CKA_DERIVE_TEMPLATE, else that of the key type; the template may shorten it.
	 * CKA_WRAP or CKA_UNWRAP true in CKA_DERIVE_TEMPLATE gives the result those usages alone.
	 */
	LEVEL_BY_TEMPLATE,
};

#define CHILDREN_MAX 8

/*
 * What the result of a derivation may do. The role depends on what the value is, never on the
 * caller who derives the value: README.md, "One value has one role".
 */
struct role {
	uint32_t usage;   /* USAGE_ bits that the result may have if CKA_DERIVE is false */
	enum level level; /* says whether the result may have CKA_DERIVE, with which list */
	CK_MECHANISM_TYPE children[CHILDREN_MAX]; /* ended by 0 */
	/*
	 * USAGE_ bits that the result may have instead, and no CKA_DERIVE, if CKA_DERIVE_TEMPLATE
	 * of the base has CKA_DERIVE false. 0: the template changes nothing.
	 */
	uint32_t leaf_by_template;
};

/*
 * One known answer (self-test, `keydiv selftest`): hex strings; NULL parameter: the
 * mechanism takes none.
 */
struct known_answer {
	CK_KEY_TYPE base_type;
	const char *base; /* hex of the base key, "" for generate */
	const char *
		parameter; /* hex of the flat encoding; NULL for rows with a native parser, see native_answers */
	CK_KEY_TYPE type;   /* of the result */
	const char *result; /* hex; its length is the planned length */
};

/* --- Operations: encrypt, sign, digest, wrap --- */

/*
 * What a message function's parameter says (PKCS#11 3.0, AES-GCM and AES-CCM). The pointers
 * are the caller's.
 */
struct message_setup {
	uint8_t *nonce; /* read, and written where the token makes the nonce */
	size_t nonce_len;
	size_t fixed_bits; /* of the nonce, from its most significant end: the caller's, whoever makes the rest */
	CK_GENERATOR_FUNCTION generator;
	uint8_t *tag; /* written by encryption, read by decryption */
	size_t tag_len;
	size_t data_len; /* CCM: length of the plaintext */
};

/* One known answer of an operation row, in hex; what does not apply is NULL. */
struct operation_answer {
	CK_KEY_TYPE type;
	const char *key;
	const char *iv;
	const char *aad;
	const char *in;
	const char *out; /* ciphertext and tag, MAC (as long as wanted), digest, wrapped key */
};

struct mechanism {
	CK_MECHANISM_TYPE type;
	const char *name; /* as in pkcs11.h, "CKM_..." */
	const char *what; /* vendor rows: "base -> result", for whoever lists mechanisms */
	CK_MECHANISM_INFO
	info; /* sizes in bytes of the base or operating key (DES: 0), CKF_ flags: what works, no more */
	const CK_KEY_TYPE
		*key_types; /* accepted, ended by KEY_TYPES_END; NULL: mechanism without a key */

	/* parameter: fields (the flat encoding), or parse_native, or neither (none allowed) */
	const struct field *fields; /* ended by tag 0 */
	/*
	 * What lengths alone do not say about the fields (digits, bit counts, known constants):
	 * CKR_MECHANISM_PARAM_INVALID. parameter_parse calls it.
	 */
	CK_RV (*check)(const struct parameter *p);
	/*
	 * Check and copy a PKCS#11 parameter struct with pointers into OUT (NATIVE_MAX bytes, any
	 * alignment needed); it must not refer to the caller's memory afterwards, save for the
	 * array that more_keys gives, which is read once: bytes are copied to HEAP (PARAMETER_MAX
	 * bytes, *USED so far). CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*parse_native)(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used);

	/* deriving and generating */
	/*
	 * Settle type and length of the result from REQUEST and parameter. NULL: derive_plan_default
	 * (type and length of the base unless said).
	 */
	CK_RV (*plan)(struct derivation *d, const struct key_request *request);
	CK_RV(*derive)
	(struct derivation *d,
		struct secret
			*ret_value); /* CKF_DERIVE, and CKF_GENERATE of keys from parameters */
	/*
	 * Rows whose parameter asks for further keys: how many (at most MORE_KEYS_MAX), and the
	 * caller's array of them.
	 */
	size_t (*more_keys)(const void *native, const CK_DERIVED_KEY **ret_asked);
	/*
	 * Keys with state (O-DUKPT): advance STATE in place, hand out the released inner key and
	 * its number. CKR_KEYDIV_EXHAUSTED.
	 */
	CK_RV(*advance)
	(struct derivation *d, uint8_t *state, size_t state_len, struct secret *ret_key);
	const struct role *role; /* of every result; NULL: role_of says */
	/* Rows where the parameter decides the role. The answer is constant memory. */
	const struct role *(*role_of)(const struct derivation *d);
	enum level level;
	CK_MECHANISM_TYPE children[CHILDREN_MAX]; /* ended by 0 */
	bool sets_transaction;                    /* the result carries CKA_KEYDIV_TRANSACTION */

	/* operations: what src/key is asked for */
	CK_KEY_TYPE
	generates; /* C_GenerateKey of a random key of this type, if CKF_GENERATE and no derive */
	enum cipher_mode
		cipher;    /* CKF_ENCRYPT, CKF_DECRYPT, CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_DECRYPT */
	enum mac_kind mac; /* CKF_SIGN, CKF_VERIFY */
	bool mac_general;  /* the parameter is a CK_MAC_GENERAL_PARAMS: the length wanted */
	enum digest_kind digest; /* CKF_DIGEST */
	enum wrap_kind wrap;     /* CKF_WRAP, CKF_UNWRAP */
	struct bytes
		wrap_iv; /* its initial value, the standard's: the only parameter a caller may give */
	/*
	 * Rows with a cipher: check the caller's parameter and fill in RET, all but mode and
	 * direction. RET's bytes stay the caller's: they are used in the same call. NULL: the
	 * mechanism takes no parameter. CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*cipher_setup)(const CK_MECHANISM *caller, struct cipher_setup *ret);
	/* Rows with a MAC that takes an IV: the same; LENGTH is that of the whole MAC. */
	CK_RV (*mac_setup)(const CK_MECHANISM *caller, size_t length, struct bytes *ret_iv);
	/*
	 * Rows with CKF_MESSAGE_ENCRYPT: the same for the N bytes at CALLER that come with each
	 * message; may be unaligned.
	 */
	CK_RV (*message_setup)(const void *caller, CK_ULONG n, struct message_setup *ret);

	const struct known_answer *answers; /* ended by base == NULL */
	const struct bytes *
		native_answers; /* rows with a native parser: the PKCS#11 struct that is the parameter of answers[i] */
	const struct operation_answer
		*operation_answers; /* for operation_selftest; ended by out == NULL */
	/*
	 * Rows that a struct known_answer cannot describe test themselves here: CKR_OK,
	 * CKR_FUNCTION_FAILED or CKR_HOST_MEMORY. FLIP != 0: spoil the expected answer, for the
	 * test of the test.
	 */
	CK_RV (*selftest)(const struct mechanism *row, struct key *key, bool flip);
};

#define NATIVE_MAX 512
#define KEY_TYPES_END ((CK_KEY_TYPE)-1)

/*
 * The role of the planned result of D, whose parameter is parsed. Constant memory, never NULL for a
 * mechanism with CKF_DERIVE. The hot path.
 */
static inline const struct role *derive_role(const struct derivation *d)
{
	const struct mechanism *mech = d->mechanism;

	return mech->role != NULL ? mech->role : mech->role_of(d);
}

/* Roles that several mechanisms share (roles.c). */
extern const struct role role_by_use;   /* USE is part of the value: any usage, no CKA_DERIVE */
extern const struct role role_cipher;   /* encrypt and decrypt */
extern const struct role role_mac;      /* sign and verify */
extern const struct role role_wrapping; /* wrap and unwrap */
extern const struct role role_none;     /* neither usage nor CKA_DERIVE */
extern const struct role role_no_wrap;  /* any usage except wrap and unwrap, no CKA_DERIVE */
extern const struct role role_leaf;     /* the same, but CKA_DERIVE_TEMPLATE may say otherwise */

/* Key type lists that several rows share. */
extern const CK_KEY_TYPE key_types_aes[], key_types_tdes[], key_types_hmac[];

/*
 * The plan of a row without one: the wanted type and length, or the base's; AES
 * 16/24/32, generic and HMAC types 16..64, DES2 16, DES3 24. CKR_KEY_SIZE_RANGE for what
 * is not to be had, CKR_TEMPLATE_INCONSISTENT for a type that is none of these. Other
 * plans call it or derive_plan_as.
 */
MUST_USE CK_RV derive_plan_default(struct derivation *d, const struct key_request *request);

/* As derive_plan_default, with TYPE and LENGTH as what the template gets if it does not say. */
MUST_USE CK_RV derive_plan_as(
	struct derivation *d, const struct key_request *request, CK_KEY_TYPE type, size_t length);

/*
 * Run the row's derive and finish its value: the length is as planned (CKR_FUNCTION_FAILED
 * otherwise, our bug), DES keys get odd parity. Rows with more keys give more than LENGTH bytes;
 * whoever cuts them sets their parity.
 */
MUST_USE CK_RV derive_value(struct derivation *d, struct secret *ret_value);

/*
 * The selftest of rows that encrypt, sign, digest, wrap or generate random keys: puts
 * operation_answers to src/key, both ways.
 */
MUST_USE CK_RV operation_selftest(const struct mechanism *row, struct key *key, bool flip);

/* --- The registry --- */

extern const struct mechanism *const mechanisms[]; /* in the order of list.h, ended by NULL */
extern const size_t mechanism_count;

/* The row of TYPE, or NULL. Constant time, no lock. */
const struct mechanism *mechanism_find(CK_MECHANISM_TYPE type);

/* The place of ROW in mechanisms[]. Constant time. */
size_t mechanism_index(const struct mechanism *row);

/* Whether ROW takes keys of TYPE. */
bool mechanism_takes(const struct mechanism *row, CK_KEY_TYPE type);

#endif
