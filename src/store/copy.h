/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h: copy a token from one store to another, of the same backend or not, sealed as it is.
 *
 * No PIN is needed, because nothing is opened: token record, records and marks of replay windows
 * are the same in each backend, and so are their checksums. The tries of PINs are copied too. Ids
 * of records stay, and ids that the source has used are not used again in the copy.
 *
 * The copy is a second token with the same keys. If the source is used afterwards, its windows
 * accept counters that the windows of the copy have used, and the other way round.
 */
#ifndef KEYDIV_STORE_COPY_H
#define KEYDIV_STORE_COPY_H

#include "store/store.h"

/* Reasons not to copy, other than an error. */
enum store_copy_refusal {
	COPY_DONE,
	COPY_NO_TOKEN,    /* the source has no token */
	COPY_TOKEN_THERE, /* the destination has a token, and REPLACE is false */
	/*
	 * The source has the record STATE_ID, a key that changes with each use. Its state is in a
	 * file of the token directory. A copy of that state could give the same key a second time.
	 */
	COPY_STATE,
};

struct store_copied {
	enum store_copy_refusal refusal;
	uint64_t objects, marks;
	int64_t state_id;
	char state_label[33]; /* the beginning of the label of that record */
};

/*
 * Copy the token of FROM to TO. With REPLACE a token there is removed, with everything in it. FROM
 * is locked against changes meanwhile, and TO is changed in one transaction, except that marks of
 * windows and tries of PINs have transactions of their own: the marks come before the token, the
 * tries after it. If a token was replaced, no other host uses what was in it when this returns.
 * CKR_OK: see RET->refusal. Errors as store.h.
 */
MUST_USE CK_RV store_copy(
	struct store *from, struct store *to, bool replace, struct store_copied *ret);

#endif
