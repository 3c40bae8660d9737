# SPDX-License-Identifier: Apache-2.0
# debian.sh: functions of the scripts that work in a fresh Debian, to be sourced in the root of the tree. They need root, debootstrap and
# a mirror of Debian, http://deb.debian.org/debian unless MIRROR names another. BASES, if set, names a directory where the fresh systems
# are kept for the next run. $work is a directory that is removed at the end.
tree=$(pwd)
[ "$(id -u)" = 0 ] || { echo "$0: needs root, for debootstrap and chroot" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "$0: needs the package debootstrap" >&2; exit 2; }

umask 022
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM HUP

# fresh SUITE ROOT: make a Debian at ROOT with nothing but the required packages.
fresh()
{
	base=${BASES:-$work}/$1.base
	if [ ! -e "$base/complete" ]; then
		mkdir -p "$(dirname "$base")"
		debootstrap --variant=minbase "$1" "$base" "${MIRROR:-http://deb.debian.org/debian}" >"$work/log" 2>&1 || {
			tail -n 20 "$work/log"
			exit 1
		}
		printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d" # services are not started
		chmod +x "$base/usr/sbin/policy-rc.d"
		echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/thrown-away" # no sync for each file
		touch "$base/complete"
	fi
	cp -a "$base" "$2"
}

# tree_in DIRECTORY: put a copy of the committed tree into DIRECTORY.
tree_in()
{
	mkdir -p "$1"
	git archive HEAD | tar -x -C "$1"
}

# inside ROOT COMMAND...: run in the system below ROOT. What is mounted there, and every process, ends with the command.
inside()
{
	root=$1
	shift
	unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "DEB_BUILD_OPTIONS=${BUILD_OPTIONS:-}" "$@"
}

# quietly ROOT COMMAND...: as inside, and print the end of the output only if the command fails. The output is in $work/log.
quietly()
{
	inside "$@" >"$work/log" 2>&1 || {
		tail -n 40 "$work/log"
		exit 1
	}
}
