/* SPDX-License-Identifier: Apache-2.0 */
/* measures.c: the functions that measure.h lists. */
#include "measure.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

void serial_number(long i, CK_BYTE ret[9])
{
	static const char digits[] = "0123456789";

	memcpy(ret, "SN-", 3);
	for (int d = 8; d >= 3; d--, i /= 10)
		ret[d] = (CK_BYTE)digits[i % 10];
}

/* --- Deriving --- */

static CK_ULONG sixteen = 16;

/* The template that an application passes for a non-extractable AES-128 session key with USAGE. */
#define TEMPLATE_FOR(usage)                                                                        \
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_secret, sizeof class_secret},                \
		{CKA_KEY_TYPE, &type_aes, sizeof type_aes},                                        \
		{CKA_VALUE_LEN, &sixteen, sizeof sixteen}, {CKA_TOKEN, &no, 1},                    \
		{CKA_SENSITIVE, &yes, 1}, {usage, &yes, 1}};                                       \
	const CK_ULONG count = sizeof template / sizeof template[0]

static CK_OBJECT_HANDLE derive(struct peer *p, int thread, CK_OBJECT_HANDLE base, CK_MECHANISM *m,
	CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE key;

	must(p, p->f->C_DeriveKey(p->session[thread], m, base, template, count, &key),
		"C_DeriveKey");
	return key;
}

static void destroy(struct peer *p, int thread, CK_OBJECT_HANDLE key)
{
	must(p, p->f->C_DestroyObject(p->session[thread], key), "C_DestroyObject");
}

static void device_keys(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n)
{
	KEYDIV_PARAMETER parameter;
	CK_BYTE serial[9];
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, serial);
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_DEVICE, serial, sizeof serial);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &parameter);
		destroy(p, thread, derive(p, thread, master, &m, template, count));
	}
}

static void device_key_token(struct peer *p, int thread, long n)
{
	device_keys(p, thread, p->master, n);
}

static void device_key_session(struct peer *p, int thread, long n)
{
	device_keys(p, thread, p->session_master, n);
}

static void ecb_data(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n)
{
	CK_BYTE data[16] = {0};
	CK_KEY_DERIVATION_STRING_DATA parameter = {data, sizeof data};
	CK_MECHANISM m = {CKM_AES_ECB_ENCRYPT_DATA, &parameter, sizeof parameter};
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, data);
		destroy(p, thread, derive(p, thread, master, &m, template, count));
	}
}

static void ecb_data_token(struct peer *p, int thread, long n)
{
	ecb_data(p, thread, p->master, n);
}

static void ecb_data_session(struct peer *p, int thread, long n)
{
	ecb_data(p, thread, p->session_master, n);
}

/* Derive by SP 800-108 counter mode over the same input as DEVICE_KEY. */
static CK_RV sign_with(struct peer *p, int thread, CK_OBJECT_HANDLE key);

static void counter_kdf_then(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n, bool sign)
{
	CK_BYTE text[4 + 6 + 1 + 12 + 4] = "device";
	CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
	CK_SP800_108_DKM_LENGTH_FORMAT length = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};
	CK_PRF_DATA_PARAM data[] = {{CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter},
		{CK_SP800_108_BYTE_ARRAY, text, 19},
		{CK_SP800_108_DKM_LENGTH, &length, sizeof length}};
	CK_SP800_108_KDF_PARAMS parameter = {CKM_AES_CMAC, 3, data, 0, NULL};
	CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &parameter, sizeof parameter};
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, text + 10);
		CK_OBJECT_HANDLE key = derive(p, thread, master, &m, template, count);
		if (sign)
			must(p, sign_with(p, thread, key), "AES-CMAC");
		destroy(p, thread, key);
	}
}

static void counter_kdf(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n)
{
	counter_kdf_then(p, thread, master, n, false);
}

static void counter_kdf_mac_token(struct peer *p, int thread, long n)
{
	counter_kdf_then(p, thread, p->master, n, true);
}

static void counter_kdf_mac_session(struct peer *p, int thread, long n)
{
	counter_kdf_then(p, thread, p->session_master, n, true);
}

static void counter_kdf_token(struct peer *p, int thread, long n)
{
	counter_kdf(p, thread, p->master, n);
}

static void counter_kdf_session(struct peer *p, int thread, long n)
{
	counter_kdf(p, thread, p->session_master, n);
}

/* --- In several threads with a session each --- */

