#!/bin/sh
# Boots Debian's kernels in qemu, and in each lets the console program report processes that exit
# in special ways, and storms of exits: what it says of each is compared with what waitpid(2) said.
#
#	run.sh [--all] [KERNEL...]	the names are in kernels.tsv; none: all
#
# Without --all each kernel is booted with 2 CPUs and its default command line; two of them with one CPU
# and preempt=full as well. With it, each is booted for every setting (1, 2 and 16 CPUs; with preempt=full
# too, where it can), with larger storms, as root and as nobody, and the table that comes out is written
# into docs/kernels.md.
#
# Ends with 0 if all agree, 1 if not, 75 if something is not available here (a line "skipped: why").
# What it fetches, pinned and checked, stays in .cache/matrix, so that later runs need no network;
# so do the guests' console (serial), events and comparisons: .cache/matrix/out/KERNEL[,SETTING]/.
#
#	MATRIX_MIRROR	where Debian is (default: where apt gets it)
#	MATRIX_CONSOLE	the console program for x86-64 (default: out/exitsnoop)
#	MATRIX_CONSOLE_ARM64	and for arm64 (default: out/release/linux-arm64/exitsnoop, by ./bootstrap.sh release)
#	MATRIX_CASES	the scenario's cases to run (default: all)
#	MATRIX_SETTINGS	with --all: PREEMPT,CPUS... (default: default,2 full,2 default,1 full,1 full,16 default,16)
#	MATRIX_MINUTES	after so many no guest is begun; the rest is "not run" (default: no limit)
#	MATRIX_JOBS	guests at a time (default: 2)
#	MATRIX_TIMEOUT	seconds for a guest (default: 900)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/matrix
tab=$(printf '\t')
PATH=$PATH:/usr/sbin:/sbin
. "$top/tools/debian.sh"

: "${MATRIX_CONSOLE:=$top/out/exitsnoop}"
: "${MATRIX_CONSOLE_ARM64:=$top/out/release/linux-arm64/exitsnoop}"
: "${MATRIX_CASES:=}"
: "${MATRIX_JOBS:=2}"
: "${MATRIX_TIMEOUT:=900}"
export MATRIX_CONSOLE MATRIX_CONSOLE_ARM64 MATRIX_CASES MATRIX_JOBS MATRIX_TIMEOUT

die() {
	echo "run.sh: $*" >&2
	exit 1
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

# The programs that die in a guest.
guest_programs() {
	for name in scenario storm crash causes victim murder; do
		echo "$programs-static/$name"
	done
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

	static="$compiler -static -O2 -Wall -Wextra -Werror"
	programs=$cache/programs-$arch
	make -s -C "$top/tests/programs" CC="$compiler" OUT="$programs" $(guest_programs)
	cp $(guest_programs) "$root/bin/"
	$static -o "$root/bin/nobody" "$here/nobody.c"
	$static -o "$root/bin/check" "$here/check.c"
	case $arch in
	amd64) put_program amd64 "$root" "$MATRIX_CONSOLE" ;;
	arm64) put_program arm64 "$root" "$MATRIX_CONSOLE_ARM64" ;;
	esac

	printf '%s\n' "$MATRIX_CASES" >"$root/matrix/cases"
	rows causes.tsv | awk -F'\t' -v OFS='\t' -v arch="$arch" '$1 == arch || $1 == "all" { print $2, $3, $4 }' >"$root/matrix/causes"
	storms | tr ' ' '\t' >"$root/matrix/storms"
	pack "$root" "$cache/initramfs-$arch"
}

# The storms of a guest, those beside one tracer on a line: "USER KIND COUNT [KIND COUNT]..."; see tests/programs/storm.c.
storms() {
	if [ -n "$all" ]; then
		for user in root nobody; do
			echo "$user forks 1000 fifo 600 groups 400 stopped 500 threads 100"
			echo "$user ids 300"
			echo "$user tree 600"
		done
		echo "root maps 1000"
	else
		echo "root forks 800 fifo 400 groups 200 stopped 100 threads 50"
		echo "root ids 100"
		echo "nobody tree 300"
	fi
}

