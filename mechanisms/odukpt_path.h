/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_path.h: the tree of Optimal-DUKPT in whole numbers, without keys. README.md
 * draws the tree.
 *
 * A key is named by its register path r1 >= r2 >= ... >= rk, k <= N. Transactions run through the
 * tree depth first, low registers first. A key comes first, then the subtrees of its children in
 * registers 1, 2, ... up to the key's own register. The subtree of a key in register p with b
 * computations left below the key has C(b + p, p) keys, including the key.
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
	/* The number of the key that each step leads to. The last number is the path's own. */
	uint64_t number[ODUKPT_SHAPE_MAX];
};

/*
 * Compute T = C(N + R, R) - 1, the number of transactions of R registers and N computations (each
 * at least 1). Return false if T >= 2^63.
 */
bool odukpt_transactions(unsigned r, unsigned n, uint64_t *ret_t);

/*
 * Return the number of keys before the child in register P among the children of a key, where B
 * computations are left below the child. The number is C(B + P, P - 1) - 1.
 */
uint64_t odukpt_before(unsigned p, unsigned b);

/*
 * Compute the path of transaction NUMBER in the shape R, N (each 1..32), in at most R + N steps.
 * Return false unless NUMBER < T.
 */
bool odukpt_path(unsigned r, unsigned n, uint64_t number, struct odukpt_path *ret);

#endif
