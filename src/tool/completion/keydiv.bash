# SPDX-License-Identifier: Apache-2.0
# Completion of keydiv(1) for bash. The lists are printed from the tool's own tables when keydiv is built.

@TABLES@

# _keydiv_argument KIND CURRENT: complete an argument of the kind that the help of the option shows.
_keydiv_argument()
{
	local words form before
	if [[ $1 == FILE || $1 == MODULE || $1 == STORE ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		compopt -o filenames 2>/dev/null
		return
	fi
	words=$(_keydiv_words "$1")
	form=${words%% *}
	case $form in
	list*)
		before=${2%"${2##*,}"}
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "${words#* }" -- "${2##*,}")
		compopt -o nospace 2>/dev/null
		;;
	one=)
		mapfile -t COMPREPLY < <(compgen -S = -W "${words#* }" -- "$2")
		compopt -o nospace 2>/dev/null
		;;
	one) mapfile -t COMPREPLY < <(compgen -W "${words#* }" -- "$2") ;;
	esac
}

_keydiv()
{
	local IFS=$' \t\n' current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} options kind
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_keydiv_commands | cut -d ' ' -f 1 | sort -u)" -- "$current")
		return
	fi
	if [[ -z $(_keydiv_options "$command") ]]; then
		if ((COMP_CWORD == 2)); then
			mapfile -t COMPREPLY < <(compgen -W "$(_keydiv_commands | sed -n "s/^$command //p")" -- "$current")
			return
		fi
		command="$command ${COMP_WORDS[2]}"
	fi
	options=$(_keydiv_options "$command")
	# bash divides "--name=value" into "--name", "=" and "value".
	if [[ $current == = ]]; then
		current=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	kind=$(sed -n "s/^$option \(.\)/\1/p" <<<"$options")
	if [[ -n $kind ]]; then
		_keydiv_argument "$kind" "$current"
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^\(--[^ ]*\).*/\1/p' <<<"$options")" -- "$current")
	else
		_keydiv_argument "$(sed -n 's/^operand //p' <<<"$options")" "$current"
	fi
}

complete -F _keydiv keydiv
