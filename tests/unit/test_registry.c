/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_registry.c: walks the table of mechanisms: every row is whole, numbered once, tested by
 * published answers and told of in README.md.
 */
#include <dirent.h>

#include "scheme.h"

#define POINTER_FORMS 13 /* GCM, CCM, GMAC, HKDF x 2, PBKDF2, SP 800-108 x 3, ENCRYPT_DATA x 4 */

/* Keys of random bytes have no answers to publish. */
static bool is_random(const struct mechanism *row)
{
	return row->info.flags & CKF_GENERATE && row->derive.value == NULL;
}

/* Return true if TEXT has WORD with no letter, digit or underscore beside it. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		if ((p == text || strchr(" `|,(", p[-1])) &&
			(p[n] == '\0' || strchr(" `|,)\n\r", p[n])))
			return true;
	return false;
}

/* Return true if a line of FILE that begins with PREFIX has WORD and also PART, if not NULL. */
static bool line_has(const char *file, const char *prefix, const char *word, const char *part)
{
	char line[4096];
	bool found = false;
	FILE *f = fopen(file, "r");

	ck_assert_msg(f != NULL, "%s cannot be opened", file);
	while (!found && fgets(line, sizeof line, f) != NULL)
		found = strncmp(line, prefix, strlen(prefix)) == 0 && has_word(line, word) &&
			(part == NULL || strstr(line, part) != NULL);
	fclose(f);
	return found;
}

/*
 * Return true if ROW takes DES keys and no others. DES keys have one length each, which PKCS#11
 * does not count.
 */
static bool takes_only_des(const struct mechanism *row)
{
	if (row->key_types == NULL)
		return false;
	for (const CK_KEY_TYPE *t = row->key_types; *t != KEY_TYPES_END; t++)
		if (*t != CKK_DES2 && *t != CKK_DES3)
			return false;
	return true;
}

static bool has_vectors(const char *name)
{
	char path[1024];
	bool found = false;
	DIR *dir = opendir(VECTORS_DIR);

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; !found && (entry = readdir(dir)) != NULL;) {
		size_t n = strlen(entry->d_name);
		if (n < 4 || strcmp(entry->d_name + n - 4, ".txt") != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", VECTORS_DIR, entry->d_name);
		found = line_has(path, "# mechanisms:", name, NULL);
	}
	closedir(dir);
	return found;
}

START_TEST(every_row)
{
	const struct mechanism *row = mechanisms[_i];

	ck_assert_msg(
		row->name != NULL && strncmp(row->name, "CKM_", 4) == 0, "row %d has no name", _i);
	ck_assert_msg(row->info.flags != 0, "%s has no flags", row->name);
	ck_assert_msg(row->info.ulMinKeySize <= row->info.ulMaxKeySize,
		"%s has sizes the wrong way round", row->name);
	bool sized = row->info.ulMaxKeySize > 0 || takes_only_des(row) ||
		     row->operation.digest != DIGEST_NONE || row->operation.generates == CKK_DES2 ||
		     row->operation.generates == CKK_DES3;
	ck_assert_msg(sized, "%s has no sizes", row->name);
	ck_assert_msg(row->test.run != NULL || row->test.answers != NULL, "%s has no self-test",
		row->name);
	/* The vectors of a flat form are those of the standard mechanism. */
	ck_assert_msg(is_random(row) || has_vectors(mechanism_find(row->type)->name),
		"%s is in no file of tests/vectors", row->name);
	ck_assert_msg(line_has(MECHANISMS_README, "|", row->name, NULL),
		"%s has no line in README.md", row->name);
	ck_assert_ptr_eq(mechanism_find(mechanism_number(row)), row);
}
END_TEST

/* Each mechanism says which document defines it, and its line in README.md says the same. */
START_TEST(sources)
{
	const struct mechanism *row = mechanisms[_i];
	char cell[128];

	if (row->form == FORM_FLAT) {
		ck_assert_msg(row->source == NULL, "%s: source of a flat form", row->name);
		return;
	}
	ck_assert_msg(row->source != NULL && *row->source != '\0', "%s has no source", row->name);
	snprintf(cell, sizeof cell, "| %s |", row->source);
	ck_assert_msg(line_has(MECHANISMS_README, "|", row->name, cell),
		"%s: README.md does not name its source '%s'", row->name, row->source);
}
END_TEST

