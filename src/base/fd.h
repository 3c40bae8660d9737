/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h: file descriptors in a process that is not ours. */
#ifndef KEYDIV_BASE_FD_H
#define KEYDIV_BASE_FD_H

/*
 * FD, or another for the same opening if FD is the number of a standard stream: a program that has
 * closed one still writes to its number, and must not write into our file. -1 with errno if FD is
 * -1 or there is no other; FD is closed then.
 */
int fd_above_standard(int fd);

#endif
