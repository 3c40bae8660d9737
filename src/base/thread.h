/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h: a small number for each thread, to give threads different parts of a shared table. */
#ifndef KEYDIV_BASE_THREAD_H
#define KEYDIV_BASE_THREAD_H

/* The number of this thread, from 0, in the order in which threads first call this function. */
unsigned thread_number(void);

#endif
