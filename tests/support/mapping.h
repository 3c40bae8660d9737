/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.h: what the kernel says about a page of this process (/proc/self/smaps, VmFlags). */
#ifndef KEYDIV_TESTS_MAPPING_H
#define KEYDIV_TESTS_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Return true if the mapping of P has FLAG: "lo" locked, "dd" not dumped, "wf" zeroed by fork. */
static inline bool mapping_has(const void *p, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[4096];
	unsigned long from, to, at = (unsigned long)(uintptr_t)p;
	bool here = false, found = false;

	while (smaps != NULL && fgets(line, sizeof line, smaps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2 && strchr(line, '-') < line + 17)
			here = at >= from && at < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	if (smaps != NULL)
		fclose(smaps);
	return found;
}

/*
 * Return true if this process can lock memory. Many containers forbid that, and with the address
 * sanitizer mlock does nothing.
 */
static inline bool may_lock(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	bool may = mlock(page, sizeof page) == 0 && mapping_has(page, " lo");

	munlock(page, sizeof page);
	return may;
}

/* Return true if P is in memory for keys: not dumped, and locked where the system allows that. */
static inline bool is_guarded(const void *p)
{
	return mapping_has(p, " dd") && (!may_lock() || mapping_has(p, " lo"));
}

#endif
