/* SPDX-License-Identifier: Apache-2.0 */
/* bits_token.c: see bits_token.h. */
#include "bits_token.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../module/store_victim.h"

#define USED_COUNTER 101
#define TEXT "hello from the device"

static struct released {
	uint8_t number[8], check[3];
} next_key; /* that the client gives */

/* --- The token --- */

/* Take the next key of the client: its number and check value. */
static CK_RV take_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE client, struct released *ret)
{
	CK_OBJECT_HANDLE key;
	CK_ATTRIBUTE t[] = {{CKA_KEYDIV_TRANSACTION, ret->number, sizeof ret->number},
		{CKA_CHECK_VALUE, ret->check, sizeof ret->check}};
	CK_RV rv = f->C_DeriveKey(session, MECH(CKM_KEYDIV_ODUKPT_NEXT_KEY), client, NOTHING, &key);

	return rv == CKR_OK ? f->C_GetAttributeValue(session, key, t, 2) : rv;
}

static CK_RV find_one(const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV rv = f->C_FindObjectsInit(s, T(RAW(CKA_LABEL, label, strlen(label))));

	if (rv == CKR_OK)
		rv = f->C_FindObjects(s, found, 2, &n);
	f->C_FindObjectsFinal(s);
	*ret = found[0];
	return rv == CKR_OK && n != 1 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

/* Verify a message with the used counter, which is right and, the second time, a replay. */
static CK_RV verify(void)
{
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE device, master;
	CK_BYTE mac[16];
	CK_ULONG n = sizeof mac;
	CK_RV rv = find_one("device", &device);

	if (rv == CKR_OK)
		rv = find_one("window", &master);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	keydiv_put_number(&p, KEYDIV_COUNTER, USED_COUNTER);
	keydiv_put_type(&p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(&p, KEYDIV_OPERATION, CKM_AES_CMAC);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	if (rv == CKR_OK)
		rv = f->C_SignInit(s, &m, device);
	if (rv == CKR_OK)
		rv = f->C_Sign(s, (CK_BYTE_PTR)TEXT, sizeof TEXT - 1, mac, &n);
	if (rv == CKR_OK)
		rv = f->C_VerifyInit(s, &m, master);
	if (rv == CKR_OK)
		rv = f->C_Verify(s, (CK_BYTE_PTR)TEXT, sizeof TEXT - 1, mac, n);
	return rv;
}

void bits_set_up(void)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE initial, client;
	struct released key;

	make_victim();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_DERIVE), STR(CKA_LABEL, "device")));
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64),
			STR(CKA_LABEL, "window")));
	initial = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_KEY)));
	keydiv_put(&p, KEYDIV_SHAPE, "\25\7", 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
	ok(f->C_DeriveKey(s, &m, initial, T(YES(CKA_TOKEN), STR(CKA_LABEL, "client")), &client));
	ok(take_key(s, client, &key));
	ok(verify());
	ok(f->C_Finalize(NULL));
}

/* --- The look --- */

static bool states_refused;

static void look_at_states(void)
{
	CK_OBJECT_HANDLE client;
	struct released key;
	CK_RV rv = find_one("client", &client);

	if (rv == CKR_OK)
		rv = take_key(s, client, &key);
	if (rv == CKR_OK)
		holds(memcmp(&key, &next_key, sizeof key) == 0);
	else
		states_refused = true;
	rv = verify();
	holds(rv != CKR_OK);
	states_refused |= rv != CKR_KEYDIV_REPLAYED;
}

/* Look at N copies. They may be refused if they are DAMAGED. */
static void look_at_copies(unsigned n, bool damaged)
{
	CK_RV rv = f->C_Initialize(NULL);

	/* A damaged copy that C_Initialize refuses must not hide the others. */
	if (n > 1)
		gives(CKR_OK, rv);
	for (unsigned i = 0; i < n && rv == CKR_OK; i++) {
		slot = i;
		states_refused = false;
		bool refused = look_initialized(look_at_states);
		holds(damaged || !(refused || states_refused));
		ok(f->C_CloseAllSessions(slot));
	}
	if (rv == CKR_OK)
		ok(f->C_Finalize(NULL));
}

void bits_look(unsigned n)
{
	look_at_copies(n, true);
}

static void look_at_intact(void)
{
	look_at_copies(BITS_COPIES, false);
}

/* The intact token gives all. */
static void look_at_all(void)
{
	CK_OBJECT_HANDLE client;

	ok(find_one("client", &client));
	ok(take_key(s, client, &next_key));
	gives(CKR_KEYDIV_REPLAYED, verify());
}

/* --- Files --- */

uint64_t bits_list(void)
{
	uint64_t bytes = 0;
	size_t n = strlen(token_dir);

	snprintf(token_dir + n, 20, "/slot-%lu", slot);
	token_files_keep();
	for (unsigned i = 0; i < token_file_count; i++)
		bytes += token_files[i].size;
	ck_assert(!look_with(look_at_all));
	token_files_put_back();
	return 8 * bytes;
}

static const struct token_file *file_at(uint64_t *at)
{
	const struct token_file *file = token_files;

	for (; *at >= file->size; file++)
		*at -= file->size;
	return file;
}

unsigned bits_file(uint64_t number)
{
	uint64_t at = number / 8;

	return (unsigned)(file_at(&at) - token_files);
}

uint8_t bits_byte(uint64_t at)
{
	const struct token_file *file = file_at(&at);

	return file->content[at];
}

/* Work on copy COPY from here on: the files of the list are those of its slot. */
static void choose(unsigned copy)
{
	snprintf(token_dir, 900, "%.800s/tokens/slot-%u", test_dir, copy);
}

void bits_make_copies(unsigned index)
{
	char text[40];
	size_t n = strlen(test_dir);

	snprintf(test_dir + n, 20, "/copy-%u", index);
	ck_assert_int_eq(mkdir(test_dir, 0700), 0);
	snprintf(token_dir, 900, "%.800s/tokens", test_dir);
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	snprintf(text, sizeof text, "slots = %u\n", BITS_COPIES);
	write_conf(text);
	for (unsigned copy = 0; copy < BITS_COPIES; copy++)
		bits_put_back(copy);
	ck_assert(in_child(look_at_intact));
	for (unsigned copy = 0; copy < BITS_COPIES; copy++)
		bits_put_back(copy);
}

void bits_flip(unsigned copy, uint64_t number)
{
	uint64_t at = number / 8;
	const struct token_file *file = file_at(&at);
	uint8_t byte = file->content[at] ^ (uint8_t)(1u << number % 8);
	char path[1000];

	choose(copy);
	token_file_path(path, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert(fd >= 0 && pwrite(fd, &byte, 1, (off_t)at) == 1);
	close(fd);
}

void bits_put_back(unsigned copy)
{
	choose(copy);
	token_files_put_back();
}

void bits_describe(char *ret, size_t n, uint64_t number)
{
	uint64_t at = number / 8;
	const struct token_file *file = file_at(&at);

	snprintf(ret, n, "bit %u of byte %llu of %s", (unsigned)(number % 8),
		(unsigned long long)at, file->name + 1);
}
