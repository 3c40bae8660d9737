/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mechanism.h: struct mechanism, and the functions that a struct mechanism may name.
 *
 * A mechanism is one constant struct mechanism in the file of its scheme. Everything that differs
 * from mechanism to mechanism is in that struct. The calls, C_GetMechanismList, C_GetMechanismInfo,
 * the parser, the policy, the self-tests and the log read the struct. The tool takes its names from
 * the structs too (print_names.c). There is no second list, and no switch over mechanism numbers
 * elsewhere. README.md in this folder says how to add a mechanism.
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
#include "parameter.h"
#include "role.h"
#include "state_kind.h"
#include "wrapping.h"

struct mechanism;

/* --- Deriving --- */

#define SCRATCH_KEYS 2

/* Wipe the inner keys of a call. Inline, because most calls have used none. */
static inline void scratch_unload(struct key *const scratch[SCRATCH_KEYS])
{
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		if (key_length(scratch[i]) != 0)
			key_unload(scratch[i]);
}

/*
 * Class, type and length that a template requests; has_... is false for a member that the
 * template leaves open.
 */
struct key_request {
	bool has_type, has_length;
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE type;
	CK_ULONG length;
};

/*
 * A further key from the same derivation (SP 800-108 "additional derived keys"). The caller of
 * derive.value plans the key from a template of its own and sets LENGTH. derive.value sets OFFSET,
 * the place of the key in the derived string.
 */
struct more_key {
	size_t length, offset; /* in bytes */
};

#define MORE_KEYS_MAX 16

struct derive_call;

/* The inputs of the functions of a struct deriving. Everything is borrowed. */
struct derivation {
	const struct mechanism *mechanism;
	struct key *base;                  /* opaque; NULL for C_GenerateKey */
	struct key *scratch[SCRATCH_KEYS]; /* for inner keys; the caller wipes them afterwards */
	const struct parameter *parameter; /* mechanisms with fields */
	void *native; /* mechanisms with parse_native or parse_flat: the struct that they fill in */
	CK_OBJECT_CLASS object_class; /* of the result: a key, or CKO_DATA (CKM_HKDF_DATA) */
	CK_KEY_TYPE type;             /* of the result, planned */
	size_t length;                /* of the result in bytes, planned */
	uint32_t usage;               /* of the result, planned: USAGE_ bits; 0: none */
	/* If sets_transaction is true: set by derive.value, or by the advance of a state. */
	uint64_t number;
	size_t state_key_length; /* bases with a state: length in bytes of the keys in the state */

	/*
	 * Mechanisms with more_keys: the result is one string. The first key is the first LENGTH
	 * bytes of the string, each further key is where its OFFSET says.
	 */
	struct more_key *more;
	size_t more_count;

	/*
	 * Return the value of another key that the parameter names by handle
	 * (CK_SP800_108_KEY_HANDLE, hSaltKey). The function checks that the key is visible,
	 * is a secret key with CKA_DERIVE, allows this mechanism, and is protected no
	 * better than the base. NULL in self-tests, which have no objects: the mechanism
	 * then fails with CKR_KEY_HANDLE_INVALID.
	 */
	CK_RV (*other_key)(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value);
	struct derive_call *call; /* of src/calls, for other_key; opaque to mechanisms */
};

/* --- Operations: encrypt, sign, digest, wrap --- */

/*
 * The parameter of a message function (PKCS#11 3.0, AES-GCM and AES-CCM). The pointers are to
 * the caller's memory.
 */
struct message_setup {
	uint8_t *nonce; /* read, and written where the token makes the nonce */
	size_t nonce_len;
	size_t fixed_bits; /* leading bits of the nonce that the caller sets in every case */
	CK_GENERATOR_FUNCTION generator;
	uint8_t *tag; /* written by encryption, read by decryption; NULL: follows the ciphertext */
	size_t tag_len;
	size_t data_len;  /* CCM: length of the plaintext in bytes */
	struct bytes aad; /* flat forms: the field AAD; p is NULL if the field is absent */
};

