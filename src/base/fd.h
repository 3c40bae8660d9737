/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h: file descriptors in the process of an application. */
#ifndef KEYDIV_BASE_FD_H
#define KEYDIV_BASE_FD_H

/*
 * Return a descriptor above those of the standard streams for the open file FD. An application that
 * has closed standard output may still print, and must not print into a file of the token. FD
 * itself is returned if FD is high enough, else FD is closed.
 *
 * Return -1 with errno if FD is -1 or if no descriptor is left.
 */
int fd_above_standard(int fd);

#endif
