#!/bin/sh
# Tries the release in the smallest system of each distribution, in which no libbpf is installed: the console program,
# copied there as one file, and the module, with the pinned PowerShell. Processes exit in special ways, and the report of
# each is compared with the result of waitpid(2). Each kind of package is installed, used and removed with the commands of README.
#
#	run.sh [SYSTEM...]	the names are in suites.tsv; none: all
#
# Needs root and what `./bootstrap.sh package` makes. Ends with 0 if all agree, 1 if not, 75 if something cannot be downloaded
# here (a line "skipped: why"). The systems are kept in .cache/distributions; the output of the tracers is in its folder out.
#
#	PINNED_PWSH, DOTNET_ROOT	the PowerShell and its runtime (bootstrap.sh sets them)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/distributions
. "$top/tools/debian.sh"

rows() {
	grep -v '^#' "$here/suites.tsv"
}

# column SYSTEM NUMBER
column() {
	rows | awk -F'\t' -v row="$1" -v number="$2" '$1 == row { print $number }'
}

# The files for a pass are copied to /opt/exitsnoop of the system before each run.
fill_system() {
	root=$cache/$1
	rm -rf "$root/opt/exitsnoop"
	case $(column "$1" 5) in
	*console*)
		! find "$root" -name 'libbpf*' -o -name 'libelf*.so*' | grep -q . || {
			echo "$1: the system has a libbpf or libelf of its own"
			return 1
		}
		;;
	esac
	mkdir -p "$root/opt/exitsnoop" "$root/opt/dotnet" "$root/opt/powershell"
	cp "$top/out/release/linux-x64/exitsnoop" "$programs/scenario" "$cache/nobody" "$here/pass.sh" "$root/opt/exitsnoop/"
	cp "$here/install.sh" "$top/README.md" "$top/out/release"/exitsnoop_*_amd64.deb "$top/out/release"/exitsnoop-*.x86_64.rpm \
		"$top/out/release"/exitsnoop-*-linux-x64.tar.gz "$top/out/release"/ExitSnoop.*.nupkg "$root/opt/exitsnoop/"
	cp -r "$top/out/ExitSnoop" "$root/opt/exitsnoop/ExitSnoop"
	chmod -R a+rX "$root/opt/exitsnoop"
}

# within ROOT OUT SCRIPT [ARGUMENT]: runs a script of this folder in a system, with OUT as its /tmp/out, in namespaces of its
# own: exits of the host are not reported there. Its changes of the system are discarded afterwards.
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

# One tracer in one system: writes its cases, "N of M", and the differences.
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

# pass SYSTEM PASS
pass() {
	root=$cache/$1
	out=$cache/out/$1/$2
	bad=
	mkdir -p "$out"
	case $2 in
	deb | rpm | tarball | gallery)
		within "$root" "$out" install.sh "$2"
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
	echo "$(column "$1" 2), $2: $said, $result"
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
mkdir "$cache/out"
# lint COMMAND...: the command must find nothing.
lint() {
	if "$@" >"$cache/out/$1" 2>&1; then
		echo "$1: nothing found, ok"
	else
		echo "$1: FAILED"
		cat "$cache/out/$1"
		failed=1
	fi
}
lint lintian --allow-root --fail-on error,warning,info,pedantic --display-info --pedantic "$top/out/release"/exitsnoop_*.deb
lint rpmlint --rpmlintrc "$here/rpmlintrc" "$top/out/release"/exitsnoop-*.rpm
for system in "$@"; do
	make_system "$cache/$system" "$(column "$system" 3)" "$(column "$system" 4 | sed 's/^-$//')" || skip "$system cannot be downloaded from $(mirror)"
	fill_system "$system" || exit 1
	for pass in $(column "$system" 5); do
		pass "$system" "$pass"
	done
done
[ -z "$failed" ]
