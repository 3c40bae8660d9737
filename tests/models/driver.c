/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.c: answers the lines that a model of this folder answers, by the code under test.
 * Usage: driver odukpt|nfold|horowitz|openssl|row|operation|key_block.
 */
#include <stdio.h>
#include <stdlib.h>

#include "key/mac.h"
#include "key_block.h"
#include "mechanism.h"
#include "nfold.h"
#include "odukpt_client.h"
#include "operation_fields.h"
#include "wrapping.h"

static struct key *keys[4];

static void fail(const char *what, CK_RV rv)
{
	fprintf(stderr, "driver: %s (%lx)\n", what, rv);
	exit(1);
}

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = strlen(hex) / 2;

	if (n > room || !hex_decode(hex, out, n))
		fail(hex, 0);
	return n;
}

static void print_hex(const uint8_t *p, size_t n)
{
	char text[2 * SECRET_MAX + 1];

	hex_encode(p, n, text);
	printf("%s\n", text);
}

/* Parse, plan and derive by the row TYPE. */
static CK_RV run_for(CK_MECHANISM_TYPE type, struct key *base, KEYDIV_PARAMETER *p,
	const struct key_request *request, uint32_t usage, struct secret *ret)
{
	const struct mechanism *row = mechanism_find(type);
	struct derivation d = {.mechanism = row, .base = base, .scratch = {keys[1], keys[2]}};
	struct parameter parameter;
	CK_MECHANISM caller = keydiv_mechanism(type, p);

	TRY(parameter_parse(row, caller.pParameter, caller.ulParameterLen, &parameter));
	d.parameter = &parameter;
	TRY(row->derive.plan ? row->derive.plan(&d, request) : derive_plan_default(&d, request));
	d.usage = usage;
	return derive_value(&d, ret);
}

/* The same for a result without usage. */
static CK_RV run(CK_MECHANISM_TYPE type, struct key *base, KEYDIV_PARAMETER *p,
	const struct key_request *request, struct secret *ret)
{
	return run_for(type, base, p, request, 0, ret);
}

/* A letter for each usage attribute, or "-". */
static uint32_t usage_of(const char *letters)
{
	static const char known[] = "EDSVWU";
	uint32_t usage = 0;

	for (unsigned i = 0; known[i] != '\0'; i++)
		if (strchr(letters, known[i]) != NULL)
			usage |= (uint32_t)USAGE_ENCRYPT << i;
	return usage;
}

static void load(CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	CK_RV rv = key_load(keys[0], type, value, n);

	if (rv != CKR_OK)
		fail("key_load", rv);
}

/* --- O-DUKPT --- */

static void put_shape(KEYDIV_PARAMETER *p, unsigned r, unsigned n)
{
	uint8_t shape[2] = {(uint8_t)r, (uint8_t)n};

	keydiv_put(p, KEYDIV_SHAPE, shape, 2);
}

static void odukpt_key(unsigned r, unsigned n, const char *rest)
{
	static KEYDIV_PARAMETER p;
	char bdk[65], device[257], purpose[65], usage[8];
	unsigned long long number;
	unsigned length;
	uint8_t bytes[128];
	struct odukpt_path path;
	SECRET value = {0};

	if (sscanf(rest, "%64s %256s %llu %64s %u %7s", bdk, device, &number, purpose, &length,
		    usage) != 6)
		fail(rest, 0);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, bytes, from_hex(device, bytes, sizeof bytes));
	put_shape(&p, r, n);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	if (strcmp(purpose, "-") != 0)
		keydiv_put(
			&p, KEYDIV_ODUKPT_PURPOSE, bytes, from_hex(purpose, bytes, sizeof bytes));
	load(CKK_AES, bytes, from_hex(bdk, bytes, sizeof bytes));
	struct key_request request = {true, true, CKO_SECRET_KEY, CKK_GENERIC_SECRET, length};
	CK_RV rv = run_for(CKM_KEYDIV_ODUKPT_KEY, keys[0], &p, &request, usage_of(usage), &value);
	if (rv != CKR_OK || !odukpt_path(r, n, number, &path))
		fail(rest, rv);
	for (size_t i = 0; i < path.length; i++)
		printf("%s%u", i ? "," : "", path.at[i]);
	printf(" ");
	print_hex(secret_peek(&value), value.len);
}

