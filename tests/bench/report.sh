#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# report.sh BENCH.JSON SCALE.JSON BULK.TXT README.md: write the figures of a run into README.md, between the two "figures" marks.
# Only this script writes that part of the file.
set -eu
bench=$1 scale=$2 bulk=$3 readme=$4
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
new=$(mktemp)
trap 'rm -f "$new"' EXIT
{
	grep -q 'processor time' "$bench" && unit='microseconds of processor time (the machine was busy)' || unit=microseconds
	echo "Medians in $unit for one operation. The number in brackets says how many times as long as keydiv the peer takes (median of the ratios of all rounds)."
	echo
	echo "| operation | bar | keydiv | SoftHSM 2 | NSS softokn | libcrypto alone | |"
	echo "|---|---|---|---|---|---|---|"
	awk "$fields"'field("name") != "" {
		printf "| %s | %s | %s | %s%s | %s%s | %s | %s |\n", field("name"), field("bar"), show(field("keydiv")), show(field("softhsm")),
			times(field("softhsm_ratio")), show(field("nss")), times(field("nss_ratio")), show(field("floor")), field("verdict") }' "$bench"
	echo
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
		END { for (i = 1; i <= n; i++) print row[order[i]] }' "$scale"
	echo
	echo "The tool, with a CSV file:"
	echo
	sed 's/^/    /' "$bulk"
} >"$new"
awk -v new="$new" '
	/<!-- figures: begin/ { print; print ""; while ((getline line < new) > 0) print line; print ""; skip = 1 }
	/<!-- figures: end/ { skip = 0 }
	!skip && !/<!-- figures: begin/ { print }' "$readme" >"$new.readme"
cat "$new.readme" >"$readme"
rm -f "$new.readme"
