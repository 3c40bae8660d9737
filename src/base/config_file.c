/* SPDX-License-Identifier: Apache-2.0 */
/* config_file.c: see config_file.h. */
#include "config_file.h"

#include <errno.h>
#include <ini.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_DIRECTORY "/etc/keydiv"
#define NO_SECTIONS "sections are not supported"

/* The state of reading one file. */
struct reading_file {
	FILE *in;
	const struct config_file *file;
	unsigned line;     /* the number of the current line */
	unsigned bad_line; /* the number of the first wrong line; 0: none yet */
	char reason[256];  /* why that line is wrong */
};

/* --- Reading with inih --- */

/* Note that the current line is wrong because of REASON, unless an earlier line is wrong. */
static void wrong_line(struct reading_file *r, const char *reason)
{
	if (r->bad_line != 0)
		return;
	r->bad_line = r->line;
	snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static int on_value(void *user, const char *section, const char *key, const char *value)
{
	struct reading_file *r = user;
	char reason[sizeof r->reason];

	if (section[0] != '\0') {
		wrong_line(r, NO_SECTIONS);
		return 0;
	}
	const char *refusal = r->file->set(r->file->settings, key, value);
	if (refusal == NULL)
		return 1;
	if (strcmp(refusal, CONFIG_UNKNOWN_KEY) == 0)
		snprintf(reason, sizeof reason, "%s '%.100s'", refusal, key);
	else
		snprintf(reason, sizeof reason, "%.100s %s", key, refusal);
	wrong_line(r, reason);
	return 0;
}

/*
 * Read one line for inih and count it. Leading blanks are removed, because inih takes a line with
 * leading blanks as a continuation of the line before. A line that is too long for LINE is refused
 * and skipped, because inih would read the rest as a line.
 */
static char *read_line(char *line, int room, void *user)
{
	struct reading_file *r = user;

	if (fgets(line, room, r->in) == NULL)
		return NULL;
	r->line++;
	size_t n = strlen(line), blanks = strspn(line, " \t");
	if (n + 1 == (size_t)room && line[n - 1] != '\n') {
		int c;
		while ((c = getc(r->in)) != EOF && c != '\n')
			;
		if (line[blanks] != '#' && line[blanks] != ';')
			wrong_line(r, "the line is too long");
		line[0] = '\0';
		return line;
	}
	if (line[blanks] == '[' && strchr(line, ']'))
		wrong_line(r, NO_SECTIONS); /* inih does not report an empty section */
	memmove(line, line + blanks, n - blanks + 1);
	return line;
}

static void report(const struct config_file *f, const char *file, unsigned line, const char *why)
{
	if (line)
		snprintf(f->error, CONFIG_ERROR_MAX, "%s:%u: %s", file, line, why);
	else
		snprintf(f->error, CONFIG_ERROR_MAX, "%s: %s", file, why);
}

#define NO_MEMORY_OF_INIH (-2) /* ini_parse_stream() could not allocate */

/* Read IN, whose name for messages is FILE. */
static CK_RV read_file(FILE *in, const char *file, const struct config_file *f)
{
	struct reading_file r = {.in = in, .file = f};
	int first_bad = ini_parse_stream(read_line, &r, on_value, &r);

	if (first_bad > 0 && (r.bad_line == 0 || (unsigned)first_bad < r.bad_line)) {
		r.bad_line = 0;
		r.line = (unsigned)first_bad;
		wrong_line(&r, "neither \"key = value\" nor a comment");
	}
	if (ferror(in) || first_bad < 0) {
		report(f, file, 0, "cannot be read");
		return first_bad == NO_MEMORY_OF_INIH ? CKR_HOST_MEMORY : CKR_FUNCTION_FAILED;
	}
	if (r.bad_line == 0)
		return CKR_OK;
	report(f, file, r.bad_line, r.reason);
	return CKR_FUNCTION_FAILED;
}

/* --- Which file --- */

/* Return true unless the process is root's and DIR belongs to another user. */
static bool may_follow(const char *dir)
{
	struct stat st;

	return geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0;
}

/*
 * Return true if WHY, of getpwuid_r, says that the user could not be looked up, and not that there
 * is no such user. getpwuid(3) names many errors for the latter.
 */
static bool is_failed_look_up(int why)
{
	return why == ENOMEM || why == ERANGE || why == EIO || why == EINTR || why == EMFILE ||
	       why == ENFILE;
}

/*
 * Write the home directory of the effective user to RET; the empty string if there is none.
 * CKR_HOST_MEMORY or CKR_FUNCTION_FAILED, with errno, if the user could not be looked up.
 */
static CK_RV home_directory(char ret[PATH_MAX])
{
	const char *home = secure_getenv("HOME");
	char room[4096];
	struct passwd entry, *found = NULL;

	ret[0] = '\0';
	if (home == NULL || home[0] != '/' || !may_follow(home)) {
		errno = getpwuid_r(geteuid(), &entry, room, sizeof room, &found);
		if (is_failed_look_up(errno))
			return errno == ENOMEM ? CKR_HOST_MEMORY : CKR_FUNCTION_FAILED;
		if (errno != 0 || found == NULL)
			return CKR_OK;
		home = found->pw_dir;
	}
	size_t n = strlen(home);
	if (n < PATH_MAX)
		memcpy(ret, home, n + 1);
	return CKR_OK;
}

CK_RV config_xdg_path(const struct config_file *f, const char *name, const char *fallback,
	const char *leaf, char *ret)
{
	const char *dir = secure_getenv(name);
	char home[PATH_MAX];
	int n = 0;

	if (dir && dir[0] == '/' && may_follow(dir)) {
		n = snprintf(ret, PATH_MAX, "%s/%s", dir, leaf);
	} else {
		CK_RV rv = home_directory(home);
		if (rv != CKR_OK) {
			report(f, "the home directory", 0, strerror(errno));
			return rv;
		}
		if (home[0] != '\0')
			n = snprintf(ret, PATH_MAX, "%s/%s/%s", home, fallback, leaf);
	}
	if (n <= 0 || n >= PATH_MAX)
		ret[0] = '\0';
	return CKR_OK;
}

/*
 * Return why the open file IN may not be trusted, or NULL. Devices are exempt: others may write to
 * /dev/null, which stays empty.
 */
static const char *distrust(FILE *in)
{
	struct stat st;

	if (fstat(fileno(in), &st) != 0)
		return strerror(errno);
	if (S_ISCHR(st.st_mode))
		return NULL;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "belongs to another user; it must belong to root or to the user of this "
		       "process";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "group or others may write to it; use chmod go-w";
	return NULL;
}

/*
 * Read FILE if FILE exists, and say in *FOUND if it does. A file in a directory that this process
 * may not search counts as missing.
 */
static CK_RV try_file(const struct config_file *f, const char *file, bool *found)
{
	FILE *in = fopen(file, "re");
	int why = errno;

	*found = in != NULL || access(file, F_OK) == 0;
	if (!*found)
		return CKR_OK;
	snprintf(f->path, PATH_MAX, "%s", file);
	const char *refusal = in ? distrust(in) : strerror(why);
	CK_RV rv = in == NULL && why == ENOMEM ? CKR_HOST_MEMORY : CKR_FUNCTION_FAILED;
	if (refusal)
		report(f, file, 0, refusal);
	else
		rv = read_file(in, file, f);
	if (in)
		fclose(in);
	return rv;
}

CK_RV config_file_read(const struct config_file *f, const char *file)
{
	bool found;

	TRY(try_file(f, file, &found));
	if (found)
		return CKR_OK;
	report(f, file, 0, "no such file");
	return CKR_FUNCTION_FAILED;
}

CK_RV config_file_find(const struct config_file *f)
{
	const char *named = secure_getenv(f->variable);
	char file[PATH_MAX], leaf[64];
	bool found = false;

	if (named && named[0] != '\0')
		return config_file_read(f, named);
	snprintf(leaf, sizeof leaf, "keydiv/%s", f->leaf);
	/* With the system's file instead of the user's, keys would be stored in another place. */
	TRY(config_xdg_path(f, "XDG_CONFIG_HOME", ".config", leaf, file));
	if (file[0] != '\0')
		TRY(try_file(f, file, &found));
	snprintf(file, sizeof file, SYSTEM_DIRECTORY "/%s", f->leaf);
	return found ? CKR_OK : try_file(f, file, &found);
}
