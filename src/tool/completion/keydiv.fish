# SPDX-License-Identifier: Apache-2.0
# Completion of keydiv(1) for fish. The lists are printed from the tool's own tables when keydiv is built.

# __keydiv_at WORDS...: true if the words before the cursor are keydiv and WORDS.
function __keydiv_at
    set -l words (commandline -opc)
    set -e words[1]
    test "$words" = "$argv"
end

# __keydiv_in WORDS...: true if the words before the cursor begin with keydiv and WORDS.
function __keydiv_in
    set -l words (commandline -opc)
    set -e words[1]
    string match -q -- "$argv *" "$words "
end

complete -c keydiv -f
complete -c keydiv -n __keydiv_at -l help -d 'print this'
complete -c keydiv -n __keydiv_at -l version -d 'print the version'
@TABLES@
