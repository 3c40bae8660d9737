#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# package_life.sh: what tests/package.sh does in a fresh Debian as root. /src has the packages of two versions in first and second, and
# the folder tests. The system is thrown away afterwards.
set -euo pipefail
cd /src

step()
{
	echo "== $(. /etc/os-release && echo "$VERSION_CODENAME"): $1"
}

die()
{
	echo "$1" >&2
	exit 1
}

# quietly COMMAND...: print the output only if the command fails. The output stays in /src/log.
quietly()
{
	"$@" >/src/log 2>&1 || { cat /src/log; die "failed: $*"; }
}

keydiv_of_root()
{
	keydiv "$@" --pin-file /src/pin
}

# status_of_nothing: ask a server that is not there.
status_of_nothing()
{
	keydiv store status postgresql:host=/src/nowhere 2>&1 || true
}

step install
quietly apt-get update -qq
quietly apt-get install -y --no-install-recommends ./first/keydiv_*.deb
version=$(dpkg-query -W -f '${Version}' keydiv)
[ "$(keydiv --version)" = "keydiv $version" ] || die "the tool says $(keydiv --version)"
dpkg -L keydiv | while read -r path; do [ ! -f "$path" ] || echo "$path"; done
for file in /usr/include/keydiv.h "$(dpkg -L keydiv | grep '/keydiv\.pc$')" "$(dpkg -L keydiv | grep 'keydiv-pkcs11\.so$')" \
	"$(dpkg -L keydiv | grep 'keydiv-client\.so$')" "$(dpkg -L keydiv | grep 'keydiv-server\.socket$')" \
	/usr/share/p11-kit/modules/keydiv.module /usr/share/doc/keydiv/README.mechanisms.md* /usr/share/doc/keydiv/TRADES.md* \
	/usr/share/doc/keydiv/HSM.md* /usr/share/doc/keydiv/copyright; do
	[ -s "$file" ] || die "the package has no $file"
done

getent passwd keydiv >/dev/null && getent group keydiv-clients >/dev/null || die 'the installation did not make user and group'
[ "$(stat -c '%U %a' /var/lib/keydiv-server)" = 'keydiv 700' ] || die 'the installation did not make /var/lib/keydiv-server'
grep -q '^parameters = flat' /etc/keydiv/server.conf || die '/etc/keydiv/server.conf lets clients pass pointers'
[ -z "$(find /etc/systemd -name 'keydiv*')" ] || die 'the installation enabled a unit'

step token
(umask 077 && echo 12345678 >so-pin && echo 123456 >pin)
keydiv init --label stays --so-pin-file so-pin --pin-file pin
keydiv_of_root key generate --label master >/dev/null
before=$(keydiv_of_root derive --key master SN-000123)
[ -n "$before" ] && [ -n "$(ls /var/lib/keydiv)" ] || die 'there is no token in /var/lib/keydiv'

step 'demonstration with the installed module'
quietly apt-get install -y --no-install-recommends openssl
bash tests/clients/demo.sh --installed | tail -n 4

step 'a program with the flags of pkg-config'
quietly apt-get install -y --no-install-recommends gcc libc6-dev pkgconf libp11-kit-dev
cat >program.c <<'END'
#include <p11-kit/pkcs11.h>
#include <keydiv.h>

int main(void)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	return keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p).ulParameterLen == 12 ? 0 : 1;
}
END
gcc -Wall -Werror $(pkg-config --cflags keydiv) program.c -o program
./program

# The package's dependencies must bring libp11-kit, which the module opens with dlopen. The setting is the name of SoftHSM in p11-kit, so
# that libp11-kit loads SoftHSM too. softhsm2-util reads a key as a line of text, and ends the key at a byte 00 or 0A. The second component
# gives the same key.
step 'a master in another token'
quietly apt-get install -y --no-install-recommends softhsm2
echo 'foreign-module = softhsm2' >foreign.conf
printf 'a master of 32 bytes in SoftHSM.' >mk
echo 2ca55ec62579b7a2065b2683c1d4f2081fd6cedbfa4695ef7a061a652f63674f >component-2.txt
quietly softhsm2-util --init-token --free --label hsm --so-pin 12345678 --pin 123456
quietly softhsm2-util --import mk --aes --token hsm --label mk --id 01 --pin 123456
export KEYDIV_CONF=/src/foreign.conf
quietly keydiv_of_root key link --label there --uri 'pkcs11:token=hsm;object=mk'
quietly keydiv_of_root key import --label here --component-file tests/fixtures/component-1.txt --component-file component-2.txt \
	--check-value BD0F8F
there=$(keydiv_of_root derive --key there SN-000123)
[ "$there" = "$(keydiv_of_root derive --key here SN-000123)" ] || die "a master in another token gives another key: $there"
echo "a master in SoftHSM gives the same key: $there"
unset KEYDIV_CONF

# Without keydiv-postgresql nothing brings libpq. With it the module finds the shared object, and no server.
step 'tokens on a PostgreSQL server'
[ -z "$(find / -xdev -name 'libpq.so.*')" ] || die 'the package keydiv brings libpq'
[ -z "$(dpkg -L keydiv | grep -i 'postgresql\.so\|schema_')" ] || die 'the package keydiv has the store on a server'
status_of_nothing | grep -q 'keydiv-store-postgresql.so is not beside' ||
	die 'the tool does not say that keydiv-postgresql is missing'
quietly apt-get install -y --no-install-recommends ./first/keydiv-postgresql_*.deb
for file in "$(dirname "$(dpkg -L keydiv | grep 'keydiv-pkcs11\.so$')")/keydiv-store-postgresql.so" \
	/usr/share/keydiv/postgresql/schema_1.sql /usr/share/keydiv/postgresql/schema_2.sql /usr/share/doc/keydiv-postgresql/copyright; do
	[ -s "$file" ] || die "the package keydiv-postgresql has no $file"
done
status_of_nothing | grep 'connection to server' || die 'the module does not load the store'

step upgrade
quietly apt-get install -y --no-install-recommends ./second/keydiv_*.deb ./second/keydiv-postgresql_*.deb
dpkg --compare-versions "$(dpkg-query -W -f '${Version}' keydiv)" gt "$version" || die 'nothing was upgraded'
[ "$(keydiv_of_root derive --key master SN-000123)" = "$before" ] || die 'the token gives another key after the upgrade'
echo "the token of $version gives the same key with $(dpkg-query -W -f '${Version}' keydiv)"

step purge
dpkg -L keydiv >files
quietly apt-get purge -y keydiv
grep '^keydiv: ' log || die 'the purge does not say that the tokens stay'
[ -n "$(ls /var/lib/keydiv)" ] || die 'the purge removed the tokens'
while read -r path; do
	[ ! -f "$path" ] || die "the purge left $path"
done <files
[ ! -e /etc/keydiv ] || die "the purge left $(ls -R /etc/keydiv)"
[ ! -e /usr/share/doc/keydiv ] || die 'the purge left the documents'

step 'install again'
quietly apt-get install -y --no-install-recommends ./first/keydiv_*.deb
[ "$(keydiv_of_root derive --key master SN-000123)" = "$before" ] || die 'the token gives another key after purge and installation'
rm -r /var/lib/keydiv
quietly apt-get purge -y keydiv
! grep '^keydiv: ' log || die 'the purge speaks of tokens where there are none'