struct thread {
	pthread_t id;
	struct peer *p;
	int number;
	long n;
	run_fn run;
};

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	t->run(t->p, t->number, t->n);
	return NULL;
}

void run_in_threads(run_fn run, struct peer *p, int threads, long n)
{
	struct thread t[THREADS_MAX];

	if (threads == 1) {
		run(p, 0, n);
		return;
	}
	for (int i = 0; i < threads; i++) {
		t[i] = (struct thread){.p = p, .number = i, .n = n, .run = run};
		pthread_create(&t[i].id, NULL, thread_main, &t[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(t[i].id, NULL);
}

/* --- Other derivations of keydiv --- */

static void device_message_key(struct peer *p, int thread, long n)
{
	KEYDIV_PARAMETER parameter;
	CK_BYTE serial[9];
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, serial);
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_DEVICE, serial, sizeof serial);
		keydiv_put_number(&parameter, KEYDIV_COUNTER, (unsigned long long)i);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_MESSAGE_KEY, &parameter);
		destroy(p, thread, derive(p, thread, p->master, &m, template, count));
	}
}

static void odukpt_key(struct peer *p, int thread, long n)
{
	KEYDIV_PARAMETER parameter;
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_SHAPE, "\x15\x07", 2);
		keydiv_put_number(
			&parameter, KEYDIV_TRANSACTION, (unsigned long long)i * 7919 % 1184039);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_KEY, &parameter);
		destroy(p, thread, derive(p, thread, p->initial_key, &m, template, count));
	}
}

static void aes_dukpt_key(struct peer *p, int thread, long n)
{
	KEYDIV_PARAMETER parameter;
	CK_BYTE ksn[12] = {0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56};
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		unsigned counter = (unsigned)(i % 65535) + 1;
		ksn[10] = (CK_BYTE)(counter >> 8);
		ksn[11] = (CK_BYTE)counter;
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_KSN, ksn, sizeof ksn);
		keydiv_put(&parameter, KEYDIV_DUKPT_USAGE, "\x20\x00", 2);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_AES_DUKPT_KEY, &parameter);
		destroy(p, thread, derive(p, thread, p->bdk_aes, &m, template, count));
	}
}

static void tdes_dukpt_key(struct peer *p, int thread, long n)
{
	static CK_KEY_TYPE type_des2 = CKK_DES2;
	KEYDIV_PARAMETER parameter;
	CK_BYTE ksn[10] = {0xff, 0xff, 0x98, 0x76, 0x54, 0x32, 0x10, 0xe0};
	CK_ATTRIBUTE template[] = {
		{CKA_KEY_TYPE, &type_des2, sizeof type_des2}, {CKA_TOKEN, &no, 1}};

	for (long i = 0; i < n; i++) {
		unsigned counter = (unsigned)(i % 1023) + 1;
		ksn[8] = (CK_BYTE)(counter >> 8);
		ksn[9] = (CK_BYTE)counter;
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_KSN, ksn, sizeof ksn);
		keydiv_put(&parameter, KEYDIV_DUKPT_USAGE, "\x10\x00", 2);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_TDES_DUKPT_KEY, &parameter);
		destroy(p, thread, derive(p, thread, p->bdk_tdes, &m, template, 2));
	}
}

/* --- Derive, use once, destroy --- */

static CK_RV sign_with(struct peer *p, int thread, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = {CKM_AES_CMAC, NULL, 0};
	CK_BYTE data[16] = {1}, mac[16];
	CK_ULONG n = sizeof mac;
	CK_RV rv = p->f->C_SignInit(p->session[thread], &m, key);

	return rv == CKR_OK ? p->f->C_Sign(p->session[thread], data, sizeof data, mac, &n) : rv;
}

static void sign_once(struct peer *p, int thread, CK_OBJECT_HANDLE key)
{
	must(p, sign_with(p, thread, key), "AES-CMAC");
}

static void device_key_mac(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n)
{
	KEYDIV_PARAMETER parameter;
	CK_BYTE serial[9];
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, serial);
		keydiv_start(&parameter);
		keydiv_put(&parameter, KEYDIV_DEVICE, serial, sizeof serial);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &parameter);
		CK_OBJECT_HANDLE key = derive(p, thread, master, &m, template, count);
		sign_once(p, thread, key);
		destroy(p, thread, key);
	}
}

