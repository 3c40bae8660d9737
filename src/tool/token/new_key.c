/* SPDX-License-Identifier: Apache-2.0 */
/* new_key.c: convert options to the template of a new key. */
#include "tool/token/new_key.h"

#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/output.h"
#include "tool/report.h"

struct new_key new_key = {.window = -1, .reserve = -1};

static bool read_id(void)
{
	size_t n = strlen(new_key.id) / 2;

	if (n == 0 || n > sizeof new_key.id_bytes || !hex_decode(new_key.id, new_key.id_bytes, n))
		return fail("--id takes 1 to %zu bytes in hexadecimal", sizeof new_key.id_bytes);
	new_key.id_length = n;
	return true;
}

static bool check_window(void)
{
	if (new_key.window > 1024)
		return fail("--window takes 0 to 1024, not %lld", new_key.window);
	if (new_key.reserve >= 0 && new_key.window <= 0)
		return fail("--reserve is for masters with --window");
	if (new_key.reserve == 0 || new_key.reserve > 4096)
		return fail("--reserve takes 1 to 4096, not %lld", new_key.reserve);
	return true;
}

/* Check that the options give the key one role. DERIVES: the key is a master. */
static bool check_roles(bool derives)
{
	if (derives && new_key.usages != usage_bit(CKA_DERIVE))
		return fail("a key to derive from does nothing else, since a MAC or a block under "
			    "it is a device key: give --usage derive alone");
	if (derives && new_key.extractable && !new_key.wrap_with_trusted)
		return fail("a master that may be wrapped needs --wrap-with-trusted; if only its "
			    "device keys are to be wrapped, give --extractable-children instead of "
			    "--extractable");
	if (!derives && new_key.extractable_children)
		return fail("--extractable-children is for masters: give --usage derive");
	if (!derives && (new_key.use_only || new_key.window >= 0))
		return fail("--use-only and --window are for masters: give --usage derive");
	if (new_key.unwrap_template && !(new_key.usages & usage_bit(CKA_UNWRAP)))
		return fail("--unwrap-template is for keys that unwrap: add unwrap to --usage");
	return true;
}

/* Read type and usage. What the options leave open is a master, or what the header says. */
static bool read_role(void)
{
	const char *type = new_key.type || new_key.by_header ? new_key.type : "aes";
	const char *usage = new_key.usage || new_key.by_header ? new_key.usage : "derive";

	if (type && !(new_key.kind = key_kind_read(type)))
		return false;
	if (usage && !usage_read(usage, &new_key.usages))
		return false;
	return check_window() && (!usage || check_roles(new_key.usages & usage_bit(CKA_DERIVE)));
}

bool new_key_read(void)
{
	if ((new_key.id && !read_id()) || !read_role())
		return false;
	if (new_key.unwrap_template) {
		if (!template_list_read(new_key.unwrap_template, &new_key.unwrap))
			return false;
		new_key.flat_unwrap_length =
			template_list_flat(&new_key.unwrap, new_key.flat_unwrap);
	}
	return !new_key.allow || allowed_read(new_key.allow, &new_key.allowed);
}

/* Return true if the module takes no arrays of attributes (parameters = flat). */
static bool takes_flat(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;

	return f->C_GetSessionInfo(session, &info) == CKR_OK &&
	       module_offers(f, info.slotID, CKM_KEYDIV_FLAT(CKM_AES_GCM)) &&
	       !module_offers(f, info.slotID, CKM_AES_GCM);
}

/* Add the properties that the options give. */
static void add_options(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t)
{
	template_number(t, CKA_CLASS, CKO_SECRET_KEY);
	if (new_key.kind &&
		(!new_key.uri || new_key.type)) /* else the key at the URI has the type */
		template_number(t, CKA_KEY_TYPE, new_key.kind->type);
	template_text(t, CKA_KEYDIV_FOREIGN_KEY, new_key.uri);
	template_flag(t, CKA_TOKEN, true);
	template_flag(t, CKA_PRIVATE, !new_key.public);
	template_flag(t, CKA_SENSITIVE, true);
	template_flag(t, CKA_EXTRACTABLE, new_key.extractable);
	if (new_key.wrap_with_trusted)
		template_flag(t, CKA_WRAP_WITH_TRUSTED, true);
	if (new_key.extractable_children)
		template_flag(t, CKA_KEYDIV_EXTRACTABLE_CHILDREN, true);
	if (new_key.use_only)
		template_flag(t, CKA_KEYDIV_USE_ONLY, true);
	if (new_key.window >= 0)
		template_number(t, CKA_KEYDIV_WINDOW, (CK_ULONG)new_key.window);
	if (new_key.reserve >= 0)
		template_number(t, CKA_KEYDIV_RESERVE, (CK_ULONG)new_key.reserve);
	if (new_key.unwrap_template && takes_flat(f, session))
		template_bytes(t, CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, new_key.flat_unwrap,
			new_key.flat_unwrap_length);
	else if (new_key.unwrap_template)
		template_bytes(t, CKA_UNWRAP_TEMPLATE, new_key.unwrap.t.attributes,
			new_key.unwrap.t.count * sizeof new_key.unwrap.t.attributes[0]);
	if (new_key.id_length)
		template_bytes(t, CKA_ID, new_key.id_bytes, new_key.id_length);
	for (unsigned i = 0; usages[i].name && (new_key.usage || !new_key.by_header); i++)
		template_flag(t, usages[i].type, new_key.usages & (1U << i));
	if (new_key.allowed.count)
		template_bytes(t, CKA_ALLOWED_MECHANISMS, new_key.allowed.type,
			new_key.allowed.count * sizeof new_key.allowed.type[0]);
}

bool new_key_template(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label, size_t n,
	struct template *t, unsigned char id[NEW_ID_BYTES], struct problem *problem)
{
	add_options(f, session, t);
	template_bytes(t, CKA_LABEL, label, n);
	return new_key.id_length > 0 || identity_add_id(f, session, t, id, problem);
}

bool new_key_show(struct client *client, CK_OBJECT_HANDLE key)
{
	struct json_object *o = json_object_new_object();
	char value[CHECK_VALUE_TEXT];

	check_value(client->f, client->session, key, value);
	add_text(o, "label", new_key.label);
	add_text(o, "type", new_key.kind->name);
	add_text(o, "check_value", value);
	return attributes_show(o);
}
