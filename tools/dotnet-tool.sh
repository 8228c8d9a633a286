#!/bin/sh
# Prints the folder of a tool of .config/dotnet-tools.json, in the version of that file. Downloads it on first use.
#
#	dotnet-tool.sh NAME
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}

version=$(sed -n "/\"$1\"/,/}/s/.*\"version\": *\"\(.*\)\".*/\1/p" "$top/.config/dotnet-tools.json")
folder=$packages/$1/$version
# NuGet writes this file last, so the package is complete if it exists.
if [ ! -f "$folder/.nupkg.metadata" ]; then
	echo "getting $1 $version: dotnet tool restore" >&2
	# A separate home, because the tool cache in the real one may refer to another packages folder.
	cd "$top"
	NUGET_PACKAGES=$packages DOTNET_CLI_HOME=$top/.cache/dotnet dotnet tool restore >&2
fi
printf '%s\n' "$folder/tools/net10.0/any"
