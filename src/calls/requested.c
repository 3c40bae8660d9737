/* SPDX-License-Identifier: Apache-2.0 */
/* requested.c: copy and parse a mechanism parameter. */
#include "calls/requested.h"

CK_RV requested_parameter(struct session *s, const struct requested *requested,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, struct parsed *ret)
{
	const struct mechanism *mech = requested->mech;
	const CK_MECHANISM *caller = &requested->caller;
	size_t n = caller->ulParameterLen, used = 0;

	REQUIRE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is longer than 4096 bytes");
	REQUIRE(caller->pParameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	ret->parameter.fields = mech->fields;
	ret->parameter.count = 0;
	ret->parameter.encoded = bytes_of(s->parameter, 0);
	ret->in_template = false;

	if (mech->parse_native)
		return mech->parse_native(caller, ret->native, s->parameter, &used);
	if (mech->fields == NULL) {
		REQUIRE(n == 0, CKR_MECHANISM_PARAM_INVALID, "the mechanism takes no parameter");
		return CKR_OK;
	}
	if (n > 0)
		memcpy(s->parameter, caller->pParameter, n);
	else
		TRY(template_parameter(
			attributes, count, s->parameter, PARAMETER_MAX, &n, &ret->in_template));
	return parameter_parse(mech, s->parameter, n, &ret->parameter);
}
