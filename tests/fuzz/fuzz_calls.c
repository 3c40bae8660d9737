/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_calls.c: call the built module in any order, with right and wrong arguments. No call may
 * write more output than the caller has room for, write a handle after a failure, or give away the
 * value of a closed key. At the end the module must still work.
 */
#include "fuzz.h"

#include <dlfcn.h>
#include <unistd.h>

#include "base/pkcs11.h"
#include "keydiv.h"
#include "temp_dir.h"
#include "template.h"

#define SESSIONS 4
#define OBJECTS 24
#define ROOM 512
#define CALLS_MAX 120

static CK_FUNCTION_LIST *f;
static CK_FUNCTION_LIST_3_0 *f3;
static char dir[TEMP_DIR_MAX];
static CK_MECHANISM_TYPE list[256];
static CK_ULONG mechanism_types;
static CK_SESSION_HANDLE anchor, session[SESSIONS];
static CK_OBJECT_HANDLE object[OBJECTS];
static size_t objects;
static const uint8_t marker[16] = {0x9d, 0x11, 0xfe, 0x62, 0x03, 0xba, 0x4c, 0x71, 0xe8, 0x56, 0x2f,
	0xd0, 0x97, 0x38, 0xac, 0x45};

/* --- Start --- */

static void remove_all(void)
{
	if (f != NULL)
		f->C_Finalize(NULL);
	temp_dir_remove(dir);
}

static void log_in(void)
{
	CK_RV rv = f->C_Login(anchor, CKU_USER, (CK_UTF8CHAR *)"1234", 4);

	MUST(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN);
}

/* Make a new token with a user logged in and a session that stays open. */
static void new_token(void)
{
	MUST(f->C_CloseAllSessions(0) == CKR_OK);
	MUST(f->C_InitToken(0, (CK_UTF8CHAR *)"so-pin", 6,
		     (CK_UTF8CHAR *)"fuzz                            ") == CKR_OK);
	MUST(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &anchor) ==
		CKR_OK);
	MUST(f->C_Login(anchor, CKU_SO, (CK_UTF8CHAR *)"so-pin", 6) == CKR_OK);
	MUST(f->C_InitPIN(anchor, (CK_UTF8CHAR *)"1234", 4) == CKR_OK);
	MUST(f->C_Logout(anchor) == CKR_OK);
	log_in();
}

void fuzz_start(void)
{
	const char *module = getenv("KEYDIV_MODULE");
	char conf[96];
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
	CK_INTERFACE *interface;

	MUST(temp_dir_make("fuzz", dir));
	atexit(remove_all);
	snprintf(conf, sizeof conf, "%s/keydiv.conf", dir);
	FILE *out = fopen(conf, "w");
	MUST(out != NULL && fprintf(out, "token-dir = %s/tokens\nscrypt-log2-n = 14\n", dir) > 0 &&
		fclose(out) == 0);
	setenv("KEYDIV_CONF", conf, 1);
	MUST(module != NULL);
	void *library = dlopen(module, RTLD_NOW);
	if (library == NULL)
		fprintf(stderr, "%s\n", dlerror());
	MUST(library != NULL);
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	MUST(get_list(&f) == CKR_OK &&
		get_interface((CK_UTF8CHAR *)"PKCS 11", NULL, &interface, 0) == CKR_OK);
	f3 = interface->pFunctionList;
	MUST(f->C_Initialize(NULL) == CKR_OK);
	mechanism_types = 256;
	MUST(f->C_GetMechanismList(0, list, &mechanism_types) == CKR_OK);
	new_token();
}

/* --- Arguments --- */

static void *buffers[512];
static size_t buffers_used;

static void *keep(void *p)
{
	MUST(p != NULL && buffers_used < sizeof buffers / sizeof buffers[0]);
	return buffers[buffers_used++] = p;
}

static CK_SESSION_HANDLE take_session(struct input *in)
{
	uint8_t which = take_byte(in);

	return which == 255 ? take_number(in) : which > 127 ? anchor : session[which % SESSIONS];
}

static CK_OBJECT_HANDLE take_object(struct input *in)
{
	uint8_t which = take_byte(in);

	return which > 250 ? take_number(in) : object[which % OBJECTS];
}