static void odukpt_state(unsigned r, unsigned n, const char *rest)
{
	static KEYDIV_PARAMETER p;
	const struct mechanism *next = mechanism_find(CKM_KEYDIV_ODUKPT_NEXT_KEY);
	char ik[65];
	unsigned steps;
	uint8_t bytes[32];
	struct key_request none = {0};
	SECRET state = {0};

	if (sscanf(rest, "%64s %u", ik, &steps) != 2)
		fail(rest, 0);
	keydiv_start(&p);
	put_shape(&p, r, n);
	load(CKK_AES, bytes, from_hex(ik, bytes, sizeof bytes));
	CK_RV rv = run(CKM_KEYDIV_ODUKPT_CLIENT, keys[0], &p, &none, &state);
	for (unsigned i = 0; rv == CKR_OK && i < steps; i++) {
		struct derivation d = {.mechanism = next, .scratch = {keys[1], keys[2]}};
		SECRET released = {0};
		rv = next->derive.state->advance(&d, secret_bytes(&state), state.len, &released);
	}
	if (rv != CKR_OK)
		fail(rest, rv);
	print_hex(secret_peek(&state), state.len);
}

static void odukpt(const char *line)
{
	char what[8];
	unsigned r, n;
	int at;

	if (sscanf(line, "%7s %u %u %n", what, &r, &n, &at) != 3)
		fail(line, 0);
	(strcmp(what, "key") == 0 ? odukpt_key : odukpt_state)(r, n, line + at);
}

/* --- n-fold, Horowitz --- */

static void fold(const char *line)
{
	char hex[1025];
	uint8_t in[512], out[512];
	unsigned to;

	if (sscanf(line, "%1024s %u", hex, &to) != 2 || to > sizeof out)
		fail(line, 0);
	nfold(in, from_hex(hex, in, sizeof in), out, to);
	print_hex(out, to);
}

static void horowitz(const char *line)
{
	static KEYDIV_PARAMETER p;
	char kind[8], key[600], constant[600], password[520];
	uint8_t bytes[255];
	struct key_request request = {0};
	unsigned size;
	SECRET value = {0};
	CK_RV rv;

	if (sscanf(line, "%7s %599s %599s", kind, key, constant) != 3)
		fail(line, 0);
	bool aes = strcmp(kind, "aes") == 0;
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_CONSTANT, bytes, from_hex(constant, bytes, sizeof bytes));
	if (sscanf(key, "password:%u:%519s", &size, password) == 2) {
		keydiv_put(&p, KEYDIV_PASSWORD, bytes, from_hex(password, bytes, sizeof bytes));
		request = (struct key_request){true, true, CKO_SECRET_KEY,
			aes          ? CKK_AES
			: size == 16 ? CKK_DES2
				     : CKK_DES3,
			size};
		rv = run(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, NULL, &p, &request, &value);
	} else {
		size_t n = from_hex(key, bytes, sizeof bytes);
		load(aes ? CKK_AES : n == 16 ? CKK_DES2 : CKK_DES3, bytes, n);
		rv = run(CKM_KEYDIV_HOROWITZ_DK, keys[0], &p, &request, &value);
	}
	if (rv == CKR_MECHANISM_PARAM_INVALID)
		printf("refused\n");
	else if (rv != CKR_OK)
		fail(line, rv);
	else
		print_hex(secret_peek(&value), value.len);
}

/* --- What the openssl command computes too --- */

static void device(const char *rest)
{
	static KEYDIV_PARAMETER p;
	static const uint8_t tags[] = {KEYDIV_DEVICE, KEYDIV_SALT, KEYDIV_PURPOSE};
	char key[65], field[3][300];
	uint8_t bytes[128];
	unsigned length;
	SECRET value = {0};

	if (sscanf(rest, "%64s %299s %299s %299s %u", key, field[0], field[1], field[2], &length) !=
		5)
		fail(rest, 0);
	keydiv_start(&p);
	for (int i = 0; i < 3; i++)
		if (strcmp(field[i], "-") != 0)
			keydiv_put(&p, tags[i], bytes, from_hex(field[i], bytes, sizeof bytes));
	load(CKK_AES, bytes, from_hex(key, bytes, sizeof bytes));
	struct key_request request = {true, true, CKO_SECRET_KEY, CKK_GENERIC_SECRET, length};
	CK_RV rv = run(CKM_KEYDIV_DEVICE_KEY, keys[0], &p, &request, &value);
	if (rv != CKR_OK)
		fail(rest, rv);
	print_hex(secret_peek(&value), value.len);
}

