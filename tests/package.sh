#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# package.sh [SUITE...]: build the Debian package and try it. SUITE is a release of Debian, without one bookworm and trixie.
#
# For each release debootstrap makes a fresh Debian. In one copy the script builds the package of the committed tree and of a higher
# version, and runs lintian. In a second copy, which has nothing but Debian's minimum, the script installs the package, makes a token,
# runs the demonstration with the installed module, installs keydiv-postgresql, compiles a program with the flags of pkg-config, upgrades, removes and purges.
# The packages stay in build-package/SUITE.
#
# tests/support/debian.sh says what the script needs, and the variables MIRROR and BASES. BUILD_OPTIONS is DEB_BUILD_OPTIONS, as nocheck.
set -eu
cd "$(dirname "$0")/.."
. tests/support/debian.sh

# build SUITE: the packages of the tree, version 0.2.0 or what the changelog says, and of a rebuilt higher version.
build()
{
	echo "== $1: build"
	fresh "$1" "$work/build"
	tree_in "$work/build/src/keydiv"
	mv "$work/build/src/keydiv/pkcs11-conf/debian" "$work/build/src/keydiv/debian"
	cat >"$work/build/src/build.sh" <<-'END'
	set -eu
	cd /src/keydiv
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends build-essential lintian
	apt-get build-dep -y -qq --no-install-recommends ./
	dpkg-buildpackage -us -uc
	version=$(dpkg-parsechangelog -S Version)
	mkdir /src/first
	mv /src/keydiv*_"$version"* /src/first
	{
		printf 'keydiv (%s+upgrade1) unstable; urgency=medium\n\n  * Rebuild.\n\n' "$version"
		printf ' -- the keydiv authors <authors@keydiv.example>  %s\n\n' "$(date -R)"
		cat debian/changelog
	} >/src/changelog
	mv /src/changelog debian/changelog
	DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS nocheck" dpkg-buildpackage -us -uc -b -nc # what is compiled is the same
	mkdir /src/second
	mv /src/keydiv*_"$version"+upgrade1* /src/second
	END
	quietly "$work/build" sh /src/build.sh
	sed -n 's/^Ok:  */tests during the build: /p' "$work/log"
	echo "== $1: lintian"
	# One source has one Standards-Version for all releases, which the lintian of each release compares with its own.
	inside "$work/build" sh -c 'lintian --version; lintian --allow-root --display-info --tag-display-limit 0 --fail-on error,warning,info \
		--suppress-tags out-of-date-standards-version,newer-standards-version /src/first/*.changes /src/second/*.changes'
	rm -rf "$tree/build-package/$1"
	mkdir -p "$tree/build-package/$1"
	cp "$work"/build/src/first/* "$tree/build-package/$1"
}

# try SUITE: the life of an installation.
try()
{
	fresh "$1" "$work/try"
	mkdir -p "$work/try/src/first" "$work/try/src/second"
	cp "$work"/build/src/first/keydiv_*.deb "$work"/build/src/first/keydiv-postgresql_*.deb "$work/try/src/first"
	cp "$work"/build/src/second/keydiv_*.deb "$work"/build/src/second/keydiv-postgresql_*.deb "$work/try/src/second"
	mkdir -p "$work/try/src/tests"
	cp -a tests/clients tests/fixtures "$work/try/src/tests"
	cp tests/support/package_life.sh "$work/try/src"
	inside "$work/try" bash /src/package_life.sh
}

[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
	build "$suite"
	try "$suite"
	rm -rf --one-file-system "$work/build" "$work/try"
	echo "== $suite: the package works"
done
