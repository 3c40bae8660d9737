/* SPDX-License-Identifier: Apache-2.0 */
/*
 * she.h: the steps of AUTOSAR_TR_SecureHardwareExtensions (SHE) that read the value of a key. A
 * mechanism computes everything else with the keys that these functions make.
 */
#ifndef KEYDIV_KEY_SHE_H
#define KEYDIV_KEY_SHE_H

#include "key/key.h"

#define SHE_BLOCK 16 /* bytes of a block, and of every key of SHE */

/*
 * RET = the AES-128 key that SHE derives from KEY, an AES-128 key, and the padded constant
 * CONSTANT. The function is Miyaguchi-Preneel (ISO/IEC 10118-2) over AES-128 of the value of KEY
 * and CONSTANT. CKR_KEY_SIZE_RANGE for another length of KEY. CKR_KEY_FUNCTION_NOT_PERMITTED for a
 * key in another token. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. RET is empty after an error.
 */
MUST_USE CK_RV she_derive(struct key *key, const uint8_t constant[SHE_BLOCK], struct key *ret);

/*
 * RET = HEAD and the value of KEY, an AES-128 key, encrypted under KEK in CBC mode with an IV of
 * zeros. RET never contains the clear value. The codes are those of she_derive.
 */
MUST_USE CK_RV she_encrypt_key(struct key *kek, const uint8_t head[SHE_BLOCK],
	const struct key *key, uint8_t ret[2 * SHE_BLOCK]);

#endif
