/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c: the arithmetic alone, which is the lower limit for any token. Run libcrypto's block
 * cipher with contexts that are kept, the two XORs of SP 800-38B, and one scratch context that is
 * re-keyed for each inner key. No objects, no policy and no locks are involved.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "odukpt_path.h"

static EVP_CIPHER *aes, *tdes, *gcm;
static EVP_CIPHER_CTX *master, *scratch, *tdes_scratch, *gcm_context;
static unsigned char k1[16], k2[16];
static const unsigned char key[16] = {1, 2, 3};

void floor_start(void)
{
	aes = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	tdes = EVP_CIPHER_fetch(NULL, "DES-EDE-ECB", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	master = EVP_CIPHER_CTX_new();
	scratch = EVP_CIPHER_CTX_new();
	tdes_scratch = EVP_CIPHER_CTX_new();
	gcm_context = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex2(master, aes, key, NULL, NULL);
	EVP_EncryptInit_ex2(scratch, aes, key, NULL, NULL);
	EVP_EncryptInit_ex2(tdes_scratch, tdes, key, NULL, NULL);
	EVP_EncryptInit_ex2(gcm_context, gcm, key, key, NULL);
	memset(k1, 5, sizeof k1);
	memset(k2, 6, sizeof k2);
}

static void block(EVP_CIPHER_CTX *ctx, const unsigned char *in, unsigned char *out)
{
	EVP_Cipher(ctx, out, in, 16);
}

/* Compute the CMAC of BLOCKS blocks. The subkeys are kept. */
static void cmac(EVP_CIPHER_CTX *ctx, int blocks, const unsigned char *in, unsigned char out[16])
{
	unsigned char x[16] = {0};

	for (int b = 0; b < blocks; b++) {
		const unsigned char *last = b == blocks - 1 ? k2 : NULL;
		for (int i = 0; i < 16; i++)
			x[i] ^= in[16 * b + i] ^ (last ? last[i] : 0);
		block(ctx, x, x);
	}
	memcpy(out, x, 16);
}

/*
 * Compute the CMAC under a new key: set the key, compute the subkeys (one block), then the message.
 */
static void fresh_cmac(
	const unsigned char *new_key, int blocks, const unsigned char *in, unsigned char out[16])
{
	unsigned char zero[16] = {0};

	EVP_EncryptInit_ex2(scratch, NULL, new_key, NULL, NULL);
	block(scratch, zero, k1);
	cmac(scratch, blocks, in, out);
}

void floor_device_key(struct peer *p, int thread, long n)
{
	unsigned char in[32] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) { /* 4 + 6 + 1 + 12 + 4 bytes, which is two blocks */
		serial_number(i, in + 4);
		cmac(master, 2, in, out);
	}
}

void floor_device_message_key(struct peer *p, int thread, long n)
{
	unsigned char in[32] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) {
		serial_number(i, in + 4);
		cmac(master, 2, in, out);
		fresh_cmac(out, 2, in, out);
	}
}

/* The key of a device, the key of a message, and the MAC of one block. */
void floor_use(struct peer *p, int thread, long n)
{
	unsigned char in[32] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) {
		serial_number(i, in + 4);
		cmac(master, 2, in, out);
		fresh_cmac(out, 2, in, out);
		fresh_cmac(out, 1, in, out);
	}
}

void floor_device_key_mac(struct peer *p, int thread, long n)
{
	unsigned char in[32] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) {
		serial_number(i, in + 4);
		cmac(master, 2, in, out);
		fresh_cmac(out, 1, in, out);
	}
}

/*
 * Compute as many CMACs under fresh keys as the path of the transaction is long, then
 * the final CMAC.
 */
void floor_odukpt(struct peer *p, int thread, long n)
{
	unsigned char in[32] = {0}, out[16];
	uint64_t t = 0;
	struct odukpt_path path;

	(void)p, (void)thread;
	odukpt_transactions(21, 7, &t);
	for (long i = 0; i < n; i++) {
		odukpt_path(21, 7, (uint64_t)i * 7919 % t, &path);
		cmac(master, 2, in, out); /* under the initial key, whose schedule is kept */
		for (size_t k = 0; k < path.length; k++)
			fresh_cmac(out, 2, in, out);
	}
}

void floor_aes_dukpt(struct peer *p, int thread, long n)
{
	unsigned char in[16] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) {
		unsigned counter = (unsigned)(i % 65535) + 1;
		block(master, in, out);
		for (int b = __builtin_popcount(counter); b >= 0; b--) {
			EVP_EncryptInit_ex2(scratch, NULL, out, NULL, NULL);
			block(scratch, in, out);
		}
	}
}

void floor_tdes_dukpt(struct peer *p, int thread, long n)
{
	unsigned char in[8] = {0}, out[24] = {0};

	(void)p, (void)thread;
	for (long i = 0; i < n; i++) {
		unsigned counter = (unsigned)(i % 1023) + 1;
		for (int b = 2 * __builtin_popcount(counter) + 2; b > 0;
			b--) { /* two blocks for the initial key, two for each bit */
			memcpy(out + 8, out, 8);
			EVP_EncryptInit_ex2(tdes_scratch, NULL, out, NULL, NULL);
			EVP_Cipher(tdes_scratch, out, in, 8);
		}
	}
}

void floor_cmac_16(struct peer *p, int thread, long n)
{
	unsigned char in[16] = {0}, out[16];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++)
		cmac(master, 1, in, out);
}

static void seal(unsigned char *text, int n)
{
	static unsigned char iv[12], tag[16];
	int out;

	EVP_EncryptInit_ex2(gcm_context, NULL, NULL, iv, NULL);
	EVP_EncryptUpdate(gcm_context, text, &out, text, n);
	EVP_EncryptFinal_ex(gcm_context, text, &out);
	EVP_CIPHER_CTX_ctrl(gcm_context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

void floor_gcm_16(struct peer *p, int thread, long n)
{
	unsigned char text[16] = {0};

	(void)p, (void)thread;
	for (long i = 0; i < n; i++)
		seal(text, sizeof text);
}

void floor_gcm_16k(struct peer *p, int thread, long n)
{
	static unsigned char text[16384];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++)
		seal(text, sizeof text);
}

void floor_random_32(struct peer *p, int thread, long n)
{
	unsigned char out[32];

	(void)p, (void)thread;
	for (long i = 0; i < n; i++)
		RAND_bytes(out, sizeof out);
}
