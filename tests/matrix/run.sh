#!/bin/sh
# Boots Debian's kernels in qemu, and in each lets the console program report processes that die
# in special ways: what it says of each is compared with what waitpid(2) said.
#
#	run.sh [KERNEL...]	the names are in kernels.tsv; none: all
#
# Ends with 0 if all agree, 1 if not, 75 if something cannot be had here (a line "skipped: why").
# What it fetches, pinned and checked, stays in .cache/matrix, so that later runs need no network;
# so do the guests' console (serial), events and comparisons: .cache/matrix/out/KERNEL/.
#
#	MATRIX_MIRROR	where Debian is (default: where apt gets it)
#	MATRIX_CONSOLE	the console program for x86-64 (default: out/exitsnoop)
#	MATRIX_CONSOLE_ARM64	and for arm64 (default: out/release/linux-arm64/exitsnoop, by ./bootstrap.sh release)
#	MATRIX_COMMAND	how it is called in the guest (default: /bin/exitsnoop --json --verbose)
#	MATRIX_CASES	the scenario's cases to run (default: all)
#	MATRIX_JOBS	guests at a time (default: 2)
#	MATRIX_TIMEOUT	seconds for a guest (default: 300)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/matrix
tab=$(printf '\t')
PATH=$PATH:/usr/sbin:/sbin
. "$top/tools/debian.sh"

: "${MATRIX_CONSOLE:=$top/out/exitsnoop}"
: "${MATRIX_CONSOLE_ARM64:=$top/out/release/linux-arm64/exitsnoop}"
: "${MATRIX_COMMAND:=/bin/exitsnoop --json --verbose}"
: "${MATRIX_CASES:=}"
: "${MATRIX_JOBS:=2}"
: "${MATRIX_TIMEOUT:=300}"
export MATRIX_CONSOLE MATRIX_CONSOLE_ARM64 MATRIX_COMMAND MATRIX_CASES MATRIX_JOBS MATRIX_TIMEOUT

die() {
	echo "run.sh: $*" >&2
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 75
}

# The lines of a table, without its comments.
rows() {
	grep -v '^#' "$here/$1"
}

# The row of one kernel: name arch suite package version sha256 image path.
kernel_row() {
	rows kernels.tsv | awk -F'\t' -v name="$1" '$1 == name'
}

arch_of() {
	kernel_row "$1" | cut -f2
}

# ---- what the host needs ----

# need COMMAND PACKAGE...: installs the packages where the command is missing.
need() {
	command=$1
	shift
	if command -v "$command" >/dev/null; then
		return
	fi
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		skip "$command is missing: install $*"
	fi
	echo "installing $* (for $command)"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$cache/apt.log" 2>&1 ||
		{
			apt-get update -qq >>"$cache/apt.log" 2>&1 &&
				DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$cache/apt.log" 2>&1
		} || skip "$* cannot be installed (.cache/matrix/apt.log)"
}

# ---- what is fetched ----

# The image of a kernel, taken out of its package.
fetch_kernel() {
	image=$cache/kernels/$1
	kernel_row "$1" >"$image.row"
	IFS=$tab read -r _ _ _ package version sha256 image_sha256 path <"$image.row"
	if [ -f "$image" ] && [ "$(sum <"$image")" = "$image_sha256" ]; then
		return
	fi
	fetch "$path" "$sha256" "$image.deb" || return 1
	member=$(dpkg-deb --fsys-tarfile "$image.deb" | tar t | grep '/vmlinuz')
	dpkg-deb --fsys-tarfile "$image.deb" | tar xO "$member" >"$image"
	rm -f "$image.deb"
	[ "$(sum <"$image")" = "$image_sha256" ] || die "$package $version: the image is not the one that was pinned"
}

# The tools of one architecture, unpacked into one folder.
fetch_tools() {
	rows tools.tsv | grep "^$1$tab" | unpack "$cache/tools/$1"
}

# ---- what the guests hold ----

# put_program ARCH ROOT FILE: the console program as /bin/exitsnoop, with the glibc that it runs on: for x86-64 this
# machine's, for arm64 the one that the release is linked against.
put_program() {
	cp "$3" "$2/bin/exitsnoop"
	case $1 in
	amd64)
		from=
		libraries=$(ldd "$3" | awk '$3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }')
		;;
	arm64)
		from=$(sh "$top/tools/release/sysroot.sh" linux-arm64)
		libraries=$(aarch64-linux-gnu-readelf -d "$3" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r name; do
			find "$from/lib" -name "$name"
		done | sed "s|^$from||")
		;;
	esac
	for file in $libraries; do
		mkdir -p "$2$(dirname "$file")"
		cp -L "$from$file" "$2$file"
	done
}

