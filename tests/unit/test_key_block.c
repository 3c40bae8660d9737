/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_block.c: key blocks that are read: published ones, changed ones, malformed headers. */
#include "key_block.h"
#include "key_block_optional.h"

#include "base/log.h"
#include "block_keys.h"
#include "temp_dir.h"
#include "unit.h"
#include "vectors.h"

#define BLOCK_MAX (KEY_BLOCK_TEXT_MAX + 64)

static uint8_t block[BLOCK_MAX];
static size_t block_n;

static CK_RV unwrap(struct wrapped_role *ret_role, struct secret *ret_value)
{
	struct unwrapping u = {kbpk, scratch, bytes_of(block, block_n)};
	uint8_t before[BLOCK_MAX];

	memcpy(before, block, block_n);
	CK_RV rv = key_block_unwrap(&u, ret_role, ret_value);
	ck_assert(memcmp(before, block, block_n) == 0);
	ck_assert(rv == CKR_OK || ret_value->len == 0);
	return rv;
}

static CK_RV unwrapped(void)
{
	struct wrapped_role role = {0};
	SECRET value = {0};

	return unwrap(&role, &value);
}

/* Open the block without regard to its role. */
static bool opens(struct secret *ret_value)
{
	uint8_t text[BLOCK_MAX];
	struct key_block_parts parts;
	bool good = true; /* must be set whatever is wrong */

	memcpy(text, block, block_n);
	ck_ok(key_block_open(kbpk, scratch, text, block_n, &parts, ret_value, &good));
	ck_assert(good || ret_value->len == 0);
	return good;
}

static void take_block(const char *text)
{
	block_n = strlen(text);
	ck_assert_uint_le(block_n, sizeof block);
	memcpy(block, text, block_n);
}

static void take_vector(const struct vectors *v)
{
	uint8_t value[32];
	size_t n = vector_hex(v, "kbpk", value, sizeof value);

	take_block(vector_text(v, "block"));
	bool aes = block[0] == 'D' || block[0] == 'E';
	ck_ok(key_load(kbpk, aes ? CKK_AES : n == 16 ? CKK_DES2 : CKK_DES3, value, n));
}

START_TEST(published_blocks)
{
	struct vectors v;
	unsigned good = 0, wrong = 0, asymmetric = 0;

	for (vectors_open(&v, "key_block.txt"); vectors_next(&v);) {
		const char *status = vector_text(&v, "status");
		uint8_t key[64];
		SECRET value = {0};
		take_vector(&v);
		if (strcmp(status, "good") == 0) {
			size_t n = vector_hex(&v, "key", key, sizeof key);
			ck_assert_msg(opens(&value), "%s", vector_text(&v, "doc"));
			ck_assert(bytes_equal(
				bytes_of(secret_peek(&value), value.len), bytes_of(key, n)));
			good++;
		} else if (strcmp(status, "asymmetric") == 0) {
			ck_rv(unwrapped(), CKR_KEY_TYPE_INCONSISTENT);
			asymmetric++;
		} else {
			ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
			wrong++;
		}
	}
	ck_assert_uint_eq(good, 28);
	ck_assert_uint_eq(wrong, 3);
	ck_assert_uint_eq(asymmetric, 2);
}
END_TEST

/* Every character of every published block, changed once to every kind of character. */
START_TEST(each_character_counts)
{
	static const uint8_t others[] = {
		'0', '1', 'A', 'F', 'G', 'a', 'Z', ' ', '~', 0, 0x7f, 0x80, 0xff};
	struct vectors v;

	for (vectors_open(&v, "key_block.txt"); vectors_next(&v);) {
		if (strcmp(vector_text(&v, "status"), "good") != 0)
			continue;
		take_vector(&v);
		for (size_t i = 0; i < block_n; i++) {
			uint8_t before = block[i];
			SECRET value = {0};
			block[i] = others[i % sizeof others];
			if (block[i] == before)
				block[i] ^= 1;
			ck_assert_msg(
				!opens(&value), "%s: character %zu", vector_text(&v, "doc"), i);
			ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
			block[i] = before;
		}
	}
}
END_TEST

