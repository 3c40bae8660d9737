/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_driver.c: wraps and unwraps key blocks for key_block.py. Each line on standard input is
 * one request, and each line on standard output is the answer. Keys are in hexadecimal digits.
 *
 * 	wrap VERSION KBPK KEY HEADER	the key block, or an error
 * 	open VERSION KBPK BLOCK		key, type, usage, CKA_DERIVE, exportability and the list of
 * 					mechanisms, or an error
 *
 * VERSION is a character of the version. It says whether the KBPK is an AES or a DES key. An error
 * is "error" and the number of the return code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "key/crypto.h"
#include "key_block.h"
#include "key_block_usage.h"

#define LINE 24000

static struct key *kbpk, *target, *scratch[SCRATCH_KEYS];

static CK_RV load(struct key *key, CK_KEY_TYPE type, const char *hex)
{
	uint8_t value[SECRET_MAX];
	size_t n = strlen(hex) / 2;

	if (n > sizeof value || !hex_decode(hex, value, n))
		return CKR_ARGUMENTS_BAD;
	return key_load(key, type, value, n);
}

static CK_RV load_kbpk(char version, const char *hex)
{
	CK_KEY_TYPE des = strlen(hex) == 32 ? CKK_DES2 : CKK_DES3;

	return load(kbpk, version == 'D' || version == 'E' ? CKK_AES : des, hex);
}

/* Wrap KEY with HEADER. The role of the key is the one that the header says. */
static CK_RV wrap(const char *key, const char *header, char *out)
{
	uint8_t encoded[3 + KEYDIV_PARAMETER_MAX];
	size_t n = strlen(header), block_n;
	struct bytes text = bytes_of((const uint8_t *)header, n);
	struct key_block_parts parts;
	struct wrapped_role role = {.exportability = EXPORT_ANY};
	struct parameter parameter;

	if (n > KEYDIV_PARAMETER_MAX - 3 || !key_block_parse(text, false, &parts))
		return CKR_MECHANISM_PARAM_INVALID;
	encoded[0] = KEYDIV_KEY_BLOCK_HEADER;
	encoded[1] = (uint8_t)(n >> 8);
	encoded[2] = (uint8_t)n;
	memcpy(encoded + 3, header, n);
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_KEY_BLOCK);
	TRY(parameter_parse(mech, encoded, n + 3, &parameter));
	TRY(key_block_role(&parts.header, strlen(key) / 2, &role));
	TRY(load(target, role.type, key));
	struct wrapping w = {kbpk, target, scratch, &parameter, &role};
	TRY(key_block_wrap(&w, (uint8_t *)out, &block_n));
	out[block_n] = '\0';
	return CKR_OK;
}

static CK_RV open_block(const char *block)
{
	struct unwrapping u = {kbpk, scratch, bytes_of((const uint8_t *)block, strlen(block))};
	struct wrapped_role role = {0};
	SECRET value = {0};

	TRY(key_block_unwrap(&u, &role, &value));
	for (size_t i = 0; i < value.len; i++)
		printf("%02X", secret_peek(&value)[i]);
	printf(" %lx %x %d %d", role.type, role.usage, role.derives, (int)role.exportability);
	if (!role.has_list)
		printf(" -");
	for (size_t i = 0; i < role.count; i++)
		printf(" %lx", role.list[i]);
	printf("\n");
	return CKR_OK;
}

static CK_RV answer(char *line)
{
	static char block[KEY_BLOCK_TEXT_MAX + 1];
	char *save = NULL;
	const char *what = strtok_r(line, " \n", &save);
	const char *version = strtok_r(NULL, " \n", &save), *key = strtok_r(NULL, " \n", &save);
	bool opens = what != NULL && strcmp(what, "open") == 0;
	/* A block and a header may contain blanks. */
	const char *text = strtok_r(NULL, opens ? "\n" : " \n", &save);

	if (version == NULL || key == NULL || text == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY(load_kbpk(version[0], key));
	if (opens)
		return open_block(text);
	const char *header = strtok_r(NULL, "\n", &save);
	if (header == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY(wrap(text, header, block));
	printf("%s\n", block);
	return CKR_OK;
}

int main(void)
{
	static char line[LINE];

	if (crypto_start() != CKR_OK)
		return 1;
	kbpk = key_new();
	target = key_new();
	scratch[0] = key_new();
	scratch[1] = key_new();
	while (fgets(line, sizeof line, stdin) != NULL) {
		CK_RV rv = answer(line);
		if (rv != CKR_OK)
			printf("error %lx\n", rv);
		fflush(stdout);
	}
	key_free(kbpk);
	key_free(target);
	key_free(scratch[0]);
	key_free(scratch[1]);
	crypto_stop();
	return 0;
}
