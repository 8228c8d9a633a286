#!/bin/sh
# Makes packages from the output of `./bootstrap.sh release`, in out/release: for each architecture a .deb, an .rpm, a .tar.gz and a
# container image; for all of them the Kubernetes manifest, the bill of materials and SHA256SUMS. The same commit and the same
# tools give the same bytes; tools/package/twice.sh checks this.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
release=$top/out/release
work=$release/obj/package
version=$(sh "$here/version.sh")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || date -r "$top/CHANGELOG.md" +%s)}
export SOURCE_DATE_EPOCH
# So that the order of file names and the format of dates do not depend on the locale of the builder.
export LC_ALL=C TZ=UTC

# stage RUNTIME ROOT ZSH-FOLDER: lays out the files of a package as they are installed.
stage() {
	rm -rf "$2"
	mkdir -p "$2/usr/share/doc/exitsnoop"
	EXITSNOOP=$release/linux-x64/exitsnoop sh "$here/layout.sh" "$release/$1/exitsnoop" "$2/usr" /usr "$3"
	gzip -9n "$2/usr/share/man/man8/exitsnoop.8"
	gzip -9nc "$release/$1/ThirdPartyNotices.txt" >"$2/usr/share/doc/exitsnoop/ThirdPartyNotices.txt.gz"
}

# fill FILE ARCH SIZE: prints a template with its placeholders filled in.
fill() {
	sed "s|@VERSION@|$version|g; s|@ARCH@|$2|g; s|@SIZE@|$3|g; s|@MAINTAINER@|$maintainer|g
		s|@DATE@|$(date -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')|g" "$1"
}

# Sets times, owners and modes that do not depend on the builder, the time of the build and the umask.
settle() {
	chmod -R u=rwX,go=rX "$1"
	find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

deb() {
	root=$work/deb-$2
	stage "$1" "$root" vendor-completions
	cp "$here/debian/copyright" "$root/usr/share/doc/exitsnoop/copyright"
	{
		echo "exitsnoop ($version) unstable; urgency=medium"
		echo
		echo "  * Release $version: CHANGELOG.md of the sources lists what changed."
		echo
		echo " -- $maintainer  $(date -R -d "@$SOURCE_DATE_EPOCH")"
	} | gzip -9n >"$root/usr/share/doc/exitsnoop/changelog.gz"
	mkdir -p "$root/usr/share/lintian/overrides" "$root/DEBIAN"
	cp "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/exitsnoop"
	fill "$here/debian/control" "$2" "$(du -sk --apparent-size "$root/usr" | cut -f1)" >"$root/DEBIAN/control"
	for script in postinst prerm postrm; do
		cp "$here/debian/$script" "$root/DEBIAN/"
		chmod 755 "$root/DEBIAN/$script"
	done
	(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
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

# The folder of the archive is laid out like /usr/local.
tarball() {
	name=exitsnoop-$version-$1
	root=$work/$name
	rm -rf "$root"
	EXITSNOOP=$release/linux-x64/exitsnoop sh "$here/layout.sh" "$release/$1/exitsnoop" "$root" /usr/local
	mkdir -p "$root/share/doc/exitsnoop"
	cp "$release/$1/ThirdPartyNotices.txt" "$top/LICENSE" "$root/share/doc/exitsnoop/"
	settle "$root"
	tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -c "$name" | gzip -9n >"$release/$name.tar.gz"
}

maintainer=$(sed -n 's/^Maintainer: //p' "$here/debian/control")
mkdir -p "$work"
rm -f "$release"/exitsnoop[-_]* "$release/SHA256SUMS"
for runtime in linux-x64 linux-arm64; do
	case $runtime in
	linux-x64) debian=amd64 red_hat=x86_64 ;;
	linux-arm64) debian=arm64 red_hat=aarch64 ;;
	esac
	deb $runtime $debian
	rpm $runtime $red_hat
	tarball $runtime
	sh "$here/image.sh" $runtime $debian "$version" "$release/exitsnoop-$version-$runtime-image.tar"
done
sed "s|@VERSION@|$version|g" "$here/container/daemonset.yaml" >"$release/exitsnoop-$version-daemonset.yaml"
# NuGet writes the time of packing into the archive. This replaces it.
strip-nondeterminism --type zip --timestamp "$SOURCE_DATE_EPOCH" "$release/ExitSnoop.$version.nupkg"
sh "$here/sbom.sh" "$version" >"$release/exitsnoop-$version.cdx.json"
cd "$release"
sha256sum -- exitsnoop[-_]* "ExitSnoop.$version.nupkg" >SHA256SUMS
cat SHA256SUMS
