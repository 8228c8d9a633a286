#!/bin/sh
# Packs the static program into a container image, which podman, Docker and containerd load:
#
#	image.sh RUNTIME ARCH VERSION FILE	such as linux-x64 amd64 1.0.0 exitsnoop-1.0.0-linux-x64-image.tar
#
#	SOURCE_DATE_EPOCH	the creation time of the image
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
release=$top/out/release
# podman rejects a --runroot of more than 50 characters.
work=$(mktemp -d /tmp/exitsnoop.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/context" "$work/archive"
cp "$release/obj/$1-static/publish/exitsnoop" "$release/obj/$1-static/ThirdPartyNotices.txt" "$top/LICENSE" "$work/context/"
chmod 755 "$work/context/exitsnoop"
chmod 644 "$work/context/ThirdPartyNotices.txt" "$work/context/LICENSE"

# Uses a separate storage, with the driver that works on every file system. Nothing is executed in the image.
own() {
	command=$1
	shift
	podman --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$command" --quiet "$@"
}
own build --platform "linux/$2" --timestamp "$SOURCE_DATE_EPOCH" --tag "localhost/exitsnoop:$3" \
	--label org.opencontainers.image.title=exitsnoop --label "org.opencontainers.image.version=$3" \
	--label org.opencontainers.image.licenses=Apache-2.0 --file "$here/container/Containerfile" "$work/context" >/dev/null
own save --format docker-archive --output "$work/image.tar" "localhost/exitsnoop:$3"
tar -C "$work/archive" -xf "$work/image.tar"
chmod -R u=rwX,go=rX "$work/archive"
cd "$work/archive"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -cf "$4" -- *
