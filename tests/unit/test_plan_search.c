/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_search.c: a random search for a sequence of calls that opens a protected key. A holder
 * of the user's PIN generates wrapping keys, wraps, unwraps, copies and changes keys at random, and
 * the SO trusts every wrapping key that can be trusted. No step may give a master another role, a
 * wider list or fewer bounds, and no step may make a protected key readable.
 *
 * Only the policy runs. A tag stands for the value of a key.
 */
#include "key_block_usage.h"
#include "policy_support.h"

enum { EPISODES = 5000, STEPS = 200, OBJECTS = 96, BLOBS = 96 };

/* The values of the search. A wrapping key gets a tag of its own from FIRST_KEK on. */
enum { TAG_MASTER = 1, TAG_BOUND, TAG_NARROW, TAG_CIPHER, TAG_KNOWN, FIRST_KEK };

struct entity {
	int tag;
	struct object o;
};

/* A wrapped key. */
struct blob {
	int kek, tag;
	bool has_role;
	struct wrapped_role role; /* as the header says */
};

static struct entity entities[OBJECTS];
static struct blob blobs[BLOBS];
static size_t entity_count, blob_count;
static int next_tag;
static uint64_t state;

static const struct rights so = {.so = true, .read_write = true};
static const CK_MECHANISM_TYPE forms[] = {CKM_AES_KEY_WRAP, CKM_KEYDIV_KEY_BLOCK};

/* Return a number below N (xorshift64). */
static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* Return an entity. Most have the value TAG; if TAG is 0, most are protected keys. */
static struct entity *pick(int tag)
{
	struct entity *e = &entities[below((unsigned)entity_count)];

	for (unsigned i = 0; i < 12; i++) {
		if (tag != 0 ? e->tag == tag : e->tag <= TAG_CIPHER)
			break;
		e = &entities[below((unsigned)entity_count)];
	}
	return e;
}

/* --- Random templates --- */

#define ISSUER CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY

static const CK_ATTRIBUTE_TYPE bools[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_WRAP, CKA_UNWRAP,
	CKA_DERIVE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_WRAP_WITH_TRUSTED, CKA_COPYABLE,
	CKA_KEYDIV_EXTRACTABLE_CHILDREN, CKA_KEYDIV_USE_ONLY};
static const CK_MECHANISM_TYPE list_issuer[] = {ISSUER}, list_card[] = {CKM_KEYDIV_EMV_CARD_KEY},
			       list_wide[] = {ISSUER, CKM_KEYDIV_CMAC},
			       list_blocks[] = {CKM_KEYDIV_KEY_BLOCK},
			       list_wrap[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP},
			       list_both[] = {CKM_AES_KEY_WRAP, CKM_KEYDIV_KEY_BLOCK};
static const CK_ATTRIBUTE lists[] = {
	RAW(CKA_ALLOWED_MECHANISMS, list_issuer, sizeof list_issuer),
	RAW(CKA_ALLOWED_MECHANISMS, list_card, sizeof list_card),
	RAW(CKA_ALLOWED_MECHANISMS, list_wide, sizeof list_wide),
	RAW(CKA_ALLOWED_MECHANISMS, list_blocks, sizeof list_blocks),
	RAW(CKA_ALLOWED_MECHANISMS, list_wrap, sizeof list_wrap),
	RAW(CKA_ALLOWED_MECHANISMS, list_both, sizeof list_both),
};

#define TEMPLATE_SIZE 24

static void add_bool(CK_ATTRIBUTE *t, CK_ULONG *n, CK_ATTRIBUTE_TYPE type, bool value)
{
	t[(*n)++] = value ? (CK_ATTRIBUTE)YES(type) : (CK_ATTRIBUTE)NO(type);
}

/* Add each CK_BBOOL with the probability 1 / RARE, and perhaps a list and CKA_DERIVE_TEMPLATE. */
static CK_ULONG random_template(CK_ATTRIBUTE *t, unsigned rare)
{
	static const CK_ATTRIBUTE leaf[] = {NO(CKA_DERIVE)};
	CK_ULONG n = 0;

	for (size_t i = 0; i < sizeof bools / sizeof bools[0]; i++)
		if (below(rare) == 0)
			add_bool(t, &n, bools[i], below(2) != 0);
	if (below(3) == 0)
		t[n++] = lists[below(sizeof lists / sizeof lists[0])];
	if (below(3 * rare) == 0)
		t[n++] = (CK_ATTRIBUTE)RAW(CKA_DERIVE_TEMPLATE, leaf, sizeof leaf);
	return n;
}

/* --- What must hold --- */

