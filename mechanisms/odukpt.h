/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt.h: what the server's and the client's side of Optimal-DUKPT share: labels, shape and the
 * step to a child key.
 */
#ifndef KEYDIV_MECHANISMS_ODUKPT_H
#define KEYDIV_MECHANISMS_ODUKPT_H

#include "kdf.h"
#include "odukpt_path.h"

#define ODUKPT_LABEL_INITIAL "odukpt-initial"
#define ODUKPT_LABEL_KEY "odukpt"
#define ODUKPT_LABEL_RESULT "odukpt-key"

/*
 * R and N of a parameter with a SHAPE, and their T. CKR_MECHANISM_PARAM_INVALID unless
 * both are 1..32.
 */
MUST_USE CK_RV odukpt_shape(
	const struct parameter *p, unsigned *ret_r, unsigned *ret_n, uint64_t *ret_t);

/*
 * RET = KDF(PARENT, "odukpt", TRANSACTION NUMBER, LENGTH): one computation of the function
 * the paper counts.
 */
MUST_USE CK_RV odukpt_child(struct key *parent, uint64_t number, size_t length, struct secret *ret);

/*
 * RET = KDF(REGISTER_KEY, "odukpt-key", [ODUKPT_PURPOSE], D's length): the final step, which keeps
 * register keys inside.
 */
MUST_USE CK_RV odukpt_result(struct derivation *d, struct key *register_key, struct secret *ret);

#endif