# How the scenario is run under a kernel; see init.
passes_of() {
	case $1 in
	# The programs for basic events are verified otherwise before 6.8.
	5.10 | 6.1) echo root,nobody,basic,fallback ;;
	arm64-5.10) echo root,nobody,basic ;;
	6.12) echo root,nobody,fallback ;;
	*) echo root,nobody ;;
	esac
}

# ---- a guest ----

# Emulated, as there may be no KVM. What qemu before 8.1 gets wrong, so that kernels crash at random:
# code that one processor patches while another runs it (hence one thread for both processors), and
# cmpxchg16b, as 6.12 uses it (hence 141, which keeps the kernel from it; .NET cannot do without).
boot() {
	extra=
	[ "$2" = default ] || extra=preempt=$2
	cpus=$3
	passes=$4
	arch=$(arch_of "$1")
	initrd=$cache/initramfs-$arch
	case $arch in
	amd64)
		set -- qemu-system-x86_64 -cpu max
		# Emulated timers come late enough for 5.10 to panic in its check of them (setup_IO_APIC).
		extra="$extra no_timer_check"
		console=ttyS0
		;;
	arm64)
		# The default interrupt controller serves 8 processors.
		set -- qemu-system-aarch64 -M virt,gic-version=3 -cpu cortex-a72
		console=ttyAMA0
		;;
	esac
	timeout --foreground "$MATRIX_TIMEOUT" "$@" -accel tcg,thread=single -smp "$cpus" -m 768 -nodefaults -display none -no-reboot \
		-kernel "$cache/kernels/$kernel" -initrd "$initrd" -serial "file:$out/serial" \
		-append "console=$console clearcpuid=141 quiet loglevel=1 oops=panic panic=-1 PASSES=$passes $extra" </dev/null >"$out/qemu.log" 2>&1 || true
}

# Where a tracer is attached: "attached (tp_btf on sched_process_exit, group_dead: because)".
attached() {
	sed -n 's/.*attached (\([^,]*\),.*/\1/p' "$1" | sed 1q
}

# What of a pass is wrong, for whoever reads the output.
blame() {
	failed=1
	echo "$name, $1:"
	sed 's/^/    /' "$2" | sed 20q
	sed 's/^/    log: /' "$3" | tail -n 20
}

# One scenario of a guest: appends "PASS N of M HOOK", and says what is wrong.
judge() {
	folder=$out/$1
	bad=
	LC_ALL=C awk -f "$here/compare.awk" "$folder/truth.tsv" "$folder/events.json" >"$folder/comparison" || bad=1
	how=$(attached "$folder/log")
	case $1,$how in
	*,) echo "it does not say how it is attached" >>"$folder/comparison" && bad=1 ;;
	fallback,*taskstats_exit*) echo "no fallback was taken: $how" >>"$folder/comparison" && bad=1 ;;
	esac
	grep -Eq 'matrix: the tracer ended with (0|143)$' "$folder/log" || {
		grep 'matrix:' "$folder/log" >>"$folder/comparison" || true
		bad=1
	}
	# Nobody knows where a process crashed before 6.1, and without functions before 6.16.
	case $1,$kernel in
	basic,* | *,*5.10) known=0 ;;
	*) known=1 ;;
	esac
	case $kernel in
	arm64-*) nm=aarch64-linux-gnu-nm ;;
	*) nm=nm ;;
	esac
	[ "$1" = fallback ] || "$nm" -S "$cache/root-$(arch_of "$kernel")/bin/crash" |
		LC_ALL=C awk -f "$here/crashes.awk" -v known="$known" - "$folder/events.json" >>"$folder/comparison" || bad=1
	cases=$(grep -E '^[0-9]+ of [0-9]+$' "$folder/comparison" || echo none)
	[ -z "$bad" ] || {
		cases="**$cases**"
		blame "$1" "$folder/comparison" "$folder/log"
	}
	printf '%s\t%s\t%s\n' "$1" "$cases" "$how" >>"$out/passes"
}

