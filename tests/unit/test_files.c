/* SPDX-License-Identifier: Apache-2.0 */
/* test_files.c: the status of a file, also where statx() is refused. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int refusal; /* errno of statx(); 0: the system call is made */

#ifdef STATX_TYPE
static int test_statx(int fd, const char *name, int flags, unsigned mask, struct statx *ret)
{
	if (refusal == 0)
		return statx(fd, name, flags, mask, ret);
	errno = refusal;
	return -1;
}
#define statx(...) test_statx(__VA_ARGS__)
#endif

static int lock_refusal; /* errno of flock(); 0: the system call is made */

static int test_flock(int fd, int what)
{
	if (lock_refusal == 0)
		return flock(fd, what);
	errno = lock_refusal;
	return -1;
}
#define flock(...) test_flock(__VA_ARGS__)

#include "base/files.c"
#undef statx
#undef flock

#include "unit.h"

static const int refusals[] = {0, EPERM, ENOSYS};

START_TEST(file_status_without_statx)
{
	char name[] = "/tmp/keydiv-files-XXXXXX";
	struct file_status st;
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "12345", 5), 5);
	refusal = refusals[_i];
	ck_assert_int_eq(file_status(fd, &st), 0);
	ck_assert(S_ISREG(st.mode) && (st.mode & 0777) == 0600);
	ck_assert_uint_eq(st.owner, geteuid());
	ck_assert_uint_eq(st.links, 1);
	ck_assert_int_eq(st.size, 5);
	unlink(name);
	ck_assert_int_eq(file_status(fd, &st), 0);
	ck_assert_uint_eq(st.links, 0);
	close(fd);
	ck_assert_int_eq(file_status(fd, &st), -1);
}
END_TEST

START_TEST(an_io_error_is_reported)
{
	struct file_status st;

	refusal = EIO;
	ck_assert_int_eq(file_status(0, &st), -1);
	ck_assert_int_eq(errno, EIO);
}
END_TEST

static const int lock_refusals[] = {ENOLCK, EOPNOTSUPP, EIO};

START_TEST(no_lock_is_not_taken_for_a_lock)
{
	lock_refusal = lock_refusals[_i];
	ck_assert_uint_eq(file_lock(0, 10, "a test"), CKR_DEVICE_ERROR);
	lock_refusal = EWOULDBLOCK;
	ck_assert_uint_eq(file_lock(0, 10, "a test"), CKR_DEVICE_ERROR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files");
	TCase *tests = tcase_create("files");

	tcase_add_loop_test(tests, file_status_without_statx, 0, 3);
#ifdef STATX_TYPE
	tcase_add_test(tests, an_io_error_is_reported);
#endif
	tcase_add_loop_test(tests, no_lock_is_not_taken_for_a_lock, 0, 3);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