static void rfc3961(const char *rest)
{
	static KEYDIV_PARAMETER p;
	char kind[8], key[65], constant[65];
	uint8_t bytes[32];
	struct key_request none = {0};
	SECRET value = {0};

	if (sscanf(rest, "%7s %64s %64s", kind, key, constant) != 3)
		fail(rest, 0);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_CONSTANT, bytes, from_hex(constant, bytes, sizeof bytes));
	load(strcmp(kind, "aes") == 0 ? CKK_AES : CKK_DES3, bytes,
		from_hex(key, bytes, sizeof bytes));
	CK_RV rv = run(CKM_KEYDIV_RFC3961_DK, keys[0], &p, &none, &value);
	if (rv != CKR_OK)
		fail(rest, rv);
	print_hex(secret_peek(&value), value.len);
}

/*
 * Feedback mode as OpenSSL has it: the chained value, a counter of 32 bits, label,
 * zero, context, length.
 */
static void feedback(const char *rest)
{
	const struct mechanism *row = mechanism_find(CKM_SP800_108_FEEDBACK_KDF);
	static uint8_t heap[PARAMETER_MAX];
	_Alignas(16) uint8_t native[NATIVE_MAX];
	char prf[8], hex[4][300];
	uint8_t key[64], iv[64], fixed[256];
	unsigned length;
	size_t used = 0;
	SECRET value = {0};

	if (sscanf(rest, "%7s %299s %299s %299s %299s %u", prf, hex[0], hex[1], hex[2], hex[3],
		    &length) != 6)
		fail(rest, 0);
	bool cmac = strcmp(prf, "cmac") == 0;
	size_t n = from_hex(hex[2], fixed, 100);
	fixed[n++] = 0;
	n += from_hex(hex[3], fixed + n, 100);
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
	CK_SP800_108_DKM_LENGTH_FORMAT bits = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};
	CK_PRF_DATA_PARAM list[] = {{CK_SP800_108_ITERATION_VARIABLE, NULL, 0},
		{CK_SP800_108_OPTIONAL_COUNTER, &counter, sizeof counter},
		{CK_SP800_108_BYTE_ARRAY, fixed, n}, {CK_SP800_108_DKM_LENGTH, &bits, sizeof bits}};
	CK_SP800_108_FEEDBACK_KDF_PARAMS params = {cmac ? CKM_AES_CMAC : CKM_SHA256_HMAC, 4, list,
		from_hex(hex[1], iv, sizeof iv), iv, 0, NULL};
	CK_MECHANISM caller = {row->type, &params, sizeof params};
	struct key_request request = {true, true, CKO_SECRET_KEY, CKK_GENERIC_SECRET, length};
	load(cmac ? CKK_AES : CKK_GENERIC_SECRET, key, from_hex(hex[0], key, sizeof key));
	struct derivation d = {
		.mechanism = row, .base = keys[0], .scratch = {keys[1], keys[2]}, .native = native};
	CK_RV rv = row->parse_native(&caller, native, heap, &used);
	if (rv == CKR_OK)
		rv = row->derive.plan(&d, &request);
	if (rv == CKR_OK)
		rv = derive_value(&d, &value);
	if (rv != CKR_OK)
		fail(rest, rv);
	print_hex(secret_peek(&value), value.len);
}

static void openssl(const char *line)
{
	const char *rest = strchr(line, ' ');

	if (rest == NULL)
		fail(line, 0);
	(*line == 'd' ? device : *line == 'r' ? rfc3961 : feedback)(rest + 1);
}

/*
 * --- Any mechanism with fields ---
 *
 * The line is NUMBER TYPE KEY PARAMETER TYPE LENGTH USAGE. The last three belong to the result, and
 * "-" leaves them open.
 */