/* A mechanism has a function for each flag, and a flag for each function. */
START_TEST(flags_and_functions)
{
	const struct mechanism *row = mechanisms[_i];
	CK_FLAGS flags = row->info.flags;

	ck_assert_msg(!(flags & CKF_DERIVE) || (row->derive.value && row->key_types), "%s: derive",
		row->name);
	ck_assert_msg(!(flags & CKF_GENERATE) || row->derive.value || row->operation.generates,
		"%s: generate", row->name);
	if (row->operation.with_derived_key) { /* the parameter names the operation */
		ck_assert_uint_eq(flags & (CKF_DERIVE | CKF_GENERATE | CKF_DIGEST | CKF_WRAP), 0);
		return;
	}
	ck_assert_msg(
		!!(flags & (CKF_ENCRYPT | CKF_DECRYPT)) == (row->operation.cipher != CIPHER_NONE),
		"%s: cipher", row->name);
	bool signs = row->operation.mac != MAC_NONE || row->operation.sign != NULL;
	ck_assert_msg(!!(flags & (CKF_SIGN | CKF_VERIFY)) == signs, "%s: mac", row->name);
	ck_assert_msg(!!(flags & CKF_DIGEST) == (row->operation.digest != DIGEST_NONE),
		"%s: digest", row->name);
	bool wraps = row->operation.wrap != WRAP_NONE;
	ck_assert_msg(!!(flags & CKF_WRAP) == (wraps || row->operation.wrap_key != NULL),
		"%s: wrap", row->name);
	ck_assert_msg(!!(flags & CKF_UNWRAP) == (wraps || row->operation.unwrap_key != NULL),
		"%s: unwrap", row->name);
	ck_assert_msg(!row->derive.value || flags & (CKF_DERIVE | CKF_GENERATE),
		"%s: derives without a flag", row->name);
	ck_assert_msg(!row->fields || !row->parse_native, "%s: two kinds of parameter", row->name);
	ck_assert_msg(
		!row->test.native_answers || row->parse_native, "%s: native answers", row->name);
	bool vendor = (mechanism_number(row) & KEYDIV_VENDOR) == KEYDIV_VENDOR;
	ck_assert_msg((row->what != NULL) == vendor, "%s: what it is", row->name);
}
END_TEST

/* Mechanisms for WITH_DERIVED_KEY have the members that the mechanism needs. */
START_TEST(rows_for_use)
{
	const struct mechanism *row = mechanisms[_i];
	bool vendor = (row->type & KEYDIV_VENDOR) == KEYDIV_VENDOR;

	if (row->derive.for_use) {
		ck_assert_msg(
			vendor && row->fields && row->info.flags & CKF_DERIVE, "%s", row->name);
		ck_assert_msg(row->derive.state == NULL, "%s keeps a state", row->name);
	}
	if (row->operation.for_use)
		ck_assert_msg(row->operation.inputs && row->key_types, "%s", row->name);
	ck_assert_msg(!row->operation.take_further || row->operation.further, "%s", row->name);
	ck_assert_msg(row->operation.mac_general == (row->operation.whole != 0), "%s", row->name);
	const struct mechanism *whole = mechanism_find(row->operation.whole);
	if (row->operation.mac_general)
		ck_assert_msg(whole->operation.mac == row->operation.mac &&
				      !whole->operation.mac_general &&
				      whole->key_types[0] == row->key_types[0],
			"%s", row->name);
	uint8_t tag = row->derive.counter.tag;
	for (const struct field *f = row->fields; tag != 0 && f->tag != 0; f++)
		if (f->tag == tag) {
			ck_assert_msg(f->min == f->max, "%s", row->name);
			ck_assert_uint_le(row->derive.counter.bits, 8 * f->max);
			ck_assert(!row->derive.counter.lsb_first ||
				  row->derive.counter.bits == 8 * f->max);
			tag = 0;
		}
	ck_assert_msg(tag == 0, "%s has no counter", row->name);
}
END_TEST

/* Exactly these mechanisms are refused as DERIVATION, and these are taken as OPERATION. */
START_TEST(lists_for_use)
{
	static const CK_MECHANISM_TYPE refused[] = {CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY,
		CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_INITIAL_KEY,
		CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_NEXT_KEY, CKM_KEYDIV_OSDP_SCBK,
		CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, CKM_KEYDIV_LORAWAN_DEVICE_KEY,
		CKM_KEYDIV_WITH_DERIVED_KEY};
	static const CK_MECHANISM_TYPE operations[] = {CKM_AES_CMAC, CKM_AES_CMAC_GENERAL,
		CKM_AES_GMAC, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_CTR, CKM_AES_CBC, CKM_AES_CBC_PAD,
		CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL, CKM_DES3_CBC, CKM_SHA_1_HMAC, CKM_SHA224_HMAC,
		CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC, CKM_SHA_1_HMAC_GENERAL,
		CKM_SHA224_HMAC_GENERAL, CKM_SHA256_HMAC_GENERAL, CKM_SHA384_HMAC_GENERAL,
		CKM_SHA512_HMAC_GENERAL, CKM_KEYDIV_RETAIL_MAC, CKM_KEYDIV_AES_CMAC_ODD};
	size_t derivations = 0, found = 0, of_vendor = 0;

	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *row = mechanisms[i];
		bool is_refused = false, is_operation = false;
		for (size_t j = 0; j < sizeof refused / sizeof refused[0]; j++)
			is_refused |= row->type == refused[j];
		for (size_t j = 0; j < sizeof operations / sizeof operations[0]; j++)
			is_operation |= row->form != FORM_FLAT && row->type == operations[j];
		/* Mechanisms of the vendor that derive, and not those that use a key as it is. */
		bool own = (row->type & ~0xFFFUL) == KEYDIV_VENDOR &&
			   (row->derive.value != NULL || row->operation.with_derived_key);
		ck_assert_msg(row->derive.for_use == (own && !is_refused), "%s", row->name);
		ck_assert_msg(row->operation.for_use == is_operation, "%s", row->name);
		of_vendor += own;
		derivations += row->derive.for_use;
		found += row->operation.for_use;
	}
	ck_assert_uint_eq(derivations + sizeof refused / sizeof refused[0], of_vendor);
	ck_assert_uint_eq(found, sizeof operations / sizeof operations[0]);
}
END_TEST

