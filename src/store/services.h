/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.h: what a backend in a shared object of its own gets from the module. The shared object
 * has no log and no libcrypto of its own. It exports one function, STORE_SYMBOL.
 */
#ifndef KEYDIV_STORE_SERVICES_H
#define KEYDIV_STORE_SERVICES_H

#include "base/log.h"
#include "store/backend.h"

#define STORE_SYMBOL "keydiv_store_backend"

struct store_services {
	const char *version; /* of the module: KEYDIV_VERSION */
	const char *conninfo;
	unsigned lease_ms;
	bool (*log_enabled)(enum log_level level);
	void (*log_text)(enum log_level level, const char *text);
	void (*error_note)(const char *file, int line, const char *reason, CK_RV rv);
	const char *(*rv_name)(CK_RV rv);
	CK_RV (*random_bytes)(uint8_t *out, size_t n);
	CK_RV (*sha256)(const uint8_t *in, size_t n, uint8_t *ret_digest);
};

/*
 * The function of the shared object. SERVICES and its functions must stay valid; its texts are
 * copied. NULL, logged if the log is there, for another version or a conninfo that is not accepted.
 */
typedef const struct store_backend *store_backend_function(const struct store_services *services);

#endif
