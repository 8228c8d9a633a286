#!/bin/sh
# Hunts in a guest for a wake-up of the reader that is lost, by hunt.c: the events of processes that exit at whatever moment
# while it falls asleep have to come.
#
#	hunt.sh [KERNEL]	the names are in kernels.tsv (default: arm64-7.3)
#
# Ends with 0 if all came, 1 if not, 75 if something is not available here (a line "skipped: why"). On x86-64
# FallingAsleepTests hunt faster. MATRIX_MIRROR, MATRIX_CONSOLE and MATRIX_CONSOLE_ARM64 as in run.sh.
#
#	HUNT_SECONDS	how long (default: 60)
#	HUNT_LONGEST	microseconds between a line and the next exit, at most (default: 3000)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/guest.sh"

name=${1:-arm64-7.3}
seconds=${HUNT_SECONDS:-60}
need_guest "$name"

make_root "$arch" "$cache/root-hunt" "$here/hunt-init"
$static -I"$top/tests/programs" -o "$cache/root-hunt/bin/hunt" "$here/hunt.c"
pack "$cache/root-hunt" "$cache/initramfs-hunt"

out=$cache/out/hunt-$name
mkdir -p "$out"
MATRIX_TIMEOUT=$((seconds + 300))
# A host thread for each processor, as real ones run side by side and see each other's stores late.
thread=multi
boot "$name" "$cache/initramfs-hunt" "$out" 2 "HUNT_SECONDS=$seconds HUNT_LONGEST=${HUNT_LONGEST:-3000}"
tr -d '\r' <"$out/serial" | sed -n 's/^=== /'"$name"': /p' >"$out/said"
cat "$out/said"
grep -q ': DONE' "$out/said" || {
	echo "$name: the guest did not get to its end; the last lines of its console:"
	tail -n 5 "$out/serial"
}
grep -q ': ok: ' "$out/said"
