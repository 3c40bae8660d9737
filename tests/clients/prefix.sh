#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# prefix.sh SOURCE: check that an installation below a user's prefix writes nothing outside of that prefix, and that an installation
# for the whole system uses p11-kit's directories. The script sets up builds and compiles nothing.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# set_up PREFIX: the paths that would be installed, one a line, into $work/installed.
set_up()
{
	rm -rf "$work/build"
	meson setup "$work/build" "$source" "-Dprefix=$1" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	meson introspect --installed "$work/build" | tr ',' '\n' | sed -n 's/.*": "\(.*\)".*/\1/p' | tr -d '}' >"$work/installed"
	grep -q 'keydiv-pkcs11\.so$' "$work/installed" && grep -q 'keydiv\.module$' "$work/installed"
}

# goes_to FILE DIRECTORY
goes_to()
{
	grep -qx "$2/$1" "$work/installed" || { echo "$1 is not installed in $2"; cat "$work/installed"; exit 1; }
}

set_up "$work/local"
if grep -v "^$work/local/" "$work/installed"; then
	echo 'is installed outside of the prefix'
	exit 1
fi
goes_to keydiv.module "$work/local/share/p11-kit/modules"
module=$(grep 'keydiv-pkcs11\.so$' "$work/installed")
case $module in
"$work"/local/lib*/pkcs11/keydiv-pkcs11.so) ;;
*) echo "the module is installed as $module"; exit 1 ;;
esac
grep -qx "module: $module" "$work/build/pkcs11-conf/keydiv.module"
grep -qF "KEYDIV_MODULE=\\\"$module\\\"" "$work/build/build.ninja" || grep -qF "KEYDIV_MODULE=\"$module\"" "$work/build/build.ninja"

set_up /usr/local
goes_to keydiv-pkcs11.so "$(pkg-config --variable=p11_module_path p11-kit-1)"
goes_to keydiv.module "$(pkg-config --variable=p11_module_configs p11-kit-1)"
