/* SPDX-License-Identifier: Apache-2.0 */
/* device.h: the record of one device, as the `device` commands read, write and print it. */
#ifndef KEYDIV_TOOL_DEVICE_H
#define KEYDIV_TOOL_DEVICE_H

#include "tool/options.h"
#include "tool/token/client.h"
#include "tool/token/derivation.h"
#include "tool/token/device_record.h"

struct device {
	const char *text; /* the serial as the operand gives it */
	size_t n;
	char serial[SERIAL_MAX];
	struct device_record record;
};

/* The value of --hex: the operand is a serial in hexadecimal. */
extern bool device_hex;

#define DEVICE_OPTION FLAG_OPTION("hex", &device_hex, "the serial is in hexadecimal")

/* The option table of a command that has no other options. */
extern const struct option_spec device_options[];

/*
 * Read the record of the device whose serial is TEXT, which must live as long as RET. A device
 * without a record has one empty SALT. False after a report.
 */
MUST_USE bool device_read(struct client *client, const char *text, struct device *ret);

/* Store the record of DEVICE. False after a report. */
MUST_USE bool device_write(struct client *client, const struct device *device);

/* Print the SALTs of DEVICE. */
void device_print(const struct device *device);

#endif
