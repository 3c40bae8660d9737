/* SPDX-License-Identifier: Apache-2.0 */
/* load_times.c: see load_times.h. */
#include "load_times.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/pkcs11_functions.h"
#include "faults.h"

#define PRINTED 5

#define NUMBER(name, arguments) NUMBER_##name,
enum { CRYPTOKI_2_40_FUNCTIONS(NUMBER) CRYPTOKI_3_0_FUNCTIONS(NUMBER) FUNCTIONS };

#define NAME(name, arguments) #name,
static const char *const names[FUNCTIONS] = {
	CRYPTOKI_2_40_FUNCTIONS(NAME) CRYPTOKI_3_0_FUNCTIONS(NAME)};

/* The longest call of each function in nanoseconds, in memory that the processes share. */
static _Atomic uint64_t *longest;

void note_longest(_Atomic uint64_t *most, uint64_t took)
{
	uint64_t before = *most;

	while (took > before && !atomic_compare_exchange_weak(most, &before, took))
		;
}

static CK_RV note_time(unsigned function, uint64_t start, CK_RV rv)
{
	note_longest(&longest[function], clock_ns() - start);
	return rv;
}

/*
 * One function stands in for all. No function of PKCS#11 has more than nine arguments, each of
 * which is passed as a number of this size is. Those that a function does not have are passed on
 * unused, as the calling conventions of 64-bit Linux allow.
 */
typedef unsigned long number;
typedef CK_RV any_function(number, number, number, number, number, number, number, number, number);
typedef void (*function_pointer)(void);

static CK_FUNCTION_LIST real, timed;
static CK_FUNCTION_LIST_3_0 real_3, timed_3;

#define TIMED(name, list)                                                                          \
	static CK_RV timed_##name(number a, number b, number c, number d, number e, number g,      \
		number h, number i, number k)                                                      \
	{                                                                                          \
		any_function *function = (any_function *)(function_pointer)(list).name;            \
		uint64_t start = clock_ns();                                                       \
		return note_time(NUMBER_##name, start, function(a, b, c, d, e, g, h, i, k));       \
	}
#define TIMED_2_40(name, arguments) TIMED(name, real)
#define TIMED_3_0(name, arguments) TIMED(name, real_3)
CRYPTOKI_2_40_FUNCTIONS(TIMED_2_40)
CRYPTOKI_3_0_FUNCTIONS(TIMED_3_0)

#define REPLACE_2_40(name, arguments)                                                              \
	timed.name = (CK_##name)(function_pointer)timed_##name;                                    \
	timed_3.name = timed.name;
#define REPLACE_3_0(name, arguments) timed_3.name = (CK_##name)(function_pointer)timed_##name;

void times_begin(void)
{
	longest = faults_shared(FUNCTIONS * sizeof *longest);
	real = timed = *f;
	real_3 = timed_3 = *f3;
	CRYPTOKI_2_40_FUNCTIONS(REPLACE_2_40)
	CRYPTOKI_3_0_FUNCTIONS(REPLACE_3_0)
	f = &timed;
	f3 = &timed_3;
}

void times_print(void)
{
	for (unsigned n = 0; n < PRINTED; n++) {
		unsigned most = 0;

		for (unsigned i = 0; i < FUNCTIONS; i++)
			if (longest[i] > longest[most])
				most = i;
		printf("load: %s call was of %s, %llu ms\n",
			n == 0 ? "the longest" : "the next longest", names[most],
			(unsigned long long)longest[most] / 1000000);
		longest[most] = 0;
	}
}
