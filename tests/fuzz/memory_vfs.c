/* SPDX-License-Identifier: Apache-2.0 */
/* memory_vfs.c: see memory_vfs.h. */
#include "memory_vfs.h"

#include "fuzz.h"

#include <sqlite3.h>

#define FILES 4
#define FILE_MAX (256 * 1024)

struct content {
	char name[32]; /* empty: not used */
	size_t n;
	uint8_t bytes[FILE_MAX]; /* zero behind N, as a file that grows has zeroes */
};

struct open_file {
	sqlite3_file base;
	struct content *content;
};

static struct content contents[FILES];

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static struct content *find(const char *path)
{
	for (size_t i = 0; i < FILES; i++)
		if (contents[i].name[0] != '\0' && strcmp(contents[i].name, last_part(path)) == 0)
			return &contents[i];
	return NULL;
}

static struct content *make(const char *path)
{
	struct content *c = find(path);

	for (size_t i = 0; c == NULL && i < FILES; i++)
		if (contents[i].name[0] == '\0')
			c = &contents[i];
	MUST(c != NULL && strlen(last_part(path)) < sizeof c->name);
	strcpy(c->name, last_part(path));
	return c;
}

static void resize(struct content *c, size_t n)
{
	if (n < c->n)
		memset(c->bytes + n, 0, c->n - n);
	c->n = n;
}

void memory_vfs_write(const char *name, const uint8_t *p, size_t n)
{
	struct content *c = make(name);

	n = n < FILE_MAX ? n : FILE_MAX;
	resize(c, n);
	if (n > 0)
		memcpy(c->bytes, p, n);
}

void memory_vfs_patch(const char *name, size_t at, const uint8_t *p, size_t n)
{
	struct content *c = find(name);

	MUST(c != NULL && at + n <= c->n);
	memcpy(c->bytes + at, p, n);
}

void memory_vfs_remove(const char *name)
{
	struct content *c = find(name);

	if (c == NULL)
		return;
	resize(c, 0);
	c->name[0] = '\0';
}

const uint8_t *memory_vfs_read(const char *name, size_t *ret_n)
{
	struct content *c = find(name);

	*ret_n = c != NULL ? c->n : 0;
	return c != NULL ? c->bytes : NULL;
}

/* --- Files --- */

static struct content *content_of(sqlite3_file *file)
{
	return ((struct open_file *)file)->content;
}

static int file_close(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	const struct content *c = content_of(file);
	size_t has = at >= 0 && (size_t)at < c->n ? c->n - (size_t)at : 0, length = (size_t)n;

	if (has >= length) {
		memcpy(p, c->bytes + at, length);
		return SQLITE_OK;
	}
	memset(p, 0, length);
	if (has > 0)
		memcpy(p, c->bytes + at, has);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct content *c = content_of(file);
	size_t length = (size_t)n;

	if (at < 0 || (size_t)at > FILE_MAX || length > FILE_MAX - (size_t)at)
		return SQLITE_FULL;
	memcpy(c->bytes + at, p, length);
	if ((size_t)at + length > c->n)
		c->n = (size_t)at + length;
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (size < 0 || size > FILE_MAX)
		return SQLITE_FULL;
	resize(content_of(file), (size_t)size);
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
	(void)file;
	(void)flags;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	*ret_size = (sqlite3_int64)content_of(file)->n;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
	(void)file;
	(void)level;
	return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *file, int *ret_reserved)
{
	(void)file;
	*ret_reserved = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *arg)
{
	(void)file;
	if (what != SQLITE_FCNTL_HAS_MOVED && what != SQLITE_FCNTL_LAST_ERRNO)
		return SQLITE_NOTFOUND;
	*(int *)arg = 0;
	return SQLITE_OK;
}

static int file_sector_size(sqlite3_file *file)
{
	(void)file;
	return 512;
}

static int file_device(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_device,
};

/* --- The VFS --- */

static int vfs_open(
	sqlite3_vfs *unused, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct open_file *opened = (struct open_file *)file;

	(void)unused;
	*opened = (struct open_file){.base.pMethods = NULL};
	MUST(name != NULL); /* the store keeps temporary tables in memory */
	/* The store has made an empty file for a database. */
	if (find(name) == NULL && !(flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)))
		return SQLITE_CANTOPEN;
	opened->content = make(name);
	opened->base.pMethods = &methods;
	if (ret_flags != NULL)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *unused, const char *name, int sync)
{
	(void)unused;
	(void)sync;
	if (find(name) == NULL)
		return SQLITE_IOERR_DELETE_NOENT;
	memory_vfs_remove(name);
	return SQLITE_OK;
}

/* An empty journal does not exist for SQLite's own VFS either. */
static int vfs_access(sqlite3_vfs *unused, const char *name, int flags, int *ret)
{
	const struct content *c = find(name);

	(void)unused;
	*ret = c != NULL && (flags != SQLITE_ACCESS_EXISTS || c->n > 0);
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *unused, const char *name, int n, char *ret)
{
	(void)unused;
	sqlite3_snprintf(n, ret, "%s", name);
	return SQLITE_OK;
}

/* --- Memory --- */

void *__libc_malloc(size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

#define HEAD 16 /* bytes before each block, for its size */

static void *with_size(uint8_t *p, int n)
{
	if (p == NULL)
		return NULL;
	memcpy(p, &n, sizeof n);
	return p + HEAD;
}

static void *memory_take(int n)
{
	return with_size(__libc_malloc(HEAD + (size_t)n), n);
}

static void memory_give(void *p)
{
	__libc_free((uint8_t *)p - HEAD);
}

static void *memory_resize(void *p, int n)
{
	return with_size(__libc_realloc((uint8_t *)p - HEAD, HEAD + (size_t)n), n);
}

static int memory_size(void *p)
{
	int n = 0;

	if (p != NULL)
		memcpy(&n, (uint8_t *)p - HEAD, sizeof n);
	return n;
}

static int memory_round(int n)
{
	return (n + 7) & ~7;
}

static int memory_begin(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void memory_end(void *unused)
{
	(void)unused;
}

static void use_memory_of_libc(void)
{
	static const sqlite3_mem_methods libc = {.xMalloc = memory_take,
		.xFree = memory_give,
		.xRealloc = memory_resize,
		.xSize = memory_size,
		.xRoundup = memory_round,
		.xInit = memory_begin,
		.xShutdown = memory_end};

	MUST(sqlite3_config(SQLITE_CONFIG_MALLOC, &libc) == SQLITE_OK);
}

void memory_vfs_start(void)
{
	static sqlite3_vfs vfs;

	if (fuzz_is_fast)
		use_memory_of_libc();
	sqlite3_vfs *own = sqlite3_vfs_find("unix");
	MUST(own != NULL);
	vfs = *own;
	vfs.szOsFile = sizeof(struct open_file);
	vfs.pNext = NULL;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_full_path;
	MUST(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
	MUST(sqlite3_vfs_find("unix") == &vfs);
}
