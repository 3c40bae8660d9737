/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odukpt_state.c: client states only go forward: many processes, kill -9, damaged files; and
 * used registers are gone.
 */
#include <ftw.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "memory_search.h"
#include "odukpt.h"

#define NUMBERS 2000

static struct shared {
	volatile int ready, taken;
	volatile uint8_t given[NUMBERS]; /* how often each number was handed out */
} * shared;

static void takes_numbers(int count)
{
	CK_OBJECT_HANDLE state = 0;
	int i;

	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	if (find(s, T(STR(CKA_LABEL, "client")), &state, 1) != 1)
		ck_abort_msg("no client");
	__sync_fetch_and_add(&shared->ready, 1);
	for (i = 0; i < count; i++) {
		uint64_t number;

		ok(next(state, NOTHING));
		number = number_of(made, CKA_KEYDIV_TRANSACTION);
		if (number >= NUMBERS) /* no ck_assert(): a kill must not tear its message */
			ck_abort_msg("number %llu", (unsigned long long)number);
		__sync_fetch_and_add(&shared->given[number], 1);
		__sync_fetch_and_add(&shared->taken, 1);
		ok(f->C_DestroyObject(s, made));
	}
	ok(f->C_Finalize(NULL));
}

static pid_t take_beside(int count)
{
	pid_t child = fork();

	if (child == 0) {
		takes_numbers(count);
		exit(0);
	}
	return child;
}

static void client_and_out(void)
{
	client(13, 10, true);
	ok(f->C_Finalize(NULL));
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

START_TEST(many_processes_never_share_a_number)
{
	pid_t child[4];
	int i, status, total = 0;

	client_and_out();
	for (i = 0; i < 4; i++)
		child[i] = take_beside(25);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert_int_eq(status, 0);
	}
	for (i = 0; i < NUMBERS; i++) {
		holds(shared->given[i] <= 1);
		total += shared->given[i];
	}
	ck_assert_int_eq(total, 100);
}
END_TEST

START_TEST(killed_at_any_point)
{
	int round, i, status;

	client_and_out();
	for (round = 0; round < 8; round++) {
		pid_t child;

		shared->taken = 0;
		child = take_beside(200); /* in all, less than NUMBERS */
		while (shared->taken < 1 + round)
			usleep(200);
		usleep((useconds_t)(571 * round));
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
	}
	for (i = 0; i < NUMBERS; i++) /* numbers may be skipped, never repeated */
		holds(shared->given[i] <= 1);
	takes_numbers(3); /* and the client still works */
	f = NULL;
}
END_TEST

/*
 * The register key of TRANSACTION 0 (path (1)) under the initial key, inverted: KDF(IK, "odukpt",
 * TRANSACTION), computed in another process, so that it is nowhere in this one.
 */
static void first_register(uint8_t ret_inverted[16])
{
	static const uint8_t ik[16] = {0x6b, 0x19, 0xdb, 0x10, 0x60, 0x1c, 0xbc, 0x2a, 0x9d, 0x23,
		0x0d, 0x01, 0x1b, 0xc6, 0x05, 0xe4};
	static const uint8_t input[] = "\0\0\0\1"
				       "odukpt\0"
				       "\x51\0\x08\0\0\0\0\0\0\0\0"
				       "\0\0\0\x80";
	uint8_t *common =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	ck_assert(common != MAP_FAILED);
	child = fork();
	if (child == 0) {
		size_t n = 0;

		if (EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, ik, 16, input,
			    sizeof input - 1, common, 16, &n) == NULL)
			_exit(1);
		invert(common, common, 16);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	memcpy(ret_inverted, common, 16);
}

START_TEST(used_registers_are_gone_from_memory)
{
	/*
	 * Forward security: before the first step the register key is in the state, after it
	 * neither it nor a copy is anywhere.
	 */
	uint8_t inverted[16];
	CK_OBJECT_HANDLE state;

	if (instrumented())
		return;
	first_register(inverted);
	state = client(3, 3, _i);
	if (_i == 0)
		holds(copies(inverted, 16) >
			0); /* the state of a session client is in memory: the search can see it */
	ok(next(state, NOTHING));
	holds(copies(inverted, 16) == 0);
}
END_TEST

