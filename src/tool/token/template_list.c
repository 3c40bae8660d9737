/* SPDX-License-Identifier: Apache-2.0 */
/* template_list.c: reads a template from its text. */
#include "tool/token/template_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/report.h"

const struct usage template_flags[] = {
	{"sensitive", CKA_SENSITIVE},
	{"extractable", CKA_EXTRACTABLE},
	{"wrap-with-trusted", CKA_WRAP_WITH_TRUSTED},
	{"extractable-children", CKA_KEYDIV_EXTRACTABLE_CHILDREN},
	{"use-only", CKA_KEYDIV_USE_ONLY},
	{NULL, 0},
};

static bool find_flag(const char *name, size_t n, CK_ATTRIBUTE_TYPE *ret)
{
	const struct usage *const tables[] = {template_flags, usages};

	for (size_t k = 0; k < 2; k++)
		for (const struct usage *u = tables[k]; u->name; u++)
			if (strlen(u->name) == n && strncmp(u->name, name, n) == 0) {
				*ret = u->type;
				return true;
			}
	return false;
}

static bool is_alone(const struct template_list *list, CK_ATTRIBUTE_TYPE type, const char *name)
{
	for (CK_ULONG i = 0; i < list->t.count; i++)
		if (list->t.attributes[i].type == type)
			return fail(
				"'%.*s' is twice in the template", (int)strcspn(name, "="), name);
	return true;
}

static bool read_window(const char *value, struct template_list *list)
{
	char *end;
	unsigned long window = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || window > 1024)
		return fail("window=%s is not window=0 to window=1024", value);
	if (!is_alone(list, CKA_KEYDIV_WINDOW, "window"))
		return false;
	template_number(&list->t, CKA_KEYDIV_WINDOW, window);
	return true;
}

static bool read_part(const char *part, void *data)
{
	struct template_list *list = data;
	struct allowed more;
	CK_ATTRIBUTE_TYPE type;
	size_t n = strcspn(part, "=");
	const char *value = part[n] ? part + n + 1 : "yes";

	if (n == 5 && strncmp(part, "allow", n) == 0) {
		if (!allowed_read(value, &more))
			return false;
		for (CK_ULONG i = 0; i < more.count; i++)
			if (!allowed_add(&list->allowed, more.type[i]))
				return false;
		return true;
	}
	if (n == 6 && strncmp(part, "window", n) == 0)
		return read_window(value, list);
	if (!find_flag(part, n, &type) || (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0))
		return fail("'%s' is not part of a template: give allow=NAME, or sensitive, "
			    "extractable, wrap-with-trusted, extractable-children, use-only or a "
			    "usage, and =no behind it if it is to be false, or window=NUMBER",
			part);
	if (!is_alone(list, type, part))
		return false;
	template_flag(&list->t, type, strcmp(value, "yes") == 0);
	return true;
}

bool template_list_read(const char *text, struct template_list *ret)
{
	*ret = (struct template_list){0};
	if (!each_part(text, read_part, ret))
		return false;
	if (ret->allowed.count)
		template_bytes(&ret->t, CKA_ALLOWED_MECHANISMS, ret->allowed.type,
			ret->allowed.count * sizeof ret->allowed.type[0]);
	return true;
}

CK_ULONG template_list_flat(const struct template_list *list, unsigned char *out)
{
	CK_ULONG n = 0;

	for (CK_ULONG i = 0; i < list->t.count; i++) {
		const CK_ATTRIBUTE *a = &list->t.attributes[i];
		put_be32(out + n, (uint32_t)a->type);
		put_be32(out + n + 4, (uint32_t)a->ulValueLen);
		if (a->ulValueLen > 0)
			memcpy(out + n + 8, a->pValue, a->ulValueLen);
		n += 8 + a->ulValueLen;
	}
	return n;
}
