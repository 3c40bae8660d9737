/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest.c: keydiv selftest, which makes the module test every mechanism and shows the results.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/find.h"
#include "tool/token/names.h"

#define MECHANISMS_MAX 256

struct tally {
	CK_ULONG failed, not_run;
};

/*
 * Test the mechanism TYPE, whose object is OBJECT. Reading the attributes runs the test. A failed
 * test stops the module, which then refuses further questions.
 */
static struct json_object *test(
	struct client *client, CK_OBJECT_HANDLE object, CK_MECHANISM_TYPE type, struct tally *tally)
{
	struct json_object *o = json_object_new_object();
	char name[NAME_TEXT_MAX], time[24] = "";
	CK_ULONG result = CKR_DEVICE_ERROR, nanoseconds = 0;
	CK_ATTRIBUTE asked[] = {
		{CKA_KEYDIV_SELFTEST, &result, sizeof result},
		{CKA_KEYDIV_SELFTEST_TIME, &nanoseconds, sizeof nanoseconds},
	};

	bool run = client->f->C_GetAttributeValue(client->session, object, asked, 2) == CKR_OK;
	tally->not_run += !run;
	tally->failed += run && result != CKR_OK;
	mechanism_name(type, name);
	add_text(o, "mechanism", name);
	add_text(o, "result", !run ? "not run" : result == CKR_OK ? "pass" : "FAIL");
	if (settings.json) {
		add_number(o, "nanoseconds", nanoseconds);
	} else {
		if (run)
			snprintf(time, sizeof time, "%.1f us", (double)nanoseconds / 1000);
		add_text(o, "time", time);
	}
	return o;
}

static bool all_passed(const struct tally *tally, CK_ULONG count)
{
	if (tally->failed == 0 && tally->not_run == 0)
		return true;
	if (tally->not_run == 0)
		return fail("%lu of %lu mechanisms failed: do not use this module on this machine",
			tally->failed, count);
	return fail("%lu of %lu mechanisms failed and %lu were not run, since the module stops at "
		    "a failure: do not use it "
		    "on this machine",
		tally->failed, count, tally->not_run);
}

/* Open a session with any token, because all tokens have the same mechanisms. */
static bool open_any(struct client *client)
{
	CK_SLOT_ID *slots;
	CK_ULONG count;
	CK_RV rv = CKR_TOKEN_NOT_PRESENT;

	if (!client_load(client) || !client_slots(client, &slots, &count))
		return false;
	for (CK_ULONG i = 0; rv != CKR_OK && i < count; i++)
		rv = client->f->C_OpenSession(
			slots[i], CKF_SERIAL_SESSION, NULL, NULL, &client->session);
	free(slots);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot open a session with any token");
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
	CK_MECHANISM_TYPE types[MECHANISMS_MAX];
	CK_ULONG count;
	struct template t = {0};
	struct tally tally = {0};

	(void)operand_count, (void)operands;
	if (!open_any(&client))
		return false;
	template_number(&t, CKA_CLASS, CKO_MECHANISM);
	CK_RV rv = find_objects(client.f, client.session, &t, objects, MECHANISMS_MAX, &count);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot find the module's self-tests");
	if (count == 0)
		return fail("this module has no self-tests to show: they are keydiv's own");
	/* Read all names first, because the module answers no question after a failure. */
	for (CK_ULONG i = 0; i < count; i++)
		types[i] = attribute_number(client.f, client.session, objects[i],
			CKA_MECHANISM_TYPE, CK_UNAVAILABLE_INFORMATION);
	if (!attributes_were_read())
		return false;
	struct json_object *rows = json_object_new_array();
	for (CK_ULONG i = 0; i < count; i++)
		json_object_array_add(rows, test(&client, objects[i], types[i], &tally));
	show_table(rows, columns);
	return all_passed(&tally, count);
}

const struct command cmd_selftest = {
	.name = "selftest",
	.arguments = "",
	.summary = "Have the module compute the known answers of every mechanism, and show results "
		   "and times",
	.sets = SET_MODULE | SET_JSON,
	.run = run,
};
