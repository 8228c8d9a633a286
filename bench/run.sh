#!/bin/sh
# Measures ExitSnoop and other tracers of process exits on this machine. Needs root and the output of ./bootstrap.sh build. Writes
# Markdown to standard output, the same with charts to bench/results, and the figures into the tables of docs/performance.md. A
# quick run writes all of it to out/bench/results.
set -eu
cd "$(dirname "$0")/.."

usage() {
	cat <<'USAGE'
usage: bench/run.sh [--quick] [--only PART[,PART...]] [--output FOLDER]
       bench/run.sh --micro [BenchmarkDotNet's arguments]
       bench/run.sh --hooks [KERNEL]

On an idle machine with two CPUs it takes some 22 minutes, with --quick 9. It says how long each part took.

  --quick    few rounds, small storms
  --only     of these:
               storms     slow-down, losses, CPU time beside other tracers
               kernel     time in the BPF programs for each exit
               prompt     from the start to the first event
               arrivals   from an exit to its event
               module     events in a pipeline, beside objects of a plain class
               idle       CPU time and memory while nothing happens
               many       the highest rate, a million into Export-Csv, the count of what is lost
               growth     CPU time and memory over the number of exits
               recording  reading   what it costs to record exits, and to find them again
  --output   where the results go
  --micro    single operations with BenchmarkDotNet: time and bytes allocated per event
  --hooks    instructions of an exit at the hooks of Linux 7.x, in qemu
USAGE
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
--micro)
	shift
	exec sh bench/micro.sh "$@"
	;;
--hooks)
	shift
	exec sh bench/hooks.sh "$@"
	;;
esac

if [ "$(id -u)" != 0 ]; then
	echo "bench: only root can trace exits here: sudo $0" >&2
	exit 77
fi
if [ ! -x out/exitsnoop ]; then
	echo "bench: there is no out/exitsnoop; ./bootstrap.sh build makes it" >&2
	exit 1
fi

make -s -C bench
dotnet build -c Release -v quiet -tl:off --nologo bench/ExitSnoop.Bench >&2
# Builds the program that makes the recording to read.
dotnet build -c Release -v quiet -tl:off --nologo bench/ExitSnoop.Benchmarks >&2

# The other tracers need tracefs. ExitSnoop does not.
tracefs=/sys/kernel/tracing
cleanup() {
	[ -z "${mounted:-}" ] || umount "$tracefs"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
if [ -d "$tracefs" ] && [ ! -e "$tracefs/events" ]; then
	mount -t tracefs tracefs "$tracefs"
	mounted=1
fi

EXITSNOOP_ROOT=$PWD dotnet bench/ExitSnoop.Bench/bin/Release/net10.0/ExitSnoop.Bench.dll "$@"
