/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_template_attacks.c: what a template may not ask for, a template in a template may not
 * ask for either.
 */
#include "harness.h"

static CK_OBJECT_HANDLE made, wrapper, target;
static uint8_t wrapped[24];

static void start(void)
{
	CK_ULONG n = sizeof wrapped;

	user();
	wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	target = import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE)));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, target, wrapped, &n));
	made = 0;
}

/*
 * A key with NESTED in its unwrap (or derive) template, made and used, if it may be. Whether a key
 * came out: MADE.
 */
static void through_unwrap(CK_ATTRIBUTE *nested, CK_ULONG count)
{
	CK_OBJECT_HANDLE kek = 0;

	made = 0;
	if (try_import(CKK_AES, mk32, 32,
		    T(YES(CKA_UNWRAP), RAW(CKA_UNWRAP_TEMPLATE, nested, count * sizeof *nested)),
		    &kek) == CKR_OK)
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, wrapped, sizeof wrapped,
			T(KEY(CKK_AES)), &made);
}

static void through_derive(
	CK_ATTRIBUTE *base, CK_ULONG base_count, CK_ATTRIBUTE *nested, CK_ULONG count)
{
	CK_ATTRIBUTE t[8] = {
		YES(CKA_DERIVE), RAW(CKA_DERIVE_TEMPLATE, nested, count * sizeof *nested)};
	CK_OBJECT_HANDLE master = 0;

	made = 0;
	memcpy(t + 2, base, base_count * sizeof *base);
	if (try_import(CKK_AES, mk, 16, t, 2 + base_count, &master) == CKR_OK)
		derive_device(master, NOTHING, &made);
}

#define CLOSED YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)

START_TEST(trusted)
{
	through_unwrap(T(YES(CKA_TRUSTED)));
	holds(made == 0 || !get_bool(made, CKA_TRUSTED));
	through_derive(T(READABLE), T(YES(CKA_TRUSTED)));
	holds(made == 0 || !get_bool(made, CKA_TRUSTED));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP),
			import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP))), wrapped, 24,
			T(KEY(CKK_AES), YES(CKA_TRUSTED)), &made));
}
END_TEST

START_TEST(history)
{
	through_unwrap(T(YES(CKA_LOCAL)));
	holds(made == 0 || !get_bool(made, CKA_LOCAL));
	through_unwrap(T(YES(CKA_ALWAYS_SENSITIVE)));
	holds(made == 0 || !get_bool(made, CKA_ALWAYS_SENSITIVE));
	through_unwrap(T(YES(CKA_NEVER_EXTRACTABLE)));
	holds(made == 0 || !get_bool(made, CKA_NEVER_EXTRACTABLE));
	through_derive(T(READABLE), T(YES(CKA_LOCAL)));
	holds(made == 0 || !get_bool(made, CKA_LOCAL));
	through_derive(T(CLOSED), T(YES(CKA_ALWAYS_SENSITIVE)));
	holds(made == 0 || !get_bool(made, CKA_ALWAYS_SENSITIVE));
	through_derive(T(CLOSED), T(YES(CKA_NEVER_EXTRACTABLE)));
	holds(made == 0 || !get_bool(made, CKA_NEVER_EXTRACTABLE));
	through_unwrap(T(RAW(CKA_VALUE, mk32, 16)));
	holds(made == 0);
}
END_TEST

START_TEST(openness)
{
	uint8_t value[64];
	CK_ATTRIBUTE v = {CKA_VALUE, value, sizeof value};

	through_derive(T(CLOSED), T(NO(CKA_SENSITIVE)));
	holds(made == 0 || get_bool(made, CKA_SENSITIVE));
	through_derive(T(CLOSED), T(YES(CKA_EXTRACTABLE)));
	holds(made == 0 || !get_bool(made, CKA_EXTRACTABLE));
	through_derive(T(CLOSED), T(READABLE));
	holds(made == 0 || f->C_GetAttributeValue(s, made, &v, 1) == CKR_ATTRIBUTE_SENSITIVE);
	through_derive(T(CLOSED, YES(CKA_PRIVATE)), T(NO(CKA_PRIVATE)));
	holds(made == 0 || get_bool(made, CKA_PRIVATE));
}
END_TEST

START_TEST(roles_and_levels)
{
	size_t i;
	static const CK_ATTRIBUTE_TYPE others[] = {
		CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP};

	for (i = 0; i < 6; i++) {
		through_unwrap(T(YES(CKA_DERIVE), YES(others[i])));
		holds(made == 0 || !get_bool(made, CKA_DERIVE) || !get_bool(made, others[i]));
		through_derive(T(READABLE), T(YES(CKA_DERIVE), YES(others[i])));
		holds(made == 0 || !get_bool(made, CKA_DERIVE) || !get_bool(made, others[i]));
		/* half from the inner template, half from the outer */
		CK_OBJECT_HANDLE base = 0;
		made = 0;
		if (try_import(CKK_AES, mk, 16,
			    T(OPEN_MASTER, NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE))),
			    &base) == CKR_OK)
			gives(CKR_TEMPLATE_INCONSISTENT,
				derive_device(base, T(YES(others[i])), &made));
		holds(made == 0);
	}
	/* a device key made a master by the list in its base's template */
	through_derive(T(READABLE), T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	holds(made == 0 || derive_device(made, NOTHING, &made) != CKR_OK);
}
END_TEST

START_TEST(templates_of_templates)
{
	/* Keys that come out carry no template that their own makers could not have given. */
	CK_ATTRIBUTE innermost[] = {NO(CKA_SENSITIVE)};

	through_derive(T(CLOSED),
		T(YES(CKA_DERIVE), RAW(CKA_DERIVE_TEMPLATE, innermost, sizeof innermost)));
	if (made != 0) {
		KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
		CK_MECHANISM m;
		CK_OBJECT_HANDLE child = 0;

		keydiv_put_number(&p, KEYDIV_COUNTER, 1);
		m = keydiv_mechanism(CKM_KEYDIV_MESSAGE_KEY, &p);
		if (f->C_DeriveKey(s, &m, made, NOTHING, &child) == CKR_OK)
			holds(get_bool(child, CKA_SENSITIVE));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template attacks");
	TCase *tc = add_case(suite, "templates", start);

	tcase_add_test(tc, trusted);
	tcase_add_test(tc, history);
	tcase_add_test(tc, openness);
	tcase_add_test(tc, roles_and_levels);
	tcase_add_test(tc, templates_of_templates);
	return run(suite);
}
