#!/bin/sh
# Installs what is missing on a fresh machine, then runs a command. If nothing is missing,
# it installs nothing and needs no network.
set -eu

usage() {
	cat <<'USAGE'
usage: ./bootstrap.sh COMMAND

  watch [parameters]   show each process that exits, with Watch-ProcessExit; all its parameters can be given
  test [PART] [NAME]   build and run all tests; or those of one PART (library, module, console, matrix), or those
                       with NAME in their Class.Method: ./bootstrap.sh test library FilterTests
  service              test the recording service in a Debian 12 with systemd, in qemu
  build                build the module (out/ExitSnoop) and the console program (out/exitsnoop)
  install [PREFIX]     install exitsnoop, its man page and completion (PREFIX: /usr/local)
  release              make the release in out/release: exitsnoop for x86-64 and arm64, and the module's package
  package              make packages of these: .deb, .rpm, .tar.gz and container images, with SHA256SUMS
  package --twice      make them twice, and compare the files
  distributions        test the release in the smallest systems of Debian 11, 12 and 13
  container            test the container image and the Kubernetes manifest with podman
  fleet [--cost]       raise an alert in a real Prometheus, and find the crash behind it; --cost: measure what a fleet costs
  bench [--quick]      measure against other tracers
  matrix [--all] [KERNEL...]
                       run under other kernels, in qemu; --all: with every setting, for docs/kernels.md
  matrix --hunt [KERNEL]
                       hunt for a lost wake-up of the reader under another kernel, by default arm64
USAGE
}

root=$(cd "$(dirname "$0")" && pwd)
cd "$root"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# The needs of the commands, as "command-or-file:package" with the names of Debian.
BUILD_NEEDS='clang:clang llvm-strip:llvm /usr/lib/@/libbpf.so.1:libbpf1 make:make gcc:gcc /usr/include/@/sys/types.h:libc6-dev /usr/include/bpf/bpf_helpers.h:libbpf-dev /usr/lib/@/libelf.a:libelf-dev /usr/lib/@/libz.a:zlib1g-dev'
RELEASE_NEEDS='aarch64-linux-gnu-ld:binutils-aarch64-linux-gnu'
PACKAGE_NEEDS='rpmbuild:rpm dpkg-deb:dpkg jq:jq podman:podman strip-nondeterminism:strip-nondeterminism'
FLEET_NEEDS='curl:curl jq:jq dpkg-deb:dpkg /usr/lib/@/libdw.so.1:libdw1'
DISTRIBUTION_NEEDS='debootstrap:debootstrap lintian:lintian rpmlint:rpmlint'
CONTAINER_NEEDS='podman:podman runc:runc catatonit:catatonit jq:jq'
TEST_NEEDS='g++:g++ eu-stack:elfutils gdb:gdb-minimal /usr/lib/@/libdw.so.1:libdw1 /usr/lib/@/libdebuginfod.so.1:libdebuginfod1 script:bsdutils setpriv:util-linux man:man-db procps:procps'
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
		die "this system has no apt-get; install the equivalents of these packages and run again: $packages"
	fi
	[ "$(id -u)" = 0 ] || die "these packages are missing, and installing them needs root: apt-get install $packages"
	say "installing $packages"
	apt-get update -qq
	# In Ubuntu bpftool is in the package of tools for each kernel.
	if ! apt-cache show bpftool >/dev/null 2>&1; then
		packages=$(printf '%s' "$packages" | sed "s/bpftool/linux-tools-common linux-tools-$(uname -r)/")
	fi
	# shellcheck disable=SC2086 # A list of words.
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

need_dotnet() {
	has dotnet && dotnet --list-sdks | grep -q '^10\.' ||
		die "the .NET SDK 10 is missing: https://dotnet.microsoft.com/download, or the package dotnet-sdk-10.0 of your distribution"
	# With this variable, the PowerShell below finds the runtime of this SDK.
	export DOTNET_ROOT="${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}"
}

# Prints the path of the PowerShell of .config/dotnet-tools.json: the version with which this project
# is built and tested. Downloads it on first use.
pinned_pwsh() {
	folder=$(sh tools/dotnet-tool.sh powershell) || return 1
	printf '%s\n' "$folder/unix/pwsh"
}

