/* SPDX-License-Identifier: Apache-2.0 */
/* masked_search.h: search all writable memory of this process for 16 bytes. */
#ifndef KEYDIV_TESTS_MASKED_SEARCH_H
#define KEYDIV_TESTS_MASKED_SEARCH_H

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The tests hold the bytes XORed with MASK. Otherwise a search would find its own pattern. */
#define MASK 0x5c

__attribute__((no_sanitize("address", "undefined", "thread"))) static inline unsigned count_in(
	const volatile uint8_t *p, size_t n, const uint8_t masked[16])
{
	unsigned found = 0;

	for (size_t i = 0; i + 16 <= n; i++) {
		size_t j = 0;
		while (j < 16 && (p[i + j] ^ MASK) == masked[j])
			j++;
		found += j == 16;
	}
	return found;
}

/* Count the places in writable memory that have the 16 bytes. */
static inline unsigned count_memory(const uint8_t masked[16])
{
	static char maps[1 << 20];
	size_t have = 0;
	ssize_t got;
	unsigned found = 0;
	int fd = open("/proc/self/maps", O_RDONLY);

	ck_assert_int_ge(fd, 0);
	while ((got = read(fd, maps + have, sizeof maps - 1 - have)) > 0)
		have += (size_t)got;
	close(fd);
	maps[have] = '\0';
	for (char *line = maps; *line != '\0'; line = strchr(line, '\n') + 1) {
		uintptr_t from, to;
		char rights[5];
		ck_assert_int_eq(sscanf(line, "%lx-%lx %4s", &from, &to, rights), 3);
		if (rights[0] == 'r' && rights[1] == 'w')
			found += count_in((const volatile uint8_t *)from, to - from, masked);
	}
	return found;
}

#endif