# The storms of a guest, by their lines in /run/storms (see init): appends "root-storms N of M LOST", and so on. None may be lost.
# Beside users of BPF maps some are, from 7.0 on: up to one in ten, and each must be among those that the tracer says were lost.
judge_storms() {
	awk -F'\t' -v passes="$out/passes" -v bad="$out/storms-bad" '
		{
			split($3, count, "[^0-9]+")
			kind = $2 == "maps" ? "maps" : $1
			right[kind] += count[1]
			all[kind] += count[2]
			lost[kind] += $4
			allowed = $2 == "maps" ? count[2] / 10 : 0
			if ($5 != "ok" || !count[2] || count[4] || count[5] || count[3] > $4 || $4 > allowed)
				print >bad
		}
		END {
			for (kind in all)
				printf "%s-storms\t%d of %d\t%d\n", kind, right[kind], all[kind], lost[kind] >>passes
		}' "$out/storms"
	if [ -s "$out/storms-bad" ]; then
		blame storms "$out/storms-bad" /dev/null
		cut -f1,2 "$out/storms-bad" | tr '\t' ' ' | while read -r user kind _; do
			sed "s|^|    $user, $kind: |" "$out/storm-log-$user-$kind" | sed 12q
		done
	fi
	[ "$(wc -l <"$out/storms")" = "$(storms | wc -l)" ] || {
		failed=1
		echo "$name: $(wc -l <"$out/storms") storms came to their end, of $(storms | wc -l)"
	}
}

# guest KERNEL,PREEMPT,CPUS
guest() {
	IFS=, read -r kernel preempt cpus <<-END
		$1
	END
	name=$1
	out=$(out_of "$1")
	rm -rf "$out"
	mkdir -p "$out"
	from=$(date +%s)
	passes=
	# The scenario does not depend on the other settings.
	case $preempt,$cpus in
	default,2) passes=$(passes_of "$kernel") ;;
	esac
	boot "$kernel" "$preempt" "$cpus" "$passes"

	tr -d '\r' <"$out/serial" >"$out/console"
	: >"$out/passes"
	: >"$out/storms"
	failed=
	for pass in $(echo "$passes" | tr , ' '); do
		mkdir -p "$out/$pass"
		: >"$out/$pass/truth.tsv"
		: >"$out/$pass/events.json"
		: >"$out/$pass/log"
	done
	awk -v out="$out/" '
		/^=== end$/ { close(file); file = "" }
		file != "" && $0 != "" { print >file }
		/^=== file / { file = out $3 }' "$out/console"

	if ! grep -aq '^=== DONE ' "$out/console"; then
		failed=1
		echo "$name: the guest did not get to its end; the last lines of its console:"
		cat "$out/qemu.log" "$out/console" | tail -n 5 | sed 's/^/    /'
	fi
	for pass in $(echo "$passes" | tr , ' '); do
		judge "$pass"
	done
	judge_storms
	if [ -n "$failed" ]; then
		result=FAILED
	else
		result=ok
	fi
	echo "$result" >"$out/result"
	attached "$out/storm-log-$(storms | sed 1q | cut -d' ' -f1,2 | tr ' ' -)" >"$out/hook"
	echo "$name: $result ($(($(date +%s) - from)) s)"
}

# ---- all of it ----

# The folder of a guest's output.
out_of() {
	echo "$cache/out/${1%,default,2}"
}

# The field of a guest's pass: PASS FIELD.
of_pass() {
	awk -F'\t' -v pass="$1" -v field="$2" '$1 == pass { print $field }' "$out/passes"
}

# A cell of storms: PASS.
storms_of() {
	awk -F'\t' -v pass="$1-storms" '$1 == pass { print $2 ($3 ? ", up to " $3 " reported as lost" : "") }' "$out/passes"
}

