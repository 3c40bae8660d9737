/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_find.c: see foreign_find.h. */
#include "foreign/foreign_find.h"

#include <stdlib.h>

#include "base/log.h"
#include "foreign/foreign_module.h"
#include "foreign/p11_kit_library.h"

#define SLOTS_MAX 1024   /* slots of the foreign module */
#define ATTRIBUTES_MAX 8 /* a URI has CKA_LABEL, CKA_ID and CKA_CLASS at most */

/* --- The URI --- */

/*
 * Parts of a URI that keydiv does not take. The URI comes from a caller who has no right to choose
 * a module or a file with a PIN, and a PIN in a URI would be shown with the URI.
 */
static const char *unwanted(const struct p11_kit_library *kit, P11KitUri *uri)
{
	if (kit->p11_kit_uri_get_pin_value(uri) != NULL ||
		kit->p11_kit_uri_get_pin_source(uri) != NULL)
		return "a PIN in the URI is not used; see foreign-pin-source in keydiv.conf";
	if (kit->p11_kit_uri_get_module_name(uri) != NULL ||
		kit->p11_kit_uri_get_module_path(uri) != NULL)
		return "the module is chosen by foreign-module in keydiv.conf, not by the URI";
	if (kit->p11_kit_uri_any_unrecognized(uri))
		return "the URI has parts that are not in RFC 7512";
	if (kit->p11_kit_uri_get_attribute(uri, CKA_LABEL) == NULL &&
		kit->p11_kit_uri_get_attribute(uri, CKA_ID) == NULL)
		return "the URI names no key; add object= or id=";
	CK_ATTRIBUTE *class = kit->p11_kit_uri_get_attribute(uri, CKA_CLASS);
	CK_OBJECT_CLASS value = CKO_SECRET_KEY;
	if (class != NULL && class->ulValueLen == sizeof value)
		memcpy(&value, class->pValue, sizeof value);
	return value == CKO_SECRET_KEY ? NULL : "the URI names no secret key; use type=secret-key";
}

/* Parse TEXT. *RET is NULL if TEXT is refused, and the reason is logged. The caller frees *RET. */
static CK_RV parse(const struct p11_kit_library *kit, const char *text, P11KitUri **ret)
{
	P11KitUri *uri = kit->p11_kit_uri_new();

	ENSURE(uri != NULL, CKR_HOST_MEMORY);
	int result = kit->p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
	const char *why =
		result != P11_KIT_URI_OK ? kit->p11_kit_uri_message(result) : unwanted(kit, uri);
	if (why != NULL) {
		log_warning("the URI of a foreign key is refused: %s", why);
		kit->p11_kit_uri_free(uri);
		uri = NULL;
	}
	*ret = uri;
	return CKR_OK;
}

/* --- The token --- */

/* The foreign module during a search. */
struct search {
	const struct p11_kit_library *kit;
	P11KitUri *uri;
	CK_FUNCTION_LIST *f;
	uint64_t era;
	CK_SLOT_ID slot;
	size_t matches; /* of tokens */
};

static CK_RV search_failed(const struct search *s, const char *function, CK_RV rv)
{
	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		foreign_module_lost(s->era);
	return foreign_session_failed(NULL, function, rv);
}

/* Set *RET if the token in SLOT has the attributes of the URI. An empty slot has not. */
static CK_RV slot_matches(const struct search *s, CK_SLOT_ID slot, bool *ret)
{
	CK_SLOT_INFO slot_info = {0};
	CK_TOKEN_INFO token_info = {0};
	CK_SLOT_ID wanted = s->kit->p11_kit_uri_get_slot_id(s->uri);

	*ret = false;
	if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
		return CKR_OK;
	CK_RV rv = s->f->C_GetTokenInfo(slot, &token_info);
	if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED)
		return CKR_OK;
	if (rv != CKR_OK)
		return search_failed(s, "C_GetTokenInfo", rv);
	rv = s->f->C_GetSlotInfo(slot, &slot_info);
	if (rv != CKR_OK)
		return search_failed(s, "C_GetSlotInfo", rv);
	*ret = s->kit->p11_kit_uri_match_token_info(s->uri, &token_info) == 1 &&
	       s->kit->p11_kit_uri_match_slot_info(s->uri, &slot_info) == 1;
	return CKR_OK;
}

static CK_RV find_token_in(struct search *s, const CK_SLOT_ID *slots, CK_ULONG n)
{
	CK_RV failure = CKR_OK;

	for (CK_ULONG i = 0; i < n; i++) {
		bool matches;
		CK_RV rv = slot_matches(s, slots[i], &matches);
		if (rv != CKR_OK) {
			failure = rv; /* the failing token may not be the one that is meant */
		} else if (matches) {
			s->slot = slots[i];
			s->matches++;
		}
	}
	return s->matches > 0 ? CKR_OK : failure;
}

