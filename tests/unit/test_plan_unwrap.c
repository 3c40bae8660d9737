/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_unwrap.c: a key whose wrapped form says its role. The templates agree with the form or
 * give less.
 */
#include "policy_support.h"

#define UNLIKE CKR_TEMPLATE_INCONSISTENT

static const struct wrapped_role cipher = {
	.type = CKK_AES, .usage = USAGE_CIPHER, .exportability = EXPORT_NONE};
static const struct wrapped_role master = {.type = CKK_AES,
	.derives = true,
	.has_list = true,
	.count = 2,
	.list = {CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_DATA_KEY},
	.exportability = EXPORT_TRUSTED};

/* A wrapping key that was made with CKA_WRAP and CKA_UNWRAP. */
static struct object kek_of(uint32_t made)
{
	return (struct object){.object_class = CKO_SECRET_KEY,
		.key_type = CKK_AES,
		.number = 32,
		.flags = FLAG_UNWRAP,
		.made = MADE_GENERATED | made};
}

static CK_RV unwrap_by(const struct object *kek, const struct wrapped_role *role,
	struct object *ret, CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	TEMPLATE t;

	object_wipe(ret);
	*ret = (struct object){0};
	TRY(template_parse(attributes, n, &t));
	return plan_unwrap(&t, kek, role, &user, ret);
}

static CK_RV unwrap(
	const struct wrapped_role *role, struct object *ret, CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	const struct object kek = kek_of(FLAG_WRAP | FLAG_UNWRAP);

	return unwrap_by(&kek, role, ret, attributes, n);
}

START_TEST(the_form_is_the_template)
{
	OBJECT o = {0};

	ck_ok(unwrap(&cipher, &o, NOTHING));
	ck_assert_uint_eq(o.object_class, CKO_SECRET_KEY);
	ck_assert_uint_eq(o.key_type, CKK_AES);
	ck_assert_uint_eq(o.flags & (FLAGS_USAGE | FLAG_DERIVE), USAGE_CIPHER);
	ck_assert(has(&o, FLAG_SENSITIVE | FLAG_PRIVATE) && !has_list(&o));
	ck_assert(!(o.flags & (FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED | FLAG_LOCAL)));
	ck_assert_uint_eq(o.made, MADE_UNWRAPPED | USAGE_CIPHER | FLAG_SENSITIVE);
	ck_ok(unwrap(&master, &o, NOTHING));
	ck_assert_uint_eq(o.flags & (FLAGS_USAGE | FLAG_DERIVE), FLAG_DERIVE);
	ck_assert(object_names(&o, CKM_KEYDIV_DEVICE_KEY) && object_names(&o, CKM_KEYDIV_DATA_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_MESSAGE_KEY));
	ck_assert(!object_has(&o, VAR_MASTER_LIST));
}
END_TEST

START_TEST(a_template_that_agrees_or_gives_less)
{
	OBJECT o = {0};

	ck_ok(unwrap(&cipher, &o,
		T(KEY(CKK_AES), YES(CKA_ENCRYPT), YES(CKA_DECRYPT), NO(CKA_SIGN), NO(CKA_DERIVE),
			YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), STR(CKA_LABEL, "x"))));
	ck_assert_uint_eq(o.flags & FLAGS_USAGE, USAGE_CIPHER);
	ck_ok(unwrap(&cipher, &o, T(YES(CKA_ENCRYPT))));
	ck_assert_uint_eq(o.flags & FLAGS_USAGE, USAGE_CIPHER);
	ck_ok(unwrap(&cipher, &o, T(NO(CKA_DECRYPT))));
	ck_assert_uint_eq(o.flags & FLAGS_USAGE, USAGE_ENCRYPT);
	ck_ok(unwrap(&cipher, &o, T(ALLOWED(CKM_AES_CBC))));
	ck_assert(object_names(&o, CKM_AES_CBC) && !object_allows(&o, CKM_AES_ECB));
	ck_ok(unwrap(&master, &o, T(ALLOWED(CKM_KEYDIV_DATA_KEY), YES(CKA_DERIVE))));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_ok(unwrap(&master, &o, T(RAW(CKA_ALLOWED_MECHANISMS, NULL, 0))));
	ck_assert(has_list(&o) && !object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_ok(unwrap(&cipher, &o, T(LENGTH(16))));
	ck_rv(plan_value(&o, NULL, (const uint8_t[24]){0}, 24), UNLIKE);
}
END_TEST

