/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_foreign.c: link a key of a foreign module, attach it and compute with it, while the input
 * chooses the module's answers (foreign_answers.h). With right answers all results are right. With
 * others each function gives a documented code or a result that the module has given with the right
 * length, and nothing is left open.
 *
 * Input: options (1 byte), the URI (1 byte), lengths (1 byte), and then the answers.
 */
#include "fuzz.h"

#include <dlfcn.h>

#include "foreign/foreign.h"
#include "foreign_answers.h"
#include "key/crypto.h"
#include "key/key_type.h"

static struct config config;
static struct foreign foreign;
static struct foreign_pin pin;
static struct key *far_key;

void fuzz_start(void)
{
	const char *path = getenv("FUZZ_FOREIGN");
	void (*set)(CK_FUNCTION_LIST *);

	MUST(path != NULL && crypto_start() == CKR_OK);
	void *module = dlopen(path, RTLD_NOW);
	MUST(module != NULL);
	*(void **)&set = dlsym(module, "fuzz_foreign_set");
	set(&answers_functions);
	config_defaults(&config);
	MUST(snprintf(config.foreign_module, sizeof config.foreign_module, "%s", path) > 0);
	far_key = key_new();
	answers_key = key_new();
	MUST(far_key != NULL && answers_key != NULL);
}

/* --- What must hold --- */

/* Return true if RV is one that foreign_code.h lists. */
static bool is_foreign_code(CK_RV rv)
{
	static const CK_RV codes[] = {CKR_OK, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY,
		CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED,
		CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_PIN_EXPIRED, CKR_USER_PIN_NOT_INITIALIZED,
		CKR_USER_NOT_LOGGED_IN, CKR_SESSION_COUNT, CKR_KEY_FUNCTION_NOT_PERMITTED,
		CKR_KEY_TYPE_INCONSISTENT, CKR_DEVICE_ERROR};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == rv)
			return true;
	return false;
}

/* The facts are those that the module has said, of a key that keydiv has. */
static void check_facts(const struct foreign_facts *facts)
{
	const struct key_type *t = key_type_find(facts->type);

	MUST(t != NULL && key_type_takes(t, facts->length));
	MUST(facts->type == answers.key_type);
	MUST(key_type_only_length(t) != 0 || facts->length == answers.value_len);
	MUST(facts->check_n > 2 + 16 && facts->check_n <= FOREIGN_CHECK_MAX);
	MUST(facts->sign || facts->encrypt);
}

/* Memory for a result, with a border that must stay as it is. */
#define ROOM 512
struct output {
	uint8_t before[16], bytes[ROOM], behind[16];
};

static void prepare(struct output *o)
{
	memset(o, 0x5a, sizeof *o);
}

/* Check that nothing but N bytes was written. */
static void check_written(const struct output *o, size_t n)
{
	const uint8_t *p = (const uint8_t *)o;

	for (size_t i = 0; i < sizeof *o; i++)
		MUST((i >= 16 && i < 16 + n) || p[i] == 0x5a);
}

/* --- Computing --- */

static const uint8_t message[ROOM];

static void compute_mac(enum mac_kind kind, size_t n)
{
	uint8_t right[KEY_MAC_MAX];
	struct output o;

	prepare(&o);
	CK_RV rv = key_mac(far_key, kind, message, n, o.bytes);
	MUST(is_foreign_code(rv));
	size_t size = rv == CKR_OK ? mac_length(kind, far_key) : 0;
	check_written(&o, size);
	MUST(rv == CKR_OK || answers.lied);
	if (rv == CKR_OK && answers.last.is_mac) /* else it is made of blocks */
		MUST(answers.last.n == size && memcmp(o.bytes, answers.last.bytes, size) == 0);
	if (answers.lied)
		return;
	MUST(key_mac(answers_key, kind, message, n, right) == CKR_OK);
	MUST(memcmp(right, o.bytes, size) == 0);
}

