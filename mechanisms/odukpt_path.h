/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_path.h: the tree of Optimal-DUKPT in whole numbers; README.md draws it. No keys here.
 *
 * A key is named by its register path r1 >= r2 >= ... >= rk, k <= N. Transactions run through the
 * tree depth first, low registers first: a key, then the subtrees of its children in registers 1,
 * 2, ... up to its own. The subtree of a key in register p with b computations left below it has
 * C(b + p, p) keys, itself included.
 */
#ifndef KEYDIV_MECHANISMS_ODUKPT_PATH_H
#define KEYDIV_MECHANISMS_ODUKPT_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ODUKPT_SHAPE_MAX 32 /* R and N */

struct odukpt_path {
	size_t length;                /* k, 1..N */
	uint8_t at[ODUKPT_SHAPE_MAX]; /* register of each step */
	uint64_t number
		[ODUKPT_SHAPE_MAX]; /* number of the key each step leads to; the last is the path's own */
};

/*
 * T = C(N + R, R) - 1 transactions of R registers and N computations (each at least 1). False if
 * T >= 2^63.
 */
bool odukpt_transactions(unsigned r, unsigned n, uint64_t *ret_t);

/*
 * Keys before the child in register P among the children of a key, where B computations are left
 * below the child: C(B + P, P - 1) - 1.
 */
uint64_t odukpt_before(unsigned p, unsigned b);

/*
 * The path of transaction NUMBER in the shape R, N (each 1..32), in at most R + N steps. False
 * unless NUMBER < T.
 */
bool odukpt_path(unsigned r, unsigned n, uint64_t number, struct odukpt_path *ret);

/*
 * The number of the key at the LENGTH registers AT, in at most R + N steps. False unless that is a
 * path of the shape.
 */
bool odukpt_number(unsigned r, unsigned n, const uint8_t *at, size_t length, uint64_t *ret_number);

#endif
