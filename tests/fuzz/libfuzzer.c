/* SPDX-License-Identifier: Apache-2.0 */
/* libfuzzer.c: run a target under clang's libFuzzer. */
#include "fuzz.h"

const bool fuzz_is_fast = true;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n <= FUZZ_INPUT_MAX)
		fuzz_one(data, n);
	return 0;
}
