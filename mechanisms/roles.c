/* SPDX-License-Identifier: Apache-2.0 */
/* roles.c: the roles that several mechanisms give their results (mechanism.h). */
#include "mechanism.h"

#define NO_WRAP (USAGE_CIPHER | USAGE_MAC)

const struct role role_by_use = {.usage = USAGE_ALL, .level = LEVEL_LEAF};
const struct role role_cipher = {.usage = USAGE_CIPHER, .level = LEVEL_LEAF};
const struct role role_mac = {.usage = USAGE_MAC, .level = LEVEL_LEAF};
const struct role role_wrapping = {.usage = USAGE_WRAPPING, .level = LEVEL_LEAF};
const struct role role_none = {.level = LEVEL_LEAF};
const struct role role_no_wrap = {.usage = NO_WRAP, .level = LEVEL_LEAF};
const struct role role_leaf = {.usage = NO_WRAP, .level = LEVEL_BY_TEMPLATE};
