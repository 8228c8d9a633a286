#!/bin/sh
# Boots Debian 12 with systemd in qemu and tests the recording service there with guest.sh: it is enabled, processes crash,
# the machine is restarted, a member of the group reads the recording, and all is removed.
#
# Needs root, qemu, debootstrap, and a build (out/ExitSnoop). Ends with 0 if all is right, 1 if not, 75 if something cannot be downloaded
# here (a line "skipped: why"). The system is kept in .cache/service, and its console output in the folder out there.
#
#	PINNED_PWSH, DOTNET_ROOT	the PowerShell and its runtime (bootstrap.sh sets them)
#	SERVICE_TIMEOUT	seconds for a boot (default: 1800)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/service
PATH=$PATH:/usr/sbin:/sbin
. "$top/tools/debian.sh"

# The packages that systemd, the kernel, .NET and the unwinder need in addition to the smallest system.
packages=systemd-sysv,dbus,linux-image-amd64,initramfs-tools,libgcc-s1,libstdc++6,libssl3,zlib1g,libdw1

# A disk image of the system with the files under test.
make_disk() {
	root=$cache/root
	rm -rf "$root"
	cp -a "$cache/bookworm" "$root"
	mkdir -p "$root/opt/dotnet" "$root/opt/powershell" "$root/opt/service" "$root/usr/local/share/powershell/Modules"
	cp -a "$DOTNET_ROOT/host" "$DOTNET_ROOT/shared" "$root/opt/dotnet/"
	rm -rf "$root/opt/dotnet/shared/Microsoft.AspNetCore.App"
	cp -a "$(dirname "$PINNED_PWSH")/." "$root/opt/powershell/"
	cp -a "$top/out/ExitSnoop" "$root/usr/local/share/powershell/Modules/"
	cp "$here/guest.sh" "$top/out/programs/victim" "$root/opt/service/"
	chown -R 0:0 "$root/opt" "$root/usr/local"
	chmod -R a+rX "$root/opt" "$root/usr/local"
	chmod a+x "$root/opt/powershell/pwsh"
	cp "$here/guest.service" "$root/etc/systemd/system/"
	ln -s ../guest.service "$root/etc/systemd/system/multi-user.target.wants/guest.service"
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
	echo exitsnoop-guest >"$root/etc/hostname"
	rm -f "$cache/disk"
	mke2fs -q -t ext4 -d "$root" "$cache/disk" 3G
	rm -rf "$root"
}

# Emulated, because there may be no KVM; see tests/matrix/run.sh. Services that take minutes there and are not needed are disabled.
masked='systemd-udev-trigger systemd-logind systemd-user-sessions systemd-update-utmp e2scrub_reap'
boot() {
	echo "boot $1"
	timeout --foreground "${SERVICE_TIMEOUT:-1800}" qemu-system-x86_64 -cpu max -accel tcg,thread=single -smp 2 -m 2048 -nodefaults -display none \
		-no-reboot -kernel "$(echo "$cache"/bookworm/boot/vmlinuz-*)" -initrd "$(echo "$cache"/bookworm/boot/initrd.img-*)" \
		-drive "file=$cache/disk,format=raw,if=virtio" -serial "file:$cache/out/boot-$1" \
		-append "root=/dev/vda rw console=ttyS0 clearcpuid=141 quiet loglevel=3 panic=-1 systemd.show_status=false systemd.getty_auto=0 $(printf " systemd.mask=%s.service" $masked)" </dev/null >"$cache/out/qemu-$1" 2>&1 || true
	tr -d '\r' <"$cache/out/boot-$1" | sed -n 's/^=== //p'
}

[ "$(id -u)" = 0 ] || skip "debootstrap takes root"
[ "$(uname -m)" = x86_64 ] || skip "the guest is made on x86-64 only"
for command in qemu-system-x86_64 debootstrap mke2fs; do
	command -v "$command" >/dev/null || skip "$command is missing"
done
[ -x "$top/out/ExitSnoop/runtimes/linux-x64/native/exitsnoop" ] || {
	echo "run.sh: there is no out/ExitSnoop with the console program: ./bootstrap.sh build" >&2
	exit 1
}

mkdir -p "$cache/out"
make_system "$cache/bookworm" bookworm "$packages" || skip "Debian 12 cannot be downloaded from $(mirror)"
make_disk
boot 1
boot 2
grep -aq '^=== done' "$cache/out/boot-2" && ! grep -aq '^=== FAILED' "$cache"/out/boot-[12] || {
	tail -n 40 "$cache/out/boot-2"
	exit 1
}
