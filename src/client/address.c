/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: see address.h. */
#include "address.h"

#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include "base/bytes.h"

#define HOST_CID 2 /* VMADDR_CID_HOST */

/* Write TEXT to RET with every %XX replaced by its byte. Return false if TEXT is malformed. */
static bool decode(const char *text, char *ret, size_t room)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		uint8_t byte = (uint8_t)*text;

		if (*text == '%') {
			const char digits[3] = {text[1], text[1] ? text[2] : '\0', '\0'};

			if (!hex_decode(digits, &byte, 1))
				return false;
			text += 2;
		}
		if (byte == '\0' || n + 1 >= room)
			return false;
		ret[n++] = (char)byte;
	}
	ret[n] = '\0';
	return true;
}

static const char *parse_unix(const char *text, struct address *ret)
{
	struct address a = {.kind = ADDRESS_UNIX};

	if (!decode(text, a.text, sizeof((struct sockaddr_un *)NULL)->sun_path))
		return "must have a path of at most 107 bytes, with %XX for special characters";
	if (a.text[0] != '/')
		return "must have an absolute path";
	*ret = a;
	return NULL;
}

/* Read a number at *TEXT up to the end or ';', and move *TEXT behind the number. */
static bool number(const char **text, unsigned *ret)
{
	uint64_t value = 0;
	size_t digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > 10)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)((*text)[i] - '0');
	if (value > UINT32_MAX)
		return false;
	*ret = (unsigned)value;
	*text += digits;
	return true;
}

static const char *parse_vsock(const char *text, struct address *ret)
{
	static const char form[] = "must have the form vsock:cid=NUMBER;port=NUMBER";
	struct address a = {.kind = ADDRESS_VSOCK, .cid = HOST_CID};
	bool has_port = false;

	while (*text != '\0') {
		bool port = strncmp(text, "port=", 5) == 0;

		if (!port && strncmp(text, "cid=", 4) != 0)
			return form;
		text += port ? 5 : 4;
		if (!number(&text, port ? &a.port : &a.cid) || (*text != ';' && *text != '\0'))
			return form;
		has_port = has_port || port;
		if (*text == ';')
			text++;
	}
	if (!has_port)
		return form;
	*ret = a;
	return NULL;
}

static const char *parse_command(const char *text, struct address *ret)
{
	struct address a = {.kind = ADDRESS_COMMAND};
	size_t n = strlen(text);

	if (text[strspn(text, " \t")] == '\0')
		return "must have a command behind |";
	if (n >= sizeof a.text)
		return "must have a shorter command";
	memcpy(a.text, text, n + 1);
	*ret = a;
	return NULL;
}

const char *address_parse(const char *text, bool allow_command, struct address *ret)
{
	if (strncmp(text, "unix:path=", 10) == 0)
		return parse_unix(text + 10, ret);
	if (strncmp(text, "vsock:", 6) == 0)
		return parse_vsock(text + 6, ret);
	if (text[0] == '|')
		return allow_command ? parse_command(text + 1, ret)
				     : "must not be a command in the environment";
	return allow_command ? "must begin with unix:path=, vsock: or |"
			     : "must begin with unix:path= or vsock:";
}