/* Record what a call made if the call returned CKR_OK. No other call may write a handle. */
static void made(CK_RV rv, CK_OBJECT_HANDLE handle)
{
	MUST(rv == CKR_OK ? handle != 77 && handle != 0 : handle == 77);
	if (rv == CKR_OK)
		object[objects++ % OBJECTS] = handle;
}

static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *p, CK_ULONG n)
{
	CK_ATTRIBUTE a = {type, keep(malloc(n ? n : 1)), n};

	memcpy(a.pValue, p, n);
	return a;
}

static CK_ULONG take_template(struct input *in, CK_ATTRIBUTE *t)
{
	static const CK_ATTRIBUTE_TYPE flags[] = {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE,
		CKA_EXTRACTABLE, CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP,
		CKA_UNWRAP, CKA_DERIVE, CKA_MODIFIABLE, CKA_COPYABLE, CKA_WRAP_WITH_TRUSTED,
		CKA_TRUSTED, CKA_LOCAL};
	static const CK_KEY_TYPE types[] = {CKK_AES, CKK_AES, CKK_AES, CKK_GENERIC_SECRET, CKK_DES2,
		CKK_DES3, CKK_SHA256_HMAC, CKK_HKDF, CKK_KEYDIV_ODUKPT_CLIENT, CKK_RSA};
	CK_ULONG n = 0, number;
	CK_BBOOL flag;
	size_t length;

	for (int i = take_byte(in) % 12; i > 0; i--) {
		uint8_t what = take_byte(in);
		switch (what % 10) {
		case 0:
			number = what < 200 ? CKO_SECRET_KEY : CKO_DATA;
			t[n++] = attribute(CKA_CLASS, &number, sizeof number);
			break;
		case 1:
			number = types[take_byte(in) % 10];
			t[n++] = attribute(CKA_KEY_TYPE, &number, sizeof number);
			break;
		case 2:
			number = take_number(in);
			t[n++] = attribute(what < 128 ? CKA_VALUE_LEN : CKA_KEYDIV_RESERVE, &number,
				sizeof number);
			break;
		case 3:
			t[n].type = (CK_ATTRIBUTE_TYPE[]){CKA_LABEL, CKA_ID, CKA_APPLICATION,
				CKA_OBJECT_ID, CKA_CHECK_VALUE, CKA_START_DATE, CKA_VALUE,
				CKA_VALUE}[what / 10 % 8];
			t[n].pValue = keep(take_bytes(in, 64, &length));
			t[n++].ulValueLen = length;
			break;
		case 4: {
			CK_MECHANISM_TYPE some[3];
			for (int k = 0; k < 3; k++)
				some[k] = list[take_byte(in) % mechanism_types];
			t[n++] = attribute(
				CKA_ALLOWED_MECHANISMS, some, sizeof some[0] * (what / 10 % 4));
			break;
		}
		case 5:
			t[n++] = attribute(CKA_VALUE, "0123456789abcdef0123456789abcdef",
				8 * (CK_ULONG)(what / 10 % 5));
			break;
		default:
			flag = take_byte(in) & 1;
			t[n++] = attribute(flags[what / 4 % 16], &flag, 1);
			break;
		}
	}
	return n;
}

