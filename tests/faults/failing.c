/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing.c: see failing.h. The linker gives the module __wrap_NAME for each NAME of failing.txt.
 */
#include "failing.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "key/block.h"

static __thread bool active;
static unsigned count, fails_at;
static const char *failed;

/* Number a call of NAME. Return true if it must fail. */
static bool fails(const char *name)
{
	if (!active || ++count != fails_at)
		return false;
	failed = name;
	return true;
}

/* Define the function NAME of TYPE with PARAMETERS. If it fails, it evaluates RESULT. */
#define WRAP(type, name, parameters, arguments, result)                                            \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails(#name) ? (result) : __real_##name arguments;                          \
	}
#define WITH_ERRNO(number, result) (errno = (number), (result))
#define NO_MEMORY WITH_ERRNO(ENOMEM, NULL)
#define BROKEN WITH_ERRNO(EIO, -1)

/* --- Memory --- */

WRAP(void *, malloc, (size_t n), (n), NO_MEMORY)
WRAP(void *, calloc, (size_t count_, size_t n), (count_, n), NO_MEMORY)
WRAP(void *, realloc, (void *p, size_t n), (p, n), NO_MEMORY)
WRAP(void *, reallocarray, (void *p, size_t count_, size_t n), (p, count_, n), NO_MEMORY)
WRAP(void *, aligned_alloc, (size_t to, size_t n), (to, n), NO_MEMORY)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), NO_MEMORY)
WRAP(void *, arena_take, (struct arena * arena, size_t n), (arena, n), NULL)
WRAP(void *, arena_map, (size_t n), (n), NULL)
WRAP(int, pthread_mutex_init, (pthread_mutex_t * m, const pthread_mutexattr_t *a), (m, a), ENOMEM)
WRAP(int, pthread_cond_init, (pthread_cond_t * c, const pthread_condattr_t *a), (c, a), ENOMEM)

/* --- Files --- */

WRAP(int, openat64, (int dir, const char *name, int flags, mode_t mode), (dir, name, flags, mode),
	BROKEN)
WRAP(int, open64, (const char *name, int flags, mode_t mode), (name, flags, mode), BROKEN)
WRAP(int, fstat64, (int fd, struct stat *st), (fd, st), BROKEN)
WRAP(int, lstat64, (const char *name, struct stat *st), (name, st), BROKEN)
WRAP(int, stat64, (const char *name, struct stat *st), (name, st), BROKEN)
WRAP(int, fstatat64, (int fd, const char *name, struct stat *st, int flags), (fd, name, st, flags),
	BROKEN)
WRAP(int, statx, (int fd, const char *name, int flags, unsigned mask, struct statx *st),
	(fd, name, flags, mask, st), BROKEN)
WRAP(int, fstatfs64, (int fd, struct statfs *st), (fd, st), BROKEN)
WRAP(int, faccessat, (int fd, const char *name, int how, int flags), (fd, name, how, flags), BROKEN)
WRAP(int, access, (const char *name, int how), (name, how), BROKEN)
WRAP(char *, realpath, (const char *name, char *resolved), (name, resolved), NO_MEMORY)
WRAP(ssize_t, pread64, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), BROKEN)
WRAP(ssize_t, pwrite64, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), BROKEN)
WRAP(int, fsync, (int fd), (fd), BROKEN)
WRAP(int, fdatasync, (int fd), (fd), BROKEN)
WRAP(int, posix_fallocate64, (int fd, off_t at, off_t n), (fd, at, n), ENOSPC)
WRAP(int, flock, (int fd, int how), (fd, how), BROKEN)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), BROKEN)
WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), BROKEN)
WRAP(int, mknodat, (int dir, const char *name, mode_t mode, dev_t dev), (dir, name, mode, dev),
	BROKEN)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), BROKEN)
WRAP(int, fchmodat, (int dir, const char *name, mode_t mode, int flags), (dir, name, mode, flags),
	BROKEN)
WRAP(DIR *, fdopendir, (int fd), (fd), NO_MEMORY)
WRAP(struct dirent *, readdir64, (DIR * dir), (dir), WITH_ERRNO(EIO, NULL))
WRAP(void *, mmap64, (void *p, size_t n, int protection, int flags, int fd, off_t at),
	(p, n, protection, flags, fd, at), WITH_ERRNO(ENOMEM, MAP_FAILED))
WRAP(int, mlock, (const void *p, size_t n), (p, n), WITH_ERRNO(ENOMEM, -1))

/* --- SQLite --- */

WRAP(int, sqlite3_open_v2, (const char *name, sqlite3 **db, int flags, const char *vfs),
	(name, db, flags, vfs), (*db = NULL, SQLITE_NOMEM))
WRAP(int, sqlite3_prepare_v2,
	(sqlite3 * db, const char *sql, int n, sqlite3_stmt **s, const char **tail),
	(db, sql, n, s, tail), (*s = NULL, SQLITE_NOMEM))
