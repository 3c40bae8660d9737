#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# foreign.sh PROGRAM MODULE KEYDIV SOFTHSM [N] [ROUNDS]: measure DEVICE_KEY over a key in SoftHSM beside SoftHSM's own C_SignInit
# and C_Sign with that key.
set -eu
program=$1 module=$2 keydiv=$3 softhsm=$4 n=${5:-20000} rounds=${6:-9}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
umask 077
mkdir "$dir/hsm"
printf 'token-dir = %s/tokens\nforeign-module = %s\n' "$dir" "$softhsm" > "$dir/keydiv.conf"
printf 'directories.tokendir = %s/hsm\nobjectstore.backend = file\nlog.level = ERROR\n' "$dir" > "$dir/softhsm2.conf"
export KEYDIV_CONF="$dir/keydiv.conf" SOFTHSM2_CONF="$dir/softhsm2.conf"
printf '12345678' > "$dir/pin"
softhsm2-util --init-token --free --label hsm --so-pin 12345678 --pin 12345678 > /dev/null
printf '0123456789abcdef' > "$dir/mk"
softhsm2-util --import "$dir/mk" --aes --token hsm --label mk --id 01 --pin 12345678 > /dev/null
"$keydiv" init --module "$module" --label bench --pin-file "$dir/pin" --so-pin-file "$dir/pin" > /dev/null
"$keydiv" key link --module "$module" --label master --uri 'pkcs11:token=hsm;object=mk' --pin-file "$dir/pin" > /dev/null 2>&1
"$program" "$module" "$softhsm" 12345678 "$n" "$rounds"
