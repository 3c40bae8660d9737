/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_pin.c: see foreign_pin.h. */
#include "foreign/foreign_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/log.h"

static struct {
	bool keep;
	char file[PATH_MAX];
} settings; /* written while no session exists */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* held while a PIN is tried */
static struct kept_pin *refused;                         /* guarded by turn; NULL or n == 0: none */
static CK_RV refused_with;                               /* the code for REFUSED; guarded by turn */

/* --- Kept PINs --- */

static CK_RV put(struct kept_pin **kept, struct bytes text)
{
	if (*kept == NULL) {
		*kept = arena_map(sizeof **kept);
		ENSURE(*kept != NULL, CKR_HOST_MEMORY);
	}
	(*kept)->n = text.n;
	memcpy((*kept)->bytes, text.p, text.n);
	return CKR_OK;
}

static void drop(struct kept_pin **kept)
{
	arena_unmap(*kept, sizeof **kept); /* wipes */
	*kept = NULL;
}

void foreign_pins_start(bool keep, const char *file)
{
	settings.keep = keep && file[0] == '\0';
	memcpy(settings.file, file, strlen(file) + 1);
}

void foreign_pins_stop(void)
{
	drop(&refused);
	settings.keep = false;
}

/*
 * Drop *KEPT in a forked child. A thread of the parent may have held LOCK and may have unmapped the
 * page. The kernel has zeroed a page that is forgotten here.
 */
static void drop_forked(pthread_mutex_t *lock, struct kept_pin **kept)
{
	if (pthread_mutex_trylock(lock) == 0)
		drop(kept);
	*kept = NULL;
	pthread_mutex_init(lock, NULL);
}

void foreign_pins_forked(void)
{
	drop_forked(&turn, &refused);
	settings.keep = false;
}

void foreign_pin_init(struct foreign_pin *pin)
{
	pthread_mutex_init(&pin->lock, NULL);
	pin->kept = NULL;
}

void foreign_pin_destroy(struct foreign_pin *pin)
{
	drop(&pin->kept);
	pthread_mutex_destroy(&pin->lock);
}

void foreign_pin_forked(struct foreign_pin *pin)
{
	drop_forked(&pin->lock, &pin->kept);
}

CK_RV foreign_pin_keep(struct foreign_pin *pin, struct bytes text)
{
	if (!settings.keep || text.n > FOREIGN_PIN_MAX)
		return CKR_OK;
	pthread_mutex_lock(&pin->lock);
	CK_RV rv = put(&pin->kept, text);
	pthread_mutex_unlock(&pin->lock);
	return rv;
}

void foreign_pin_forget(struct foreign_pin *pin)
{
	pthread_mutex_lock(&pin->lock);
	drop(&pin->kept);
	pthread_mutex_unlock(&pin->lock);
}

/* --- The file of foreign-pin-source --- */

/*
 * Open the file. A symbolic link is followed, because container platforms mount secrets as links.
 * An attacker who can write to the file chooses which PIN is tried, and can lock the foreign token.
 */
static CK_RV open_file(int *ret_fd)
{
	struct file_status status;
	FILE_DESCRIPTOR fd = fd_above_standard(
		open(settings.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	if (fd < 0 || file_status(fd, &status) != 0) {
		log_error(
			"foreign-pin-source %s cannot be read: %s", settings.file, strerror(errno));
		return FAIL(CKR_DEVICE_ERROR, "the file of foreign-pin-source cannot be read");
	}
	if (!S_ISREG(status.mode) || (status.owner != 0 && status.owner != geteuid()) ||
		(status.mode & (S_IWGRP | S_IWOTH))) {
		log_error("foreign-pin-source %s must be a regular file of root or of the user of "
			  "the process, which group and others may not write to",
			settings.file);
		return FAIL(CKR_DEVICE_ERROR, "the file of foreign-pin-source is not safe");
	}
	*ret_fd = fd;
	fd = -1; /* the caller closes it */
	return CKR_OK;
}

/* Read the PIN, which is the file without one line end at its end. */
static CK_RV read_file(struct secret *ret)
{
	FILE_DESCRIPTOR fd = -1;
	SECRET text = {0};
	size_t n = 0;
	ssize_t got;

	TRY(open_file(&fd));
	TRY(secret_resize(&text, FOREIGN_PIN_MAX + 3));
	do {
		got = read(fd, secret_bytes(&text) + n, text.len - n);
		n += got > 0 ? (size_t)got : 0;
	} while (n < text.len && (got > 0 || (got < 0 && errno == EINTR)));
	REQUIRE(got >= 0, CKR_DEVICE_ERROR, "the file of foreign-pin-source cannot be read");
	if (n > 0 && secret_peek(&text)[n - 1] == '\n')
		n--;
	if (n > 0 && secret_peek(&text)[n - 1] == '\r')
		n--;
	REQUIRE(n > 0 && n <= FOREIGN_PIN_MAX, CKR_DEVICE_ERROR,
		"the file of foreign-pin-source does not hold a PIN of 1 to 255 bytes");
	return secret_set(ret, secret_peek(&text), n);
}

static CK_RV copy_kept(struct foreign_pin *pin, struct secret *ret)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&pin->lock);
	if (pin->kept != NULL)
		rv = secret_set(ret, pin->kept->bytes, pin->kept->n);
	pthread_mutex_unlock(&pin->lock);
	TRY(rv);
	REQUIRE(ret->len > 0, CKR_USER_NOT_LOGGED_IN, "no PIN for the foreign token is known");
	return CKR_OK;
}

/* --- Trying --- */

static bool was_refused(const struct secret *text)
{
	return refused != NULL && refused->n == text->len &&
	       secret_equal(refused->bytes, secret_peek(text), text->len);
}

static CK_RV try_once(
	const struct secret *text, CK_RV (*login)(void *arg, struct bytes text), void *arg)
{
	REQUIRE(!was_refused(text), refused_with,
		"a foreign token has refused this PIN; it is not tried again before C_Finalize");
	CK_RV rv = login(arg, bytes_of(secret_peek(text), text->len));
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED) {
		TRY(put(&refused, bytes_of(secret_peek(text), text->len)));
		refused_with = rv;
	}
	return rv;
}

CK_RV foreign_pin_try(
	struct foreign_pin *pin, CK_RV (*login)(void *arg, struct bytes text), void *arg)
{
	SECRET text = {0};

	if (settings.file[0] != '\0')
		TRY(read_file(&text));
	else
		TRY(copy_kept(pin, &text));
	pthread_mutex_lock(&turn);
	CK_RV rv = try_once(&text, login, arg);
	pthread_mutex_unlock(&turn);
	return rv;
}
