#!/bin/bash
# Measures what crashes cost a tracer: the time from the exit to the event, the memory after 10,000 crashes in a row, and
# the time in the kernel for each. Needs root, a built tree, bpftool and perl. On an idle machine:
#
#	bench/crashes.sh
#	bench/crashes.sh pwsh -NoProfile -Command 'Import-Module ./out/ExitSnoop; Watch-ProcessExit -Crashed -StackTrace | ForEach-Object ToJson'
#
# The mapped pages of the ring buffers count as resident "shared memory". They belong to the kernel and are reported separately.
set -eu
cd "$(dirname "$0")/.."
[ $# != 0 ] || set -- out/exitsnoop --json --crashed --stack-trace
crash=out/programs/crash
work=$(mktemp -d)
stats=$(cat /proc/sys/kernel/bpf_stats_enabled)
ulimit -c 0

# Writes the time before each line, to compare it with the exit time in the line.
"$@" > >(perl -MTime::HiRes=time -pe 'BEGIN { $| = 1 } printf "%.6f ", time' >"$work/lines") &
tracer=$!
finish() {
	kill "$tracer" 2>/dev/null || true
	echo "$stats" >/proc/sys/kernel/bpf_stats_enabled
	rm -r "$work"
}
trap finish EXIT

resident() { awk '/^(RssAnon|RssFile|RssShmem)/ { printf "%s %.1f MB  ", $1, $2 / 1000 }' "/proc/$tracer/status"; }

await_lines() {
	for _ in $(seq 1200); do
		[ "$(wc -l <"$work/lines")" -ge "$1" ] && return
		sleep 0.05
	done
	echo "There are only $(wc -l <"$work/lines") events of $1." && exit 1
}

# latency LABEL COMMAND...: measures one crash at a time.
latency() {
	label=$1
	shift
	before=$(wc -l <"$work/lines")
	for i in $(seq 21); do
		"$@" >/dev/null 2>&1 || true
		await_lines $((before + i))
	done
	# The first one fills the caches and does not count.
	tail -n 20 "$work/lines" | while read -r arrival line; do
		death=${line#*'"ExitTime":"'}
		echo "$arrival $(date -d "${death%%'"'*}" +%s.%N)"
	done | awk '{ printf "%.1f\n", ($1 - $2) * 1000 }' | sort -n |
		awk -v label="$label" '{ ms[NR] = $1 } END { print label ": " ms[10] " ms from the death to the event (median of 20; at most " ms[20] ")" }'
}

# Prints the nanoseconds in those BPF programs of this tracer that run at a crash.
kernel_time() {
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$tracer"/fdinfo/* | sort -u | while read -r id; do bpftool prog show id "$id"; done |
		sed -n 's/.* name \(process_exit\|signal_deliver\|vfs_core_dump\|core_dump\)[a-z_]* .*run_time_ns \([0-9]*\) .*/\2/p' | awk '{ sum += $1 } END { print sum + 0 }'
}

touch "$work/lines"
# Waits until the first event shows that the tracer is attached.
until [ -s "$work/lines" ]; do
	$crash null-read 2>/dev/null || true
	sleep 0.2
done 2>/dev/null
sleep 1
echo "start: $(resident)"
latency "C" $crash null-read 2>/dev/null
! command -v node >/dev/null || latency "node" node -e 'process.abort()' 2>/dev/null
echo 1 >/proc/sys/kernel/bpf_stats_enabled
count=$(wc -l <"$work/lines") time=$(kernel_time)
$crash many 10000
await_lines $((count + 10000))
time=$(($(kernel_time) - time))
sleep 2
echo "after 10,000 crashes: $(resident)"
echo "the unwinder: $(awk '/^Pss:/ { printf "%.1f MB (PSS)", $2 / 1000 }' "/proc/$(pgrep -P "$tracer" | head -n 1)/smaps_rollup")"
echo "in the kernel: $(awk -v ns="$time" 'BEGIN { printf "%.1f us a crash", ns / 10000 / 1000 }')"
echo "with calls: $(tail -n 10000 "$work/lines" | grep -c '"CrashNote":null') of 10,000"
