/* SPDX-License-Identifier: Apache-2.0 */
/* record.c: objects sealed into records and opened again, see record.h. */
#include "store/record.h"

#include <stdlib.h>

#include "base/log.h"
#include "key/key_type.h"
#include "object/object_foreign.h"

void record_free(struct record *record)
{
	free(record->owned);
	*record = (struct record){0};
}

bool record_has_state(const struct object *o)
{
	return key_type_is_state(o->key_type);
}

/* The attributes are authenticated with the value. */
static struct binding binding_of(const struct record *record)
{
	return (struct binding){.id = record->id, .more = record->attributes};
}

static struct bytes id_attribute(const struct object *o)
{
	return object_variable(o, o->object_class == CKO_DATA ? VAR_OBJECT_ID : VAR_ID);
}

/* --- Sealing --- */

/*
 * Write the attributes of O to one buffer, with room for the sealed value of N bytes behind them.
 */
static CK_RV encode(const struct object *o, size_t n, struct record *record)
{
	uint8_t *attributes;
	size_t attributes_len;

	TRY(object_encode(o, &attributes, &attributes_len));
	uint8_t *both = realloc(attributes, attributes_len + n + SEAL_OVERHEAD);
	if (both == NULL) {
		free(attributes);
		return CKR_HOST_MEMORY;
	}
	record->owned = both;
	record->attributes = bytes_of(both, attributes_len);
	record->sealed = bytes_of(both + attributes_len, n + SEAL_OVERHEAD);
	return CKR_OK;
}

CK_RV record_seal(
	const struct snapshot *keys, int64_t id, const struct object *o, struct record *ret)
{
	const struct secret *value = &o->value;
	SECRET foreign = {0};
	RECORD record = {
		.id = id,
		.object_class = o->object_class,
		.is_private = (o->flags & FLAG_PRIVATE) != 0,
		.label = object_variable(o, VAR_LABEL),
		.object_id = id_attribute(o),
	};

	if (object_is_foreign(o)) {
		TRY(object_foreign_encode(o, &foreign));
		value = &foreign;
	}
	size_t n = record_has_state(o) ? 0 : value->len;
	TRY(encode(o, n, &record));
	struct binding binding = binding_of(&record);
	TRY(vault_seal(keys, &binding, secret_peek(value), n, (uint8_t *)record.sealed.p));
	*ret = record;
	record.owned = NULL;
	return CKR_OK;
}

/* --- Opening --- */

/* Return true if the columns that the store searches by agree with the attributes. */
static bool columns_agree(const struct record *record, const struct object *o)
{
	struct bytes label = object_variable(o, VAR_LABEL), id = id_attribute(o);

	return record->object_class == o->object_class &&
	       record->is_private == ((o->flags & FLAG_PRIVATE) != 0) &&
	       (record->label.p != NULL) == (label.p != NULL) &&
	       bytes_equal(record->label, label) &&
	       (record->object_id.p != NULL) == (id.p != NULL) &&
	       bytes_equal(record->object_id, id);
}

static CK_RV open_value(
	const struct snapshot *keys, const struct record *record, struct object *ret)
{
	struct binding binding = binding_of(record);
	CK_RV rv = vault_open(keys, &binding, record->sealed, &ret->value);

	if (rv == CKR_OK && object_is_foreign(ret)) {
		rv = object_foreign_decode(bytes_of(secret_peek(&ret->value), ret->value.len), ret);
		secret_wipe(&ret->value);
	}
	return rv == CKR_ENCRYPTED_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

CK_RV record_open(const struct snapshot *keys, const struct record *record, struct object *ret)
{
	CK_RV rv = object_decode(record->attributes, ret);

	if (rv == CKR_OK && (!columns_agree(record, ret) || !(ret->flags & FLAG_TOKEN)))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK && keys->key.len > 0)
		rv = open_value(keys, record, ret);
	if (rv == CKR_DEVICE_ERROR)
		log_error("object %lld is damaged, or not of this token", (long long)record->id);
	if (rv != CKR_OK)
		object_wipe(ret);
	return rv;
}
