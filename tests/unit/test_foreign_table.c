/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_table.c: makes the table "Over a foreign key" of mechanisms/README.md and compares
 * it with the page. Each mechanism derives over a key in memory and over the same key behind
 * struct key_ops, with the functions that a key of another token has. The results must be the same.
 */
#include "scheme.h"

#define TITLE "## Over a foreign key"

static struct key *far_key; /* stands for the key in the other token */

static CK_RV far_cmac(void *remote, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	return key_cmac(remote, msg, n, ret_mac);
}

static CK_RV far_blocks(void *remote, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	return key_encrypt_blocks(remote, NULL, in, n, ret_out);
}

static CK_RV far_mac(
	void *remote, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	return key_mac(remote, kind, msg, n, ret_mac);
}

/* The columns, and the functions that the key has there by the kind of its type. */
enum right { MAY_SIGN, MAY_ENCRYPT, RIGHTS };
enum kind { AES, DES, OTHER, KINDS };
static const char *const kind_names[KINDS] = {"AES", "DES2, DES3", "generic, HKDF, HMAC"};
static const struct key_ops *const functions[RIGHTS][KINDS] = {
	[MAY_SIGN] = {&(const struct key_ops){.cmac = far_cmac},
		&(const struct key_ops){.cmac = far_cmac}, &(const struct key_ops){.mac = far_mac}},
	[MAY_ENCRYPT] = {&(const struct key_ops){far_cmac, far_blocks, NULL},
		&(const struct key_ops){far_cmac, far_blocks, NULL}, NULL},
};

/* The keys that each mechanism is asked for. */
static const struct {
	CK_KEY_TYPE type;
	size_t n;
	enum kind kind;
} bases[] = {
	{CKK_AES, 16, AES},
	{CKK_AES, 24, AES},
	{CKK_AES, 32, AES},
	{CKK_DES2, 16, DES},
	{CKK_DES3, 24, DES},
	{CKK_GENERIC_SECRET, 32, OTHER},
	{CKK_HKDF, 32, OTHER},
	{CKK_SHA_1_HMAC, 20, OTHER},
	{CKK_SHA256_HMAC, 32, OTHER},
	{CKK_SHA512_HMAC, 64, OTHER},
};
#define BASES (sizeof bases / sizeof bases[0])

/* The results of all derivations with keys of one kind. */
struct outcome {
	unsigned done; /* derivations */
	unsigned ok;
	CK_RV refused; /* the code of the others */
};

static void set_up(void)
{
	scheme_set_up();
	far_key = key_new();
	ck_assert_ptr_nonnull(far_key);
}

static void tear_down(void)
{
	key_free(far_key);
	scheme_tear_down();
}

/* Bytes that replace the beginning of a parameter that is a struct. */
struct patch {
	size_t n;
	uint8_t bytes[sizeof(CK_MECHANISM_TYPE)];
};

/* A derivation: the parameter is that of known answer ANSWER, after PATCH. */
struct question {
	const struct mechanism *mech;
	size_t answer, base;
	struct patch patch;
	bool as_answer; /* type and length of the result are those of the answer */
};

static CK_RV read_parameter(const struct question *q, struct derivation *d)
{
	static _Alignas(16) uint8_t native[NATIVE_MAX];
	static uint8_t patched[256], heap[PARAMETER_MAX];
	size_t used = 0;

	if (q->patch.n == 0)
		return scheme_read_answer(q->mech, q->answer, d);
	struct bytes given = q->mech->test.native_answers[q->answer];
	ck_assert_uint_le(given.n, sizeof patched);
	memcpy(patched, given.p, given.n);
	memcpy(patched, q->patch.bytes, q->patch.n);
	CK_MECHANISM caller = {q->mech->type, patched, given.n};
	d->native = native;
	return q->mech->parse_native(&caller, native, heap, &used);
}

/* Derive from the key in scheme_key(0). */
static CK_RV derive(const struct question *q, struct secret *ret)
{
	const struct mechanism *mech = q->mech;
	const struct known_answer *answer = &mech->test.answers[q->answer];
	bool data = answer->type == CK_UNAVAILABLE_INFORMATION;
	struct key_request request = {.object_class = data ? CKO_DATA : CKO_SECRET_KEY};
	struct derivation d = {.mechanism = mech,
		.base = scheme_key(0),
		.scratch = {scheme_key(1), scheme_key(2)},
		.usage = mech->test.usages != NULL ? mech->test.usages[q->answer] : 0};

	if (q->as_answer) {
		request.has_type = !data;
		request.type = data ? 0 : answer->type;
		request.has_length = data || !key_type_is_state(answer->type);
		request.length = strlen(answer->result) / 2;
	}
	TRY(read_parameter(q, &d));
	TRY(mech->derive.plan ? mech->derive.plan(&d, &request)
			      : derive_plan_default(&d, &request));
	return derive_value(&d, ret);
}

/*
 * Derive from a base of VALUE in memory and over each kind of foreign key, and compare. Return
 * false if the mechanism has no such key, or the parameter is for another type.
 */