/*
 * The fields that an operation takes in a flat parameter (operation_fields.h). Lengths are in
 * bytes. A field that the members below do not name is refused.
 */
struct operation_inputs {
	uint8_t iv_min, iv_max; /* length of IV, which is required; 0: no IV */
	bool aad;               /* AAD may be given */
	/* Values of TAG_LENGTH, in steps of tag_step; tag_max 0: no TAG_LENGTH */
	uint8_t tag_min, tag_max, tag_step;
	uint8_t tag_default; /* 0: TAG_LENGTH is required */
	bool data_length;    /* DATA_LENGTH may be given */
};

/* How a MAC begins (key/mac.h). IV refers to the parameter of the operation. */
struct mac_start {
	enum mac_kind kind;
	bool special;    /* has an IV, or not the KIND of the mechanism's row */
	struct bytes iv; /* p is NULL if there is none */
	size_t length;   /* of the MAC in bytes, which may be the beginning of the whole MAC */
};

/* --- Known answers, in hexadecimal --- */

struct known_answer {
	CK_KEY_TYPE base_type;
	const char *base;      /* "" for C_GenerateKey */
	const char *parameter; /* of a flat form; parse_native has native_answers instead */
	CK_KEY_TYPE type;      /* of the result */
	const char *result;    /* its length is the planned length */
};

/* Members that do not apply are NULL. */
struct operation_answer {
	CK_KEY_TYPE type;
	const char *key;
	const char *iv;
	const char *aad;
	const char *in;
	const char *out; /* ciphertext and tag, MAC (as long as requested), digest, wrapped key */
};

/* --- A mechanism --- */

/*
 * The place of the message counter in a parameter: the low BITS bits of the big-endian value
 * of the field TAG.
 */
struct counter_place {
	uint8_t tag; /* 0: the parameter has no counter */
	uint8_t bits;
	uint8_t unused; /* first bytes of the value that the key does not depend on */
	/*
	 * The key depends on the field OF only if the parameter has the field WITH. 0: there is no
	 * such field.
	 */
	uint8_t of, with;
	bool lsb_first; /* the value is a whole number, least significant byte first */
};

/* How a mechanism derives a key, or generates one from its parameter. */
struct deriving {
	/*
	 * Settle type and length of the result from REQUEST and the parameter. NULL:
	 * derive_plan_default (type and length of the base, unless the template names others).
	 */
	CK_RV (*plan)(struct derivation *d, const struct key_request *request);
	/* Compute the value. Mechanisms with CKF_DERIVE; CKF_GENERATE of keys from parameters. */
	CK_RV (*value)(struct derivation *d, struct secret *ret_value);
	/*
	 * Mechanisms whose parameter asks for further keys: return the number of further keys (at
	 * most MORE_KEYS_MAX) and the caller's array of them.
	 */
	size_t (*more_keys)(const void *native, const CK_DERIVED_KEY **ret_asked);
	const struct state_kind *state; /* of the base, which the caller of value() advances */
	/* A DES key gets no odd parity, because all of its bits are data of the next step. */
	bool keeps_parity;
	const struct role *role; /* of every result; NULL: role_of decides */
	/* Mechanisms whose parameter decides the role. Returns constant memory. */
	const struct role *(*role_of)(const struct derivation *d);
	bool sets_transaction; /* the result has CKA_KEYDIV_TRANSACTION */
	/*
	 * WITH_DERIVED_KEY may derive by this mechanism. The result is a leaf or a key with usage,
	 * and the mechanism keeps no state.
	 */
	bool for_use;
	struct counter_place counter;
};

/* The inputs of the function that signs. Everything is borrowed. */
struct signing {
	struct key *key;                   /* opaque */
	struct key *const *scratch;        /* SCRATCH_KEYS inner keys; the caller wipes them */
	const struct parameter *parameter; /* of a mechanism with fields */
	struct bytes data;                 /* private copy; p may be NULL if there is no data */
};

