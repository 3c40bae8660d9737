/* SPDX-License-Identifier: Apache-2.0 */
/* device.c: reads, writes and prints the record of one device. */
#include "tool/commands/device.h"

#include <string.h>

#include "base/bytes.h"
#include "tool/output.h"
#include "tool/report.h"

bool device_hex;

const struct option_spec device_options[] = {
	DEVICE_OPTION,
	OPTIONS_END,
};

static bool read_serial(const char *text, struct device *ret)
{
	size_t n = strlen(text);

	ret->text = text;
	ret->n = device_hex ? n / 2 : n;
	if (ret->n < 1 || ret->n > SERIAL_MAX)
		return fail("a serial has 1 to %d bytes, not %zu", SERIAL_MAX, ret->n);
	if (!device_hex)
		memcpy(ret->serial, text, n);
	else if (n % 2 || !hex_decode(text, (unsigned char *)ret->serial, ret->n))
		return fail("the serial '%s' is not hexadecimal, as --hex says", text);
	return true;
}

bool device_read(struct client *client, const char *text, struct device *ret)
{
	if (!read_serial(text, ret))
		return false;
	CK_RV rv =
		device_record_read(client->f, client->session, ret->serial, ret->n, &ret->record);
	if (rv == CKR_DATA_INVALID)
		return fail("the token has a data object '%s' of keydiv that is no device record, "
			    "or two of them: remove it with another PKCS#11 tool",
			text);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot read the record of '%s'", text);
}

bool device_write(struct client *client, const struct device *device)
{
	CK_RV rv = device_record_write(
		client->f, client->session, device->serial, device->n, &device->record);

	return rv == CKR_OK ? true : fail_rv(rv, "cannot write the record of '%s'", device->text);
}

void device_print(const struct device *device)
{
	const struct device_record *record = &device->record;
	struct json_object *o = json_object_new_object();

	add_text(o, "serial", device->text);
	add_hex(o, "salt", record->salt[0].p, record->salt[0].n);
	if (record->count > 1)
		add_hex(o, "previous_salt", record->salt[1].p, record->salt[1].n);
	add_flag(o, "previous_key_kept", record->count > 1);
	show(o);
}
