/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cheap_scrypt.h: programs that link cheap_scrypt.c stretch PINs with scrypt's N lowered from 2^14
 * to 2^4, because a test spends most of its time there otherwise. Other values of N are kept.
 */
#ifndef KEYDIV_TESTS_CHEAP_SCRYPT_H
#define KEYDIV_TESTS_CHEAP_SCRYPT_H

#include <stdbool.h>

/* True at the start. A test whose subject is scrypt sets it to false. */
extern bool scrypt_is_cheap;

/* If not NULL, called before each PIN is stretched. */
extern void (*before_scrypt)(void);

#endif
