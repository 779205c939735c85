#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget with a token:  wget.sh URL [WGET-OPTION...]
#
# An argument would be seen by every user of the machine, and for --config wget
# wants a regular file.  So it gets one that has no name any more when the token
# is written into it, on a file system in memory.  wget sends such a header to
# whatever host it is redirected to, so it must not follow redirects.
url=${1:?usage: wget.sh URL [WGET-OPTION...]}
shift
config=$(icred curl-config "$url") || exit # refuses a URL outside the profile's origins
file=$(mktemp "${XDG_RUNTIME_DIR:-/dev/shm}/wget.XXXXXX") && exec 3<>"$file" && rm "$file" || exit
{
	printf '%s\n' "$config" | sed -n 's/^oauth2-bearer = "\(.*\)"$/header = Authorization: Bearer \1/p'
	printf 'max_redirect = 0\nnetrc = off\n'
} >&3
exec wget --config=/dev/fd/3 "$@" -- "$url"
