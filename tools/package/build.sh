#!/bin/sh
# Makes packages of what `./bootstrap.sh release` made, in out/release: for each architecture a .deb, an .rpm and a .tar.gz;
# and SHA256SUMS of them and of the module's package. The same commit and the same tools give the same bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
release=$top/out/release
work=$release/obj/package
version=$(sed -n "s/^ *ModuleVersion = '\(.*\)'/\1/p" "$top/ExitSnoop.psd1")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || date -r "$top/CHANGELOG.md" +%s)}
export SOURCE_DATE_EPOCH

# stage RUNTIME ROOT ZSH-FOLDER: the files of a package, as they are installed.
stage() {
	rm -rf "$2"
	mkdir -p "$2/usr/bin" "$2/usr/share/man/man8" "$2/usr/share/doc/exitsnoop"
	cp "$release/$1/exitsnoop" "$2/usr/bin/exitsnoop"
	gzip -9nc "$top/docs/man/exitsnoop.8" >"$2/usr/share/man/man8/exitsnoop.8.gz"
	sh "$here/completions.sh" "$release/linux-x64/exitsnoop" "$2/usr" "$3"
	gzip -9nc "$release/$1/ThirdPartyNotices.txt" >"$2/usr/share/doc/exitsnoop/ThirdPartyNotices.txt.gz"
	chmod 755 "$2/usr/bin/exitsnoop"
}

# fill FILE ARCH SIZE: a template, with what it leaves open.
fill() {
	sed "s|@VERSION@|$version|g; s|@ARCH@|$2|g; s|@SIZE@|$3|g; s|@MAINTAINER@|$maintainer|g
		s|@DATE@|$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')|g" "$1"
}

# Times, owners and modes that do not depend on who builds, when, and under which umask.
settle() {
	chmod -R u=rwX,go=rX "$1"
	find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

deb() {
	root=$work/deb-$2
	stage "$1" "$root" vendor-completions
	cp "$here/copyright" "$root/usr/share/doc/exitsnoop/copyright"
	{
		echo "exitsnoop ($version) unstable; urgency=medium"
		echo
		echo "  * Release $version: CHANGELOG.md of the sources lists what changed."
		echo
		echo " -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
	} | gzip -9n >"$root/usr/share/doc/exitsnoop/changelog.gz"
	# It has its own zlib in it, as it is to run everywhere.
	mkdir -p "$root/usr/share/lintian/overrides" "$root/DEBIAN"
	echo "exitsnoop: embedded-library zlib *" >"$root/usr/share/lintian/overrides/exitsnoop"
	fill "$here/control" "$2" "$(du -sk --apparent-size "$root/usr" | cut -f1)" >"$root/DEBIAN/control"
	(cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
	settle "$root"
	dpkg-deb --root-owner-group -Zxz --build "$root" "$release/exitsnoop_${version}_$2.deb" >/dev/null
}

rpm() {
	root=$work/rpm-$2
	stage "$1" "$root" site-functions
	cp "$top/LICENSE" "$root/usr/share/doc/exitsnoop/LICENSE"
	settle "$root"
	fill "$here/exitsnoop.spec" "$2" 0 >"$work/exitsnoop-$2.spec"
	rpmbuild -bb --quiet --target "$2-linux" --define "_topdir $work/rpmbuild" --define "_rpmdir $work/rpms" --define "staged $root" \
		--define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" \
		"$work/exitsnoop-$2.spec" >"$work/rpmbuild-$2.log" 2>&1 || {
		cat "$work/rpmbuild-$2.log" >&2
		return 1
	}
	cp "$work/rpms/$2/exitsnoop-$version-1.$2.rpm" "$release/"
}

tarball() {
	name=exitsnoop-$version-$1
	root=$work/$name
	rm -rf "$root"
	mkdir -p "$root"
	cp "$release/$1/exitsnoop" "$release/$1/ThirdPartyNotices.txt" "$top/LICENSE" "$top/docs/man/exitsnoop.8" "$root/"
	sh "$here/completions.sh" "$release/linux-x64/exitsnoop" "$root"
	settle "$root"
	tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -c "$name" | gzip -9n >"$release/$name.tar.gz"
}

maintainer=$(sed -n 's/^Maintainer: //p' "$here/control")
mkdir -p "$work"
rm -f "$release"/*.deb "$release"/*.rpm "$release"/*.tar.gz "$release/SHA256SUMS"
for runtime in linux-x64 linux-arm64; do
	case $runtime in
	linux-x64) debian=amd64 red_hat=x86_64 ;;
	linux-arm64) debian=arm64 red_hat=aarch64 ;;
	esac
	deb $runtime $debian
	rpm $runtime $red_hat
	tarball $runtime
done
cd "$release"
sha256sum -- *.deb *.rpm *.tar.gz *.nupkg >SHA256SUMS
cat SHA256SUMS
