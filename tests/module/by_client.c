/* SPDX-License-Identifier: Apache-2.0 */
/* by_client.c: see by_client.h. */
#include "harness.h"
#include "on_server.h"

#include <errno.h>

#define KEYS "the client holds no key, so no key is found in its memory"
#define POINTERS "the test is about pointers that the client turns into fields"
#define OTHER_KEY "a flat form names no other key and asks for no further keys"
#define OLD_SERVER                                                                                 \
	"a server of p11-kit 0.24 gets whole messages, and key and fields with the first of them"
#define OWN_FILE "the test reads what the module says to its own process about keydiv.conf"
#define OWN_FORK "a fork of the test's process meets no call in the server's process"
#define OWN_LIMIT "the limit of the test's process is no limit of the server"

static const struct {
	const char *program, *test, *reason; /* test NULL: every test of the program */
} exceptions[] = {
	{"test_module_configuration", "a_wrong_line", OWN_FILE},
	{"test_module_configuration", "the_log_on_standard_error", OWN_FILE},
	{"test_module_configuration", "lock_memory", OWN_LIMIT},
	{"test_module_fork_threads", NULL, OWN_FORK},
	{"test_module_log", "a_wrong_line_is_told", OWN_FILE},
	{"test_module_login_scrypt", "failing_memory_costs_no_try", OWN_LIMIT},
	{"test_module_store_full", NULL, OWN_LIMIT},
	{"test_module_memory", "a_destroyed_session_key_is_gone", KEYS},
	{"test_module_memory", "nothing_in_a_forked_child", KEYS},
	{"test_module_memory", "pages_with_keys_are_not_dumped", KEYS},
	{"test_module_odukpt_state", "used_registers_are_gone_from_memory", KEYS},
	{"test_module_other_keys", NULL, OTHER_KEY},
	{"test_module_schemes", "several_keys", OTHER_KEY},
	{"test_module_schemes", "hkdf_keys_and_data", OTHER_KEY},
	{"test_module_flat", "messages_agree", OLD_SERVER},
	{"test_module_flat", "fields_of_messages", OLD_SERVER},
	{"test_module_flat", "permission", OLD_SERVER},
	{"test_module_use_message", "inits_that_are_refused", OLD_SERVER},
	{"test_module_flat_mode", NULL, POINTERS},
	{"test_module_flat_pointers", NULL, POINTERS},
	{"test_module_flat_template", "no_array_is_read", POINTERS},
	{"test_module_flat_template", "no_array_is_written", POINTERS},
};

bool applies(const char *name)
{
	for (size_t i = 0; behind_server() && i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (strcmp(exceptions[i].program, program_invocation_short_name) == 0 &&
			(exceptions[i].test == NULL || strcmp(exceptions[i].test, name) == 0))
			return false;
	return applies_on_server(name);
}