static void compute_blocks(size_t n, bool chained)
{
	const uint8_t *iv = chained ? message : NULL;
	uint8_t right[ROOM];
	struct output o;

	prepare(&o);
	n = n / 16 * 16;
	CK_RV rv = key_encrypt_blocks(far_key, iv, message, n, o.bytes);
	MUST(is_foreign_code(rv));
	check_written(&o, rv == CKR_OK || chained ? n : 0);
	MUST(rv == CKR_OK || answers.lied);
	if (rv == CKR_OK && !chained && n > 0)
		MUST(!answers.last.is_mac && answers.last.n == 2 * n &&
			memcmp(o.bytes, answers.last.bytes, n) == 0 &&
			memcmp(o.bytes, answers.last.bytes + n, n) == 0);
	if (answers.lied)
		return;
	MUST(key_encrypt_blocks(answers_key, iv, message, n, right) == CKR_OK);
	MUST(memcmp(right, o.bytes, n) == 0);
}

static void compute(const struct foreign_facts *facts, uint8_t lengths)
{
	static const enum mac_kind hmacs[] = {
		MAC_HMAC_SHA1, MAC_HMAC_SHA224, MAC_HMAC_SHA256, MAC_HMAC_SHA384, MAC_HMAC_SHA512};
	bool cipher = key_block_size(far_key) != 0;

	for (unsigned round = 0; round < 2; round++, lengths ^= 0x5a) {
		compute_mac(cipher ? MAC_CMAC : hmacs[lengths % 5], lengths % 70);
		if (cipher && facts->encrypt)
			compute_blocks(lengths, lengths & 1);
	}
}

/* --- One life of a key --- */

static struct bytes take_uri(struct input *in, uint8_t **ret_text)
{
	static const char *const uris[] = {"pkcs11:token=fake;object=mk;type=secret-key",
		"pkcs11:token=fake;id=%01", "pkcs11:object=mk;slot-id=7", "pkcs11:object=mk",
		"pkcs11:library-description=answers;serial=1;object=mk"};
	uint8_t which = take_byte(in);
	size_t n;

	*ret_text = NULL;
	if (which < 224)
		return bytes_of(uris[which % 5], strlen(uris[which % 5]));
	*ret_text = take_bytes(in, 200, &n);
	return bytes_of(*ret_text, n);
}

static void link_and_use(struct bytes uri, uint8_t lengths, bool is_known)
{
	struct foreign_facts facts;

	CK_RV rv = foreign_link(&foreign, uri, &facts);
	MUST(is_foreign_code(rv) || rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_KEY_SIZE_RANGE);
	MUST(rv == CKR_OK || answers.lied || !is_known);
	if (rv != CKR_OK)
		return;
	check_facts(&facts);
	for (int i = 0; i < 2; i++) {
		rv = foreign_attach(&foreign, uri, facts.type, facts.length,
			bytes_of(facts.check, facts.check_n), far_key);
		MUST(is_foreign_code(rv));
		MUST(rv == CKR_OK || answers.lied);
		if (rv != CKR_OK)
			continue;
		MUST(key_type(far_key) == facts.type && key_length(far_key) == facts.length);
		compute(&facts, lengths);
	}
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	uint8_t options = take_byte(&in), lengths, *text;
	struct bytes uri = take_uri(&in, &text);

	lengths = take_byte(&in);
	answers_start(&in, (options & 7) % ANSWERS_KINDS, options & 8, options & 16);
	config.foreign_compute_twice = options & 32;
	foreign_start(&config);
	foreign_pin_init(&pin);
	MUST(foreign_pin_keep(&pin, bytes_of(ANSWERS_PIN, strlen(ANSWERS_PIN))) == CKR_OK);
	foreign = (struct foreign){.pin = &pin};
	/* Two tokens have a key "mk", so the fourth URI is wrong: it names no token. */
	link_and_use(uri, lengths, text == NULL && uri.n > strlen("pkcs11:object=mk"));
	key_unload(far_key);
	foreign_close(&foreign);
	MUST(answers_open_sessions() == 0);
	foreign_stop();
	MUST(!answers.owed);
	foreign_pin_destroy(&pin);
	free(text);
}
