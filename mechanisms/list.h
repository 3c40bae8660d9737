/* SPDX-License-Identifier: Apache-2.0 */
/* list.h: the registry, the only list of mechanisms: one line a row, MECHANISM(x) for `const struct mechanism mech_x`. */

/* device keys and their kin (device_key.c) */
MECHANISM(device_key)
