#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the libc functions on files that the module and SQLite import with those that tests/faults
replaces. A function that is missing there would never fail in the regimes.

    replaced.py LIBRARY MODULE
"""
import re
import subprocess
import sys

# The functions of libc that make a system call on a file, a directory or a file system.
FILES = set(
    "access chdir chmod chown close closedir copy_file_range creat dup dup2 dup3 eaccess euidaccess faccessat fallocate "
    "fchdir fchmod fchmodat fchown fchownat fclose fcntl fdatasync fdopendir fgetxattr flock fopen freopen fsetxattr fstat "
    "fstatat fstatfs fstatvfs fsync ftruncate futimens futimes getcwd getdents getentropy getrandom io_uring_setup lchown "
    "link linkat lockf lseek lstat mkdir mkdirat mkfifo mknod mknodat mkostemp mkstemp mmap msync nftw open openat opendir "
    "posix_fadvise posix_fallocate pread preadv pwrite pwritev pwritev2 read readdir readdir_r readlink readlinkat readv "
    "realpath rename renameat renameat2 remove rmdir scandir sendfile splice stat statfs statvfs statx symlink symlinkat "
    "sync sync_file_range syncfs tmpfile truncate unlink unlinkat utime utimensat utimes write writev".split())

# Functions that need no replacement, with the reason.
LEFT_OUT = {
    "fclose": "closes the configuration, which was only read",
    "rmdir": "SQLite's locks by directories, which the store does not use",
    "utime": "SQLite's locks by directories, which the store does not use",
}


def symbols(option, path):
    out = subprocess.run(["nm", *option.split(), path], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if line and not line.endswith(":")}


def sqlite_of(module):
    out = subprocess.run(["ldd", module], check=False, capture_output=True, text=True).stdout
    found = re.search(r"(/\S*libsqlite3\S*)", out)
    return [found.group(1)] if found else []


def main():
    library, module = sys.argv[1:]
    replaced = symbols("--defined-only --extern-only", library)
    failed = False
    for path in [module, *sqlite_of(module)]:
        imported = symbols("-D --undefined-only", path)
        for name in sorted(imported):
            plain = name[:-2] if name.endswith("64") else name
            if plain in FILES and plain not in LEFT_OUT and name not in replaced:
                print(f"{path} calls {name}(), which tests/faults does not replace")
                failed = True
        print(f"{path}: {len(imported & replaced)} functions on files are replaced")
    sys.exit(failed)


main()
