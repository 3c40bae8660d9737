/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h: the configuration of the client, client.conf(5). */
#ifndef KEYDIV_CLIENT_SETTINGS_H
#define KEYDIV_CLIENT_SETTINGS_H

#include "address.h"
#include "base/config_file.h"
#include "base/log.h"

struct settings {
	char path[PATH_MAX];          /* the file that was read; empty if there is none */
	struct address server;        /* server */
	unsigned timeout;             /* timeout: seconds that a call may take, default 30 */
	char log_file[PATH_MAX];      /* log-file: empty means no log */
	enum log_level log_level;     /* log-level: default warning */
	char error[CONFIG_ERROR_MAX]; /* after a failure: what is wrong, and where */
};

/*
 * Read client.conf into RET as config_file.h says; KEYDIV_CLIENT_CONF names another file. Without
 * the line "server", P11_KIT_SERVER_ADDRESS of the environment is the server, which is never a
 * command and is ignored in a set-user-ID program.
 *
 * CKR_FUNCTION_FAILED: RET->error says what is wrong. No server is configured, or the file is
 * refused. The right lines of the file are in RET even then. CKR_HOST_MEMORY, with RET->error.
 */
MUST_USE CK_RV settings_read(struct settings *ret);

#endif
