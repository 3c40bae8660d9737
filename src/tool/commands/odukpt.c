/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt.c: steps that the `odukpt` commands share. */
#include "tool/commands/odukpt.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/report.h"
#include "tool/token/identity.h"

bool odukpt_shape(const char *text, unsigned char ret[2])
{
	unsigned r = 0, n = 0;
	char left;

	if (!text || sscanf(text, "%2u,%2u%c", &r, &n, &left) != 2 || r < 1 || r > 32 || n < 1 ||
		n > 32)
		return fail("--shape takes two numbers from 1 to 32, as 21,7: 'keydiv odukpt plan' "
			    "helps to choose");
	ret[0] = (unsigned char)r;
	ret[1] = (unsigned char)n;
	return true;
}

void odukpt_put_purpose(KEYDIV_PARAMETER *p, const char *purpose)
{
	if (purpose)
		keydiv_put(p, KEYDIV_ODUKPT_PURPOSE, purpose, strlen(purpose));
}

void odukpt_add_count(struct client *client, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
	const char *name, struct json_object *o)
{
	unsigned char value[8];
	CK_ULONG n;

	if (attribute_get(client->f, client->session, key, type, value, sizeof value, &n) ==
			CKR_OK &&
		n == sizeof value)
		add_number(o, name, get_be64(value));
}

bool odukpt_store(struct client *client, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, const char *label, long long reserve, CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};
	struct problem problem;
	unsigned char id[NEW_ID_BYTES];

	template_flag(&t, CKA_TOKEN, true);
	template_text(&t, CKA_LABEL, label);
	template_flag(&t, CKA_DERIVE, true);
	if (!identity_add_id(client->f, client->session, &t, id, &problem))
		return problem_report(&problem, 0);
	if (reserve >= 0)
		template_number(&t, CKA_KEYDIV_RESERVE, (CK_ULONG)reserve);
	CK_MECHANISM mechanism = keydiv_mechanism(type, p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, key, t.attributes, t.count, ret);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, type, &problem))
		return problem_report(&problem, 0);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot make '%s'", label);
	return identity_is_alone(client->f, client->session, *ret, label, strlen(label), &problem)
		       ? true
		       : problem_report(&problem, 0);
}

bool odukpt_transact(struct client *client, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, const struct result_request *request, CK_OBJECT_HANDLE state)
{
	struct template t = {0};
	struct result result;
	struct problem problem;
	CK_OBJECT_HANDLE key;

	result_template(request, &t);
	CK_MECHANISM mechanism = keydiv_mechanism(type, p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, base, t.attributes, t.count, &key);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, type, &problem))
		return problem_report(&problem, 0);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot derive the transaction key");
	if (!result_read(client->f, client->session, key, request, &result, &problem))
		return problem_report(&problem, 0);
	struct json_object *o = json_object_new_object();
	odukpt_add_count(client, key, CKA_KEYDIV_TRANSACTION, "transaction", o);
	result_add(o, request, &result);
	if (state)
		odukpt_add_count(client, state, CKA_KEYDIV_REMAINING, "remaining", o);
	return attributes_show(o);
}
