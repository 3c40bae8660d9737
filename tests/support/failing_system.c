/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing_system.c: functions of the C library that fail for a program, which LD_PRELOAD gives this
 * library. Calls of the libraries of the program work. Tests set:
 *
 *   FAILING_PROGRAM=keydiv            the name of the program's file
 *   FAILING_SYSTEM="read 2 5"         the call fails with errno 5, after two calls that succeed;
 *                                     errno 0: the call reads or writes one byte only
 *   FAILING_SYSTEM_LOG=file           the name of each call is a line of the file
 *
 * After the end of main() no call fails: a build for coverage then writes counts.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define REPLACES __attribute__((visibility("default")))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static _Atomic long calls; /* of the function that fails */

static _Atomic bool ended;

static void note_end(void)
{
	ended = true;
}

/* An exit handler that is registered before main() would run after the program's destructors. */
static void register_end(void)
{
	(void)atexit(note_end);
}

static bool from_program(void *caller)
{
	Dl_info at;
	const char *program = getenv("FAILING_PROGRAM");

	if (program == NULL || dladdr(caller, &at) == 0)
		return false;
	const char *name = strrchr(at.dli_fname, '/');
	return strcmp(name ? name + 1 : at.dli_fname, program) == 0;
}

static void log_call(const char *name)
{
	char line[64];
	const char *file = getenv("FAILING_SYSTEM_LOG");
	long fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0600)
		       : -1;

	if (fd < 0)
		return;
	size_t n = strlen(strcat(strcpy(line, name), "\n"));
	if (syscall(SYS_write, fd, line, n) != (long)n)
		abort();
	syscall(SYS_close, fd);
}

/* Return true if this call of NAME by CALLER fails. errno is set; 0 means a short call. */
static bool fails(const char *name, void *caller)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *wanted = getenv("FAILING_SYSTEM");
	size_t n = strlen(name);
	char *end;

	if (ended || !from_program(caller))
		return false;
	pthread_once(&once, register_end);
	log_call(name);
	if (!wanted || strncmp(wanted, name, n) != 0 || wanted[n] != ' ')
		return false;
	long skip = strtol(wanted + n, &end, 10);
	if (atomic_fetch_add(&calls, 1) != skip)
		return false;
	errno = (int)strtol(end, NULL, 10);
	return true;
}

#define FAILS(name) fails(#name, __builtin_return_address(0))

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/* The function NAME gives FAILURE. */
#define REPLACE(type, name, parameters, arguments, failure)                                        \
	REPLACES type name parameters;                                                             \
	type name parameters                                                                       \
	{                                                                                          \
		type(*next) parameters;                                                            \
		if (FAILS(name))                                                                   \
			return failure;                                                            \
		*(void **)&next = real(#name);                                                     \
		return next arguments;                                                             \
	}

REPLACE(FILE *, fopen64, (const char *name, const char *mode), (name, mode), NULL)
REPLACE(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
REPLACE(FILE *, open_memstream, (char **p, size_t *n), (p, n), NULL)
REPLACE(int, fseeko64, (FILE * f, off64_t at, int from), (f, at, from), -1)
REPLACE(off64_t, lseek64, (int fd, off64_t at, int from), (fd, at, from), -1)
REPLACE(int, fsync, (int fd), (fd), -1)
REPLACE(int, fstat64, (int fd, struct stat64 *st), (fd, st), -1)
REPLACE(int, lstat64, (const char *name, struct stat64 *st), (name, st), -1)
REPLACE(int, access, (const char *name, int mode), (name, mode), -1)
REPLACE(int, ftruncate64, (int fd, off64_t n), (fd, n), -1)
REPLACE(int, flock, (int fd, int how), (fd, how), -1)
REPLACE(int, link, (const char *from, const char *to), (from, to), -1)
REPLACE(ssize_t, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags), -1)
REPLACE(char *, realpath, (const char *name, char *ret), (name, ret), NULL)

/* The file is closed, as close(2) does after most errors. */
REPLACES int fclose(FILE *f);
int fclose(FILE *f)
{
	int (*next)(FILE *);
	bool fail = FAILS(fclose);
	int error = errno;

	*(void **)&next = real("fclose");
	int result = next(f);
	if (!fail)
		return result;
	errno = error;
	return EOF;
}

/* The streams get their mark of errors, which no function sets: _IO_ERR_SEEN of glibc. */
REPLACES int fflush(FILE *f);
int fflush(FILE *f)
{
	int (*next)(FILE *);

	if (FAILS(fflush)) {
		f->_flags |= 0x20;
		return EOF;
	}
	*(void **)&next = real("fflush");
	return next(f);
}

REPLACES size_t fread(void *p, size_t size, size_t n, FILE *f);
size_t fread(void *p, size_t size, size_t n, FILE *f)
{
	size_t (*next)(void *, size_t, size_t, FILE *);

	if (FAILS(fread)) {
		f->_flags |= 0x20;
		return 0;
	}
	*(void **)&next = real("fread");
	return next(p, size, n, f);
}

/* --- Calls that can be short --- */

#define SHORT(name, parameters, arguments)                                                         \
	REPLACES ssize_t name parameters;                                                          \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		ssize_t(*next) parameters;                                                         \
		if (FAILS(name)) {                                                                 \
			if (errno != 0)                                                            \
				return -1;                                                         \
			n = n > 0;                                                                 \
		}                                                                                  \
		*(void **)&next = real(#name);                                                     \
		return next arguments;                                                             \
	}

SHORT(read, (int fd, void *p, size_t n), (fd, p, n))
SHORT(write, (int fd, const void *p, size_t n), (fd, p, n))
SHORT(pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))

/* --- Calls with optional arguments --- */

REPLACES int open64(const char *name, int flags, ...);
int open64(const char *name, int flags, ...)
{
	int (*next)(const char *, int, ...);
	va_list args;

	va_start(args, flags);
	int mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (FAILS(open64))
		return -1;
	*(void **)&next = real("open64");
	return next(name, flags, mode);
}

REPLACES int prctl(int option, ...);
int prctl(int option, ...)
{
	va_list args;

	va_start(args, option);
	unsigned long value = va_arg(args, unsigned long);
	va_end(args);
	return FAILS(prctl) ? -1 : (int)syscall(SYS_prctl, option, value, 0, 0, 0);
}

REPLACES void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset);
void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset)
{
	void *(*next)(void *, size_t, int, int, int, off64_t);

	if (FAILS(mmap64))
		return MAP_FAILED;
	*(void **)&next = real("mmap64");
	return next(at, n, protection, flags, fd, offset);
}

REPLACES int pthread_create(pthread_t *ret, const pthread_attr_t *a, void *(*f)(void *), void *p);
int pthread_create(pthread_t *ret, const pthread_attr_t *a, void *(*f)(void *), void *p)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (FAILS(pthread_create))
		return errno;
	*(void **)&next = real("pthread_create");
	return next(ret, a, f, p);
}

/* --- Memory --- */

REPLACES void *malloc(size_t n)
{
	return FAILS(malloc) ? NULL : __libc_malloc(n);
}

REPLACES void *calloc(size_t count, size_t n)
{
	return FAILS(calloc) ? NULL : __libc_calloc(count, n);
}

REPLACES void *realloc(void *p, size_t n)
{
	return FAILS(realloc) ? NULL : __libc_realloc(p, n);
}

REPLACE(void *, aligned_alloc, (size_t a, size_t n), (a, n), NULL)
REPLACE(char *, strdup, (const char *text), (text), NULL)
