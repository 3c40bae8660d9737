/* SPDX-License-Identifier: Apache-2.0 */
/* derivation.c: templates of derived keys, and the check value and MAC of a derived key. */
#include "tool/token/derivation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tool/options.h"
#include "tool/report.h"

#define MESSAGE_MAX 65536

void device_parameter(KEYDIV_PARAMETER *p, const char *serial, size_t n, const struct salt *salt,
	const char *purpose)
{
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, serial, n);
	if (salt->n > 0)
		keydiv_put(p, KEYDIV_SALT, salt->p, salt->n);
	if (purpose)
		keydiv_put(p, KEYDIV_PURPOSE, purpose, strlen(purpose));
}

static bool read_message(struct result_request *request)
{
	char block[4096];
	size_t n;

	FILE *in = fopen(request->mac_file, "re");
	if (!in)
		return fail("cannot read '%s': %s", request->mac_file, strerror(errno));
	while ((n = fread(block, 1, sizeof block, in)) > 0 && request->message.n <= MESSAGE_MAX)
		text_add(&request->message, block, n);
	int error = ferror(in) ? errno : 0;
	fclose(in);
	if (request->message.n > MESSAGE_MAX)
		return fail("'%s' is longer than 64 KiB: a MAC here is of a short message",
			request->mac_file);
	return error == 0 ? true : fail("cannot read '%s': %s", request->mac_file, strerror(error));
}

bool result_request_read(struct result_request *request)
{
	if (request->mac && request->mac_file)
		return fail("--mac and --mac-file are both given: give one");
	if (request->type && !(request->kind = key_kind_read(request->type)))
		return false;
	if (request->usage && !usage_read(request->usage, &request->usages))
		return false;
	if (request->mac)
		text_add_string(&request->message, request->mac);
	request->with_mac = request->mac || request->mac_file;
	if (request->with_mac && (request->usages & usage_bit(CKA_DERIVE)))
		return fail("a key to derive from makes no MAC: leave out --mac or --usage derive");
	if (request->with_mac)
		request->usages |= usage_bit(CKA_SIGN);
	return !request->mac_file || read_message(request);
}

void result_request_free(struct result_request *request)
{
	text_free(&request->message);
}

void result_template(const struct result_request *request, struct template *t)
{
	if (request->kind)
		template_number(t, CKA_KEY_TYPE, request->kind->type);
	if (request->length >= 0)
		template_number(t, CKA_VALUE_LEN, (CK_ULONG)request->length);
	for (unsigned i = 0; usages[i].name; i++)
		if (request->usages & (1U << i))
			template_flag(t, usages[i].type, true);
	if (request->leaves)
		template_flag(t, CKA_EXTRACTABLE, true);
	if (request->leaves && (request->usages & usage_bit(CKA_DERIVE)))
		template_flag(t, CKA_WRAP_WITH_TRUSTED, true);
}

/* Read the value of a result that is data. A key has another class, and its value stays. */
static bool read_data(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	struct result *ret, struct problem *problem)
{
	ret->is_data = attribute_number(f, session, key, CKA_CLASS, CKO_SECRET_KEY) == CKO_DATA;
	if (!ret->is_data)
		return true;
	CK_RV rv = attribute_get(
		f, session, key, CKA_VALUE, ret->data, sizeof ret->data, &ret->data_length);
	if (rv == CKR_BUFFER_TOO_SMALL)
		return problem_set(problem, CKR_OK,
			"the data is longer than %d bytes: give less "
			"with --length",
			DATA_MAX);
	if (rv == CKR_OK && ret->data_length == CK_UNAVAILABLE_INFORMATION)
		rv = CKR_ATTRIBUTE_SENSITIVE;
	return rv == CKR_OK ? true : problem_set(problem, rv, "cannot read the derived data");
}

static bool make_mac(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const struct result_request *request, struct result *ret, struct problem *problem)
{
	CK_KEY_TYPE type = request->kind ? request->kind->type
					 : attribute_number(f, session, key, CKA_KEY_TYPE,
						   CK_UNAVAILABLE_INFORMATION);
	CK_RV rv = attributes_result();
	CK_MECHANISM mechanism = {key_type_mac(type), NULL, 0};
	if (rv == CKR_OK)
		rv = f->C_SignInit(session, &mechanism, key);
	if (rv == CKR_OK) {
		ret->mac_length = sizeof ret->mac;
		rv = f->C_Sign(session, (CK_BYTE_PTR)(request->message.p ? request->message.p : ""),
			request->message.n, ret->mac, &ret->mac_length);
	}
	return rv == CKR_OK ? true
			    : problem_set(problem, rv, "cannot make a MAC with the derived key");
}

bool result_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const struct result_request *request, struct result *ret, struct problem *problem)
{
	check_value(f, session, key, ret->check_value);
	ret->mac_length = ret->data_length = 0;
	ret->is_data = false;
	if (!*ret->check_value && !read_data(f, session, key, ret, problem))
		return false;
	CK_RV rv = attributes_result();
	if (rv != CKR_OK)
		return problem_set(problem, rv, "cannot read the check value of the derived key");
	return !request->with_mac || make_mac(f, session, key, request, ret, problem);
}

void result_add(
	struct json_object *o, const struct result_request *request, const struct result *result)
{
	if (result->is_data)
		add_hex(o, "data", result->data, result->data_length);
	else if (*result->check_value || settings.json)
		add_text(o, "check_value", result->check_value);
	else
		add_text(o, "check_value", "none");
	if (request->with_mac)
		add_hex(o, "mac", result->mac, result->mac_length);
}
