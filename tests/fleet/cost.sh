#!/bin/sh
# The cost of a fleet, computed from measurements of one machine: its series, the size of a scrape, and the disk space of one day in
# Prometheus, from blocks that promtool creates from a day of samples.
#
#	cost.sh [MACHINES [SERVICES]]	by default 1,000 machines with 40 services each
#
# Needs root and what run.sh needs; two minutes and 1 GB in /tmp.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
machines=${1:-1000} services=${2:-40}
. "$top/tools/debian.sh"
grep -v '^#' "$here/packages.tsv" | unpack "$top/.cache/fleet/root"
PATH=$top/out:$top/.cache/fleet/root/usr/bin:$PATH
work=$(mktemp -d)
hierarchy=/sys/fs/cgroup
grep -qw memory $hierarchy/cgroup.controllers 2>/dev/null || hierarchy=/sys/fs/cgroup/memory
clean() {
	for i in $(seq "$services"); do
		rmdir "$hierarchy/fleet-cost-$i.service" 2>/dev/null || :
	done
	rm -rf "$work"
}
trap clean EXIT

# The metrics file of a machine with this number of services, whose cgroups exist, and with a recording.
for i in $(seq "$services"); do
	mkdir "$hierarchy/fleet-cost-$i.service"
done
exitsnoop --record "$work/recording" --metrics "$work/exitsnoop.prom" --timeout 2
series=$(grep -vc '^#' "$work/exitsnoop.prom")
bytes=$(wc -c <"$work/exitsnoop.prom")
compressed=$(gzip -9c "$work/exitsnoop.prom" | wc -c)

# A day of samples, scraped every 15 seconds: successes and CPU times of a quarter of the services grow, the rest does not change.
awk -v now=1764115200 '
	/^# TYPE/ { type[$3] = $4; next }
	/^#/ { next }
	{
		n++
		name[n] = $0
		sub(/ [^ ]*$/, "", name[n])
		value[n] = $NF
		grows[n] = name[n] ~ /success.*[048]\.service|cpu_seconds.*[048]\.service|"none"/
	}
	END {
		for (i = 1; i <= n; i++) {
			family = name[i]
			sub(/{.*/, "", family)
			if (family != last) {
				# OpenMetrics names the family of a counter without its suffix.
				short = family
				sub(/_total$/, "", short)
				print "# TYPE " (type[family] == "counter" ? short : family) " " type[family]
			}
			last = family
			for (t = 0; t < 86400; t += 15) {
				if (grows[i])
					value[i] += name[i] ~ /cpu/ ? 0.0137 * (1 + (t + i) % 7) : (t + i) % 5 == 0
				print name[i], value[i], now + t
			}
		}
		print "# EOF"
	}' "$work/exitsnoop.prom" >"$work/day.om"
promtool tsdb create-blocks-from openmetrics "$work/day.om" "$work/blocks" >"$work/promtool.log" 2>&1 || {
	tail -n 3 "$work/promtool.log"
	exit 1
}
day=$(du -sb "$work/blocks" | cut -f1)
samples=$((series * 5760))

echo "one machine with $services services: $series series, $bytes bytes a scrape ($compressed compressed), $samples samples and $day bytes of blocks a day"
awk -v m="$machines" -v s="$series" -v b="$bytes" -v c="$compressed" -v d="$day" 'BEGIN {
	printf "%d machines: %d series, %.0f samples/s, %.1f MB/s scraped (%.1f compressed), %.1f GB a day on disk, %.0f GB in 15 days\n",
		m, m * s, m * s / 15, m * b / 15 / 1e6, m * c / 15 / 1e6, m * d / 1e9, m * d * 15 / 1e9
}'
