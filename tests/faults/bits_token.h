/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits_token.h: a small token with a file of every kind, copies of it in which a bit is flipped,
 * and the look at such a copy. The bits of all files have one sequence of numbers.
 */
#ifndef KEYDIV_TESTS_FAULTS_BITS_TOKEN_H
#define KEYDIV_TESTS_FAULTS_BITS_TOKEN_H

#include "faults.h"

/* Make the token: three keys, a client that has given a number, and a window with a mark. */
void bits_set_up(void);
/* Read all files. Return how many bits they have. Ends the test if the intact token is refused. */
uint64_t bits_list(void);
unsigned bits_files(void);
uint8_t bits_byte(uint64_t at);

/* Give this process a copy of its own, with number INDEX. The functions below work on the copy. */
void bits_make_copy(unsigned index);
void bits_flip(uint64_t number);
/* Every promise that does not hold is noted (harness.h). */
void bits_look(void);
/* Put all files back as they were, and remove others. */
void bits_put_back(void);
void bits_describe(char *ret, size_t n, uint64_t number);

#endif
