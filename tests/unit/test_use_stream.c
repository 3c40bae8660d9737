/* SPDX-License-Identifier: Apache-2.0 */
/* test_use_stream.c: the stream of a message and its counter, however the parameter is written. */
#include "calls/use_stream.h"

#include "unit.h"

static struct use_state use;
static struct use_stream stream, other;
static uint8_t encoded[PARAMETER_MAX];
static struct key *base;

static void load_key(void)
{
	SECRET value = {0};

	ck_ok(derive_value(&use.d, &value));
	ck_ok(key_load(use.key, use.d.type, secret_peek(&value), value.len));
}

/* Describe the message with the parameter in hexadecimal, whose derived key is AES-128. */
static CK_RV describe(const char *hex, CK_FLAGS flag, struct use_stream *ret)
{
	size_t n = strlen(hex) / 2;

	ck_assert(hex_decode(hex, encoded, n));
	ck_ok(use_parameter_parse(
		bytes_of(encoded, n), bytes_of(NULL, 0), flag, use.room, &use.parameter));
	struct key_request request = use_key_request(&use.parameter);
	use.d = (struct derivation){.mechanism = use.parameter.derivation,
		.base = base,
		.parameter = &use.parameter.derive};
	ck_ok((use.d.mechanism->derive.plan ? use.d.mechanism->derive.plan : derive_plan_default)(
		&use.d, &request));
	if (use.parameter.further.encoded.n > 0)
		load_key();
	use.incoming = flag == CKF_VERIFY || flag == CKF_DECRYPT;
	return use_stream(&use, ret);
}

static void is(const char *hex, uint64_t counter)
{
	uint8_t wanted[256];

	ck_assert_uint_eq(stream.n, strlen(hex) / 2);
	ck_assert(hex_decode(hex, wanted, stream.n));
	ck_assert_mem_eq(stream.bytes, wanted, stream.n);
	ck_assert_uint_eq(stream.counter, counter);
}

static bool same(const char *one, const char *two)
{
	ck_ok(describe(one, CKF_VERIFY, &stream));
	ck_ok(describe(two, CKF_VERIFY, &other));
	return stream.n == other.n && memcmp(stream.bytes, other.bytes, stream.n) == 0;
}

#define DEVICE "010009534e2d303030313233"
#define COUNTER(n) "100008" n
#define ONE "0000000000000001"
#define TWO "0000000000000002"
#define BY(derivation) "7000048b44" derivation
#define CMAC                                                                                       \
	"710004000010"                                                                             \
	"8a"
#define TAIL(derivation, operation, direction)                                                     \
	"8b44" derivation "0000" operation "0000001f"                                              \
	"0010"                                                                                     \
	"0010" direction

START_TEST(the_familys_counter)
{
	ck_ok(describe(DEVICE COUNTER("00000000000000ff") BY("0003") CMAC, CKF_VERIFY, &stream));
	is(DEVICE TAIL("0003", "108a", "01"), 255);
	ck_ok(describe(DEVICE COUNTER("ffffffffffffffff") BY("0003") CMAC, CKF_SIGN, &stream));
	is(DEVICE TAIL("0003", "108a", "02"), UINT64_MAX);
	ck_ok(describe(DEVICE COUNTER(ONE) "110003656e63" BY("0003") CMAC, CKF_VERIFY, &stream));
	is(DEVICE "110003656e63" TAIL("0003", "108a", "01"), 1);
}
END_TEST

#define GCM "71000400001087"

/* COUNTER is the nonce. The nonce itself is no part of the stream, but the key is. */
START_TEST(the_counter_as_nonce)
{
	ck_ok(describe(DEVICE COUNTER(TWO) BY("0001") GCM "72000400000005", CKF_DECRYPT, &stream));
	ck_assert_uint_eq(stream.counter, 2);
	ck_assert_uint_eq(stream.n, KEY_BLOCK_MAX + USE_STREAM_TAIL);
	ck_ok(describe(DEVICE COUNTER(ONE) BY("0001") GCM, CKF_DECRYPT, &other));
	ck_assert_mem_eq(stream.bytes, other.bytes, stream.n);
	ck_ok(describe(
		DEVICE "0200080000000000000000" COUNTER(ONE) BY("0001") GCM, CKF_DECRYPT, &other));
	ck_assert_mem_ne(stream.bytes, other.bytes, stream.n);
	ck_ok(describe(DEVICE COUNTER("fedcba9876543210") BY("0001") GCM, CKF_DECRYPT, &other));
	ck_assert_uint_eq(other.counter, 0xfedcba9876543210);
	/* Leading zeros of a PAN are no part of the card key. */
#define CARD(pan) COUNTER(ONE) "34000143" pan "3600023031" BY("0111") GCM
	ck_ok(describe(CARD("3500083132333435363738"), CKF_DECRYPT, &stream));
	ck_ok(describe(CARD("35000a30303132333435363738"), CKF_DECRYPT, &other));
	ck_assert_mem_eq(stream.bytes, other.bytes, stream.n);
	ck_ok(describe(CARD("3500083132333435363739"), CKF_DECRYPT, &other));
	ck_assert_mem_ne(stream.bytes, other.bytes, stream.n);
}
END_TEST

