/* SPDX-License-Identifier: Apache-2.0 */
/* device_record.c: read and write the record of a device. */
#include "tool/token/device_record.h"

#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/token/find.h"

#define VALUE_MAX (2 * (3 + SALT_MAX))

static const char application[] = "keydiv";
static const unsigned char object_id[] = {0x06, 0x14, 0x69, 0x81, 0xba, 0x8c, 0xb7, 0xd3, 0xd1,
	0xf7, 0xd2, 0xac, 0xd9, 0xd9, 0x9a, 0xbd, 0xae, 0xcd, 0x7c, 0xb9, 0x1d, 0x37, 0x7f};

static void record_template(struct template *t, const char *serial, size_t n)
{
	template_number(t, CKA_CLASS, CKO_DATA);
	template_bytes(t, CKA_APPLICATION, application, sizeof application - 1);
	if (serial)
		template_bytes(t, CKA_LABEL, serial, n);
}

static bool parse(const unsigned char *p, size_t n, struct device_record *ret)
{
	ret->count = 0;
	while (n > 0) {
		if (ret->count == 2 || n < 3 || p[0] != KEYDIV_SALT)
			return false;
		struct salt *salt = &ret->salt[ret->count++];
		salt->n = get_be16(p + 1);
		if (salt->n > SALT_MAX || salt->n > n - 3)
			return false;
		memcpy(salt->p, p + 3, salt->n);
		p += 3 + salt->n;
		n -= 3 + salt->n;
	}
	return ret->count > 0;
}

CK_RV device_record_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *serial,
	size_t n, struct device_record *ret)
{
	struct template t = {0};
	unsigned char value[VALUE_MAX];
	CK_ULONG count, length;
	CK_OBJECT_HANDLE found[2];

	record_template(&t, serial, n);
	TRY(find_objects(f, session, &t, found, 2, &count));
	if (count == 0) {
		*ret = (struct device_record){.count = 1};
		return CKR_OK;
	}
	TRY(attribute_get(f, session, found[0], CKA_VALUE, value, sizeof value, &length));
	if (count > 1 || length == CK_UNAVAILABLE_INFORMATION || !parse(value, length, ret))
		return CKR_DATA_INVALID;
	ret->object = found[0];
	return CKR_OK;
}

CK_RV device_record_write(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *serial,
	size_t n, const struct device_record *record)
{
	unsigned char value[VALUE_MAX];
	CK_ULONG length = 0;
	struct template t = {0};
	CK_OBJECT_HANDLE object;

	for (size_t i = 0; i < record->count; i++) {
		value[length] = KEYDIV_SALT;
		put_be16(value + length + 1, (uint16_t)record->salt[i].n);
		memcpy(value + length + 3, record->salt[i].p, record->salt[i].n);
		length += 3 + record->salt[i].n;
	}
	if (record->object) {
		CK_ATTRIBUTE a = {CKA_VALUE, value, length};
		return f->C_SetAttributeValue(session, record->object, &a, 1);
	}
	record_template(&t, serial, n);
	template_flag(&t, CKA_TOKEN, true);
	template_flag(&t, CKA_PRIVATE, true);
	template_bytes(&t, CKA_OBJECT_ID, object_id, sizeof object_id);
	template_bytes(&t, CKA_VALUE, value, length);
	return f->C_CreateObject(session, t.attributes, t.count, &object);
}

CK_RV device_records_exist(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, bool *ret)
{
	struct template t = {0};
	CK_OBJECT_HANDLE found;
	CK_ULONG count;

	record_template(&t, NULL, 0);
	TRY(find_objects(f, session, &t, &found, 1, &count));
	*ret = count > 0;
	return CKR_OK;
}
