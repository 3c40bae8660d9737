/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h: claim a label. No other thread can use the label between the search for it and its
 * assignment to a key.
 */
#ifndef KEYDIV_TOOL_CLAIM_H
#define KEYDIV_TOOL_CLAIM_H

#include <stddef.h>

/* The claim of a thread, which is on its stack and is released at the end of the block. */
struct claim {
	const char *label;
	size_t n;
	struct claim *next;
};

#define CLAIM __attribute__((cleanup(claim_release))) struct claim

/*
 * Wait until no thread has claimed the label of N bytes at LABEL, and claim it. LABEL must stay
 * where it is.
 */
void claim_take(struct claim *claim, const char *label, size_t n);

/* Release the claim, if there is one. */
void claim_release(struct claim *claim);

#endif
