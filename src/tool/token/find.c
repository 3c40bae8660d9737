/* SPDX-License-Identifier: Apache-2.0 */
/* find.c: search the token. */
#include "tool/token/find.h"

#include <string.h>

#include "base/bytes.h"
#include "keydiv.h"
#include "tool/report.h"
#include "tool/token/uri.h"

CK_RV find_objects(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_count)
{
	CK_ULONG found = 0;

	TRY(f->C_FindObjectsInit(session, t->attributes, t->count));
	CK_RV rv = f->C_FindObjects(session, ret, max, &found);
	CK_RV end = f->C_FindObjectsFinal(session);
	TRY(rv);
	TRY(end);
	*ret_count = found;
	return CKR_OK;
}

static bool find_one(
	struct client *client, struct template *t, const char *name, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count;

	template_number(t, CKA_CLASS, CKO_SECRET_KEY);
	CK_RV rv = find_objects(client->f, client->session, t, found, 2, &count);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot search the token");
	if (count == 1) {
		*ret = found[0];
		return true;
	}
	if (name && count == 0)
		return fail("there is no key '%s' in the token: 'keydiv key list' shows the keys",
			name);
	if (name)
		return fail("several keys fit '%s': name one by its uid:, which 'keydiv key list' "
			    "shows",
			name);
	return fail("the token has %s key to derive from: name one with --key",
		count == 0 ? "no" : "more than one");
}

/* Find a key by the object part of a URI. */
static bool find_by_uri(struct client *client, const char *name, CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};
	P11KitUri *uri;
	CK_ULONG n;

	if (!uri_read(name, &uri))
		return false;
	CK_ATTRIBUTE *attributes = p11_kit_uri_get_attributes(uri, &n);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	bool ok = true;
	for (CK_ULONG i = 0; i < n; i++)
		if (attributes[i].type != CKA_CLASS)
			template_bytes(&t, attributes[i].type, attributes[i].pValue,
				attributes[i].ulValueLen);
		else
			memcpy(&class, attributes[i].pValue, sizeof class);
	if (class != CKO_SECRET_KEY)
		ok = fail("'%s' names no secret key: make it type=secret-key, or leave type out",
			name);
	else if (!p11_kit_uri_match_token_info(uri, &client->token))
		ok = fail("'%s' names another token: leave --token out, or make them agree", name);
	else if (t.count == 0)
		ok = fail("'%s' names no key: add object= or id=", name);
	else
		ok = find_one(client, &t, name, ret);
	p11_kit_uri_free(uri);
	return ok;
}

static bool find_named(struct client *client, const char *name, CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};
	uint8_t id[64];

	if (!name) {
		template_flag(&t, CKA_DERIVE, true);
		template_flag(&t, CKA_TOKEN, true);
		return find_one(client, &t, NULL, ret);
	}
	if (is_uri(name))
		return find_by_uri(client, name, ret);
	if (strncmp(name, "id:", 3) == 0) {
		size_t n = strlen(name + 3) / 2;
		if (n == 0 || n > sizeof id || !hex_decode(name + 3, id, n))
			return fail(
				"'%s': an id is up to %zu bytes in hexadecimal", name, sizeof id);
		template_bytes(&t, CKA_ID, id, n);
	} else if (strncmp(name, "uid:", 4) == 0) {
		template_text(&t, CKA_UNIQUE_ID, name + 4);
	} else {
		template_text(&t, CKA_LABEL, name);
	}
	return find_one(client, &t, name, ret);
}

bool find_key(struct client *client, const char *name, CK_OBJECT_HANDLE *ret)
{
	char uri[1024];
	CK_ULONG n = 0;

	if (!find_named(client, name, ret))
		return false;
	if (attribute_get(client->f, client->session, *ret, CKA_KEYDIV_FOREIGN_KEY, uri, sizeof uri,
		    &n) == CKR_OK &&
		n != CK_UNAVAILABLE_INFORMATION && n > 0)
		report_foreign_key();
	return attributes_were_read();
}

CK_RV find_label(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label, size_t n,
	CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};
	CK_OBJECT_HANDLE found;
	CK_ULONG count;

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_bytes(&t, CKA_LABEL, label, n);
	TRY(find_objects(f, session, &t, &found, 1, &count));
	*ret = count > 0 ? found : 0;
	return CKR_OK;
}
