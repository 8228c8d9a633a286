#!/bin/sh
# Checks the configurations of docs/fleet/shipping with the programs that read them, and sends two exits through each.
#
#	shipping.sh ROOT SHIPPING WORK	ROOT: the unpacked packages; WORK: a folder for what they write
set -eu
root=$1 shipping=$2 work=$3
libraries=$root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$libraries"
rsyslogd=$root/usr/sbin/rsyslogd remote=$root/lib/systemd/systemd-journal-remote upload=$root/lib/systemd/systemd-journal-upload
port=19514

fail() {
	echo "$*" >&2
	exit 1
}

# Two exits in the format of the program. Children are started until it has reported two exits.
timeout 30 exitsnoop --json --parent $$ --exit-code 78 -n 2 >"$work/exits.json" &
tracer=$!
while kill -0 $tracer 2>/dev/null; do
	sh -c 'exit 78' || :
	sleep 0.2
done
[ "$(wc -l <"$work/exits.json")" = 2 ] || fail "exitsnoop --json prints no exits"

# Each program checks its configuration. The events to send are in a separate journal.
as_configured() {
	unshare --mount sh -c '
		mount -t tmpfs none /etc/systemd
		mkdir /etc/systemd/journal-remote.conf.d /etc/systemd/journal-upload.conf.d
		cp "$1/journal-remote.conf" /etc/systemd/journal-remote.conf.d/
		cp "$1/journal-upload.conf" /etc/systemd/journal-upload.conf.d/
		shift
		exec "$@"' sh "$shipping" "$@"
}
number=1
while read -r line; do
	printf '__REALTIME_TIMESTAMP=%s\n__MONOTONIC_TIMESTAMP=%s\n_BOOT_ID=00000000000000000000000000000001\n_MACHINE_ID=00000000000000000000000000000002\nSYSLOG_IDENTIFIER=exitsnoop\nMESSAGE=%s\n\n' \
		"$(date +%s)00000$number" "$number" "$line"
	number=$((number + 1))
done <"$work/exits.json" >"$work/exits.export"
as_configured timeout 30 "$remote" --split-mode=none --output="$work/received.journal" "$work/exits.export" >"$work/journal.log" 2>&1 || fail "$(cat "$work/journal.log")"
as_configured timeout 30 "$upload" --file="$work/received.journal" >>"$work/journal.log" 2>&1 || :
! grep -i 'unknown\|failed to parse\|invalid' "$work/journal.log" || fail "the configuration of the journal is wrong"
journalctl --file "$work/received.journal" -t exitsnoop -o cat >"$work/journal.json"
cmp "$work/exits.json" "$work/journal.json" || fail "the journal does not give the lines back"
echo "systemd-journal-remote: the configurations are valid, and what it wrote can be read"

# The machine's rsyslog reads such a journal, which also has a message of the program's own, and sends to the collector's.
for side in machine collector; do
	"$rsyslogd" -N1 -M "$libraries/rsyslog" -f "$shipping/rsyslog-$side.conf" >"$work/rsyslog.log" 2>&1 || {
		cat "$work/rsyslog.log"
		exit 1
	}
	{
		echo "global(workDirectory=\"$work\")"
		sed "s|/var/log/fleet|$work/fleet|; s|10514|$port|; s|\"collector\"|\"127.0.0.1\"|" "$shipping/rsyslog-$side.conf"
	} >"$work/rsyslog-$side.conf"
done
{
	printf '__REALTIME_TIMESTAMP=%s000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=00000000000000000000000000000001\n_MACHINE_ID=00000000000000000000000000000002\nSYSLOG_IDENTIFIER=exitsnoop\nMESSAGE=exitsnoop: 3 events were lost.\n\n' "$(date +%s)"
	cat "$work/exits.export"
} >"$work/machine.export"
"$remote" --split-mode=none --output="$work/machine.journal" "$work/machine.export" >>"$work/journal.log" 2>&1
"$rsyslogd" -n -i "$work/collector.pid" -M "$libraries/rsyslog" -f "$work/rsyslog-collector.conf" >"$work/rsyslog.log" 2>&1 &
collector=$!
unshare --mount sh -c '
	mount -t tmpfs none /run/log
	mount -t tmpfs none /var/log
	mkdir -p "/run/log/journal/$(cat /etc/machine-id)"
	cp "$1" "/run/log/journal/$(cat /etc/machine-id)/system.journal"
	shift
	exec "$@"' sh "$work/machine.journal" \
	"$rsyslogd" -n -i "$work/machine.pid" -M "$libraries/rsyslog" -f "$work/rsyslog-machine.conf" >>"$work/rsyslog.log" 2>&1 &
machine=$!
trap 'kill $collector $machine 2>/dev/null || :' EXIT
for _ in $(seq 100); do
	[ "$(cat "$work"/fleet/*/exits-*.json 2>/dev/null | wc -l)" -ge 2 ] && break
	sleep 0.2
done
kill $collector $machine
wait $collector $machine || :
trap - EXIT
cat "$work"/fleet/*/exits-*.json >"$work/rsyslog.json" || fail "nothing came to rsyslog's collector: $(cat "$work/rsyslog.log")"
cmp "$work/exits.json" "$work/rsyslog.json" || fail "rsyslog sends other lines than the exits"
[ "$(exitsnoop --read "$work"/fleet/*/exits-*.json --json --oldest | wc -l)" = 2 ] || fail "what rsyslog wrote does not give two events back"
echo "rsyslog: both configurations are valid; the exits, and nothing else, come from the machine's journal into the collector's file"
