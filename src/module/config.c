/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: finding and reading the configuration, see config.h. */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/keydiv/keydiv.conf"

/* What reading one file needs to remember. */
struct reading_file {
	FILE *in;
	struct config *config;
	unsigned line;      /* the line the reader is at */
	unsigned bad_line;  /* the first wrong line, 0: none yet */
	const char *reason; /* why it is wrong */
};

/* --- Values: each returns why TEXT is refused, or NULL and the value is set --- */

static const char *set_path(char to[PATH_MAX], const char *text)
{
	size_t n = strlen(text);

	if (text[0] != '/')
		return "must be an absolute path";
	if (n >= PATH_MAX)
		return "path too long";
	memcpy(to, text, n + 1);
	return NULL;
}

static const char *set_number(
	unsigned *to, const char *text, unsigned min, unsigned max, const char *refusal)
{
	unsigned value = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 3 || strspn(text, "0123456789") != n)
		return refusal;
	for (; *text != '\0'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (value < min || value > max)
		return refusal;
	*to = value;
	return NULL;
}

static const char *set_level(enum log_level *to, const char *text)
{
	static const char *const names[] = {"none", "error", "warning", "info", "debug"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			*to = (enum log_level)i;
			return NULL;
		}
	return "must be none, error, warning, info or debug";
}

static const char *set_key(
	struct config *c, const char *section, const char *key, const char *value)
{
	if (section[0] != '\0')
		return "there are no sections";
	if (strcmp(key, "token-dir") == 0)
		return set_path(c->token_dir, value);
	if (strcmp(key, "slots") == 0)
		return set_number(&c->slots, value, 1, 64, "must be a number from 1 to 64");
	if (strcmp(key, "log-file") == 0)
		return set_path(c->log_file, value);
	if (strcmp(key, "log-level") == 0)
		return set_level(&c->log_level, value);
	if (strcmp(key, "scrypt-log2-n") == 0)
		return set_number(
			&c->scrypt_log2_n, value, 14, 22, "must be a number from 14 to 22");
	return "no such key";
}

/* --- Reading with inih --- */

static void wrong_line(struct reading_file *r, const char *reason)
{
	if (r->bad_line != 0)
		return;
	r->bad_line = r->line;
	r->reason = reason;
}

static int on_value(void *user, const char *section, const char *key, const char *value)
{
	struct reading_file *r = user;
	const char *reason = set_key(r->config, section, key, value);

	if (reason)
		wrong_line(r, reason);
	return reason == NULL;
}

/*
 * One line for inih: counted, without leading blanks (which would make it a continuation of the
 * line before), never cut.
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
			wrong_line(r, "line too long");
		line[0] = '\0';
		return line;
	}
	if (line[blanks] == '[' && strchr(line, ']'))
		wrong_line(r, "there are no sections"); /* also if nothing is in it */
	memmove(line, line + blanks, n - blanks + 1);
	return line;
}

static void report(struct config *c, const char *file, unsigned line, const char *why)
{
	if (line)
		snprintf(c->error, sizeof c->error, "%s:%u: %s", file, line, why);
	else
		snprintf(c->error, sizeof c->error, "%s: %s", file, why);
}

/* Read the open file IN, called FILE. */
static CK_RV read_file(FILE *in, const char *file, struct config *c)
{
	struct reading_file r = {.in = in, .config = c};
	int first_bad = ini_parse_stream(read_line, &r, on_value, &r);

	if (first_bad > 0 && (r.bad_line == 0 || (unsigned)first_bad < r.bad_line)) {
		r.bad_line = (unsigned)first_bad;
		r.reason = "neither \"key = value\" nor a comment";
	}
	if (ferror(in) || first_bad < 0) {
		report(c, file, 0, "cannot be read");
		return CKR_FUNCTION_FAILED;
	}
	if (r.bad_line == 0)
		return CKR_OK;
	report(c, file, r.bad_line, r.reason);
	return CKR_FUNCTION_FAILED;
}

/* --- Where things are --- */

/* The home directory of the effective user, "" if there is none. */
static void home_directory(char ret[PATH_MAX])
{
	const char *home = secure_getenv("HOME");
	char room[4096];
	struct passwd entry, *found = NULL;

	ret[0] = '\0';
	if (home == NULL || home[0] != '/') {
		if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) != 0 || found == NULL)
			return;
		home = found->pw_dir;
	}
	size_t n = strlen(home);
	if (n < PATH_MAX)
		memcpy(ret, home, n + 1);
}

/*
 * RET = the directory the XDG variable NAME stands for, or ~/FALLBACK, and LEAF in it. False if
 * there is none.
 */
static bool xdg_path(char ret[PATH_MAX], const char *name, const char *fallback, const char *leaf)
{
	const char *dir = secure_getenv(name);
	char home[PATH_MAX];
	int n;

	if (dir && dir[0] == '/') {
		n = snprintf(ret, PATH_MAX, "%s/%s", dir, leaf);
	} else {
		home_directory(home);
		if (home[0] == '\0')
			return false;
		n = snprintf(ret, PATH_MAX, "%s/%s/%s", home, fallback, leaf);
	}
	return n > 0 && n < PATH_MAX;
}

static void defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	c->log_level = LOG_WARNING;
	c->slots = 1;
	c->scrypt_log2_n = 16;
	if (geteuid() == 0 || !xdg_path(c->token_dir, "XDG_DATA_HOME", ".local/share", "keydiv"))
		snprintf(c->token_dir, sizeof c->token_dir, "/var/lib/keydiv");
}

/* Read FILE if it is there. *FOUND tells; a file that is there and cannot be read is an error. */
static CK_RV try_file(const char *file, struct config *c, bool *found)
{
	FILE *in = fopen(file, "re");
	int why = errno;

	/* In a directory that is closed to us there is nothing for us. */
	*found = in != NULL || access(file, F_OK) == 0;
	if (!*found)
		return CKR_OK;
	snprintf(c->path, sizeof c->path, "%s", file);
	if (in == NULL) {
		report(c, file, 0, strerror(why));
		return CKR_FUNCTION_FAILED;
	}
	CK_RV rv = read_file(in, file, c);
	fclose(in);
	return rv;
}

CK_RV config_read_file(const char *file, struct config *ret)
{
	bool found;

	defaults(ret);
	TRY(try_file(file, ret, &found));
	if (!found) {
		report(ret, file, 0, "there is no such file");
		return CKR_FUNCTION_FAILED;
	}
	return CKR_OK;
}

CK_RV config_read(struct config *ret)
{
	const char *named = secure_getenv("KEYDIV_CONF");
	char file[PATH_MAX];
	bool found = false;

	if (named && named[0] != '\0')
		return config_read_file(named, ret);
	defaults(ret);
	if (xdg_path(file, "XDG_CONFIG_HOME", ".config", "keydiv/keydiv.conf"))
		TRY(try_file(file, ret, &found));
	return found ? CKR_OK : try_file(SYSTEM_FILE, ret, &found);
}

CK_RV config_make_directory(const char *dir)
{
	char path[PATH_MAX];
	size_t n = strlen(dir);

	ENSURE(n > 0 && n < sizeof path, CKR_FUNCTION_FAILED);
	memcpy(path, dir, n + 1);
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST && access(path, F_OK) != 0)
			return FAIL(CKR_FUNCTION_FAILED,
				"a directory above token-dir cannot be created");
	}
	ENSURE(mkdir(path, 0700) == 0 || errno == EEXIST || access(path, F_OK) == 0,
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}
