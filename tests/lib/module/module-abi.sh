#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Modules as others build them: from installed headers, of other releases, and broken in each way there is.
. "${srcdir:-.}/tests/lib.sh"
requires pkg-config make openssl

# What `make install` puts where a module's author looks.
root=$tmp/root
(cd "$builddir" && MAKEFLAGS='' make -s install-icredHEADERS install-pkgconfigDATA DESTDIR="$root") >"$tmp/install.log" 2>&1 ||
	diag "$(cat "$tmp/install.log")"
pc=$(find "$root" -name libicred.pc)
pkg() { PKG_CONFIG_PATH=${pc%/*} pkg-config "$@"; }
installed_flags=$(PKG_CONFIG_SYSROOT_DIR=$root pkg --cflags libicred)
like "pkg-config tells where headers are" "$installed_flags" "-I$root/"
like "  and where modules go" "$(pkg --variable=moduledir libicred)" '^/.*/icred$'

modules=$tmp/modules
mkdir "$modules"
# build NAME SOURCE OPTION...
build() {
	build_name=$1 build_source=$2
	shift 2
	# shellcheck disable=SC2086 # a list of options
	${CC:-cc} -Wall -Wextra -Wno-unused-function -fPIC -shared -pthread -fvisibility=hidden "$@" ${build_flags-$installed_flags} \
		-o "$modules/$build_name.so" "$build_source" 2>"$tmp/build.log" || {
		diag "$(cat "$tmp/build.log")"
		return 1
	}
}

# -- the example of the manual -----------------------------------------------------

sed '1,/^ \*\/$/d' "$srcdir/examples/cache-memory.c" >"$tmp/example.c"
awk '/^In the file/ { file = 1 } file && /^\.Bd -literal$/ { text = 1; next } text && /^\.Ed/ { exit } text' \
	"$srcdir/man/icred-module.3" | sed 's/\\e/\\/g' >"$tmp/page.c"
ok "the example of icred-module(3) is the one in examples/" cmp "$tmp/example.c" "$tmp/page.c"
ok "  it builds out of tree" build cache-memory "$srcdir/examples/cache-memory.c" -Werror
ok "an issuer too" build issuer-toy "$srcdir/tests/abi/issuer-toy.c" -Werror
ok "and a key" build key-toy "$srcdir/tests/abi/key-toy.c" -Werror
ICRED_MODULE_DIR=$modules

# stack NAME LINE...: a profile
stack() {
	stack_file=$ICRED_CONFIG_DIR/$1.conf
	shift
	printf '%s\n' 'app 1' 'installation abc' "$@" >"$stack_file"
}
stack default 'key required toy' 'cache sufficient memory' 'issuer required toy'
ok "profile check takes them" icred profile check default
run icred -v token
is "they make a token" "$status $out" "0 toy_3_a"
like "  by the key" "$err" '^icred: key toy \(.*default\.conf:3\): success, which decides'
like "  and the issuer" "$err" '^icred: issuer toy \(.*default\.conf:5\): success, which decides'
like "  after the cache was asked" "$err" '^icred: cache memory \(.*default\.conf:4\): not-found, ignored: the entry is not here'
like "  which keeps it" "$err" '^icred: cache memory \(.*default\.conf:4\): success, which decides'

# -- other releases --------------------------------------------------------------------

stack default 'key required toy' 'issuer required toy' 'cache optional memory'
for frozen in "$srcdir"/tests/abi/[0-9]*; do
	build_flags=-I$frozen
	ok "modules of release ${frozen##*/} build" build key-toy "$srcdir/tests/abi/key-toy.c"
	ok "  issuers" build issuer-toy "$srcdir/tests/abi/issuer-toy.c"
	ok "  caches" build cache-memory "$srcdir/examples/cache-memory.c"
	unset build_flags
	is "  and work" "$(icred token 2>&1)" toy_3_a
done
build key-toy "$srcdir/tests/abi/key-toy.c" -DWILD_LONG
build issuer-toy "$srcdir/tests/abi/issuer-toy.c"
is "a module of a later release works: longer structs" "$(icred token 2>&1)" toy_3_a

# The other way round: today's modules in a host of an earlier release, and in one of a later.
start_sandbox || exit 99
mkdir -m 700 "$tmp/credentials"
install -m 600 "$sandbox_key" "$tmp/credentials/icred-$sandbox_app"
openssl rsa -in "$sandbox_key" -pubout -out "$tmp/public.pem" 2>/dev/null
fingerprint=$(icred key fingerprint "$sandbox_key")
real=$builddir/.libs

# host WORD MODULE... [NAME=VALUE...]: with the options that the modules here need
host() {
	CREDENTIALS_DIRECTORY=$tmp/credentials "$tmp/host" "$@" app="$sandbox_app" api="$sandbox_url" ca="$sandbox_ca" \
		installation="$sandbox_installation" path="$sandbox_key" command="/bin/cat $sandbox_key" 2>"$tmp/host.err"
}
signs() { host sign "$1" >"$tmp/signature" && printf text | openssl dgst -sha256 -verify "$tmp/public.pem" -signature "$tmp/signature" >/dev/null; }

# hosts NAME OPTION...: build it, and let it use each module
hosts() {
	hosts_name=$1
	shift
	# shellcheck disable=SC2086 # lists of options
	ok "$hosts_name builds" ${CC:-cc} -Wall -Wextra ${CFLAGS:-} "$@" -o "$tmp/host" "$srcdir/tests/abi/old-host.c" -ldl
	for hosts_key in "$real/key-file.so" "$real/key-exec.so" "$real/key-systemd.so"; do
		ok "  ${hosts_key##*/} signs there" signs "$hosts_key" || diag "$(cat "$tmp/host.err")"
		is "    and lists" "$(host list "$hosts_key")" "$fingerprint"
	done
	for hosts_cache in "$real/cache-runtime.so" "$modules/cache-memory.so"; do
		ok "  ${hosts_cache##*/} keeps a token there" host cache "$hosts_cache" || diag "$(cat "$tmp/host.err")"
	done
	like "  issuer-icr.so mints there" "$(host mint "$real/issuer-icr.so" "$real/key-file.so")" '^crs_' || diag "$(cat "$tmp/host.err")"
	is "  a module of an author" "$(host mint "$modules/issuer-toy.so" "$modules/key-toy.so" installation=abc)" toy_3_a
}
for frozen in "$srcdir"/tests/abi/[0-9]*; do
	hosts "a host of release ${frozen##*/}" "-I$frozen"
done
# shellcheck disable=SC2086 # a list of options
hosts "a host of a later release" $installed_flags -DLATER

# -- those that break a rule ----------------------------------------------------------------

# wild NAME STATUS PATTERN [OPTION...]: the caller lives, and says which module it was and why
wild() {
	wild_name=$1 wild_status=$2 wild_pattern=$3
	shift 3
	build "key-$wild_name" "$srcdir/tests/abi/key-toy.c" "-DWILD_$(printf '%s' "$wild_name" | tr '[:lower:]' '[:upper:]')"
	stack "$wild_name" "key required $wild_name" 'issuer required toy' 'cache optional memory'
	run timeout -k 5 30 icred -p "$wild_name" --no-interactive "$@" token
	is "$wild_name: the caller fails, and lives" "$status $out" "$wild_status "
	like "  and names the module" "$err" "key $wild_name"
	like "  and says why" "$err" "$wild_pattern"
	run timeout -k 5 30 icred -p "$wild_name" -v --no-interactive "$@" token
	like "  and the line" "$err" "decided by key $wild_name, .*/$wild_name\\.conf:3"
}
# These fail the profile: with file, line and column.
for name in symbol major short null ops facility; do
	case $name in
	symbol) why='has no icred_module_1' ;;
	major) why="ABI's major version 2" ;;
	short) why='too short' ;;
	null) why='sign is missing' ;;
	ops) why='without ops' ;;
	facility) why='serves another facility' ;;
	esac
	wild "$name" 8 "$why"
	like "  where in the profile" "$err" "/$name\\.conf:3:14: module key $name "
	for control in optional sufficient '[default=ignore success=done]'; do
		stack "$name" "key $control $name" 'key sufficient toy' 'issuer required toy' 'cache optional memory'
		fails "  whatever the control: $control" 8 icred -p "$name" token
	done
	stack "$name" "-key sufficient $name" 'key sufficient toy' 'issuer required toy' 'cache optional memory'
	fails "  and with a dash" 8 icred -p "$name" token
	stack "$name" 'key sufficient toy' 'issuer required toy' "-key optional $name" 'cache optional memory'
	run icred -p "$name" token
	is "  and after one that would do" "$status $out" "8 "
	like "    where" "$err" "/$name\\.conf:5:15: module key $name "
	fails "    for the list of keys too" 8 icred -p "$name" key list