START_TEST(a_template_that_asks_for_more)
{
	static const CK_ATTRIBUTE_TYPE usage[] = {
		CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
	struct wrapped_role role = cipher;
	OBJECT o = {0};

	for (size_t i = 0; i < sizeof usage / sizeof usage[0]; i++) {
		ck_rv(unwrap(&cipher, &o, T(YES(usage[i]))), i < 2 ? CKR_OK : UNLIKE);
		ck_rv(unwrap(&master, &o, T(YES(usage[i]))), i == 6 ? CKR_OK : UNLIKE);
		role.usage = USAGE_ENCRYPT;
		ck_rv(unwrap(&role, &o, T(YES(usage[i]))), i == 0 ? CKR_OK : UNLIKE);
	}
	ck_rv(unwrap(&cipher, &o, T(CLASS(CKO_DATA))), UNLIKE);
	ck_rv(unwrap(&cipher, &o, T(TYPE(CKK_GENERIC_SECRET))), UNLIKE);
	ck_rv(unwrap(&cipher, &o, T(NO(CKA_SENSITIVE))), UNLIKE);
	ck_rv(unwrap(&master, &o, T(NO(CKA_SENSITIVE))), UNLIKE);
	ck_rv(unwrap(&master, &o, T(ALLOWED(CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_MESSAGE_KEY))), UNLIKE);
	ck_rv(unwrap(&master, &o, T(ALLOWED(CKM_KEYDIV_CMAC))), UNLIKE);
	ck_rv(unwrap(&cipher, &o, T(VALUE16)), UNLIKE);
	ck_rv(unwrap(&cipher, &o, T(YES(CKA_TRUSTED))), CKR_ATTRIBUTE_READ_ONLY);
}
END_TEST

/* The exportability decides whether the key may leave, and under which keys. */
START_TEST(exportability)
{
	static const struct {
		enum exportability says;
		bool derives, asks, opens; /* asks: CKA_EXTRACTABLE; opens: without trusted keys */
		CK_RV rv;
		uint32_t flags;
	} cases[] = {
		{EXPORT_NONE, false, false, false, CKR_OK, 0},
		{EXPORT_NONE, true, false, false, CKR_OK, 0},
		{EXPORT_NONE, false, true, false, UNLIKE, 0},
		{EXPORT_NONE, true, true, false, UNLIKE, 0},
		{EXPORT_NONE, false, false, true, CKR_OK, 0},
		{EXPORT_TRUSTED, false, false, false, CKR_OK, FLAG_WRAP_WITH_TRUSTED},
		{EXPORT_TRUSTED, true, false, false, CKR_OK, FLAG_WRAP_WITH_TRUSTED},
		{EXPORT_TRUSTED, false, true, false, CKR_OK,
			FLAG_WRAP_WITH_TRUSTED | FLAG_EXTRACTABLE},
		{EXPORT_TRUSTED, true, true, false, CKR_OK,
			FLAG_WRAP_WITH_TRUSTED | FLAG_EXTRACTABLE},
		{EXPORT_TRUSTED, false, true, true, UNLIKE, 0},
		{EXPORT_TRUSTED, false, false, true, UNLIKE, 0},
		{EXPORT_TRUSTED, true, true, true, UNLIKE, 0},
		{EXPORT_ANY, false, false, false, CKR_OK, 0},
		{EXPORT_ANY, false, true, false, CKR_OK, FLAG_EXTRACTABLE},
		{EXPORT_ANY, false, true, true, CKR_OK, FLAG_EXTRACTABLE},
		{EXPORT_ANY, true, false, false, CKR_OK, FLAG_WRAP_WITH_TRUSTED},
		{EXPORT_ANY, true, true, false, CKR_OK, FLAG_WRAP_WITH_TRUSTED | FLAG_EXTRACTABLE},
		{EXPORT_ANY, true, true, true, UNLIKE, 0},
	};
	OBJECT o = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wrapped_role role = cases[i].derives ? master : cipher;
		CK_ATTRIBUTE t[] = {YES(CKA_EXTRACTABLE), NO(CKA_WRAP_WITH_TRUSTED)};
		CK_ULONG from = cases[i].asks ? 0 : 1, to = cases[i].opens ? 2 : 1;

		role.exportability = cases[i].says;
		CK_RV rv = unwrap(&role, &o, t + from, to - from);
		ck_assert_msg(rv == cases[i].rv, "case %zu", i);
		if (rv == CKR_OK)
			ck_assert_msg((o.flags & (FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED)) ==
					      cases[i].flags,
				"case %zu", i);
	}
	ck_ok(unwrap(&cipher, &o, T(YES(CKA_WRAP_WITH_TRUSTED))));
	ck_assert(has(&o, FLAG_WRAP_WITH_TRUSTED));
}
END_TEST

