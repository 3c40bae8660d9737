/* SPDX-License-Identifier: Apache-2.0 */
/* p11_kit_library.c: see p11_kit_library.h. */
#include "foreign/p11_kit_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"

#define LIBRARY "libp11-kit.so.0" /* the name of the binary interface of all versions since 0.1 */

static struct p11_kit_library functions;
static _Atomic int loaded;

/* Set the pointer at MEMBER to the function NAME. ISO C has no cast from void * to a function. */
static bool find(void *library, const char *name, void *member)
{
	void *symbol = dlsym(library, name);

	memcpy(member, &symbol, sizeof symbol);
	return symbol != NULL;
}

static CK_RV load(void)
{
	struct p11_kit_library found;
	bool all = true;
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (library == NULL) {
		log_error("%s cannot be loaded: %s", LIBRARY, dlerror());
		return FAIL(CKR_DEVICE_ERROR, "foreign keys need libp11-kit");
	}
#define P11_KIT_FIND(name) all &= find(library, #name, &found.name);
	P11_KIT_FUNCTIONS(P11_KIT_FIND)
	REQUIRE(all, CKR_DEVICE_ERROR, "foreign keys need libp11-kit 0.24 or later");
	functions = found;
	return CKR_OK;
}

CK_RV p11_kit_library(const struct p11_kit_library **ret)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	if (!atomic_load_explicit(&loaded, memory_order_acquire)) {
		pthread_mutex_lock(&lock);
		CK_RV rv = atomic_load(&loaded) ? CKR_OK : load();
		if (rv == CKR_OK)
			atomic_store_explicit(&loaded, 1, memory_order_release);
		pthread_mutex_unlock(&lock);
		TRY(rv);
	}
	*ret = &functions;
	return CKR_OK;
}
