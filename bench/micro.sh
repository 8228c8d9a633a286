#!/bin/sh
# Measures single operations on an event with BenchmarkDotNet: the time and the allocated bytes of each.
set -eu
cd "$(dirname "$0")/.."
exec dotnet run -c Release --project bench/ExitSnoop.Benchmarks -- "$@"