/* Fields are told apart by ascending tags, as the parser needs it. */
START_TEST(fields_ascend)
{
	const struct mechanism *row = mechanisms[_i];
	unsigned count = 0;

	if (row->fields == NULL)
		return;
	for (const struct field *f = row->fields; f->tag != 0; f++) {
		ck_assert_msg(f[1].tag == 0 || f[1].tag > f->tag, "%s: tags", row->name);
		ck_assert_msg(f->min <= f->max, "%s: tag %02x", row->name, f->tag);
		count++;
	}
	ck_assert_uint_le(count, FIELDS_MAX);
}
END_TEST

/* The tool has one field for each tag, so all mechanisms must mean the same by a tag. */
START_TEST(fields_agree)
{
	const struct field *seen[UINT8_MAX + 1] = {NULL};

	for (size_t i = 0; i < mechanism_count; i++)
		for (const struct field *f = mechanisms[i]->fields; f != NULL && f->tag != 0; f++) {
			const struct field *other = seen[f->tag];
			seen[f->tag] = f;
			ck_assert_msg(
				!f->number || (f->min == f->max && f->max <= 8), "%s", f->name);
			if (other == NULL)
				continue;
			ck_assert_str_eq(f->name, other->name);
			ck_assert_int_eq(f->number, other->number);
			ck_assert_msg(!f->number || f->max == other->max, "%s", f->name);
		}
}
END_TEST

/* A derived key has a length that the table of key types lists, with or without a block cipher. */
START_TEST(lengths_of_derived_keys)
{
	static const struct key_type fixed = {.name = "fixed", .length = {{20, KIND_NONE}}};
	const struct key_type *aes = key_type_find(CKK_AES);
	const struct key_type *generic = key_type_find(CKK_GENERIC_SECRET);

	for (size_t n = 0; n <= 80; n++) {
		ck_assert_int_eq(derive_check_length(&fixed, n) == CKR_OK, n == 20);
		ck_assert_int_eq(
			derive_check_length(aes, n) == CKR_OK, n == 16 || n == 24 || n == 32);
		ck_assert_int_eq(derive_check_length(generic, n) == CKR_OK, n >= 16 && n <= 64);
	}
	ck_rv(derive_check_length(&fixed, 16), CKR_KEY_SIZE_RANGE);
}
END_TEST

/* Every role has a level. Children exist and derive; leaves have none. */
START_TEST(children)
{
	const struct mechanism *row = mechanisms[_i];
	const struct role *role = row->derive.role;

	if (role == NULL)
		return;
	ck_assert_msg(role->level != 0, "%s", row->name);
	bool lists = role->level == LEVEL_SHORTEN || role->level == LEVEL_FIXED;
	ck_assert_msg(lists == (role->children[0] != 0), "%s", row->name);
	ck_assert_uint_eq(role->children[CHILDREN_MAX - 1], 0);
	for (size_t i = 0; role->children[i] != 0; i++) {
		const struct mechanism *child = mechanism_find(role->children[i]);
		ck_assert_ptr_nonnull(child);
		ck_assert_msg(child->info.flags & CKF_DERIVE || child->operation.with_derived_key,
			"%s: child %zu", row->name, i);
	}
}
END_TEST

START_TEST(numbers_are_unique)
{
	for (size_t i = 0; i < mechanism_count; i++)
		for (size_t j = 0; j < i; j++) {
			ck_assert_msg(
				mechanism_number(mechanisms[i]) != mechanism_number(mechanisms[j]),
				"%s", mechanisms[i]->name);
			ck_assert_str_ne(mechanisms[i]->name, mechanisms[j]->name);
		}
	ck_assert_ptr_null(mechanisms[mechanism_count]);
}
END_TEST

