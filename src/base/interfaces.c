/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interfaces.c: the function lists and the three functions that return them (PKCS#11 5.4), for each
 * module of this project. No other symbol of a module is exported. The module that has the tokens
 * also has the interface of store_interface.h, whose struct the build names in STORE_INTERFACE.
 */
#include <stdbool.h>
#include <string.h>

#include "pkcs11.h"
#include "store_interface.h"

#define EXPORT __attribute__((visibility("default")))

#define ENTRY(name, arguments) .name = name,

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList);
EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG_PTR pulCount);
EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
	CK_INTERFACE **ppInterface, CK_FLAGS flags);

static CK_FUNCTION_LIST list_2_40 = {.version = {2, 40}, CRYPTOKI_2_40_FUNCTIONS(ENTRY)};
static CK_FUNCTION_LIST_3_0 list_3_0 = {
	.version = {3, 0}, CRYPTOKI_2_40_FUNCTIONS(ENTRY) CRYPTOKI_3_0_FUNCTIONS(ENTRY)};

static CK_UTF8CHAR standard_name[] = "PKCS 11";

#ifdef STORE_INTERFACE
extern struct store_interface STORE_INTERFACE;
static CK_UTF8CHAR store_name[] = STORE_INTERFACE_NAME;
#endif

/*
 * C_GetInterface returns the first interface by default. CKF_INTERFACE_FORK_SAFE is not set,
 * because a forked child must call C_Initialize.
 */
static CK_INTERFACE interfaces[] = {
	{standard_name, &list_3_0, 0},
	{standard_name, &list_2_40, 0},
#ifdef STORE_INTERFACE
	{store_name, &STORE_INTERFACE, 0},
#endif
};

#define INTERFACES (sizeof interfaces / sizeof interfaces[0])

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
	if (ppFunctionList == NULL)
		return CKR_ARGUMENTS_BAD;
	*ppFunctionList = &list_2_40;
	return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG_PTR pulCount)
{
	if (pulCount == NULL)
		return CKR_ARGUMENTS_BAD;
	CK_ULONG room = *pulCount;

	*pulCount = INTERFACES;
	if (pInterfacesList == NULL)
		return CKR_OK;
	if (room < INTERFACES)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(pInterfacesList, interfaces, sizeof interfaces);
	return CKR_OK;
}

static bool fits(
	const CK_INTERFACE *i, const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *has = i->pFunctionList; /* each list begins with its version */
	const CK_UTF8CHAR *wanted = name ? name : standard_name;

	if (strcmp((const char *)wanted, (const char *)i->pInterfaceName) != 0)
		return false;
	if (version && (version->major != has->major || version->minor != has->minor))
		return false;
	return (flags & ~i->flags) == 0;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
	CK_INTERFACE **ppInterface, CK_FLAGS flags)
{
	if (ppInterface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < INTERFACES; i++)
		if (fits(&interfaces[i], pInterfaceName, pVersion, flags)) {
			*ppInterface = &interfaces[i];
			return CKR_OK;
		}
	return CKR_ARGUMENTS_BAD;
}