/* Without CKA_DERIVE the key still has the value of a master. */
START_TEST(a_master_without_derive)
{
	struct wrapped_role any = master;
	OBJECT o = {0};
	OBJECT kek = kek_of(FLAG_WRAP | FLAG_UNWRAP);

	any.exportability = EXPORT_ANY;
	ck_ok(unwrap(&any, &o, T(NO(CKA_DERIVE), YES(CKA_EXTRACTABLE))));
	ck_assert_uint_eq(o.flags & (FLAGS_USAGE | FLAG_DERIVE), 0);
	ck_assert(has(&o, FLAG_WRAP_WITH_TRUSTED) && object_has(&o, VAR_MASTER_LIST));
	ck_assert(object_checks_by_cmac(&o));
	kek.flags |= FLAG_WRAP | FLAG_TRUSTED;
	o.number = 16;
	ck_rv(plan_may_wrap(&kek, &o, mechanism_find(CKM_AES_KEY_WRAP)), CKR_KEY_NOT_WRAPPABLE);
}
END_TEST

/* Bounds that would open a master which left this token. */
START_TEST(a_master_is_not_opened)
{
	const CK_ATTRIBUTE children = YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
			   none = NO(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
			   leaves = NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE));
	const struct object both = kek_of(FLAG_WRAP | FLAG_UNWRAP), only = kek_of(FLAG_UNWRAP);
	struct wrapped_role role = master;
	OBJECT o = {0};

	for (enum exportability e = EXPORT_NONE; e <= EXPORT_ANY; e++) {
		role.exportability = e;
		CK_RV rv = e == EXPORT_ANY ? CKR_OK : UNLIKE;
		ck_rv(unwrap_by(&both, &role, &o, T(children)), rv);
		ck_rv(unwrap_by(&both, &role, &o, T(leaves)), rv);
		ck_rv(unwrap_by(&both, &role, &o, T(NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_SIGN)))),
			rv);
		ck_rv(unwrap_by(&only, &role, &o, T(children)), CKR_OK);
		ck_assert(has(&o, FLAG_EXTRACTABLE_CHILDREN));
		ck_rv(unwrap_by(&only, &role, &o, T(leaves)), rv);
		ck_ok(unwrap_by(&only, &role, &o, T(NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_SIGN)))));
		ck_ok(unwrap_by(&both, &role, &o, T(none)));
		ck_ok(unwrap_by(&both, &role, &o, T(YES(CKA_KEYDIV_USE_ONLY))));
		ck_ok(unwrap_by(&both, &role, &o, T(NUM(CKA_KEYDIV_WINDOW, 64))));
	}
	/* CKA_WRAP taken away later does not help, because a copy may have it */
	ck_assert(!(both.flags & FLAG_WRAP));
	ck_rv(unwrap_by(&both, &cipher, &o, T(children)), UNLIKE);
}
END_TEST

/* Make KEK a key with this CKA_UNWRAP_TEMPLATE. */
static void give_template(struct object *kek, CK_ATTRIBUTE *inner, CK_ULONG n)
{
	TEMPLATE t;

	ck_ok(template_parse(T(RAW(CKA_UNWRAP_TEMPLATE, inner, n * sizeof *inner)), &t));
	ck_ok(object_set_variable(kek, VAR_UNWRAP_TEMPLATE, t.variable[VAR_UNWRAP_TEMPLATE]));
}