/* The fields of the schemes of cards, networks, readers, meters and vehicles, in order. */
static const struct shape {
	CK_MECHANISM_TYPE type;
	struct {
		uint8_t tag, n; /* n: bytes of the value */
	} field[5];
} shapes[] = {
	{CKM_KEYDIV_GP_STATIC_KEY,
		{{KEYDIV_GP_METHOD, 1}, {KEYDIV_GP_KDD, 10}, {KEYDIV_GP_KEY, 1}}},
	{CKM_KEYDIV_SCP02_KEY, {{KEYDIV_SCP02_CONSTANT, 2}, {KEYDIV_SCP02_COUNTER, 2}}},
	{CKM_KEYDIV_RETAIL_MAC,
		{{KEYDIV_PREVIOUS_MAC, 8}, {KEYDIV_PADDING_METHOD, 1}, {KEYDIV_TAG_LENGTH, 1}}},
	{CKM_KEYDIV_SDM_SESSION_KEY,
		{{KEYDIV_CARD_KEY, 1}, {KEYDIV_CARD_UID, 7}, {KEYDIV_READ_COUNTER, 3}}},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY,
		{{KEYDIV_LORAWAN_KEY, 1}, {KEYDIV_JOIN_NONCE, 3}, {KEYDIV_NET_ID, 3},
			{KEYDIV_JOIN_EUI, 8}, {KEYDIV_DEV_NONCE, 2}}},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, {{KEYDIV_LORAWAN_KEY, 1}, {KEYDIV_DEV_EUI, 8}}},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, {{KEYDIV_LORAWAN_KEY, 1}, {KEYDIV_MC_ADDR, 4}}},
	{CKM_KEYDIV_OSDP_SCBK, {{KEYDIV_CARD_UID, 8}}},
	{CKM_KEYDIV_OSDP_SESSION_KEY, {{KEYDIV_OSDP_KEY, 1}, {KEYDIV_CP_RANDOM, 8}}},
	{CKM_KEYDIV_OMS_MODE7_KEY,
		{{KEYDIV_OMS_KEY, 1}, {KEYDIV_OMS_COUNTER, 4}, {KEYDIV_METER_ID, 4}}},
	{CKM_KEYDIV_SHE_KEY_UPDATE, {{KEYDIV_SHE_UID, 15}, {KEYDIV_SHE_SLOTS, 1},
					    {KEYDIV_SHE_COUNTER, 4}, {KEYDIV_SHE_FLAGS, 1}}},
	{CKM_KEYDIV_SHE_KEY_PROOF,
		{{KEYDIV_SHE_UID, 15}, {KEYDIV_SHE_SLOTS, 1}, {KEYDIV_SHE_COUNTER, 4}}},
};

/* The bytes of fields of one or two bytes that choose a key, a method or a length. */
static const uint8_t choices[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x10, 0x11, 0x12, 0x13,
	0x14, 0x81, 0x82, 0x00, 0xff};

static void put_shape(struct input *in, const struct shape *shape, CK_MECHANISM *m)
{
	uint8_t *p = m->pParameter, absent = take_byte(in);

	for (unsigned i = 0; i < 5 && shape->field[i].tag != 0; i++) {
		uint8_t n = shape->field[i].n;
		if (absent & 1 << i && absent & 128)
			continue;
		uint8_t *at = p + m->ulParameterLen;
		at[0] = shape->field[i].tag;
		at[1] = 0;
		at[2] = n;
		for (unsigned k = 0; k < n; k++)
			at[3 + k] = n < 3 ? choices[take_byte(in) % sizeof choices] : take_byte(in);
		m->ulParameterLen += 3 + n;
	}
}

static void put_header(struct input *in, CK_MECHANISM *m)
{
	static const char *const headers[] = {"D0000D0AB00E0000", "D0000D0AE00N0000",
		"B0000D0TB00S0000", "E0000K1AB00S0000", "D0000M7HC00N0100HM0621",
		"D0000B0AX00E0200KC0C01000000LB0Alabel0", "D0000K0AN00S0200LB00040010textPB08abcd",
		"D000010AX00E0000", "A0000D0AB00E0000"};
	const char *header = headers[take_byte(in) % 9];
	uint8_t *p = m->pParameter;
	size_t n = strlen(header);

	memcpy(p + 3, header, n);
	p[0] = KEYDIV_KEY_BLOCK_HEADER;
	p[1] = 0;
	p[2] = (uint8_t)n;
	uint8_t change = take_byte(in);
	if (change < 64)
		p[3 + change % n] = take_byte(in);
	m->ulParameterLen = 3 + n;
}

/* Give M the fields of its mechanism, if the mechanism is one of a scheme or of key blocks. */
static void take_scheme(struct input *in, CK_MECHANISM *m)
{
	m->pParameter = keep(malloc(128));
	if (m->mechanism == CKM_KEYDIV_KEY_BLOCK)
		put_header(in, m);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (shapes[i].type == m->mechanism)
			put_shape(in, &shapes[i], m);
}

/* Return true if the parameter of TYPE is a struct with pointers: TYPE has a flat form then. */
static bool has_pointers(CK_MECHANISM_TYPE type)
{
	for (CK_ULONG i = 0; i < mechanism_types; i++)
		if (list[i] == CKM_KEYDIV_FLAT(type))
			return true;
	return false;
}

/*
 * Give M the N bytes at P. A struct with pointers into nowhere is a fault of the caller, which the
 * module cannot see. So a mechanism with such a struct gets fewer bytes than any pointer has.
 */
