/* SPDX-License-Identifier: Apache-2.0 */
/* info_wire.c: see info_wire.h. */
#include "info_wire.h"

/* Read a text that is padded with blanks to N bytes. */
static void text(struct wire *w, CK_UTF8CHAR *to, size_t n)
{
	struct bytes value = wire_get_bytes(w);

	if (value.n != n)
		w->failed = true;
	else
		memcpy(to, value.p, n);
}

static void version(struct wire *w, CK_VERSION *to)
{
	to->major = wire_get_byte(w);
	to->minor = wire_get_byte(w);
}

/* Copy the N bytes at INFO to the place of ARGS if the reply had them all. */
static CK_RV give(const struct connection *c, const uintptr_t *args, const void *info, size_t n)
{
	if (!c->in.failed)
		memcpy((void *)args[0], info, n);
	return CKR_OK;
}

CK_RV read_slot_info(struct connection *c, const uintptr_t *args)
{
	struct wire *w = &c->in;
	CK_SLOT_INFO info = {0};

	text(w, info.slotDescription, sizeof info.slotDescription);
	text(w, info.manufacturerID, sizeof info.manufacturerID);
	info.flags = wire_get_u64(w);
	version(w, &info.hardwareVersion);
	version(w, &info.firmwareVersion);
	return give(c, args, &info, sizeof info);
}

CK_RV read_token_info(struct connection *c, const uintptr_t *args)
{
	struct wire *w = &c->in;
	CK_TOKEN_INFO info = {0};

	text(w, info.label, sizeof info.label);
	text(w, info.manufacturerID, sizeof info.manufacturerID);
	text(w, info.model, sizeof info.model);
	text(w, info.serialNumber, sizeof info.serialNumber);
	info.flags = wire_get_u64(w);
	info.ulMaxSessionCount = wire_get_u64(w);
	info.ulSessionCount = wire_get_u64(w);
	info.ulMaxRwSessionCount = wire_get_u64(w);
	info.ulRwSessionCount = wire_get_u64(w);
	info.ulMaxPinLen = wire_get_u64(w);
	info.ulMinPinLen = wire_get_u64(w);
	info.ulTotalPublicMemory = wire_get_u64(w);
	info.ulFreePublicMemory = wire_get_u64(w);
	info.ulTotalPrivateMemory = wire_get_u64(w);
	info.ulFreePrivateMemory = wire_get_u64(w);
	version(w, &info.hardwareVersion);
	version(w, &info.firmwareVersion);
	text(w, info.utcTime, sizeof info.utcTime);
	return give(c, args, &info, sizeof info);
}

CK_RV read_mechanism_info(struct connection *c, const uintptr_t *args)
{
	CK_MECHANISM_INFO info = {0};

	info.ulMinKeySize = wire_get_u64(&c->in);
	info.ulMaxKeySize = wire_get_u64(&c->in);
	info.flags = wire_get_u64(&c->in);
	return give(c, args, &info, sizeof info);
}

CK_RV read_session_info(struct connection *c, const uintptr_t *args)
{
	CK_SESSION_INFO info = {0};

	info.slotID = wire_get_u64(&c->in);
	info.state = wire_get_u64(&c->in);
	info.flags = wire_get_u64(&c->in);
	info.ulDeviceError = wire_get_u64(&c->in);
	return give(c, args, &info, sizeof info);
}
