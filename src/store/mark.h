/* SPDX-License-Identifier: Apache-2.0 */
/* mark.h: the marks of replay windows in the store, see marks.h. */
#ifndef KEYDIV_STORE_MARK_H
#define KEYDIV_STORE_MARK_H

#include <stddef.h>
#include <stdint.h>

#define MARK_STREAM_LEN 16
#define MARK_MAX 176 /* bytes of a mark */

/* A mark next to a place, with its own place. N is the length of the mark, 0 for none. */
struct mark_near {
	int64_t master;
	uint8_t stream[MARK_STREAM_LEN], mark[MARK_MAX];
	size_t n;
};

#endif