done
# after NAME STATUS PATTERN LINE...: what is wrong with a module that is never used
after() {
	after_name=$1 after_status=$2 after_pattern=$3
	shift 3
	stack "$after_name" 'key sufficient toy' "$@" 'cache optional memory'
	run icred -p "$after_name" --no-interactive token
	is "$after_name, after one that would do: fails the profile" "$status $out" "$after_status "
	like "  for a reason" "$err" "$after_pattern"
}
build issuer-idle "$srcdir/tests/abi/issuer-toy.c" -DWILD_IDLE
after idle 8 '/idle\.conf:5:17: module issuer idle does not claim ICRED_CAN_MINT' 'issuer sufficient toy' 'issuer optional idle'
after none 8 '/none\.conf:5:17: module issuer none cannot be loaded' 'issuer sufficient toy' 'issuer optional none'
build key-constructor "$srcdir/tests/abi/key-toy.c" -DWILD_CONSTRUCTOR
after constructor 1 'key constructor .*crashed .SIGABRT' 'issuer required toy' 'key optional constructor'
build key-shy "$srcdir/tests/abi/key-toy.c" -DWILD_SHY
stack shy 'key sufficient toy' 'issuer required toy' 'key required shy' 'cache optional memory'
is "one that cannot be opened is not opened after one that does" "$(icred -p shy token 2>&1)" toy_3_a
stack missing 'key sufficient toy' 'key optional nosuch' 'issuer required toy' 'cache optional memory'
run icred -p missing token
is "a module that is not there, after one that would do" "$status $out" "8 "
like "  where" "$err" '/missing\.conf:4:14: module key nosuch cannot be loaded: .*key-nosuch\.so'
stack missing 'key sufficient toy' '-key optional nosuch' 'issuer required toy' 'cache optional memory'
is "with a dash it is none of anybody's business" "$(icred -p missing token)" toy_3_a