# Prints the path of a PowerShell that can load the module: the one on PATH, otherwise the pinned one.
find_pwsh() {
	if has pwsh; then
		case $(pwsh --version) in
		'PowerShell 7.'[6-9]* | 'PowerShell 7.'[1-9][0-9]* | 'PowerShell '[89]*)
			command -v pwsh
			return 0
			;;
		esac
		say "the pwsh on PATH is older than 7.6"
	fi
	pinned_pwsh
}

# Builds everything, or the projects given.
build() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $BUILD_NEEDS
	need_dotnet
	say "building"
	for project in "${@:-ExitSnoop.slnx}"; do
		dotnet build "$project" -c Release -v quiet -tl:off --nologo -clp:NoSummary >&2
	done
}

# Boots a guest, which takes minutes.
SERVICE_NEEDS='debootstrap:debootstrap qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs'

service() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $SERVICE_NEEDS
	build
	PINNED_PWSH=$(pinned_pwsh) || die "the pinned PowerShell cannot be installed"
	export PINNED_PWSH
	exec sh tests/service/run.sh "$@"
}

# Runs the given tests, by default all. tests/run.sh adds up the results.
test_all() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $BUILD_NEEDS $TEST_NEEDS
	need_dotnet
	pwsh=$(pinned_pwsh) || die "the tests need the PowerShell of .config/dotnet-tools.json"
	# Everything that the tests need is installed, so a skipped test is a failure.
	if [ "$(id -u)" = 0 ] && [ -e /sys/kernel/btf/vmlinux ]; then
		export EXITSNOOP_REQUIRE_ALL=1
	fi
	build
	# Builds the package that PackageTests check, with the project address that they expect.
	case " $* " in
	'  ' | *' module '* | *PackageTests*)
		say "packing the module"
		GITHUB_SERVER_URL=https://example.com GITHUB_REPOSITORY=someone/exitsnoop "$pwsh" -NoProfile -File build.ps1 -Task Package >&2
		;;
	esac
	# For the arm64 guests of tests/matrix.
	case " $* " in
	'  ' | *' matrix '*) release_program linux-arm64 ;;
	esac
	sh tests/run.sh "$@"
}

watch() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $BUILD_NEEDS
	need_dotnet
	if pwsh=$(find_pwsh); then
		build src/ExitSnoop
		# Quotes words that PowerShell could interpret in another way than this shell. "1,2" stays a list.
		words=
		for word in "$@"; do
			case $word in
			'' | *[!A-Za-z0-9_.,:/+*?-]*) words="$words '$(printf '%s' "$word" | sed "s/'/''/g")'" ;;
			*) words="$words $word" ;;
			esac
		done
		exec "$pwsh" -NoLogo -NoProfile -Command "Import-Module '$root/out/ExitSnoop'; Watch-ProcessExit $words"
	fi
	say "PowerShell cannot be installed here: this is the console program (for PowerShell: https://aka.ms/powershell-release)"
	watch_in_console "$@"
}

# Runs the console program with the parameters of Watch-ProcessExit. Without a package feed there is no
# native compiler, so the program then runs on the runtime of the SDK.
watch_in_console() {
	if dotnet build src/ExitSnoop.Console -c Release -v quiet -tl:off --nologo -clp:NoSummary >/dev/null 2>&1; then
		program=out/exitsnoop
	else
		dotnet build src/ExitSnoop.Console -c Debug -v quiet -tl:off --nologo -clp:NoSummary -p:PublishAot=false -p:IsAotCompatible=false >&2
		program="dotnet src/ExitSnoop.Console/bin/Debug/net10.0/exitsnoop.dll"
	fi
	count=$#
	while [ "$count" -gt 0 ]; do
		word=$1
		shift
		# -MinimumAge becomes --minimum-age. -x, -p and values are not changed.
		case $word in
		-Id) word=--pid ;;
		-ParentId) word=--parent ;;
		-[A-Z]*) word=-$(printf '%s' "$word" | sed 's/[A-Z]/-&/g' | sed 's/^--/-/' | tr '[:upper:]' '[:lower:]') ;;
		esac
		set -- "$@" "$word"
		count=$((count - 1))
	done
	exec $program "$@"
}