/* Only the maker of a wrapping key makes leaves of the keys of a master. */
START_TEST(leaves_by_the_maker)
{
	const CK_ATTRIBUTE leaves = NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE));
	OBJECT kek = kek_of(FLAG_UNWRAP);
	OBJECT o = {0};

	give_template(&kek, T(leaves));
	ck_ok(unwrap_by(&kek, &master, &o, NOTHING));
	ck_assert(object_variable(&o, VAR_DERIVE_TEMPLATE).p != NULL);
	ck_ok(unwrap_by(&kek, &master, &o, T(leaves)));
	kek.made = MADE_CREATED | FLAG_UNWRAP;
	ck_ok(unwrap_by(&kek, &master, &o, NOTHING));
	kek.made |= FLAG_EXTRACTABLE;
	ck_rv(unwrap_by(&kek, &master, &o, NOTHING), UNLIKE);
	kek.made = MADE_UNWRAPPED | FLAG_UNWRAP;
	ck_rv(unwrap_by(&kek, &master, &o, NOTHING), UNLIKE);
	kek.made = MADE_DERIVED | FLAG_UNWRAP;
	ck_rv(unwrap_by(&kek, &master, &o, NOTHING), UNLIKE);
	object_wipe(&kek);
	/* another attribute in CKA_UNWRAP_TEMPLATE fixes nothing */
	kek = kek_of(FLAG_UNWRAP);
	give_template(&kek, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	ck_ok(unwrap_by(&kek, &master, &o, NOTHING));
	ck_rv(unwrap_by(&kek, &master, &o, T(leaves)), UNLIKE);
}
END_TEST

START_TEST(unwrap_template_and_form)
{
	OBJECT kek = kek_of(FLAG_WRAP | FLAG_UNWRAP);
	OBJECT o = {0};

	give_template(&kek, T(YES(CKA_ENCRYPT), NO(CKA_DECRYPT), YES(CKA_TOKEN)));
	ck_ok(unwrap_by(&kek, &cipher, &o, NOTHING));
	ck_assert_uint_eq(o.flags & (FLAGS_USAGE | FLAG_TOKEN), USAGE_ENCRYPT | FLAG_TOKEN);
	ck_rv(unwrap_by(&kek, &cipher, &o, T(YES(CKA_DECRYPT))), UNLIKE);
	ck_rv(unwrap_by(&kek, &cipher, &o, T(NO(CKA_TOKEN))), UNLIKE);
	ck_rv(unwrap_by(&kek, &master, &o, NOTHING), UNLIKE);
	give_template(&kek, T(NO(CKA_SENSITIVE)));
	ck_rv(unwrap_by(&kek, &cipher, &o, NOTHING), UNLIKE);
	give_template(&kek, T(YES(CKA_EXTRACTABLE)));
	ck_rv(unwrap_by(&kek, &cipher, &o, NOTHING), UNLIKE);
	give_template(&kek, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DATA_KEY)));
	ck_rv(unwrap_by(&kek, &cipher, &o, NOTHING), UNLIKE);
	ck_ok(unwrap_by(&kek, &master, &o, NOTHING));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	give_template(&kek, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_CMAC)));
	ck_rv(unwrap_by(&kek, &master, &o, NOTHING), UNLIKE);
	/* a template that names the bound */
	give_template(&kek, T(YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));
	ck_ok(unwrap_by(&kek, &master, &o, NOTHING));
	ck_assert(has(&o, FLAG_EXTRACTABLE_CHILDREN));
	give_template(&kek, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DATA_KEY)));
	ck_rv(unwrap_by(&kek, &master, &o, T(YES(CKA_KEYDIV_USE_ONLY))), UNLIKE);
	ck_ok(unwrap_by(&kek, &master, &o, T(YES(CKA_TOKEN), STR(CKA_LABEL, "no bound"))));
}
END_TEST

/* --- Every template of usage and protection, on every kind of role --- */

static const struct {
	CK_ATTRIBUTE_TYPE type;
	uint32_t flag;
} given[] = {{CKA_ENCRYPT, FLAG_ENCRYPT}, {CKA_DECRYPT, FLAG_DECRYPT}, {CKA_SIGN, FLAG_SIGN},
	{CKA_WRAP, FLAG_WRAP}, {CKA_UNWRAP, FLAG_UNWRAP}, {CKA_DERIVE, FLAG_DERIVE},
	{CKA_SENSITIVE, FLAG_SENSITIVE}, {CKA_EXTRACTABLE, FLAG_EXTRACTABLE},
	{CKA_WRAP_WITH_TRUSTED, FLAG_WRAP_WITH_TRUSTED}};
enum { GIVEN = sizeof given / sizeof given[0], TEMPLATES = 19683 /* 3 to the power of GIVEN */ };