static bool ask(
	const struct question *q, const uint8_t *value, struct outcome outcome[RIGHTS][KINDS])
{
	CK_KEY_TYPE type = bases[q->base].type;
	size_t n = bases[q->base].n;
	enum kind kind = bases[q->base].kind;
	SECRET expected = {0};

	ck_ok(key_load(scheme_key(0), type, value, n));
	if (derive(q, &expected) != CKR_OK)
		return false;
	ck_ok(key_load(far_key, type, value, n));
	for (enum right r = 0; r < RIGHTS; r++) {
		SECRET far = {0};
		if (functions[r][kind] == NULL)
			continue;
		ck_ok(key_attach(scheme_key(0), type, n, functions[r][kind], far_key));
		CK_RV rv = derive(q, &far);
		outcome[r][kind].done++;
		if (rv != CKR_OK) {
			outcome[r][kind].refused = rv;
			continue;
		}
		outcome[r][kind].ok++;
		ck_assert_msg(far.len == expected.len && secret_equal(secret_peek(&far),
								 secret_peek(&expected), far.len),
			"%s: answer %zu over a foreign key is another key", q->mech->name,
			q->answer);
	}
	return true;
}

/* The PRF is the first member of the parameters of SP 800-108, and bExtract of those of HKDF. */
static size_t patches(const struct mechanism *mech, struct patch ret[8])
{
	static const CK_MECHANISM_TYPE prfs[] = {
		CKM_AES_CMAC, CKM_DES3_CMAC, CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA512_HMAC};
	size_t n = 0;

	ret[n++].n = 0;
	if (mech->form != FORM_POINTERS)
		return n;
	switch (mech->type) {
	case CKM_SP800_108_COUNTER_KDF:
	case CKM_SP800_108_FEEDBACK_KDF:
	case CKM_SP800_108_DOUBLE_PIPELINE_KDF:
		for (size_t i = 0; i < sizeof prfs / sizeof prfs[0]; i++) {
			ret[n].n = sizeof prfs[i];
			memcpy(ret[n++].bytes, &prfs[i], sizeof prfs[i]);
		}
		return n;
	case CKM_HKDF_DERIVE:
	case CKM_HKDF_DATA:
		ret[n++] = (struct patch){1, {CK_FALSE}};
		return n;
	default:
		return n;
	}
}

/* Ask with the parameter of the answer, and with every patch. */
static void ask_all_ways(struct question q, struct outcome outcome[RIGHTS][KINDS])
{
	struct patch all[8];
	size_t n = patches(q.mech, all);
	uint8_t value[64];

	for (size_t k = 0; k < sizeof value; k++)
		value[k] = (uint8_t)(37 * k + 11 * q.answer + q.base + 1);
	for (size_t i = 0; i < n; i++) {
		q.patch = all[i];
		q.as_answer = false;
		if (ask(&q, value, outcome))
			continue;
		q.as_answer = true;
		ask(&q, value, outcome);
	}
}

static void ask_all(const struct mechanism *mech, struct outcome outcome[RIGHTS][KINDS])
{
	struct question q = {.mech = mech};

	for (q.answer = 0; mech->test.answers[q.answer].base != NULL; q.answer++)
		for (q.base = 0; q.base < BASES; q.base++)
			if (mechanism_takes(mech, bases[q.base].type))
				ask_all_ways(q, outcome);
}

/* Write the cell of the table for O. */
static void cell(const struct outcome *o, char *ret, size_t room)
{
	if (o->done == 0)
		snprintf(ret, room, "-");
	else if (o->ok == o->done)
		snprintf(ret, room, "yes");
	else if (o->ok == 0)
		snprintf(ret, room, "%s", rv_name(o->refused));
	else
		snprintf(ret, room, "in part, else %s", rv_name(o->refused));
}

/* Append the lines of MECH to TABLE. */
static void add_lines(const struct mechanism *mech, char *table, size_t room)
{
	struct outcome outcome[RIGHTS][KINDS] = {0};
	char cells[RIGHTS][80];

	ask_all(mech, outcome);
	for (enum kind k = 0; k < KINDS; k++) {
		if (outcome[MAY_SIGN][k].done + outcome[MAY_ENCRYPT][k].done == 0)
			continue;
		for (enum right r = 0; r < RIGHTS; r++)
			cell(&outcome[r][k], cells[r], sizeof cells[r]);
		size_t n = strlen(table);
		ck_assert_uint_lt(n + 256, room);
		if (mech->form != FORM_FLAT) /* the same as the standard mechanism */
			snprintf(table + n, room - n, "| %s | %s | %s | %s |\n", mech->name,
				kind_names[k], cells[MAY_SIGN], cells[MAY_ENCRYPT]);
	}
}

/* Read the lines of mechanisms in the table of the page. */
static void read_page(char *table, size_t room)
{
	static char line[8192];
	bool inside = false;
	FILE *f = fopen(MECHANISMS_README, "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "## ", 3) == 0)
			inside = strncmp(line, TITLE "\n", sizeof TITLE) == 0;
		if (!inside || strncmp(line, "| CKM_", 6) != 0)
			continue;
		ck_assert_uint_lt(strlen(table) + strlen(line), room);
		strcat(table, line);
	}
	fclose(f);
}

START_TEST(the_page_has_the_table)
{
	static char made[32768], page[32768];

	for (size_t m = 0; m < mechanism_count; m++) {
		const struct mechanism *mech = mechanisms[m];
		if (mech->info.flags & CKF_DERIVE && mech->derive.state == NULL)
			add_lines(mech, made, sizeof made);
	}
	read_page(page, sizeof page);
	ck_assert_msg(strcmp(made, page) == 0,
		"put these lines into the table \"%s\" of mechanisms/README.md:\n%s", TITLE, made);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign_table");
	TCase *tc = tcase_create("foreign_table");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_page_has_the_table);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
