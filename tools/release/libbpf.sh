#!/bin/sh
# Builds the libbpf that is linked into the console program, as FOLDER/libbpf.a, from the source that packages.tsv names:
#
#	libbpf.sh linux-x64|linux-arm64 FOLDER [SYSROOT]
#
# On kernels from 6.16 on, libbpf 1.6 and later map the kernel's type information. Older versions, such as that of Debian 12's
# libbpf-dev, read it and copy it, which takes 10 MB and some 20 ms more at each start (docs/performance.md).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/tools/debian.sh"

row=$(grep '^source	source	[^	]*	libbpf	' "$here/packages.tsv")
made="$1 ${3:-} $row"
if [ -f "$2/libbpf.a" ] && [ "$(cat "$2/made-from")" = "$made" ]; then
	exit
fi
case $1 in
linux-x64) target=x86_64-linux-gnu ;;
linux-arm64) target=aarch64-linux-gnu ;;
esac
path=$(printf '%s' "$row" | cut -f7)
archive=$top/.cache/libbpf/${path##*/}
mkdir -p "$2" "$top/.cache/libbpf"
fetch "$path" "$(printf '%s' "$row" | cut -f6)" "$archive" || {
	echo "If Debian no longer has ${path##*/}, put it from https://snapshot.debian.org/package/libbpf into ${archive%/*}." >&2
	exit 1
}

# Others may build the same at the same time.
work=$(mktemp -d "$(realpath "$2")/XXXXXX")
trap 'rm -rf "$work"' EXIT
tar xzf "$archive" -C "$work" --strip-components=1
make -s -j"$(nproc)" -C "$work/src" BUILD_STATIC_ONLY=1 NO_PKG_CONFIG=1 OBJDIR="$work/made" AR=llvm-ar \
	CC="clang --target=$target${3:+ --sysroot=$3}" CFLAGS=-O2 >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
mv "$work/made/libbpf.a" "$work/LICENSE.BSD-2-Clause" "$2/"
printf '%s\n' "$made" >"$2/made-from"
