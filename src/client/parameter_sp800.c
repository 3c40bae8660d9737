/* SPDX-License-Identifier: Apache-2.0 */
/* parameter_sp800.c: the flat forms of the KDFs of SP 800-108, see parameter.h. */
#include "parameter.h"

#include "keydiv.h"

#define ITEMS_MAX 64
#define FIELD_MAX 4096

/* The pieces of the PRF's input as the value of one field. */
struct pieces {
	uint8_t p[FIELD_MAX];
	size_t n;
};

/* Append a piece: its type, the length of its value and the value. */
static bool put_piece(struct pieces *to, CK_PRF_DATA_TYPE type, const void *value, CK_ULONG n)
{
	if (type > UINT8_MAX || n > sizeof to->p || to->n + 3 + n > sizeof to->p ||
		(value == NULL && n > 0))
		return false;
	to->p[to->n] = (uint8_t)type;
	put_be16(to->p + to->n + 1, (uint16_t)n);
	if (n > 0)
		memcpy(to->p + to->n + 3, value, n);
	to->n += 3 + n;
	return true;
}

static bool copy_value(const CK_PRF_DATA_PARAM *p, void *ret, size_t size)
{
	if (p->pValue == NULL || p->ulValueLen != size)
		return false;
	memcpy(ret, p->pValue, size);
	return true;
}

/* All numbers of the flat form are big-endian. */
static bool put_counter(struct pieces *to, const CK_PRF_DATA_PARAM *p)
{
	CK_SP800_108_COUNTER_FORMAT f;

	if (!copy_value(p, &f, sizeof f) || f.bLittleEndian != CK_FALSE ||
		f.ulWidthInBits > UINT8_MAX)
		return false;
	uint8_t width = (uint8_t)f.ulWidthInBits;

	return put_piece(to, p->type, &width, sizeof width);
}

static bool put_length(struct pieces *to, const CK_PRF_DATA_PARAM *p)
{
	CK_SP800_108_DKM_LENGTH_FORMAT f;

	if (!copy_value(p, &f, sizeof f) || f.bLittleEndian != CK_FALSE ||
		f.ulWidthInBits > UINT8_MAX || f.dkmLengthMethod > UINT8_MAX)
		return false;
	const uint8_t value[2] = {(uint8_t)f.dkmLengthMethod, (uint8_t)f.ulWidthInBits};

	return put_piece(to, p->type, value, sizeof value);
}

static bool put_item(struct pieces *to, const CK_PRF_DATA_PARAM *p, bool counter_mode)
{
	switch (p->type) {
	case CK_SP800_108_ITERATION_VARIABLE:
		if (counter_mode)
			return put_counter(to, p);
		return p->pValue == NULL && p->ulValueLen == 0 && put_piece(to, p->type, NULL, 0);
	case CK_SP800_108_OPTIONAL_COUNTER:
		return put_counter(to, p);
	case CK_SP800_108_DKM_LENGTH:
		return put_length(to, p);
	case CK_SP800_108_BYTE_ARRAY:
		return put_piece(to, p->type, p->pValue, p->ulValueLen);
	default: /* also CK_SP800_108_KEY_HANDLE: a handle has no flat form */
		return false;
	}
}

static bool put_items(
	struct wire *w, const CK_PRF_DATA_PARAM *list, CK_ULONG count, bool counter_mode)
{
	struct pieces pieces;
	CK_PRF_DATA_PARAM p;

	pieces.n = 0;
	if (list == NULL || count > ITEMS_MAX)
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		memcpy(&p, &list[i], sizeof p);
		if (!put_item(&pieces, &p, counter_mode))
			return false;
	}
	return field_put(w, KEYDIV_DATA_PARAMETERS, pieces.p, pieces.n);
}

static bool flatten_plain(struct wire *w, const CK_MECHANISM *m, bool counter_mode)
{
	CK_SP800_108_KDF_PARAMS p;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof p)
		return false;
	memcpy(&p, m->pParameter, sizeof p);
	return p.ulAdditionalDerivedKeys == 0 && field_put_u32(w, KEYDIV_HASH, p.prfType) &&
	       put_items(w, p.pDataParams, p.ulNumberOfDataParams, counter_mode);
}

bool flatten_sp800_counter(struct wire *w, const CK_MECHANISM *m)
{
	return flatten_plain(w, m, true);
}

bool flatten_sp800_pipeline(struct wire *w, const CK_MECHANISM *m)
{
	return flatten_plain(w, m, false);
}

bool flatten_sp800_feedback(struct wire *w, const CK_MECHANISM *m)
{
	CK_SP800_108_FEEDBACK_KDF_PARAMS p;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof p)
		return false;
	memcpy(&p, m->pParameter, sizeof p);
	return p.ulAdditionalDerivedKeys == 0 && field_put_u32(w, KEYDIV_HASH, p.prfType) &&
	       put_items(w, p.pDataParams, p.ulNumberOfDataParams, false) &&
	       (p.ulIVLen == 0 || field_put(w, KEYDIV_FEEDBACK_IV, p.pIV, p.ulIVLen));
}
