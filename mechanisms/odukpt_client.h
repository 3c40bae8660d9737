/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_client.h: the state of an O-DUKPT client as bytes (state_kind.h).
 *
 * The layout is big-endian. A state has ODUKPT_STATE_HEADER + R * (1 + key length) bytes,
 * at most ODUKPT_STATE_MAX:
 *
 * 	 0  1  layout version, 1
 * 	 1  1  R, registers
 * 	 2  1  N, computations
 * 	 3  1  length of every key: 16, 24 or 32
 * 	 4  8  number of the next transaction, or T if no key is left
 * 	12     for each register from 1 to R: the distance of its key from the initial key, 1..N,
 * 	       and the key, or zero bytes where the register is empty
 *
 * Transactions run through the tree depth first. Therefore the next number alone determines which
 * registers are filled and at which distance. A state that differs from that is malformed.
 */
#ifndef KEYDIV_MECHANISMS_ODUKPT_CLIENT_H
#define KEYDIV_MECHANISMS_ODUKPT_CLIENT_H

#include "odukpt_path.h"

#include "base/bytes.h"
#include "base/error.h"

#define ODUKPT_STATE_HEADER 12
#define ODUKPT_STATE_MAX (ODUKPT_STATE_HEADER + ODUKPT_SHAPE_MAX * (1 + 32))

#endif
