/* SPDX-License-Identifier: Apache-2.0 */
/* bits_token.c: see bits_token.h. */
#include "bits_token.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "../module/store_victim.h"

#define FILES_MAX 16
#define USED_COUNTER 101
#define TEXT "hello from the device"

static struct file {
	char name[100]; /* below the directory of tokens */
	uint64_t size;
	uint8_t *content;
} files[FILES_MAX];
static unsigned file_count;

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

static void look_at_states(void)
{
	CK_OBJECT_HANDLE client;
	struct released key;
	CK_RV rv = find_one("client", &client);

	if (rv == CKR_OK)
		rv = take_key(s, client, &key);
	if (rv == CKR_OK)
		holds(memcmp(&key, &next_key, sizeof key) == 0);
	holds(verify() != CKR_OK);
}

void bits_look(void)
{
	(void)look_with(look_at_states);
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

static int read_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	struct file *file = &files[file_count];

	(void)w;
	if (kind != FTW_F)
		return 0;
	ck_assert(file_count < FILES_MAX);
	snprintf(file->name, sizeof file->name, "%.90s", path + strlen(token_dir));
	file->size = (uint64_t)st->st_size;
	file->content = malloc(file->size + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert(read(fd, file->content, file->size) == st->st_size);
	file_count++;
	return close(fd);
}

uint64_t bits_list(void)
{
	uint64_t bytes = 0;

	ck_assert_int_eq(nftw(token_dir, read_entry, 16, FTW_PHYS), 0);
	for (unsigned i = 0; i < file_count; i++)
		bytes += files[i].size;
	ck_assert(!look_with(look_at_all));
	bits_put_back();
	return 8 * bytes;
}

unsigned bits_files(void)
{
	return file_count;
}

static const struct file *file_at(uint64_t *at)
{
	const struct file *file = files;

	for (; *at >= file->size; file++)
		*at -= file->size;
	return file;
}

uint8_t bits_byte(uint64_t at)
{
	const struct file *file = file_at(&at);

	return file->content[at];
}

static void full_path(char ret[1000], const struct file *file)
{
	snprintf(ret, 1000, "%.880s%s", token_dir, file->name);
}

/* Make the directories of FILE, which may be there. */
static void make_directories(const struct file *file)
{
	char path[1000];

	full_path(path, file);
	for (char *slash = path + strlen(token_dir); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = 0;
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void bits_make_copy(unsigned index)
{
	size_t n = strlen(test_dir);

	snprintf(test_dir + n, 20, "/copy-%u", index);
	ck_assert_int_eq(mkdir(test_dir, 0700), 0);
	snprintf(token_dir, 900, "%.800s/tokens", test_dir);
	for (unsigned i = 0; i < file_count; i++)
		make_directories(&files[i]);
	write_conf("");
	bits_put_back();
}

void bits_flip(uint64_t number)
{
	uint64_t at = number / 8;
	const struct file *file = file_at(&at);
	uint8_t byte = file->content[at] ^ (uint8_t)(1u << number % 8);
	char path[1000];

	full_path(path, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert(fd >= 0 && pwrite(fd, &byte, 1, (off_t)at) == 1);
	close(fd);
}

void bits_describe(char *ret, size_t n, uint64_t number)
{
	uint64_t at = number / 8;
	const struct file *file = file_at(&at);

	snprintf(ret, n, "bit %u of byte %llu of %s", (unsigned)(number % 8),
		(unsigned long long)at, file->name + 1);
}

static bool is_as_it_was(const struct file *file, int fd)
{
	static uint8_t now[1 << 20];

	return fd >= 0 && file->size < sizeof now &&
	       pread(fd, now, sizeof now, 0) == (ssize_t)file->size &&
	       memcmp(now, file->content, file->size) == 0;
}

/* Remove what is no file of the list, such as a journal. */
static int remove_other(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)w;
	if (kind != FTW_F)
		return 0;
	for (unsigned i = 0; i < file_count; i++)
		if (strcmp(path + strlen(token_dir), files[i].name) == 0)
			return 0;
	return unlink(path);
}

/* A look counts a try and advances the client, and may roll back what looks like a journal. */
void bits_put_back(void)
{
	char path[1000];

	for (unsigned i = 0; i < file_count; i++) {
		full_path(path, &files[i]);
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (!is_as_it_was(&files[i], fd))
			ck_assert(ftruncate(fd, 0) == 0 &&
				  pwrite(fd, files[i].content, files[i].size, 0) ==
					  (ssize_t)files[i].size);
		close(fd);
	}
	ck_assert_int_eq(nftw(token_dir, remove_other, 16, FTW_PHYS), 0);
}
