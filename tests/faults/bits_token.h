/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits_token.h: a small token with a file of every kind, copies of it in which a bit is flipped,
 * and the look at such a copy. The bits of all files have one sequence of numbers.
 */
#ifndef KEYDIV_TESTS_FAULTS_BITS_TOKEN_H
#define KEYDIV_TESTS_FAULTS_BITS_TOKEN_H

#include "faults.h"
#include "token_files.h"

/* Make the token: three keys, a client that has given a number, and a window with a mark. */
void bits_set_up(void);
/* Read all files. Return how many bits they have. Ends the test if the intact token is refused. */
uint64_t bits_list(void);
uint8_t bits_byte(uint64_t at);
/* Return the index in token_files of the file of bit NUMBER. */
unsigned bits_file(uint64_t number);

/*
 * Give this process copies of its own, one in each slot. INDEX is that of the process. The
 * functions below work on these copies. Ends the process if an intact copy is refused.
 */
#define BITS_COPIES 64
void bits_make_copies(unsigned index);
void bits_flip(unsigned copy, uint64_t number);
/* Look at the first N copies in one start of the module. What is wrong is noted (harness.h). */
void bits_look(unsigned n);
void bits_put_back(unsigned copy);
void bits_describe(char *ret, size_t n, uint64_t number);

#endif
