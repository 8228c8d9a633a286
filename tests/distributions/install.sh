#!/bin/sh
# Installs the release from one kind of file, as root of a system, with the command that README has for it; uses it; and removes
# it with README's command. Prints "installed and removed" at the end if all checks passed.
#
#	install.sh deb|rpm|tarball|gallery
set -eu
tools=/opt/exitsnoop
unit=exitsnoop-recording.service
recording=/var/log/exitsnoop
export DEBIAN_FRONTEND=noninteractive
# The package managers do not ask for confirmation.
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/50test
cd "$tools"

# set -e does not end a script after a command with "!" before it.
fail() {
	echo "$*"
	exit 1
}

# readme BEGINNING [ARGUMENT...]: runs the command of README's section "Install" that begins so, with these arguments behind it.
readme() {
	line=$(sed -n 's/  *#.*//; s/sudo //g; /^## Install/,/^## Three/p' README.md | grep "^$1 ")
	shift
	echo "+ $line $*"
	eval "$line $*"
}

# The files of the system without the databases of dpkg, apt and rpm. tar and rpm leave folders that several packages share.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path /opt -o -path /var/lib/dpkg -o -path /var/lib/apt \
		-o -path /var/cache -o -path /var/log/apt -o -path /var/log/dpkg.log -o -path /var/lib/rpm -o -path /root \) -prune -o "$@" -print | sort
}

