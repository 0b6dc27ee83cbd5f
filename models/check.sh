#!/bin/sh
# Searches every state of each Promela model here, and of each of its mutants until one is found that breaks what the model asserts. Prints a
# line for each, and fails when a model has an error or was not searched to the end, when part of it is never reached, or when
# a mutant is not rejected. A model's mutants are the names MUTANT_… in it.
set -eu
cd "$(dirname "$0")"

memory=3000 # MiB
depth=100000
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0

for tool in spin cc; do
	command -v $tool >/dev/null || { echo "models: $tool is missing: the Debian packages are spin and gcc" >&2; exit 1; }
done

# search leaves what the checker says of a model with these definitions in $out/said.
search() {
	model=$1
	shift
	here=$PWD
	(
		cd "$out"
		rm -f pan* said
		spin "$@" -a "$here/$model.pml" >compiled 2>&1 && cc -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=$memory -o pan pan.c >>compiled 2>&1 ||
			{ cat compiled >&2; exit 1; }
		nice ./pan -m$depth >said 2>&1 || true
	)
}

states() { sed -n 's/^ *\([0-9][0-9]*\) states, stored.*/\1/p' "$out/said"; }

line() { printf '%-6s %-30s %10s states  %s\n' "$1" "$2" "$(states)" "$3"; }

fail() {
	line "$1" "$2" "FAILED: $3"
	failed=1
}

hold() {
	what=$2
	[ -n "$what" ] || what="as built"
	search "$1" ${2:+"-D$2"}
	if ! grep -q 'errors: 0$' "$out/said"; then
		fail "$1" "$what" "$(grep -m1 '^pan:1' "$out/said" || echo 'the checker did not finish')"
	elif grep -qi 'not completed\|too small\|out of memory\|reached -DMEMLIM' "$out/said"; then
		fail "$1" "$what" "not searched to the end"
	elif grep 'state [0-9]*, "' "$out/said" | grep -qv '"-end-"'; then
		fail "$1" "$what" "never reached: $(grep 'state [0-9]*, "' "$out/said" | grep -vm1 '"-end-"')"
	else
		line "$1" "$what" "holds, searched to the end"
	fi
}

reject() {
	search "$1" "-D$2"
	if grep -q '^pan:1: assertion violated' "$out/said"; then
		line "$1" "$2" "rejected: $(sed -n 's/^pan:1: assertion violated *\(.*\) (at depth.*/\1/p' "$out/said")"
	else
		fail "$1" "$2" "the mutant was not rejected"
	fi
}

for model in ring procs cells wake; do
	hold $model ""
	# Only plain stores may pass others on a weak machine.
	if grep -q '! DATA' $model.pml; then
		hold $model WEAK
	fi
	for mutant in $(grep -o 'MUTANT_[A-Z_]*' $model.pml | sort -u); do
		reject $model "$mutant"
	done
done
exit $failed