static void check_master(const struct entity *e, const char *step)
{
	uint8_t list[sizeof list_issuer];
	const struct object *o = &e->o;

	ck_assert_msg(!(o->flags & FLAGS_USAGE), "%s: a master with usage", step);
	if (!(o->flags & FLAG_DERIVE))
		return;
	size_t count = e->tag == TAG_NARROW ? 1 : sizeof list_issuer / sizeof list_issuer[0];
	for (size_t i = 0; i < count; i++)
		put_be64(list + 8 * i, list_issuer[i]);
	struct bytes own = object_variable(o, VAR_ALLOWED_MECHANISMS);
	ck_assert_msg(own.p != NULL && list_within(own, bytes_of(list, 8 * count)),
		"%s: a master with a wider list", step);
	ck_assert_msg(!(o->flags & FLAG_EXTRACTABLE_CHILDREN), "%s: children that leave", step);
	ck_assert_msg(!object_has(o, VAR_DERIVE_TEMPLATE), "%s: children of another role", step);
	if (e->tag == TAG_BOUND)
		ck_assert_msg(o->flags & FLAG_USE_ONLY, "%s: a master without its bound", step);
}

static void check(const struct entity *e, const char *step)
{
	if (e->tag > TAG_CIPHER)
		return;
	ck_assert_msg(e->o.flags & FLAG_SENSITIVE, "%s: a readable key", step);
	ck_assert_msg(!(e->o.flags & FLAG_EXTRACTABLE) || (e->o.flags & FLAG_WRAP_WITH_TRUSTED),
		"%s: a key that leaves under every key", step);
	if (e->tag != TAG_CIPHER)
		check_master(e, step);
}

/* Keep the planned object O, which is empty afterwards, with the value TAG. */
static void keep(struct object *o, int tag, const char *step)
{
	if (entity_count == OBJECTS) {
		object_wipe(o);
		return;
	}
	struct entity *e = &entities[entity_count++];
	object_move(o, &e->o);
	e->tag = tag;
	check(e, step);
}

/* --- Steps --- */

/* Generate an AES key. KNOWN: the caller brings the value. */
static void make_kek(bool known)
{
	static const uint8_t value[32];
	CK_ATTRIBUTE t[TEMPLATE_SIZE], inner[TEMPLATE_SIZE];
	CK_ULONG n = random_template(t, 6), inner_n;
	OBJECT o = {0};
	size_t length;

	add_bool(t, &n, CKA_PRIVATE, false);
	if (below(2) == 0) { /* the wrapping keys that can be trusted are rare among random keys */
		n = 0;
		add_bool(t, &n, CKA_PRIVATE, false);
		add_bool(t, &n, CKA_WRAP, true);
		if (below(3) != 0)
			add_bool(t, &n, CKA_UNWRAP, true);
		if (below(3) != 0)
			t[n++] = lists[3 + below(3)];
	}
	if (below(2) == 0) {
		inner_n = random_template(inner, 6);
		if (below(2) == 0) {
			inner_n = 0;
			add_bool(inner, &inner_n, CKA_SENSITIVE, true);
			add_bool(inner, &inner_n, CKA_WRAP_WITH_TRUSTED, true);
			add_bool(inner, &inner_n, CKA_DERIVE, below(2) != 0);
			if (below(2) == 0)
				inner[inner_n++] = lists[below(3)];
		}
		t[n++] = (CK_ATTRIBUTE)RAW(CKA_UNWRAP_TEMPLATE, inner, inner_n * sizeof *inner);
	}
	t[n++] = (CK_ATTRIBUTE)LENGTH(32);
	TEMPLATE parsed;
	if (template_parse(t, n, &parsed) != CKR_OK)
		return;
	if (plan_generate(&parsed, mechanism_find(CKM_AES_KEY_GEN), &user, &o, &length) != CKR_OK ||
		plan_value(&o, NULL, value, sizeof value) != CKR_OK)
		return;
	keep(&o, known ? TAG_KNOWN : next_tag++, "generate");
}

/* Wrap in a key block: the header of the key, and a random exportability that the key allows. */
static bool to_block(const struct object *o, struct blob *ret)
{
	struct key_block_header header = {.version = 'D'};

	plan_wrapped_role(o, &ret->role);
	enum exportability most = ret->role.exportability;
	size_t length = object_key_length(o);
	if (key_block_describe(&ret->role, length, &header) != CKR_OK ||
		key_block_role(&header, length, &ret->role) != CKR_OK)
		return false;
	ret->role.exportability = (enum exportability)below((unsigned)most + 1);
	return true;
}

static void step_wrap(void)
{
	const struct entity *kek = &entities[below((unsigned)entity_count)];
	const struct entity *target = pick(0);
	unsigned form = below(2);
	struct blob blob = {.kek = kek->tag, .tag = target->tag, .has_role = form == 1};

	if (kek == target || kek->tag == target->tag ||
		plan_may_wrap(&kek->o, &target->o, mechanism_find(forms[form])) != CKR_OK)
		return;
	if (blob.has_role && !to_block(&target->o, &blob))
		return;
	ck_assert_msg(kek->tag != TAG_KNOWN || target->tag > TAG_CIPHER,
		"a protected key under a known key");
	if (blob_count < BLOBS)
		blobs[blob_count++] = blob;
}

