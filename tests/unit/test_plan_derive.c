/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_derive.c: what a derived object will be: mechanisms/README.md, "The derived key",
 * line by line.
 */
#include "policy_support.h"

#define CLOSED                                                                                     \
	(FLAG_SENSITIVE | FLAG_PRIVATE | FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE |          \
		FLAG_DERIVE)
#define OPEN (FLAG_EXTRACTABLE | FLAG_DERIVE)

static const struct rights public_rw = {.read_write = true}, user_ro = {.user = true},
			   so = {.so = true, .read_write = true};

static const struct role *role_of(CK_MECHANISM_TYPE mechanism)
{
	return mechanism_find(mechanism)->derive.role;
}

#define derive_as(o, base, mechanism, type, rights, ...)                                           \
	({                                                                                         \
		struct template t_;                                                                \
		CK_RV rv2_ = parse(&t_, __VA_ARGS__);                                              \
		if (rv2_ == CKR_OK) {                                                              \
			object_wipe(o);                                                            \
			rv2_ = plan_derive(&t_, base, role_of(mechanism), type, rights, o);        \
		}                                                                                  \
		template_wipe(&t_);                                                                \
		rv2_;                                                                              \
	})
#define derive(o, base, ...) derive_as(o, base, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &user, __VA_ARGS__)

static struct object base_with(uint32_t flags)
{
	return (struct object){
		.object_class = CKO_SECRET_KEY, .key_type = CKK_AES, .flags = flags, .number = 16};
}

START_TEST(attributes_without_a_template)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED);

	ck_ok(derive(&o, &base, STR(CKA_LABEL, "SN-1"), STR(CKA_ID, "\1")));
	ck_assert_uint_eq(o.object_class, CKO_SECRET_KEY);
	ck_assert_uint_eq(o.key_type, CKK_AES);
	ck_assert_uint_eq(o.key_gen_mechanism, CK_UNAVAILABLE_INFORMATION);
	ck_assert_uint_eq(o.flags, FLAG_PRIVATE | FLAG_SENSITIVE | FLAG_MODIFIABLE | FLAG_COPYABLE |
					   FLAG_DESTROYABLE | FLAG_ALWAYS_SENSITIVE |
					   FLAG_NEVER_EXTRACTABLE);
	ck_assert(!has_list(&o));
	ck_assert(bytes_equal(object_variable(&o, VAR_LABEL), bytes_of("SN-1", 4)));
	ck_assert(bytes_equal(object_variable(&o, VAR_ID), bytes_of("\1", 1)));

	OBJECT public_base = base_with(OPEN);
	ck_ok(derive(&o, &public_base, NO(CKA_TOKEN)));
	ck_assert_uint_eq(
		o.flags, FLAG_SENSITIVE | FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE);
}
END_TEST

