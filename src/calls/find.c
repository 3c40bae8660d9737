/* SPDX-License-Identifier: Apache-2.0 */
/* find.c: the search of a session. */
#include "calls/find.h"

#include <string.h>

#include "object/template.h"
#include "token/object_search.h"

CK_RV search_begin(struct session *s, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	REQUIRE(!s->search.active, CKR_OPERATION_ACTIVE, "a search is active already");
	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	TRY(objects_find(s, &template, &s->search.handles, &s->search.count));
	s->search.next = 0;
	s->search.active = true;
	return CKR_OK;
}

CK_RV search_next(struct session *s, CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *ret_n)
{
	REQUIRE(s->search.active, CKR_OPERATION_NOT_INITIALIZED, "no search is active");
	REQUIRE(ret_n != NULL && (handles != NULL || max == 0), CKR_ARGUMENTS_BAD,
		"phObject or pulObjectCount is NULL");
	size_t left = s->search.count - s->search.next;
	size_t n = max < left ? max : left;

	if (n > 0)
		memcpy(handles, s->search.handles + s->search.next, n * sizeof *handles);
	s->search.next += n;
	*ret_n = n;
	return CKR_OK;
}

CK_RV search_end(struct session *s)
{
	REQUIRE(s->search.active, CKR_OPERATION_NOT_INITIALIZED, "no search is active");
	session_end_search(s);
	return CKR_OK;
}
