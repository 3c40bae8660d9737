#compdef keydiv
# SPDX-License-Identifier: Apache-2.0
# Completion of keydiv(1) for zsh. The lists are printed from the tool's own tables when keydiv is built.

@TABLES@

_keydiv()
{
	local -a commands specs first second
	_keydiv_tables
	if (( CURRENT == 2 )); then
		first=(${(u)commands%%[: ]*} --help --version)
		compadd -- $first
		return
	fi
	_keydiv_options "$words[2]"
	if (( ! $#specs )); then
		if (( CURRENT == 3 )); then
			second=(${${(M)commands:#$words[2] *}#$words[2] })
			_describe command second
			return
		fi
		_keydiv_options "$words[2] $words[3]"
		(( $#specs )) || return 1
		shift words
		(( CURRENT-- ))
	fi
	shift words
	(( CURRENT-- ))
	_arguments -S : $specs
}

_keydiv "$@"
