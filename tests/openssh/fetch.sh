#!/bin/sh
# Unpacks OpenSSH's server and client, and their missing dependencies, from Debian's packages into
# .cache/openssh. Nothing is installed, so no daemon is started. Prints the folder, which is empty
# if all is installed already.
#
# Ends with 75 if they are not available (a line "skipped: why").
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
target=$top/.cache/openssh
packages='openssh-server openssh-client'
PATH=$PATH:/usr/sbin:/sbin
. "$top/tools/debian.sh"

# Checks that the programs exist and find their libraries.
complete() {
	for program in "$target/usr/sbin/sshd" "$target/usr/bin/ssh" "$target/usr/bin/ssh-keygen"; do
		[ -x "$program" ] || program=$(command -v "${program##*/}") || return 1
		libraries=$(ls -d "$target"/lib/*-linux-gnu "$target"/usr/lib/*-linux-gnu 2>/dev/null | tr '\n' ':')
		! LD_LIBRARY_PATH=$libraries ldd "$program" 2>&1 | grep -q 'not found' || return 1
	done
}

# The packages that an installation would add. They are only downloaded.
missing() {
	# shellcheck disable=SC2086 # A list of words, and one of options.
	apt-get install -s -qq --no-install-recommends $1 $packages 2>"$target/apt.log" | awk '$1 == "Inst" { print $2 }'
}

take_apart() {
	names=$(missing "$1")
	[ -n "$names" ] || return 1
	# shellcheck disable=SC2086
	(cd "$target/debs" && apt-get download -qq -o APT::Sandbox::User=root $1 $names >"$target/apt.log" 2>&1) || return 1
	for package in "$target"/debs/*.deb; do
		dpkg-deb -x "$package" "$target"
		rm "$package"
	done
}

mkdir -p "$target/debs"
if ! complete; then
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "there is no sshd, and no apt-get to get it with"
	# Missing or outdated package lists are updated in that folder, not in the machine's.
	own="-o Dir::State::Lists=$target/lists"
	take_apart '' || {
		mkdir -p "$target/lists/partial"
		# shellcheck disable=SC2086
		apt-get update -qq -o APT::Sandbox::User=root $own >"$target/apt.log" 2>&1 && take_apart "$own"
	} || skip "openssh-server cannot be downloaded (.cache/openssh/apt.log)"
	rm -rf "$target/lists"
	complete || skip "openssh-server does not run here (.cache/openssh)"
fi
echo "$target"
