#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# report.sh: write the figures of a run into README.md, between the two marks of their part. Only this script writes these parts.
# Usage: report.sh operations README.md BENCH.JSON
#        report.sh growth README.md SCALE.JSON BULK.TXT
set -eu
part=$1 readme=$2 json=$3 bulk=${4:-}
fields='function field(name,   at, rest) {
	at = index($0, "\"" name "\": ")
	if (!at) return ""
	rest = substr($0, at + length(name) + 4)
	if (substr(rest, 1, 1) == "\"") { rest = substr(rest, 2); return substr(rest, 1, index(rest, "\"") - 1) }
	sub(/[,}].*/, "", rest)
	return rest
}
function show(v) { if (v == "") return "-"; v += 0; return v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : v >= 1 ? sprintf("%.2f", v) : sprintf("%.3f", v) }
function times(v) { if (v == "") return ""; v += 0; return sprintf(" (%.*fx)", v < 10, v) }'
operations()
{
	grep -q 'processor time' "$json" && unit='microseconds of processor time (the machine was busy)' || unit=microseconds
	echo "Medians in $unit for one operation. The number in brackets says how many times as long as keydiv the peer takes (median of the ratios of all rounds), and, for libcrypto alone, how many times as long keydiv takes as libcrypto."
	echo
	echo "| operation | bar | keydiv | SoftHSM 2 | NSS softokn | kryoptic | keydiv behind p11-kit's server | libcrypto alone | |"
	echo "|---|---|---|---|---|---|---|---|---|"
	awk "$fields"'
		function peer(name) { return show(field(name)) times(field(name "_ratio")) }
		function floor() { return field("floor") == "" ? "-" : show(field("floor")) sprintf(" (%.2fx)", 1 / field("floor_ratio")) }
		field("name") != "" {
			threads = field("one_thread_ratio") == "" ? "" : sprintf("%.2fx one thread, ", field("one_thread_ratio"))
			printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s%s |\n", field("name"), field("bar"), show(field("keydiv")),
				peer("softhsm"), peer("nss"), peer("kryoptic"), peer("server"), floor(), threads, field("verdict") }' "$json"
}

growth()
{
	echo "Growth and durable changes, at the largest size measured, or at the size where a bar was missed:"
	echo
	echo "| what | bar | at | keydiv | |"
	echo "|---|---|---|---|---|"
	awk "$fields"'
		function holds(bar, v,   limit) {
			limit = bar
			gsub(/[^0-9.]/, "", limit); limit += 0; v += 0
			return bar ~ /^>=/ ? v >= limit : bar ~ /^<=/ ? v <= limit : v < 1
		}
		field("bar") != "" && field("peer") == "keydiv" {
			what = field("what")
			if (!(what in row)) order[++n] = what
			else if (row[what] ~ /NOT MET/) next
			row[what] = sprintf("| %s | %s | %s | %s %s | %s |", what, field("bar"), field("x"), show(field("value")), field("unit"),
				(holds(field("bar"), field("value")) ? "met" : "NOT MET") \
				(field("clock") == "processor" ? ", by processor time; not measured in time" : ""))
		}
		END { for (i = 1; i <= n; i++) print row[order[i]] }' "$json"
	echo
	echo "The tool, with a CSV file:"
	echo
	sed 's/^/    /' "$bulk"
}

new=$(mktemp)
trap 'rm -f "$new"' EXIT
"$part" >"$new"
awk -v new="$new" -v begin="<!-- $part: begin" -v end="<!-- $part: end" '
	index($0, begin) == 1 { print; print ""; while ((getline line < new) > 0) print line; print ""; skip = 1; next }
	index($0, end) == 1 { skip = 0 }
	!skip { print }' "$readme" >"$new.readme"
cat "$new.readme" >"$readme"
rm -f "$new.readme"
