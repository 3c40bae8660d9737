/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h: the interface of a fuzz target. A runner calls fuzz_start once and then fuzz_one for each
 * input. driver.c runs a target over a corpus and a fixed number of mutations. libfuzzer.c runs the
 * target under clang's libFuzzer.
 */
#ifndef KEYDIV_TESTS_FUZZ_H
#define KEYDIV_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_INPUT_MAX 65536

/* True under libFuzzer. driver.c lets the sanitizers see more, and is slower. */
extern const bool fuzz_is_fast;

void fuzz_start(void);
void fuzz_one(const uint8_t *data, size_t n);

/*
 * End the target unless CONDITION holds, whatever the input is. Both runners report the end
 * of the target.
 */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,           \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An input that is read from its front. Reading past the end gives zeroes. */
struct input {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t take_byte(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

/* Take a number of up to 8 bytes. Small and extreme numbers are likely. */
static inline uint64_t take_number(struct input *in)
{
	static const uint64_t odd[] = {
		0, 1, 16, 24, 32, 255, 4096, 65536, 0x7fffffff, 0x80000000, INT64_MAX, UINT64_MAX};
	uint8_t how = take_byte(in);
	uint64_t v = 0;

	if (how < 128)
		return how;
	if (how < 224)
		return odd[how % (sizeof odd / sizeof odd[0])];
	for (int i = 0; i < (how & 7) + 1; i++)
		v = v << 8 | take_byte(in);
	return v;
}

/*
 * Take up to MAX bytes into memory of exactly their length, so that a read beyond the end is
 * detected. The caller frees the memory.
 */
static inline uint8_t *take_bytes(struct input *in, size_t max, size_t *ret_n)
{
	size_t n = take_byte(in);

	if (n == 255)
		n = (size_t)take_byte(in) << 8 | take_byte(in);
	n = n < max ? n : max;
	n = n < in->n ? n : in->n;
	uint8_t *p = malloc(n ? n : 1);
	MUST(p != NULL);
	if (n > 0)
		memcpy(p, in->p, n);
	in->p += n;
	in->n -= n;
	*ret_n = n;
	return p;
}

#endif
