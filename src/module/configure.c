/* SPDX-License-Identifier: Apache-2.0 */
/* configure.c: see configure.h. */
#include "configure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Report C->error and return RV. */
static CK_RV refuse(const struct config *c, CK_RV rv)
{
	log_error("%s", c->error);
	if (!log_enabled(LOG_ERROR) || strcmp(c->log_file, LOG_TO_STDERR) != 0)
		dprintf(STDERR_FILENO, "keydiv: %s\n", c->error);
	return rv;
}

static CK_RV open_log(struct config *c, CK_RV rv)
{
	if (log_open(c->log_file[0] ? c->log_file : NULL, c->log_level))
		return rv;
	if (rv == CKR_OK) /* the first error is the more useful one */
		snprintf(c->error, sizeof c->error, "log-file %s cannot be opened: %s", c->log_file,
			strerror(errno));
	return rv == CKR_OK ? CKR_FUNCTION_FAILED : rv;
}

/*
 * Keep all memory of the process out of swap and out of core dumps, and other processes of the
 * same user from reading the memory. A part of the host may have locked memory too, so nothing
 * is ever unlocked.
 */
static CK_RV lock_memory(struct config *c)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0)
		return CKR_OK;
	snprintf(c->error, sizeof c->error,
		"lock-memory: %s; raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)",
		strerror(errno));
	return CKR_FUNCTION_FAILED;
}

CK_RV configure(struct config *ret)
{
	CK_RV rv = open_log(ret, config_read(ret));

	if (rv == CKR_OK && ret->lock_memory)
		rv = lock_memory(ret);
	if (rv != CKR_OK)
		return refuse(ret, rv);
	log_write(LOG_DEBUG, "configuration: %s; token-dir %s",
		ret->path[0] ? ret->path : "none, the defaults", ret->token_dir);
	log_write(LOG_INFO, "parameters = %s", ret->flat_parameters ? "flat" : "native");
	return CKR_OK;
}

static bool make_one(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST || access(path, F_OK) == 0;
}

CK_RV configure_directory(const char *dir)
{
	char path[PATH_MAX];
	size_t n = strlen(dir);

	ENSURE(n > 0 && n < sizeof path, CKR_FUNCTION_FAILED);
	memcpy(path, dir, n + 1);
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		REQUIRE(make_one(path), CKR_FUNCTION_FAILED,
			"a directory above token-dir cannot be created");
	}
	REQUIRE(make_one(path), CKR_FUNCTION_FAILED, "token-dir cannot be created");
	return CKR_OK;
}
