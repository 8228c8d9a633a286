#!/bin/sh
# Lays out in a folder the files to install: the console program, the man page, completion and the service.
#
#	layout.sh PROGRAM FOLDER PREFIX [ZSH-FOLDER]	PREFIX: where the files will be installed, such as /usr/local
#
#	EXITSNOOP	a program of the same version that runs on this machine, if PROGRAM is for another architecture
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
version=$(sh "$here/version.sh")

mkdir -p "$2/bin" "$2/share/man/man8" "$2/lib/systemd/system"
cp "$1" "$2/bin/exitsnoop"
chmod 755 "$2/bin/exitsnoop"
# Writes the version into the man page.
sed "/^\.TH/s/\"ExitSnoop\"/\"ExitSnoop $version\"/" "$top/docs/man/exitsnoop.8" >"$2/share/man/man8/exitsnoop.8"
sed "/^Exec/s|/usr/bin/exitsnoop|$3/bin/exitsnoop|" "$top/src/ExitSnoop/Service/exitsnoop-recording.service" \
	>"$2/lib/systemd/system/exitsnoop-recording.service"
sh "$here/completions.sh" "${EXITSNOOP:-$1}" "$2" ${4:+"$4"}