START_TEST(bad_templates_are_refused)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED);

	ck_rv(derive(&o, &base, VALUE16), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive(&o, &base, NO(CKA_LOCAL)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, YES(CKA_LOCAL)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, YES(CKA_ALWAYS_SENSITIVE)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, YES(CKA_NEVER_EXTRACTABLE)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, NUM(CKA_KEY_GEN_MECHANISM, 0)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, STR(CKA_KEYDIV_TRANSACTION, "12345678")), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, STR(CKA_APPLICATION, "a")), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(derive(&o, &base, NUM(CKA_KEYDIV_RESERVE, 1)), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(derive(&o, &base, CLASS(CKO_DATA)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive(&o, &base, TYPE(CKK_DES3)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive(&o, &base, YES(CKA_TRUSTED)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(derive(&o, &base, YES(CKA_SIGN), YES(CKA_SIGN_RECOVER)), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(derive(&o, &base, YES(CKA_SIGN), NO(CKA_SIGN_RECOVER), NO(CKA_VERIFY_RECOVER)));
}
END_TEST

/*
 * Protection. BASE and the template's flags (GIVEN, VALUES) on the left, what comes of them
 * on the right.
 */
static const struct {
	uint32_t base, given, values;
	CK_RV rv;
} guards[] = {
#define S FLAG_SENSITIVE
#define E FLAG_EXTRACTABLE
#define W FLAG_WRAP_WITH_TRUSTED
#define P FLAG_PRIVATE
#define C FLAG_EXTRACTABLE_CHILDREN
#define BAD CKR_TEMPLATE_INCONSISTENT
	/* readable child of a sensitive base */
	{S, S, 0, BAD},
	{S | E, S, 0, BAD},
	{S | E, S | E, E, BAD},
	/* readable child of a base that is not sensitive, but does not leave either */
	{0, S, 0, CKR_OK},
	{0, S | E, E, BAD},
	{0, S | E | W, E | W, BAD},
	/* extractable child of a base that is not */
	{S, E, E, BAD},
	{S, E | W, E | W, CKR_OK},
	{S, E | W, E, BAD},
	{0, E, E, BAD},
	{0, E | W, E | W, CKR_OK},
	{S, E, 0, CKR_OK},
	/* child that leaves under any key, of a base that leaves under trusted ones only */
	{S | E | W, E, E, BAD},
	{S | E | W, E | W, E | W, CKR_OK},
	{S | E | W, E, 0, CKR_OK},
	{E | W, E | S, E, BAD},
	/* EXTRACTABLE_CHILDREN: they leave under any key, but are no more readable for that */
	{S | C, E, E, CKR_OK},
	{S | E | W | C, E, E, CKR_OK},
	{S | C, S | E, E, BAD},
	{C, S | E, E, BAD},
	{E | W | C, S | E, E, CKR_OK},
	/* public child of a private base */
	{P, P, 0, BAD},
	{P, P, P, CKR_OK},
	{0, P, 0, CKR_OK},
	{0, P, P, CKR_OK},
	/* children of an open base */
	{E, S | E, E, CKR_OK},
	{E, S | E, S, CKR_OK},
	{S | E, E, E, CKR_OK},
};

START_TEST(a_derived_key_is_as_closed_as_its_base)
{
	OBJECT o = {0};
	OBJECT base = base_with(guards[_i].base | FLAG_DERIVE);
	struct template t;

	ck_ok(template_parse(NULL, 0, &t));
	t.flags_given = guards[_i].given;
	t.flags = guards[_i].values;
	ck_rv(plan_derive(&t, &base, role_of(CKM_KEYDIV_DEVICE_KEY), CKK_AES, &user, &o),
		guards[_i].rv);
}
END_TEST

/* Over all bases and templates: whatever is planned is closed at least as the base is. */
START_TEST(no_plan_is_more_open_than_its_base)
{
	static const uint32_t bits[] = {S, E, W, P};
	const struct role *role = role_of(CKM_KEYDIV_DEVICE_KEY);
	unsigned planned = 0;

	for (unsigned i = 0; i < 1u << 14; i++) {
		struct object o = {0}, base;
		struct template t;
		uint32_t b = FLAG_DERIVE;
		ck_ok(template_parse(NULL, 0, &t));
		for (unsigned j = 0; j < 4; j++) {
			b |= i >> j & 1 ? bits[j] : 0;
			t.flags_given |= i >> (4 + j) & 1 ? bits[j] : 0;
			t.flags |= (i >> (8 + j) & 1 ? bits[j] : 0) & t.flags_given;
		}
		b |= i >> 12 & 1 ? FLAG_ALWAYS_SENSITIVE : 0;
		b |= i >> 13 & 1 ? FLAG_NEVER_EXTRACTABLE : 0;
		base = base_with(b);
		if (plan_derive(&t, &base, role, CKK_AES, &user, &o) != CKR_OK)
			continue;
		planned++;
		bool readable = (o.flags & E) && !(o.flags & S),
		     base_readable = (b & E) && !(b & S);
		ck_assert(!readable || base_readable);
		ck_assert(!(b & S) || (o.flags & S));
		ck_assert(!(o.flags & E) || (b & E) || (o.flags & W));
		ck_assert(!(b & P) || (o.flags & P));
		ck_assert(!(o.flags & FLAG_ALWAYS_SENSITIVE) ==
			  !((b & FLAG_ALWAYS_SENSITIVE) && (o.flags & S)));
		ck_assert(!(o.flags & FLAG_NEVER_EXTRACTABLE) ==
			  !((b & FLAG_NEVER_EXTRACTABLE) && !(o.flags & E)));
		ck_assert(!(o.flags & FLAG_LOCAL));
	}
	ck_assert_uint_gt(planned, 1000);
}
END_TEST

START_TEST(rights_of_derivation)
{
	OBJECT o = {0};
	OBJECT open = base_with(OPEN);
	OBJECT closed = base_with(CLOSED);

	ck_rv(derive_as(&o, &closed, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &user_ro, YES(CKA_TOKEN)),
		CKR_SESSION_READ_ONLY);
	ck_ok(derive_as(&o, &closed, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &user_ro, NO(CKA_TOKEN)));
	ck_rv(derive_as(&o, &open, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &public_rw, YES(CKA_PRIVATE)),
		CKR_USER_NOT_LOGGED_IN);
	ck_rv(derive_as(&o, &open, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &public_rw, YES(CKA_TOKEN)),
		CKR_USER_NOT_LOGGED_IN);
	ck_ok(derive_as(&o, &open, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &public_rw, NO(CKA_TOKEN)));
	ck_rv(derive_as(&o, &open, CKM_KEYDIV_DEVICE_KEY, CKK_AES, &so, YES(CKA_TRUSTED),
		      YES(CKA_WRAP)),
		CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(roles_and_levels)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED);

	ck_rv(derive(&o, &base, YES(CKA_DERIVE), YES(CKA_SIGN)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive(&o, &base, YES(CKA_DERIVE), YES(CKA_ENCRYPT)), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(derive(&o, &base, YES(CKA_DERIVE)));
	ck_assert(object_allows(&o, CKM_KEYDIV_MESSAGE_KEY));
	ck_assert(object_allows(&o, CKM_KEYDIV_SESSION_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY)); /* a device key is no master */
	ck_ok(derive(&o, &base, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_SESSION_KEY)));
	ck_assert(!object_allows(&o, CKM_KEYDIV_MESSAGE_KEY));
	ck_rv(derive(&o, &base, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive(&o, &base, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_CMAC)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_ok(derive(&o, &base, YES(CKA_SIGN), ALLOWED(CKM_AES_CMAC)));
	ck_rv(derive_as(&o, &base, CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKK_AES, &user, YES(CKA_DERIVE)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_ok(derive_as(
		&o, &base, CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKK_AES, &user, YES(CKA_ENCRYPT)));
}
END_TEST

#define client(o, ...)                                                                             \
	derive_as(o, &base, CKM_KEYDIV_ODUKPT_CLIENT, CKK_KEYDIV_ODUKPT_CLIENT, &user, __VA_ARGS__)

START_TEST(client_states)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED);

	ck_ok(client(&o, STR(CKA_LABEL, "terminal"), NUM(CKA_KEYDIV_RESERVE, 4096)));
	ck_assert(has(&o,
		FLAG_DERIVE | FLAG_SENSITIVE | FLAG_PRIVATE | FLAG_MODIFIABLE | FLAG_DESTROYABLE));
	ck_assert(!(o.flags & (FLAG_EXTRACTABLE | FLAG_COPYABLE | FLAGS_USAGE)));
	ck_assert(object_allows(&o, CKM_KEYDIV_ODUKPT_NEXT_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_ODUKPT_KEY));
	ck_assert_uint_eq(get_be64(object_variable(&o, VAR_RESERVE).p), 4096);
	ck_ok(client(&o, YES(CKA_DERIVE), NO(CKA_COPYABLE), NO(CKA_EXTRACTABLE)));
	ck_rv(client(&o, NO(CKA_DERIVE)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, YES(CKA_COPYABLE)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, NO(CKA_SENSITIVE)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, YES(CKA_SIGN)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, ALLOWED(CKM_KEYDIV_ODUKPT_NEXT_KEY)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(client(&o, NUM(CKA_KEYDIV_RESERVE, 0)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(client(&o, NUM(CKA_KEYDIV_RESERVE, 4097)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(client(&o, STR(CKA_KEYDIV_SHAPE, "\3\3")), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(client(&o, TYPE(CKK_AES)), CKR_TEMPLATE_INCONSISTENT);
	OBJECT open = base_with(OPEN);
	ck_rv(derive_as(&o, &open, CKM_KEYDIV_ODUKPT_CLIENT, CKK_KEYDIV_ODUKPT_CLIENT, &user,
		      NO(CKA_SENSITIVE)),
		CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

/* How a key was made decides its check value, and whether it counts as a master when it leaves. */
START_TEST(how_it_was_made)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED), sends = base_with(CLOSED | FLAG_EXTRACTABLE_CHILDREN);

	ck_ok(derive(&o, &base, YES(CKA_SIGN)));
	ck_assert_uint_eq(o.made, MADE_DERIVED | FLAG_SENSITIVE | FLAG_SIGN);
	ck_assert(!object_checks_by_cmac(&o));
	ck_ok(derive(&o, &base, NO(CKA_TOKEN)));
	ck_assert_uint_eq(o.made, MADE_DERIVED | FLAG_SENSITIVE | MADE_CHECK_BY_CMAC);
	ck_assert(object_checks_by_cmac(&o));
	ck_assert_ptr_null(object_variable(&o, VAR_MASTER_LIST).p); /* cannot leave */
	ck_ok(derive(&o, &base, YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)));
	ck_assert_uint_eq(object_variable(&o, VAR_MASTER_LIST).n, 3 * 8);
	ck_ok(derive(&o, &base, YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED), YES(CKA_SIGN)));
	ck_assert_ptr_null(object_variable(&o, VAR_MASTER_LIST).p);
	ck_ok(derive(&o, &sends, YES(CKA_EXTRACTABLE)));
	ck_assert_ptr_null(object_variable(&o, VAR_MASTER_LIST).p);
	ck_ok(derive_as(&o, &base, CKM_KEYDIV_MESSAGE_KEY, CKK_AES, &user, YES(CKA_EXTRACTABLE),
		YES(CKA_WRAP_WITH_TRUSTED)));
	ck_assert_ptr_null(object_variable(&o, VAR_MASTER_LIST).p); /* no value of a master */
	ck_assert(!object_checks_by_cmac(&o));
	ck_ok(derive_as(
		&o, &base, CKM_KEYDIV_DEVICE_KEY, CKK_GENERIC_SECRET, &user, NO(CKA_TOKEN)));
	ck_assert(!object_checks_by_cmac(&o)); /* no AES key */
}
END_TEST

/* A CKO_DATA object comes only where the row's plan says so. */
START_TEST(data_objects)
{
	OBJECT o = {0};
	OBJECT base = base_with(OPEN | FLAG_PRIVATE);

	ck_ok(derive_as(&o, &base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &user,
		CLASS(CKO_DATA), LENGTH(16), STR(CKA_APPLICATION, "a")));
	ck_assert_uint_eq(o.object_class, CKO_DATA);
	ck_assert_uint_eq(o.key_type, CK_UNAVAILABLE_INFORMATION);
	ck_assert(has(&o, FLAG_PRIVATE));
	ck_ok(plan_value(&o, NULL, (const uint8_t *)"derived", 7));
	ck_assert_uint_eq(o.value.len, 7);
	OBJECT public_base = base_with(OPEN);
	ck_ok(derive_as(&o, &public_base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &public_rw,
		CLASS(CKO_DATA)));
	ck_assert_uint_eq(o.flags, FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE);
	ck_rv(derive_as(&o, &public_base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &public_rw,
		      CLASS(CKO_DATA), YES(CKA_PRIVATE)),
		CKR_USER_NOT_LOGGED_IN);
	ck_rv(derive_as(&o, &base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &user,
		      CLASS(CKO_DATA), NO(CKA_PRIVATE)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive_as(&o, &base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &user,
		      CLASS(CKO_SECRET_KEY)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive_as(&o, &base, CKM_HKDF_DATA, CK_UNAVAILABLE_INFORMATION, &user,
		      CLASS(CKO_DATA), YES(CKA_SIGN)),
		CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

/* --- CKA_DERIVE_TEMPLATE --- */

static void base_with_template(struct object *ret)
{
	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, OPEN_MASTER,
		NESTED(CKA_DERIVE_TEMPLATE, TYPE(CKK_GENERIC_SECRET), LENGTH(32),
			NO(CKA_EXTRACTABLE), YES(CKA_SIGN), STR(CKA_LABEL, "device"))));
	ck_ok(plan_create(&t, &user, ret));
}

START_TEST(derive_template_is_added)
{
	struct key_request w;
	OBJECT base = {0};
	OBJECT o = {0};

	base_with_template(&base);
	TEMPLATE t;
	ck_ok(parse(&t, NO(CKA_TOKEN), YES(CKA_VERIFY)));
	ck_ok(plan_request(&t, &base, &w));
	ck_assert(w.has_type && w.has_length);
	ck_assert_uint_eq(w.type, CKK_GENERIC_SECRET);
	ck_assert_uint_eq(w.length, 32);
	ck_ok(plan_derive(&t, &base, role_of(CKM_KEYDIV_DEVICE_KEY), w.type, &user, &o));
	ck_assert(has(&o, FLAG_SIGN | FLAG_VERIFY));
	ck_assert(bytes_equal(object_variable(&o, VAR_LABEL), bytes_of("device", 6)));
	ck_assert_ptr_null(object_variable(&o, VAR_DERIVE_TEMPLATE).p);
}
END_TEST

static const CK_ATTRIBUTE conflicts[] = {
	YES(CKA_EXTRACTABLE), NO(CKA_SIGN), STR(CKA_LABEL, "mine"), YES(CKA_DERIVE)};

START_TEST(derive_template_conflicts)
{
	OBJECT base = {0};
	OBJECT o = {0};

	base_with_template(&base);
	TEMPLATE t;
	ck_ok(template_parse(&conflicts[_i], 1, &t));
	ck_rv(plan_derive(&t, &base, role_of(CKM_KEYDIV_DEVICE_KEY), CKK_GENERIC_SECRET, &user, &o),
		CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(types_and_lengths_requested)
{
	struct key_request w;
	OBJECT base = {0};
	OBJECT plain = base_with(CLOSED);

	base_with_template(&base);
	TEMPLATE t;
	ck_ok(parse(&t, TYPE(CKK_AES)));
	ck_rv(plan_request(&t, &base, &w), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, LENGTH(16)));
	ck_rv(plan_request(&t, &base, &w), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(plan_request(&t, &plain, &w));
	ck_assert(!w.has_type && w.has_length);
	ck_assert_uint_eq(w.length, 16);
	ck_assert_uint_eq(w.object_class, CKO_SECRET_KEY);
	ck_ok(plan_request(&t, NULL, &w));
	static const CK_ULONG odd[] = {0, 17, 1ul << 31, (CK_ULONG)-1};
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		ck_ok(parse(&t, LENGTH(odd[i])));
		ck_ok(plan_request(&t, &plain, &w)); /* the row's plan refuses them */
		ck_assert_uint_eq(w.length, odd[i]);
	}
	ck_ok(parse(&t, CLASS(CKO_PRIVATE_KEY)));
	ck_rv(plan_request(&t, &plain, &w), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, CLASS(CKO_DATA)));
	ck_ok(plan_request(&t, &plain, &w));
	ck_assert_uint_eq(w.object_class, CKO_DATA);
}
END_TEST

/* CKA_DERIVE_TEMPLATE decides that a card key is a leaf only if the template has CKA_DERIVE. */
START_TEST(only_a_template_with_derive_makes_leaves)
{
	const struct role *card = role_of(CKM_KEYDIV_EMV_CARD_KEY);
	OBJECT labels = {0};
	OBJECT leaves = {0};
	OBJECT o = {0};
	TEMPLATE t;

	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY),
		NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_TRUSTED), NO(CKA_TOKEN))));
	ck_ok(plan_create(&t, &user, &labels));
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY),
		NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE))));
	ck_ok(plan_create(&t, &user, &leaves));
	ck_ok(parse(&t, YES(CKA_DERIVE)));
	ck_ok(plan_derive(&t, &labels, card, CKK_AES, &user, &o));
	object_wipe(&o);
	ck_rv(plan_derive(&t, &leaves, card, CKK_AES, &user, &o), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, YES(CKA_SIGN)));
	ck_rv(plan_derive(&t, &labels, card, CKK_AES, &user, &o), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(plan_derive(&t, &leaves, card, CKK_AES, &user, &o));
	object_wipe(&o);
	/* the list that a card key has when it comes back: none if the base makes leaves */
	ck_ok(parse(&t, YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)));
	ck_ok(plan_derive(&t, &labels, card, CKK_AES, &user, &o));
	ck_assert_uint_eq(object_variable(&o, VAR_MASTER_LIST).n, 2 * 8);
	object_wipe(&o);
	ck_ok(plan_derive(&t, &leaves, card, CKK_AES, &user, &o));
	ck_assert(object_has(&o, VAR_MASTER_LIST));
	ck_assert_uint_eq(object_variable(&o, VAR_MASTER_LIST).n, 0);
}
END_TEST

/* A usage that no key of the type can have leaves no trace in the history of the key. */
START_TEST(wrapping_is_dropped_from_the_history_too)
{
	OBJECT o = {0};
	OBJECT base = base_with(CLOSED);

	ck_ok(derive_as(&o, &base, CKM_KEYDIV_DEVICE_KEY, CKK_GENERIC_SECRET, &user, YES(CKA_SIGN),
		YES(CKA_WRAP), YES(CKA_UNWRAP)));
	ck_assert_uint_eq(o.flags & FLAGS_USAGE, FLAG_SIGN);
	ck_assert_uint_eq(o.made, MADE_DERIVED | FLAG_SENSITIVE | FLAG_SIGN);
	ck_ok(derive(&o, &base, YES(CKA_WRAP), YES(CKA_UNWRAP)));
	ck_assert_uint_eq(o.made, MADE_DERIVED | FLAG_SENSITIVE | FLAG_WRAP | FLAG_UNWRAP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_derive");
	TCase *tests = tcase_create("plan_derive");

	tcase_add_test(tests, attributes_without_a_template);
	tcase_add_test(tests, bad_templates_are_refused);
	tcase_add_loop_test(
		tests, a_derived_key_is_as_closed_as_its_base, 0, sizeof guards / sizeof guards[0]);
	tcase_add_test(tests, no_plan_is_more_open_than_its_base);
	tcase_add_test(tests, rights_of_derivation);
	tcase_add_test(tests, roles_and_levels);
	tcase_add_test(tests, client_states);
	tcase_add_test(tests, how_it_was_made);
	tcase_add_test(tests, data_objects);
	tcase_add_test(tests, derive_template_is_added);
	tcase_add_loop_test(
		tests, derive_template_conflicts, 0, sizeof conflicts / sizeof conflicts[0]);
	tcase_add_test(tests, types_and_lengths_requested);
	tcase_add_test(tests, only_a_template_with_derive_makes_leaves);
	tcase_add_test(tests, wrapping_is_dropped_from_the_history_too);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