WRAP(int, sqlite3_prepare_v3,
	(sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **s, const char **tail),
	(db, sql, n, flags, s, tail), (*s = NULL, SQLITE_IOERR))
WRAP(int, sqlite3_step, (sqlite3_stmt * s), (s), SQLITE_IOERR)
WRAP(int, sqlite3_exec,
	(sqlite3 * db, const char *sql, int (*each)(void *, int, char **, char **), void *arg,
		char **message),
	(db, sql, each, arg, message), SQLITE_IOERR)
WRAP(int, sqlite3_bind_int64, (sqlite3_stmt * s, int i, sqlite3_int64 value), (s, i, value),
	SQLITE_NOMEM)
WRAP(int, sqlite3_bind_null, (sqlite3_stmt * s, int i), (s, i), SQLITE_NOMEM)
WRAP(int, sqlite3_bind_blob64,
	(sqlite3_stmt * s, int i, const void *p, sqlite3_uint64 n, void (*end)(void *)),
	(s, i, p, n, end), SQLITE_NOMEM)
WRAP(const void *, sqlite3_column_blob, (sqlite3_stmt * s, int i), (s, i), NULL)
WRAP(const unsigned char *, sqlite3_column_text, (sqlite3_stmt * s, int i), (s, i), NULL)
WRAP(int, sqlite3_file_control, (sqlite3 * db, const char *name, int op, void *arg),
	(db, name, op, arg), SQLITE_ERROR)
WRAP(int, sqlite3_extended_result_codes, (sqlite3 * db, int on), (db, on), SQLITE_ERROR)
WRAP(int, sqlite3_busy_handler, (sqlite3 * db, int (*wait)(void *, int), void *arg),
	(db, wait, arg), SQLITE_ERROR)
WRAP(sqlite3_vfs *, sqlite3_vfs_find, (const char *name), (name), NULL)
WRAP(int, sqlite3_vfs_register, (sqlite3_vfs * vfs, int make_default), (vfs, make_default),
	SQLITE_NOMEM)

/* --- libcrypto --- */

WRAP(OSSL_LIB_CTX *, OSSL_LIB_CTX_new, (void), (), NULL)
WRAP(OSSL_PROVIDER *, OSSL_PROVIDER_load, (OSSL_LIB_CTX * lib, const char *name), (lib, name), NULL)
WRAP(const OSSL_ALGORITHM *, OSSL_PROVIDER_query_operation,
	(const OSSL_PROVIDER *provider, int operation, int *no_cache),
	(provider, operation, no_cache), NULL)
WRAP(int, OPENSSL_init_crypto, (uint64_t options, const OPENSSL_INIT_SETTINGS *settings),
	(options, settings), 0)
#define FETCH(type, name)                                                                          \
	WRAP(type *, name, (OSSL_LIB_CTX * lib, const char *algorithm, const char *properties),    \
		(lib, algorithm, properties), NULL)
FETCH(EVP_CIPHER, EVP_CIPHER_fetch)
FETCH(EVP_MD, EVP_MD_fetch)
FETCH(EVP_MAC, EVP_MAC_fetch)
FETCH(EVP_KDF, EVP_KDF_fetch)
FETCH(EVP_RAND, EVP_RAND_fetch)
WRAP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
WRAP(int, EVP_CIPHER_CTX_reset, (EVP_CIPHER_CTX * c), (c), 0)
WRAP(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * c, int op, int n, void *p), (c, op, n, p), 0)
WRAP(int, EVP_CIPHER_CTX_get_params, (EVP_CIPHER_CTX * c, OSSL_PARAM *p), (c, p), 0)
WRAP(int, EVP_CipherInit_ex2,
	(EVP_CIPHER_CTX * c, const EVP_CIPHER *cipher, const unsigned char *key,
		const unsigned char *iv, int encrypt, const OSSL_PARAM *p),
	(c, cipher, key, iv, encrypt, p), 0)
WRAP(int, EVP_EncryptInit_ex2,
	(EVP_CIPHER_CTX * c, const EVP_CIPHER *cipher, const unsigned char *key,
		const unsigned char *iv, const OSSL_PARAM *p),
	(c, cipher, key, iv, p), 0)
WRAP(int, EVP_CipherUpdate,
	(EVP_CIPHER_CTX * c, unsigned char *out, int *n, const unsigned char *in, int in_n),
	(c, out, n, in, in_n), 0)
WRAP(int, EVP_Cipher, (EVP_CIPHER_CTX * c, unsigned char *out, const unsigned char *in, unsigned n),
	(c, out, in, n), -1)
WRAP(int, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * c, unsigned char *out, int *n), (c, out, n), 0)
WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
WRAP(int, EVP_DigestInit_ex2, (EVP_MD_CTX * c, const EVP_MD *md, const OSSL_PARAM *p), (c, md, p),
	0)
WRAP(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *p, size_t n), (c, p, n), 0)
WRAP(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *out, unsigned *n), (c, out, n), 0)
WRAP(int, EVP_Digest,
	(const void *p, size_t n, unsigned char *out, unsigned *out_n, const EVP_MD *md,
		ENGINE *engine),
	(p, n, out, out_n, md, engine), 0)
