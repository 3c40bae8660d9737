/* SPDX-License-Identifier: Apache-2.0 */
/* fake_open.h: the fake foreign module (fake_foreign.h), as the tests load it. */
#ifndef KEYDIV_TESTS_FAKE_OPEN_H
#define KEYDIV_TESTS_FAKE_OPEN_H

#include <check.h>
#include <dlfcn.h>
#include <stdlib.h>

#include "fake_foreign.h"

static struct fake_control *fake;

/*
 * Load the module that the environment variable FAKE_FOREIGN names, and let its tokens need PIN.
 * The module stays loaded.
 */
static inline void fake_open(const char *pin)
{
	fake_foreign_control_function get;
	const char *path = getenv("FAKE_FOREIGN");

	ck_assert_msg(path != NULL, "FAKE_FOREIGN does not name fake_foreign.so");
	void *module = dlopen(path, RTLD_NOW);
	ck_assert_ptr_nonnull(module);
	*(void **)&get = dlsym(module, "fake_foreign_control");
	ck_assert_msg(get != NULL, "%s is no fake_foreign.so", path);
	fake = get();
	fake->pin = pin;
	fake->login_required = true;
}

/* Forget all sessions and handles of the module, as a reset of the device does. */
static inline void fake_reset(void)
{
	fake_foreign_reset_function reset;

	*(void **)&reset = dlsym(dlopen(getenv("FAKE_FOREIGN"), RTLD_NOW), "fake_foreign_reset");
	reset();
}

/* Return a private and sensitive key that may sign, without a value. */
static inline struct fake_key fake_key_that_signs(
	const char *label, CK_KEY_TYPE type, CK_ULONG length)
{
	return (struct fake_key){.present = true,
		.slot = FAKE_SLOT,
		.label = label,
		.type = type,
		.length = length,
		.is_private = true,
		.sign = true,
		.sensitive = true};
}

#endif
