/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: gives each new key a label of its own and a random CKA_ID. */
#include "tool/token/identity.h"

#include <string.h>

#include "tool/token/find.h"

bool label_is_free(struct client *client, const char *label)
{
	CK_OBJECT_HANDLE found;
	CK_RV rv = find_label(client->f, client->session, label, strlen(label), &found);

	if (rv != CKR_OK)
		return fail_rv(rv, "cannot search the token");
	return found == 0 ? true : fail("there is a key '%s' already: choose another label", label);
}

bool identity_add_id(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	unsigned char id[NEW_ID_BYTES], struct problem *problem)
{
	CK_RV rv = f->C_GenerateRandom(session, id, NEW_ID_BYTES);

	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot make an id for the key");
	template_bytes(t, CKA_ID, id, NEW_ID_BYTES);
	return true;
}

bool identity_is_alone(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const char *label, size_t n, struct problem *problem)
{
	struct template t = {0};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count;

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_bytes(&t, CKA_LABEL, label, n);
	CK_RV rv = find_objects(f, session, &t, found, 2, &count);
	if (rv == CKR_OK && count < 2)
		return true;
	CK_RV destroyed = f->C_DestroyObject(session, key);
	if (destroyed != CKR_OK)
		return problem_set(problem, destroyed,
			"the key '%s' is made, but another key may have the same label, and this "
			"one cannot be destroyed: see 'keydiv key list' and delete one by uid:",
			label);
	if (rv != CKR_OK)
		return problem_set(
			problem, rv, "cannot search the token; '%s' was not made", label);
	return problem_set(problem, CKR_OK,
		"another program made a key '%s' at the same time; the new key was destroyed: see "
		"'keydiv key list', and try again or choose another label",
		label);
}
