/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_client.h: the state of an O-DUKPT client as bytes, for the store and the derive
 * pipeline. Pure functions.
 *
 * The layout is big-endian. A state has ODUKPT_STATE_HEADER + R * (1 + key length) bytes,
 * at most ODUKPT_STATE_MAX.
 *
 *  offset  length  content
 *  0       1       layout version, 1
 *  1       1       R, registers
 *  2       1       N, computations
 *  3       1       length of every key, 16, 24 or 32
 *  4       8       number of the next transaction, T when no key is left
 *  12      2       reserve, numbers claimed at once, 1..4096
 *  14      2       zero
 *  16              for registers 1..R in order, the distance of the key from the initial key,
 *                  1..N, or 0 where the register is empty, then the key, or zero bytes
 *
 * Transactions run through the tree depth first, so the next number alone determines which
 * registers are filled and at which distance. A state that disagrees with its number is malformed.
 */
#ifndef KEYDIV_MECHANISMS_ODUKPT_CLIENT_H
#define KEYDIV_MECHANISMS_ODUKPT_CLIENT_H

#include "odukpt_path.h"

#include "base/bytes.h"
#include "base/error.h"

#define ODUKPT_STATE_HEADER 16
#define ODUKPT_STATE_MAX (ODUKPT_STATE_HEADER + ODUKPT_SHAPE_MAX * (1 + 32))

#endif