static void step_unwrap(void)
{
	static const uint8_t value[16];
	const struct blob *blob = &blobs[below((unsigned)blob_count)];
	const struct entity *kek = pick(blob->kek);
	CK_ATTRIBUTE t[TEMPLATE_SIZE];
	CK_ULONG n = random_template(t, 5);
	OBJECT o = {0};

	if (kek->tag != blob->kek ||
		plan_may_use(&kek->o, mechanism_find(forms[blob->has_role]), FLAG_UNWRAP) != CKR_OK)
		return;
	if (below(4) == 0) { /* a protected key that can leave again */
		n = 0;
		add_bool(t, &n, CKA_EXTRACTABLE, true);
		if (below(2) == 0)
			add_bool(t, &n, CKA_DERIVE, false);
	}
	t[n++] = (CK_ATTRIBUTE)CLASS(CKO_SECRET_KEY);
	t[n++] = (CK_ATTRIBUTE)TYPE(CKK_AES);
	t[n++] = (CK_ATTRIBUTE)NO(CKA_PRIVATE);
	TEMPLATE parsed;
	if (template_parse(t, n, &parsed) != CKR_OK ||
		plan_unwrap(&parsed, &kek->o, blob->has_role ? &blob->role : NULL, &user, &o) !=
			CKR_OK ||
		plan_value(&o, NULL, value, sizeof value) != CKR_OK)
		return;
	keep(&o, blob->tag, blob->has_role ? "unwrap a block" : "unwrap");
}

static void step_change(bool copy)
{
	struct entity *e = &entities[below((unsigned)entity_count)];
	CK_ATTRIBUTE t[TEMPLATE_SIZE];
	CK_ULONG n = random_template(t, 10);
	OBJECT o = {0};
	TEMPLATE parsed;

	if (template_parse(t, n, &parsed) != CKR_OK)
		return;
	if (copy) {
		if (plan_copy(&parsed, &e->o, &user, &o) == CKR_OK)
			keep(&o, e->tag, "copy");
	} else if (plan_set(&parsed, &user, &e->o) == CKR_OK) {
		check(e, "set");
	}
}

/* The SO trusts a key of which nobody knows the value. */
static void step_trust(void)
{
	struct entity *e = &entities[below((unsigned)entity_count)];
	TEMPLATE t;

	ck_ok(parse(&t, YES(CKA_TRUSTED)));
	if (e->tag >= FIRST_KEK)
		(void)!plan_set(&t, &so, &e->o);
}

static void step(void)
{
	switch (below(10)) {
	case 0:
		make_kek(below(8) == 0);
		break;
	case 1:
		step_change(true);
		break;
	case 2:
		step_change(false);
		break;
	case 3:
		step_trust();
		break;
	case 4:
	case 5:
	case 6:
		step_wrap();
		break;
	default:
		if (blob_count > 0)
			step_unwrap();
	}
}

static void add_protected(int tag, CK_ATTRIBUTE *t, CK_ULONG n)
{
	OBJECT o = {0};
	TEMPLATE parsed;

	ck_ok(template_parse(t, n, &parsed));
	ck_ok(plan_create(&parsed, &user, &o));
	keep(&o, tag, "create");
}

#define PROTECTED                                                                                  \
	KEY(CKK_AES), VALUE16, NO(CKA_PRIVATE), YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)

static unsigned came_back[FIRST_KEK][2];

static void episode(void)
{
	add_protected(TAG_MASTER, T(PROTECTED, YES(CKA_DERIVE), ALLOWED(ISSUER)));
	add_protected(TAG_BOUND,
		T(PROTECTED, YES(CKA_DERIVE), ALLOWED(ISSUER), YES(CKA_KEYDIV_USE_ONLY)));
	add_protected(TAG_NARROW, T(PROTECTED, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY)));
	add_protected(TAG_CIPHER, T(PROTECTED, YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	for (unsigned i = 0; i < STEPS; i++)
		step();
	for (size_t i = 0; i < blob_count; i++)
		if (blobs[i].tag < FIRST_KEK)
			came_back[blobs[i].tag][blobs[i].has_role]++;
	for (size_t i = 0; i < entity_count; i++)
		object_wipe(&entities[i].o);
	entity_count = blob_count = 0;
}

START_TEST(no_sequence_opens_a_protected_key)
{
	state = 0x9e3779b97f4a7c15 + (uint64_t)_i;
	next_tag = FIRST_KEK;
	for (unsigned i = 0; i < EPISODES; i++)
		episode();
	/* the search reaches what it is for: protected keys left, in both forms */
	for (int form = 0; form < 2; form++) {
		ck_assert_uint_gt(came_back[TAG_MASTER][form], 0);
		ck_assert_uint_gt(came_back[TAG_CIPHER][form], 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_search");
	TCase *tc = tcase_create("plan_search");

	tcase_add_loop_test(tc, no_sequence_opens_a_protected_key, 0, 4);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
