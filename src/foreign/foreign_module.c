/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_module.c: see foreign_module.h. */
#include "foreign/foreign_module.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/config_keys.h"
#include "base/log.h"
#include "base/result.h"
#include "foreign/p11_kit_library.h"

static struct {
	char module[PATH_MAX];
	char arguments[CONFIG_TEXT_MAX];
} settings; /* written while no session exists */

/* Guards the variables below, except the era, which is written with the lock held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char loaded[PATH_MAX]; /* the setting that FUNCTIONS belong to, or empty */
static CK_FUNCTION_LIST *functions;
static bool by_name;         /* FUNCTIONS are p11-kit's for a name */
static bool ours;            /* keydiv has initialised the module */
static bool inherited;       /* keydiv in the parent process has initialised the module */
static _Atomic uint64_t era; /* 0: the module is not initialised */
static uint64_t last_era;

bool foreign_module_is_configured(void)
{
	return settings.module[0] != '\0';
}

/* --- Loading --- */

static CK_RV load_path(CK_FUNCTION_LIST **ret)
{
	CK_C_GetFunctionList get;
	void *library, *symbol;

	library = dlopen(settings.module, RTLD_NOW | RTLD_LOCAL);
	symbol = library != NULL ? dlsym(library, "C_GetFunctionList") : NULL;
	if (symbol == NULL) {
		log_error("foreign-module cannot be loaded: %s", dlerror());
		return FAIL(CKR_DEVICE_ERROR, "foreign-module cannot be loaded");
	}
	memcpy(&get, &symbol, sizeof get);
	*ret = NULL;
	CK_RV rv = get(ret);
	REQUIRE(rv == CKR_OK && *ret != NULL, CKR_DEVICE_ERROR,
		"C_GetFunctionList of foreign-module fails");
	return CKR_OK;
}

/* Take the module NAME out of LIST, which p11_kit_modules_load has made, and release all others. */
static CK_FUNCTION_LIST *take_module(
	const struct p11_kit_library *kit, CK_FUNCTION_LIST **list, const char *name)
{
	CK_FUNCTION_LIST *wanted = kit->p11_kit_module_for_name(list, name);
	size_t kept = 0;

	for (size_t i = 0; list[i] != NULL; i++)
		if (list[i] != wanted)
			list[kept++] = list[i];
	list[kept] = NULL;
	kit->p11_kit_modules_release(list);
	return wanted;
}

/* Load the module that p11-kit has under the name of the setting. */
static CK_RV load_name(CK_FUNCTION_LIST **ret)
{
	const struct p11_kit_library *kit;

	REQUIRE(settings.arguments[0] == '\0', CKR_DEVICE_ERROR,
		"foreign-module-arguments needs a path in foreign-module; p11-kit reads "
		"x-init-reserved in its own file of the module");
	TRY(p11_kit_library(&kit));
	CK_FUNCTION_LIST **list = kit->p11_kit_modules_load(NULL, 0);
	REQUIRE(list != NULL, CKR_DEVICE_ERROR, "p11-kit cannot load its modules");
	*ret = take_module(kit, list, settings.module);
	REQUIRE(*ret != NULL, CKR_DEVICE_ERROR,
		"foreign-module is neither a path nor a module that p11-kit is configured for");
	return CKR_OK;
}

static CK_RV load(void)
{
	REQUIRE(settings.module[0] != '\0', CKR_DEVICE_ERROR,
		"the key is in another token, and foreign-module is not configured");
	if (strcmp(loaded, settings.module) == 0)
		return CKR_OK;
	by_name = settings.module[0] != '/';
	loaded[0] = '\0';
	TRY(by_name ? load_name(&functions) : load_path(&functions));
	memcpy(loaded, settings.module, sizeof loaded);
	return CKR_OK;
}

/* --- Initialising --- */

/*
 * LibraryParameters of NSS is the member that the standard reserves. NSS's struct has a further
 * member after it.
 */
