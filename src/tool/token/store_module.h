/* SPDX-License-Identifier: Apache-2.0 */
/* store_module.h: the interface of keydiv's module for stores, base/store_interface.h. */
#ifndef KEYDIV_TOOL_STORE_MODULE_H
#define KEYDIV_TOOL_STORE_MODULE_H

#include "base/store_interface.h"
#include "tool/token/client.h"

/*
 * Return the interface of the module that CLIENT has loaded, or NULL if it has none, as every
 * module but keydiv's own. The interface is valid until client_close.
 */
const struct store_interface *store_module(const struct client *client);

#endif