static void give_bytes(CK_MECHANISM *m, void *p, size_t n)
{
	bool cut = has_pointers(m->mechanism) && n >= sizeof(void *);

	m->pParameter = p;
	m->ulParameterLen = cut ? sizeof(void *) - 1 : n;
}

/* Take a mechanism with a parameter that may fit the mechanism. */
static CK_MECHANISM take_mechanism(struct input *in)
{
	CK_MECHANISM m = {0};
	CK_GCM_PARAMS gcm = {0};
	size_t n;
	uint8_t which = take_byte(in), how = take_byte(in);

	m.mechanism = which == 255 ? take_number(in) : list[which % mechanism_types];
	switch (how % 8) {
	case 0:
		break;
	case 1:
		if (how & 128)
			take_scheme(in, &m);
		break;
	case 2: /* an IV */
		m.pParameter = keep(calloc(1, 16));
		m.ulParameterLen = how & 8 ? 16 : 8;
		break;
	case 3:
		m.pParameter = keep(take_bytes(in, 300, &n));
		give_bytes(&m, m.pParameter, n);
		break;
	case 4: /* NULL with a length */
		m.ulParameterLen = take_number(in);
		break;
	case 5:
		gcm.pIv = keep(calloc(1, 16));
		gcm.ulIvLen = 12;
		gcm.ulTagBits = how & 8 ? 128 : take_number(in);
		m.pParameter = keep(malloc(sizeof gcm));
		memcpy(m.pParameter, &gcm, sizeof gcm);
		m.ulParameterLen = sizeof gcm;
		break;
	default: { /* fields */
		uint8_t *p = keep(malloc(2000));
		for (unsigned tag = take_byte(in) % 8;
			m.ulParameterLen < 1500 && tag < 0x7f && in->n > 0;
			tag += 1 + take_byte(in) % 16) {
			uint8_t *value = take_bytes(in, 128, &n);
			p[m.ulParameterLen++] = (uint8_t)tag;
			p[m.ulParameterLen++] = 0;
			p[m.ulParameterLen++] = (uint8_t)n;
			memcpy(p + m.ulParameterLen, value, n);
			m.ulParameterLen += n;
			free(value);
		}
		give_bytes(&m, p, m.ulParameterLen);
	}
	}
	return m;
}

/* --- Outputs --- */

static uint8_t out[ROOM + 64];
static CK_ULONG out_n, out_room;

static CK_BYTE *take_out(struct input *in)
{
	uint8_t how = take_byte(in);

	memset(out, 0xa5, sizeof out);
	out_room = out_n = how < 128 ? ROOM : (CK_ULONG)how - 128;
	return how == 255 ? NULL : out;
}

static void check_out(CK_RV rv, const CK_BYTE *p)
{
	MUST(rv != CKR_OK || p == NULL || out_n <= out_room);
	for (size_t i = out_room; i < sizeof out; i++)
		MUST(out[i] == 0xa5);
	MUST(memmem(out, sizeof out, marker, sizeof marker) == NULL);
}

static CK_RV with_input(
	CK_RV (*call)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *),
	struct input *in, CK_SESSION_HANDLE s)
{
	size_t n;
	CK_BYTE *data = keep(take_bytes(in, 300, &n)), *p = take_out(in);
	CK_RV rv = call(s, data, n, p, &out_n);

	check_out(rv, p);
	return rv;
}

static CK_RV into_out(CK_RV (*call)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *), struct input *in,
	CK_SESSION_HANDLE s)
{
	CK_BYTE *p = take_out(in);
	CK_RV rv = call(s, p, &out_n);

	check_out(rv, p);
	return rv;
}

/* --- Calls --- */

