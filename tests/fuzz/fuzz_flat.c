/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_flat.c: any bytes as mechanism parameter and as template in a template of the built module
 * with parameters = flat. The input places addresses of a page that cannot be read. No function may
 * follow such an address.
 *
 * Input: mechanism number (4 bytes, big-endian), number of addresses (1), their positions (1 each),
 * the parameter. A number that no mechanism has stands for some mechanism of the list, unless its
 * first byte is 0xff.
 */
#include "fuzz.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include "parameter_calls.h"

#include "keydiv.h"
#include "temp_dir.h"

#define PAGE 65536
#define PARAMETER_ROOM 5000

static struct parameter_calls calls;
static CK_FUNCTION_LIST *f;
static char dir[TEMP_DIR_MAX];
static uint8_t *page;
static CK_MECHANISM_TYPE list[512];
static CK_ULONG list_n = sizeof list / sizeof list[0];

static void remove_all(void)
{
	if (f != NULL)
		f->C_Finalize(NULL);
	temp_dir_remove(dir);
}

static void configure(void)
{
	char conf[96];

	MUST(temp_dir_make("fuzz", dir));
	atexit(remove_all);
	snprintf(conf, sizeof conf, "%s/keydiv.conf", dir);
	FILE *out = fopen(conf, "w");
	MUST(out != NULL &&
		fprintf(out, "token-dir = %s/tokens\nscrypt-log2-n = 14\nparameters = flat\n",
			dir) > 0 &&
		fclose(out) == 0);
	setenv("KEYDIV_CONF", conf, 1);
}

static void load(void)
{
	const char *module = getenv("KEYDIV_MODULE");
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	CK_INTERFACE *interface;

	MUST(module != NULL);
	void *library = dlopen(module, RTLD_NOW);
	if (library == NULL)
		fprintf(stderr, "%s\n", dlerror());
	MUST(library != NULL);
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	MUST(get_list(&f) == CKR_OK);
	MUST(get_interface((CK_UTF8CHAR *)"PKCS 11", NULL, &interface, 0) == CKR_OK);
	calls.f = f;
	calls.f3 = interface->pFunctionList;
}

/* Add the standard mechanisms of the flat forms, which the module does not list. */
static void list_mechanisms(void)
{
	MUST(f->C_GetMechanismList(0, list, &list_n) == CKR_OK);
	for (CK_ULONG i = 0, n = list_n; i < n; i++)
		if ((list[i] & ~0x7FFFUL) == CKM_KEYDIV_FLAT(0))
			list[list_n++] = list[i] & 0x7FFFUL;
}

static CK_MECHANISM_TYPE take_mechanism(struct input *in)
{
	CK_MECHANISM_TYPE number = 0;

	for (int i = 0; i < 4; i++)
		number = number << 8 | take_byte(in);
	for (CK_ULONG i = 0; i < list_n; i++)
		if (list[i] == number)
			return number;
	return number >> 24 == 0xff ? number : list[number % list_n];
}

void fuzz_start(void)
{
	configure();
	load();
	MUST(f->C_Initialize(NULL) == CKR_OK);
	MUST(f->C_InitToken(0, (CK_UTF8CHAR *)"so-pin", 6,
		     (CK_UTF8CHAR *)"fuzz                            ") == CKR_OK);
	MUST(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &calls.session) ==
		CKR_OK);
	MUST(f->C_Login(calls.session, CKU_SO, (CK_UTF8CHAR *)"so-pin", 6) == CKR_OK);
	MUST(f->C_InitPIN(calls.session, (CK_UTF8CHAR *)"1234", 4) == CKR_OK);
	MUST(f->C_Logout(calls.session) == CKR_OK);
	MUST(f->C_Login(calls.session, CKU_USER, (CK_UTF8CHAR *)"1234", 4) == CKR_OK);
	MUST(parameter_calls_keys(&calls) == CKR_OK);
	list_mechanisms();
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(page != MAP_FAILED);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	CK_MECHANISM_TYPE number = take_mechanism(&in);
	uint8_t positions[8], count;

	count = take_byte(&in) % (sizeof positions + 1);
	for (unsigned i = 0; i < count; i++)
		positions[i] = take_byte(&in);
	size_t length = in.n < PARAMETER_ROOM ? in.n : PARAMETER_ROOM;
	uint8_t *parameter = malloc(length > 0 ? length : 1); /* a byte too far is detected */
	MUST(parameter != NULL);
	if (length > 0)
		memcpy(parameter, in.p, length);
	for (unsigned i = 0; i < count; i++)
		if (positions[i] + sizeof page <= length)
			memcpy(parameter + positions[i], &page, sizeof page);
	parameter_calls_run(&calls, number, parameter, length);
	template_calls_run(&calls, parameter, length);
	free(parameter);
}
