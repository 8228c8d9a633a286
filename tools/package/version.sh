#!/bin/sh
# Prints the version of ExitSnoop, which is in ExitSnoop.psd1:
#
#	version.sh
#	version.sh --notes TAG	its section in CHANGELOG.md, for a release with a tag such as v1.0.0
#
# The latter fails if the tag is of another version, or if the change log has no section for it or still has a section "Unreleased".
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$(sed -n "s/^ *ModuleVersion = '\(.*\)'/\1/p" "$top/ExitSnoop.psd1")
die() {
	echo "$*" >&2
	exit 1
}

if [ "${1:-}" != --notes ]; then
	echo "$version"
	exit
fi
[ "$2" = "v$version" ] || die "the tag is $2, but ModuleVersion in ExitSnoop.psd1 is $version"
! grep -q '^## Unreleased' "$top/CHANGELOG.md" || die "CHANGELOG.md has changes under Unreleased: give them the heading ## $version"
awk -v "version=$version" '
	/^## / { wanted = $2 == version; next }
	wanted && NF { printf "%s%s\n", gap, $0; gap = ""; said = 1 }
	wanted && !NF && said { gap = "\n" }
	END { exit !said }' "$top/CHANGELOG.md" || die "CHANGELOG.md has no section $version"
