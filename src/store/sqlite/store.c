/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: opening and closing a store, and what a fork does to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite/files.h"
#include "store/sqlite/store_internal.h"

/*
 * All open stores. A fork waits until none of them is in a transaction: SQLite keeps the state of
 * the file's locks per process, in memory that the child inherits, and the child, whose locks these
 * are not, would take them for its own.
 */
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *all;
static struct store *abandoned; /* the parent's: kept where a leak checker finds them */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	pthread_mutex_lock(&all_lock);
	for (struct store *s = all; s; s = s->next)
		pthread_mutex_lock(&s->lock);
}

static void after_fork(void)
{
	for (struct store *s = all; s; s = s->next)
		pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&all_lock);
}

static void watch_forks(void)
{
	if (pthread_atfork(before_fork, after_fork, after_fork) != 0)
		log_warning("no memory to watch for forks");
}

static void list_add(struct store *store)
{
	HOLD(&all_lock);
	store->next = all;
	all = store;
}

static void list_remove(struct store *store)
{
	HOLD(&all_lock);
	for (struct store **link = &all; *link; link = &(*link)->next)
		if (*link == store) {
			*link = store->next;
			return;
		}
}

/* DIR without the slashes at its end: with one a symbolic link would be followed. */
static char *directory_name(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strndup(dir, n);
}

/*
 * The path of the open directory FD, called NAME, without symbolic links: SQLite refuses a
 * path with any.
 */
static CK_RV resolve(int fd, const char *name, char **ret_path)
{
	struct stat here, there;

	char *path = realpath(name, NULL);
	if (path == NULL)
		return file_error("resolving the token directory");
	if (fstat(fd, &here) != 0 || stat(path, &there) != 0 || here.st_dev != there.st_dev ||
		here.st_ino != there.st_ino) {
		free(path);
		return FAIL(CKR_DEVICE_ERROR, "the token directory was replaced");
	}
	*ret_path = path;
	return CKR_OK;
}

static CK_RV open_parts(struct store *store, const char *name)
{
	TRY(directory_open(AT_FDCWD, name, true, &store->dirfd));
	TRY(resolve(store->dirfd, name, &store->path));
	return generation_map(&store->generation, store->dirfd);
}

/* Free what the struct holds, but for the database. */
static void free_parts(struct store *store)
{
	generation_unmap(&store->generation);
	int clients = atomic_load(&store->clients_fd);
	file_done(&clients);
	file_done(&store->dirfd);
	free(store->path);
	store->path = NULL;
}

CK_RV store_open(const char *dir, struct store **ret_store)
{
	pthread_once(&fork_once, watch_forks);
	struct store *store = calloc(1, sizeof *store);
	ENSURE(store != NULL, CKR_HOST_MEMORY);
	store->dirfd = -1;
	atomic_store(&store->clients_fd, -1);
	store->end = &store->first;
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->queue_lock, NULL);
	char *name = directory_name(dir);
	CK_RV rv = name ? open_parts(store, name) : CKR_HOST_MEMORY;
	free(name);
	if (rv != CKR_OK) {
		free_parts(store);
		free(store);
		return rv;
	}
	list_add(store);
	*ret_store = store;
	return CKR_OK;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	list_remove(store);
	database_close(store->db);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->queue_lock);
	free_parts(store);
	free(store);
}

void store_abandon(struct store *store)
{
	if (store == NULL)
		return;
	list_remove(store);
	free_parts(store);
	store->next = abandoned; /* store->db is left as it is, for ever */
	abandoned = store;
}

const _Atomic uint64_t *store_generation(const struct store *store)
{
	return store->generation.word;
}

CK_RV store_need_database(struct store *store, bool create)
{
	if (store->db && database_is_empty(store->db) &&
		!create) { /* another process may have made the schema since */
		database_close(store->db);
		store->db = NULL;
	}
	return store->db ? CKR_OK : database_open(store->dirfd, store->path, create, &store->db);
}
