/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: see store.h. */
#include "tool/commands/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tool/report.h"

void store_answer_line(void *arg, const char *name, const char *text)
{
	struct store_answer *answer = arg;

	if (strcmp(name, "error") == 0)
		snprintf(answer->reason, sizeof answer->reason, ": %s", text);
	else if (strcmp(name, "warning") == 0)
		note("%s", text);
	else if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0')
		add_number(answer->o, name, strtoull(text, NULL, 10));
	else
		add_text(answer->o, name, text);
}

bool store_load(struct client *client, const struct store_interface **ret)
{
	if (!client_load(client))
		return false;
	*ret = store_module(client);
	if (*ret == NULL)
		return fail("the module is not keydiv's own: --module gives the path of "
			    "keydiv-pkcs11.so");
	return true;
}

bool store_show(struct store_answer *answer, CK_RV rv, const char *failure)
{
	if (rv == CKR_OK) {
		show(answer->o);
		return true;
	}
	json_object_put(answer->o);
	if (answer->reason[0] != '\0')
		return fail("%s%s (%s)", failure, answer->reason, rv_name(rv));
	return fail_rv(rv, "%s", failure);
}
