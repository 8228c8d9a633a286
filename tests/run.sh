#!/bin/sh
# Runs the tests, part by part, and ends with one line for all: "N passed, N failed, N skipped".
# Lists each skipped test with its reason. Fails if a test failed, or none ran.
#
#	run.sh [PART...] [NAME]	library, module, console, matrix (default: all); of these, the tests
#				whose Class.Method contains NAME (default: all)
#
# The parts run in parallel, because each of them mostly waits. The tests that measure time have the trait "measures". They run
# after the others, one at a time, and after them the matrix.
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
# The matrix has no tests with names, so it is left out if a name is given.
if [ -z "$parts" ]; then
	parts="library module console"
	[ -n "$name" ] || parts="$parts matrix"
fi

say() { printf '%s\n' "$*"; }

# run_assembly PART PASS FILTER VALUE: one of the two passes over a part.
# Every test assembly is a program. Its result has one <assembly> element with the counts.
run_assembly() {
	case $1 in
	library) assembly=ExitSnoop.Tests ;;
	module) assembly=ExitSnoop.Module.Tests ;;
	console) assembly=ExitSnoop.Console.Tests ;;
	esac
	started=$(date +%s)
	result=$results/$1.$2
	dotnet exec "tests/$assembly/bin/Release/net10.0/$assembly.dll" -noLogo -noColor -reporter quiet "$3" "$4" \
		${name:+-method "*$name*"} -result-xml "$result.xml" >"$result.log" 2>&1 || echo failed >"$result.failed"
	echo $(($(date +%s) - started)) >"$result.seconds"
	cat "$result.log"
	say "== $1, $2: $(counts "$result.xml") in $(cat "$result.seconds") s"
}

# Prints the counts in the <assembly> element of a result.
counts() {
	say "$(attribute "$1" passed) passed, $(($(attribute "$1" failed) + $(attribute "$1" errors))) failed, $(attribute "$1" skipped) skipped"
}

attribute() {
	grep -o '<assembly [^>]*>' "$1" 2>/dev/null | sed -n "s/.* $2=\"\([0-9]*\)\".*/\1/p" | grep . || echo 0
}

# Adds the counts of a pass to the sums. The reason of a skipped test is in the element of the test.
add() {
	[ ! -e "$1.failed" ] && grep -q '<assembly ' "$1.xml" || status=1
	passed=$((passed + $(attribute "$1.xml" passed)))
	failed=$((failed + $(attribute "$1.xml" failed) + $(attribute "$1.xml" errors)))
	skipped=$((skipped + $(attribute "$1.xml" skipped)))
	tr '\n' ' ' <"$1.xml" | sed 's/<test /\n<test /g' | grep 'result="Skip"' |
		sed 's/.*name="\([^"]*\)".*<reason>\(<!\[CDATA\[\)\{0,1\}\([^]<]*\).*/\1: \3/' >>"$results/skipped"
}

# Each kernel of the matrix counts as a test. A kernel that cannot be downloaded is skipped, because that is not a
# failure of the program.
run_matrix() {
	started=$(date +%s) part_passed=0 part_failed=0 part_skipped=0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "the kernels of tests/matrix: to install qemu takes root and apt-get" >>"$results/skipped"
		part_skipped=1
	else
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
	fi
	say "== matrix: $part_passed passed, $part_failed failed, $part_skipped skipped in $(($(date +%s) - started)) s"
	passed=$((passed + part_passed)) failed=$((failed + part_failed)) skipped=$((skipped + part_skipped))
}

assemblies=$(echo "$parts" | sed 's/matrix//')
say "== running: ${assemblies# }"
for part in $assemblies; do
	run_assembly "$part" together -trait- "measures=*" &
done
wait
for part in $assemblies; do
	run_assembly "$part" alone -trait "measures=*"
done
for part in $assemblies; do
	add "$results/$part.together"
	add "$results/$part.alone"
done
case " $parts " in
*' matrix '*) run_matrix ;;
esac

if [ "$skipped" -gt 0 ]; then
	echo "== skipped"
	cat "$results/skipped"
fi
[ $((passed + failed + skipped)) -gt 0 ] || echo "no test of$(printf ' %s' $parts) has '$name' in its name"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
