#!/bin/sh
# Tries the release in the smallest system of each distribution, in which no libbpf is installed: the console program,
# copied there as one file, and the module, with the pinned PowerShell. Processes die in special ways, and what is
# reported of each is compared with what waitpid(2) said. The .deb is installed, used, removed and purged.
#
#	run.sh [SUITE...]	the names are in suites.tsv; none: all
#
# Needs root and what `./bootstrap.sh package` makes. Ends with 0 if all agree, 1 if not, 75 if something cannot be had
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
	cp "$here/install.sh" "$top/out/release"/exitsnoop_*_amd64.deb "$root/opt/exitsnoop/"
	cp -r "$top/out/ExitSnoop" "$root/opt/exitsnoop/ExitSnoop"
	chmod -R a+rX "$root/opt/exitsnoop"
}

# within ROOT OUT SCRIPT [ARGUMENT]: runs a script of this folder in a system, with OUT as its /tmp/out, in namespaces of its
# own: exits of the host are not reported there. What it changes in the system is gone afterwards.
within() {
	timeout --foreground 300 unshare --mount --pid --fork sh -c '
		system=$1 out=$2 dotnet=$3 powershell=$4
		shift 4
		mount -t tmpfs layer /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		root=/mnt/root
		mount -t overlay -o "lowerdir=$system,upperdir=/mnt/upper,workdir=/mnt/work" overlay "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=1777 tmp "$root/tmp"
		mkdir "$root/tmp/out"
		mount --bind "$out" "$root/tmp/out"
		mount --bind "$dotnet" "$root/opt/dotnet"
		mount --bind "$powershell" "$root/opt/powershell"
		cd /
		script=$1
		shift
		exec chroot "$root" /bin/sh "/opt/exitsnoop/$script" "$@"
	' sh "$1" "$2" "$DOTNET_ROOT" "$(dirname "$PINNED_PWSH")" "$3" ${4+"$4"} </dev/null >"$2/console" 2>&1 || echo "it ended with $?" >>"$2/console"
}

# One tracer in one system: leaves its cases, "N of M", and what is wrong.
trace() {
	within "$root" "$out" pass.sh "$1"
	LC_ALL=C awk -f "$top/tests/matrix/compare.awk" "$out/truth.tsv" "$out/events.json" >"$out/comparison" 2>&1 || bad=1
	grep -q 'the tracer ended with \(0\|143\)$' "$out/console" || bad=1
	case $1 in
	console*) libbpf='linked into this program' ;;
	module*) libbpf="ExitSnoop's own: the system has none" ;;
	esac
	grep -q "($libbpf)" "$out/log" || {
		echo "libbpf is not '$libbpf'" >>"$out/comparison"
		bad=1
	}
	said=$(grep -E '^[0-9]+ of [0-9]+$' "$out/comparison" || echo none)
}

# pass SUITE PASS
pass() {
	root=$cache/$1
	out=$cache/out/$1/$2
	bad=
	mkdir -p "$out"
	case $2 in
	package)
		within "$root" "$out" install.sh
		said=$(tail -n 1 "$out/console")
		[ "$said" = "installed and removed" ] || bad=1
		;;
	*) trace "$2" ;;
	esac
	if [ -z "$bad" ]; then
		result=ok
	else
		result=FAILED
		failed=1
		for file in comparison console log; do
			[ ! -f "$out/$file" ] || sed "s/^/    $file: /" "$out/$file" | tail -n 15
		done
	fi
	echo "$result" >"$out/result"
	echo "$(rows | awk -F'\t' -v suite="$1" '$1 == suite { print $2 }'), $2: $said, $result"
}

[ "$(id -u)" = 0 ] || skip "chroot takes root"
[ "$(uname -m)" = x86_64 ] || skip "the systems are made on x86-64 only"
command -v debootstrap >/dev/null || skip "debootstrap is missing"
[ -f "$top/out/release/SHA256SUMS" ] && [ -d "$top/out/ExitSnoop/runtimes" ] || {
	echo "run.sh: there are no packages: ./bootstrap.sh package" >&2
	exit 1
}

[ $# -gt 0 ] || set -- $(rows | cut -f1)
mkdir -p "$cache"
programs=$cache/programs-static
make -s -C "$top/tests/programs" OUT="$cache/programs" "$programs/scenario"
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