static CK_RV about_objects(uint8_t which, struct input *in, CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE t[16];
	CK_OBJECT_HANDLE o = take_object(in), handle = 77, found[8];
	CK_ULONG n, got = 0;
	CK_RV rv;

	switch (which % 8) {
	case 0:
		n = take_template(in, t);
		rv = f->C_CreateObject(s, t, n, &handle);
		made(rv, handle);
		return rv;
	case 1:
		n = take_template(in, t);
		rv = f->C_CopyObject(s, o, t, n, &handle);
		made(rv, handle);
		return rv;
	case 2:
		return f->C_DestroyObject(s, o);
	case 3:
		n = take_template(in, t);
		return f->C_SetAttributeValue(s, o, t, n);
	case 4: {
		static const CK_ATTRIBUTE_TYPE types[] = {CKA_VALUE, CKA_LABEL, CKA_CHECK_VALUE,
			CKA_UNIQUE_ID, CKA_ALLOWED_MECHANISMS, CKA_KEYDIV_TRANSACTION,
			CKA_KEYDIV_REMAINING, CKA_CLASS, CKA_ID};
		CK_BYTE *p = take_out(in);
		CK_ATTRIBUTE a = {types[take_byte(in) % 9], p, out_room};
		rv = f->C_GetAttributeValue(s, o, &a, 1);
		out_n = a.ulValueLen;
		check_out(rv, p);
		return rv;
	}
	case 5:
		n = take_template(in, t);
		rv = f->C_FindObjectsInit(s, t, n);
		return rv;
	case 6:
		n = take_byte(in) % 9;
		rv = f->C_FindObjects(s, found, n, &got);
		MUST(rv != CKR_OK || got <= n);
		for (CK_ULONG i = 0; rv == CKR_OK && i < got; i++)
			object[objects++ % OBJECTS] = found[i];
		return rv;
	default:
		return f->C_FindObjectsFinal(s);
	}
}

/* The last wrapped key. */
static uint8_t wrapped[ROOM];
static size_t wrapped_n;

/* Take any bytes, or the last wrapped key, of which one byte may be changed. */
static CK_BYTE *take_wrapped(struct input *in, uint8_t which, size_t *ret_n)
{
	if (which < 128)
		return keep(take_bytes(in, 200, ret_n));
	CK_BYTE *p = keep(malloc(wrapped_n + 1));
	memcpy(p, wrapped, *ret_n = wrapped_n);
	if (which >= 240 && wrapped_n > 0)
		p[take_number(in) % wrapped_n] = take_byte(in);
	return p;
}

static CK_RV about_keys(uint8_t which, struct input *in, CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE t[16];
	CK_MECHANISM m = take_mechanism(in);
	CK_OBJECT_HANDLE o = take_object(in), handle = 77;
	CK_ULONG n;
	CK_BYTE *p;
	CK_RV rv;
	size_t length;

	if (m.mechanism == CKM_PKCS5_PBKD2)
		return CKR_OK; /* limit the number of rounds */
	switch (which % 5) {
	case 0:
	case 1:
		n = take_template(in, t);
		rv = f->C_DeriveKey(s, &m, o, t, n, &handle);
		made(rv, handle);
		return rv;
	case 2:
		n = take_template(in, t);
		rv = f->C_GenerateKey(s, &m, t, n, &handle);
		made(rv, handle);
		return rv;
	case 3:
		p = take_out(in);
		rv = f->C_WrapKey(s, &m, o, take_object(in), p, &out_n);
		check_out(rv, p);
		if (rv == CKR_OK && p != NULL && out_n <= ROOM)
			memcpy(wrapped, p, wrapped_n = out_n);
		return rv;
	default:
		p = take_wrapped(in, which, &length);
		n = take_template(in, t);
		rv = f->C_UnwrapKey(s, &m, o, p, length, t, n, &handle);
		made(rv, handle);
		return rv;
	}
}

