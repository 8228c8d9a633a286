#!/bin/sh
# Single operations on an event, measured by BenchmarkDotNet: time and bytes allocated for each.
set -eu
cd "$(dirname "$0")/.."
exec dotnet run -c Release --project bench/ExitSnoop.Benchmarks -- "$@"
