#!/bin/sh
# Writes completion files for bash, zsh and fish below a prefix such as /usr:
#
#	completions.sh PROGRAM PREFIX [ZSH-FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
make_for() {
	mkdir -p "$(dirname "$3")"
	"$1" --help | awk -v "shell=$2" -f "$here/completion.awk" >"$3"
	chmod 644 "$3"
}
make_for "$1" bash "$2/share/bash-completion/completions/exitsnoop"
make_for "$1" zsh "$2/share/zsh/${3:-site-functions}/_exitsnoop"
make_for "$1" fish "$2/share/fish/vendor_completions.d/exitsnoop.fish"