# A token that may be in a cache that cannot be asked is not forgotten.
stack gone 'key required toy' 'issuer required toy' 'cache sufficient runtime'
is "a token, cached" "$(icred -p gone token)" toy_3_a
stack gone 'key required toy' 'issuer required toy' 'cache sufficient runtime' 'cache optional nosuch'
is "  and served before a cache that is not there" "$(icred -p gone token)" toy_3_a
run icred -p gone status
like "  status shows that" "$status $(printf '%s\n' "$out" | tail -n 1)" "^0 tokens  .*module cache nosuch cannot be loaded"
is "    with what there is elsewhere" "$(printf '%s\n' "$out" | grep -c '^TOKEN OF')" 1
is "    and its kind" "$(icred -p gone --json status | grep -o '"tokensState":"[a-z]*"')" '"tokensState":"invalid"'
run icred -p gone -v forget
is "  forget too" "$status $out" "8 "
like "  and says where" "$err" '^icred: .*/gone\.conf:6:16: module cache nosuch cannot be loaded'
like "  and what it did" "$err" '^icred: cache runtime \(.*/gone\.conf:5\): success, and every line is asked'
stack gone 'key required toy' 'issuer required toy' 'cache sufficient runtime' '-cache optional nosuch'
is "  though the token is gone where it was" "$(icred -p gone status --json | grep -c '"tokens":\[\]')" 1
ok "  and with a dash all is well" icred -p gone forget
# It is known by the name that the profile gives, whatever its table says.
cp "$real/cache-runtime.so" "$modules/cache-other.so"
cp "$real/key-systemd.so" "$modules/key-other.so"
stack other "app $sandbox_app" 'key sufficient toy' '-key sufficient other' 'issuer required toy' 'cache sufficient other'
is "a cache of another name" "$(icred -p other token)" toy_3_a
like "  is reported as the profile says" "$(icred -p other status)" '^abc +other '
like "  a key too" "$(CREDENTIALS_DIRECTORY=$tmp/credentials icred -p other key list)" ' other '

wild constructor 1 'crashed \(SIGABRT\)'
wild crash 1 'crashed \(SIGSEGV\)'
wild stack 1 'crashed \(SIGSEGV\)'
wild abort 1 'crashed \(SIGABRT\)'
wild exit 1 'ended the process'
wild threadexit 1 'ended the process'
wild length 1 'signature of an invalid length'
wild number 1 'internal'
wild terminal 4 'no terminal here'
wild prompt 4 'cannot ask the user: not interactive'
began=$(date +%s)
wild hang 7 'did not (return|sign) in time' --timeout 2
ok "  in time" test $(($(date +%s) - began)) -lt 12
build key-load "$srcdir/tests/abi/key-toy.c" -DWILD_LOAD
after load 7 'module key load did not return in time' 'issuer required toy' 'key optional load' 'timeout 2'
build cache-load "$srcdir/tests/abi/key-toy.c" -DWILD_LOAD
stack load 'key required toy' 'issuer required toy' 'cache optional load'
run timeout 20 icred -p load --timeout 2 token
is "a cache that is at work in the caller: the deadline ends the command" "$status" 7
run timeout 20 icred --timeout 2 profile check load
is "  and profile check" "$status" 7
build key-one "$srcdir/tests/abi/key-toy.c" -DWILD_NUMBER -DNUMBER=1
stack one 'key required one' 'issuer required toy' 'cache optional memory'
run icred -p one token
is "a result that is 1 is a defect like others, and not a line that is skipped" "$status $out" "1 "
like "  and is reported as that" "$err" 'key one: an internal error'
build key-fork "$srcdir/tests/abi/key-toy.c" -DWILD_FORK
stack fork 'key required fork' 'issuer required toy' 'cache optional memory'
is "one whose child calls exit: the worker goes on" "$(icred -p fork token 2>&1)" toy_3_a
# Failures without a message count as those with one.
for mute in ICRED_E_NETWORK 7; do
	case $mute in 7) why='an internal error' status_wanted=1 ;; *) why='the server could not be reached' status_wanted=7 ;; esac
	build key-mute "$srcdir/tests/abi/key-toy.c" -DWILD_MUTE "-DMUTE=$mute"
	stack mute 'key sufficient mute' 'issuer required toy'
	for command in 'list' "remove $fingerprint"; do
		# shellcheck disable=SC2086 # words
		run icred -p mute key $command
		is "$mute without a message: key $command" "$status $out" "$status_wanted "
		like "  says who failed" "$err" "key mute: $why"
	done
