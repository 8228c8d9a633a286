# Functions that get Debian's packages, each pinned by version and SHA-256, and make minimal systems. Scripts source this file.

# skip WHY: ends a script that cannot run on this machine.
skip() {
	echo "skipped: $*"
	exit 75
}

# Prints the address of a Debian mirror: MATRIX_MIRROR, or the one that apt uses.
mirror() {
	found=${MATRIX_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's|/*$||; /\/debian$/p' | sed 1q)}
	echo "${found:-http://deb.debian.org/debian}"
}

sum() {
	sha256sum | cut -c1-64
}

# fetch PATH SHA256 FILE: downloads with apt's own transport, so that the proxy settings of the host apply.
fetch() {
	if [ -f "$3" ] && [ "$(sum <"$3")" = "$2" ]; then
		return
	fi
	rm -f "$3" "$3.part"
	echo "fetching ${1##*/}" >&2
	/usr/lib/apt/apt-helper download-file "$(mirror)/$1" "$3.part" "SHA256:$2" >"$3.log" 2>&1 || {
		tail -n 2 "$3.log" >&2
		return 1
	}
	mv "$3.part" "$3"
	rm -f "$3.log"
}

# unpack FOLDER: unpacks packages into the folder, unless it already contains exactly these. They are read from standard input:
# lines "ARCH SUITE PACKAGE VERSION SHA256 PATH", separated by tabs.
unpack() {
	mkdir -p "$(dirname "$1")"
	cat >"$1.rows"
	if [ -d "$1" ] && cmp -s "$1.rows" "$1/rows"; then
		return
	fi
	rm -rf "$1" "$1.new"
	mkdir "$1.new"
	while IFS="$(printf '\t')" read -r _ _ package _ sha256 path; do
		fetch "$path" "$sha256" "$1.deb" || return 1
		dpkg-deb -x "$1.deb" "$1.new" || return 1
		rm -f "$1.deb"
	done <"$1.rows"
	mv "$1.rows" "$1.new/rows"
	mv "$1.new" "$1"
}

# make_system FOLDER SUITE [PACKAGE,...]: makes a minimal system of a suite: what apt needs, and the given packages.
make_system() {
	[ ! -d "$1" ] || return 0
	echo "${1##*/}: making the system (debootstrap)"
	rm -rf "$1.new"
	debootstrap --variant=minbase ${3:+"--include=$3"} "$2" "$1.new" "$(mirror)" >"$1.log" 2>&1 || {
		tail -n 3 "$1.log"
		return 1
	}
	mv "$1.new" "$1"
}
