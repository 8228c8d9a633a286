#!/bin/sh
# Runs every assembly of tests, lists each skipped test with its reason, and ends with one line
# for all: "N passed, N failed, N skipped". Fails if a test failed, or none ran.
set -u
cd "$(dirname "$0")/.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0

for project in tests/*.Tests; do
	name=$(basename "$project")
	echo "== $name"
	dotnet exec "$project/bin/Release/net10.0/$name.dll" -noLogo -noColor -result-xml "$results/$name.xml" || status=1
	[ -s "$results/$name.xml" ] || status=1
done

# Each kernel of the matrix is a test of its own. Where it cannot be had, it is skipped: that is
# the network's fault, not the program's.
matrix_passed=0 matrix_failed=0
: >"$results/skipped"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "== tests/matrix"
	sh tests/matrix/run.sh >"$results/matrix" 2>&1
	outcome=$?
	cat "$results/matrix"
	for kernel in $(grep -v '^#' tests/matrix/kernels.tsv | cut -f1); do
		out=.cache/matrix/out/$kernel
		if [ "$(cat "$out/result" 2>/dev/null)" = ok ]; then
			matrix_passed=$((matrix_passed + 1))
		elif [ "$outcome" = 75 ]; then
			echo "kernel $kernel: $(cat "$out/skipped" 2>/dev/null || sed -n 's/^skipped: //p' "$results/matrix" | tail -1)" >>"$results/skipped"
		else
			matrix_failed=$((matrix_failed + 1))
		fi
	done
else
	echo "the kernels of tests/matrix: to install qemu takes root and apt-get" >>"$results/skipped"
fi

# One <assembly> line a file; the reason of a skipped test stands within its own element.
awk '
	{
		text = $0
		while (match(text, /<assembly [^>]*>/)) {
			assembly = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
			passed += number(assembly, "passed"); failed += number(assembly, "failed") + number(assembly, "errors")
			skipped += number(assembly, "skipped")
		}
	}
	function number(element, name) {
		if (!match(element, " " name "=\"[0-9]+\""))
			return 0
		return substr(element, RSTART + length(name) + 3, RLENGTH - length(name) - 4) + 0
	}
	END { print passed + 0, failed + 0, skipped + 0 }
' "$results"/*.xml >"$results/sum"
read -r passed failed skipped <"$results/sum"
passed=$((passed + matrix_passed))
failed=$((failed + matrix_failed))
skipped=$((skipped + $(grep -c '' "$results/skipped")))

if [ "$skipped" -gt 0 ]; then
	echo "== skipped"
	cat "$results/skipped"
	sed 's/<test /\n<test /g' "$results"/*.xml | tr '\n' ' ' | sed 's/<test /\n<test /g' | grep 'result="Skip"' |
		sed 's/.*name="\([^"]*\)".*<reason>\(<!\[CDATA\[\)\{0,1\}\([^]<]*\).*/\1: \3/'
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