/* The work of src/key for a mechanism that encrypts, signs, digests, wraps or generates. */
struct operating {
	CK_KEY_TYPE generates; /* C_GenerateKey of a random key of this type, without a value() */
	enum cipher_mode cipher;
	enum mac_kind mac;
	bool mac_general; /* the parameter is a CK_MAC_GENERAL_PARAMS, the length of the MAC */
	/*
	 * The function that signs, in place of `mac`. The MAC has SIGN_LENGTH bytes, at most
	 * KEY_MAC_MAX. Data in parts is collected. The function gets at most SIGN_DATA_MAX + 1
	 * bytes, so it must refuse data that is longer than SIGN_DATA_MAX.
	 */
	CK_RV (*sign)(const struct signing *signing, uint8_t *ret_mac);
	uint8_t sign_length, sign_data_max;
	enum digest_kind digest;
	enum wrap_kind wrap;
	struct bytes wrap_iv; /* of the standard: the only parameter that a caller may give */
	/*
	 * C_WrapKey and C_UnwrapKey of a form of the mechanism's own (wrapping.h), in place of
	 * `wrap`. wrap_key takes the fields of the mechanism, unwrap_key takes no parameter. NULL:
	 * the mechanism does not have this direction.
	 */
	wrap_function *wrap_key;
	/*
	 * wrap_key takes wrapping keys of one length, and wraps only keys of the same type and
	 * length. CKR_WRAPPING_KEY_SIZE_RANGE and CKR_KEY_NOT_WRAPPABLE for other keys.
	 */
	bool wraps_own_kind;
	unwrap_function *unwrap_key;
	/*
	 * Check the caller's parameter and fill in RET, except mode and direction. RET refers
	 * to the caller's memory, which is used in the same call. NULL: the mechanism takes
	 * no parameter. CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*cipher_setup)(const CK_MECHANISM *caller, struct cipher_setup *ret);
	/* The same for a MAC that takes an IV; LENGTH is that of the whole MAC in bytes. */
	CK_RV (*mac_setup)(const CK_MECHANISM *caller, size_t length, struct bytes *ret_iv);
	/*
	 * The same for the N bytes at CALLER that come with each message (CKF_MESSAGE_ENCRYPT).
	 * CALLER may be unaligned.
	 */
	CK_RV (*message_setup)(const void *caller, CK_ULONG n, struct message_setup *ret);
	/*
	 * The fields of the mechanism in a flat parameter. NULL: the mechanism has no such form. A
	 * MAC with .fields takes these fields from C_SignInit and C_VerifyInit too.
	 */
	const struct operation_inputs *inputs;
	/*
	 * WITH_DERIVED_KEY may use a key by this mechanism, which has inputs. The first of its
	 * key_types is then the default type of the derived key.
	 */
	bool for_use;
	/*
	 * Further fields that the mechanism takes from the parameter of WITH_DERIVED_KEY, unless
	 * the mechanism that derives lists their tags. NULL: none.
	 */
	const struct field *further;
	/*
	 * MACs with further fields: change kind and IV of START by these fields, which are in P.
	 * The code for a wrong value is CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*take_further)(const struct parameter *p, struct mac_start *start);
	CK_MECHANISM_TYPE whole; /* _GENERAL MACs: the mechanism of the whole MAC */
	/*
	 * The key of the operation is a master. Its permission is CKA_DERIVE, in place of CKA_SIGN,
	 * CKA_VERIFY or CKA_ENCRYPT, which a master does not have. No result of the operation may
	 * be, or reveal, a key that the master derives.
	 */
	bool by_deriving_key;
	bool inverse; /* CIPHER_ECB: C_Encrypt computes the inverse cipher */
	/*
	 * CIPHER_ECB: the lengths in bytes that the data may have, ended by 0. Data in parts is
	 * then collected, and the final call gives out everything. NULL: every length.
	 */
	const uint8_t *data_lengths;
	bool with_derived_key; /* WITH_DERIVED_KEY itself, whose parameter names the operation */
};

/*
 * The form of a parameter. A struct of PKCS#11 with pointers can name any memory of the process. A
 * module that serves another process (parameters = flat in keydiv.conf) takes no such struct, and
 * the caller uses the flat form of the mechanism instead.
 */
