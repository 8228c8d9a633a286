#!/bin/sh
# Runs in the guest, as root, at each of its two boots; see run.sh. The results are lines that begin with ===.
state=/opt/service/state

ps() {
	/opt/powershell/pwsh -NoProfile -NonInteractive -Command "$1"
}

# As a user without any capability.
ps_as() {
	setpriv --reuid="$1" --regid="$1" --init-groups --inh-caps=-all --bounding-set=-all env HOME=/nonexistent /opt/powershell/pwsh -NoProfile -NonInteractive -Command "$2"
}

# check WHAT OUTPUT PATTERN...: the output has a line for each pattern.
check() {
	what=$1 output=$2
	shift 2
	for pattern in "$@"; do
		printf '%s\n' "$output" | grep -Eq -- "$pattern" || {
			echo "=== FAILED: $what: there is no '$pattern' in:"
			printf '%s\n' "$output"
			return
		}
	done
	echo "=== ok: $what"
}

# Waits until a recorder has the directory locked.
until_recording() {
	sleep 2
	for _ in $(seq 120); do
		flock --nonblock --shared /var/log/exitsnoop true || return 0
		sleep 1
	done
	echo "=== FAILED: nothing records"
}

# The recorder locks its directory before it traces, and starting takes a while here, so several processes exit one after the other.
exits() {
	for _ in $(seq 8); do
		/opt/service/victim exit "$1"
		sleep 2
	done
}

# The files that an installation could leave behind.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root -o -path /opt/service -o -path /var/log/journal \
		-o -path /var/lib/systemd -o -path /var/tmp -o -path /lost+found \) -prune -o -print | sort
}

if [ ! -e "$state" ]; then
	groupadd watchers
	useradd --groups watchers reader
	useradd stranger
	files >/opt/service/before
	echo enabled >"$state"
	check "enable says that command lines are kept, and records when it returns" "$(ps 'Enable-ProcessExitRecording -Group watchers -PassThru | Format-List *' 2>&1)" \
		'^WARNING: Command lines, which can hold passwords, are kept in /var/log/exitsnoop for root and the group watchers' \
		'^IsRecording *: True' '^ServiceName *: exitsnoop-recording.service' '^HostName *: exitsnoop-guest'
	check "systemd runs it with two capabilities" "$(grep Cap "/proc/$(systemctl show --property=MainPID --value exitsnoop-recording)/status")" \
		'^CapBnd:.000000c000000000$' '^CapEff:.000000c000000000$'
	/opt/service/victim null-deref
	/opt/service/victim exit 3
	sleep 10
	systemctl kill --signal=KILL exitsnoop-recording
	until_recording
	exits 4
	# `systemctl reboot` would call logind, which run.sh masks.
	systemctl start --no-block --job-mode=replace-irreversibly reboot.target
	exit
fi

/opt/service/victim exit 5
until_recording
exits 6
check "a member of the group sees what died before, and the gaps" \
	"$(ps_as reader 'Get-ProcessExit -Last 1h -Name victim -Oldest | ForEach-Object { "$($_.Status) on $($_.HostName): $($_.Reason) $($_.CrashNote)" }; Get-ProcessExitRecording | Format-List *' 2>&1)" \
	'^signal 11 \(SEGV\).* on exitsnoop-guest: segfault \(MAPERR\) at 0x0 in victim!null_deref\+0x' '^code 3 on exitsnoop-guest' '^code 4 on' '^code 6 on' \
	'^WARNING: Nothing was recorded from .*: the recorder was killed' '^WARNING: Nothing was recorded from .*: the recorder was stopped, and the machine was restarted' \
	'^Gaps *: 2' '^IsRecording *: True' '^ServiceName *: exitsnoop-recording.service'
check "others may not" "$(setpriv --reuid=stranger --regid=stranger --clear-groups --inh-caps=-all --bounding-set=-all /usr/local/lib/exitsnoop/exitsnoop --read /var/log/exitsnoop 2>&1)" \
	'This user may not read /var/log/exitsnoop'
check "disable keeps the recording, enable goes on with other settings" "$(ps '
	Disable-ProcessExitRecording
	Get-ProcessExit -Name victim -MaxEvents 1 | ForEach-Object Status
	"after disable: $((Get-ProcessExitRecording).IsRecording)"
	Enable-ProcessExitRecording -NoArguments -Crashed -PassThru | Format-List *
	Disable-ProcessExitRecording -Remove -Confirm:$false' 2>&1)" \
	'^code 6' '^after disable: False' '^Filters *: crashes' '^IsRecording *: True'
files >/opt/service/after
check "nothing is left behind" "left: $(diff /opt/service/before /opt/service/after | grep '^[<>]' | tr '\n' ' ')" '^left: $'
check "nothing is left in /run" "left: $(ls -d /run/exitsnoop 2>/dev/null)" '^left: $'
check "systemd knows nothing of it" "$(systemctl show --property=LoadState exitsnoop-recording)" '^LoadState=not-found'
echo "=== done"
systemctl start --no-block --job-mode=replace-irreversibly poweroff.target
