/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt.h: labels, shape and the step to a child key, which the server's and the client's side
 * of Optimal-DUKPT share.
 */
#ifndef KEYDIV_MECHANISMS_ODUKPT_H
#define KEYDIV_MECHANISMS_ODUKPT_H

#include "kdf.h"
#include "odukpt_path.h"

#define ODUKPT_LABEL_INITIAL "odukpt-initial"
#define ODUKPT_LABEL_KEY "odukpt"
#define ODUKPT_LABEL_RESULT "odukpt-key"

/*
 * Read R and N of a parameter with a SHAPE, and compute their T. CKR_MECHANISM_PARAM_INVALID unless
 * both are 1..32.
 */
MUST_USE CK_RV odukpt_shape(
	const struct parameter *p, unsigned *ret_r, unsigned *ret_n, uint64_t *ret_t);

/*
 * Compute KDF(PARENT, "odukpt", TRANSACTION NUMBER, LENGTH) into RET. This is one computation of
 * the function that the paper counts.
 */
MUST_USE CK_RV odukpt_child(struct key *parent, uint64_t number, size_t length, struct secret *ret);

/*
 * Compute KDF(REGISTER_KEY, "odukpt-key", [ODUKPT_PURPOSE], D's length) into RET. This is the final
 * step, which keeps register keys inside the token.
 */
MUST_USE CK_RV odukpt_result(struct derivation *d, struct key *register_key, struct secret *ret);

#endif
