/* SPDX-License-Identifier: Apache-2.0 */
/* memory_search.c: reads the process' own memory. */
#include "memory_search.h"

#include <fcntl.h>

size_t copies(const uint8_t *inverted, size_t n)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY);
	static uint8_t *window;
	size_t found = 0, room = 1 << 20;
	uint8_t first = (uint8_t)~inverted[0];

	window = window ? window : malloc(room + 64);
	ck_assert(maps != NULL && memory >= 0 && window != NULL);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to, at;
		char mode[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' ||
			strstr(line, "[v") != NULL)
			continue;
		for (at = from; at < to; at += room - 64) {
			size_t want = to - at < room ? to - at : room, k, j;
			ssize_t got = pread(memory, window, want, (off_t)at);

			if (got < (ssize_t)n)
				continue;
			for (k = 0; k + n <= (size_t)got && (k < room - 64 || want < room); k++) {
				if (window[k] != first ||
					(at + k >= (uintptr_t)window &&
						at + k < (uintptr_t)window + room + 64))
					continue;
				for (j = 1; j < n && (window[k + j] ^ inverted[j]) == 0xFF; j++)
					;
				found += j == n;
			}
		}
	}
	memset(window, 0, room + 64);
	fclose(maps);
	close(memory);
	return found;
}

void invert(uint8_t *to, const uint8_t *from, size_t n)
{
	while (n-- > 0)
		to[n] = (uint8_t)~from[n];
}
