#!/bin/sh
# A fleet of one machine: a real Prometheus with the alerts of docs/fleet scrapes a real node_exporter that reads what
# exitsnoop --metrics writes. A service in a cgroup of its own crashes again and again; the alert fires within 30 seconds with the
# service's name, the command in its text finds the stack of the crash in the recording, and the alert ends after the crashes.
# Then the recorder is killed, and another alert fires. The configurations for shipping events are checked by the programs that read them.
#
#	run.sh		5 to 8 minutes, most of it the 5 minutes that the alert looks back
#
# Needs root, x86-64 and what `./bootstrap.sh build` makes. Prometheus and the others are unpacked from Debian's packages into
# .cache/fleet and listen on 127.0.0.1 only; nothing is installed. Ends with 0 if all checks pass, 1 if not, 75 if something is not
# available here (a line "skipped: why").
#
#	PINNED_PWSH	the PowerShell (bootstrap.sh sets it)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/fleet
docs=$top/docs/fleet
. "$top/tools/debian.sh"

exporter=127.0.0.1:19100 prometheus=127.0.0.1:19090
service=fleet-shop.service
pids= cgroup=
work=$(mktemp -d)

say() { printf '%s\n' "$*"; }

fail() {
	say "FAILED: $*"
	tail -n 5 "$work"/*.log
	exit 1
}

clean() {
	# shellcheck disable=SC2086 # A list of ids.
	[ -z "$pids" ] || kill $pids 2>/dev/null || :
	if [ -n "$cgroup" ]; then
		for pid in $(cat "$cgroup/cgroup.procs"); do
			kill -9 "$pid" 2>/dev/null || :
		done
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			rmdir "$cgroup" 2>/dev/null && break
			sleep 0.2
		done
	fi
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

[ "$(id -u)" = 0 ] || skip "it takes root to trace and to make a cgroup"
[ "$(uname -m)" = x86_64 ] || skip "packages.tsv has x86-64 alone"
for program in curl jq dpkg-deb; do
	command -v $program >/dev/null || skip "there is no $program"
done
grep -v '^#' "$here/packages.tsv" | unpack "$cache/root" || skip "Debian's packages cannot be downloaded"
PATH=$top/out:$cache/root/usr/bin:$PATH
export PATH

# The newest cgroup hierarchy with the memory controller, which the program selects, too.
hierarchy=/sys/fs/cgroup
grep -qw memory $hierarchy/cgroup.controllers 2>/dev/null || hierarchy=/sys/fs/cgroup/memory

check_files() {
	promtool check rules "$docs/alerts.yml" >/dev/null || fail "promtool check rules"
	(cd "$docs" && promtool test rules alerts.test.yml) >"$work/rules.log" 2>&1 || fail "promtool test rules"
	say "alerts.yml: every rule passes its test"
	sh "$here/shipping.sh" "$cache/root" "$docs/shipping" "$work" || fail "the configurations for shipping events"
}

# ask QUERY: prints the result of Prometheus, a line "VALUE LABELS" for each series.
ask() {
	curl -sf "http://$prometheus/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result[] | .value[1] + " " + (.metric | tojson)'
}

# await SECONDS QUERY: waits until a query has a result; prints how long that took, in tenths of a second.
await() {
	began=$(date +%s%1N)
	until [ -n "$(ask "$2")" ]; do
		[ $(($(date +%s%1N) - began)) -lt $(($1 * 10)) ] || return 1
		sleep 0.2
	done
	echo $(($(date +%s%1N) - began))
}

tenths() { echo "$(($1 / 10)).$(($1 % 10)) s"; }

# The text of an alert: annotation ALERT NAME.
annotation() {
	curl -sf "http://$prometheus/api/v1/alerts" |
		jq -r --arg alert "$1" --arg name "$2" '.data.alerts[] | select(.labels.alertname == $alert) | .annotations[$name]'
}

check_files

# The machine: the recorder, node_exporter and Prometheus. The link is that of docs/fleet.
cgroup=$hierarchy/$service
mkdir "$cgroup"
mkdir "$work/run" "$work/textfile"
ln -s "$work/run/exitsnoop.prom" "$work/textfile/"
exitsnoop --record "$work/recording" --metrics "$work/run/exitsnoop.prom" -v 2>"$work/recorder.log" &
recorder=$!
prometheus-node-exporter --web.listen-address=$exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$work/textfile" 2>"$work/exporter.log" &
pids="$recorder $!"
sed "s/15s/5s/; s/web1:9100/$exporter/; s|alerts.yml|$docs/alerts.yml|" "$docs/prometheus.yml" >"$work/prometheus.yml"
promtool check config "$work/prometheus.yml" >/dev/null || fail "promtool check config"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=$prometheus --log.level=warn 2>"$work/prometheus.log" &
pids="$pids $!"

curl -sf --retry 50 --retry-delay 1 --retry-connrefused "http://$prometheus/-/ready" >/dev/null || fail "Prometheus does not start"
took=$(await 60 "process_exits_total{service=\"$service\",result=\"crashed\"} == 0") || fail "a service that runs is not there with 0"
say "the service is there with 0 after $(tenths "$took")"
promtool check metrics <"$work/run/exitsnoop.prom" || fail "promtool check metrics"

# Grafana is not installed here, but its queries are those of Prometheus.
jq -r '.. | objects | select(has("expr")).expr' "$docs/dashboard.json" |
	sed 's/\$instance/.*/g; s/\$service/.*/g; s/\$__rate_interval/1m/g; s/\$__range/1h/g' >"$work/queries"
[ "$(wc -l <"$work/queries")" -ge 10 ] || fail "the dashboard has no queries"
while read -r query; do
	curl -sf "http://$prometheus/api/v1/query" --data-urlencode "query=$query" >/dev/null || fail "a query of the dashboard: $query"
done <"$work/queries"
say "dashboard.json: Prometheus understands all $(wc -l <"$work/queries") queries"

# One crash a second, like a crashing service that systemd restarts.
sh -c 'echo $$ >"$1/cgroup.procs"; while :; do "$2" null-read; sleep 1; done' loop "$cgroup" "$top/out/programs/crash" >"$work/loop.log" 2>&1 &
loop=$!
pids="$pids $loop"
alert="ALERTS{alertname=\"ServiceCrashLoop\",alertstate=\"firing\",service=\"$service\",instance=\"$exporter\"}"
took=$(await 40 "$alert") || fail "the alert does not fire"
say "the alert fires $(tenths "$took") after the first crash: $(annotation ServiceCrashLoop summary)"
[ "$took" -le 300 ] || fail "that is later than 30 s"

# The commands in its text find the stack. They are run unchanged, with the recording in the directory that they name.
find=$(annotation ServiceCrashLoop find) console=$(annotation ServiceCrashLoop console)
kill "$loop"
ended=$(date +%s%1N)
at_place() {
	unshare --mount sh -c 'mount -t tmpfs none /var/log && mkdir /var/log/exitsnoop && mount --bind "$1" /var/log/exitsnoop && shift && exec "$@"' sh "$work/recording" "$@"
}
for way in find console; do
	if [ $way = find ]; then
		[ -n "${PINNED_PWSH:-}" ] || skip "there is no PowerShell for: $find"
		line=$find
		at_place "$PINNED_PWSH" -NoProfile -Command "Import-Module $top/out/ExitSnoop; $find" >"$work/found.log" 2>&1 || fail "$line"
	else
		line=$console
		at_place sh -c "$console" >"$work/found.log" 2>&1 || fail "$line"
	fi
	for function in read_null descend start; do
		grep -q "in $function" "$work/found.log" || grep -q "$function+0x" "$work/found.log" || fail "$line does not show $function"
	done
	say "finds the stack: $line"
done
grep -m 4 '#' "$work/found.log"

# The last counts have been written. Without the recorder they do not change.
sleep 16
kill -9 "$recorder"
took=$(await 240 'ALERTS{alertname="ProcessExitRecorderGone",alertstate="firing"}') || fail "no alert says that the recorder is gone"
say "an alert says that the recorder is gone, $(tenths "$took") after it was killed"
took=$(await 420 "absent($alert)") || fail "the alert does not end"
say "the alert ends $(tenths $(($(date +%s%1N) - ended))) after the last crash"
say ok
