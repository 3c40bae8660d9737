/* SPDX-License-Identifier: Apache-2.0 */
/* open.c: keydiv open: messages that devices have sealed. */
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/message.h"

static CK_RV decrypt(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	CK_OBJECT_HANDLE master, struct message *m)
{
	CK_RV rv = f->C_DecryptInit(session, mechanism, master);

	if (rv != CKR_OK)
		return rv;
	m->result_n = sizeof m->result;
	return f->C_Decrypt(session, m->bytes, m->n, m->result, &m->result_n);
}

static bool run(int count, char **operands)
{
	static const struct message_kind kind = {
		.verb = "open",
		.operation = CKM_AES_GCM,
		.derivation = CKM_KEYDIV_DEVICE_KEY,
		.incoming = true,
		.cipher = true,
		.result = "plaintext",
		.run = decrypt,
	};

	return message_run(&kind, count, operands);
}

const struct command cmd_open = {
	.name = "open",
	.arguments = "[SERIAL]",
	.summary = "Decrypt and verify messages that devices have sealed, and refuse replays",
	.sets = SET_USER,
	.options = message_incoming_options,
	.max_arguments = 1,
	.run = run,
};
