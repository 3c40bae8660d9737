/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_pin.h: the PIN that logs in to foreign tokens. With foreign-pin-source the PIN is in a
 * file. Without that line the PIN is the one that the caller gave to C_Login, which is kept until
 * the logout. Without a foreign module nothing is kept.
 */
#ifndef KEYDIV_FOREIGN_FOREIGN_PIN_H
#define KEYDIV_FOREIGN_FOREIGN_PIN_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

#define FOREIGN_PIN_MAX 255

/* A PIN in pages that are locked, and that the kernel zeroes in a forked child. */
struct kept_pin {
	size_t n;
	uint8_t bytes[FOREIGN_PIN_MAX];
};

/* The PIN of one token of keydiv. */
struct foreign_pin {
	pthread_mutex_t lock;  /* guards `kept`; held for the time of a copy */
	struct kept_pin *kept; /* NULL: no PIN */
};

/*
 * Say how PINs are found from now on: FILE is the path of foreign-pin-source, or empty. KEEP is
 * true if a foreign module is configured. Called by foreign_start.
 */
void foreign_pins_start(bool keep, const char *file);

/* Wipe the PIN that a foreign token has refused. Called by foreign_stop. */
void foreign_pins_stop(void);

/*
 * In the child of a fork, where a thread that does not exist may hold a lock: wipe, or forget what
 * such a thread may have been changing, which the kernel has zeroed.
 */
void foreign_pins_forked(void);

void foreign_pin_init(struct foreign_pin *pin);
void foreign_pin_destroy(struct foreign_pin *pin);
void foreign_pin_forked(struct foreign_pin *pin); /* the same for PIN */

/*
 * Keep TEXT, the user PIN of a login, if the configuration needs it. CKR_HOST_MEMORY. A PIN of more
 * than FOREIGN_PIN_MAX bytes is not kept; keydiv has no such PINs.
 */
MUST_USE CK_RV foreign_pin_keep(struct foreign_pin *pin, struct bytes text);

/* Wipe the PIN: the login has ended. */
void foreign_pin_forget(struct foreign_pin *pin);

/*
 * Log in with LOGIN, a function that tries a PIN at a foreign token and is called at most once. One
 * thread of the process tries a PIN at a time. A PIN that a foreign token has refused is not tried
 * again before C_Finalize, because each try may be the last before the token locks its PIN.
 *
 * CKR_USER_NOT_LOGGED_IN: no PIN is known. CKR_PIN_INCORRECT: refused before. CKR_DEVICE_ERROR: the
 * file of foreign-pin-source cannot be used. Else the code of LOGIN.
 */
MUST_USE CK_RV foreign_pin_try(
	struct foreign_pin *pin, CK_RV (*login)(void *arg, struct bytes text), void *arg);

#endif
