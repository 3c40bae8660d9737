/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_selftest.c: keydiv selftest: has the module test every mechanism, and shows the results. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "commands.h"
#include "find.h"
#include "keydiv.h"
#include "names.h"
#include "output.h"
#include "report.h"

#define MECHANISMS_MAX 256

/* Test one mechanism: reading the attribute runs the test. */
static struct json_object *test(struct client *client, CK_OBJECT_HANDLE object, bool *ok)
{
	struct json_object *o = json_object_new_object();
	char name[NAME_TEXT_MAX], time[24] = "";

	CK_MECHANISM_TYPE type =
		attribute_number(client->f, client->session, object, CKA_MECHANISM_TYPE, CK_UNAVAILABLE_INFORMATION);
	mechanism_name(type, name);
	add_text(o, "mechanism", name);
	CK_ULONG result = attribute_number(client->f, client->session, object, CKA_KEYDIV_SELFTEST, CKR_DEVICE_ERROR);
	CK_ULONG nanoseconds = attribute_number(client->f, client->session, object, CKA_KEYDIV_SELFTEST_TIME, 0);
	add_text(o, "result", result == CKR_OK ? "pass" : "FAIL");
	if (settings.json) {
		add_number(o, "nanoseconds", nanoseconds);
	} else {
		snprintf(time, sizeof time, "%.1f us", (double)nanoseconds / 1000);
		add_text(o, "time", time);
	}
	*ok = result == CKR_OK;
	return o;
}

/* A session with any token: mechanisms are the same in all of them. */
static bool open_any(struct client *client)
{
	CK_SLOT_ID *slots;
	CK_ULONG count;
	CK_RV rv = CKR_TOKEN_NOT_PRESENT;

	if (!client_load(client) || !client_slots(client, &slots, &count))
		return false;
	for (CK_ULONG i = 0; rv != CKR_OK && i < count; i++)
		rv = client->f->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &client->session);
	free(slots);
	return rv == CKR_OK ? true : fail_rv(rv, "there is no token whose mechanisms can be asked for");
}

static bool run(int operand_count, char **operands)
{
	static const struct column columns[] = {
		{"mechanism", "mechanism", false},
		{"result", "result", false},
		{"time", "time", true},
		{0},
	};
	CLIENT client = {0};
	CK_OBJECT_HANDLE objects[MECHANISMS_MAX];
	CK_ULONG count;
	struct template t = {0};
	size_t failed = 0;
	bool ok;

	(void)operand_count, (void)operands;
	if (!open_any(&client))
		return false;
	template_number(&t, CKA_CLASS, CKO_MECHANISM);
	CK_RV rv = find_objects(client.f, client.session, &t, objects, MECHANISMS_MAX, &count);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot find the module's self-tests");
	if (count == 0)
		return fail("this module has no self-tests to show: they are keydiv's own");
	struct json_object *rows = json_object_new_array();
	for (CK_ULONG i = 0; i < count; i++) {
		json_object_array_add(rows, test(&client, objects[i], &ok));
		failed += !ok;
	}
	show_table(rows, columns);
	return failed == 0
		       ? true
		       : fail("%zu of %lu mechanisms failed: do not use this module on this machine", failed, count);
}

const struct command cmd_selftest = {
	.name = "selftest",
	.arguments = "",
	.summary = "Have the module compute the known answers of every mechanism, and show results and times",
	.sets = SET_MODULE | SET_JSON,
	.run = run,
};
