/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: see load.h. */
#include "store/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "key/digest.h"
#include "key/random.h"
#include "store/services.h"
#include "store/sqlite/sqlite_backend.h"

#define LIBRARY "keydiv-store-postgresql.so"

static const struct store_backend *configured = &sqlite_backend;

/* --- Services --- */

static void log_text(enum log_level level, const char *text)
{
	log_write(level, "%s", text);
}

static CK_RV sha256(const uint8_t *in, size_t n, uint8_t *ret_digest)
{
	return digest_once(DIGEST_SHA256, in, n, ret_digest);
}

static struct store_services services = {.version = KEYDIV_VERSION,
	.log_enabled = log_enabled,
	.log_text = log_text,
	.error_note = error_note,
	.rv_name = rv_name,
	.random_bytes = random_bytes,
	.sha256 = sha256};

/* --- Loading --- */

/* Write the path of LIBRARY, which is in the directory of this module, to RET. */
static bool library_path(char ret[PATH_MAX])
{
	Dl_info info;

	if (dladdr(&services, &info) == 0 || info.dli_fname == NULL)
		return false;
	const char *slash = strrchr(info.dli_fname, '/');
	size_t n = slash != NULL ? (size_t)(slash + 1 - info.dli_fname) : 0;
	if (n == 0 || n + sizeof LIBRARY > PATH_MAX)
		return false;
	memcpy(ret, info.dli_fname, n);
	memcpy(ret + n, LIBRARY, sizeof LIBRARY);
	return true;
}

/*
 * The library stays loaded, because libpq and the libraries below it do not end cleanly. A second
 * dlopen gives the same library.
 */
static store_backend_function *find_function(void)
{
	char path[PATH_MAX];
	store_backend_function *function = NULL;

	void *library =
		library_path(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) : NULL;
	void *symbol = library != NULL ? dlsym(library, STORE_SYMBOL) : NULL;
	if (symbol == NULL)
		log_error("store = postgresql needs " LIBRARY " beside the module: %s", dlerror());
	else
		memcpy(&function, &symbol, sizeof function);
	return function;
}

CK_RV store_load(const char *conninfo, unsigned lease_ms, const struct store_backend **ret_backend)
{
	store_backend_function *function = find_function();

	REQUIRE(function != NULL, CKR_FUNCTION_FAILED, "the store's library cannot be loaded");
	services.conninfo = conninfo;
	services.lease_ms = lease_ms;
	const struct store_backend *backend = function(&services);
	services.conninfo = NULL;
	REQUIRE(backend != NULL, CKR_FUNCTION_FAILED, "the store's library refuses its settings");
	*ret_backend = backend;
	return CKR_OK;
}

CK_RV store_configure(const char *conninfo, unsigned lease_ms)
{
	configured = &sqlite_backend;
	return conninfo[0] == '\0' ? CKR_OK : store_load(conninfo, lease_ms, &configured);
}

const struct store_backend *store_configured(void)
{
	return configured;
}

bool store_needs_directory(void)
{
	return configured == &sqlite_backend;
}
