#!/bin/sh
# Boots Debian's kernels in qemu. In each, the console program traces processes that exit in special
# ways, and storms of exits. Its report of each exit is compared with the result of waitpid(2).
#
#	run.sh [--all] [KERNEL...]	the names are in kernels.tsv; none: all
#	run.sh --hunt [KERNEL]	see hunt.sh
#
# Without --all each kernel is booted with 2 CPUs and its default command line; two of them with one CPU
# and preempt=full as well. With it, each is booted for every setting (1, 2 and 16 CPUs; with preempt=full
# too, if the kernel supports it), with larger storms, as root and as nobody, and the resulting table is
# written to docs/kernels.md.
#
# Ends with 0 if all agree, 1 if not, 75 if something is not available here (a line "skipped: why").
# Downloaded files, with pinned versions and checked hashes, are kept in .cache/matrix, so that later runs
# need no network. The guests' console (serial), events and comparisons are in .cache/matrix/out/KERNEL[,SETTING]/.
#
#	MATRIX_MIRROR	the mirror of Debian (default: that of apt)
#	MATRIX_CONSOLE	the console program for x86-64 (default: out/exitsnoop)
#	MATRIX_CONSOLE_ARM64	and for arm64 (default: out/release/linux-arm64/exitsnoop, by ./bootstrap.sh release)
#	MATRIX_CASES	the scenario's cases to run (default: all)
#	MATRIX_SETTINGS	with --all: PREEMPT,CPUS... (default: default,2 full,2 default,1 full,1 full,16 default,16)
#	MATRIX_MINUTES	after this number of minutes no guest is started; the rest is "not run" (default: no limit)
#	MATRIX_JOBS	guests at a time (default: 2)
#	MATRIX_TIMEOUT	seconds for a guest (default: 900)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/guest.sh"

: "${MATRIX_CASES:=}"
: "${MATRIX_JOBS:=2}"
export MATRIX_CASES MATRIX_JOBS

# ---- content of the guests ----

# The programs whose exits are traced in a guest.
guest_programs() {
	for name in scenario storm crash causes victim murder; do
		echo "$programs-static/$name"
	done
}

build_guest() {
	root=$cache/root-$1
	make_root "$1" "$root" "$here/init"
	mkdir "$root/matrix"
	make -s -C "$top/tests/programs" CC="$compiler" OUT="$programs" $(guest_programs)
	cp $(guest_programs) "$root/bin/"
	$static -o "$root/bin/nobody" "$here/nobody.c"
	$static -o "$root/bin/check" "$here/check.c"

	printf '%s\n' "$MATRIX_CASES" >"$root/matrix/cases"
	rows causes.tsv | awk -F'\t' -v OFS='\t' -v arch="$1" '$1 == arch || $1 == "all" { print $2, $3, $4 }' >"$root/matrix/causes"
	storms | tr ' ' '\t' >"$root/matrix/storms"
	pack "$root" "$cache/initramfs-$1"
}

# The storms of a guest, those beside one tracer on a line: "USER KIND COUNT [KIND COUNT]..."; see tests/programs/storm.c.
storms() {
	if [ -n "$all" ]; then
		for user in root nobody; do
			echo "$user forks 1000 fifo 600 groups 400 stopped 500 threads 100"
			echo "$user burn 4"
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
	# Before 6.8 the verifier checks the programs for basic events in another way.
	5.10 | 6.1) echo root,nobody,basic,fallback ;;
	arm64-5.10) echo root,nobody,basic ;;
	6.12) echo root,nobody,fallback ;;
	*) echo root,nobody ;;
	esac
}

# ---- a guest ----

# Where a tracer is attached: "attached (tp_btf on sched_process_exit, group_dead: because)".
attached() {
	sed -n 's/.*attached (\([^,]*\),.*/\1/p' "$1" | sed 1q
}

# Prints the differences of a pass.
blame() {
	failed=1
	echo "$name, $1:"
	sed 's/^/    /' "$2" | sed 20q
	sed 's/^/    log: /' "$3" | tail -n 20
}

# One scenario of a guest: appends "PASS N of M HOOK", and prints the differences.
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
	# Basic events and those of kernels before 6.1 do not have the place of a crash. The pass "fallback" is not compared.
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
# From 7.0 on, up to one in ten may be lost while others use BPF maps, and the tracer must report each as lost.
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
	# The scenario does not depend on the other settings, except for resources of many threads and maps of many CPUs.
	case $preempt,$cpus in
	default,2 | default,64) passes=$(passes_of "$kernel") ;;
	esac
	extra=
	[ "$preempt" = default ] || extra=preempt=$preempt
	boot "$kernel" "$cache/initramfs-$(arch_of "$kernel")" "$out" "$cpus" "PASSES=$passes $extra"

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

# ---- all guests ----

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

# Writes the table to docs/kernels.md, between the marks.
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

if [ "${1-}" = --hunt ]; then
	shift
	exec sh "$here/hunt.sh" "$@"
fi

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
archs=$(for name in "$@"; do arch_of "$name"; done | sort -u)
mkdir -p "$cache/out"
# shellcheck disable=SC2086 # A list of words.
need_guests $archs

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
# The table includes the results of earlier runs for the other kernels.
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
