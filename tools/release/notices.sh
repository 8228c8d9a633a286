#!/bin/sh
# Prints the licences of software that is distributed with ExitSnoop:
#
#	notices.sh module	the libraries in the module's folder
#	notices.sh program RUNTIME	the libraries in the console program for linux-x64 or linux-arm64
#	notices.sh static RUNTIME	the libraries in the static program of the container image
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/tools/debian.sh"

licences=$top/.cache/licences
rows() {
	grep -v '^#' "$here/packages.tsv"
}
# version USE PACKAGE: "1:1.1.2-0+deb12u1 (Debian 12): BSD-2-Clause"
version() {
	rows | awk -F'\t' -v use="$1" -v package="$2" '
		BEGIN { release["bullseye"] = 11; release["bookworm"] = 12; release["sid"] = "unstable" }
		$1 == use && $2 != "arm64" && $4 == package { print $5 " (Debian " release[$3] "): " $8 }'
}
section() {
	printf '\n%s\n%s\n\n' "$1" "$(printf '%s' "$1" | sed 's/./=/g')"
}

rows | grep '^licences	' | cut -f2-7 | unpack "$licences"
case $1 in
module)
	use=module from=module libbpf=libbpf1 libelf=libelf1 zlib=zlib1g
	packages=$top/.cache/libraries/amd64
	echo "The folder runtimes holds libraries of others, as Debian's packages have them:"
	;;
program | static)
	use=sysroot from=source libbpf=libbpf libelf=libelf-dev zlib=zlib1g-dev
	case $2 in
	linux-x64) packages=$top/.cache/sysroot/amd64 ;;
	linux-arm64) packages=$top/.cache/sysroot/arm64 ;;
	esac
	echo "exitsnoop is linked with libraries of others, from Debian's packages and sources, and with the .NET runtime:"
	;;
esac
sources="libbpf, elfutils and zlib" linked=libelf static=
if [ "$1" = static ]; then
	sources="libbpf, elfutils, zlib and glibc" linked="libelf or glibc" static=libc6-dev
fi
cat <<TEXT

  libbpf $(version $from $libbpf)
  libelf $(version $use $libelf)
  zlib   $(version $use $zlib)
${static:+  glibc  $(version $use $static)
}
Their sources are the source packages $sources of those versions at https://snapshot.debian.org.
TEXT
if [ "$1" != module ]; then
	cat <<TEXT
To link exitsnoop with another $linked, put its static library in place of the one that tools/release/packages.tsv
of ExitSnoop's sources names, and run ./bootstrap.sh package.
TEXT
fi
for package in $libbpf $libelf $zlib $static; do
	section "$package"
	case $package in
	libbpf) cat "$top/.cache/libbpf/$2-release/LICENSE.BSD-2-Clause" ;;
	*) cat "$packages/usr/share/doc/$package/copyright" ;;
	esac
done
for licence in LGPL-3 GPL-3 ${static:+LGPL-2.1}; do
	section "$licence"
	cat "$licences/usr/share/common-licenses/$licence"
done
if [ "$1" != module ]; then
	runtime=$(ls -d "${NUGET_PACKAGES:-$HOME/.nuget/packages}"/microsoft.netcore.app.runtime.nativeaot."$2"/* | sort -V | tail -n 1)
	section ".NET runtime ${runtime##*/}"
	cat "$runtime/LICENSE.TXT" "$runtime/THIRD-PARTY-NOTICES.TXT"
fi
