/* SPDX-License-Identifier: Apache-2.0 */
/* object_calls.c: the functions on objects. */
#include "calls/object_calls.h"

#include "calls/failure.h"
#include "object/attribute.h"
#include "object/template.h"
#include "token/objects.h"
#include "token/self_test_gate.h"

/*
 * Compute the check value of a foreign master by the key in the other token. *RET_N is 0 if that
 * key does not compute what the check value is made of.
 */
static CK_RV foreign_check_value(struct session *s, struct bytes uri,
	const struct foreign_facts *facts, uint8_t kcv[3], size_t *ret_n)
{
	struct key *key = s->scratch[0];

	TRY(foreign_attach(session_foreign(s), uri, facts->type, facts->length,
		bytes_of(facts->check, facts->check_n), key));
	CK_RV rv = key_check_value(key, key_type_by_cmac(facts->type), kcv);
	key_unload(key);
	*ret_n = rv == CKR_OK ? 3 : 0;
	return rv == CKR_KEY_FUNCTION_NOT_PERMITTED ? CKR_OK : rv;
}

/* Plan a master of the key in another token that T names. The template is checked first. */
static CK_RV create_foreign(struct session *s, const struct template *t,
	const struct rights *rights, struct object *ret)
{
	struct bytes uri = t->variable[VAR_FOREIGN_KEY];
	struct foreign_facts facts;
	uint8_t kcv[3];
	size_t kcv_n;

	TRY(plan_foreign(t, rights, NULL, ret));
	object_wipe(ret);
	TRY(foreign_link(session_foreign(s), uri, &facts));
	TRY(foreign_check_value(s, uri, &facts, kcv, &kcv_n));
	struct foreign_plan key = {facts.type, facts.length, facts.extractable,
		{uri, bytes_of(kcv, kcv_n), bytes_of(facts.check, facts.check_n)}};
	return plan_foreign(t, rights, &key, ret);
}

CK_RV create_object(
	struct session *s, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_handle)
{
	struct rights rights = session_rights(s);
	OBJECT object = {0};

	REQUIRE(ret_handle != NULL, CKR_ARGUMENTS_BAD, "phObject is NULL");
	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	TRY(session_scratch(s));
	if (plan_is_foreign(&template))
		TRY(create_foreign(s, &template, &rights, &object));
	else
		TRY(plan_create(&template, &rights, &object));
	TRY(plan_check_value(&object, &template, s->scratch[0]));
	return object_add(s, &object, ret_handle);
}

CK_RV copy_object(struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes,
	CK_ULONG count, CK_OBJECT_HANDLE *ret_handle)
{
	struct rights rights = session_rights(s);
	uint8_t unique_id[16];
	OBJECT source = {0};
	OBJECT copy = {0};

	REQUIRE(ret_handle != NULL, CKR_ARGUMENTS_BAD, "phObject is NULL");
	TRY(object_get(s, handle, &source, unique_id));
	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	CK_RV rv = plan_copy(&template, &source, &rights, &copy);
	if (rv != CKR_OK)
		return call_failed(rv, NULL, s, handle, &source);
	return object_add(s, &copy, ret_handle);
}

CK_RV get_object_size(struct session *s, CK_OBJECT_HANDLE handle, CK_ULONG *ret_size)
{
	uint8_t unique_id[16];
	OBJECT object = {0};

	REQUIRE(ret_size != NULL, CKR_ARGUMENTS_BAD, "pulSize is NULL");
	TRY(object_get(s, handle, &object, unique_id));
	*ret_size = attributes_size(&object);
	return CKR_OK;
}

CK_RV get_attributes(
	struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	uint8_t unique_id[16];
	OBJECT object = {0};

	REQUIRE(attributes != NULL, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TRY(object_get(s, handle, &object, unique_id));
	TRY(session_scratch(s));
	struct reading r = {&object, handle, unique_id, s->scratch[0], self_test_now};
	return attributes_read(&r, attributes, count);
}

/* --- C_SetAttributeValue --- */

struct setting {
	const struct template *template;
	struct rights rights;
};

static CK_RV set_on_copy(struct object *o, void *arg)
{
	const struct setting *setting = arg;

	return plan_set(setting->template, &setting->rights, o);
}

CK_RV set_attributes(
	struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	REQUIRE(attributes != NULL, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	struct setting setting = {&template, session_rights(s)};
	return object_change(s, handle, set_on_copy, &setting);
}
