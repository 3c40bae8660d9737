/* SPDX-License-Identifier: Apache-2.0 */
/*
 * with_derived_key.c: CKM_KEYDIV_WITH_DERIVED_KEY (0010), the use of a key that is derived for one
 * operation: its parameter, its row and its known answers. src/calls/use.c does the work.
 */
#include "with_derived_key.h"

#include "key/mac.h"
#include "operation_fields.h"
#include "self_test.h"

/* --- The parameter --- */

#define HEAD 3 /* tag and length */
#define USE_FIELDS_MAX (3 * FIELDS_MAX)

/* The fields of a parameter in the order of their tags, each with tag and length. */
struct field_list {
	size_t count;
	struct bytes field[USE_FIELDS_MAX];
};

/* Take one field off the front of *REST. */
static inline CK_RV next_field(struct bytes *rest, struct bytes *ret)
{
	ENSURE(rest->n >= HEAD, CKR_MECHANISM_PARAM_INVALID);
	size_t n = HEAD + (size_t)get_be16(rest->p + 1);
	ENSURE(n <= rest->n, CKR_MECHANISM_PARAM_INVALID);
	*ret = bytes_of(rest->p, n);
	*rest = bytes_of(rest->p + n, rest->n - n);
	return CKR_OK;
}

/* List the fields of both sets by ascending tag. A tag that occurs twice ascends nowhere. */
static CK_RV list_fields(struct bytes one, struct bytes other, struct field_list *ret)
{
	unsigned last = 0;

	ENSURE(one.n + other.n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID);
	ret->count = 0;
	while (one.n > 0 || other.n > 0) {
		bool first = other.n == 0 || (one.n > 0 && one.p[0] < other.p[0]);
		struct bytes field = {NULL, 0};

		ENSURE(ret->count < USE_FIELDS_MAX, CKR_MECHANISM_PARAM_INVALID);
		TRY(next_field(first ? &one : &other, &field));
		REQUIRE(field.p[0] > last, CKR_MECHANISM_PARAM_INVALID,
			"the tags of the fields do not ascend, or a tag occurs twice");
		last = field.p[0];
		ret->field[ret->count++] = field;
	}
	return CKR_OK;
}

CK_RV use_parameter_check(struct bytes set)
{
	struct field_list list;

	return list_fields(set, bytes_of(NULL, 0), &list);
}

/* Find the mechanism that the field TAG of LIST names. */
static CK_RV find_named(
	const struct field_list *list, uint8_t tag, size_t *ret_index, const struct mechanism **ret)
{
	for (size_t i = 0; i < list->count; i++) {
		struct bytes field = list->field[i];
		if (field.p[0] != tag)
			continue;
		ENSURE(field.n == HEAD + 4, CKR_MECHANISM_PARAM_INVALID);
		*ret = mechanism_look_up_any(get_be32(field.p + HEAD), ret_index);
		REQUIRE(*ret != NULL, CKR_MECHANISM_PARAM_INVALID,
			"DERIVATION or OPERATION names no mechanism of this token");
		return CKR_OK;
	}
	return FAIL(CKR_MECHANISM_PARAM_INVALID, "DERIVATION or OPERATION is missing");
}

static bool asks_for_window(const struct field_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->field[i].p[0] == KEYDIV_WINDOW_REQUEST)
			return true;
	return false;
}

static CK_RV find_mechanisms(
	const struct field_list *list, CK_FLAGS flag, struct use_parameter *ret)
{
	TRY(find_named(list, KEYDIV_DERIVATION, &ret->derivation_index, &ret->derivation));
	TRY(find_named(list, KEYDIV_OPERATION, &ret->operation_index, &ret->operation));
	REQUIRE(ret->derivation->derive.for_use, CKR_MECHANISM_PARAM_INVALID,
		"DERIVATION names a mechanism whose keys cannot be used in one call");
	REQUIRE(ret->operation->operation.for_use, CKR_MECHANISM_PARAM_INVALID,
		"OPERATION names a mechanism that cannot use a derived key in one call");
	if (asks_for_window(list)) {
		REQUIRE(flag == CKF_SIGN, CKR_MECHANISM_PARAM_INVALID,
			"WINDOW_REQUEST is for C_SignInit");
		return CKR_OK;
	}
	REQUIRE(ret->operation->info.flags & flag, CKR_MECHANISM_PARAM_INVALID,
		"OPERATION names a mechanism that is not for this function");
	return CKR_OK;
}

static inline bool lists(const struct field *fields, uint8_t tag)
{
	for (; fields != NULL && fields->tag != 0; fields++)
		if (fields->tag == tag)
			return true;
	return false;
}

/* The parts that a parameter consists of, in the order in which they are copied. */
enum part { PART_DERIVE, PART_FURTHER, PART_OWN, PARTS };

