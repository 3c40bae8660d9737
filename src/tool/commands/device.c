/* SPDX-License-Identifier: Apache-2.0 */
/* device.c: reads, writes and prints the record of one device. */
#include "tool/commands/device.h"

#include <string.h>

#include "tool/output.h"
#include "tool/report.h"

bool device_read(struct client *client, const char *serial, struct device_record *ret)
{
	size_t n = strlen(serial);

	if (n < 1 || n > 128)
		return fail("a serial has 1 to 128 bytes");
	CK_RV rv = device_record_read(client->f, client->session, serial, n, ret);
	if (rv == CKR_DATA_INVALID)
		return fail("the token has a data object '%s' of keydiv that is no device record, "
			    "or two of them: "
			    "remove it with "
			    "another PKCS#11 tool",
			serial);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot read the record of '%s'", serial);
}

bool device_write(struct client *client, const char *serial, const struct device_record *record)
{
	CK_RV rv = device_record_write(client->f, client->session, serial, strlen(serial), record);

	return rv == CKR_OK ? true : fail_rv(rv, "cannot write the record of '%s'", serial);
}

void device_print(const char *serial, const struct device_record *record)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "serial", serial);
	add_hex(o, "salt", record->salt[0].p, record->salt[0].n);
	if (record->count > 1)
		add_hex(o, "previous_salt", record->salt[1].p, record->salt[1].n);
	add_flag(o, "previous_key_kept", record->count > 1);
	show(o);
}