static void any_row(const char *line)
{
	static KEYDIV_PARAMETER p;
	char key[129], parameter[1025], wanted_type[20], usage[8];
	unsigned long number, type, length;
	uint8_t bytes[64];
	struct key_request request = {.object_class = CKO_SECRET_KEY};
	SECRET value = {0};

	if (sscanf(line, "%lx %lx %128s %1024s %19s %lu %7s", &number, &type, key, parameter,
		    wanted_type, &length, usage) != 7)
		fail(line, 0);
	const struct mechanism *row = mechanism_find(KEYDIV_VENDOR | number);
	if (row == NULL || row->fields == NULL)
		fail(line, 0);
	keydiv_start(&p);
	p.length = from_hex(parameter, p.bytes, sizeof p.bytes);
	request.has_type = strcmp(wanted_type, "-") != 0;
	request.type = request.has_type ? strtoul(wanted_type, NULL, 16) : 0;
	request.has_length = length != 0;
	request.length = length;
	load(type, bytes, from_hex(key, bytes, sizeof bytes));
	CK_RV rv = CKR_KEY_TYPE_INCONSISTENT;
	if (mechanism_takes(row, type))
		rv = run_for(row->type, keys[0], &p, &request, usage_of(usage), &value);
	if (rv == CKR_OK)
		print_hex(secret_peek(&value), value.len);
	else if (rv == CKR_FUNCTION_FAILED)
		fail(line, rv);
	else
		printf("refused\n");
}

/*
 * --- Any mechanism that signs, wraps or encrypts in a way of its own ---
 *
 * The line is NUMBER TYPE KEY PARAMETER DATA TARGET, where TARGET is the AES key to wrap, and "-"
 * stands for nothing.
 */

/* Sign in two parts if the mechanism can. RET has room for KEY_MAC_MAX bytes. */
static CK_RV sign(const struct mechanism *row, const struct parameter *p, struct bytes data,
	uint8_t *ret, size_t *ret_n)
{
	struct mac_start start;
	size_t half = data.n / 2;

	if (row->operation.sign != NULL) {
		struct signing signing = {keys[0], &keys[1], p, data};
		*ret_n = row->operation.sign_length;
		return row->operation.sign(&signing, ret);
	}
	size_t whole = mac_length(row->operation.mac, keys[0]);
	TRY(operation_fields_mac(row, p, p, whole, 4, &start));
	struct mac *mac = mac_new();
	CK_RV rv = mac != NULL ? mac_begin(mac, start.kind, keys[0], start.iv) : CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = mac_update(mac, data.p, half);
	if (rv == CKR_OK)
		rv = mac_update(mac, data.p + half, data.n - half);
	if (rv == CKR_OK)
		rv = mac_finish(mac, ret);
	mac_free(mac);
	*ret_n = start.length;
	return rv;
}

static CK_RV operate(const struct mechanism *row, const struct parameter *p, struct bytes data,
	uint8_t *out, size_t *ret_n)
{
	if (row->operation.wrap_key != NULL)
		return row->operation.wrap_key(&(struct wrapping){.kek = keys[0],
						       .target = keys[3],
						       .scratch = keys + 1,
						       .parameter = p},
			out, ret_n);
	if (row->info.flags & CKF_SIGN)
		return sign(row, p, data, out, ret_n);
	struct cipher *cipher = cipher_new();
	struct cipher_setup setup = {
		.mode = row->operation.cipher, .encrypt = !row->operation.inverse};
	CK_RV rv = cipher == NULL ? CKR_HOST_MEMORY : cipher_begin(cipher, keys[0], &setup);
	if (rv == CKR_OK)
		rv = cipher_update(cipher, data.p, data.n, out, ret_n);
	cipher_free(cipher);
	return rv;
}

static size_t optional_hex(const char *hex, uint8_t *out, size_t room)
{
	return strcmp(hex, "-") == 0 ? 0 : from_hex(hex, out, room);
}

static void any_operation(const char *line)
{
	static const struct field none[] = {{0}};
	char key[129], parameter[1025], data[1025], target[129];
	unsigned long number, type;
	uint8_t bytes[64], encoded[512], text[512], out[512];
	struct parameter p;
	size_t n;

	if (sscanf(line, "%lx %lx %128s %1024s %1024s %128s", &number, &type, key, parameter, data,
		    target) != 6)
		fail(line, 0);
	const struct mechanism *row = mechanism_find(KEYDIV_VENDOR | number);
	if (row == NULL)
		fail(line, 0);
	load(type, bytes, from_hex(key, bytes, sizeof bytes));
	n = optional_hex(target, bytes, sizeof bytes);
	if (n > 0 && key_load(keys[3], CKK_AES, bytes, n) != CKR_OK)
		fail(line, 0);
	n = optional_hex(parameter, encoded, sizeof encoded);
	CK_RV rv = row->fields != NULL ? parameter_parse(row, encoded, n, &p)
				       : fields_parse(none, bytes_of(encoded, n), &p);
	size_t text_n = optional_hex(data, text, sizeof text);
	if (rv == CKR_OK && !mechanism_takes(row, type))
		rv = CKR_KEY_TYPE_INCONSISTENT;
	if (rv == CKR_OK)
		rv = operate(row, &p, bytes_of(text, text_n), out, &n);
	if (rv == CKR_OK)
		print_hex(out, n);
	else if (rv == CKR_FUNCTION_FAILED || rv == CKR_HOST_MEMORY)
		fail(line, rv);
	else
		printf("refused\n");
}

