/* SPDX-License-Identifier: Apache-2.0 */
/* default_lists.c: the lists that default_lists.h describes. */
#include "default_lists.h"

static const CK_MECHANISM_TYPE aes[] = {CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY,
	CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY,
	CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_WITH_DERIVED_KEY};

/*
 * A BDK of TDES DUKPT is a DES2 key. A DES3 key has no default list, because no mechanism is usual
 * for a DES3 master.
 */
static const CK_MECHANISM_TYPE des2[] = {
	CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKM_KEYDIV_TDES_DUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY};
static const CK_KEY_TYPE type_des2[] = {CKK_DES2, KEY_TYPES_END};

/*
 * CKM_HKDF_DATA is not in the list, because with the parameter of a CKM_HKDF_DERIVE the data object
 * would show the bytes of that key to its readers. A template can name CKM_HKDF_DATA.
 */
static const CK_MECHANISM_TYPE hmac[] = {CKM_HKDF_DERIVE, CKM_SP800_108_COUNTER_KDF,
	CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF};

static const struct {
	const CK_KEY_TYPE *types;
	const CK_MECHANISM_TYPE *list;
	size_t n;
} lists[] = {
	{key_types_aes, aes, sizeof aes / sizeof aes[0]},
	{type_des2, des2, sizeof des2 / sizeof des2[0]},
	{key_types_hmac, hmac, sizeof hmac / sizeof hmac[0]},
};

const CK_MECHANISM_TYPE *default_children(CK_KEY_TYPE type, size_t *ret_n)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		for (const CK_KEY_TYPE *t = lists[i].types; *t != KEY_TYPES_END; t++)
			if (*t == type) {
				*ret_n = lists[i].n;
				return lists[i].list;
			}
	*ret_n = 0;
	return NULL;
}