static void ecb_data_mac(struct peer *p, int thread, CK_OBJECT_HANDLE master, long n)
{
	CK_BYTE data[16] = {0};
	CK_KEY_DERIVATION_STRING_DATA parameter = {data, sizeof data};
	CK_MECHANISM m = {CKM_AES_ECB_ENCRYPT_DATA, &parameter, sizeof parameter};
	TEMPLATE_FOR(CKA_SIGN);

	for (long i = 0; i < n; i++) {
		serial_number(i, data);
		CK_OBJECT_HANDLE key = derive(p, thread, master, &m, template, count);
		sign_once(p, thread, key);
		destroy(p, thread, key);
	}
}

static void device_key_mac_token(struct peer *p, int thread, long n)
{
	device_key_mac(p, thread, p->master, n);
}

static void device_key_mac_session(struct peer *p, int thread, long n)
{
	device_key_mac(p, thread, p->session_master, n);
}

static void ecb_data_mac_token(struct peer *p, int thread, long n)
{
	ecb_data_mac(p, thread, p->master, n);
}

static void ecb_data_mac_session(struct peer *p, int thread, long n)
{
	ecb_data_mac(p, thread, p->session_master, n);
}

/* --- One message of a device: verify it with a key of its own --- */

static CK_BYTE message[16] = {1};

/* Put the fields that differ from message to message. The message is always the same one. */
static void message_fields(KEYDIV_PARAMETER *parameter)
{
	CK_BYTE serial[9];

	serial_number(1, serial);
	keydiv_start(parameter);
	keydiv_put(parameter, KEYDIV_DEVICE, serial, sizeof serial);
	keydiv_put_number(parameter, KEYDIV_COUNTER, 1);
}

/* The fields that all messages share: DEVICE_MESSAGE_KEY and AES-CMAC. */
static CK_BYTE shared_fields[] = {
	KEYDIV_DERIVATION, 0, 4, 0x8b, 0x44, 0, 3, KEYDIV_OPERATION, 0, 4, 0, 0, 0x10, 0x8a};
static CK_MECHANISM use_mechanism = {
	CKM_KEYDIV_WITH_DERIVED_KEY, shared_fields, sizeof shared_fields};

static void make_mac(struct peer *p, int thread, CK_BYTE mac[16])
{
	CK_SESSION_HANDLE s = p->session[thread];
	KEYDIV_PARAMETER parameter;
	CK_ULONG n = 16;

	message_fields(&parameter);
	must(p, p->f3->C_MessageSignInit(s, &use_mechanism, p->master), "C_MessageSignInit");
	must(p,
		p->f3->C_SignMessage(
			s, parameter.bytes, parameter.length, message, sizeof message, mac, &n),
		"C_SignMessage");
	must(p, p->f3->C_MessageSignFinal(s), "C_MessageSignFinal");
}

/* Verify in one call. A round begins with one C_MessageVerifyInit. */
static void use_verify(struct peer *p, int thread, long n)
{
	CK_SESSION_HANDLE s = p->session[thread];
	KEYDIV_PARAMETER parameter;
	CK_BYTE mac[16];

	make_mac(p, thread, mac);
	must(p, p->f3->C_MessageVerifyInit(s, &use_mechanism, p->master), "C_MessageVerifyInit");
	for (long i = 0; i < n; i++) {
		message_fields(&parameter);
		must(p,
			p->f3->C_VerifyMessage(s, parameter.bytes, parameter.length, message,
				sizeof message, mac, sizeof mac),
			"C_VerifyMessage");
	}
	must(p, p->f3->C_MessageVerifyFinal(s), "C_MessageVerifyFinal");
}

/* The same with a key object: derive, init, verify, destroy. */
static void four_calls_verify(struct peer *p, int thread, long n)
{
	CK_MECHANISM mac_mechanism = {CKM_AES_CMAC, NULL, 0};
	CK_SESSION_HANDLE s = p->session[thread];
	KEYDIV_PARAMETER parameter;
	CK_BYTE mac[16];
	TEMPLATE_FOR(CKA_VERIFY);

	make_mac(p, thread, mac);
	for (long i = 0; i < n; i++) {
		message_fields(&parameter);
		CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_MESSAGE_KEY, &parameter);
		CK_OBJECT_HANDLE key = derive(p, thread, p->master, &m, template, count);
		must(p, p->f->C_VerifyInit(s, &mac_mechanism, key), "C_VerifyInit");
		must(p, p->f->C_Verify(s, message, sizeof message, mac, sizeof mac), "C_Verify");
		destroy(p, thread, key);
	}
}

