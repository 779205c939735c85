# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for git-credential-icred(1)

complete -c git-credential-icred -f -n __fish_is_first_arg -a 'get erase store capability'
complete -c git-credential-icred -s p -l profile -x -d 'The profile to use'
complete -c git-credential-icred -s a -l app -x -d "The app's ID"
complete -c git-credential-icred -s i -l installation -x -d 'A token of this installation'
complete -c git-credential-icred -s o -l organization -x -d "A token of this organization's installation"
complete -c git-credential-icred -l as-app -d "The app's own token"
complete -c git-credential-icred -l min-ttl -x -a '90s 5m 1h' -d 'The token must live this long'
complete -c git-credential-icred -l timeout -x -a '10s 30s 5m' -d 'Give up after this long'
complete -c git-credential-icred -l no-interactive -d 'Never prompt'
complete -c git-credential-icred -l passphrase-fd -x -a '0 3' -d 'Answer a question from this descriptor'
complete -c git-credential-icred -l json -d 'Machine-readable errors'
complete -c git-credential-icred -s q -l quiet -d 'Print only errors'
complete -c git-credential-icred -s v -l verbose -d 'Report what is done'
complete -c git-credential-icred -s h -l help -d 'Print a summary'
complete -c git-credential-icred -l version -d 'Print the version'
