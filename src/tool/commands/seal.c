/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c: keydiv seal: messages sealed as a device seals them. */
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/message.h"

static CK_RV encrypt(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	CK_OBJECT_HANDLE master, struct message *m)
{
	CK_RV rv = f->C_EncryptInit(session, mechanism, master);

	if (rv != CKR_OK)
		return rv;
	m->result_n = sizeof m->result;
	return f->C_Encrypt(session, m->bytes, m->n, m->result, &m->result_n);
}

static bool run(int count, char **operands)
{
	static const struct message_kind kind = {
		.verb = "seal",
		.operation = CKM_AES_GCM,
		.derivation = CKM_KEYDIV_DEVICE_KEY,
		.incoming = false,
		.cipher = true,
		.by_key = true,
		.result = NULL,
		.run = encrypt,
	};

	return message_run(&kind, count, operands);
}

const struct command cmd_seal = {
	.name = "seal",
	.arguments = "[SERIAL]",
	.summary = "Encrypt messages with a tag, as the devices do",
	.sets = SET_USER,
	.options = message_options,
	.max_arguments = 1,
	.run = run,
};