/* --- Operations --- */

static void cmac_token(struct peer *p, int thread, long n)
{
	for (long i = 0; i < n; i++)
		sign_once(p, thread, p->mac_key);
}

static void cmac_session(struct peer *p, int thread, long n)
{
	for (long i = 0; i < n; i++)
		sign_once(p, thread, p->session_mac_key);
}

static void gcm(struct peer *p, int thread, CK_OBJECT_HANDLE key, CK_ULONG size, long n)
{
	static CK_BYTE in[16384];
	static _Thread_local CK_BYTE out[16384 + 16];
	CK_BYTE iv[12] = {0};
	CK_GCM_PARAMS parameter = {iv, sizeof iv, 96, NULL, 0, 128};
	CK_MECHANISM m = {CKM_AES_GCM, &parameter, sizeof parameter};

	for (long i = 0; i < n; i++) {
		CK_ULONG len = size + 16;
		memcpy(iv, &i, sizeof i);
		must(p, p->f->C_EncryptInit(p->session[thread], &m, key), "C_EncryptInit");
		must(p, p->f->C_Encrypt(p->session[thread], in, size, out, &len), "C_Encrypt");
	}
}

static void gcm_16_token(struct peer *p, int thread, long n)
{
	gcm(p, thread, p->cipher_key, 16, n);
}

static void gcm_16_session(struct peer *p, int thread, long n)
{
	gcm(p, thread, p->session_cipher_key, 16, n);
}

static void gcm_16k_token(struct peer *p, int thread, long n)
{
	gcm(p, thread, p->cipher_key, 16384, n);
}

/* A mechanism that p11-kit passes on, unlike AES-CMAC. */
static void ecb_16_token(struct peer *p, int thread, long n)
{
	CK_MECHANISM m = {CKM_AES_ECB, NULL, 0};
	CK_BYTE in[16] = {0}, out[16];

	for (long i = 0; i < n; i++) {
		CK_ULONG len = sizeof out;
		must(p, p->f->C_EncryptInit(p->session[thread], &m, p->cipher_key),
			"C_EncryptInit");
		must(p, p->f->C_Encrypt(p->session[thread], in, sizeof in, out, &len), "C_Encrypt");
	}
}

static void random_32(struct peer *p, int thread, long n)
{
	CK_BYTE out[32];

	for (long i = 0; i < n; i++)
		must(p, p->f->C_GenerateRandom(p->session[thread], out, sizeof out),
			"C_GenerateRandom");
}

/* The smallest call with a session: what passing a call on costs, where a server does the work. */
static void session_info(struct peer *p, int thread, long n)
{
	CK_SESSION_INFO info;

	for (long i = 0; i < n; i++)
		must(p, p->f->C_GetSessionInfo(p->session[thread], &info), "C_GetSessionInfo");
}

static void open_close(struct peer *p, int thread, long n)
{
	CK_SESSION_HANDLE s;

	(void)thread; /* every thread opens sessions for itself */
	for (long i = 0; i < n; i++) {
		must(p, p->f->C_OpenSession(p->slot, CKF_SERIAL_SESSION, NULL, NULL, &s),
			"C_OpenSession");
		must(p, p->f->C_CloseSession(s), "C_CloseSession");
	}
}

/* Search among the few objects of a benchmark token. scale_objects.c searches among many. */
static void find_label(struct peer *p, int thread, long n)
{
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class_secret, sizeof class_secret},
		{CKA_LABEL, SEARCHED, sizeof SEARCHED - 1}};
	CK_OBJECT_HANDLE key;
	CK_ULONG count = 0;

	for (long i = 0; i < n; i++) {
		must(p, p->f->C_FindObjectsInit(p->session[thread], t, 2), "C_FindObjectsInit");
		must(p, p->f->C_FindObjects(p->session[thread], &key, 1, &count), "C_FindObjects");
		must(p, p->f->C_FindObjectsFinal(p->session[thread]), "C_FindObjectsFinal");
		must(p, count == 1 ? CKR_OK : CKR_GENERAL_ERROR, "search for one object");
	}
}

/*
 * A peer does the nearest operation that it offers. SoftHSM uses AES_ECB_ENCRYPT_DATA. NSS and
 * kryoptic use SP 800-108. p11-kit passes the mechanisms that it knows.
 */