/* Return the part of the field TAG. DERIVATION refuses the tags that no part has. */
static inline enum part part_of(const struct use_parameter *p, uint8_t tag)
{
	if (lists(mech_with_derived_key.fields, tag))
		return PART_OWN;
	if (p->operation->operation.further == NULL || lists(p->derivation->fields, tag))
		return PART_DERIVE;
	return lists(p->operation->operation.further, tag) ? PART_FURTHER : PART_DERIVE;
}

/* Copy the fields of each part to ROOM, one part after the other. */
static void copy_parts(const struct use_parameter *p, const struct field_list *list, uint8_t *room,
	struct bytes ret[PARTS])
{
	size_t at = 0;

	for (enum part part = 0; part < PARTS; part++) {
		size_t begin = at;
		for (size_t i = 0; i < list->count; i++) {
			struct bytes field = list->field[i];
			if (part_of(p, field.p[0]) != part)
				continue;
			memcpy(room + at, field.p, field.n);
			at += field.n;
		}
		ret[part] = bytes_of(room + begin, at - begin);
	}
}

CK_RV use_parameter_parse(struct bytes one, struct bytes other, CK_FLAGS flag, uint8_t *room,
	struct use_parameter *ret)
{
	static const struct field none[] = {{0}};
	struct field_list list;
	struct bytes part[PARTS];

	TRY(list_fields(one, other, &list));
	TRY(find_mechanisms(&list, flag, ret));
	copy_parts(ret, &list, room, part);
	const struct field *further = ret->operation->operation.further;
	TRY(fields_parse(mech_with_derived_key.fields, part[PART_OWN], &ret->own));
	ret->window_request = parameter_get(&ret->own, KEYDIV_WINDOW_REQUEST);
	TRY(fields_parse(further != NULL ? further : none, part[PART_FURTHER], &ret->further));
	return parameter_parse(
		ret->derivation, part[PART_DERIVE].p, part[PART_DERIVE].n, &ret->derive);
}

struct key_request use_key_request(const struct use_parameter *p)
{
	struct bytes type = parameter_get(&p->own, KEYDIV_KEY_TYPE);
	struct bytes length = parameter_get(&p->own, KEYDIV_KEY_LENGTH);

	return (struct key_request){
		.has_type = true,
		.has_length = length.p != NULL,
		.object_class = CKO_SECRET_KEY,
		.type = type.p != NULL ? get_be32(type.p) : p->operation->key_types[0],
		.length = length.p != NULL ? length.p[0] : 0,
	};
}

/* --- OPERATION --- */

#define COUNTER_LENGTH 8
#define FIXED_FIELD (USE_NONCE - COUNTER_LENGTH)

/*
 * Make the nonce of COUNTER, where IV or zeros are the fixed field and COUNTER is the invocation
 * field (SP 800-38D section 8.2.1). Put the nonce in the place of IV.
 */
static CK_RV nonce_of_counter(struct use_parameter *p, struct bytes counter, struct parameter *ret)
{
	struct bytes fixed = parameter_get(&p->own, KEYDIV_IV);

	REQUIRE(fixed.p == NULL || fixed.n == FIXED_FIELD, CKR_MECHANISM_PARAM_INVALID,
		"beside COUNTER as nonce, IV has 4 bytes");
	memset(p->nonce, 0, FIXED_FIELD);
	if (fixed.p != NULL)
		memcpy(p->nonce, fixed.p, FIXED_FIELD);
	memcpy(p->nonce + FIXED_FIELD, counter.p, COUNTER_LENGTH);
	for (size_t i = 0; i < ret->count; i++)
		if (ret->fields[i].tag == KEYDIV_IV)
			ret->value[i] = bytes_of(p->nonce, sizeof p->nonce);
	return CKR_OK;
}

CK_RV use_cipher_setup(struct use_parameter *p, size_t least, struct cipher_setup *ret)
{
	struct bytes counter = parameter_get(&p->further, KEYDIV_COUNTER);
	struct parameter own;

	if (counter.p == NULL)
		return operation_fields_cipher(p->operation, &p->own, least, ret);
	own = p->own;
	TRY(nonce_of_counter(p, counter, &own));
	return operation_fields_cipher(p->operation, &own, least, ret);
}

CK_RV use_mac_start(
	const struct use_parameter *p, size_t whole, size_t least, struct mac_start *ret)
{
	return operation_fields_mac(p->operation, &p->own, &p->further, whole, least, ret);
}

/* --- Known answers --- */

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"
#define MESSAGE "68656c6c6f2066726f6d2074686520646576696365" /* hello from the device */
#define DEVICE_AND_COUNTER "010009534e2d3030303132331000080000000000000001"

static const struct use_answer {
	CK_FLAGS flag;
	const char *parameter, *out;
} answers[] = {
	{CKF_VERIFY, DEVICE_AND_COUNTER "7000048b4400037100040000108a",
		"3a7190ef42dfc20d9232e25a85cb5184"},
	{CKF_ENCRYPT, DEVICE_AND_COUNTER "7000048b44000171000400001087",
		"6af8dd53ec1ac9697430e6dbc286e50644d64fa5b68a9bea1e982a4d7c163b5e373ccde9e1"},
};

