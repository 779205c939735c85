#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "systemd": credentials as a unit gets them; and the units of examples/.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
start_sandbox || exit 99
token='^crs_[0-9a-f]{48}$'
folder=$tmp/credentials
mkdir -m 700 "$folder"

# give NAME: the key as a credential, the way systemd leaves it
give() {
	chmod 700 "$folder"
	rm -f "$folder"/*
	cp "$sandbox_key" "$folder/$1"
	chmod "${2:-400}" "$folder/$1"
	chmod 500 "$folder"
	icred forget >/dev/null 2>&1
}
signs() {
	run icred token
	like "$1" "$out$err" "$token"
}

profile default "key required systemd"
unset CREDENTIALS_DIRECTORY
refused "outside of a service" 4 no-service 'CREDENTIALS_DIRECTORY is not set.*LoadCredentialEncrypted=' icred token
CREDENTIALS_DIRECTORY=$folder/none
export CREDENTIALS_DIRECTORY
refused "a folder that is not there" 4 no-service "none.* cannot be opened" icred token
CREDENTIALS_DIRECTORY=$folder
give nothing-of-ours
refused "no such credential" 3 not-found "no credential icred-key; add LoadCredentialEncrypted=icred-key" icred token
give icred-key
signs "icred-key"
run icred --json key list
is "key list has it" "$(json '[(k["fingerprint"], k["module"], k["where"], k["label"]) for k in d["keys"]]')" \
	"[('$(icred key fingerprint "$sandbox_key")', 'systemd', '\$CREDENTIALS_DIRECTORY', 'icred-key')]"
give icred-12345
signs "icred-APP"
chmod 700 "$folder"
echo "not a key" >"$folder/icred-key"
icred forget
signs "  goes before icred-key"
give icred-key 440
chmod 550 "$folder"
signs "read by an access list, which shows as a right of the group"
give icred-key 444
refused "one that all may read" 8 invalid "has mode 0444" icred token
give icred-key
chmod 755 "$folder"
refused "a folder that all may read" 8 invalid "open to other users" icred token

give my.key
profile default "key required systemd credential=my.key"
signs "credential="
give icred-key
refused "  is not made up for by another" 3 not-found "no credential my.key" icred token
for name in ../icred-key /etc/passwd a:b .. ''; do
	profile default "key required systemd credential=$name"
	refused "credential=$name" 8 invalid "cannot be the name of a credential" icred token
done
ln -sf "$sandbox_key" "$tmp/link"
chmod 700 "$folder"
ln -s "$sandbox_key" "$folder/link"
profile default "key required systemd credential=link"
refused "a symbolic link" 8 invalid "symbolic link" icred token
errors_checked

# -- sealed as the manual says, and opened as systemd does it for a unit -------------------

if command -v systemd-creds >/dev/null 2>&1; then
	SYSTEMD_CREDENTIAL_SECRET=$tmp/machine-secret # this machine's own stays as it is
	export SYSTEMD_CREDENTIAL_SECRET
	run systemd-creds encrypt --with-key=host --name=icred-12345 "$sandbox_key" "$tmp/sealed"
else
	status=127
fi
# From systemd 256 on an ordinary user's is sealed by a service, which is of no use to a test.
if [ "$status" -eq 127 ]; then
	skip "systemd-creds is missing"
elif printf '%s\n' "$err" | grep -qF io.systemd.Credentials; then
	skip "systemd-creds leaves sealing to a service, which does not run here"
else
	is "systemd-creds seals the key" "$status" 0
	is "  so that no line of it can be read" "$(grep -cF "$(sed -n 2p "$sandbox_key")" "$tmp/sealed")" 0
	chmod 700 "$folder"
	rm -f "$folder"/*
	systemd-creds decrypt --name=icred-12345 "$tmp/sealed" "$folder/icred-12345" 2>/dev/null
	chmod 400 "$folder/icred-12345"
	chmod 500 "$folder"
	profile default "key required systemd"
	icred forget
	signs "  and it signs where it is opened"
fi

# -- the units that are shown ------------------------------------------------------------

for unit in "$srcdir"/examples/*.service; do
	if command -v systemd-analyze >/dev/null 2>&1; then
		run systemd-analyze verify --man=no "$unit"
		is "${unit##*/} is a unit that systemd understands" \
			"$(printf '%s\n' "$err" | grep -F "${unit##*/}")" ""
	else
		ok "${unit##*/} has its credential" grep -q '^LoadCredentialEncrypted=icred-' "$unit"
	fi
done
chmod 700 "$folder"
done_testing
