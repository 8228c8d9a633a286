#!/bin/sh
# Lays out the libraries with which the console program is linked, for one architecture, below .cache/sysroot. Prints the folder.
#
#	sysroot.sh linux-x64|linux-arm64
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/debian.sh"

case $1 in
linux-x64) arch=amd64 ;;
linux-arm64) arch=arm64 ;;
esac
folder=$top/.cache/sysroot/$arch
grep "^sysroot	$arch	" "$top/tools/release/packages.tsv" | cut -f2-7 | unpack "$folder"

# Makes absolute links relative, because they lead out of the folder: the linker says "cannot find /lib64/ld-linux-x86-64.so.2".
find "$folder" -type l -lname '/*' | while read -r link; do
	ln -snf "$(realpath -m --relative-to="$(dirname "$link")" "$folder$(readlink "$link")")" "$link"
done
# Replaces libgcc_eh of GCC 12, because it calls _dl_find_object, which glibc has only from 2.35 on.
for unwinder in "$folder"/usr/lib/gcc/*/12/libgcc_eh.a; do
	ln -sf ../10/libgcc_eh.a "$unwinder"
done
echo "$folder"