WRAP(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC * mac), (mac), NULL)
WRAP(EVP_MAC_CTX *, EVP_MAC_CTX_dup, (const EVP_MAC_CTX *c), (c), NULL)
WRAP(int, EVP_MAC_CTX_set_params, (EVP_MAC_CTX * c, const OSSL_PARAM *p), (c, p), 0)
WRAP(int, EVP_MAC_init, (EVP_MAC_CTX * c, const unsigned char *key, size_t n, const OSSL_PARAM *p),
	(c, key, n, p), 0)
WRAP(int, EVP_MAC_update, (EVP_MAC_CTX * c, const unsigned char *p, size_t n), (c, p, n), 0)
WRAP(int, EVP_MAC_final, (EVP_MAC_CTX * c, unsigned char *out, size_t *n, size_t room),
	(c, out, n, room), 0)
WRAP(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF * kdf), (kdf), NULL)
WRAP(int, EVP_KDF_derive, (EVP_KDF_CTX * c, unsigned char *key, size_t n, const OSSL_PARAM *p),
	(c, key, n, p), 0)
WRAP(EVP_RAND_CTX *, EVP_RAND_CTX_new, (EVP_RAND * rand, EVP_RAND_CTX *parent), (rand, parent),
	NULL)
WRAP(int, EVP_RAND_instantiate,
	(EVP_RAND_CTX * c, unsigned strength, int prediction, const unsigned char *personal,
		size_t n, const OSSL_PARAM *p),
	(c, strength, prediction, personal, n, p), 0)
WRAP(int, EVP_RAND_enable_locking, (EVP_RAND_CTX * c), (c), 0)
WRAP(int, EVP_RAND_generate,
	(EVP_RAND_CTX * c, unsigned char *out, size_t n, unsigned strength, int prediction,
		const unsigned char *more, size_t more_n),
	(c, out, n, strength, prediction, more, more_n), 0)
WRAP(int, EVP_RAND_reseed,
	(EVP_RAND_CTX * c, int prediction, const unsigned char *entropy, size_t entropy_n,
		const unsigned char *more, size_t more_n),
	(c, prediction, entropy, entropy_n, more, more_n), 0)

/* --- The block ciphers of the provider, which the module calls through pointers --- */

static struct block_cipher real[KIND_COUNT];

#define CIPHER(kind)                                                                               \
	static void *new_##kind(void *provider)                                                    \
	{                                                                                          \
		return fails("newctx") ? NULL : real[kind].context_new(provider);                  \
	}                                                                                          \
	static int set_##kind(void *c, const unsigned char *key, size_t key_n,                     \
		const unsigned char *iv, size_t iv_n, const OSSL_PARAM *p)                         \
	{                                                                                          \
		return fails("encrypt_init") ? 0 : real[kind].set_key(c, key, key_n, iv, iv_n, p); \
	}                                                                                          \
	static int set_inverse_##kind(void *c, const unsigned char *key, size_t key_n,             \
		const unsigned char *iv, size_t iv_n, const OSSL_PARAM *p)                         \
	{                                                                                          \
		return fails("decrypt_init")                                                       \
			       ? 0                                                                 \
			       : real[kind].set_key_inverse(c, key, key_n, iv, iv_n, p);           \
	}                                                                                          \
	static int encrypt_##kind(void *c, unsigned char *out, size_t *out_n, size_t room,         \
		const unsigned char *in, size_t n)                                                 \
	{                                                                                          \
		return fails("cipher") ? 0 : real[kind].encrypt(c, out, out_n, room, in, n);       \
	}
CIPHER(KIND_AES128)
CIPHER(KIND_AES192)
CIPHER(KIND_AES256)
CIPHER(KIND_DES2)
CIPHER(KIND_DES3)

#define REPLACE(kind)                                                                              \
	block_ciphers[kind].context_new = new_##kind;                                              \
	block_ciphers[kind].set_key = set_##kind;                                                  \
	block_ciphers[kind].set_key_inverse = set_inverse_##kind;                                  \
	block_ciphers[kind].encrypt = encrypt_##kind

static void replace_block_ciphers(void)
{
	if (block_ciphers[KIND_AES128].encrypt == encrypt_KIND_AES128 ||
		block_ciphers[KIND_AES128].encrypt == NULL)
		return;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		real[kind] = block_ciphers[kind];
	REPLACE(KIND_AES128);
	REPLACE(KIND_AES192);
	REPLACE(KIND_AES256);
	REPLACE(KIND_DES2);
	REPLACE(KIND_DES3);
}

/* --- The plan --- */

void failing_start(unsigned at)
{
	replace_block_ciphers();
	count = 0;
	fails_at = at;
	failed = NULL;
	active = true;
}

unsigned failing_stop(const char **ret_name)
{
	active = false;
	*ret_name = failed;
	return count;
}
