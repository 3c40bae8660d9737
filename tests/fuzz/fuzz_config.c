/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c: read the configuration file, or refuse the file and name the wrong line. */
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"

static int file = -1;
static char path[64];

void fuzz_start(void)
{
	file = memfd_create("keydiv.conf", MFD_CLOEXEC);
	MUST(file >= 0 && fchmod(file, 0600) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	setenv("HOME", "/nowhere", 1);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	static struct config c;

	MUST(ftruncate(file, 0) == 0 && pwrite(file, data, n, 0) == (ssize_t)n);
	CK_RV rv = config_read_file(path, &c);
	MUST(rv == CKR_OK || rv == CKR_FUNCTION_FAILED);
	MUST(c.slots >= 1 && c.slots <= 64);
	MUST(c.scrypt_log2_n >= 14 && c.scrypt_log2_n <= 22);
	MUST(memchr(c.token_dir, 0, sizeof c.token_dir) != NULL &&
		memchr(c.log_file, 0, sizeof c.log_file) != NULL);
	MUST(rv == CKR_OK || c.error[0] != '\0');
}
