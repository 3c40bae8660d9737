/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c: keydiv sign: the MACs of messages, as a device makes them. */
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/message.h"

static CK_RV sign(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	CK_OBJECT_HANDLE master, struct message *m)
{
	CK_RV rv = f->C_SignInit(session, mechanism, master);

	if (rv != CKR_OK)
		return rv;
	m->result_n = sizeof m->result;
	return f->C_Sign(session, m->bytes, m->n, m->result, &m->result_n);
}

static bool run(int count, char **operands)
{
	static const struct message_kind kind = {
		.verb = "sign",
		.operation = CKM_AES_CMAC,
		.derivation = CKM_KEYDIV_DEVICE_MESSAGE_KEY,
		.incoming = false,
		.cipher = false,
		.by_key = true,
		.result = NULL,
		.run = sign,
	};

	return message_run(&kind, count, operands);
}

const struct command cmd_sign = {
	.name = "sign",
	.arguments = "[SERIAL]",
	.summary = "Make the MACs of messages, as the devices make them",
	.sets = SET_USER,
	.options = message_options,
	.max_arguments = 1,
	.run = run,
};