static CK_RV initialise(void)
{
	const struct p11_kit_library *kit;
	struct {
		CK_C_INITIALIZE_ARGS standard;
		void *nss_reserved;
	} args = {.standard = {.flags = CKF_OS_LOCKING_OK}};

	if (by_name) {
		TRY(p11_kit_library(&kit));
		return kit->p11_kit_module_initialize(functions);
	}
	if (settings.arguments[0] != '\0')
		args.standard.pReserved = settings.arguments;
	return functions->C_Initialize(&args);
}

static CK_RV finalise(void)
{
	const struct p11_kit_library *kit;

	if (!by_name)
		return functions->C_Finalize(NULL);
	TRY(p11_kit_library(&kit));
	return kit->p11_kit_module_finalize(functions);
}

/*
 * Initialise the module. In the child of a fork some modules, such as NSS's, must first be ended.
 * keydiv ends the module there only if keydiv has initialised the module in the parent.
 */
static CK_RV bring_up(void)
{
	CK_RV rv = initialise();

	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED && inherited) {
		log_write(
			LOG_DEBUG, "C_Initialize of foreign-module after a fork: %s", rv_name(rv));
		if (finalise() == CKR_OK)
			rv = initialise();
	}
	inherited = false;
	ours = rv == CKR_OK;
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return CKR_OK;
	log_error("C_Initialize of foreign-module %s: %s", settings.module, rv_name(rv));
	return rv;
}

/* Refuse keydiv, from any file. keydiv-client.so may be used, for a token in another process. */
static CK_RV check_info(void)
{
	CK_INFO info = {0};
	size_t n = sizeof MODULE_DESCRIPTION - 1;

	CK_RV rv = functions->C_GetInfo(&info);
	if (rv != CKR_OK) {
		log_error("C_GetInfo of foreign-module %s: %s", settings.module, rv_name(rv));
		return rv;
	}
	REQUIRE(memcmp(info.libraryDescription, MODULE_DESCRIPTION, n) != 0, CKR_DEVICE_ERROR,
		"foreign-module is keydiv itself; name the module of the other token");
	return CKR_OK;
}

/* Load and initialise the module. After a failure the module is as keydiv found it. */
static CK_RV start(void)
{
	TRY(load());
	TRY(bring_up());
	CK_RV rv = check_info();
	if (rv != CKR_OK && ours && finalise() != CKR_OK)
		log_warning("C_Finalize of foreign-module fails");
	ours = ours && rv == CKR_OK;
	return rv;
}

CK_RV foreign_module(CK_FUNCTION_LIST **ret, uint64_t *ret_era)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&lock);
	if (atomic_load(&era) == 0) {
		rv = start();
		if (rv == CKR_OK)
			atomic_store(&era, ++last_era);
	}
	*ret = functions;
	*ret_era = atomic_load(&era);
	pthread_mutex_unlock(&lock);
	return rv;
}

uint64_t foreign_module_era(void)
{
	return atomic_load_explicit(&era, memory_order_acquire);
}

void foreign_module_lost(uint64_t of)
{
	pthread_mutex_lock(&lock);
	if (atomic_load(&era) == of)
		atomic_store(&era, 0);
	pthread_mutex_unlock(&lock);
}

static _Thread_local bool inside; /* this thread is in the foreign module */

/* --- Start, stop, fork --- */

void foreign_module_start(const char *module, const char *arguments)
{
	memcpy(settings.module, module, strlen(module) + 1);
	memcpy(settings.arguments, arguments, strlen(arguments) + 1);
}

void foreign_module_stop(void)
{
	if (atomic_load(&era) != 0 && ours) {
		CK_RV rv = finalise();
		if (rv != CKR_OK)
			log_warning("C_Finalize of foreign-module: %s", rv_name(rv));
	}
	atomic_store(&era, 0);
	ours = false;
	inherited = false;
}

void foreign_module_forked(void)
{
	pthread_mutex_init(&lock, NULL);
	inherited = atomic_load(&era) != 0 && ours;
	atomic_store(&era, 0);
	ours = false;
	inside = false; /* the foreign module may have made this process */
}

/* --- Use by a thread --- */

CK_RV foreign_enter(void)
{
	REQUIRE(!inside, CKR_DEVICE_ERROR,
		"foreign-module calls keydiv, so keydiv is its own foreign module");
	inside = true;
	return CKR_OK;
}

void foreign_leave(void)
{
	inside = false;
}