static CK_RV find_token(struct search *s)
{
	CK_SLOT_ID *slots;
	CK_INFO info = {0};
	CK_ULONG n = SLOTS_MAX;

	CK_RV rv = s->f->C_GetInfo(&info);
	if (rv != CKR_OK)
		return search_failed(s, "C_GetInfo", rv);
	if (s->kit->p11_kit_uri_match_module_info(s->uri, &info) != 1)
		return CKR_OK;
	slots = calloc(SLOTS_MAX, sizeof *slots);
	ENSURE(slots != NULL, CKR_HOST_MEMORY);
	rv = s->f->C_GetSlotList(CK_TRUE, slots, &n);
	if (rv != CKR_OK)
		rv = search_failed(s, "C_GetSlotList", rv);
	else if (n > SLOTS_MAX)
		rv = FAIL(CKR_DEVICE_ERROR, "the foreign module has too many slots");
	else
		rv = find_token_in(s, slots, n);
	free(slots);
	return rv;
}

/* --- The key --- */

/* Make the template of the URI's attributes in RET, with room for ATTRIBUTES_MAX. */
static CK_RV make_template(const struct search *s, CK_ATTRIBUTE *ret, CK_ULONG *ret_n)
{
	static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ULONG n = 0;
	CK_ATTRIBUTE *of_uri = s->kit->p11_kit_uri_get_attributes(s->uri, &n);

	ENSURE(n < ATTRIBUTES_MAX, CKR_DEVICE_ERROR);
	*ret_n = 0;
	for (CK_ULONG i = 0; i < n; i++)
		if (of_uri[i].type != CKA_CLASS)
			ret[(*ret_n)++] = of_uri[i];
	ret[(*ret_n)++] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof class};
	return CKR_OK;
}

/* Set RET_KEYS to the first two keys that the URI names, and *RET_N to their number, at most 2. */
static CK_RV find_keys(const struct search *s, struct foreign_session *session,
	CK_OBJECT_HANDLE ret_keys[2], CK_ULONG *ret_n)
{
	CK_ATTRIBUTE template[ATTRIBUTES_MAX];
	CK_ULONG n;

	TRY(make_template(s, template, &n));
	CK_RV rv = session->f->C_FindObjectsInit(session->handle, template, n);
	if (rv != CKR_OK)
		return foreign_session_failed(session, "C_FindObjectsInit", rv);
	*ret_n = 0;
	rv = session->f->C_FindObjects(session->handle, ret_keys, 2, ret_n);
	if (rv != CKR_OK)
		return foreign_session_failed(session, "C_FindObjects", rv);
	rv = session->f->C_FindObjectsFinal(session->handle);
	if (rv != CKR_OK)
		return foreign_session_failed(session, "C_FindObjectsFinal", rv);
	REQUIRE(*ret_n <= 2, CKR_DEVICE_ERROR, "the foreign token found more keys than asked for");
	return CKR_OK;
}

static CK_RV find_key(struct foreign *f, const struct search *s, struct foreign_found *ret,
	enum foreign_match *ret_match)
{
	CK_OBJECT_HANDLE keys[2] = {0};
	CK_ULONG n;

	TRY(foreign_session_get(f, s->slot, &ret->session));
	TRY(find_keys(s, ret->session, keys, &n));
	ret->handle = keys[0];
	*ret_match = n == 1 ? FOREIGN_ONE : n == 0 ? FOREIGN_NO_KEY : FOREIGN_SEVERAL;
	if (n != 1)
		log_warning("the URI of a foreign key names %s",
			n == 0 ? "no secret key of its token" : "several secret keys");
	return CKR_OK;
}

static CK_RV find(struct foreign *f, struct search *s, struct foreign_found *ret,
	enum foreign_match *ret_match)
{
	TRY(foreign_module(&s->f, &s->era));
	TRY(find_token(s));
	if (s->matches == 1)
		return find_key(f, s, ret, ret_match);
	*ret_match = s->matches == 0 ? FOREIGN_NO_TOKEN : FOREIGN_SEVERAL;
	log_warning("the URI of a foreign key names %s",
		s->matches == 0 ? "no token of the foreign module" : "several tokens");
	return CKR_OK;
}

CK_RV foreign_find(struct foreign *f, const char *uri, struct foreign_found *ret,
	enum foreign_match *ret_match)
{
	struct search s = {0};

	TRY(p11_kit_library(&s.kit));
	TRY(parse(s.kit, uri, &s.uri));
	if (s.uri == NULL) {
		*ret_match = FOREIGN_URI_BAD;
		return CKR_OK;
	}
	CK_RV rv = find(f, &s, ret, ret_match);
	s.kit->p11_kit_uri_free(s.uri);
	return rv;
}
