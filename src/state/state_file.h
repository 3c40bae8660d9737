/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_file.h: the file of one state. The file has two slots of 4 KiB that are overwritten in
 * place, so that after a step nothing on the disk holds a key that was used. A database would leave
 * old pages behind.
 *
 * A step writes the new state to the free slot and syncs, then zeroes the old slot and syncs. Of
 * the slots that open, the one with the higher sequence number counts. A torn slot does not open.
 * flock makes the steps of several processes and threads take turns. The caller seals the bytes of
 * a slot, bound to the object's id and the sequence number. Files have mode 0600, are opened
 * without following symbolic links, and are named by the id of the record in DIR/clients/.
 */
#ifndef KEYDIV_STATE_STATE_FILE_H
#define KEYDIV_STATE_STATE_FILE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

#define STATE_SLOT_LEN 4096
#define STATE_TEXT_MAX (STATE_SLOT_LEN - 16) /* sequence (8), length (4), format (4) */

struct store;
struct state_file;

/*
 * Create the file of record ID with the first state (sequence number 1), durable with its
 * directory. The store asks for the file before the record is inserted, so every record has its
 * file. Errors as in store.h. CKR_DEVICE_ERROR if the file exists. CKR_DATA_LEN_RANGE if TEXT is
 * empty or too long.
 */
MUST_USE CK_RV state_file_create(struct store *store, int64_t id, struct bytes text);

/*
 * Open and lock the file of record ID. The lock is held until state_file_close. Another process is
 * waited for, at most 60 s, then CKR_DEVICE_ERROR. CKR_OBJECT_HANDLE_INVALID if there is no file.
 */
MUST_USE CK_RV state_file_open(struct store *store, int64_t id, struct state_file **ret_file);
void state_file_close(struct state_file *file);

/*
 * The candidates, newest first. WHICH is 0 or 1. A text of length 0 means that there is none. The
 * caller tries the first candidate and, if it does not open (a torn write), the second.
 */
struct state_text {
	uint64_t sequence;
	struct bytes text; /* valid until the next call on FILE */
};
MUST_USE CK_RV state_file_read(
	struct state_file *file, unsigned which, struct state_text *ret_text);

/*
 * Replace the state of candidate WHICH by TEXT with SEQUENCE, which is greater than the
 * sequence number of WHICH. On return the state is durable, the old slot is zero, and the new
 * state is candidate 0. After an error either state may be on the disk, so the caller must open
 * the file again.
 */
MUST_USE CK_RV state_file_write(
	struct state_file *file, unsigned which, uint64_t sequence, struct bytes text);

/* Overwrite the file of record ID with zeroes, sync and remove it. No error if there is none. */
MUST_USE CK_RV state_file_remove(struct store *store, int64_t id);

/* As state_file_remove. CKR_DEVICE_ERROR at once if another process makes a step with the file. */
MUST_USE CK_RV state_file_remove_now(struct store *store, int64_t id);

/* List the ids that have files. The caller frees RET_IDS. Errors as in store.h. */
MUST_USE CK_RV state_file_list(struct store *store, int64_t **ret_ids, size_t *ret_n);

#endif
