/* SPDX-License-Identifier: Apache-2.0 */
/* full_place.c: mounts that one process alone sees; see full.h. */
#include "full.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#define PAGE 4096

/* --- Namespaces --- */

static bool write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* As another user than root: a user namespace in which this user has the same number. */
static bool separate_as_user(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof users, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_map("/proc/self/setgroups", "deny") &&
	       write_map("/proc/self/uid_map", users) && write_map("/proc/self/gid_map", groups);
}

bool place_separate(void)
{
	if (unshare(CLONE_NEWNS) != 0 && !separate_as_user())
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

void place_drop_privileges(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0}};

	if (syscall(SYS_capset, &header, none) != 0)
		trouble("capset: errno %d", errno);
}

/* --- A tmpfs --- */

void place_mount(void)
{
	char options[80];

	snprintf(options, sizeof options, "size=64m,nr_inodes=10000,mode=0700,uid=%u,gid=%u",
		(unsigned)geteuid(), (unsigned)getegid());
	if (mount("none", token_dir, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
		trouble("mounting a tmpfs: errno %d", errno);
}

/* A size of 0 would be no limit, so a file takes the page that is one too many. */
static void take_a_page(void)
{
	static const uint8_t page[PAGE];
	char path[600];

	snprintf(path, sizeof path, "%s/filler", token_dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, page, PAGE) != PAGE)
		trouble("filling the tmpfs: errno %d", errno);
	close(fd);
}

static void remount(const char *options)
{
	if (mount("none", token_dir, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options) != 0)
		trouble("remounting with %s: errno %d", options, errno);
}

void place_leave(unsigned pages, unsigned inodes)
{
	struct statvfs fs;
	char options[80];

	if (pages != PLACE_ALL)
		take_a_page();
	if (statvfs(token_dir, &fs) != 0)
		trouble("statvfs: errno %d", errno);
	unsigned long used = fs.f_blocks - fs.f_bfree, used_inodes = fs.f_files - fs.f_ffree;
	snprintf(options, sizeof options, "size=%lu,nr_inodes=%lu",
		pages == PLACE_ALL ? 64UL << 20 : (used + pages) * PAGE,
		inodes == PLACE_ALL ? 10000 : used_inodes + inodes);
	remount(options);
}

/* --- Reading only --- */

void place_read_only(bool yes)
{
	if (!yes) {
		if (umount2(token_dir, MNT_DETACH) != 0)
			trouble("removing a mount: errno %d", errno);
		return;
	}
	if (mount(token_dir, token_dir, NULL, MS_BIND | MS_REC, NULL) != 0 ||
		mount(NULL, token_dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
		trouble("mounting for reading only: errno %d", errno);
}

void place_run(const char *format, ...)
{
	char command[3000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		trouble("%s failed", command);
}
