/* SPDX-License-Identifier: Apache-2.0 */
/* requested.c: copy and parse a mechanism parameter. */
#include "calls/requested.h"

CK_RV requested_parameter(struct session *s, const struct requested *requested, struct parsed *ret)
{
	const struct mechanism *mech = requested->mech;
	const CK_MECHANISM *caller = &requested->caller;
	CK_ULONG n = caller->ulParameterLen;
	size_t used = 0;

	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(caller->pParameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	ret->parameter.fields = mech->fields;
	ret->parameter.count = 0;
	ret->parameter.encoded = bytes_of(s->parameter, 0);

	if (mech->parse_native)
		return mech->parse_native(caller, ret->native, s->parameter, &used);
	if (mech->fields == NULL) {
		REQUIRE(n == 0, CKR_MECHANISM_PARAM_INVALID, "the mechanism takes no parameter");
		return CKR_OK;
	}
	if (n > 0)
		memcpy(s->parameter, caller->pParameter, n);
	return parameter_parse(mech, s->parameter, n, &ret->parameter);
}