/* Check one template. CHOICE has a digit to the base 3 for each attribute: absent, true, false. */
static void check_template(const struct wrapped_role *role, unsigned choice)
{
	uint32_t says = role->derives ? FLAG_DERIVE : role->usage, must = FLAG_SENSITIVE;
	uint32_t yes = 0, no = 0, may = says | FLAG_WRAP_WITH_TRUSTED | FLAG_SENSITIVE;
	CK_ATTRIBUTE t[GIVEN];
	CK_ULONG n = 0;
	OBJECT o = {0};

	for (unsigned i = 0; i < GIVEN; i++, choice /= 3) {
		if (choice % 3 == 0)
			continue;
		t[n++] = choice % 3 == 1 ? (CK_ATTRIBUTE)YES(given[i].type)
					 : (CK_ATTRIBUTE)NO(given[i].type);
		*(choice % 3 == 1 ? &yes : &no) |= given[i].flag;
	}
	if (role->exportability != EXPORT_NONE)
		may |= FLAG_EXTRACTABLE;
	if (role->exportability == EXPORT_TRUSTED ||
		(role->derives && role->exportability == EXPORT_ANY))
		must |= FLAG_WRAP_WITH_TRUSTED;
	CK_RV rv = unwrap(role, &o, t, n);
	ck_assert_int_eq(rv, (yes & ~may) | (no & must) ? UNLIKE : CKR_OK);
	if (rv != CKR_OK)
		return;
	uint32_t all = FLAGS_USAGE | FLAG_DERIVE | must | FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED;
	ck_assert_uint_eq(o.flags & all, (says & ~no) | must | yes);
	ck_assert(!(o.flags & FLAG_DERIVE) || !(o.flags & FLAGS_USAGE));
	ck_assert_uint_eq(
		object_has(&o, VAR_MASTER_LIST), role->derives && !(o.flags & FLAG_DERIVE));
}

START_TEST(every_template)
{
	static const uint32_t usages[] = {
		USAGE_CIPHER, USAGE_ENCRYPT, USAGE_WRAPPING, USAGE_UNWRAP, USAGE_SIGN, 0};
	struct wrapped_role role = usages[_i] != 0 ? cipher : master;

	if (usages[_i] != 0)
		role.usage = usages[_i];
	for (enum exportability e = EXPORT_NONE; e <= EXPORT_ANY; e++) {
		role.exportability = e;
		for (unsigned choice = 0; choice < TEMPLATES; choice++)
			check_template(&role, choice);
	}
}
END_TEST

/* --- Wrapping --- */

static struct object leaving_master(void)
{
	return (struct object){.object_class = CKO_SECRET_KEY,
		.key_type = CKK_AES,
		.number = 16,
		.flags = FLAG_DERIVE | FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED,
		.made = MADE_GENERATED | FLAG_DERIVE};
}

static CK_RV may_wrap(const struct object *kek, const struct object *target)
{
	return plan_may_wrap(kek, target, mechanism_find(CKM_AES_KEY_WRAP));
}

START_TEST(masters_leave_in_blocks)
{
	OBJECT kek = kek_of(FLAG_WRAP | FLAG_UNWRAP);
	OBJECT target = leaving_master();
	uint8_t window[8] = {0, 0, 0, 0, 0, 0, 0, 64};

	kek.flags = FLAG_WRAP | FLAG_UNWRAP | FLAG_TRUSTED;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	kek.made |= MADE_FOR_BLOCKS;
	ck_ok(may_wrap(&kek, &target));
	kek.flags &= ~(uint32_t)FLAG_TRUSTED;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	kek.flags |= FLAG_TRUSTED;
	/* a block keeps no bounds */
	target.flags |= FLAG_USE_ONLY;
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	target.flags &= ~(uint32_t)FLAG_USE_ONLY;
	target.flags |= FLAG_EXTRACTABLE_CHILDREN;
	ck_ok(may_wrap(&kek, &target)); /* comes back without */
	ck_ok(object_set_variable(&target, VAR_WINDOW, bytes_of(window, 8)));
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	object_wipe(&target);
	target = leaving_master();
	TEMPLATE t;
	ck_ok(parse(&t, NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE))));
	ck_ok(object_set_variable(&target, VAR_DERIVE_TEMPLATE, t.variable[VAR_DERIVE_TEMPLATE]));
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	object_wipe(&target);
	target = leaving_master();
	give_template(&kek, T(YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));
	ck_rv(may_wrap(&kek, &target), CKR_KEY_NOT_WRAPPABLE);
	target.flags |= FLAG_EXTRACTABLE_CHILDREN;
	ck_ok(may_wrap(&kek, &target));
}
END_TEST

