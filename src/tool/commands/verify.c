/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c: keydiv verify: the MACs of messages from devices. */
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/message.h"

static CK_RV verify(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	CK_OBJECT_HANDLE master, struct message *m)
{
	CK_RV rv = f->C_VerifyInit(session, mechanism, master);

	if (rv != CKR_OK)
		return rv;
	return f->C_Verify(session, m->bytes, m->n, m->mac, m->mac_n);
}

static bool run(int count, char **operands)
{
	static const struct message_kind kind = {
		.verb = "verify",
		.operation = CKM_AES_CMAC,
		.derivation = CKM_KEYDIV_DEVICE_MESSAGE_KEY,
		.incoming = true,
		.cipher = false,
		.by_key = true,
		.result = NULL,
		.run = verify,
	};

	return message_run(&kind, count, operands);
}

const struct command cmd_verify = {
	.name = "verify",
	.arguments = "[SERIAL]",
	.summary = "Verify the MACs of messages from devices, and refuse replays",
	.sets = SET_USER,
	.options = message_incoming_options,
	.max_arguments = 1,
	.run = run,
};
