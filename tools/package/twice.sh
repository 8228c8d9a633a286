#!/bin/sh
# Packages the last commit twice, in folders with different names, the second time with another umask, locale, time zone and host name,
# and compares the files. Prints each file that differs, and ends with 1 if there is one. Needs root, to change the host name.
#
#	twice.sh
#	twice.sh build FOLDER COMMIT	packages that commit in a new folder
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)

if [ "${1:-}" = build ]; then
	git clone -q "$top" "$2"
	git -C "$2" checkout -q --detach "$3"
	mkdir -p "$2/.cache/libbpf"
	# Downloads are pinned by checksum, so they are not downloaded again.
	cp "$top"/.cache/libbpf/*.tar.gz "$2/.cache/libbpf/"
	for fetched in sysroot libraries licences licences.rows; do
		[ ! -e "$top/.cache/$fetched" ] || cp -a "$top/.cache/$fetched" "$2/.cache/"
	done
	cd "$2"
	exec ./bootstrap.sh package >"$2.log" 2>&1
fi

work=$(mktemp -d /tmp/exitsnoop.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/another"
commit=$(git -C "$top" rev-parse HEAD)
for folder in one another/folder; do
	case $folder in
	one) set -- TZ=UTC LC_ALL=C.UTF-8 sh -c 'umask 022 && exec "$@"' ;;
	*) set -- TZ=Pacific/Auckland LC_ALL=C unshare --uts sh -c 'umask 027 && hostname elsewhere && exec "$@"' ;;
	esac
	env "$@" sh sh "$0" build "$work/$folder" "$commit" || {
		tail -n 20 "$work/$folder.log" >&2
		exit 1
	}
done

sums=out/release/SHA256SUMS
if diff "$work/one/$sums" "$work/another/folder/$sums" >"$work/differences"; then
	echo "$(wc -l <"$work/one/$sums") files, the same bytes twice"
else
	sed -n 's/^< [0-9a-f]*  \(.*\)/\1 differs/p' "$work/differences"
	exit 1
fi