/* A flat form is the standard mechanism in everything but the form of the parameter. */
static void check_flat(const struct mechanism *flat, const struct mechanism *standard)
{
	const struct deriving *a = &flat->derive, *b = &standard->derive;
	CK_FLAGS multi = CKF_MULTI_MESSAGE;

	ck_assert_int_eq(standard->form, FORM_POINTERS);
	ck_assert_str_eq(flat->name + strlen("CKM_KEYDIV_FLAT_"), standard->name + strlen("CKM_"));
	ck_assert_ptr_eq(flat->key_types, standard->key_types);
	ck_assert_uint_eq(flat->info.ulMinKeySize, standard->info.ulMinKeySize);
	ck_assert_uint_eq(flat->info.ulMaxKeySize, standard->info.ulMaxKeySize);
	ck_assert_uint_eq(flat->info.flags & ~multi, standard->info.flags & ~multi);
	ck_assert(a->plan == b->plan && a->value == b->value && a->role_of == b->role_of);
	ck_assert(a->role == b->role && a->keeps_parity == b->keeps_parity);
	ck_assert_ptr_null(a->more_keys);
	ck_assert_int_eq(flat->operation.cipher, standard->operation.cipher);
	ck_assert_int_eq(flat->operation.mac, standard->operation.mac);
	ck_assert_ptr_eq(flat->operation.inputs, standard->operation.inputs);
	ck_assert_ptr_null(flat->scheme);
	ck_assert_ptr_null(flat->parse_native);
	ck_assert_ptr_nonnull(flat->fields);
}

START_TEST(forms)
{
	unsigned flat = 0, pointers = 0;

	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *mech = mechanisms[i];
		ck_assert(mech->parse_native == NULL || mech->form == FORM_POINTERS);
		ck_assert(mech->parse_flat == NULL || mech->form == FORM_FLAT);
		pointers += mech->form == FORM_POINTERS;
		if (mech->form != FORM_FLAT)
			continue;
		flat++;
		check_flat(mech, mechanism_find(mech->type));
	}
	ck_assert_uint_eq(flat, POINTER_FORMS);
	ck_assert_uint_eq(pointers, POINTER_FORMS);
}
END_TEST

/* With parameters = flat no mechanism with pointers is found, and every other mechanism is. */
START_TEST(flat_mode)
{
	size_t index;

	mechanisms_offer(true);
	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *mech = mechanisms[i];
		ck_assert_ptr_eq(mechanism_look_up_any(mechanism_number(mech), &index), mech);
		ck_assert_uint_eq(index, i);
		bool hidden = mech->form == FORM_POINTERS;
		ck_assert_int_eq(mechanism_offered(mech), !hidden);
		ck_assert_ptr_eq(mechanism_find(mechanism_number(mech)), hidden ? NULL : mech);
	}
	mechanisms_offer(false);
	for (size_t i = 0; i < mechanism_count; i++)
		ck_assert_ptr_eq(mechanism_find(mechanism_number(mechanisms[i])), mechanisms[i]);
}
END_TEST

START_TEST(unknown_numbers)
{
	ck_assert_ptr_null(mechanism_find(CKM_VENDOR_DEFINED));
	ck_assert_ptr_null(mechanism_find(CKM_VENDOR_DEFINED + 1));
	ck_assert_ptr_null(mechanism_find(KEYDIV_VENDOR));
	ck_assert_ptr_null(mechanism_find((CK_MECHANISM_TYPE)-1));
	ck_assert_ptr_null(mechanism_find(CKM_XOR_BASE_AND_DATA));
	ck_assert_ptr_null(mechanism_find(CKM_EXTRACT_KEY_FROM_KEY));
	ck_assert_ptr_null(mechanism_find(CKM_CONCATENATE_BASE_AND_KEY));
	ck_assert(!mechanism_takes(mechanism_find(CKM_KEYDIV_DEVICE_KEY), CKK_DES3));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tc = tcase_create("registry");
	int rows = (int)mechanism_count;

	tcase_add_loop_test(tc, every_row, 0, rows);
	tcase_add_loop_test(tc, sources, 0, rows);
	tcase_add_loop_test(tc, flags_and_functions, 0, rows);
	tcase_add_loop_test(tc, rows_for_use, 0, rows);
	tcase_add_test(tc, lists_for_use);
	tcase_add_loop_test(tc, fields_ascend, 0, rows);
	tcase_add_test(tc, fields_agree);
	tcase_add_test(tc, lengths_of_derived_keys);
	tcase_add_loop_test(tc, children, 0, rows);
	tcase_add_test(tc, numbers_are_unique);
	tcase_add_test(tc, forms);
	tcase_add_test(tc, flat_mode);
	tcase_add_test(tc, unknown_numbers);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
