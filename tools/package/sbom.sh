#!/bin/sh
# Prints the bill of materials of a release as CycloneDX JSON: what the CycloneDX tool of .config/dotnet-tools.json finds in
# the projects, the packages of tools/release/packages.tsv that are linked in or included, and the .NET runtime that is linked in.
#
#	sbom.sh VERSION
#
# Needs the output of `./bootstrap.sh release`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$top/out/release/obj/sbom
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
tool=$(sh "$top/tools/dotnet-tool.sh" cyclonedx)

rm -rf "$work"
mkdir -p "$work"
cd "$top"
export DOTNET_CLI_HOME="$top/.cache/dotnet"
for project in ExitSnoop.Console ExitSnoop; do
	dotnet "$tool/CycloneDX.dll" "src/$project/$project.csproj" -o "$work" -fn "$project.json" -F Json \
		--no-serial-number --disable-package-restore >"$work/$project.log" 2>&1 || {
		cat "$work/$project.log" >&2
		exit 1
	}
done

# The package of the runtime has the version of the compiler.
runtime=$(jq -r '.components[] | select(.name == "Microsoft.DotNet.ILCompiler").version' "$work/ExitSnoop.Console.json")
for name in linux-x64 linux-arm64; do
	id=microsoft.netcore.app.runtime.nativeaot.$name
	printf '%s\t%s\t%s\n' "$name" "$runtime" "$(sha512sum "$packages/$id/$runtime/$id.$runtime.nupkg" | cut -d' ' -f1)"
done >"$work/runtimes.tsv"

jq -n -f "$here/sbom.jq" --arg version "$1" --arg date "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
	--slurpfile console "$work/ExitSnoop.Console.json" --slurpfile powershell "$work/ExitSnoop.json" \
	--rawfile packages "$top/tools/release/packages.tsv" --rawfile runtimes "$work/runtimes.tsv"