/* Lower-case digits stand for the same bytes, but are no key block. */
START_TEST(capitals_only)
{
	struct vectors v;

	for (vectors_open(&v, "key_block.txt"); vectors_next(&v);) {
		if (strcmp(vector_text(&v, "status"), "good") != 0)
			continue;
		take_vector(&v);
		for (size_t i = KEY_BLOCK_FIXED; i < block_n; i++)
			if (block[i] >= 'A' && block[i] <= 'F') {
				SECRET value = {0};
				block[i] += 'a' - 'A';
				ck_assert(!opens(&value));
				block[i] -= 'a' - 'A';
			}
	}
}
END_TEST

START_TEST(each_length)
{
	struct vectors v;

	vectors_open(&v, "key_block.txt");
	for (int i = 0; i < 3; i++) {
		ck_assert(vectors_next(&v));
		take_vector(&v);
		size_t whole = block_n;
		for (block_n = 0; block_n < whole; block_n++)
			ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
		for (block_n = whole + 1; block_n < whole + 33; block_n++) {
			block[block_n - 1] = 'A';
			ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
		}
	}
	while (vectors_next(&v))
		;
}
END_TEST

/* --- Blocks that are made here, with a right MAC over any header --- */

static const uint8_t kbpk_value[32] = {0x4b, 0x42, 0x50, 0x4b};
static const uint8_t key_value[32] = {0x6b, 0x65, 0x79};

/*
 * Make a block of version D or E with a right MAC. HEADER is the whole header, in which the length
 * digits are filled in if they are "0000". The clear data has CLEAR bytes.
 */
static void make_of(const char *header, size_t clear, CK_KEY_TYPE type, size_t length)
{
	uint8_t body[8192];
	size_t n = strlen(header);

	ck_ok(key_load(kbpk, CKK_AES, kbpk_value, sizeof kbpk_value));
	ck_ok(key_load(target, type, key_value, length));
	block_n = n + 2 * (clear + 16);
	ck_assert_uint_le(block_n, sizeof block);
	memcpy(block, header, n);
	if (memcmp(header + 1, "0000", 4) == 0)
		for (size_t i = 0, left = block_n; i < 4; i++, left /= 10)
			block[4 - i] = (uint8_t)('0' + left % 10);
	ck_ok(binding_seal(header[0] == 'E' ? BINDING_CTR : BINDING_CBC, kbpk, scratch,
		bytes_of(block, n), target, clear, body, body + clear));
	key_block_put_hex(body, clear + 16, block + n);
}

/* The same with an AES key of 16 bytes. */
static void make(const char *header, size_t clear)
{
	make_of(header, clear, CKK_AES, 16);
}

static CK_RV read_made(const char *header)
{
	make(header, 48);
	return unwrapped();
}

START_TEST(good_headers)
{
	static const char *const good[] = {
		"D0000D0AB00E0000",
		"D0000D0AN00N0000",
		"D0000D0AB00S00~ ", /* nothing depends on the last two characters */
		"D0000D0ABzZE0000", /* key version */
		"E0000D0AB00N0000",
		"D0000D0AB00E0100LB10123456789AB ",
		"D0000D0AB00E0100ZZ10anything  !~", /* unknown: skipped */
		"D0000D0AB00E0100ZZ000400200123456789ABCDEFGHIJKL",
		"D0000D0AB00E0100ZZ000200200123456789ABCDEFGHIJKL",
		"D0000D0AB00E0200LB05LPB0B0000000",
		"D0000D0AB00E0200LB0CLABELXYZPB04",
		"D0000D0AB00E0100PB10xxxxxxxxxxxx",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		CK_RV rv = read_made(good[i]);
		ck_assert_msg(rv == CKR_OK, "%s: %s", good[i], rv_name(rv));
	}
}
END_TEST

