/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_support.h: templates written down in one line, for the tests of objects,
 * templates and plans.
 */
#ifndef KEYDIV_TESTS_POLICY_SUPPORT_H
#define KEYDIV_TESTS_POLICY_SUPPORT_H

#include "policy/plan.h"
#include "template.h"
#include "unit.h"

#define VALUE16 STR(CKA_VALUE, "0123456789abcdef")

/* The result of parsing the attributes into T_. */
#define parse(t_, ...) template_parse(T(__VA_ARGS__), t_)

static const struct rights user = {.user = true, .read_write = true};

/*
 * Return true if O has CKA_ALLOWED_MECHANISMS. Without the attribute, even a number of no
 * mechanism is allowed.
 */
static inline bool has_list(const struct object *o)
{
	return !object_allows(o, CK_UNAVAILABLE_INFORMATION);
}

static inline bool has(const struct object *o, uint32_t flags)
{
	return (o->flags & flags) == flags;
}

#endif
