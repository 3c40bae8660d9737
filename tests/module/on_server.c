/* SPDX-License-Identifier: Apache-2.0 */
/* on_server.c: see on_server.h. */
#include "on_server.h"

#include "harness.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FILES "the test is about the files of a token directory"
#define CLIENTS "the store refuses Optimal-DUKPT clients in the token, whose states are in files"
#define OWN_SERVER "the test names a server of its own"

static const struct {
	const char *program, *test, *reason; /* test NULL: every test of the program */
} exceptions[] = {
	{"test_module_client_files", NULL, CLIENTS},
	{"test_module_configuration", "a_store_on_a_server", OWN_SERVER},
	{"test_module_formats", NULL, FILES},
	{"test_module_odukpt", "a_token_client", CLIENTS},
	{"test_module_odukpt", "states_do_not_get_out", CLIENTS},
	{"test_module_odukpt", "a_restart_goes_on_where_it_was", CLIENTS},
	{"test_module_odukpt_reserve", NULL, CLIENTS},
	{"test_module_odukpt_state", NULL, CLIENTS},
	{"test_module_store_attacks", NULL, FILES},
	{"test_module_store_files", NULL, FILES},
	{"test_module_store_full", NULL, FILES},
	{"test_module_tries_attacks", NULL, FILES},
	{"test_module_window", "a_lost_file", FILES},
	{"test_module_window", "a_request_for_a_lost_file", FILES},
};

static int program; /* whose database this is; the tests are its children */

bool on_server(void)
{
	return getenv("KEYDIV_TEST_SERVER") != NULL;
}

bool applies_on_server(const char *name)
{
	for (size_t i = 0; on_server() && i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (strcmp(exceptions[i].program, program_invocation_short_name) == 0 &&
			(exceptions[i].test == NULL || strcmp(exceptions[i].test, name) == 0))
			return false;
	return true;
}

const char *server_line(void)
{
	static char line[128];

	snprintf(line, sizeof line, "store = postgresql:service=%s dbname=test%d\n",
		getenv("KEYDIV_TEST_SERVER"), program);
	return line;
}

/* Check's own macros work inside a test only, and some of what follows runs outside. */
static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "on_server.c: %.200s\n", what);
	abort();
}

static int connect_keeper(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", getenv("KEYDIV_PG"));
	must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
		"the keeper of the servers cannot be reached");
	return fd;
}

/* Send a command to the keeper of the servers, and wait for its answer. */
__attribute__((format(printf, 1, 2))) static void command(const char *format, ...)
{
	char text[2048], answer[2048] = "";
	size_t used = 0;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text - 1, format, args);
	va_end(args);
	must(n > 0 && (size_t)n < sizeof text - 1, "a command is too long");
	text[n] = '\n';
	int fd = connect_keeper();
	must(write(fd, text, (size_t)n + 1) == n + 1, "a command cannot be sent");
	while (strchr(answer, '\n') == NULL && used < sizeof answer - 1) {
		ssize_t got = read(fd, answer + used, sizeof answer - 1 - used);
		must(got > 0, "the keeper has ended");
		used += (size_t)got;
	}
	close(fd);
	must(strncmp(answer, "ok", 2) == 0, answer);
}

#define TABLES(x) x("slot") x("token") x("object") x("tries") x("pin_turn") x("mark")
#define CLEAR(table) "DELETE FROM keydiv." table "; "
#define SAVE(table) "CREATE TABLE saved." table " AS TABLE keydiv." table "; "
#define RESTORE(table) "INSERT INTO keydiv." table " SELECT * FROM saved." table "; "

void server_begin(void)
{
	program = (int)getpid();
	command("database %s test%d", getenv("KEYDIV_TEST_SERVER"), program);
	command("load %s test%d %s", getenv("KEYDIV_TEST_SERVER"), program,
		getenv("KEYDIV_TEST_SCHEMA"));
}

void server_end(void)
{
	command("drop %s test%d", getenv("KEYDIV_TEST_SERVER"), program);
}

static void sql(const char *text)
{
	command("query %s test%d %s", getenv("KEYDIV_TEST_SERVER"), program, text);
}

void server_save(void)
{
	sql("CREATE SCHEMA saved; " TABLES(SAVE));
}

void server_clear(void)
{
	sql(TABLES(CLEAR) CLEAR("host"));
}

void server_restore(void)
{
	sql(TABLES(CLEAR) CLEAR("host") TABLES(RESTORE));
}
