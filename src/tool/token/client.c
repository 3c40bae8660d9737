/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: load the module through p11-kit, find the token, open sessions and log in. */
#include "tool/token/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/p11_kit.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/token/names.h"
#include "tool/token/uri.h"

/*
 * Return the path in the pin-source of a URI. The source may be a file (RFC 7512, 2.4, "file:" or a
 * path), and never a program.
 */
static const char *pin_source_path(const char *source)
{
	if (strncmp(source, "file:", 5) == 0)
		source += 5;
	if (strncmp(source, "//", 2) == 0)
		source = strchr(source + 2, '/');
	return source && source[0] == '/' ? source : NULL;
}

/* Keep the text of a URI that is freed before the program ends. There is one text of each kind. */
static bool keep(const char *text, const char **ret)
{
	*ret = strdup(text);
	return *ret ? true : fail("out of memory");
}

/* Use the module and the PIN source of URI where no option names them. */
static bool take_query(P11KitUri *uri)
{
	const char *module = p11_kit_uri_get_module_path(uri),
		   *source = p11_kit_uri_get_pin_source(uri);

	if (module && !strchr(module, '/'))
		return fail("module-path '%s' is no path: a path has a slash in it", module);
	if (!module)
		module = p11_kit_uri_get_module_name(uri);
	if (module && !settings.module && !keep(module, &settings.module))
		return false;
	if (!source || settings.pin_file || settings.pin_fd >= 0)
		return true;
	if (!pin_source_path(source))
		return fail(
			"pin-source '%s' is no file: give file:/PATH, or --pin-file or --pin-fd",
			source);
	return keep(pin_source_path(source), &settings.pin_file);
}

void padded_text(const unsigned char *field, size_t n, char *ret)
{
	while (n > 0 && field[n - 1] == ' ')
		n--;
	memcpy(ret, field, n);
	ret[n] = '\0';
}

/* --- the module --- */

static bool load(struct client *client, const char *module)
{
	if (strchr(module, '/')) {
		/* p11-kit would look for a relative path in a directory of its own. */
		char *path = realpath(module, NULL);
		if (!path)
			return fail("cannot load '%s': %s; --module gives the path of the module",
				module, strerror(errno));
		client->f = p11_kit_module_load(path, 0);
		free(path);
		if (!client->f)
			return fail("cannot load '%s': %s", module,
				p11_kit_message() ? p11_kit_message() : "is it a module?");
		return true;
	}
	client->modules = p11_kit_modules_load(NULL, 0);
	if (client->modules)
		client->f = p11_kit_module_for_name(client->modules, module);
	if (!client->f)
		return fail("p11-kit knows no module '%s': see 'p11-kit list-modules', or give the "
			    "path of one",
			module);
	return true;
}

static void unload(struct client *client)
{
	if (client->modules)
		p11_kit_modules_release(client->modules);
	else if (client->f)
		p11_kit_module_release(client->f);
	client->f = NULL;
	client->modules = NULL;
}

bool client_load(struct client *client)
{
	const char *module = settings.module ? settings.module : KEYDIV_MODULE;

	p11_kit_be_quiet();
	if (!load(client, module)) {
		unload(client);
		return false;
	}
	CK_RV rv = p11_kit_module_initialize(client->f);
	if (rv != CKR_OK) {
		unload(client);
		if (rv != CKR_FUNCTION_FAILED)
			return fail_rv(rv, "cannot start '%s'", module);
		return fail("cannot start '%s': see the message before this one, 'keydiv config "
			    "check', or the log (CKR_FUNCTION_FAILED)",
			module);
	}
	return true;
}

void client_close(struct client *client)
{
	if (!client->f)
		return;
	if (client->session)
		(void)client->f->C_CloseSession(client->session);
	(void)p11_kit_module_finalize(client->f);
	unload(client);
}

/* --- the token --- */

bool client_slots(struct client *client, CK_SLOT_ID **ret, CK_ULONG *ret_count)
{
	CK_ULONG count = 0;
	CK_RV rv = client->f->C_GetSlotList(CK_TRUE, NULL, &count);

	CK_SLOT_ID *slots = calloc(count + 1, sizeof *slots);
	if (rv == CKR_OK && slots)
		rv = client->f->C_GetSlotList(CK_TRUE, slots, &count);
	if (rv != CKR_OK || !slots) {
		free(slots);
		return fail_rv(slots ? rv : CKR_HOST_MEMORY, "cannot list the slots");
	}
	*ret = slots;
	*ret_count = count;
	return true;
}

/* The token that the options ask for. */
struct token_request {
	P11KitUri *uri;
	const char *label;
	bool initialised;
};

static bool matches(
	const struct token_request *request, CK_SLOT_ID slot, const CK_TOKEN_INFO *token)
{
	char label[33];
	bool initialised = token->flags & CKF_TOKEN_INITIALIZED;

	if (settings.slot >= 0)
		return (CK_SLOT_ID)settings.slot == slot;
	if (initialised != request->initialised)
		return false;
	padded_text(token->label, sizeof token->label, label);
	if (request->uri) {
		CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(request->uri);
		return p11_kit_uri_match_token_info(request->uri, token) &&
		       (wanted == (CK_SLOT_ID)-1 || wanted == slot);
	}
	return !request->label || strcmp(request->label, label) == 0;
}

