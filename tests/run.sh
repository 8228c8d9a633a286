#!/bin/sh
# Runs the tests, part by part, and ends with one line for all: "N passed, N failed, N skipped".
# Lists each skipped test with its reason. Fails if a test failed, or none ran.
#
#	run.sh [PART...] [NAME]	library, module, console, matrix (default: all); of these, the tests
#				whose Class.Method contains NAME (default: all)
set -u
cd "$(dirname "$0")/.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0 passed=0 failed=0 skipped=0
: >"$results/skipped"

parts= name=
for word in "$@"; do
	case $word in
	library | module | console | matrix) parts="$parts $word" ;;
	*) name=$word ;;
	esac
done
# The kernels of the matrix have no tests of such names.
if [ -z "$parts" ]; then
	parts="library console module"
	[ -n "$name" ] || parts="$parts matrix"
fi

# Every assembly of tests is a program that counts in one <assembly> element of its result; the reason
# of a skipped test stands within its own element.
run_assembly() {
	result=$results/$1.xml
	dotnet exec "tests/$1/bin/Release/net10.0/$1.dll" -noLogo -noColor -reporter quiet ${name:+-method "*$name*"} -result-xml "$result" || status=1
	count=$(grep -o '<assembly [^>]*>' "$result" 2>/dev/null) || { status=1; return; }
	part_passed=$(attribute passed)
	part_failed=$(($(attribute failed) + $(attribute errors)))
	part_skipped=$(attribute skipped)
	tr '\n' ' ' <"$result" | sed 's/<test /\n<test /g' | grep 'result="Skip"' |
		sed 's/.*name="\([^"]*\)".*<reason>\(<!\[CDATA\[\)\{0,1\}\([^]<]*\).*/\1: \3/' >>"$results/skipped"
}

attribute() {
	printf '%s' "$count" | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" | grep . || echo 0
}

# Each kernel of the matrix is a test of its own. Where it cannot be had, it is skipped: that is
# the network's fault, not the program's.
run_matrix() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "the kernels of tests/matrix: to install qemu takes root and apt-get" >>"$results/skipped"
		part_skipped=1
		return
	fi
	sh tests/matrix/run.sh >"$results/matrix" 2>&1
	outcome=$?
	cat "$results/matrix"
	for kernel in $(grep -v '^#' tests/matrix/kernels.tsv | cut -f1); do
		out=.cache/matrix/out/$kernel
		if [ "$(cat "$out/result" 2>/dev/null)" = ok ]; then
			part_passed=$((part_passed + 1))
		elif [ "$outcome" = 75 ]; then
			echo "kernel $kernel: $(cat "$out/skipped" 2>/dev/null || sed -n 's/^skipped: //p' "$results/matrix" | tail -1)" >>"$results/skipped"
			part_skipped=$((part_skipped + 1))
		else
			part_failed=$((part_failed + 1))
		fi
	done
}

for part in $parts; do
	echo "== $part"
	started=$(date +%s) part_passed=0 part_failed=0 part_skipped=0
	case $part in
	library) run_assembly ExitSnoop.Tests ;;
	module) run_assembly ExitSnoop.Module.Tests ;;
	console) run_assembly ExitSnoop.Console.Tests ;;
	matrix) run_matrix ;;
	esac
	echo "== $part: $part_passed passed, $part_failed failed, $part_skipped skipped in $(($(date +%s) - started)) s"
	passed=$((passed + part_passed)) failed=$((failed + part_failed)) skipped=$((skipped + part_skipped))
done

if [ "$skipped" -gt 0 ]; then
	echo "== skipped"
	cat "$results/skipped"
fi
[ $((passed + failed + skipped)) -gt 0 ] || echo "no test of$(printf ' %s' $parts) has '$name' in its name"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