enum parameter_form {
	FORM_PLAIN,    /* fields, bytes, a struct without pointers, or no parameter */
	FORM_POINTERS, /* a struct with pointers: not offered with parameters = flat */
	FORM_FLAT,     /* fields in place of that struct, under the number CKM_KEYDIV_FLAT(type) */
};

/* Keys for a self-test: the base or the key of the operation, the inner keys, and one other key. */
#define SELF_TEST_KEYS (2 + SCRATCH_KEYS)

/* How a mechanism is tested before its first use. */
struct testing {
	const struct known_answer *answers; /* ended by base == NULL */
	/* Mechanisms with parse_native: the PKCS#11 struct that is the parameter of answers[i]. */
	const struct bytes *native_answers;
	const uint32_t *usages; /* USAGE_ bits of the result of answers[i]; NULL: no usage */
	const struct operation_answer *operation_answers; /* ended by out == NULL */
	/*
	 * A test of the mechanism's own, in place of answers. KEYS are empty, and the caller wipes
	 * them afterwards. CKR_HOST_MEMORY says nothing about the mechanism, and any other code
	 * than CKR_OK fails the test. FLIP: spoil the expected answer, for the test of the test.
	 */
	CK_RV(*run)
	(const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip);
	/*
	 * A parameter in hexadecimal for the example of the tool. NULL: that of the first of
	 * answers, or the mechanism has no fields.
	 */
	const char *example;
};

struct mechanism {
	/*
	 * The number in CKA_ALLOWED_MECHANISMS and CKA_KEY_GEN_MECHANISM. A flat form has the
	 * number of its standard mechanism here, because both are one permission. Callers name the
	 * mechanism by mechanism_number().
	 */
	CK_MECHANISM_TYPE type;
	enum parameter_form form;
	const char *name; /* as in pkcs11.h or keydiv.h, "CKM_..." */
	const char *what; /* vendor mechanisms: "base -> result", for the tool's list */
	/*
	 * The document that defines the mechanism, as in README.md. NULL in a flat form, which is
	 * the standard mechanism.
	 */
	const char *source;
	const char *scheme; /* the name in the tool's --allow for masters of this scheme */
	enum trade trade;
	CK_MECHANISM_INFO info; /* key sizes in bytes (DES: 0), and the CKF_ flags that work */
	const CK_KEY_TYPE *key_types; /* accepted, ended by KEY_TYPES_END; NULL: takes no key */

	/* parameter: fields (the flat encoding), or parse_native, or neither (none allowed) */
	const struct field *fields; /* ended by tag 0 */
	/*
	 * Check what the lengths of the fields do not say (digits, bit counts, known constants).
	 * CKR_MECHANISM_PARAM_INVALID. parameter_parse calls this function.
	 */
	CK_RV (*check)(const struct parameter *p);
	/*
	 * Check a PKCS#11 parameter struct with pointers, and copy the struct to OUT (NATIVE_MAX
	 * bytes, aligned for any type) and its bytes to HEAP (PARAMETER_MAX bytes, *USED so far).
	 * Nothing may refer to the caller's memory afterwards, except the array of more_keys, which
	 * is read once. CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*parse_native)(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used);
	/*
	 * FORM_FLAT, mechanisms that derive: fill in from the parsed fields the same OUT that
	 * parse_native of the standard mechanism fills in. CKR_MECHANISM_PARAM_INVALID.
	 */
	CK_RV (*parse_flat)(const struct parameter *p, void *out);

	struct deriving derive;
	struct operating operation;
	struct testing test;
};

#define NATIVE_MAX 512
#define KEY_TYPES_END ((CK_KEY_TYPE)-1)

/*
 * Return the role of the planned result of D, whose parameter is parsed. The role is constant
 * memory, and never NULL for a mechanism with CKF_DERIVE. The hot path.
 */
static inline const struct role *derive_role(const struct derivation *d)
{
	const struct mechanism *mech = d->mechanism;

	return mech->derive.role != NULL ? mech->derive.role : mech->derive.role_of(d);
}

