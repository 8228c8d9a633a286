# Installs the package in a system, as its root, watches with it, and takes it away again. Says "installed and removed"
# at the end if all was right.
set -eu
tools=/opt/exitsnoop
export DEBIAN_FRONTEND=noninteractive

# The files of the system, but for those of apt and dpkg themselves.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path /opt -o -path /var/lib/dpkg -o -path /var/lib/apt \
		-o -path /var/cache -o -path /var/log \) -prune -o -print | sort
}

files >/tmp/before
apt-get install -y "$tools"/exitsnoop_*_amd64.deb
for file in share/man/man8/exitsnoop.8.gz share/doc/exitsnoop/copyright share/doc/exitsnoop/ThirdPartyNotices.txt.gz \
	share/bash-completion/completions/exitsnoop share/zsh/vendor-completions/_exitsnoop share/fish/vendor_completions.d/exitsnoop.fish; do
	[ -s "/usr/$file" ] || { echo "the package has no /usr/$file" && exit 1; }
done

/usr/bin/exitsnoop --exit-code 42 -n 1 >/tmp/lines &
watch=$!
tries=0
while kill -0 "$watch" 2>/dev/null && [ "$tries" -lt 300 ]; do
	sh -c 'exit 42' || true
	tries=$((tries + 1))
	sleep 0.1
done
wait "$watch"
grep 'code 42$' /tmp/lines

apt-get remove -y exitsnoop
! command -v exitsnoop
dpkg --purge exitsnoop
files >/tmp/after
diff /tmp/before /tmp/after
echo "installed and removed"
