/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p11_kit_library.h: libp11-kit, loaded when a foreign key is first used.
 *
 * libp11-kit parses and matches PKCS#11 URIs and knows the modules that it is configured for. The
 * tool needs libp11-kit, so every installation has the library. The module does not link it: a
 * process without foreign keys should not get a further library with handlers of its own.
 */
#ifndef KEYDIV_FOREIGN_P11_KIT_LIBRARY_H
#define KEYDIV_FOREIGN_P11_KIT_LIBRARY_H

#include "base/error.h"
#include "base/p11_kit.h"

/* clang-format off */

/* F(name) for each function of libp11-kit that keydiv calls. All are in version 0.24. */
#define P11_KIT_FUNCTIONS(F) \
	F(p11_kit_uri_new) F(p11_kit_uri_free) F(p11_kit_uri_parse) F(p11_kit_uri_message) \
	F(p11_kit_uri_any_unrecognized) F(p11_kit_uri_get_pin_value) F(p11_kit_uri_get_pin_source) \
	F(p11_kit_uri_get_module_name) F(p11_kit_uri_get_module_path) F(p11_kit_uri_get_slot_id) \
	F(p11_kit_uri_match_module_info) F(p11_kit_uri_match_slot_info) \
	F(p11_kit_uri_match_token_info) F(p11_kit_uri_get_attribute) F(p11_kit_uri_get_attributes) \
	F(p11_kit_modules_load) F(p11_kit_modules_release) F(p11_kit_module_for_name) \
	F(p11_kit_module_initialize) F(p11_kit_module_finalize)

/* clang-format on */

#define P11_KIT_MEMBER(name) __typeof__(name) *name;
struct p11_kit_library {
	P11_KIT_FUNCTIONS(P11_KIT_MEMBER)
};

/*
 * Set *RET to the functions of libp11-kit, which stays loaded. CKR_DEVICE_ERROR if the library
 * cannot be loaded; the reason is logged.
 */
MUST_USE CK_RV p11_kit_library(const struct p11_kit_library **ret);

#endif