static bool choose(struct client *client, const struct token_request *request)
{
	CK_SLOT_ID *slots, bad_slot = 0;
	CK_ULONG count, found = 0;
	CK_RV bad = CKR_OK;

	if (!client_slots(client, &slots, &count))
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO token;
		CK_RV rv = client->f->C_GetTokenInfo(slots[i], &token);
		if (rv != CKR_OK && (settings.slot < 0 || (CK_SLOT_ID)settings.slot == slots[i])) {
			bad = rv;
			bad_slot = slots[i];
		}
		if (rv != CKR_OK || !matches(request, slots[i], &token))
			continue;
		if (found++ == 0) {
			client->slot = slots[i];
			client->token = token;
		}
	}
	free(slots);
	if (found == 1)
		return true;
	if (found > 1 && !request->initialised) /* any empty slot will do */
		return true;
	if (found > 1)
		return fail("several tokens fit: say which with --token or --slot; 'keydiv info' "
			    "lists them");
	if (bad != CKR_OK) /* the slot may be the right one */
		return fail_rv(bad, "cannot read the token in slot %lu", bad_slot);
	if (settings.slot >= 0)
		return fail("there is no slot %lld: 'keydiv info' lists them", settings.slot);
	if (!request->initialised)
		return fail("every token is initialised already: name one with --slot and --erase, "
			    "or raise slots in "
			    "keydiv.conf");
	return fail("there is no %stoken: make one with 'keydiv init', or see 'keydiv info'",
		request->label || request->uri ? "such " : "");
}

static bool find(struct client *client, bool initialised)
{
	struct token_request request = {.initialised = initialised};

	if (settings.token && settings.slot >= 0)
		return fail("--token and --slot are both given: give one");
	if (settings.token && !is_uri(settings.token))
		request.label = settings.token;
	else if (settings.token && !uri_read(settings.token, &request.uri))
		return false;
	bool ok = (!request.uri || take_query(request.uri)) && client_load(client) &&
		  choose(client, &request);
	p11_kit_uri_free(request.uri);
	return ok;
}

bool client_find_token(struct client *client)
{
	return find(client, true);
}

bool client_find_slot(struct client *client)
{
	return find(client, settings.token != NULL);
}

bool client_open_session(struct client *client, bool write, CK_SESSION_HANDLE *ret)
{
	CK_RV rv = client->f->C_OpenSession(
		client->slot, CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0), NULL, NULL, ret);

	return rv == CKR_OK ? true : fail_rv(rv, "cannot open a session");
}

bool client_login(struct client *client, bool write)
{
	struct secret_text *pin;

	if (!client_find_token(client) || !client_open_session(client, write, &client->session))
		return false;
	if (!(client->token.flags & CKF_USER_PIN_INITIALIZED))
		return fail_rv(CKR_USER_PIN_NOT_INITIALIZED, "cannot log in");
	if (!pin_get(PIN_USER, false, &pin))
		return false;
	CK_RV rv = client->f->C_Login(client->session, CKU_USER, pin->text, pin->length);
	explicit_bzero(pin, sizeof *pin);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot log in");
}

/* Use what KEY says of token, module and PIN if it is a PKCS#11 URI. False: reported. */
static bool take_key(const char *key)
{
	P11KitUri *uri = NULL;

	if (!key || !is_uri(key))
		return true;
	if (!uri_read(key, &uri))
		return false;
	bool ok = take_query(uri);
	p11_kit_uri_free(uri);
	if (!settings.token && settings.slot < 0)
		settings.token = key;
	return ok;
}

bool client_login_for(struct client *client, const char *key, bool write)
{
	return take_key(key) && client_login(client, write);
}

bool client_login_as(struct client *client, CK_USER_TYPE user, struct secret_text **ret_pin)
{
	if (!client_find_token(client) || !client_open_session(client, true, &client->session) ||
		!pin_get(user == CKU_SO ? PIN_SO : PIN_USER, false, ret_pin))
		return false;
	CK_RV rv = client->f->C_Login(client->session, user, (*ret_pin)->text, (*ret_pin)->length);
	if (rv == CKR_OK)
		return true;
	return user == CKU_SO ? fail_so(rv, "cannot log in as security officer")
			      : fail_rv(rv, "cannot log in");
}

bool module_offers(CK_FUNCTION_LIST *f, CK_SLOT_ID slot, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info;

	return f->C_GetMechanismInfo(slot, type, &info) == CKR_OK;
}

bool client_hides(const struct client *client, CK_MECHANISM_TYPE type, struct problem *problem)
{
	char model[sizeof client->token.model + 1], name[NAME_TEXT_MAX];
	CK_MECHANISM_INFO info;

	padded_text(client->token.model, sizeof client->token.model, model);
	if (strcmp(model, "keydiv") != 0 || !(type & CKM_VENDOR_DEFINED) ||
		client->f->C_GetMechanismInfo(client->slot, type, &info) != CKR_MECHANISM_INVALID)
		return false;
	mechanism_name(type, name);
	problem_fill(problem, CKR_OK,
		"p11-kit's client, through which this program reaches the token, hides %s: run "
		"keydiv on the host of the token, with the token's own module "
		"(CKR_MECHANISM_INVALID)",
		name);
	return true;
}
