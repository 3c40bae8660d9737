/* SPDX-License-Identifier: Apache-2.0 */
/* wrapping.c: see wrapping.h. */
#include "tool/token/wrapping.h"

#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "tool/report.h"
#include "tool/token/attributes.h"
#include "tool/token/find.h"
#include "tool/token/names.h"

#define HEADER_MIN 16 /* characters of the field KEY_BLOCK_HEADER */
#define HEADER_MAX 1024

static bool is_key_block(const struct wrap_request *w)
{
	return w->mechanism.mechanism == CKM_KEYDIV_KEY_BLOCK;
}

/* Check the characters of the header. The token checks what they say. */
static bool check_header(const char *header)
{
	size_t n = strlen(header);

	if (n < HEADER_MIN || n > HEADER_MAX)
		return fail("--key-block-header takes %d to %d characters, from the version to the "
			    "last optional block, not %zu",
			HEADER_MIN, HEADER_MAX, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)header[i] < ' ' || (unsigned char)header[i] > '~')
			return fail("--key-block-header takes printable ASCII characters");
	return true;
}

static bool read_fields(struct wrap_request *w)
{
	struct fields fields = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < w->field_texts.count; i++)
		ok = fields_add(&fields, w->field_texts.text[i]);
	if (ok)
		fields_put(&fields, NULL, 0, &w->parameter);
	fields_free(&fields);
	return ok;
}

bool wrap_request_read(struct wrap_request *w)
{
	bool block = w->key_block || w->header;

	if (!w->kek_name && (block || w->mechanism_text || w->field_texts.count))
		return fail("--key-block, --key-block-header, --wrap-mechanism and --wrap-field go "
			    "with --wrap-with");
	if (block && w->mechanism_text)
		return fail("--key-block is a mechanism: leave out --wrap-mechanism");
	if (w->field_texts.count && !w->mechanism_text)
		return fail("--wrap-field goes with --wrap-mechanism");
	keydiv_start(&w->parameter);
	if (w->header && !check_header(w->header))
		return false;
	if (w->header)
		keydiv_put(&w->parameter, KEYDIV_KEY_BLOCK_HEADER, w->header, strlen(w->header));
	CK_MECHANISM_TYPE type = block ? CKM_KEYDIV_KEY_BLOCK : CKM_AES_KEY_WRAP_KWP;
	if (w->mechanism_text && !(mechanism_read(w->mechanism_text, &type) && read_fields(w)))
		return false;
	w->mechanism = keydiv_mechanism(type, &w->parameter);
	return true;
}

bool wrap_request_find(struct wrap_request *w, struct client *client)
{
	if (!w->kek_name)
		return true;
	if (!find_key(client, w->kek_name, &w->kek))
		return false;
	if (attribute_flag(client->f, client->session, w->kek, CKA_WRAP))
		return true;
	return attributes_were_read() &&
	       fail("'%s' wraps no keys: create a wrapping key with --usage wrap", w->kek_name);
}

bool children_can_leave(struct client *client, CK_OBJECT_HANDLE master)
{
	if (attribute_flag(client->f, client->session, master, CKA_KEYDIV_EXTRACTABLE_CHILDREN))
		return true;
	return attributes_were_read() &&
	       fail("Keys derived from this master cannot be wrapped; create it with "
		    "--extractable-children");
}

/* Return a cure that says more than that of the code, or NULL. */
static const char *cure(const struct wrap_request *w, CK_RV rv)
{
	if (rv == CKR_MECHANISM_INVALID)
		return "the wrapping key or the token does not allow this mechanism; see 'keydiv "
		       "key show' and key generate --allow";
	if (rv == CKR_KEY_NOT_WRAPPABLE && !is_key_block(w))
		return "a key that derives, or with --wrap-with-trusted, leaves only under a key "
		       "that the security officer trusts; see 'keydiv key trust'";
	if (!is_key_block(w))
		return NULL;
	if (rv == CKR_KEY_NOT_WRAPPABLE)
		return "no usage of key blocks fits the key, or it may leave under a trusted key "
		       "only; see keydiv(1), Key blocks";
	if (rv == CKR_MECHANISM_PARAM_INVALID)
		return "the header does not say what the key is; see keydiv(1), Key blocks";
	return NULL;
}

bool wrap_key(const struct client *client, CK_SESSION_HANDLE session, const struct wrap_request *w,
	CK_OBJECT_HANDLE key, const char *name, struct wrapped *ret, struct problem *problem)
{
	CK_MECHANISM mechanism = w->mechanism;
	CK_ULONG n = sizeof ret->p;

	CK_RV rv = client->f->C_WrapKey(session, &mechanism, w->kek, key, ret->p, &n);
	ret->n = rv == CKR_OK ? n : 0;
	if (rv == CKR_OK)
		return true;
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, problem))
		return false;
	char wrong[FIELDS_WRONG_MAX];
	const char *more = rv == CKR_MECHANISM_PARAM_INVALID && fields_wrong(&mechanism, wrong)
				   ? wrong
				   : cure(w, rv);
	return more ? problem_set(problem, CKR_OK, "cannot wrap the key%s%s%s: %s (%s)",
			      *name ? " of '" : "", name, *name ? "'" : "", more, rv_name(rv))
		    : problem_set(problem, rv, "cannot wrap the key%s%s%s", *name ? " of '" : "",
			      name, *name ? "'" : "");
}

void wrapped_text(const struct wrap_request *w, const struct wrapped *wrapped, struct text *text)
{
	char hex[2 * WRAPPED_MAX + 1];

	if (is_key_block(w)) {
		text_add(text, wrapped->p, wrapped->n);
		return;
	}
	hex_encode(wrapped->p, wrapped->n, hex);
	text_add(text, hex, 2 * wrapped->n);
}

void wrapped_add(struct json_object *o, const struct wrap_request *w, const struct wrapped *wrapped)
{
	struct text text = {0};

	wrapped_text(w, wrapped, &text);
	text_add(&text, "", 1);
	add_text(o, is_key_block(w) ? "key_block" : "wrapped_key", text.p);
	text_free(&text);
}