START_TEST(bad_headers)
{
	static const char *const bad[] = {
		"DXXXXD0AB00E0000",                     /* no length */
		"D0128D0AB00E0000",                     /* another length */
		"F0000D0AB00E0000",                     /* unknown version */
		"B0000D0AB00E0000",                     /* a version of TDES under AES */
		"D0000D0AB00e0000", "D0000D0AB0000000", /* exportability */
		"D0000D AB00E0000", "D0000D0-B00E0000", "D0000D0A.00E0000", "D0000D0AB0 E0000",
		"D0000D0AB00E 000", "D0000D0AB00E0A00", /* number of optional blocks */
		"D0000D0AB00E00\t0", "D0000D0AB00E000\xe9",
		"D0000D0AB00E0100",                 /* no optional block */
		"D0000D0AB00E0000PB10000000000000", /* an optional block too many */
		"D0000D0AB00E0200PB10000000000000", /* one too few */
		"D0000D0AB00E0100LB0512345678901",  /* overlaps the data */
		"D0000D0AB00E0100LBFF123456789012", /* overruns */
		"D0000D0AB00E0100LB03123456789012", /* shorter than its start */
		"D0000D0AB00E0100LB0a123456789012", "D0000D0AB00E0100LB00000000000000",
		"D0000D0AB00E0100LB00060000101234", /* count of length digits */
		"D0000D0AB00E0100LB00040009123456", "D0000D0AB00E0100LB0004FFFF123456",
		"D0000D0AB00E0100LB000400g0123456", "D0000D0AB00E0100!B10123456789012", /* id */
		"D0000D0AB00E0100LB081234", /* does not fill the cipher's block */
		"D0000D0AB00E0100LB0F12345678901", "E0000D0AB00E0100LB081234",
		"D0000D0AB00E0200PB08xxxxLB081234",                     /* PB is not the last */
		"D0000D0AB00E0200LB081234LB081234",                     /* twice */
		"D0000D0AB00E0200PB08xxxxPB08xxxx", "D0000M7HC00E0000", /* HMAC without HM */
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CK_RV rv = read_made(bad[i]);
		ck_assert_msg(rv == CKR_WRAPPED_KEY_INVALID, "%s: %s", bad[i], rv_name(rv));
	}
}
END_TEST

/* A right MAC over a header that counts one character more than the bytes of the block. */
START_TEST(half_a_byte)
{
	make("D0145D0AB00E0000", 48);
	ck_assert_uint_eq(block_n, 144);
	block[block_n++] = 'A';
	ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
	make("D0144D0AB00E0000", 48);
	ck_ok(unwrapped());
}
END_TEST

START_TEST(no_such_key)
{
	static const char *const none[] = {
		"D0000D0ABc0E0000", /* a component */
		"D0000Z9AB00E0000",
		"D0000D0ZB00E0000",
		"D0000D0AG00E0000",
		"D0000V0AV00E0000",
		"D0000S0RS00E0000",
		"D000000AX00E0000",
	};

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		CK_RV rv = read_made(none[i]);
		ck_assert_msg(rv == CKR_KEY_TYPE_INCONSISTENT, "%s: %s", none[i], rv_name(rv));
	}
}
END_TEST