# pack ROOT FILE: the folder as an initramfs.
pack() {
	chmod -R a+rX "$1"
	(cd "$1" && find . | "$cache/tools/amd64/bin/busybox" cpio -o -H newc 2>/dev/null) >"$2"
}

build_guest() {
	arch=$1
	root=$cache/root-$arch
	tools=$cache/tools/$arch
	case $arch in
	amd64) compiler=${CC:-cc} triplet=x86_64-linux-gnu ;;
	arm64) compiler=aarch64-linux-gnu-gcc triplet=aarch64-linux-gnu ;;
	esac
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/etc" "$root/matrix"
	cp "$here/init" "$root/init"
	cp "$tools/bin/busybox" "$root/bin/"
	ln -s busybox "$root/bin/sh"
	printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	cp "$top/out/exitsnoop.bpf.o" "$root/"

	static="$compiler -static -O2 -Wall -Wextra -Werror"
	make -s -C "$top/tests/programs" CC="$compiler" OUT="$cache/programs-$arch" static
	cp "$cache/programs-$arch-static/scenario" "$root/bin/"
	$static -o "$root/bin/nobody" "$here/nobody.c"
	$static -o "$root/bin/loader" -isystem "$tools/usr/include" -I "$top/bpf" "$here/loader.c" \
		-L "$tools/usr/lib/$triplet" -lbpf -lelf -lz
	case $arch in
	amd64) put_program amd64 "$root" "$MATRIX_CONSOLE" ;;
	arm64) put_program arm64 "$root" "$MATRIX_CONSOLE_ARM64" ;;
	esac

	# name, user, command: see init
	printf '%s\n' "$MATRIX_CASES" >"$root/matrix/cases"
	{
		printf 'root\troot\t%s\n' "$MATRIX_COMMAND"
		printf 'nobody\tnobody\t%s\n' "$MATRIX_COMMAND"
		printf 'fallback\troot\t/bin/loader --hook claimed /exitsnoop.bpf.o\n'
	} >"$root/matrix/passes"
	pack "$root" "$cache/initramfs-$arch"
}

# ---- a guest ----

# Emulated, as there may be no KVM. What qemu before 8.1 gets wrong, so that kernels crash at random:
# code that one processor patches while another runs it (hence one thread for both processors), and
# cmpxchg16b, as 6.12 uses it (hence 141, which keeps the kernel from it; .NET cannot do without).
boot() {
	arch=$(arch_of "$1")
	initrd=$cache/initramfs-$arch
	case $arch in
	amd64)
		set -- qemu-system-x86_64 -cpu max
		console=ttyS0
		;;
	arm64)
		set -- qemu-system-aarch64 -M virt -cpu cortex-a72
		console=ttyAMA0
		;;
	esac
	timeout --foreground "$MATRIX_TIMEOUT" "$@" -accel tcg,thread=single -smp 2 -m 512 -nodefaults -display none -no-reboot \
		-kernel "$cache/kernels/$name" -initrd "$initrd" -serial "file:$out/serial" \
		-append "console=$console clearcpuid=141 quiet loglevel=1 oops=panic panic=-1" </dev/null >"$out/qemu.log" 2>&1 || true
}

# What the tracer says of itself: "attached (tp_btf, group_dead)".
attached() {
	awk 'match($0, /attached \([^:)]*/) { print substr($0, RSTART + 10, RLENGTH - 10); exit }' "$1"
}

# One pass of a guest: appends "PASS N of M", and says what is wrong.
judge() {
	folder=$out/$1
	bad=
	LC_ALL=C awk -f "$here/compare.awk" "$folder/truth.tsv" "$folder/events.json" >"$folder/comparison" || bad=1
	how=$(attached "$folder/log")
	case $1,$how in
	*,) echo "it does not say how it is attached" >>"$folder/comparison" && bad=1 ;;
	"fallback,claimed") ;;
	fallback,*) echo "the fallbacks were not taken: $how" >>"$folder/comparison" && bad=1 ;;
	esac
	grep -Eq 'matrix: the tracer ended with (0|143)$' "$folder/log" || {
		grep 'matrix:' "$folder/log" >>"$folder/comparison" || true
		bad=1
	}
	cases=$(grep -E '^[0-9]+ of [0-9]+$' "$folder/comparison" || echo none)
	[ -z "$bad" ] || {
		cases="**$cases**"
		failed=1
		echo "$name, $1:"
		grep -Ev '^[0-9]+ of [0-9]+$' "$folder/comparison" | sed 's/^/    /' | sed 20q
		sed 's/^/    log: /' "$folder/log" | tail -n 20
	}
	printf '%s\t%s\t%s\n' "$1" "$cases" "$how" >>"$out/passes"
}