# until_true COMMAND...: tries it for 30 seconds, and starts a process that fails before each try.
until_true() {
	tries=0
	while sh -c 'exit 42' || ! "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 150 ] || { echo "not in 30 seconds: $*" && return 1; }
		sleep 0.2
	done
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# The program prints the exit of a process that fails.
it_watches() {
	exitsnoop -x -n 1 >/tmp/lines &
	until_true has_ended $!
	grep 'code 42$' /tmp/lines
}

# The service is there and not enabled, and its command records. (Its directories are what LogsDirectory= and RuntimeDirectory= make.)
it_records() {
	! find /etc/systemd -name "$unit" | grep . || fail "the service is enabled"
	mkdir -p -m 700 "$recording" && mkdir -p /run/exitsnoop
	$(sed -n 's/^ExecStart=//p' "$1/$unit") &
	recorder=$!
	until_true was_recorded
	kill "$recorder"
	wait "$recorder" || true
}
was_recorded() {
	exitsnoop --read "$recording" --exit-code 42 2>/dev/null | grep -q 'code 42'
}

has() {
	for file in "$@"; do
		[ -s "$file" ] || { echo "there is no $file" && return 1; }
	done
}

# try_package LICENCE ZSH: what a package has installed over the first version, with the names of these two, and what it does.
try_package() {
	has /usr/share/man/man8/exitsnoop.8.gz "/usr/share/doc/exitsnoop/$1" /usr/share/doc/exitsnoop/ThirdPartyNotices.txt.gz \
		/usr/share/bash-completion/completions/exitsnoop "/usr/share/zsh/$2/_exitsnoop" /usr/share/fish/vendor_completions.d/exitsnoop.fish
	! zcat /usr/share/man/man8/exitsnoop.8.gz | grep 'of 1.0.0' || fail "the man page is that of the first version"
	it_watches
	it_records /usr/lib/systemd/system
}

# The files beside a program that `./bootstrap.sh install` of 1.0.0 installed, below a folder.
lay_out_the_first_version() {
	mkdir -p "$1/usr/bin" "$1/usr/share/man/man8" "$1/usr/share/bash-completion/completions"
	cp exitsnoop "$1/usr/bin/"
	echo 'of 1.0.0' | gzip >"$1/usr/share/man/man8/exitsnoop.8.gz"
	echo '# of 1.0.0' >"$1/usr/share/bash-completion/completions/exitsnoop"
}

deb() {
	files >/tmp/before
	# A version that is less than 1.0.0 and what comes after it.
	lay_out_the_first_version /tmp/first
	mkdir /tmp/first/DEBIAN
	printf 'Package: exitsnoop\nVersion: 1.0.0~first\nArchitecture: amd64\nMaintainer: nobody\nDescription: of 1.0.0\n' >/tmp/first/DEBIAN/control
	dpkg-deb --build /tmp/first /tmp/first.deb
	dpkg -i /tmp/first.deb

	readme 'apt install'
	! dpkg -s exitsnoop | grep 1.0.0~first || fail "the first version is still installed"
	try_package copyright vendor-completions

	readme 'apt remove'
	hash -r # The shell remembers where a command was.
	! command -v exitsnoop || fail "the program is still there"
	has "$recording"/*.rec
	readme 'apt install'
	was_recorded
	apt purge exitsnoop
	[ ! -e "$recording" ]
	files >/tmp/after
}

# A package for rpm that provides this system's libraries and shell, which are not in its database.
package_of_the_system() {
	{
		printf 'Name: system\nVersion: 1\nRelease: 1\nSummary: this system\nLicense: none\nProvides: /bin/sh\n'
		find /lib/x86_64-linux-gnu/ -name '*.so.*' | /usr/lib/rpm/rpmdeps --provides | sed 's/^/Provides: /'
		printf '%%description\n%%files\n'
	} >/tmp/system.spec
	rpmbuild -bb --quiet --define '_topdir /tmp/rpmbuild' --define '_rpmdir /tmp/rpms' /tmp/system.spec
}

rpm_kind() {
	package_of_the_system
	lay_out_the_first_version /tmp/first
	printf 'Name: exitsnoop\nVersion: 1.0.0~first\nRelease: 1\nSummary: of 1.0.0\nLicense: none\n%%description\n%%install\nmkdir -p %%{buildroot}\ncp -a /tmp/first/usr %%{buildroot}/\n%%files\n/usr/*/*\n' >/tmp/first.spec
	rpmbuild -bb --quiet --define '_topdir /tmp/rpmbuild' --define '_rpmdir /tmp/rpms' --define '__os_install_post %{nil}' \
		--define 'debug_package %{nil}' --define '_build_id_links none' /tmp/first.spec
	files ! -type d >/tmp/before

	# The error names what is missing.
	! readme 'rpm -U' 2>/tmp/refusal || fail "it is installed without what it needs"
	grep 'libc.so.6(GLIBC_2.2.*) is needed by exitsnoop' /tmp/refusal
	rpm -i /tmp/rpms/*/system-1-1.*.rpm
	rpm -i /tmp/rpms/*/exitsnoop-1.0.0~first-1.*.rpm

	readme 'rpm -U'
	[ "$(rpm -q exitsnoop)" = "$(basename exitsnoop-*.x86_64.rpm .rpm)" ]
	rpm -V exitsnoop
	try_package LICENSE site-functions

	readme 'rpm -e'
	has "$recording"/*.rec
	rm -r "$recording"
	rpm -e system
	files ! -type d >/tmp/after
}

tarball() {
	files ! -type d >/tmp/before
	readme 'tar -xzf'
	has /usr/local/share/man/man8/exitsnoop.8 /usr/local/share/doc/exitsnoop/LICENSE /usr/local/share/doc/exitsnoop/ThirdPartyNotices.txt \
		/usr/local/share/bash-completion/completions/exitsnoop /usr/local/share/zsh/site-functions/_exitsnoop
	[ "$(command -v exitsnoop)" = /usr/local/bin/exitsnoop ]
	it_watches
	it_records /usr/local/lib/systemd/system
	readme 'tar -tzf'
	has "$recording"/*.rec
	rm -r "$recording"
	files ! -type d >/tmp/after
}

# The module for one user, which root's pwsh does not find; then for all users, and a watch with sudo.
gallery() {
	cat >/usr/local/bin/pwsh <<-'EOF'
		#!/bin/sh
		export DOTNET_ROOT=/opt/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 NO_COLOR=1
		exec /opt/dotnet/dotnet /opt/powershell/pwsh.dll -NoProfile "$@"
	EOF
	chmod 755 /usr/local/bin/pwsh
	useradd --create-home alice
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
	mkdir /srv/repository
	cp ExitSnoop.*.nupkg /srv/repository/
	register="Register-PSResourceRepository local -Uri /srv/repository -Trusted"
	find_it='(Get-Module ExitSnoop -ListAvailable).ModuleBase'
	as_alice() {
		setpriv --reuid alice --regid alice --init-groups env HOME=/home/alice sh -c 'cd && exec "$@"' sh "$@"
	}
	files ! -type d >/tmp/before

	as_alice pwsh -c "$register; Install-PSResource ExitSnoop -Repository local"
	as_alice pwsh -c "$find_it" | grep '^/home/alice/.local/share/powershell/Modules/ExitSnoop/'
	[ -z "$(as_alice sudo pwsh -c "$find_it")" ]

	pwsh -c "$register"
	line=$(grep "^sudo pwsh -c 'Install-PSResource" README.md | sed "s/sudo //; s/'  *#.*/ -Repository local'/")
	echo "+ $line"
	eval "$line"
	[ "$(as_alice sudo pwsh -c "$find_it")" = "$(echo /usr/local/share/powershell/Modules/ExitSnoop/*)" ]
	as_alice sudo pwsh -c 'Import-Module ExitSnoop; Watch-ProcessExit -Failed -MaxEvents 1' >/tmp/lines &
	until_true has_ended $!
	grep 'code 42' /tmp/lines

	readme "pwsh -c 'Uninstall-PSResource"
	[ -z "$(pwsh -c "$find_it")" ]
	as_alice pwsh -c 'Uninstall-PSResource ExitSnoop'
	rm -rf /home/alice/.local /home/alice/.cache /home/alice/.config
	files ! -type d >/tmp/after
}

case $1 in
rpm) rpm_kind ;;
*) "$1" ;;
esac
diff /tmp/before /tmp/after
echo "installed and removed"
