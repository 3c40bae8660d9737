/* SPDX-License-Identifier: Apache-2.0 */
/* header_c99.c: keydiv.h in C99. */
#include "header_user.h"