#define ANSWER_MAX 64

/* Derive the key of P from MASTER, and load it into SCRATCH[0]. */
static CK_RV derive_answer(const struct use_parameter *p, uint32_t usage, struct key *base,
	struct key *const scratch[2])
{
	struct key_request request = use_key_request(p);
	struct derivation d = {.mechanism = p->derivation,
		.base = base,
		.scratch = {scratch[0], scratch[1]},
		.parameter = &p->derive,
		.usage = usage};
	uint8_t master[16];
	SECRET value = {0};
	size_t n;

	TRY(self_test_hex(MASTER, master, sizeof master, &n));
	TRY(key_load(base, CKK_AES, master, n));
	TRY(derive_plan_default(&d, &request));
	TRY(derive_value(&d, &value));
	return key_load(scratch[0], d.type, secret_peek(&value), value.len);
}

/* OUT = the result of OPERATION for MESSAGE, *RET_N bytes. */
static CK_RV operate(struct use_parameter *p, struct key *key, const uint8_t *message, size_t n,
	uint8_t *out, size_t *ret_n)
{
	struct cipher_setup setup = {.mode = p->operation->operation.cipher, .encrypt = true};
	size_t done = 0, last = 0;

	if (p->operation->operation.mac != MAC_NONE) {
		*ret_n = mac_length(p->operation->operation.mac, key);
		return key_mac(key, p->operation->operation.mac, message, n, out);
	}
	TRY(use_cipher_setup(p, 0, &setup));
	struct cipher *cipher = cipher_new();
	ENSURE(cipher != NULL, CKR_HOST_MEMORY);
	CK_RV rv = cipher_begin(cipher, key, &setup);
	if (rv == CKR_OK)
		rv = cipher_update(cipher, message, n, out, &done);
	if (rv == CKR_OK)
		rv = cipher_finish(cipher, bytes_of(NULL, 0), out + done, &last);
	cipher_free(cipher);
	*ret_n = done + last;
	return rv;
}

static CK_RV run_answer(
	const struct use_answer *answer, struct key *base, struct key *const scratch[2], bool flip)
{
	uint8_t encoded[ANSWER_MAX], room[PARAMETER_MAX], message[ANSWER_MAX];
	uint8_t out[ANSWER_MAX + KEY_BLOCK_MAX], expected[ANSWER_MAX];
	struct use_parameter p;
	size_t n, message_n, out_n, expected_n;

	TRY(self_test_hex(answer->parameter, encoded, sizeof encoded, &n));
	TRY(self_test_hex(MESSAGE, message, sizeof message, &message_n));
	TRY(self_test_hex(answer->out, expected, sizeof expected, &expected_n));
	TRY(use_parameter_parse(bytes_of(encoded, n), bytes_of(NULL, 0), answer->flag, room, &p));
	bool mac = p.operation->operation.mac != MAC_NONE;
	TRY(derive_answer(&p, mac ? USAGE_MAC : USAGE_CIPHER, base, scratch));
	TRY(operate(&p, scratch[0], message, message_n, out, &out_n));
	expected[0] ^= flip;
	ENSURE(out_n == expected_n && secret_equal(out, expected, out_n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV run(const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip)
{
	(void)mech;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		TRY(run_answer(&answers[i], keys[0], keys + 1, flip));
	return CKR_OK;
}

/* --- The mechanism --- */

static const CK_KEY_TYPE key_types[] = {CKK_AES, CKK_DES2, CKK_DES3, KEY_TYPES_END};

static const struct field fields[] = {
	{FIELD(WINDOW_REQUEST), false, 2, 2},
	{NUMBER_FIELD(DERIVATION), true, 4, 4},
	{NUMBER_FIELD(OPERATION), true, 4, 4},
	FIELD_IV,
	FIELD_AAD,
	FIELD_TAG_LENGTH,
	{NUMBER_FIELD(KEY_TYPE), false, 4, 4},
	{NUMBER_FIELD(KEY_LENGTH), false, 1, 1},
	{0},
};

#define FUNCTIONS (CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT)
#define MESSAGE_FUNCTIONS                                                                          \
	(CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT)

const struct mechanism mech_with_derived_key = {
	.type = CKM_KEYDIV_WITH_DERIVED_KEY,
	.name = "CKM_KEYDIV_WITH_DERIVED_KEY",
	.what = "master -> the result of an operation with a derived key",
	.source = "SP 800-38D 8.2.1 (nonce)",
	.scheme = "device",
	.info = {16, 32, FUNCTIONS | MESSAGE_FUNCTIONS},
	.key_types = key_types,
	.fields = fields,
	.operation = {.with_derived_key = true},
	.test = {.run = run},
};
