/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.c: the one function that keydiv-store-postgresql.so exports, and the functions of the
 * module that the shared object calls through struct store_services. Programs that link the backend
 * statically, such as tests, do not link this file.
 */
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/digest.h"
#include "key/random.h"
#include "store/postgresql/postgresql_backend.h"
#include "store/postgresql/postgresql_store.h"
#include "store/services.h"

static const struct store_services *services;

/* --- Functions of the module, under their own names --- */

bool log_enabled(enum log_level level)
{
	return services->log_enabled(level);
}

void log_write(enum log_level level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	services->log_text(level, text);
}

void error_note(const char *file, int line, const char *reason, CK_RV rv)
{
	services->error_note(file, line, reason, rv);
}

const char *rv_name(CK_RV rv)
{
	return services->rv_name(rv);
}

CK_RV random_bytes(uint8_t *out, size_t n)
{
	return services->random_bytes(out, n);
}

/* The checksums of columns.c are SHA-256. */
CK_RV digest_once(
	enum digest_kind kind, const uint8_t *in, size_t n, uint8_t ret_digest[DIGEST_MAX])
{
	ENSURE(kind == DIGEST_SHA256, CKR_GENERAL_ERROR);
	return services->sha256(in, n, ret_digest);
}

/* As in record.c, which needs libcrypto. */
void record_free(struct record *record)
{
	free(record->owned);
	*record = (struct record){0};
}

/* --- The exported function --- */

/* A password in the configuration would be in backups and in the listings of `keydiv info`. */
static const char *refusal(const char *conninfo)
{
	PQconninfoOption *all = PQconninfoParse(conninfo, NULL);
	const char *why = all == NULL ? "libpq does not understand the connection string" : NULL;

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && strstr(o->keyword, "password") != NULL)
			why = "the connection string has a password; libpq reads it from a "
			      "pass file";
	PQconninfoFree(all);
	return why;
}

__attribute__((visibility("default"))) const struct store_backend *keydiv_store_backend(
	const struct store_services *given);

const struct store_backend *keydiv_store_backend(const struct store_services *given)
{
	if (strcmp(given->version, KEYDIV_VERSION) != 0)
		return NULL;
	services = given;
	const char *why = refusal(given->conninfo);
	if (why == NULL && strlen(given->conninfo) >= sizeof postgresql_settings.conninfo)
		why = "the connection string is too long";
	if (why != NULL) {
		log_error("store: %s", why);
		return NULL;
	}
	memcpy(postgresql_settings.conninfo, given->conninfo, strlen(given->conninfo) + 1);
	postgresql_settings.lease_ms = given->lease_ms;
	return &postgresql_backend;
}
