/* SPDX-License-Identifier: Apache-2.0 */
/* key_import.c: keydiv key import, with its options and the choice between its forms. */
#include "tool/commands/key_import.h"
#include "tool/commands/commands.h"
#include "tool/new_file.h"
#include "tool/report.h"
#include "tool/token/ceremony.h"
#include "tool/token/identity.h"
#include "tool/token/new_key.h"

static long long components = -1, size = -1;
static struct texts component_files;
static const char *check, *record, *unwrap_key, *block_file, *block_list;
static struct bulk bulk = {.threads = -1};

static const struct option_spec options[] = {
	NEW_KEY_OPTIONS,
	NUMBER_OPTION("components", "NUMBER", &components,
		"the key is the XOR of so many components, typed one by one (default: 2)"),
	TEXTS_OPTION("component-file", "FILE", &component_files,
		"read a component from FILE instead; give it once for each"),
	NUMBER_OPTION("size", "BITS", &size,
		"length of the key; needed for an AES key of 128 bits without a terminal"),
	TEXT_OPTION("check-value", "HEX", &check,
		"refuse the key if its check value, CMAC or encrypted block, is another"),
	TEXT_OPTION("record", "FILE", &record,
		"write a record of the ceremony to FILE, to be printed and signed"),
	TEXT_OPTION("unwrap-key", "KEY", &unwrap_key,
		"the key that all keys in the file are wrapped under, with --csv by AES-KWP"),
	TEXT_OPTION("key-block", "FILE", &block_file,
		"import the key block in FILE (TR-31, X9.143); - is standard input"),
	TEXT_OPTION("key-block-csv", "FILE", &block_list,
		"import key blocks, one a line behind its label; - is standard input"),
	BULK_OPTIONS(bulk),
	OPTIONS_END,
};

/* Return true if an option of a key that is the XOR of components is given. */
static bool has_component_option(void)
{
	return component_files.count || components >= 0 || size >= 0 || check || record;
}

/* Check the options that select a form of the import. */
static bool check_form(void)
{
	if ((bulk.input != NULL) + (block_list != NULL) + (block_file != NULL) > 1)
		return fail("--csv, --key-block and --key-block-csv exclude each other: give one");
	new_key.by_header = block_list || block_file;
	if (block_list)
		bulk.input = block_list;
	if ((bulk.input || block_file) && !unwrap_key)
		return fail("%s needs --unwrap-key: the key that the keys are wrapped under",
			block_list   ? "--key-block-csv"
			: block_file ? "--key-block"
				     : "--csv");
	if (bulk.input && (new_key.label || new_key.id || has_component_option()))
		return fail("%s takes labels and keys from the file: leave out "
			    "--label, --id, --size, --check-value, --record and components",
			block_list ? "--key-block-csv" : "--csv");
	if (block_file && has_component_option())
		return fail("--key-block takes the key from the file: leave out --size, "
			    "--check-value, --record and components");
	if (unwrap_key && !bulk.input && !block_file)
		return fail("--unwrap-key goes with --csv, --key-block or --key-block-csv");
	if (!bulk.input && (!new_key.label || !*new_key.label))
		return fail("a key needs a name: give --label; or --csv with --unwrap-key for many "
			    "keys");
	return true;
}

/* Check the options, also those that belong to one form only. */
static bool check_options(void)
{
	if (!check_form())
		return false;
	if (components >= 0 && (components < 2 || components > COMPONENTS_MAX))
		return fail("--components takes 2 to 16: with one, one person holds the whole key");
	if (component_files.count == 1 || component_files.count > COMPONENTS_MAX)
		return fail("--component-file is given once for each of 2 to 16 components");
	if (components >= 0 && component_files.count && (size_t)components != component_files.count)
		return fail("--components says %lld, but --component-file is given %zu times",
			components, component_files.count);
	if (record && !new_file_fits(record))
		return false;
	return bulk_options_fit(&bulk, false);
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct component_import import = {.files = &component_files,
		.count = component_files.count ? component_files.count
			 : components < 0      ? 2
					       : (size_t)components,
		.check = check,
		.size = size,
		.record = record};

	(void)count, (void)operands;
	if (!check_options())
		return false;
	if (!new_key_read())
		return false;
	if (bulk.input) {
		bulk.write = true;
		return client_login_for(&client, unwrap_key, true) &&
		       import_wrapped(&client, &bulk, unwrap_key);
	}
	if (block_file)
		return client_login_for(&client, unwrap_key, true) &&
		       label_is_free(&client, new_key.label) &&
		       import_key_block(&client, block_file, unwrap_key);
	return client_login(&client, true) && label_is_free(&client, new_key.label) &&
	       import_components(&client, &import);
}

const struct command cmd_key_import = {
	.name = "key import",
	.arguments = "",
	.summary = "Import a key from components, so that no person knows all of it, or "
		   "wrapped keys and key blocks from a file",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