/* --- Key blocks: lines of key_block.py --- */

static CK_KEY_TYPE load_named(struct key *key, const char *named)
{
	uint8_t value[32];
	size_t n = from_hex(named + 4, value, sizeof value);
	CK_KEY_TYPE type = strncmp(named, "aes:", 4) == 0 ? CKK_AES : n == 16 ? CKK_DES2 : CKK_DES3;

	if (key_load(key, type, value, n) != CKR_OK)
		fail(named, 0);
	return type;
}

static void open_block(const char *block)
{
	static uint8_t text[KEY_BLOCK_TEXT_MAX];
	struct key_block_parts parts;
	size_t n = from_hex(block, text, sizeof text);
	SECRET value = {0};
	bool good;

	CK_RV rv = key_block_open(keys[0], keys + 1, text, n, &parts, &value, &good);
	if (rv != CKR_OK)
		fail("key_block_open", rv);
	if (good)
		print_hex(secret_peek(&value), value.len);
	else
		printf("refused\n");
}

/* Wrap a key that encrypts and decrypts. */
static void wrap_block(CK_KEY_TYPE type, const char *header)
{
	static KEYDIV_PARAMETER p;
	static uint8_t bytes[1024], out[KEY_BLOCK_TEXT_MAX];
	struct wrapped_role role = {
		.type = type, .usage = USAGE_CIPHER, .exportability = EXPORT_ANY};
	struct parameter parameter;
	size_t n;

	keydiv_start(&p);
	if (strcmp(header, "-") != 0)
		keydiv_put(
			&p, KEYDIV_KEY_BLOCK_HEADER, bytes, from_hex(header, bytes, sizeof bytes));
	if (parameter_parse(mechanism_find(CKM_KEYDIV_KEY_BLOCK), p.bytes, p.length, &parameter) !=
		CKR_OK)
		fail(header, 0);
	struct wrapping w = {keys[0], keys[3], keys + 1, &parameter, &role};
	CK_RV rv = key_block_wrap(&w, out, &n);
	if (rv == CKR_OK)
		print_hex(out, n);
	else if (rv == CKR_MECHANISM_PARAM_INVALID)
		printf("refused\n");
	else
		fail(header, rv);
}

static void any_key_block(const char *line)
{
	static char what[8], kbpk[80], first[32768], header[4096];
	int words = sscanf(line, "%7s %79s %32767s %4095s", what, kbpk, first, header);

	if (words < 3)
		fail(line, 0);
	load_named(keys[0], kbpk);
	if (words == 3)
		open_block(first);
	else
		wrap_block(load_named(keys[3], first), header);
}

int main(int argc, char **argv)
{
	static char line[65536];
	void (*answer)(const char *line) = NULL;

	static const struct {
		const char *name;
		void (*answer)(const char *line);
	} models[] = {{"odukpt", odukpt}, {"nfold", fold}, {"horowitz", horowitz},
		{"openssl", openssl}, {"row", any_row}, {"operation", any_operation},
		{"key_block", any_key_block}};

	for (size_t i = 0; argc == 2 && i < sizeof models / sizeof models[0]; i++)
		if (strcmp(argv[1], models[i].name) == 0)
			answer = models[i].answer;
	if (answer == NULL || crypto_start() != CKR_OK)
		fail("usage: driver odukpt|nfold|horowitz|openssl|row|operation|key_block", 0);
	for (unsigned i = 0; i < 4; i++)
		keys[i] = key_new();
	while (fgets(line, sizeof line, stdin) != NULL)
		answer(line);
	for (unsigned i = 0; i < 4; i++)
		key_free(keys[i]);
	crypto_stop();
	return 0;
}
