/* SPDX-License-Identifier: Apache-2.0 */
/* sp800_108_parameter.c: parse the parameters of the three KDFs of SP 800-108. */
#include "sp800_108_parameter.h"

#include "flat.h"
#include "native.h"

static CK_RV prf_of(CK_SP800_108_PRF_TYPE type, enum mac_kind *ret)
{
	static const struct {
		CK_SP800_108_PRF_TYPE type;
		enum mac_kind kind;
	} known[] = {{CKM_AES_CMAC, MAC_CMAC}, {CKM_DES3_CMAC, MAC_CMAC},
		{CKM_SHA_1_HMAC, MAC_HMAC_SHA1}, {CKM_SHA224_HMAC, MAC_HMAC_SHA224},
		{CKM_SHA256_HMAC, MAC_HMAC_SHA256}, {CKM_SHA384_HMAC, MAC_HMAC_SHA384},
		{CKM_SHA512_HMAC, MAC_HMAC_SHA512}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].type == type) {
			*ret = known[i].kind;
			return CKR_OK;
		}
	return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown PRF");
}

/* Convert a width in bits, which must be whole bytes, up to MAX bits. */
static CK_RV width_of(
	CK_ULONG bits, CK_ULONG max, CK_BBOOL little_endian, struct sp800_108_item *ret)
{
	ENSURE(bits >= 8 && bits <= max && bits % 8 == 0, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(little_endian <= CK_TRUE, CKR_MECHANISM_PARAM_INVALID);
	ret->width = (uint8_t)(bits / 8);
	ret->little_endian = little_endian;
	return CKR_OK;
}

static CK_RV parse_counter(const CK_PRF_DATA_PARAM *p, struct sp800_108_item *ret)
{
	CK_SP800_108_COUNTER_FORMAT format;

	TRY(native_struct(p->pValue, p->ulValueLen, &format, sizeof format));
	return width_of(format.ulWidthInBits, 32, format.bLittleEndian, ret);
}

static CK_RV method_of(CK_ULONG method, struct sp800_108_item *ret)
{
	ENSURE(method == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ||
			method == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS,
		CKR_MECHANISM_PARAM_INVALID);
	ret->segments = method == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS;
	return CKR_OK;
}

static CK_RV parse_length(const CK_PRF_DATA_PARAM *p, struct sp800_108_item *ret)
{
	CK_SP800_108_DKM_LENGTH_FORMAT format;

	TRY(native_struct(p->pValue, p->ulValueLen, &format, sizeof format));
	TRY(method_of(format.dkmLengthMethod, ret));
	return width_of(format.ulWidthInBits, 64, format.bLittleEndian, ret);
}

/*
 * Parse one piece. In counter mode the iteration variable is the only counter. In the other modes
 * the iteration variable is the chained value and has no format.
 */
static CK_RV parse_item(const CK_PRF_DATA_PARAM *p, bool counter_mode, struct sp800_108_item *ret,
	uint8_t *heap, size_t *used)
{
	*ret = (struct sp800_108_item){.type = (uint8_t)p->type};
	switch (p->type) {
	case CK_SP800_108_ITERATION_VARIABLE:
		if (counter_mode)
			return parse_counter(p, ret);
		ENSURE(p->pValue == NULL && p->ulValueLen == 0, CKR_MECHANISM_PARAM_INVALID);
		return CKR_OK;
	case CK_SP800_108_OPTIONAL_COUNTER:
		ENSURE(!counter_mode, CKR_MECHANISM_PARAM_INVALID);
		return parse_counter(p, ret);
	case CK_SP800_108_DKM_LENGTH:
		return parse_length(p, ret);
	case CK_SP800_108_BYTE_ARRAY:
		return native_copy(p->pValue, p->ulValueLen, heap, used, &ret->bytes);
	case CK_SP800_108_KEY_HANDLE:
		return native_struct(p->pValue, p->ulValueLen, &ret->handle, sizeof ret->handle);
	default:
		return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown data field");
	}
}

/*
 * Check the list of pieces, and set the width of the counter. The iteration variable occurs exactly
 * once, counter and length at most once.
 */
static CK_RV check_items(struct sp800_108_parameter *ret)
{
	unsigned seen[CK_SP800_108_KEY_HANDLE + 1] = {0};

	ret->counter_width = SP800_108_NO_COUNTER;
	for (size_t i = 0; i < ret->count; i++) {
		const struct sp800_108_item *item = &ret->items[i];
		seen[item->type]++;
		if (item->type == CK_SP800_108_OPTIONAL_COUNTER ||
			item->type == CK_SP800_108_ITERATION_VARIABLE)
			ret->counter_width |= item->width;
	}
	ENSURE(seen[CK_SP800_108_ITERATION_VARIABLE] == 1, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(seen[CK_SP800_108_OPTIONAL_COUNTER] <= 1, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(seen[CK_SP800_108_DKM_LENGTH] <= 1, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV parse_items(const CK_PRF_DATA_PARAM *list, CK_ULONG count, bool counter_mode,
	struct sp800_108_parameter *ret, uint8_t *heap, size_t *used)
{
	ENSURE(list != NULL && count >= 1 && count <= SP800_108_ITEMS_MAX,
		CKR_MECHANISM_PARAM_INVALID);
	for (ret->count = 0; ret->count < count; ret->count++) {
		CK_PRF_DATA_PARAM p;
		memcpy(&p, list + ret->count, sizeof p);
		TRY(parse_item(&p, counter_mode, &ret->items[ret->count], heap, used));
	}
	return check_items(ret);
}

static CK_RV parse_more(const CK_DERIVED_KEY *more, CK_ULONG count, struct sp800_108_parameter *ret)
{
	ENSURE(count <= MORE_KEYS_MAX && (more != NULL || count == 0), CKR_MECHANISM_PARAM_INVALID);
	ret->more = more;
	ret->more_count = count;
	return CKR_OK;
}

static CK_RV parse_plain(
	const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used, bool counter_mode)
{
	struct sp800_108_parameter *native = out;
	CK_SP800_108_KDF_PARAMS p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	native->prf_type = p.prfType;
	native->iv = bytes_of(NULL, 0);
	TRY(prf_of(p.prfType, &native->prf));
	TRY(parse_more(p.pAdditionalDerivedKeys, p.ulAdditionalDerivedKeys, native));
	return parse_items(p.pDataParams, p.ulNumberOfDataParams, counter_mode, native, heap, used);
}

CK_RV sp800_108_parse_counter(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	return parse_plain(caller, out, heap, used, true);
}

CK_RV sp800_108_parse_pipeline(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	return parse_plain(caller, out, heap, used, false);
}

CK_RV sp800_108_parse_feedback(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	struct sp800_108_parameter *native = out;
	CK_SP800_108_FEEDBACK_KDF_PARAMS p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	native->prf_type = p.prfType;
	TRY(prf_of(p.prfType, &native->prf));
	TRY(native_copy(p.pIV, p.ulIVLen, heap, used, &native->iv));
	TRY(parse_more(p.pAdditionalDerivedKeys, p.ulAdditionalDerivedKeys, native));
	return parse_items(p.pDataParams, p.ulNumberOfDataParams, false, native, heap, used);
}

/* --- Flat forms --- */

const struct field sp800_108_flat_fields[] = {
	FLAT_HASH,
	{FIELD(DATA_PARAMETERS), true, 3, FLAT_BYTES_MAX},
	{0},
};

const struct field sp800_108_flat_feedback_fields[] = {
	FLAT_HASH,
	{FIELD(DATA_PARAMETERS), true, 3, FLAT_BYTES_MAX},
	{FIELD(FEEDBACK_IV), false, 0, FLAT_BYTES_MAX},
	{0},
};

/*
 * Read one piece of TYPE with VALUE as parse_item does. A piece cannot be a key, because a handle
 * would be a number of the caller's process.
 */
static CK_RV flat_item(
	uint8_t type, struct bytes value, bool counter_mode, struct sp800_108_item *ret)
{
	*ret = (struct sp800_108_item){.type = type};
	switch (type) {
	case CK_SP800_108_ITERATION_VARIABLE:
	case CK_SP800_108_OPTIONAL_COUNTER:
		ENSURE(!counter_mode || type == CK_SP800_108_ITERATION_VARIABLE,
			CKR_MECHANISM_PARAM_INVALID);
		if (!counter_mode && type == CK_SP800_108_ITERATION_VARIABLE) {
			ENSURE(value.n == 0, CKR_MECHANISM_PARAM_INVALID);
			return CKR_OK;
		}
		ENSURE(value.n == 1, CKR_MECHANISM_PARAM_INVALID);
		return width_of(value.p[0], 32, CK_FALSE, ret);
	case CK_SP800_108_DKM_LENGTH:
		ENSURE(value.n == 2, CKR_MECHANISM_PARAM_INVALID);
		TRY(method_of(value.p[0], ret));
		return width_of(value.p[1], 64, CK_FALSE, ret);
	case CK_SP800_108_BYTE_ARRAY:
		ret->bytes = value;
		return CKR_OK;
	default:
		return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown data field");
	}
}

static CK_RV flat_items(struct bytes list, bool counter_mode, struct sp800_108_parameter *ret)
{
	for (ret->count = 0; list.n > 0; ret->count++) {
		ENSURE(list.n >= 3 && ret->count < SP800_108_ITEMS_MAX,
			CKR_MECHANISM_PARAM_INVALID);
		size_t n = get_be16(list.p + 1);
		ENSURE(n <= list.n - 3, CKR_MECHANISM_PARAM_INVALID);
		TRY(flat_item(
			list.p[0], bytes_of(list.p + 3, n), counter_mode, &ret->items[ret->count]));
		list = bytes_of(list.p + 3 + n, list.n - 3 - n);
	}
	return check_items(ret);
}

static CK_RV parse_flat(const struct parameter *p, bool counter_mode, void *out)
{
	struct sp800_108_parameter *native = out;

	native->prf_type = flat_hash(p);
	native->iv = flat_bytes(p, KEYDIV_FEEDBACK_IV);
	TRY(prf_of(native->prf_type, &native->prf));
	TRY(parse_more(NULL, 0, native));
	return flat_items(parameter_get(p, KEYDIV_DATA_PARAMETERS), counter_mode, native);
}

CK_RV sp800_108_flat_counter(const struct parameter *p, void *out)
{
	return parse_flat(p, true, out);
}

CK_RV sp800_108_flat_chained(const struct parameter *p, void *out)
{
	return parse_flat(p, false, out);
}
