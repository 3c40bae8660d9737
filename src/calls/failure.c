/* SPDX-License-Identifier: Apache-2.0 */
/* failure.c: explain a failed call. */
#include "calls/failure.h"

#include "base/log.h"
#include "token/objects.h"

static void name_key(
	CK_RV rv, const struct session *s, CK_OBJECT_HANDLE handle, const struct object *key)
{
	struct bytes label = object_variable(key, VAR_LABEL);
	uint8_t unique_id[16];
	char text[2 * sizeof unique_id + 1];

	if (label.n > 0) {
		log_subject_key(rv, label.p, label.n);
		return;
	}
	object_unique_id(s, handle, unique_id);
	hex_encode(unique_id, sizeof unique_id, text);
	log_subject_key(rv, text, sizeof text - 1);
}

CK_RV call_failed(CK_RV rv, const struct mechanism *mech, const struct session *s,
	CK_OBJECT_HANDLE handle, const struct object *key)
{
	if (!log_enabled(LOG_ERROR))
		return rv;
	if (mech != NULL)
		log_subject_mechanism(rv, mech->name);
	if (key != NULL)
		name_key(rv, s, handle, key);
	return rv;
}
