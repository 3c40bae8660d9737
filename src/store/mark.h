/* SPDX-License-Identifier: Apache-2.0 */
/* mark.h: the sizes of the marks of replay windows in the store, see marks.h. */
#ifndef KEYDIV_STORE_MARK_H
#define KEYDIV_STORE_MARK_H

#define MARK_STREAM_LEN 16
#define MARK_MAX 176 /* bytes of a mark */

#endif
