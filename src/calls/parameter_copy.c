/* SPDX-License-Identifier: Apache-2.0 */
/* parameter_copy.c: see parameter_copy.h. */
#include "calls/parameter_copy.h"

CK_RV session_parameter(struct session *s, const struct mechanism *row, const CK_MECHANISM *caller,
	struct parsed *ret)
{
	CK_ULONG n = caller->ulParameterLen;
	size_t used = 0;

	ENSURE(n <= PARAMETER_MAX, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(caller->pParameter != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID);
	ret->parameter.fields = row->fields;
	ret->parameter.count = 0;
	ret->parameter.encoded = bytes_of(s->parameter, 0);

	if (row->parse_native)
		return row->parse_native(caller, ret->native, s->parameter, &used);
	if (row->fields == NULL) {
		ENSURE(n == 0, CKR_MECHANISM_PARAM_INVALID);
		return CKR_OK;
	}
	if (n > 0)
		memcpy(s->parameter, caller->pParameter, n);
	return parameter_parse(row, s->parameter, n, &ret->parameter);
}