table() {
	echo "| kernel | | preemption, CPUs | hook | as root | as nobody | basic, as nobody | without functions | storms, as root | as nobody | beside map users | result |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
	for guest in "$@"; do
		IFS=, read -r kernel preempt cpus <<-END
			$guest
		END
		out=$(out_of "$guest")
		arch=$(arch_of "$kernel")
		[ "$arch" != amd64 ] || arch=x86-64
		printf '| %s | %s | %s, %s |' "$(kernel_row "$kernel" | cut -f5)" "$arch" "$preempt" "$cpus"
		if [ ! -f "$out/result" ]; then
			printf ' %s |\n' "$(cat "$cache/out/$kernel/skipped" 2>/dev/null || echo "not run")"
			continue
		fi
		printf ' %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$(cat "$out/hook")" \
			"$(of_pass root 2)" "$(of_pass nobody 2)" "$(of_pass basic 2)" "$(of_pass fallback 2)" \
			"$(storms_of root)" "$(storms_of nobody)" "$(storms_of maps)" "$(cat "$out/result")"
	done
}

# Puts the table into docs/kernels.md, between the marks.
keep_table() {
	page=$top/docs/kernels.md
	awk -v table="$1" '
		/<!-- matrix: end -->/ { skip = 0 }
		!skip { print }
		/<!-- matrix: begin -->/ { while ((getline line <table) > 0) print line; skip = 1 }' "$page" >"$page.new"
	mv "$page.new" "$page"
}

# The guests of some kernels, KERNEL,PREEMPT,CPUS each.
guests_of() {
	for setting in $settings; do
		for name in "$@"; do
			case $name,$setting in
			*5.10,full,*) ;; # PREEMPT_DYNAMIC came with 5.12
			*) echo "$name,$setting" ;;
			esac
		done
	done
	for name in "$@"; do
		case ${all:-some},$name in
		some,6.12 | some,7.3) echo "$name,full,1" ;;
		esac
	done
}

all=
if [ "${MATRIX_ALL-}" = 1 ] || [ "${1-}" = --all ]; then
	all=1
	[ "${1-}" != --all ] || shift
fi
export MATRIX_ALL="$all"
if [ -n "$all" ]; then
	settings=${MATRIX_SETTINGS:-default,2 full,2 default,1 full,1 full,16 default,16}
else
	settings=default,2
fi

if [ -n "${MATRIX_MINUTES-}" ] && [ -z "${MATRIX_UNTIL-}" ]; then
	MATRIX_UNTIL=$(($(date +%s) + MATRIX_MINUTES * 60))
fi
export MATRIX_UNTIL="${MATRIX_UNTIL-}"

if [ "${1-}" = --guest ]; then
	[ -z "$MATRIX_UNTIL" ] || [ "$(date +%s)" -lt "$MATRIX_UNTIL" ] || {
		rm -rf "$(out_of "$2")"
		echo "$2: not run"
		exit
	}
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
	fetch_tools "$arch" || skip "the tools of tools.tsv cannot be downloaded"
done

ready=
for name in "$@"; do
	rm -rf "$cache/out/$name"
	mkdir -p "$cache/out/$name"
	if fetch_kernel "$name"; then
		ready="$ready $name"
	else
		echo "$(kernel_row "$name" | cut -f4,5 | tr '\t' ' ') cannot be downloaded" >"$cache/out/$name/skipped"
	fi
done
[ -n "$ready" ] || skip "no kernel can be had from $(mirror)"

for arch in $archs; do
	build_guest "$arch"
done

# shellcheck disable=SC2086 # A list of words.
guests=$(guests_of $ready)
# shellcheck disable=SC2086
printf '%s\n' $guests | xargs -P "$MATRIX_JOBS" -n 1 sh "$here/run.sh" --guest || true
echo
# shellcheck disable=SC2086
table $guests >"$cache/table"
cat "$cache/table"
echo
echo "Exits and storms: processes that were reported once, with waitpid's status, of those that exited. Nobody has"
echo "CAP_BPF and CAP_PERFMON alone."
# With what earlier runs made of the other kernels.
# shellcheck disable=SC2046
[ -z "$all" ] || {
	table $(for name in $(rows kernels.tsv | cut -f1); do guests_of "$name"; done) >"$cache/table"
	keep_table "$cache/table"
}
for guest in $guests; do
	result=$(cat "$(out_of "$guest")/result" 2>/dev/null || echo "${MATRIX_UNTIL:+ok}")
	[ "$result" = ok ] || exit 1
done
for name in "$@"; do
	[ ! -f "$cache/out/$name/skipped" ] || skip "$(cat "$cache/out/$name/skipped")"
done