static CK_RV about_operations(uint8_t which, struct input *in, CK_SESSION_HANDLE s)
{
	CK_MECHANISM m;
	CK_OBJECT_HANDLE o;
	size_t n, n2;
	CK_BYTE *p, *mac;

	switch (which % 22) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		m = take_mechanism(in);
		o = take_object(in);
		return (CK_RV(*[])(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE)){
			f->C_EncryptInit, f->C_DecryptInit, f->C_SignInit, f->C_VerifyInit,
			f3->C_MessageEncryptInit}[which % 22](
			s, take_byte(in) == 255 ? NULL : &m, o);
	case 5:
		m = take_mechanism(in);
		return f->C_DigestInit(s, &m);
	case 6:
		return with_input(f->C_Encrypt, in, s);
	case 7:
		return with_input(f->C_EncryptUpdate, in, s);
	case 8:
		return into_out(f->C_EncryptFinal, in, s);
	case 9:
		return with_input(f->C_Decrypt, in, s);
	case 10:
		return with_input(f->C_DecryptUpdate, in, s);
	case 11:
		return into_out(f->C_DecryptFinal, in, s);
	case 12:
		return with_input(f->C_Digest, in, s);
	case 13:
		return into_out(f->C_DigestFinal, in, s);
	case 14:
		return with_input(f->C_Sign, in, s);
	case 15:
		return into_out(f->C_SignFinal, in, s);
	case 16:
		return into_out(f->C_GetOperationState, in, s);
	case 17:
		p = keep(take_bytes(in, 300, &n));
		return take_byte(in) & 1 ? f->C_SignUpdate(s, p, n) : f->C_VerifyUpdate(s, p, n);
	case 18:
		p = keep(take_bytes(in, 300, &n));
		return take_byte(in) & 1 ? f->C_DigestUpdate(s, p, n) : f->C_VerifyFinal(s, p, n);
	case 19:
		p = keep(take_bytes(in, 300, &n));
		mac = keep(take_bytes(in, 70, &n2));
		return f->C_Verify(s, p, n, mac, n2);
	case 20:
		return f->C_DigestKey(s, take_object(in));
	default:
		return f3->C_SessionCancel(s, take_number(in));
	}
}

static CK_RV about_messages(uint8_t which, struct input *in, CK_SESSION_HANDLE s)
{
	uint8_t iv[16] = {0}, tag[16];
	size_t n;
	CK_GCM_MESSAGE_PARAMS p = {iv, take_byte(in) % 17, take_number(in), take_byte(in) % 5, tag,
		8 * (take_byte(in) % 17)};
	CK_BYTE *data = keep(take_bytes(in, 100, &n)), *to;
	CK_RV rv;

	switch (which % 6) {
	case 0:
		to = take_out(in);
		rv = f3->C_EncryptMessage(s, &p, sizeof p, data, n / 2, data, n, to, &out_n);
		check_out(rv, to);
		return rv;
	case 1:
		return f3->C_EncryptMessageBegin(s, &p, sizeof p, data, n);
	case 2:
		to = take_out(in);
		rv = f3->C_EncryptMessageNext(
			s, &p, sizeof p, data, n, to, &out_n, which & 64 ? CKF_END_OF_MESSAGE : 0);
		check_out(rv, to);
		return rv;
	case 3:
		return f3->C_MessageEncryptFinal(s);
	case 4: {
		CK_MECHANISM m = {CKM_AES_GCM, NULL, 0};
		return f3->C_MessageDecryptInit(s, &m, take_object(in));
	}
	default:
		to = take_out(in);
		rv = f3->C_DecryptMessage(s, &p, sizeof p, data, n / 2, data, n, to, &out_n);
		check_out(rv, to);
		return rv;
	}
}

static CK_RV about_sessions(uint8_t which, struct input *in, CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;
	uint8_t place = take_byte(in) % SESSIONS;
	CK_RV rv;

	switch (which % 8) {
	case 0:
	case 1:
	case 2:
		if (session[place] != 0)
			return CKR_OK;
		return f->C_OpenSession(0, CKF_SERIAL_SESSION | (which & 64 ? CKF_RW_SESSION : 0),
			NULL, NULL, &session[place]);
	case 3:
		rv = f->C_CloseSession(session[place]);
		session[place] = 0;
		return rv;
	case 4:
		return f->C_GetSessionInfo(s, &info);
	case 5:
		return into_out(f->C_GetOperationState, in, s);
	case 6:
		return take_byte(in) > 250 ? f->C_Logout(s)
					   : CKR_OK; /* rare, because the next login is slow */
	default:
		return f->C_GenerateRandom(s, take_out(in), out_room);
	}
}

/*
 * Close the sessions and destroy what is left, in the token and in the session that stays open.
 * Otherwise an input would find what earlier inputs have left, and searches would become slow.
 */
static void clear(void)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0, left = 0;

	for (int i = 0; i < SESSIONS; i++) {
		if (session[i] != 0)
			MUST(f->C_CloseSession(session[i]) == CKR_OK);
		session[i] = 0;
	}
	log_in();
	CK_RV rv = f->C_FindObjectsFinal(anchor);
	MUST(rv == CKR_OK || rv == CKR_OPERATION_NOT_INITIALIZED);
	MUST(f->C_FindObjectsInit(anchor, NULL, 0) == CKR_OK);
	MUST(f->C_FindObjects(anchor, found, 64, &n) == CKR_OK &&
		f->C_FindObjectsFinal(anchor) == CKR_OK);
	for (CK_ULONG i = 0; i < n; i++)
		left += f->C_DestroyObject(anchor, found[i]) != CKR_OK;
	if (left > 20)
		new_token();
}

