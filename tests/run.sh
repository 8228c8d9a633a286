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
	dotnet exec "$project/bin/Release/net10.0/$name.dll" -noLogo -noColor -xml "$results/$name.xml" || status=1
	[ -s "$results/$name.xml" ] || status=1
done

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

if [ "$skipped" -gt 0 ]; then
	echo "== skipped"
	sed 's/<test /\n<test /g' "$results"/*.xml | tr '\n' ' ' | sed 's/<test /\n<test /g' | grep 'result="Skip"' |
		sed 's/.*name="\([^"]*\)".*<reason>\(<!\[CDATA\[\)\{0,1\}\([^]<]*\).*/\1: \3/'
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