done
# The same of a cache: it has not saved the token.
sed '/^static int memory_save/,/^}/s/return 0;/return 7;/' "$srcdir/examples/cache-memory.c" >"$tmp/cache-number.c"
build cache-number "$tmp/cache-number.c"
stack number 'key required toy' 'issuer required toy' 'cache required number'
run icred -p number token
is "7 without a message: a cache" "$status $out" "1 "
like "  says which" "$err" "cache number: an internal error"
# Some libraries of vendors print: that costs no signature.
build key-stdout "$srcdir/tests/abi/key-toy.c" -DWILD_STDOUT
stack stdout 'key required stdout' 'issuer required toy' 'cache optional memory'
is "one that writes to standard output signs, and nothing of it comes through" "$(icred -p stdout token 2>&1)" toy_3_a
like "  which a trace says" "$(icred -p stdout forget; ICRED_TRACE=1 icred -p stdout token 2>&1)" 'standard output is thrown away'

# One that fails is skipped where the control says so, and reported with -v.
stack second 'key sufficient length' 'key sufficient toy' 'issuer required toy' 'cache optional memory'
run icred -p second -v token
is "trouble in a line that is only sufficient: the next one serves, with its own signature" "$status $out" "0 toy_3_a"
like "  -v tells of it" "$err" '^icred: key length \(.*second\.conf:3\): internal, ignored: key length .*invalid length'
stack failed 'key required prompt' 'key sufficient toy' 'issuer required toy' 'cache optional memory'
run icred -p failed -v --no-interactive token
like "a success after a line that has failed the stack" "$err" \
	'^icred: key toy \(.*failed\.conf:4\): success, which decides nothing, as an earlier line has failed the stack'
is "  is of no use" "$status $out" "4 "
run icred -p second key import "$sandbox_key"
is "  and a key is not stored by the one that went wrong, nor by one that cannot" "$status $out" "1 "
build issuer-late "$srcdir/tests/abi/issuer-toy.c" -DWILD_LATE
stack late 'key sufficient toy' 'issuer sufficient late' 'issuer sufficient toy' 'cache optional memory'
run icred -p late token
is "one that grants a token and fails: the next one mints" "$status $out" "0 toy_3_a"
stack late 'key sufficient toy' 'issuer sufficient late' '-issuer required nosuch' 'cache optional memory'
run icred -p late token
is "  and there is none if there is no next one" "$status $out" "7 "
build issuer-twice "$srcdir/tests/abi/issuer-toy.c" -DWILD_TWICE
stack twice 'key sufficient toy' 'issuer required twice' 'cache optional memory'
run icred -p twice token
is "one that grants two tokens: none is taken" "$status $out" "1 "
like "  and it is named" "$err" 'issuer twice granted more than one token'
stack twice 'key sufficient toy' 'issuer sufficient twice' 'issuer sufficient toy' 'cache optional memory'
is "  and the next one mints" "$(icred -p twice token)" toy_3_a
build issuer-huge "$srcdir/tests/abi/issuer-toy.c" -DWILD_HUGE
stack huge 'key sufficient toy' 'issuer required huge' 'cache optional memory'
run icred -p huge token
is "one whose token is too long: none" "$status $out" "1 "
like "  and is reported as that" "$err" "token is longer than 4096 bytes"
build issuer-large "$srcdir/tests/abi/issuer-toy.c" -DWILD_LARGE
stack large 'key sufficient toy' 'issuer sufficient large' 'issuer sufficient toy' 'cache optional memory'
run icred -p large -v token
is "one that grants too much: the next one mints" "$status $out" "0 toy_3_a"
like "  and is reported" "$err" "^icred: issuer large .*the server's answer is too large"
done_testing
