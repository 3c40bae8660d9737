/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h: between looking for a label and giving it to a key, no other thread does the same
 * with that label.
 */
#ifndef KEYDIV_TOOL_CLAIM_H
#define KEYDIV_TOOL_CLAIM_H

#include <stddef.h>

/* What a thread has claimed: on its stack, and released at the end of the block. */
struct claim {
	const char *label;
	size_t n;
	struct claim *next;
};

#define CLAIM __attribute__((cleanup(claim_release))) struct claim

/* Wait until nobody has the label of N bytes at LABEL, which must stay where it is, and take it. */
void claim_take(struct claim *claim, const char *label, size_t n);

/* Let go what was taken, if anything was. */
void claim_release(struct claim *claim);

#endif
