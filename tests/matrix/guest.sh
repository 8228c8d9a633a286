# Guests: Debian's kernels in qemu, each with an initramfs that holds the console program. For scripts that source this file
# with $top, the root of the tree. The variables are explained in run.sh.

cache=$top/.cache/matrix
tab=$(printf '\t')
PATH=$PATH:/usr/sbin:/sbin
. "$top/tools/debian.sh"

: "${MATRIX_CONSOLE:=$top/out/exitsnoop}"
: "${MATRIX_CONSOLE_ARM64:=$top/out/release/linux-arm64/exitsnoop}"
: "${MATRIX_TIMEOUT:=900}"
export MATRIX_CONSOLE MATRIX_CONSOLE_ARM64 MATRIX_TIMEOUT

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# The lines of a table, without its comments.
rows() {
	grep -v '^#' "$top/tests/matrix/$1"
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

# need_guests ARCH...: what it takes to make and boot guests of these.
need_guests() {
	[ "$(uname -m)" = x86_64 ] || skip "the guests are built on x86-64 only"
	mkdir -p "$cache/kernels" "$cache/tools"
	[ -x /usr/lib/apt/apt-helper ] || skip "apt's helper, which fetches, is missing"
	need "${CC:-cc}" gcc libc6-dev
	need make make
	for arch in "$@"; do
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
	for arch in amd64 "$@"; do
		fetch_tools "$arch" || skip "the tools of tools.tsv cannot be downloaded"
	done
}

# need_guest KERNEL: what it takes to make and boot a guest of that kernel, whose architecture is $arch then.
need_guest() {
	arch=$(arch_of "$1")
	[ -n "$arch" ] || die "no kernel '$1'"
	need_guests "$arch"
	fetch_kernel "$1" || skip "the kernel $1 cannot be downloaded"
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

# ---- what a guest holds ----

# compile_for ARCH: sets what programs for a guest are compiled with, and where they go.
compile_for() {
	case $1 in
	amd64) compiler=${CC:-cc} ;;
	arm64) compiler=aarch64-linux-gnu-gcc ;;
	esac
	static="$compiler -static -O2 -Wall -Wextra -Werror"
	programs=$cache/programs-$1
}

# make_root ARCH ROOT INIT: a folder with busybox and the console program, whose first process is the script INIT.
make_root() {
	compile_for "$1"
	rm -rf "$2"
	mkdir -p "$2/bin" "$2/etc"
	cp "$3" "$2/init"
	cp "$cache/tools/$1/bin/busybox" "$2/bin/"
	ln -s busybox "$2/bin/sh"
	printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$2/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$2/etc/group"
	case $1 in
	amd64) put_program amd64 "$2" "$MATRIX_CONSOLE" ;;
	arm64) put_program arm64 "$2" "$MATRIX_CONSOLE_ARM64" ;;
	esac
}

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

# ---- a guest ----

# boot KERNEL INITRAMFS OUT CPUS ARGUMENTS [OPTION...]: with further arguments for the kernel and options for qemu; its console
# is the file OUT/serial.
#
# Emulated, as there may be no KVM. What qemu before 8.1 gets wrong, so that kernels crash at random:
# code that one processor patches while another runs it (hence one thread for all processors), and
# cmpxchg16b, as 6.12 uses it (hence 141, which keeps the kernel from it; .NET cannot do without).
boot() {
	kernel=$1 initrd=$2 out=$3 cpus=$4 arguments=$5
	shift 5
	case $(arch_of "$kernel") in
	amd64)
		set -- qemu-system-x86_64 -cpu max "$@"
		# Emulated timers come late enough for 5.10 to panic in its check of them (setup_IO_APIC).
		arguments="console=ttyS0 no_timer_check $arguments"
		;;
	arm64)
		# The default interrupt controller serves 8 processors.
		set -- qemu-system-aarch64 -M virt,gic-version=3 -cpu cortex-a72 "$@"
		arguments="console=ttyAMA0 $arguments"
		;;
	esac
	timeout --foreground "$MATRIX_TIMEOUT" "$@" -accel "tcg,thread=${thread:-single}" -smp "$cpus" -m $((640 + 64 * cpus)) -nodefaults -display none -no-reboot \
		-kernel "$cache/kernels/$kernel" -initrd "$initrd" -serial "file:$out/serial" \
		-append "clearcpuid=141 quiet loglevel=1 oops=panic panic=-1 $arguments" </dev/null >"$out/qemu.log" 2>&1 || true
}
