#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTPie with a token:  httpie.sh URL [HTTPIE-ARGUMENT...], such as  httpie.sh URL page==2
#
# HTTPie reads the value of a header from a file, here standard input, so that
# no argument has the token.  Without --ignore-netrc, an entry of ~/.netrc would
# replace the token.
url=${1:?usage: httpie.sh URL [HTTPIE-ARGUMENT...]}
shift
config=$(icred curl-config "$url") || exit # refuses a URL outside the profile's origins
case $config in
*noproxy*) export no_proxy='*' ;; # plain http must not leave the machine
esac
printf '%s\n' "$config" | sed -n 's/^oauth2-bearer = "\(.*\)"$/Bearer \1/p' |
	http --ignore-stdin --ignore-netrc "$url" Authorization:@/dev/stdin "$@"
