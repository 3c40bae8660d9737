#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# charts.sh: draw SVG charts of what bench and scale have measured, with gnuplot; without it nothing is drawn, and said so.
# Usage: charts.sh BENCH.JSON SCALE.JSON OUTPUT-DIRECTORY
set -eu
bench=$1 scale=$2 out=$3
if ! command -v gnuplot >/dev/null; then
	echo "charts.sh: gnuplot is not installed (Debian: gnuplot-nox): no charts are drawn" >&2
	exit 0
fi
mkdir -p "$out"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The JSON is one row a line: field LINE NAME gives a value, with awk.
fields='function field(name,   at, rest) {
	at = index($0, "\"" name "\": ")
	if (!at) return ""
	rest = substr($0, at + length(name) + 4)
	if (substr(rest, 1, 1) == "\"") { rest = substr(rest, 2); return substr(rest, 1, index(rest, "\"") - 1) }
	sub(/[,}].*/, "", rest)
	return rest
}'

# series WHAT PEER: x and value.
series()
{
	awk -v what="$1" -v peer="$2" "$fields"'
		field("what") == what && field("peer") == peer { print field("x"), field("value") }' "$scale"
}

# chart NAME TITLE XLABEL YLABEL EXTRA [noenhanced]: lines of every peer that has points in $dir/NAME.PEER.
chart()
{
	plots=""
	for peer in keydiv softhsm nss; do
		[ -s "$dir/$1.$peer" ] || continue
		case $peer in
		keydiv) title=keydiv colour=1b6ca8 ;;
		softhsm) title="SoftHSM 2" colour=d1495b ;;
		nss) title="NSS softokn" colour=8d96a3 ;;
		esac
		plots="$plots${plots:+, }'$dir/$1.$peer' using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb '#$colour' title '$title'"
	done
	[ -n "$plots" ] || return 0
	gnuplot <<-END
		set terminal svg size 640,400 font 'sans-serif,12' background '#ffffff'
		set output '$out/$1.svg'
		set title "$2" ${6:-}
		set xlabel "$3"
		set ylabel "$4"
		set grid ytics lc rgb '#dddddd'
		set key outside top center horizontal
		set border 3
		set tics nomirror
		$5
		plot $plots
	END
}

# growth NAME TITLE XLABEL YLABEL EXTRA SUFFIX PATTERN: a line for each operation of keydiv that is measured as "OPERATION, SUFFIX" and matches.
growth()
{
	awk -v suffix=", $6" -v pattern="$7" "$fields"'
		{ what = field("what"); n = length(what) - length(suffix) }
		field("peer") == "keydiv" && n > 0 && substr(what, n + 1) == suffix && what !~ /peers:/ && what ~ pattern && !seen[what]++ {
			print substr(what, 1, n) }' "$scale" >"$dir/operations"
	plots='' i=0
	while read -r operation; do
		i=$((i + 1))
		series "$operation, $6" keydiv >"$dir/$1.$i"
		plots="$plots${plots:+, }'$dir/$1.$i' with linespoints lw 2 pt $((i + 3)) ps 0.6 lc $i dt $(((i + 7) / 8)) title '$operation'"
	done <"$dir/operations"
	[ -n "$plots" ] || return 0
	gnuplot <<-END
		set terminal svg size 960,440 font 'sans-serif,11' background '#ffffff'
		set output '$out/$1.svg'
		set title "$2"
		set xlabel "$3"
		set ylabel "$4"
		set grid ytics lc rgb '#dddddd'
		set key outside right center vertical reverse Left noenhanced width -6
		set border 3
		set tics nomirror
		$5
		plot $plots
	END
}

# Bars against the peers.
awk "$fields"'
	field("softhsm") != "" || field("nss") != "" {
		name = field("name")
		printf "\"%s\" %s %s %s\n", name, field("keydiv"), field("softhsm") == "" ? "?" : field("softhsm"), field("nss") == "" ? "?" : field("nss")
	}' "$bench" >"$dir/bars"
gnuplot <<-END
	set terminal svg size 960,500 font 'sans-serif,11' background '#ffffff'
	set output '$out/peers.svg'
	set title "Time of an operation (logarithmic: shorter is faster)"
	set ylabel "microseconds"
	set logscale y
	set datafile missing '?'
	set style data histograms
	set style histogram clustered gap 1
	set style fill solid noborder
	set boxwidth 0.9
	set yrange [0.01:*]
	set xtics rotate by -35 font ',9' noenhanced
	set grid ytics lc rgb '#dddddd'
	set key outside top center horizontal
	set rmargin 14
	set border 3
	set tics nomirror
	plot '$dir/bars' using 2:xtic(1) lc rgb '#1b6ca8' title 'keydiv', '' using 3 lc rgb '#d1495b' title 'SoftHSM 2', \
		'' using 4 lc rgb '#8d96a3' title 'NSS softokn'
END

for peer in keydiv softhsm nss; do
	series 'derive + destroy, token master, threads' $peer >"$dir/threads.$peer"
	series 'C_FindObjects by label, one result' $peer >"$dir/find.$peer"
	series 'C_FindObjects by id, one result' $peer >"$dir/find-id.$peer"
	series 'C_Initialize, token objects' $peer >"$dir/initialize.$peer"
	series 'C_Login, token objects' $peer >"$dir/login.$peer"
	series 'memory taken, 1000 objects in use' $peer >"$dir/memory.$peer"
	series 'derive + destroy beside token objects' $peer >"$dir/derive.$peer"
	series 'derive + destroy beside live session objects' $peer | sed 's/^0 /1 /' >"$dir/live.$peer"
done
chart threads 'Deriving and destroying, a session a thread' threads 'a second' 'set logscale y; set xtics 1; set format y "%.0s%c"'
objects='set logscale xy; set format x "10^{%L}"; set format y "%.10g"'
chart find 'C_FindObjects by label, one result' 'token objects' microseconds "$objects" noenhanced
chart find-id 'C_FindObjects by id, one result' 'token objects' microseconds "$objects" noenhanced
chart initialize 'C_Initialize in a fresh process' 'token objects' milliseconds "$objects; set yrange [0.1:*]" noenhanced
chart login 'C_Login (of keydiv: scrypt with 2^14 on top)' 'token objects' milliseconds "$objects; set yrange [0.1:*]" noenhanced
chart memory 'Memory taken, up to 1000 objects in use' 'token objects' MiB "$objects; set yrange [1:*]"
chart derive 'Derive + destroy beside token objects' 'token objects' microseconds "$objects; set yrange [0.1:*]"
chart live 'Derive + destroy beside live session objects' 'live session objects (at 1: none)' microseconds "$objects; set yrange [0.1:*]"

# Every operation of keydiv over both. What derives is one chart, the rest another.
derives='^(derive|DEVICE|ODUKPT_KEY|AES_DUKPT|TDES_DUKPT)'
rest='^(AES-|C_(Find|Generate|Open)|create|ODUKPT_NEXT)' # C_Initialize and C_Login, in milliseconds, have charts of their own
per_second='set logscale y; set xtics 1; set format y "%.0s%c"'
growth objects-derive 'Deriving beside token objects' 'token objects' microseconds "$objects" 'token objects' "$derives"
growth objects-use 'Other operations beside token objects' 'token objects' microseconds "$objects" 'token objects' "$rest"
growth threads-derive 'Deriving, a session a thread' threads 'a second' "$per_second" threads "$derives"
growth threads-use 'Other operations, a session a thread' threads 'a second' "$per_second" threads "$rest"
