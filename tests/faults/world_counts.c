/* SPDX-License-Identifier: Apache-2.0 */
/* world_counts.c: numbers and counters that come only once, in all processes; see world.h. */
#include "world.h"

#define TEXT "hello from the device"

static CK_RV transaction_of(
	const struct seat *seat, CK_OBJECT_HANDLE key, unsigned long long *ret_number)
{
	uint8_t bytes[8] = {0};
	CK_ATTRIBUTE a = {CKA_KEYDIV_TRANSACTION, bytes, 8};
	CK_RV rv = f->C_GetAttributeValue(seat->session, key, &a, 1);

	*ret_number = 0;
	for (int i = 0; i < 8; i++)
		*ret_number = *ret_number << 8 | bytes[i];
	return rv;
}

CK_RV number_next(const struct seat *seat, const char *label, unsigned long long *ret_number)
{
	CK_OBJECT_HANDLE client, key;
	CK_RV rv = seat_named(seat, label, &client);

	if (rv == CKR_OK)
		rv = f->C_DeriveKey(
			seat->session, MECH(CKM_KEYDIV_ODUKPT_NEXT_KEY), client, NOTHING, &key);
	if (rv == CKR_OK)
		rv = transaction_of(seat, key, ret_number);
	return rv == CKR_OK ? f->C_DestroyObject(seat->session, key) : rv;
}

CK_RV number_take(const struct seat *seat, unsigned which)
{
	unsigned long long number;
	CK_RV rv = number_next(seat, which ? "client 1" : "client 0", &number);

	if (rv != CKR_OK)
		return rv;
	if (number < NUMBERS && __sync_fetch_and_add(&world->given[which][number], 1) != 0)
		trouble("client %u gave number %llu twice", which, number);
	__sync_fetch_and_add(&world->calls, 1);
	return CKR_OK;
}

static void message_parameter(KEYDIV_PARAMETER *p, uint32_t counter)
{
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, "SN-000123", 9);
	keydiv_put_number(p, KEYDIV_COUNTER, counter);
	keydiv_put_type(p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(p, KEYDIV_OPERATION, CKM_AES_CMAC);
}

CK_RV window_pass(const struct seat *seat, const char *label, uint32_t counter)
{
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE device, master;
	CK_BYTE mac[16];
	CK_ULONG n = sizeof mac;

	message_parameter(&p, counter);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	CK_RV rv = seat_named(seat, "device", &device);
	if (rv == CKR_OK)
		rv = seat_named(seat, label, &master);
	if (rv == CKR_OK)
		rv = f->C_SignInit(seat->session, &m, device);
	if (rv == CKR_OK)
		rv = f->C_Sign(seat->session, (CK_BYTE_PTR)TEXT, sizeof TEXT - 1, mac, &n);
	if (rv == CKR_OK)
		rv = f->C_VerifyInit(seat->session, &m, master);
	if (rv == CKR_OK)
		rv = f->C_Verify(seat->session, (CK_BYTE_PTR)TEXT, sizeof TEXT - 1, mac, n);
	return rv;
}

CK_RV window_use(const struct seat *seat, unsigned which, uint32_t counter)
{
	uint32_t head = world->head[which];
	CK_RV rv = window_pass(seat, which ? "window 1" : "window 0", counter);

	if (rv != CKR_OK)
		return rv;
	if (counter < NUMBERS && __sync_fetch_and_add(&world->accepted[which][counter], 1) != 0)
		trouble("window %u accepted counter %u twice", which, counter);
	while (counter > head && !__sync_bool_compare_and_swap(&world->head[which], head, counter))
		head = world->head[which];
	__sync_fetch_and_add(&world->calls, 1);
	return CKR_OK;
}

CK_RV number_step(struct seat *seat)
{
	if (!world_has_clients())
		return window_step(seat);
	CK_RV rv = number_take(seat, draw_below(&seat->random, 2));

	return rv == CKR_KEYDIV_EXHAUSTED ? CKR_OK : rv; /* after hours */
}

CK_RV window_step(struct seat *seat)
{
	unsigned which = draw_below(&seat->random, 2);
	CK_RV rv = window_use(seat, which, world->head[which] + 8 - draw_below(&seat->random, 48));

	/* After a kill, every counter up to the end of a reservation is refused. */
	return rv == CKR_KEYDIV_REPLAYED ? CKR_OK : rv;
}