#define ALL(run)                                                                                   \
	{                                                                                          \
		run, run, run, run                                                                 \
	}
#define ALL_AND_SERVER(run)                                                                        \
	{                                                                                          \
		run, run, run, run, run                                                            \
	}

const struct measure measures[] = {
	{"derive + destroy, token master", 1,
		{device_key_token, ecb_data_token, counter_kdf_token, counter_kdf_token},
		floor_device_key, {.floor = 3.0, .softhsm = 130}},
	{"derive + destroy, session master", 1,
		{device_key_session, ecb_data_session, counter_kdf_session, counter_kdf_session},
		floor_device_key, {.floor = 3.0}},
	{"derive + destroy, token master; peers: session master", 1,
		{device_key_token, ecb_data_session, counter_kdf_session, counter_kdf_session},
		floor_device_key, {.floor = 3.0, .nss = 5}},
	{"derive + destroy, token master, 2 threads", 2,
		{device_key_token, ecb_data_token, counter_kdf_token}, NULL, {.threads = 1.8}},
	{"DEVICE_MESSAGE_KEY + destroy", 1, {device_message_key}, floor_device_message_key,
		{.floor = 1.8}},
	{"DEVICE_MESSAGE_KEY, AES-CMAC verify in one call", 1, {use_verify}, floor_use,
		{.floor = 2.0}},
	{"DEVICE_MESSAGE_KEY, AES-CMAC verify in one call, 2 threads", 2, {use_verify}, NULL,
		{.threads = 1.8}},
	{"DEVICE_MESSAGE_KEY, AES-CMAC verify in four calls", 1, {four_calls_verify}, floor_use,
		{0}},
	{"derive, AES-CMAC with it, destroy, token master", 1,
		{device_key_mac_token, ecb_data_mac_token, counter_kdf_mac_token,
			counter_kdf_mac_token},
		floor_device_key_mac, {.floor = 2.6}},
	{"derive, AES-CMAC with it, destroy, session master", 1,
		{device_key_mac_session, ecb_data_mac_session, counter_kdf_mac_session,
			counter_kdf_mac_session},
		floor_device_key_mac, {.floor = 2.6}},
	{"ODUKPT_KEY R=21 N=7 + destroy", 1, {odukpt_key}, floor_odukpt, {.floor = 1.5}},
	{"AES_DUKPT_KEY + destroy", 1, {aes_dukpt_key}, floor_aes_dukpt, {.floor = 1.5}},
	{"TDES_DUKPT_KEY + destroy", 1, {tdes_dukpt_key}, floor_tdes_dukpt, {.floor = 1.5}},
	{"AES-CMAC 16 bytes, init + sign, token key", 1, ALL(cmac_token), floor_cmac_16,
		{.floor = 3.0}},
	{"AES-CMAC 16 bytes, init + sign, session key", 1, ALL(cmac_session), floor_cmac_16,
		{.floor = 3.0}},
	{"AES-GCM 16 bytes, init + encrypt, token key", 1, ALL(gcm_16_token), floor_gcm_16,
		{.floor = 1.3}},
	{"AES-GCM 16 bytes, init + encrypt, session key", 1, ALL(gcm_16_session), floor_gcm_16,
		{.floor = 1.3}},
	{"AES-GCM 16 KiB, init + encrypt, token key", 1, ALL(gcm_16k_token), floor_gcm_16k,
		{.floor = 1.1}},
	{"AES-ECB 16 bytes, init + encrypt, token key", 1, ALL_AND_SERVER(ecb_16_token), NULL, {0}},
	{"C_GetSessionInfo", 1, ALL_AND_SERVER(session_info), NULL, {0}},
	{"C_GenerateRandom 32 bytes", 1, ALL_AND_SERVER(random_32), floor_random_32,
		{.floor = 1.0}},
	{"C_GenerateRandom 32 bytes, 2 threads", 2, {random_32}, NULL, {.threads = 1.8}},
	{"C_OpenSession + C_CloseSession", 1, ALL_AND_SERVER(open_close), NULL, {.us = 0.10}},
	{"C_OpenSession + C_CloseSession, 2 threads", 2, {open_close}, NULL, {.threads = 1.8}},
	{"C_FindObjects by label", 1, ALL_AND_SERVER(find_label), NULL, {.us = 20}},
	{"C_FindObjects by label, 2 threads", 2, {find_label}, NULL, {.threads = 1.8}},
	{0},
};
