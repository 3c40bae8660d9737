/* SPDX-License-Identifier: Apache-2.0 */
/* device.h: the record of one device, as the `device` commands read, write and print it. */
#ifndef KEYDIV_TOOL_DEVICE_H
#define KEYDIV_TOOL_DEVICE_H

#include "tool/token/client.h"
#include "tool/token/device_record.h"

/*
 * Read the record of the device SERIAL. A device without a record has one empty SALT. False
 * after a report.
 */
MUST_USE bool device_read(struct client *client, const char *serial, struct device_record *ret);

/* Store RECORD as the record of the device SERIAL. False: reported. */
MUST_USE bool device_write(
	struct client *client, const char *serial, const struct device_record *record);

/* Print the SALTs of RECORD. */
void device_print(const char *serial, const struct device_record *record);

#endif
