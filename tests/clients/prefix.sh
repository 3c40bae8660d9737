#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# prefix.sh SOURCE: check that an installation below a user's prefix writes nothing outside of that prefix, and that an installation
# for the whole system uses p11-kit's directories. With nothing but the flags that pkg-config prints for an installation, a program
# that includes keydiv.h compiles. The script sets up builds and compiles nothing of keydiv.
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

# compiles: install what belongs to development, and compile and run a program with it.
compiles()
{
	meson install -C "$work/build" --no-rebuild --tags devel,doc >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	PKG_CONFIG_PATH=$(dirname "$(find "$work/local" -name keydiv.pc)")
	export PKG_CONFIG_PATH
	cat >"$work/program.c" <<-'END'
	#include <p11-kit/pkcs11.h>
	#include <keydiv.h>

	int main(void)
	{
		KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

		keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
		return keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p).ulParameterLen == 12 ? 0 : 1;
	}
	END
	${CC:-cc} -Wall -Werror $(pkg-config --cflags keydiv) "$work/program.c" -o "$work/program"
	"$work/program"
	[ "$(pkg-config --variable=module keydiv)" = "$module" ] || { echo 'keydiv.pc names another module'; exit 1; }
}

compiles
for page in LICENSE SECURITY.md MESSAGES.md TRADES.md README.mechanisms.md README.pkcs11-conf.md; do
	[ -s "$work/local/share/doc/keydiv/$page" ] || { echo "$page is not installed"; exit 1; }
done

set_up /usr/local
goes_to keydiv-pkcs11.so "$(pkg-config --variable=p11_module_path p11-kit-1)"
goes_to keydiv.module "$(pkg-config --variable=p11_module_configs p11-kit-1)"
