/* SPDX-License-Identifier: Apache-2.0 */
/* header_cxx.cc: keydiv.h in C++. */
#include "header_user.h"