install() {
	prefix=$(realpath -m "${1:-/usr/local}")
	build
	sh tools/package/layout.sh out/exitsnoop "$prefix" "$prefix"
	say "installed $prefix/bin/exitsnoop"
}

# Makes out/release/RUNTIME/exitsnoop, which runs on other machines: it is linked with Debian 11's glibc and contains libbpf, libelf
# and zlib. With --static it also makes the program for container images, which contains glibc, too. That one must not be used
# elsewhere: to look up a user, it would load the machine's libnss, which belongs to another glibc, and crash.
release_program() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $BUILD_NEEDS $RELEASE_NEEDS
	need_dotnet
	say "building for $1"
	sysroot=$(sh tools/release/sysroot.sh "$1")
	made=$root/out/release/obj/$1
	case $1 in
	linux-x64) strip=objcopy ;;
	linux-arm64) strip=aarch64-linux-gnu-objcopy ;;
	esac
	# A separate folder for the output of the linker, because a change of SysRoot alone does not make MSBuild link again.
	publish_program() {
		dotnet publish src/ExitSnoop.Console -c Release -r "$1" -v quiet -tl:off --nologo -clp:NoSummary \
			-p:UseCurrentRuntimeIdentifier=false "-p:SysRoot=$sysroot" "-p:ObjCopyName=$strip" "-p:NativeOutputPath=$2/" \
			-o "$2/publish" "-p:StaticExecutable=$3" >&2
		# Removes the section with the names and versions of the compilers, which has an entry for each linked file.
		"$strip" --remove-section=.comment "$2/publish/exitsnoop"
	}
	publish_program "$1" "$made" false
	mkdir -p "out/release/$1"
	cp "$made/publish/exitsnoop" "out/release/$1/"
	sh tools/release/notices.sh program "$1" >"out/release/$1/ThirdPartyNotices.txt"
	if [ "${2:-}" = --static ]; then
		publish_program "$1" "$made-static" true
		sh tools/release/notices.sh static "$1" >"$made-static/ThirdPartyNotices.txt"
	fi
}

release() {
	release_program linux-x64 "$@"
	release_program linux-arm64 "$@"
	say "packing the module"
	dotnet build src/ExitSnoop -c Release -t:PackageModule -p:ReleaseDirectory="$root/out/release/" -v quiet -tl:off --nologo -clp:NoSummary >&2
	cp "out/ExitSnoop.$(sh tools/package/version.sh).nupkg" out/release/
}

bench() {
	# shellcheck disable=SC2086
	install_packages $BUILD_NEEDS $BENCH_NEEDS
	build
	if pwsh=$(find_pwsh); then
		PATH=$(dirname "$pwsh"):$PATH
		export PATH
	else
		say "PowerShell cannot be installed here: only the console program is measured"
	fi
	exec sh bench/run.sh "$@"
}

package() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $PACKAGE_NEEDS
	if [ "${1:-}" = --twice ]; then
		exec sh tools/package/twice.sh
	fi
	release --static
	sh tools/package/build.sh
}

distributions() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $DISTRIBUTION_NEEDS
	[ -f out/release/SHA256SUMS ] || package
	need_dotnet
	PINNED_PWSH=$(pinned_pwsh) || die "the pinned PowerShell cannot be installed"
	export PINNED_PWSH
	exec sh tests/distributions/run.sh "$@"
}

fleet() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $FLEET_NEEDS
	build
	if [ "${1:-}" = --cost ]; then
		shift
		exec sh tests/fleet/cost.sh "$@"
	fi
	PINNED_PWSH=$(pinned_pwsh) || die "the pinned PowerShell cannot be installed"
	export PINNED_PWSH
	exec sh tests/fleet/run.sh
}

container() {
	# shellcheck disable=SC2086 # A list of words.
	install_packages $CONTAINER_NEEDS
	[ -f out/release/SHA256SUMS ] || package
	exec sh tests/container/run.sh
}

matrix() {
	build
	case "$*" in
	'' | --all | --hunt | *arm64*) release_program linux-arm64 ;;
	esac
	exec sh tests/matrix/run.sh "$@"
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
watch | build | install | release | package | distributions | container | fleet | service | bench | matrix) "$command" "$@" ;;
test) test_all "$@" ;;
*)
	usage >&2
	exit 2
	;;
esac