#define CLOSED_KEY KEY(CKK_AES), RAW(CKA_VALUE, marker, 16)

#define USE CKM_KEYDIV_WITH_DERIVED_KEY

static const struct {
	CK_KEY_TYPE type;
	CK_ULONG n;
	CK_MECHANISM_TYPE list[5];
} trades[] = {
	{CKK_AES, 2, {CKM_KEYDIV_GP_STATIC_KEY, USE}},
	{CKK_DES2, 2, {CKM_KEYDIV_GP_STATIC_KEY, USE}},
	{CKK_DES2, 2, {CKM_KEYDIV_SCP02_KEY, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_SDM_SESSION_KEY, USE}},
	{CKK_AES, 5,
		{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKM_KEYDIV_LORAWAN_DEVICE_KEY,
			CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_LORAWAN_MULTICAST_KEY, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_OSDP_SCBK, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_OSDP_SESSION_KEY, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_OMS_MODE7_KEY, USE}},
	{CKK_AES, 2, {CKM_KEYDIV_CMAC, USE}},
};

/*
 * Create closed keys: one derives, one encrypts and signs, some wrap, and there is a master of each
 * trade. Their value is the marker, which the module must never return. Another key may leave.
 */
static void closed_keys(void)
{
	CK_SESSION_HANDLE s = session[0];

	MUST(f->C_CreateObject(s, T(CLOSED_KEY, YES(CKA_DERIVE)), &object[0]) == CKR_OK);
	MUST(f->C_CreateObject(s, T(CLOSED_KEY, YES(CKA_ENCRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)),
		     &object[1]) == CKR_OK);
	MUST(f->C_CreateObject(s, T(CLOSED_KEY, YES(CKA_WRAP)), &object[2]) == CKR_OK);
	for (size_t i = 0; i < sizeof trades / sizeof trades[0]; i++)
		MUST(f->C_CreateObject(s,
			     T(CLASS(CKO_SECRET_KEY), TYPE(trades[i].type),
				     RAW(CKA_VALUE, marker, 16), YES(CKA_DERIVE),
				     RAW(CKA_ALLOWED_MECHANISMS, trades[i].list,
					     trades[i].n * sizeof trades[i].list[0])),
			     &object[3 + i]) == CKR_OK);
	MUST(f->C_CreateObject(s,
		     T(CLASS(CKO_SECRET_KEY), TYPE(CKK_DES2), RAW(CKA_VALUE, marker, 16),
			     YES(CKA_SIGN), YES(CKA_WRAP), YES(CKA_UNWRAP)),
		     &object[13]) == CKR_OK);
	MUST(f->C_CreateObject(s,
		     T(KEY(CKK_AES), RAW(CKA_VALUE, "0123456789abcdef", 16), YES(CKA_ENCRYPT),
			     YES(CKA_EXTRACTABLE)),
		     &object[14]) == CKR_OK);
	MUST(f->C_CreateObject(s, T(CLOSED_KEY, YES(CKA_WRAP), YES(CKA_UNWRAP)), &object[15]) ==
		CKR_OK);
	objects = 16;
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};

	memset(object, 0, sizeof object);
	MUST(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session[0]) ==
		CKR_OK);
	closed_keys();
	for (int i = 0; i < CALLS_MAX && in.n > 0; i++) {
		uint8_t group = take_byte(&in), which = take_byte(&in);
		CK_SESSION_HANDLE s = take_session(&in);
		CK_RV rv = group % 8 < 2   ? about_objects(which, &in, s)
			   : group % 8 < 4 ? about_keys(which, &in, s)
			   : group % 8 < 6 ? about_operations(which, &in, s)
			   : group % 8 < 7 ? about_messages(which, &in, s)
					   : about_sessions(which, &in, s);
		MUST(rv != CKR_GENERAL_ERROR && rv != CKR_DEVICE_ERROR && rv != CKR_HOST_MEMORY);
		while (buffers_used > 0)
			free(buffers[--buffers_used]);
	}
	clear();
}
