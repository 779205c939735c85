#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several key lines together: where an import goes, what a list shows, which one signs.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires openssl
start_sandbox || exit 99
start_keyring || exit 99
token='^crs_[0-9a-f]{48}$'
cp "$sandbox_key" "$tmp/app.pem"
chmod 600 "$tmp/app.pem"
openssl genrsa 2048 >"$tmp/other.pem" 2>/dev/null
fingerprint=$(icred key fingerprint "$sandbox_key")
other=$(icred key fingerprint "$tmp/other.pem")

profile default "key sufficient file path=$tmp/missing.pem" "key sufficient exec [command=/bin/false]" \
	"key sufficient systemd" "key sufficient keyring" "key sufficient file path=$tmp/app.pem"
run icred key import "$tmp/other.pem" --label 'Another key'
is "an import goes to the first line that can store" "$status $out" "0 $other"
run icred --json key list
is "  which is the keyring's; the list has every source" \
	"$(json '[(k["module"], k["fingerprint"], k["label"]) for k in d["keys"]]')" \
	"[('keyring', '$other', 'Another key'), ('file', '$fingerprint', 'app.pem')]"
is "  each with when and where" "$(json '[len(k["createdAt"]) >= 10 and k["where"] != "" for k in d["keys"]]')" "[True, True]"
run icred key list
like "  for people too: the keyring" "$out" "Login"
like "  and the file" "$out" "$tmp/app.pem"
unlike "  nothing of what is in order" "$err" "missing.pem"
run icred key remove "$other"
is "a key is removed where that can be" "$status.$out.$err" "0.."
refused "  and not where it cannot" 3 not-found "no key with the fingerprint" icred key remove "$fingerprint"
run icred token
like "the one with the key signs" "$out$err" "$token"

profile default "key sufficient file path=$tmp/app.pem"
refused "none can store" 1 unsupported "no key line of the profile can store" icred key import "$tmp/other.pem"
for control in required requisite; do
	profile default "key $control file path=$tmp/app.pem" "key sufficient keyring"
	run icred key import "$tmp/other.pem"
	is "a line that cannot store does not spoil an import, even if it is $control" "$status $out" "0 $other"
done

# -- a module that says too much, and lets nothing go -------------------------------------

if [ -e "$builddir/tests/lib/module/modules/.libs/key-hoard.so" ]; then
	mkdir "$tmp/modules"
	ln -s "$ICRED_MODULE_DIR"/*.so "$builddir/tests/lib/module/modules/.libs/key-hoard.so" "$tmp/modules"
	ICRED_MODULE_DIR=$tmp/modules
	profile default "key sufficient hoard" "key sufficient keyring"
	run icred --json key list
	is "a list is not spoilt by a key with a label without end" \
		"$status.$(json '[(k["module"], len(k["label"]), len(k["where"])) for k in d["keys"]]')" \
		"0.[('hoard', 258, 2049), ('keyring', $(json 'len(d["keys"][-1]["label"])'), 5)]"
	is "  which is cut between characters" "$(json '{c for c in d["keys"][0]["label"] + d["keys"][0]["where"]} <= set("xé.")')" True
	refused "a key that may live on in one module is not removed" 4 locked 'the hoard is locked' icred key remove "$other"
	run icred key list
	unlike "  but elsewhere it is" "$out" "$other"
else
	skip "the test modules were not built"
	skip "the test modules were not built"
	skip "the test modules were not built"
	skip "the test modules were not built"
fi

run icred key import "$tmp/other.pem" --label "$(printf '%512s' '' | tr ' ' x)"
is "a label of 512 bytes is stored" "$status.$out" "0.$other"
errors_checked
done_testing
