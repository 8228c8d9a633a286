# Debian's packages, each pinned by version and SHA-256, and its smallest systems. For scripts that source this file.

# skip WHY: ends a script that cannot do its work here.
skip() {
	echo "skipped: $*"
	exit 75
}

# Where Debian is: MATRIX_MIRROR, or where apt gets it.
mirror() {
	found=${MATRIX_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's|/*$||; /\/debian$/p' | sed 1q)}
	echo "${found:-http://deb.debian.org/debian}"
}

sum() {
	sha256sum | cut -c1-64
}

# fetch PATH SHA256 FILE: by apt's own transport, so that the host's proxy settings hold.
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

# unpack FOLDER: unpacks packages into the folder, anew unless it holds just these. They are read from standard input,
# a line "ARCH SUITE PACKAGE VERSION SHA256 PATH" each, separated by tabs.
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

# make_system FOLDER SUITE [PACKAGE,...]: the smallest system of a suite: what apt needs, the packages, and no more.
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