/* Bytes of a parameter that the key does not depend on begin no other stream. */
START_TEST(what_the_key_does_not_depend_on)
{
	ck_assert(same("40000c123456789012345600000001"
		       "4100022000" BY("0213") CMAC,
		"40000c000000009012345600000001"
		"4100022000" BY("0213") CMAC));
	ck_assert(!same("40000c123456789012345600000001"
			"4100022000" BY("0213") CMAC,
		"40000c123456780012345600000001"
		"4100022000" BY("0213") CMAC));
	ck_assert(same("40000affff9876543210e00001"
		       "4100022000" BY("0203") "71000400000138",
		"40000a00009876543210e00001"
		"4100022000" BY("0203") "71000400000138"));
	ck_assert(!same("40000affff9876543210e00001"
			"4100022000" BY("0203") "71000400000138",
		"40000affff0076543210e00001"
		"4100022000" BY("0203") "71000400000138"));
	/* an O-DUKPT initial key belongs to one SHAPE, and a BDK does not */
	ck_assert(same("5000021507"
		       "5100080000000000000001" BY("0222") CMAC,
		"5000021508"
		"5100080000000000000001" BY("0222") CMAC));
	ck_assert(!same(DEVICE "5000021507"
			       "5100080000000000000001" BY("0222") CMAC,
		DEVICE "5000021508"
		       "5100080000000000000001" BY("0222") CMAC));
#define HMAC "71000400000251"
	/* a generic secret has the value of an HMAC key */
	ck_assert(same(DEVICE COUNTER(ONE) BY("0003") HMAC,
		DEVICE COUNTER(ONE) BY("0003") HMAC "75000400000010"));
}
END_TEST

START_TEST(counters_of_dukpt)
{
	ck_ok(describe("40000c"
		       "1234567890123456"
		       "0000ffff"
		       "4100022000" BY("0212") CMAC,
		CKF_VERIFY, &stream));
	is("40000c"
	   "1234567890123456"
	   "00000000"
	   "4100022000" TAIL("0212", "108a", "01"),
		0xffff);
	ck_ok(describe("5000021507"
		       "510008"
		       "00000000000f4240" BY("0222") CMAC,
		CKF_VERIFY, &stream));
	is(TAIL("0222", "108a", "01"), 1000000);
	/* 21 bits: the last byte and a half before belong to the counter, the other bits do not */
	ck_ok(describe("40000a"
		       "ffff9876543210f00003"
		       "4100022000" BY("0202") "71000400000138",
		CKF_VERIFY, &stream));
	ck_assert_uint_eq(stream.counter, 0x100003);
	ck_assert_mem_eq(stream.bytes, "\x40\x00\x0a\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x00", 13);
}
END_TEST

/* The counter of a meter has its least significant byte first. */
START_TEST(a_counter_of_oms)
{
	ck_ok(describe("4d000101"
		       "4e0004b30a0000"
		       "4f000478563412" BY("0161") CMAC,
		CKF_VERIFY, &stream));
	ck_assert_uint_eq(stream.counter, 0xab3);
}
END_TEST

START_TEST(one_message_has_one_stream)
{
	static const char plain[] = DEVICE COUNTER(ONE) BY("0003") CMAC;

	ck_assert(same(plain, DEVICE COUNTER(TWO) BY("0003") CMAC));
	/* a default that is written out */
	ck_assert(same(plain, DEVICE COUNTER(ONE) BY("0003") CMAC "7500040000001f"));
	ck_assert(same(plain, DEVICE COUNTER(ONE) BY("0003") CMAC "76000110"));
	ck_assert(same("40000c123456789012345600000001"
		       "4100022000" BY("0212") CMAC,
		"40000c123456789012345600000003"
		"4100022000"
		"42000110" BY("0212") CMAC));
	/* a truncated MAC is its MAC */
	ck_assert(same(plain, DEVICE COUNTER(ONE) BY("0003") "7100040000108b"
							     "74000108"));
	/* other keys, or other uses of a key */
	ck_assert(!same(plain, "010009534e2d303030313234" COUNTER(ONE) BY("0003") CMAC));
	ck_assert(!same(plain, DEVICE "0200080000000000000000" COUNTER(ONE) BY("0003") CMAC));
	ck_assert(!same(plain, DEVICE COUNTER(ONE) BY("0003") CMAC "76000120"));
	ck_assert(!same(plain, DEVICE COUNTER(ONE) BY("0003") "71000400000251"));
	ck_assert(!same(plain, DEVICE COUNTER(ONE) "11000161" BY("0003") CMAC));
	ck_ok(describe(plain, CKF_SIGN, &other));
	ck_assert_mem_ne(stream.bytes, other.bytes, stream.n);
}
END_TEST

START_TEST(messages_without_a_stream)
{
	ck_rv(describe(DEVICE BY("0001") CMAC, CKF_VERIFY, &stream), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(describe(DEVICE BY("0001") "71000400001087"
					 "72000c000000000000000000000000",
		      CKF_DECRYPT, &stream),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(describe(DEVICE COUNTER(ONE) BY("0003") "71000400001086"
						      "72001000000000000000000000000000000000",
		      CKF_DECRYPT, &stream),
		CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

static void set_up(void)
{
	static const uint8_t value[16] = {1};

	ck_ok(crypto_start());
	base = key_new();
	use.key = key_new();
	ck_ok(key_load(base, CKK_AES, value, sizeof value));
}

static void tear_down(void)
{
	key_free(base);
	key_free(use.key);
	crypto_stop();
}

int main(void)
{
	Suite *suite = suite_create("use_stream");
	TCase *tc = tcase_create("use_stream");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_familys_counter);
	tcase_add_test(tc, the_counter_as_nonce);
	tcase_add_test(tc, counters_of_dukpt);
	tcase_add_test(tc, what_the_key_does_not_depend_on);
	tcase_add_test(tc, a_counter_of_oms);
	tcase_add_test(tc, one_message_has_one_stream);
	tcase_add_test(tc, messages_without_a_stream);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