START_TEST(roles_of_wrapped_keys)
{
	OBJECT o = leaving_master();
	struct wrapped_role role;
	uint8_t list[8 * (WRAPPED_LIST_MAX + 1)] = {0};

	plan_wrapped_role(&o, &role);
	ck_assert(role.type == CKK_AES && role.derives && role.usage == 0 && !role.has_list);
	ck_assert_int_eq(role.exportability, EXPORT_TRUSTED);
	o.flags = FLAG_EXTRACTABLE | FLAG_SIGN | FLAG_VERIFY;
	put_be64(list, CKM_AES_CMAC);
	ck_ok(object_set_variable(&o, VAR_ALLOWED_MECHANISMS, bytes_of(list, 8)));
	plan_wrapped_role(&o, &role);
	ck_assert(!role.derives && role.usage == USAGE_MAC && role.has_list);
	ck_assert(role.count == 1 && role.list[0] == CKM_AES_CMAC);
	ck_assert_int_eq(role.exportability, EXPORT_ANY);
	ck_ok(object_set_variable(&o, VAR_ALLOWED_MECHANISMS, bytes_of(list, sizeof list)));
	plan_wrapped_role(&o, &role);
	ck_assert(role.has_list && role.count == 0);
}
END_TEST

/* --- CKA_TRUSTED --- */

START_TEST(trust_in_keys_for_blocks)
{
	const struct rights so = {.so = true, .read_write = true};
	const uint32_t always = FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE;
	OBJECT o = kek_of(FLAG_WRAP | FLAG_UNWRAP | FLAG_SENSITIVE);
	TEMPLATE t;

	ck_ok(parse(&t, YES(CKA_TRUSTED)));
	o.flags = FLAG_WRAP | FLAG_UNWRAP | FLAG_SENSITIVE | FLAG_MODIFIABLE | always;
	ck_rv(plan_set(&t, &so, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	o.made |= MADE_FOR_BLOCKS;
	o.made |= MADE_COPY;
	ck_rv(plan_set(&t, &so, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	o.made &= ~(uint32_t)MADE_COPY;
	o.made |= FLAG_DECRYPT;
	ck_rv(plan_set(&t, &so, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	o.made &= ~(uint32_t)FLAG_DECRYPT;
	ck_ok(plan_set(&t, &so, &o));
}
END_TEST

/* A CKA_UNWRAP_TEMPLATE that cannot be read binds as nobody knows how, so nothing is unwrapped. */
START_TEST(an_unreadable_template)
{
	struct object kek = kek_of(FLAG_UNWRAP);
	OBJECT o = {0};

	ck_ok(unwrap_by(&kek, &cipher, &o, NOTHING));
	ck_ok(object_set_variable(&kek, VAR_UNWRAP_TEMPLATE, bytes_of("garbage", 7)));
	ck_rv(unwrap_by(&kek, &cipher, &o, NOTHING), CKR_DEVICE_ERROR);
	ck_rv(unwrap_by(&kek, NULL, &o, T(KEY(CKK_AES), YES(CKA_ENCRYPT))), CKR_DEVICE_ERROR);
	object_wipe(&kek);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_unwrap");
	TCase *tc = tcase_create("plan_unwrap");

	tcase_add_test(tc, the_form_is_the_template);
	tcase_add_test(tc, a_template_that_agrees_or_gives_less);
	tcase_add_test(tc, a_template_that_asks_for_more);
	tcase_add_test(tc, exportability);
	tcase_add_test(tc, a_master_without_derive);
	tcase_add_test(tc, a_master_is_not_opened);
	tcase_add_test(tc, leaves_by_the_maker);
	tcase_add_test(tc, unwrap_template_and_form);
	tcase_add_test(tc, an_unreadable_template);
	tcase_add_loop_test(tc, every_template, 0, 6);
	tcase_add_test(tc, masters_leave_in_blocks);
	tcase_add_test(tc, roles_of_wrapped_keys);
	tcase_add_test(tc, trust_in_keys_for_blocks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
