# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for icred(1)

function __icred_profiles
    set -l dir ~/.config/icred
    set -q XDG_CONFIG_HOME; and set dir $XDG_CONFIG_HOME/icred
    set -q ICRED_CONFIG_DIR; and set dir $ICRED_CONFIG_DIR
    for file in $dir/*.conf /etc/icred/*.conf
        string replace -r '.*/(.*)\.conf$' '$1' -- $file
    end
end

function __icred_fingerprints
    icred --no-interactive --quiet key list 2>/dev/null | string match -r '^[A-Za-z0-9+/]{43}='
end

# The words so far of the line that curl or exec makes another program's; fails while it is icred's.
function __icred_other
    set -l words (commandline -opc)[2..]
    while set -q words[1]; and not contains -- $words[1] curl exec
        test $words[1] = help; and return 1
        set -e words[1]
    end
    set -q words[1]; or return
    if test $words[1] = exec
        set -e words[1]
        set -l first $words (commandline -ct)
        if string match -q -- '-*' $first[1]
            set -l dashes (contains -i -- -- $words); or return
            set -e words[1..$dashes]
        end
    end
    string escape -- $words; or true
end

function __icred_other_complete
    complete "--do-complete=$(string join ' ' -- (__icred_other) (commandline -ct))"
end

set -l commands token curl-config curl exec status forget key profile help
set -l keys import list remove fingerprint
set -l profiles list show check
set -l own 'not __icred_other >/dev/null'
# What means nothing for a command is not offered.
set -l open "$own; and not __fish_seen_subcommand_from help; and not begin; __fish_seen_subcommand_from profile; and __fish_seen_subcommand_from list; end"
set -l asks "$own; and not __fish_seen_subcommand_from help profile"
set -l whose "$open; and not __fish_seen_subcommand_from forget key"
set -l mints "$own; and not __fish_seen_subcommand_from forget key help profile status"

complete -c icred -f
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a token -d 'Print a token'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a curl-config -d 'Print lines for curl --config'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a curl -d 'Run curl with a token'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a exec -d 'Run a command with a token'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a status -d 'Show profile, keys and cached tokens'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a forget -d 'Empty the caches'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a key -d 'Import, list, remove keys'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a profile -d 'List, show, check profiles'
complete -c icred -n "not __fish_seen_subcommand_from $commands" -a help -d 'Print a summary'
complete -c icred -n "__fish_seen_subcommand_from key; and not __fish_seen_subcommand_from $keys" -a "$keys"
complete -c icred -n "__fish_seen_subcommand_from profile; and not __fish_seen_subcommand_from $profiles" -a "$profiles"
complete -c icred -n "__fish_seen_subcommand_from profile; and __fish_seen_subcommand_from show check" -a '(__icred_profiles)'
complete -c icred -n '__icred_other >/dev/null' -a '(__icred_other_complete)'
complete -c icred -n '__fish_prev_arg_in help' -a "$commands"
complete -c icred -n "__fish_seen_subcommand_from key; and __fish_seen_subcommand_from import fingerprint" -F
complete -c icred -n "__fish_seen_subcommand_from key; and __fish_seen_subcommand_from remove" -a '(__icred_fingerprints)'

complete -c icred -n $open -s p -l profile -x -a '(__icred_profiles)' -d 'The profile to use'
complete -c icred -n $open -s a -l app -x -d "The app's ID"
complete -c icred -n $whose -s i -l installation -x -d 'A token of this installation'
complete -c icred -n $whose -s o -l organization -x -d "A token of this organization's installation"
complete -c icred -n $whose -l as-app -d "The app's own token"
complete -c icred -n $mints -l min-ttl -x -a '90s 5m 1h' -d 'The token must live this long'
complete -c icred -n $own -l timeout -x -a '10s 30s 5m' -d 'Give up after this long'
complete -c icred -n $own -l no-interactive -d 'Never prompt'
complete -c icred -n $asks -l passphrase-fd -x -a '0 3' -d 'Answer a question from this descriptor'
complete -c icred -n $own -l json -d 'Machine-readable output and errors'
complete -c icred -n $own -s q -l quiet -d 'Print only errors'
complete -c icred -n $own -s v -l verbose -d 'Report what is done'
complete -c icred -n $own -s h -l help -d 'Print a summary'
complete -c icred -n $own -l version -d 'Print the version'
complete -c icred -n '__fish_seen_subcommand_from token' -l header -d 'Print a whole header line'
complete -c icred -n '__fish_seen_subcommand_from import' -l label -x -d 'The name that the keyring shows'
complete -c icred -n '__fish_seen_subcommand_from import list remove fingerprint; and not __fish_seen_subcommand_from profile' -l hex -d 'Fingerprints in hex'
