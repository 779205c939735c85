#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget with a token:  wget.sh URL [WGET-OPTION...], such as  wget.sh URL -q -OFILE
#
# Every user of the machine can read arguments, and --config of wget needs a
# regular file.  So the token is written to a file in memory whose name has been
# removed before.  wget sends such a header to any host that it is redirected to,
# and to every other URL that is given or found in a page.  So it must follow
# neither redirects nor links, and there must be one URL: join values to their
# options, and do not use --input-file.
url=${1:?usage: wget.sh URL [WGET-OPTION...]}
shift
for word in "$@"; do
	case $word in
	-*) ;;
	*) echo "wget.sh: $word could be another URL; join a value to its option" >&2 && exit 2 ;;
	esac
done
config=$(icred curl-config "$url") || exit # refuses a URL outside the profile's origins
file=$(mktemp "${XDG_RUNTIME_DIR:-/dev/shm}/wget.XXXXXX") && exec 3<>"$file" && rm "$file" || exit
{
	printf '%s\n' "$config" | sed -n 's/^oauth2-bearer = "\(.*\)"$/header = Authorization: Bearer \1/p
		s/^noproxy = .*/use_proxy = off/p' # plain http must not leave the machine
	printf 'netrc = off\n'
} >&3
exec wget --config=/dev/fd/3 "$@" --max-redirect=0 --no-recursive --no-page-requisites -- "$url"
