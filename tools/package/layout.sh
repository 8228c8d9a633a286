#!/bin/sh
# Lays out in a folder what is installed of the console program: itself, the man page, completion and the service.
#
#	layout.sh PROGRAM FOLDER PREFIX [ZSH-FOLDER]	PREFIX, such as /usr/local: where the folder's content is going to be
#
#	EXITSNOOP	a program of the same version that runs here, if PROGRAM is for another architecture
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
version=$(sh "$here/version.sh")

mkdir -p "$2/bin" "$2/share/man/man8" "$2/lib/systemd/system"
cp "$1" "$2/bin/exitsnoop"
chmod 755 "$2/bin/exitsnoop"
# The man page of a version says which one it is of.
sed "/^\.TH/s/\"ExitSnoop\"/\"ExitSnoop $version\"/" "$top/docs/man/exitsnoop.8" >"$2/share/man/man8/exitsnoop.8"
sed "/^Exec/s|/usr/bin/exitsnoop|$3/bin/exitsnoop|" "$top/src/ExitSnoop/Service/exitsnoop-recording.service" \
	>"$2/lib/systemd/system/exitsnoop-recording.service"
sh "$here/completions.sh" "${EXITSNOOP:-$1}" "$2" ${4:+"$4"}
