#!/bin/sh
# Counts the instructions that an exit costs at the hook of Linux 7.x (kprobe.multi on taskstats_exit, with raw_tp on
# sched_process_exit as the second), beside those at the tracepoint alone (tp_btf), both in the same guest. The guest has
# one processor and a clock that advances by a nanosecond with each instruction (qemu -icount), so its figures hardly vary,
# but they say nothing about caches. Needs out/exitsnoop (./bootstrap.sh build); see tests/matrix/run.sh for the rest.
#
#	hooks.sh [KERNEL]	from 7.0 on, the names are in tests/matrix/kernels.tsv (default: 7.3)
#
#	HOOKS_EXITS	in a storm (default: 2000)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
. "$top/tests/matrix/guest.sh"

name=${1:-7.3}
exits=${HOOKS_EXITS:-2000}
need_guest "$name"

make_root "$arch" "$cache/root-hooks" "$here/hooks-init"
make -s -C "$here" CC="$compiler" OUT="$cache/bench-$arch" static
cp "$cache/bench-$arch-static/storm" "$cache/bench-$arch-static/empty" "$cache/root-hooks/bin/"
pack "$cache/root-hooks" "$cache/initramfs-hooks"

out=$cache/out/hooks-$name
mkdir -p "$out"
boot "$name" "$cache/initramfs-hooks" "$out" 1 "EXITS=$exits" -icount shift=0,sleep=off
tr -d '\r' <"$out/serial" | sed -n 's/^=== //p' >"$out/said"
grep -q '^DONE' "$out/said" || {
	tail -n 5 "$out/serial"
	die "the guest did not get to its end"
}
awk -F'\t' -v exits="$exits" '
	$1 == "programs" { runs[$2] += $3; programs[$2] += $4 }
	$1 == "storm" { storm[$2] = $3 }
	$1 == "hook" { hook[$2] = $3 }
	function row(what, option,    f, t) {
		f = "function " option
		t = "tracepoint " option
		printf "| %s | %d | %d | %.2f | %d | %d | %.2f |\n", what,
			programs[f] / exits, programs[t] / exits, programs[f] / programs[t],
			(storm[f] - none) / exits, (storm[t] - none) / exits, storm[f] / storm[t]
	}
	END {
		none = (storm["none"] + storm["none-again"]) / 2
		print "A: " hook["function --basic"] "; B: " hook["tracepoint --basic"]
		print ""
		print "| instructions of an exit | in the programs, A | B | A / B | all that the tracer adds, A | B | the whole exit, A / B |"
		print "| --- | --- | --- | --- | --- | --- | --- |"
		row("that `--failed` drops", "--failed")
		row("basic event", "--basic")
		row("everything on, `--why`", "--why")
		print ""
		printf "An empty program: %d. A process without a tracer, from vfork to waitpid: %d, and again %d.\n",
			programs["empty"] / exits, storm["none"] / exits, storm["none-again"] / exits
	}' "$out/said"