guest() {
	name=$1
	out=$cache/out/$name
	rm -rf "$out"
	mkdir -p "$out"
	from=$(date +%s)
	boot "$name"

	tr -d '\r' <"$out/serial" >"$out/console"
	: >"$out/passes"
	failed=
	for pass in root nobody fallback tests; do
		mkdir -p "$out/$pass"
		: >"$out/$pass/truth.tsv"
		: >"$out/$pass/events.json"
		: >"$out/$pass/log"
	done
	awk -v out="$out/" '
		/^=== end$/ { close(file); file = "" }
		file != "" && $0 != "" { print >file }
		/^=== file / { file = out $3 }' "$out/console"

	if ! grep -aq '^=== DONE$' "$out/console"; then
		failed=1
		echo "$name: the guest did not get to its end; the last lines of its console:"
		cat "$out/qemu.log" "$out/console" | tail -n 5 | sed 's/^/    /'
	fi
	for pass in root nobody fallback; do
		judge "$pass"
	done
	if [ -n "$failed" ]; then
		result=FAILED
	else
		result=ok
	fi
	echo "$result" >"$out/result"
	echo "$name: $result ($(($(date +%s) - from)) s)"
}

# ---- all of it ----

# The field of a guest's pass: PASS FIELD.
of_pass() {
	awk -F'\t' -v pass="$1" -v field="$2" '$1 == pass { print $field }' "$out/passes"
}

table() {
	echo
	echo "| Kernel | Arch | Attached | As root | As nobody | claimed | Result |"
	echo "| --- | --- | --- | --- | --- | --- | --- |"
	for name in "$@"; do
		out=$cache/out/$name
		arch=$(arch_of "$name")
		version=$(kernel_row "$name" | cut -f5)
		if [ ! -f "$out/result" ]; then
			printf '| %s | %s | skipped: %s |\n' "$version" "$arch" "$(cat "$out/skipped")"
			continue
		fi
		[ "$arch" != amd64 ] || arch=x86-64
		how=$(of_pass root 3)
		printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$version" "$arch" "$how" \
			"$(of_pass root 2)" "$(of_pass nobody 2)" "$(of_pass fallback 2)" "$(cat "$out/result")"
	done
	echo
	echo "A cell: processes whose death was reported once, with waitpid's status, of those that died. Nobody has"
	echo "CAP_BPF and CAP_PERFMON alone. The last but one column forces every fallback, by the loader, as root."
}

if [ "${1-}" = --guest ]; then
	report=$(guest "$2" 2>&1) || true
	echo "$report" # at once: guests run side by side
	exit
fi

[ $# -gt 0 ] || set -- $(rows kernels.tsv | cut -f1)
for name in "$@"; do
	[ -n "$(kernel_row "$name")" ] ||
		die "no kernel '$name'; there are: $(rows kernels.tsv | cut -f1 | tr '\n' ' ')"
done
[ "$(uname -m)" = x86_64 ] || skip "the guests are built on x86-64 only"
[ -f "$top/out/exitsnoop.bpf.o" ] || die "out/exitsnoop.bpf.o is not built"

archs=$(for name in "$@"; do arch_of "$name"; done | sort -u)
mkdir -p "$cache/kernels" "$cache/tools" "$cache/out"
[ -x /usr/lib/apt/apt-helper ] || skip "apt's helper, which fetches, is missing"
need "${CC:-cc}" gcc libc6-dev
need make make
for arch in $archs; do
	case $arch in
	amd64)
		[ -x "$MATRIX_CONSOLE" ] || die "$MATRIX_CONSOLE is not built"
		need qemu-system-x86_64 qemu-system-x86
		;;
	arm64)
		[ -x "$MATRIX_CONSOLE_ARM64" ] || die "$MATRIX_CONSOLE_ARM64 is not built: ./bootstrap.sh release"
		need qemu-system-aarch64 qemu-system-arm
		need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
		;;
	esac
done
for arch in amd64 $archs; do
	fetch_tools "$arch" || skip "the tools of tools.tsv cannot be had"
done

ready=
for name in "$@"; do
	rm -rf "$cache/out/$name"
	mkdir -p "$cache/out/$name"
	if fetch_kernel "$name"; then
		ready="$ready $name"
	else
		echo "$(kernel_row "$name" | cut -f4,5 | tr '\t' ' ') cannot be had" >"$cache/out/$name/skipped"
	fi
done
[ -n "$ready" ] || skip "no kernel can be had from $(mirror)"

for arch in $archs; do
	build_guest "$arch"
done

printf '%s\n' $ready | xargs -P "$MATRIX_JOBS" -n 1 sh "$here/run.sh" --guest || true
table "$@"
for name in $ready; do
	[ "$(cat "$cache/out/$name/result" 2>/dev/null)" = ok ] || exit 1
done
for name in "$@"; do
	[ ! -f "$cache/out/$name/skipped" ] || skip "$(cat "$cache/out/$name/skipped")"
done
