#!/bin/sh
# Lays out the libraries of the module, for both architectures, and their licences:
#
#	libraries.sh FOLDER	runtimes/linux-x64/native/libbpf.so.1 and so on, ThirdPartyNotices.txt
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/tools/debian.sh"

mkdir -p "$1"
for arch in amd64 arm64; do
	case $arch in
	amd64) runtime=linux-x64 ;;
	arm64) runtime=linux-arm64 ;;
	esac
	packages=$top/.cache/libraries/$arch
	grep "^module	$arch	" "$here/packages.tsv" | cut -f2-7 | unpack "$packages"
	mkdir -p "$1/runtimes/$runtime/native"
	for name in libbpf.so.1 libelf.so.1 libz.so.1; do
		cp -L "$packages"/*/*-linux-gnu/"$name" "$1/runtimes/$runtime/native/" 2>/dev/null ||
			cp -L "$packages"/usr/*/*-linux-gnu/"$name" "$1/runtimes/$runtime/native/"
		chmod 644 "$1/runtimes/$runtime/native/$name"
	done
done
sh "$here/notices.sh" module >"$1/ThirdPartyNotices.txt"
