#!/bin/sh
# Tries the release in the smallest system of each distribution, in which no libbpf is installed: the console program,
# copied there as one file, and the module, with the pinned PowerShell. Processes die in special ways, and what is
# reported of each is compared with what waitpid(2) said.
#
#	run.sh [SUITE...]	the names are in suites.tsv; none: all
#
# Needs root and what `./bootstrap.sh release` makes. Ends with 0 if all agree, 1 if not, 75 if something cannot be had
# here (a line "skipped: why"). The systems stay in .cache/distributions; what the tracers wrote is in its folder out.
#
#	PINNED_PWSH, DOTNET_ROOT	the PowerShell and its runtime (bootstrap.sh sets them)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/distributions
. "$top/tools/debian.sh"

skip() {
	echo "skipped: $*"
	exit 75
}

rows() {
	grep -v '^#' "$here/suites.tsv"
}

# The smallest system of a suite: what apt needs, and no more.
make_system() {
	[ ! -d "$cache/$1" ] || return 0
	echo "$1: making the system (debootstrap)"
	rm -rf "$cache/$1.new"
	debootstrap --variant=minbase "$1" "$cache/$1.new" "$(mirror)" >"$cache/$1.log" 2>&1 || {
		tail -n 3 "$cache/$1.log"
		return 1
	}
	mv "$cache/$1.new" "$cache/$1"
}

# What a pass needs is laid in /opt/exitsnoop of the system, anew each time.
fill_system() {
	root=$cache/$1
	rm -rf "$root/opt/exitsnoop"
	! find "$root" -name 'libbpf*' -o -name 'libelf*.so*' | grep -q . || {
		echo "$1: the system has a libbpf or libelf of its own"
		return 1
	}
	mkdir -p "$root/opt/exitsnoop" "$root/opt/dotnet" "$root/opt/powershell"
	cp "$top/out/release/linux-x64/exitsnoop" "$programs/scenario" "$cache/nobody" "$here/pass.sh" "$root/opt/exitsnoop/"
	cp -r "$top/out/ExitSnoop" "$root/opt/exitsnoop/ExitSnoop"
	chmod -R a+rX "$root/opt/exitsnoop"
}

# pass SUITE PASS: one tracer in one system. Processes are counted in namespaces of their own, so that those of the
# host are not reported.
pass() {
	root=$cache/$1
	out=$cache/out/$1/$2
	mkdir -p "$out"
	timeout --foreground 300 unshare --mount --pid --fork sh -c '
		root=$1 out=$2 pass=$3 dotnet=$4 powershell=$5
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=1777 tmp "$root/tmp"
		mkdir "$root/tmp/out"
		mount --bind "$out" "$root/tmp/out"
		mount --bind "$dotnet" "$root/opt/dotnet"
		mount --bind "$powershell" "$root/opt/powershell"
		exec chroot "$root" /bin/sh /opt/exitsnoop/pass.sh "$pass"
	' sh "$root" "$out" "$2" "$DOTNET_ROOT" "$(dirname "$PINNED_PWSH")" </dev/null >"$out/console" 2>&1 || echo "the pass ended with $?" >>"$out/console"

	bad=
	LC_ALL=C awk -f "$top/tests/matrix/compare.awk" "$out/truth.tsv" "$out/events.json" >"$out/comparison" 2>&1 || bad=1
	grep -q 'the tracer ended with \(0\|143\)$' "$out/console" || bad=1
	case $2 in
	console*) libbpf='linked into this program' ;;
	module*) libbpf="ExitSnoop's own: the system has none" ;;
	esac
	grep -q "($libbpf)" "$out/log" || {
		echo "libbpf is not '$libbpf'" >>"$out/comparison"
		bad=1
	}
	cases=$(grep -E '^[0-9]+ of [0-9]+$' "$out/comparison" || echo none)
	if [ -z "$bad" ]; then
		result=ok
	else
		result=FAILED
		failed=1
		sed 's/^/    /' "$out/comparison" "$out/console" | head -n 20
		sed 's/^/    log: /' "$out/log" | tail -n 10
	fi
	echo "$result" >"$out/result"
	echo "$(rows | awk -F'\t' -v suite="$1" '$1 == suite { print $2 }'), $2: $cases, $result"
}

[ "$(id -u)" = 0 ] || skip "chroot takes root"
[ "$(uname -m)" = x86_64 ] || skip "the systems are made on x86-64 only"
command -v debootstrap >/dev/null || skip "debootstrap is missing"
[ -x "$top/out/release/linux-x64/exitsnoop" ] && [ -d "$top/out/ExitSnoop/runtimes" ] || {
	echo "run.sh: nothing is released: ./bootstrap.sh release" >&2
	exit 1
}

[ $# -gt 0 ] || set -- $(rows | cut -f1)
mkdir -p "$cache"
programs=$cache/programs-static
make -s -C "$top/tests/programs" OUT="$cache/programs" static
cc -static -O2 -Wall -Wextra -Werror -o "$cache/nobody" "$top/tests/matrix/nobody.c"

failed=
rm -rf "$cache/out"
for suite in "$@"; do
	make_system "$suite" || skip "$suite cannot be had from $(mirror)"
	fill_system "$suite" || exit 1
	for pass in $(rows | awk -F'\t' -v suite="$suite" '$1 == suite { print $3 }'); do
		pass "$suite" "$pass"
	done
done
[ -z "$failed" ]