/* Lists of key types that several mechanisms take. */
extern const CK_KEY_TYPE key_types_aes[], key_types_tdes[], key_types_hmac[];

/*
 * The plan of a mechanism that has no plan function. Type and length are as requested, or those of
 * the base. AES has 16, 24 or 32 bytes, generic and HMAC types 16 to 64, DES2 16, DES3 24.
 * CKR_KEY_SIZE_RANGE for other lengths, CKR_TEMPLATE_INCONSISTENT for other types. Other plans call
 * this function or derive_plan_as.
 */
MUST_USE CK_RV derive_plan_default(struct derivation *d, const struct key_request *request);

/*
 * Check that a derived key of type T may have LENGTH bytes (README.md, "The derived key").
 * CKR_KEY_SIZE_RANGE if the length is not allowed.
 */
MUST_USE CK_RV derive_check_length(const struct key_type *t, size_t length);

/* As derive_plan_default, with TYPE and LENGTH where REQUEST leaves them open. */
MUST_USE CK_RV derive_plan_as(
	struct derivation *d, const struct key_request *request, CK_KEY_TYPE type, size_t length);

/*
 * Plan a key of TYPE and LENGTH, which are all that the mechanism can give.
 * CKR_TEMPLATE_INCONSISTENT for another type, CKR_KEY_SIZE_RANGE for another length.
 */
MUST_USE CK_RV derive_plan_only(
	struct derivation *d, const struct key_request *request, CK_KEY_TYPE type, size_t length);

/*
 * The plan of a scheme whose base and result are AES-128. CKR_KEY_SIZE_RANGE for another base, and
 * the codes of derive_plan_only.
 */
MUST_USE CK_RV derive_plan_aes128(struct derivation *d, const struct key_request *request);

/*
 * Run derive.value. Set odd parity on DES keys unless the mechanism keeps the bits.
 * CKR_FUNCTION_FAILED if the value is shorter than planned. Mechanisms with more_keys give more
 * than LENGTH bytes. The caller cuts the string and sets the parity of the further keys.
 */
MUST_USE CK_RV derive_value(struct derivation *d, struct secret *ret_value);

/*
 * The test.run of mechanisms that encrypt, sign, digest, wrap or generate random keys. Compares
 * operation_answers with the results of src/key, in both directions.
 */
MUST_USE CK_RV operation_self_test(
	const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip);

/* --- The registry --- */

/* Return the number under which callers name MECH. */
static inline CK_MECHANISM_TYPE mechanism_number(const struct mechanism *mech)
{
	return mech->form == FORM_FLAT ? CKM_KEYDIV_FLAT(mech->type) : mech->type;
}

extern const struct mechanism *const mechanisms[]; /* in the order of list.h, ended by NULL */
extern const size_t mechanism_count;

/*
 * Set the mode (`parameters` in keydiv.conf). With FLAT, no mechanism with FORM_POINTERS is
 * offered. A process starts in the other mode. No other thread may use mechanisms during the call.
 */
void mechanisms_offer(bool flat);

/* Return true in the mode FLAT: no pointer in a parameter or in the value of an attribute. */
bool parameters_flat(void);

/* Return true if MECH is offered in the present mode. */
bool mechanism_offered(const struct mechanism *mech);

/*
 * Return the mechanism that callers name WANTED, or NULL if there is none or the present mode does
 * not offer the mechanism. Constant time, no lock.
 */
const struct mechanism *mechanism_find(CK_MECHANISM_TYPE wanted);

/* The same; *RET_INDEX is the index of the mechanism in mechanisms[]. */
const struct mechanism *mechanism_look_up(CK_MECHANISM_TYPE wanted, size_t *ret_index);

/*
 * The same in both modes, for a number in a field of a parameter. A mechanism that a field names
 * takes its inputs from fields, never from a struct.
 */
const struct mechanism *mechanism_look_up_any(CK_MECHANISM_TYPE wanted, size_t *ret_index);

/* Return true if MECH takes keys of TYPE. */
bool mechanism_takes(const struct mechanism *mech, CK_KEY_TYPE type);

#endif