/* The extent of an optional block is known from its text alone. */
START_TEST(extents)
{
	static const struct {
		const char *text;
		size_t n, data; /* 0: no optional block */
	} cases[] = {
		{"LB04", 4, 0},
		{"LB05x", 5, 1},
		{"LB05xyz", 5, 1},
		{"LB", 0, 0},
		{"LB0", 0, 0},
		{"LB05", 0, 0},
		{"LB03xyz", 0, 0},
		{"LB000400", 0, 0},
		{"LB0004000A", 10, 0},
		{"LB0004000Bx", 11, 1},
		{"LB0002000Bx", 11, 1},
		{"LB0004000B", 0, 0},
		{"LB00040009", 0, 0},
		{"LB0004000", 0, 0},
		{"LB0008000000000A", 0, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct optional_block b;
		char room[32]; /* what is behind the text would make a block of it */
		size_t n = strlen(cases[i].text);
		memset(room, 'A', sizeof room);
		memcpy(room, cases[i].text, n);
		bool found = optional_block_read(bytes_of(room, n), &b);
		ck_assert_msg(found == (cases[i].n != 0), "%s", cases[i].text);
		if (found) {
			ck_assert_uint_eq(b.n, cases[i].n);
			ck_assert_uint_eq(b.data.n, cases[i].data);
		}
	}
}
END_TEST

/* Data of optional blocks, and their form. */
static const struct data_case {
	const char *id, *data;
	bool good;
} data_cases[] = {
	{"AL", "0100", true},
	{"AL", "0101", true},
	{"AL", "0102", false},
	{"AL", "0000", false},
	{"AL", "01", false},
	{"AL", "01000", false},
	{"BI", "000123456789", true},
	{"BI", "0101234567", true},
	{"BI", "0001234567", false},
	{"BI", "010123456789", false},
	{"BI", "0201234567", false},
	{"BI", "01 1234567", false},
	{"CT", "00MIIDszCC+/==", true},
	{"CT", "01QUJD", true},
	{"CT", "02000004QUJD010004QUI=", true},
	{"CT", "", false},
	{"CT", "00", false},
	{"CT", "00====", false},
	{"CT", "00QU-D", false},
	{"CT", "03QUJD", false},
	{"CT", "02", false},
	{"CT", "02000005QUJD", false},
	{"CT", "02030004QUJD", false},
	{"CT", "02000004QUJD01", false},
	{"CT", "02000000", false},
	{"DA", "01P0TEN", true},
	{"DA", "01P0TENB0AXE", true},
	{"DA", "01", false},
	{"DA", "00P0TEN", false},
	{"DA", "01P0TE", false},
	{"DA", "01P0T-N", false},
	{"FL", "anything goes!", true},
	{"FL", "", true},
	{"HM", "21", true},
	{"HM", "10", true},
	{"HM", "41", true},
	{"HM", "26", false},
	{"HM", "00", false},
	{"HM", "2", false},
	{"HM", "210", false},
	{"IK", "0123456789ABCDEF", true},
	{"IK", "0123456789ABCDE", false},
	{"IK", "0123456789ABCDEf", false},
	{"IK", "0123456789ABCDEF00", false},
	{"KS", "00604B120F9292800000", true},
	{"KS", "00604B120F929280", true},
	{"KS", "VM9A", false},
	{"KS", "00604B120F92928000", false},
	{"KS", "00604b120f9292800000", false},
	{"KV", "0000", true},
	{"KV", "000", false},
	{"KV", "00000", false},
	{"KV", "00 ~", true},
	{"LB", "a label ~", true},
	{"LB", "", true},
	{"PK", "00ABCDEF", true},
	{"PK", "010123456789", true},
	{"PK", "00ABCDEF00", false},
	{"PK", "02ABCDEF", false},
	{"PK", "00", false},
	{"PK", "00ABCDE", false},
	{"PK", "01ABCDEG", false},
	{"PK", "010123456789AB", false},
	{"TC", "20200818221218Z", true},
	{"TC", "2020081822121899Z", true},
	{"TC", "2018-06-18T20:42:39Z", true},
	{"TS", "2018-06-18T20:42:39.22Z", true},
	{"TS", "2018-06-18T20:42:39.22", false},
	{"TS", "20200818221218", false},
	{"TS", "2018/06/18T20:42:39Z", false},
	{"TS", "2018-06-18 20:42:39Z", false},
	{"TS", "2O200818221218Z", false},
	{"TS", "Z", false},
	{"WP", "000", true},
	{"WP", "003", true},
	{"WP", "004", false},
	{"WP", "010", false},
	{"WP", "00", false},
	{"WP", "0000", false},
};

START_TEST(forms_of_optional_blocks)
{
	for (size_t i = 0; i < sizeof data_cases / sizeof data_cases[0]; i++) {
		const struct data_case *c = &data_cases[i];
		char header[128];
		size_t n = 4 + strlen(c->data), pad = 4;
		while ((n + pad) % 16 != 0)
			pad++;
		snprintf(header, sizeof header, "D0000D0AB00E0200%s%02zX%sPB%02zX%.*s", c->id, n,
			c->data, pad, (int)pad - 4, "xxxxxxxxxxxxxxxx");
		CK_RV rv = read_made(header);
		ck_assert_msg(rv == (c->good ? CKR_OK : CKR_WRAPPED_KEY_INVALID), "%s: %s", header,
			rv_name(rv));
	}
}
END_TEST

/* KC must be that of the key, KP that of the KBPK, by ECB (00) and by CMAC (01). */
START_TEST(check_values)
{
	static const uint8_t zero[16];
	uint8_t of_key[2][16], of_kbpk[2][16];
	char header[64];

	make("D0000D0AB00E0000", 48);
	ck_ok(key_block(target, NULL, zero, of_key[0]));
	ck_ok(key_cmac(target, zero, 16, of_key[1]));
	ck_ok(key_block(kbpk, NULL, zero, of_kbpk[0]));
	ck_ok(key_cmac(kbpk, zero, 16, of_kbpk[1]));
	for (unsigned how = 0; how < 2; how++)
		for (unsigned whose = 0; whose < 2; whose++)
			for (int flip = 0; flip < 2; flip++)
				for (size_t n = 1; n <= 3 + 2 * how; n++) {
					const uint8_t *value = whose ? of_kbpk[how] : of_key[how];
					uint8_t digits[12] = {0};
					uint8_t copy[5];
					memcpy(copy, value, 5);
					copy[n - 1] ^= (uint8_t)flip;
					key_block_put_hex(copy, n, digits);
					size_t size = 4 + 2 + 2 * n;
					size_t pad = 32 - size;
					snprintf(header, sizeof header,
						"D0000D0AB00E0200%s%02zX0%u%.*sPB%02zX%.*s",
						whose ? "KP" : "KC", size, how, (int)(2 * n),
						(const char *)digits, pad, (int)pad - 4,
						"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
					ck_rv(read_made(header),
						flip ? CKR_WRAPPED_KEY_INVALID : CKR_OK);
				}
}
END_TEST

/* No check value is defined for a key that is no key of a block cipher. */
START_TEST(check_value_of_an_hmac_key)
{
	bool same = true;

	make_of("D0000M7HC00E0300HM0621KC0C00000000PB0E0000000000", 48, CKK_SHA256_HMAC, 32);
	ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
	make_of("D0000M7HC00E0200HM0621PB0A000000", 48, CKK_SHA256_HMAC, 32);
	ck_ok(unwrapped());
	ck_ok(key_block_compare(target, bytes_of("00000000", 8), &same));
	ck_assert(!same);
	ck_ok(key_load(target, CKK_AES, key_value, 16));
	same = true;
	ck_ok(key_block_compare(target, bytes_of("0000000g", 8), &same));
	ck_assert(!same);
}
END_TEST

/* One right check value does not make up for a wrong one. */
START_TEST(both_check_values)
{
	static const uint8_t zero[16];
	uint8_t of_key[16], digits[4];
	char header[64];

	make("D0000D0AB00E0000", 48);
	ck_ok(key_block(target, NULL, zero, of_key));
	key_block_put_hex(of_key, 2, digits);
	snprintf(header, sizeof header, "D0000D0AB00E0300KC0A00%.4sKP0A00%.4sPB0Cxxxxxxxx",
		(char *)digits, (char *)digits);
	ck_rv(read_made(header), CKR_WRAPPED_KEY_INVALID);
	snprintf(header, sizeof header, "D0000D0AB00E0200KC0A00%.4sPB16xxxxxxxxxxxxxxxxxx",
		(char *)digits);
	ck_ok(read_made(header));
}
END_TEST

/* The header says the role, and the exportability. */
START_TEST(role_of_header)
{
	static const char letters[] = "SEN";
	static const enum exportability meaning[] = {EXPORT_ANY, EXPORT_TRUSTED, EXPORT_NONE};

	for (int i = 0; i < 3; i++) {
		struct wrapped_role role = {0};
		SECRET value = {0};
		char header[] = "D0000D0AE00?0000";
		header[11] = letters[i];
		make(header, 48);
		ck_ok(unwrap(&role, &value));
		ck_assert_int_eq(role.exportability, meaning[i]);
		ck_assert_uint_eq(role.type, CKK_AES);
		ck_assert_uint_eq(role.usage, USAGE_ENCRYPT);
		ck_assert(!role.derives && !role.has_list);
		ck_assert_uint_eq(value.len, 16);
		ck_assert_mem_eq(secret_peek(&value), key_value, 16);
	}
}
END_TEST

/* --- The log --- */

#define LOGGED_MAX 400

/* Unwrap the block, which is bad. Return what the log says at its most detailed level. */
static const char *logged(const char *file)
{
	static char text[LOGGED_MAX];

	ck_assert(log_open(file, LOG_DEBUG));
	ck_rv(unwrapped(), CKR_WRAPPED_KEY_INVALID);
	log_close();
	FILE *in = fopen(file, "r");
	ck_assert_ptr_nonnull(in);
	size_t n = fread(text, 1, sizeof text - 1, in);
	fclose(in);
	unlink(file);
	text[n] = '\0';
	const char *reason = strstr(text, "CKR_"); /* behind time and process */
	ck_assert_ptr_nonnull(reason);
	return reason;
}

/* An attacker who reads the log must not learn more from it than from the code. */
START_TEST(every_fault_is_logged_alike)
{
	static const char *const headers[] = {"F0000D0AB00E0000", "D0000D0AB00x0000",
		"D0000D0AB00E0100LB081234", "D0000D0AB00E0200KS081234PB08xxxx", "D0000M7HC00E0000",
		"D0000D0AB00E0200KC0A00123456PB06xx", "D0000D0AB00E0200KP0A01123456PB06xx"};
	char dir[TEMP_DIR_MAX], file[TEMP_DIR_MAX + 8], first[LOGGED_MAX];

	ck_assert(temp_dir_make("key_block", dir));
	snprintf(file, sizeof file, "%s/log", dir);
	make("D0000D0AB00E0000", 48);
	block[143] ^= 1; /* the MAC */
	snprintf(first, sizeof first, "%s", logged(file));
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		make(headers[i], 48);
		ck_assert_str_eq(logged(file), first);
	}
	make("D0000D0AB00E0000", 48);
	block_n--;
	ck_assert_str_eq(logged(file), first);
	make("D0000D0AB00E0000", 48);
	ck_ok(key_load(kbpk, CKK_DES2, kbpk_value, 16)); /* another KBPK, of another type */
	ck_assert_str_eq(logged(file), first);
	make_of("D0000D0AB00E0000", 48, CKK_GENERIC_SECRET, 17); /* no AES key has 17 bytes */
	ck_assert_str_eq(logged(file), first);
	rmdir(dir);
}
END_TEST

/* Blocks of the longest length are read, longer ones are not. */
START_TEST(longest_block)
{
	static const struct {
		char version;
		size_t optional, clear; /* characters, bytes */
		size_t length;
	} blocks[] = {
		{'D', 16 * 615, 48, 9984}, {'E', 16 * 614, 60, 9992}, {'E', 16 * 614, 61, 9994},
		{'D', 16 * 616, 48, 10000}, /* four digits cannot say so */
	};
	static char header[BLOCK_MAX];

	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		snprintf(header, sizeof header, "%c0000D0AB00E0100LB0004%04zX%0*d",
			blocks[i].version, blocks[i].optional, (int)blocks[i].optional - 10, 0);
		make(header, blocks[i].clear);
		ck_assert_uint_eq(block_n, blocks[i].length);
		ck_rv(unwrapped(), block_n <= 9992 ? CKR_OK : CKR_WRAPPED_KEY_INVALID);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block");
	TCase *tc = tcase_create("key_block");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, published_blocks);
	tcase_add_test(tc, each_character_counts);
	tcase_add_test(tc, capitals_only);
	tcase_add_test(tc, each_length);
	tcase_add_test(tc, good_headers);
	tcase_add_test(tc, bad_headers);
	tcase_add_test(tc, half_a_byte);
	tcase_add_test(tc, no_such_key);
	tcase_add_test(tc, extents);
	tcase_add_test(tc, forms_of_optional_blocks);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, check_value_of_an_hmac_key);
	tcase_add_test(tc, both_check_values);
	tcase_add_test(tc, role_of_header);
	tcase_add_test(tc, every_fault_is_logged_alike);
	tcase_add_test(tc, longest_block);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
