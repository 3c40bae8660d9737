/* SPDX-License-Identifier: Apache-2.0 */
/* uri.c: parse PKCS#11 URIs. */
#include "tool/token/uri.h"

#include <string.h>

#include "tool/report.h"

bool is_uri(const char *text)
{
	return strncmp(text, "pkcs11:", 7) == 0;
}

bool uri_read(const char *text, P11KitUri **ret)
{
	P11KitUri *uri = p11_kit_uri_new();

	if (!uri)
		return fail_rv(CKR_HOST_MEMORY, "cannot read '%s'", text);
	int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
	if (result != P11_KIT_URI_OK) {
		p11_kit_uri_free(uri);
		return fail("'%s' is no PKCS#11 URI: %s", text, p11_kit_uri_message(result));
	}
	if (p11_kit_uri_get_pin_value(uri)) {
		p11_kit_uri_free(uri);
		return fail("a URI with pin-value shows the PIN to everyone on this machine: use "
			    "--pin-file or --pin-fd");
	}
	if (p11_kit_uri_any_unrecognized(uri)) {
		p11_kit_uri_free(uri);
		return fail("'%s' has parts that name nothing here: see RFC 7512", text);
	}
	*ret = uri;
	return true;
}