START_TEST(one_slot_of_a_file_is_filled)
{
	/* The old slot is zeroed before the key leaves. */
	CK_OBJECT_HANDLE state = client(3, 3, true);
	char command[900];
	int i;

	for (i = 0; i < 4; i++) {
		ok(next(state, NOTHING));
		snprintf(command, sizeof command,
			"for c in '%s'/*/clients/*; do a=$(head -c 4096 \"$c\" | tr -d '\\000' | "
			"wc -c); b=$(tail -c "
			"+4097 \"$c\" | tr -d '\\000' | wc -c); "
			"[ $((a > 0)) != $((b > 0)) ] || exit 1; done",
			token_dir);
		holds(system(command) == 0);
	}
}
END_TEST

static uint8_t registers[64][16];
static size_t register_count;
static size_t found_in_files;

static int look_into(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	uint8_t *all;
	FILE *in;
	size_t i;

	(void)w;
	if (kind != FTW_F || st->st_size == 0)
		return 0;
	all = malloc((size_t)st->st_size);
	in = fopen(path, "r");
	ck_assert(in != NULL && fread(all, 1, (size_t)st->st_size, in) == (size_t)st->st_size);
	for (i = 0; i < register_count; i++)
		found_in_files += memmem(all, (size_t)st->st_size, registers[i], 16) != NULL;
	fclose(in);
	free(all);
	return 0;
}

START_TEST(files_of_a_client)
{
	/*
	 * Sealed: no key of the tree stands in the files; and only the client's own slot changes.
	 */
	CK_OBJECT_HANDLE state = client(3, 3, true), base = bdk();
	char path[700];
	struct stat st;
	uint64_t i;

	for (i = 0; i < 5; i++) {
		ok(next(state, NOTHING));
		ok(f->C_DestroyObject(s, made));
		ok(serve(base, 3, 3, i, NULL, T(READABLE)));
		get_bytes(made, CKA_VALUE, registers[register_count++], 16);
	}
	get_bytes(initial_key(3, 3), CKA_VALUE, registers[register_count++], 16);
	nftw(token_dir, look_into, 16, FTW_PHYS);
	ck_assert_uint_eq(found_in_files, 0);
	/* destroyed, its file goes too */
	snprintf(path, sizeof path, "%s/slot-%lu/clients", token_dir, slot);
	ok(f->C_DestroyObject(s, state));
	if (stat(path, &st) == 0)
		holds(rmdir(path) == 0);
}
END_TEST

START_TEST(damaged_state_files)
{
	/*
	 * Any bit flipped in the client's file: an error or the other slot, never a number twice.
	 */
	CK_OBJECT_HANDLE state = client(3, 3, true);
	char command[900];
	uint64_t last = 0;
	int i;

	ok(next(state, NOTHING));
	ok(next(state, NOTHING));
	last = number_of(made, CKA_KEYDIV_TRANSACTION);
	for (i = 0; i < 2; i++) {
		CK_RV rv;

		snprintf(command, sizeof command,
			"for c in '%s'/*/clients/*; do printf '\\377\\377\\377' | dd of=\"$c\" "
			"bs=1 seek=%d "
			"conv=notrunc status=none; "
			"printf '\\377\\377\\377' | dd of=\"$c\" bs=1 seek=%d conv=notrunc "
			"status=none; done",
			token_dir, 16 + 20, 4096 + 16 + 20);
		ck_assert_int_eq(system(command), 0);
		rv = next(state, NOTHING);
		if (rv == CKR_OK)
			holds(number_of(made, CKA_KEYDIV_TRANSACTION) > last);
		else
			gives(CKR_DEVICE_ERROR, rv);
		holds(rv != CKR_OK);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("O-DUKPT states");
	TCase *tc = add_case(suite, "states", start);

	tcase_add_test(tc, many_processes_never_share_a_number);
	tcase_add_test(tc, killed_at_any_point);
	tcase_add_loop_test(tc, used_registers_are_gone_from_memory, 0, 2);
	tcase_add_test(tc, one_slot_of_a_file_is_filled);
	tcase_add_test(tc, files_of_a_client);
	tcase_add_test(tc, damaged_state_files);
	return run(suite);
}
