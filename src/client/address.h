/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: the place of a server, as written in the configuration. */
#ifndef KEYDIV_CLIENT_ADDRESS_H
#define KEYDIV_CLIENT_ADDRESS_H

#include <limits.h>
#include <stdbool.h>

enum address_kind { ADDRESS_NONE, ADDRESS_UNIX, ADDRESS_VSOCK, ADDRESS_COMMAND };

struct address {
	enum address_kind kind;
	char text[PATH_MAX]; /* path of a socket, or a command for sh */
	unsigned cid, port;  /* vsock */
};

/*
 * Read TEXT into RET. TEXT is one of:
 * - unix:path=PATH, where PATH is absolute and %XX is a byte in hexadecimal;
 * - vsock:cid=NUMBER;port=NUMBER, where the cid may be missing and is then the host (2);
 * - |COMMAND, if ALLOW_COMMAND. The command speaks the protocol on its standard input and output.
 *
 * Return NULL, or leave RET unchanged and return the reason why TEXT is refused. The reason
 * continues a sentence that begins with the name of the setting.
 */
const char *address_parse(const char *text, bool allow_command, struct address *ret);

#endif
