#!/bin/sh
# Prints the licences of what is given to users besides ExitSnoop itself:
#
#	notices.sh module	the libraries in the module's folder
#	notices.sh program RUNTIME	what is linked into the console program for linux-x64 or linux-arm64
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/tools/debian.sh"

licences=$top/.cache/licences
rows() {
	grep -v '^#' "$here/packages.tsv"
}
version() {
	rows | awk -F'\t' -v use="$1" -v package="$2" '$1 == use && $2 == "amd64" && $4 == package { print $5 " (Debian " ($3 == "bullseye" ? 11 : 12) ")" }'
}
section() {
	printf '\n%s\n%s\n\n' "$1" "$(printf '%s' "$1" | sed 's/./=/g')"
}

rows | grep '^licences	' | cut -f2- | unpack "$licences"
case $1 in
module)
	use=module libbpf=libbpf1 libelf=libelf1 zlib=zlib1g
	packages=$top/.cache/libraries/amd64
	echo "The folder runtimes holds libraries of others, as Debian's packages have them:"
	;;
program)
	use=sysroot libbpf=libbpf-dev libelf=libelf-dev zlib=zlib1g-dev
	case $2 in
	linux-x64) packages=$top/.cache/sysroot/amd64 ;;
	linux-arm64) packages=$top/.cache/sysroot/arm64 ;;
	esac
	echo "exitsnoop is linked with libraries of others, as Debian's packages have them, and with the .NET runtime:"
	;;
esac
cat <<TEXT

  libbpf $(version $use $libbpf): BSD-2-Clause
  libelf $(version $use $libelf): LGPL-3.0-or-later
  zlib   $(version $use $zlib): Zlib

Their sources are the source packages libbpf, elfutils and zlib of those versions at https://snapshot.debian.org.
TEXT
if [ "$1" = program ]; then
	cat <<TEXT
To link exitsnoop with another libelf, put its static library in place of the one that tools/release/packages.tsv
of ExitSnoop's sources names, and run ./bootstrap.sh release.
TEXT
fi
for package in $libbpf $libelf $zlib; do
	section "$package"
	cat "$packages/usr/share/doc/$package/copyright"
done
for licence in LGPL-3 GPL-3; do
	section "$licence"
	cat "$licences/usr/share/common-licenses/$licence"
done
if [ "$1" = program ]; then
	runtime=$(ls -d "${NUGET_PACKAGES:-$HOME/.nuget/packages}"/microsoft.netcore.app.runtime.nativeaot."$2"/* | sort -V | tail -n 1)
	section ".NET runtime ${runtime##*/}"
	cat "$runtime/LICENSE.TXT" "$runtime/THIRD-PARTY-NOTICES.TXT"
fi
