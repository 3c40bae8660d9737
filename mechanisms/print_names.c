/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_names.c: a program of the build, not of the module. The program prints the names of
 * mechanisms, parameter fields and key types for the tool, which links nothing of the module. There
 * is no second list.
 *
 * The output is a header that a source file includes after it defined one or more of these macros:
 * - MECHANISM(number, name, inputs, source, scheme, key types, parameter, use, message) for each
 *   mechanism, as struct mechanism_about in src/tool/token/names.h;
 * - MECHANISM_FIELD(mechanism, name, required, number, min, max) for each field of each mechanism,
 *   as struct mechanism_field in src/tool/token/names.h;
 * - FIELD(name, tag, width, min, max, LSB first) for each field, as struct field in
 *   src/tool/token/fields.c;
 * - KEY_TYPE(name, number, generate, mac, bytes, parity, state, check, block, ecb, lengths) for
 *   each key type, as struct key_kind in src/tool/token/names.h.
 * The header leaves out what the file did not define, and undefines the macros at its end.
 */
#include "mechanism.h"

#include <stdio.h>

/* Print "base -> result: DEVICE [SALT]" for a vendor mechanism, nothing for a standard one. */
static void print_inputs(const struct mechanism *mech)
{
	if (mech->what == NULL)
		return;
	fputs(mech->what, stdout);
	for (const struct field *f = mech->fields; f != NULL && f->tag != 0; f++)
		printf(f->required ? "%s%s" : "%s[%s]", f == mech->fields ? ": " : " ", f->name);
}

/* Print the names of the key types that MECH takes, with commas between them. */
static void print_key_types(const struct mechanism *mech)
{
	for (const CK_KEY_TYPE *t = mech->key_types; t != NULL && *t != KEY_TYPES_END; t++)
		printf("%s%s", t == mech->key_types ? "" : ", ", key_type_find(*t)->name);
}

/* Return the parameter for an example, or "". */
static const char *parameter_of(const struct mechanism *mech)
{
	const struct known_answer *answers = mech->test.answers;

	if (mech->test.example != NULL)
		return mech->test.example;
	return answers != NULL && answers->parameter != NULL ? answers->parameter : "";
}

/* MECH is for the key that the caller names, and for no key that a message derives. */
static bool is_by_key(const struct mechanism *mech)
{
	return mech->operation.sign != NULL || mech->operation.by_deriving_key;
}

/* Print the message of a published answer, for the example of a mechanism that is_by_key. */
static void print_message(const struct mechanism *mech)
{
	const struct operation_answer *answers = mech->test.operation_answers;

	if (is_by_key(mech))
		printf("\"%s\")\n", answers != NULL ? answers->in : "");
	else
		puts("NULL)");
}

/*
 * Return the command of the tool that uses a key by MECH, with an option that it needs, or "".
 * Operations that need an IV besides the counter, or that have no tag, are left out.
 */
static const char *use_of(const struct mechanism *mech)
{
	const struct operation_inputs *inputs = mech->operation.inputs;

	if (is_by_key(mech))
		return mech->operation.cipher != CIPHER_NONE ? "seal" : "sign";
	if (mech->operation.with_derived_key)
		return "sign";
	if (!mech->operation.for_use || inputs == NULL)
		return "";
	if (mech->operation.cipher != CIPHER_NONE)
		return inputs->tag_max != 0 ? "seal" : "";
	if (inputs->iv_max != 0)
		return "";
	return inputs->tag_max != 0 && inputs->tag_default == 0 ? "sign --tag-length 8" : "sign";
}

static void print_mechanism(const struct mechanism *mech)
{
	const char *source = mechanism_find(mech->type)->source;

	printf("MECHANISM(0x%08lxUL, \"%s\", \"", mechanism_number(mech), mech->name);
	print_inputs(mech);
	printf("\", \"%s\", \"%s\", \"", source != NULL ? source : "",
		mech->scheme != NULL ? mech->scheme : "");
	print_key_types(mech);
	printf("\", \"%s\", \"%s\", ", parameter_of(mech), use_of(mech));
	print_message(mech);
}

static void print_mechanism_fields(const struct mechanism *mech)
{
	for (const struct field *f = mech->fields; f != NULL && f->tag != 0; f++)
		printf("MECHANISM_FIELD(0x%08lxUL, \"%s\", %d, %d, %d, %d)\n",
			mechanism_number(mech), f->name, f->required, f->number, f->min, f->max);
}

/* Widen RET, which is {0} at first, to the lengths that LIST gives the field TAG. */
static void add_lengths(const struct field *list, unsigned tag, struct field *ret)
{
	for (const struct field *f = list; f != NULL && f->tag != 0; f++) {
		if (f->tag != tag)
			continue;
		if (ret->name == NULL)
			*ret = *f;
		ret->min = f->min < ret->min ? f->min : ret->min;
		ret->max = f->max > ret->max ? f->max : ret->max;
	}
}

/*
 * Print the field TAG with the lengths that some mechanism takes. The tool's options --field and
 * --wrap-field are for derivations, operations with a derived key, and wrapping, so a field of
 * C_GenerateKey alone is left out. A password must not be an argument of a command.
 */
static void print_field(unsigned tag)
{
	struct field all = {0};
	bool lsb_first = false;

	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *mech = mechanisms[i];
		if (mech->info.flags & (CKF_DERIVE | CKF_WRAP))
			add_lengths(mech->fields, tag, &all);
		add_lengths(mech->operation.further, tag, &all);
		lsb_first |= mech->derive.counter.tag == tag && mech->derive.counter.lsb_first;
	}
	if (all.name != NULL)
		printf("FIELD(\"%s\", 0x%02x, %d, %d, %d, %d)\n", all.name, all.tag,
			all.number || lsb_first ? all.max : 0, all.min, all.max, lsb_first);
}

/* Return the mechanism that encrypts single blocks under keys of T. */
static CK_MECHANISM_TYPE ecb_of(const struct key_type *t)
{
	for (size_t i = 0; i < mechanism_count; i++)
		if (mechanisms[i]->operation.cipher == CIPHER_ECB &&
			!mechanisms[i]->operation.inverse &&
			mechanism_takes(mechanisms[i], t->number))
			return mechanisms[i]->type;
	return CK_UNAVAILABLE_INFORMATION;
}

static void print_key_type(const struct key_type *t)
{
	printf("KEY_TYPE(\"%s\", 0x%lxUL, 0x%lxUL, 0x%lxUL, %zu, %d, %d, %d, %d, 0x%lxUL, {",
		t->name, t->number, t->generate, t->mac, key_type_only_length(t), t->parity,
		t->state, t->cmac_check, t->block, ecb_of(t));
	for (unsigned i = 0; t->length[i].bytes != 0; i++)
		printf("%d, ", t->length[i].bytes);
	puts("0})");
}

int main(void)
{
	static const char *const macros[] = {"MECHANISM", "MECHANISM_FIELD", "FIELD", "KEY_TYPE"};

	for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
		printf("#ifndef %s\n#define %s(...)\n#endif\n", macros[i], macros[i]);
	for (size_t i = 0; i < mechanism_count; i++)
		print_mechanism(mechanisms[i]);
	for (size_t i = 0; i < mechanism_count; i++)
		print_mechanism_fields(mechanisms[i]);
	for (unsigned tag = 1; tag <= UINT8_MAX; tag++)
		print_field(tag);
	for (const struct key_type *t = all_key_types; t->name != NULL; t++)
		print_key_type(t);
	for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
		printf("#undef %s\n", macros[i]);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
