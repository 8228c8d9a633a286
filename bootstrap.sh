#!/bin/sh
# Gets what is missing on a fresh machine, then does what is asked. With everything in
# place it installs nothing and needs no network.
set -eu

usage() {
	cat <<'USAGE'
usage: ./bootstrap.sh COMMAND

  watch [parameters]   watch processes die: Watch-ProcessExit, or exitsnoop where there is no PowerShell
  test                 build and run all tests
  build                build the module (out/ExitSnoop) and the console program (out/exitsnoop)
  install [PREFIX]     install exitsnoop, its man page and completion (PREFIX: /usr/local)
  bench [--quick]      measure against other tracers
  matrix [KERNEL...]   run under other kernels, in qemu
USAGE
}

root=$(cd "$(dirname "$0")" && pwd)
cd "$root"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# What a command needs, as "command-or-file:package" in Debian's names.
BUILD_NEEDS='clang:clang /usr/include/bpf/bpf_core_read.h:libbpf-dev /usr/lib/@/libbpf.so.1:libbpf1 make:make gcc:gcc /usr/include/@/sys/types.h:libc6-dev /usr/include/zlib.h:zlib1g-dev'
TEST_NEEDS='bpftool:bpftool script:bsdutils setpriv:util-linux man:man-db procps:procps'
BENCH_NEEDS='gnuplot:gnuplot-nox bpftool:bpftool'

missing_packages() {
	triplet=$(gcc -dumpmachine 2>/dev/null || echo "$(uname -m)-linux-gnu")
	for need in "$@"; do
		what=$(printf '%s' "${need%%:*}" | sed "s|@|$triplet|")
		package=${need#*:}
		case $what in
		/*) [ -e "$what" ] || printf '%s ' "$package" ;;
		procps) has ps || printf '%s ' "$package" ;;
		*) has "$what" || [ -x "/usr/sbin/$what" ] || printf '%s ' "$package" ;;
		esac
	done
}

install_packages() {
	packages=$(missing_packages "$@")
	[ -n "$packages" ] || return 0
	if ! has apt-get; then
		die "this is no Debian; install what corresponds to these packages and run again: $packages"
	fi
	[ "$(id -u)" = 0 ] || die "these packages are missing, and to install them takes root: apt-get install $packages"
	say "installing $packages"
	apt-get update -qq
	# shellcheck disable=SC2086 # A list of words.
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

need_dotnet() {
	has dotnet && dotnet --list-sdks | grep -q '^10\.' && return 0
	die "the .NET SDK 10 is missing: https://dotnet.microsoft.com/download, or the package dotnet-sdk-10.0 of your distribution"
}

# A PowerShell: on PATH, or got as a .NET tool into a folder that git ignores.
find_pwsh() {
	PATH=$PATH:$root/.tools
	export PATH
	has pwsh && return 0
	[ ! -e .tools/.none ] || return 1
	say "no pwsh on PATH; trying to get one: dotnet tool install PowerShell --tool-path .tools"
	mkdir -p .tools
	if dotnet tool install PowerShell --tool-path .tools >.tools/install.log 2>&1; then
		return 0
	fi
	# Asked once; remove the file to ask again.
	touch .tools/.none
	say "the package feed has no PowerShell (see .tools/install.log)"
	return 1
}

build() {
	# shellcheck disable=SC2086
	install_packages $BUILD_NEEDS
	need_dotnet
	say "building"
	dotnet build -c Release -v quiet -tl:off --nologo -clp:NoSummary
}

# Every assembly of tests is a program that ends with its own count; sum them up.
test_all() {
	# shellcheck disable=SC2086
	install_packages $BUILD_NEEDS $TEST_NEEDS
	need_dotnet
	if find_pwsh; then
		EXITSNOOP_PWSH=${EXITSNOOP_PWSH:-$(command -v pwsh)}
		export EXITSNOOP_PWSH
		# With all that the tests need in place, to skip one of them is a failure.
		if [ "$(id -u)" = 0 ] && [ -e /sys/kernel/btf/vmlinux ]; then
			export EXITSNOOP_REQUIRE_ALL=1
		fi
	else
		say "no pwsh: the tests of the module are skipped"
	fi
	build
	sh tests/run.sh
}

watch() {
	build
	if find_pwsh; then
		# What could mean something else to PowerShell than to this shell is quoted for it; "1,2" stays a list.
		words=
		for word in "$@"; do
			case $word in
			'' | *[!A-Za-z0-9_.,:/+*?-]*) words="$words '$(printf '%s' "$word" | sed "s/'/''/g")'" ;;
			*) words="$words $word" ;;
			esac
		done
		exec pwsh -NoLogo -NoProfile -Command "Import-Module '$root/out/ExitSnoop'; Watch-ProcessExit $words"
	fi
	say "no pwsh: this is the console program (for PowerShell: https://aka.ms/powershell-release, your distribution, or dotnet tool install -g PowerShell)"
	exec out/exitsnoop "$@"
}

install() {
	prefix=${1:-/usr/local}
	build
	mkdir -p "$prefix/bin" "$prefix/share/man/man8" "$prefix/share/bash-completion/completions"
	cp out/exitsnoop "$prefix/bin/exitsnoop"
	cp docs/man/exitsnoop.8 "$prefix/share/man/man8/exitsnoop.8"
	cp docs/man/exitsnoop.bash "$prefix/share/bash-completion/completions/exitsnoop"
	say "installed $prefix/bin/exitsnoop"
}

bench() {
	# shellcheck disable=SC2086
	install_packages $BUILD_NEEDS $BENCH_NEEDS
	find_pwsh || say "no pwsh: only the console program is measured"
	build
	exec sh bench/run.sh "$@"
}

matrix() {
	build
	exec sh tests/matrix/run.sh "$@"
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
watch | build | install | bench | matrix) "$command" "$@" ;;
test) test_all ;;
*)
	usage >&2
	exit 2
	;;
esac
