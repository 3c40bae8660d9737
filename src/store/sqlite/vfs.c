/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.c: SQLite's file access with errno kept, see vfs.h. */
#include "store/sqlite/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VFS_NAME "keydiv"

static _Thread_local int first_error;

int vfs_first_error(void)
{
	return first_error;
}

void vfs_forget_error(void)
{
	first_error = 0;
}

static void keep(int error)
{
	if (first_error == 0)
		first_error = error;
}

/* --- Files: the file of the layer, and behind it in memory the file of SQLite's own VFS --- */

struct layer {
	sqlite3_file base;
	sqlite3_file *own;
};

static sqlite3_file *own_of(sqlite3_file *file)
{
	return ((struct layer *)file)->own;
}

/* Keep the errno that SQLite has noted for FILE, if CODE is an error. */
static int noted(sqlite3_file *file, int code)
{
	int error = 0;

	if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_IOERR_SHORT_READ &&
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK)
		keep(error);
	return code;
}

static int layer_close(sqlite3_file *file)
{
	return own_of(file)->pMethods->xClose(own_of(file));
}

static int layer_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	return noted(own_of(file), own_of(file)->pMethods->xRead(own_of(file), p, n, at));
}

/* SQLite calls every write that fails with ENOSPC "full" and keeps no errno then. */
static int layer_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	int code = own_of(file)->pMethods->xWrite(own_of(file), p, n, at);

	if (code == SQLITE_FULL)
		keep(ENOSPC);
	return noted(own_of(file), code);
}

static int layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return noted(own_of(file), own_of(file)->pMethods->xTruncate(own_of(file), size));
}

static int layer_sync(sqlite3_file *file, int flags)
{
	return noted(own_of(file), own_of(file)->pMethods->xSync(own_of(file), flags));
}

static int layer_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	return noted(own_of(file), own_of(file)->pMethods->xFileSize(own_of(file), ret_size));
}

static int layer_lock(sqlite3_file *file, int level)
{
	return noted(own_of(file), own_of(file)->pMethods->xLock(own_of(file), level));
}

static int layer_unlock(sqlite3_file *file, int level)
{
	return noted(own_of(file), own_of(file)->pMethods->xUnlock(own_of(file), level));
}

static int layer_check_lock(sqlite3_file *file, int *ret_reserved)
{
	return own_of(file)->pMethods->xCheckReservedLock(own_of(file), ret_reserved);
}

static int layer_control(sqlite3_file *file, int what, void *arg)
{
	return own_of(file)->pMethods->xFileControl(own_of(file), what, arg);
}

static int layer_sector_size(sqlite3_file *file)
{
	return own_of(file)->pMethods->xSectorSize(own_of(file));
}

static int layer_device(sqlite3_file *file)
{
	return own_of(file)->pMethods->xDeviceCharacteristics(own_of(file));
}

/* Version 1: without shared memory and mapping, which this store does not use. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = layer_close,
	.xRead = layer_read,
	.xWrite = layer_write,
	.xTruncate = layer_truncate,
	.xSync = layer_sync,
	.xFileSize = layer_size,
	.xLock = layer_lock,
	.xUnlock = layer_unlock,
	.xCheckReservedLock = layer_check_lock,
	.xFileControl = layer_control,
	.xSectorSize = layer_sector_size,
	.xDeviceCharacteristics = layer_device,
};

/* --- The VFS --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *own, vfs; /* SQLite's own VFS, and the layer; set once */

/* Return true if a journal with NAME is no regular file. SQLite would wait for a FIFO for ever. */
static bool is_no_file(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 && !S_ISREG(st.st_mode);
}

/*
 * If the file NAME cannot be made, SQLite opens it a second time for reading, and errno is that of
 * the second call. Make the file, by the function that SQLite calls. Return 0, or the errno.
 */
static int make(const char *name)
{
	int (*call)(const char *, int, ...) =
		(int (*)(const char *, int, ...))own->xGetSystemCall(own, "open");

	int fd = call(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int layer_open(__attribute__((unused)) sqlite3_vfs *layered, const char *name,
	sqlite3_file *file, int flags, int *ret_flags)
{
	struct layer *layer = (struct layer *)file;

	*layer = (struct layer){.own = (sqlite3_file *)(layer + 1)};
	if ((flags & SQLITE_OPEN_MAIN_JOURNAL) && is_no_file(name))
		return SQLITE_CANTOPEN;
	errno = 0;
	int code = own->xOpen(own, name, layer->own, flags, ret_flags);
	if (code != SQLITE_OK && (flags & SQLITE_OPEN_CREATE) && errno == ENOENT) {
		errno = make(name);
		if (errno == 0)
			code = own->xOpen(own, name, layer->own, flags, ret_flags);
	}
	if (code != SQLITE_OK)
		keep(errno);
	if (layer->own->pMethods != NULL)
		layer->base.pMethods = &methods;
	return code;
}

static int layer_delete(__attribute__((unused)) sqlite3_vfs *layered, const char *name, int sync)
{
	errno = 0;
	int code = own->xDelete(own, name, sync);
	if (code != SQLITE_OK && code != SQLITE_IOERR_DELETE_NOENT)
		keep(errno);
	return code;
}

/* With the lock held: make the layer, once, above SQLite's own VFS. */
static int make_layer(void)
{
	if (own != NULL)
		return SQLITE_OK;
	sqlite3_vfs *found = sqlite3_vfs_find("unix");
	if (found == NULL)
		return SQLITE_ERROR;
	vfs = *found;
	vfs.zName = VFS_NAME;
	vfs.szOsFile = (int)sizeof(struct layer) + found->szOsFile;
	vfs.xOpen = layer_open;
	vfs.xDelete = layer_delete;
	own = found; /* from now on other threads read both without the lock */
	return SQLITE_OK;
}

int vfs_open(const char *path, sqlite3 **ret_sqlite, int flags)
{
	pthread_mutex_lock(&lock);
	int code = make_layer();
	if (code == SQLITE_OK)
		code = sqlite3_vfs_register(&vfs, 0);
	if (code == SQLITE_OK) {
		code = sqlite3_open_v2(path, ret_sqlite, flags, VFS_NAME);
		sqlite3_vfs_unregister(&vfs);
	}
	pthread_mutex_unlock(&lock);
	return code;
}
