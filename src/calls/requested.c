/* SPDX-License-Identifier: Apache-2.0 */
/* requested.c: copy and parse a mechanism parameter. */
#include "calls/requested.h"

/*
 * Copy the parameter of a mechanism with fields, N bytes, to S->parameter. If the caller gives
 * none, take CKA_KEYDIV_PARAMETER. *RET_N is the length of the parameter.
 */
static inline CK_RV copy_fields(struct session *s, const CK_MECHANISM *caller,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, size_t *ret_n, bool *ret_in_template)
{
	if (caller->ulParameterLen == 0)
		return template_parameter(
			attributes, count, s->parameter, PARAMETER_MAX, ret_n, ret_in_template);
	memcpy(s->parameter, caller->pParameter, caller->ulParameterLen);
	*ret_n = caller->ulParameterLen;
	return CKR_OK;
}

/* Parse the parameter of a mechanism whose functions take a struct, which is RET->native. */
static CK_RV parse_struct(struct session *s, const struct requested *requested,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, struct parsed *ret)
{
	const struct mechanism *mech = requested->mech;
	size_t n = 0, used = 0;

	if (mech->form == FORM_POINTERS)
		return mech->parse_native(&requested->caller, ret->native, s->parameter, &used);
	TRY(copy_fields(s, &requested->caller, attributes, count, &n, &ret->in_template));
	return parameter_parse_flat(mech, s->parameter, n, &ret->parameter, ret->native);
}

CK_RV requested_parameter(struct session *s, const struct requested *requested,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, struct parsed *ret)
{
	const struct mechanism *mech = requested->mech;
	const CK_MECHANISM *caller = &requested->caller;
	size_t n = caller->ulParameterLen;

	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(caller->pParameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	ret->parameter.fields = mech->fields;
	ret->parameter.count = 0;
	ret->parameter.encoded = bytes_of(s->parameter, 0);
	ret->in_template = false;

	if (mech->form != FORM_PLAIN)
		return parse_struct(s, requested, attributes, count, ret);
	if (mech->fields == NULL) {
		REQUIRE(n == 0, CKR_MECHANISM_PARAM_INVALID, "the mechanism takes no parameter");
		return CKR_OK;
	}
	TRY(copy_fields(s, caller, attributes, count, &n, &ret->in_template));
	return parameter_parse(mech, s->parameter, n, &ret->parameter);
}

CK_RV requested_fields(struct session *s, const struct mechanism *mech, const void *p, CK_ULONG n,
	struct parameter *ret)
{
	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(p != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	if (n > 0)
		memcpy(s->parameter, p, n);
	return parameter_parse(mech, s->parameter, n, ret);
}
