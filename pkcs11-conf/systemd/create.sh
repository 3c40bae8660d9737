#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# create.sh: after an installation by root, make the user, the group and the directories of keydiv-server.socket.
# A package does the same when it is installed, so nothing is done below a DESTDIR.
set -eu
[ -z "${DESTDIR:-}" ] && [ "$(id -u)" = 0 ] || exit 0
command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null || exit 0
systemd-sysusers keydiv.conf || echo "create.sh: the user keydiv could not be made" >&2
systemd-tmpfiles --create keydiv.conf || echo "create.sh: the directories of keydiv-server.socket could not be made" >&2
[ ! -d /run/systemd/system ] || systemctl daemon-reload
