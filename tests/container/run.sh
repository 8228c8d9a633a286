#!/bin/sh
# Tests the container image of the release with podman: the command of README, which must show an exit of the host; the scenario,
# whose processes exit in special ways on the host; a recording on the host; the Kubernetes manifest, as a pod; and the
# command of README that removes the image.
#
# Needs root and what `./bootstrap.sh package` makes. Ends with 0 if all agree, 1 if not, 75 if something is not available here (a line
# "skipped: why"). The output of the containers is kept in .cache/container/out.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/container
out=$cache/out
version=$(sh "$top/tools/package/version.sh")
image=$top/out/release/exitsnoop-$version-linux-x64-image.tar
. "$top/tools/debian.sh"

[ "$(id -u)" = 0 ] || skip "podman as tested here takes root"
[ "$(uname -m)" = x86_64 ] || skip "the image that is tried is the one for x86-64"
[ -f "$image" ] || {
	echo "run.sh: there is no image: ./bootstrap.sh package" >&2
	exit 1
}
rm -rf "$out"
mkdir -p "$out/recorded" "$out/pod-recorded" "$cache/programs"

# Settings are in these files and not in the commands, because podman must be called exactly as in README.
private=$(mktemp -d /tmp/exitsnoop.XXXXXX)
end() {
	[ -z "${watcher:-}" ] || kill "$watcher" 2>/dev/null || true
	podman rm --all --force --time 2 >/dev/null 2>&1 || true
	podman pod rm --all --force >/dev/null 2>&1 || true
	rm -rf "$private"
}
trap end EXIT
trap 'exit 1' INT TERM

# podman's profile of system calls before 2024 allows bpf(2) to CAP_SYS_ADMIN alone. The one of later versions allows it to CAP_BPF
# too, like those of Docker and containerd. With an older podman, the test adds this rule to its profile.
own=/usr/share/containers/seccomp.json
if ! jq -e 'any(.syscalls[]; .action == "SCMP_ACT_ALLOW" and (.names | index("bpf")) and (.includes.caps // [] | index("CAP_BPF")))' "$own" >/dev/null; then
	echo "podman $(podman --version | awk '{ print $3 }') allows bpf(2) to CAP_SYS_ADMIN alone: tried with the rule of later versions, which allows it to CAP_BPF"
	jq '.syscalls |= map(.names -= ["bpf"]) | .syscalls += [{names: ["bpf"], action: "SCMP_ACT_ALLOW", args: [], includes: {caps: ["CAP_BPF"]}}]' "$own" >"$private/seccomp.json"
	own=$private/seccomp.json
fi
# crun rejects version 1 of cgroups beside version 2, and root may not be allowed to raise its limits.
cat >"$private/containers.conf" <<TEXT
[containers]
seccomp_profile = "$own"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
netns = "none"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
TEXT
cat >"$private/storage.conf" <<TEXT
[storage]
driver = "vfs"
graphroot = "$private/storage"
runroot = "$private/run"
TEXT
export CONTAINERS_CONF="$private/containers.conf" CONTAINERS_STORAGE_CONF="$private/storage.conf"

failed=
# judge NAME STATUS WHAT: prints a line of the result.
judge() {
	if [ "$2" = 0 ]; then
		echo "$1: $3, ok"
	else
		echo "$1: $3, FAILED"
		failed=1
	fi
}

# until_true COMMAND...: tries it for 30 seconds.
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 150 ] || return 1
		sleep 0.2
	done
}

# The command of README, run as root in the folder with the files of the release.
line=$(sed -n 's/^\(sudo podman load .*[^ ]\)  *#.*/\1/p' "$top/README.md" | sed 's/sudo //g')
[ -n "$line" ] || {
	echo "run.sh: README.md has no line that loads and runs the image" >&2
	exit 1
}
echo "$line"
(cd "$top/out/release" && timeout 60 sh -c "$line -n 1 --exit-code 42 --json") >"$out/readme" 2>"$out/readme.log" &
watcher=$!
dies_by_42() {
	sh -c 'exit 42' || true
	! kill -0 "$watcher" 2>/dev/null
}
until_true dies_by_42 && wait "$watcher" && grep -q '"CommandLine":"sh -c \\u0027exit 42\\u0027"\|"CommandLine":"sh -c '"'exit 42'"'"' "$out/readme" && result=0 || result=1
watcher=
[ "$result" = 0 ] || tail -n 5 "$out/readme" "$out/readme.log"
judge README "$result" "an exit of the host, with its command line"

# run NAME ARGUMENT...: starts a container in the background, with its output in $out/NAME.
run() {
	name=$1
	shift
	podman run --name "$name" --rm --read-only --pid=host --cap-drop=all --cap-add=bpf --cap-add=perfmon \
		--volume "$out/recorded:/var/log/exitsnoop" "localhost/exitsnoop:$version" "$@" >"$out/$name" 2>"$out/$name.log" &
	watcher=$!
}
finish() {
	podman stop --time 5 "$1" >/dev/null
	wait "$watcher" && status=0 || status=$?
	watcher=
	[ "$status" = 0 ] || [ "$status" = 143 ] || cat "$out/$1.log"
}

# Programs whose exits show that the container has started to report exits, and that it has reported all.
mkdir "$private/bin"
for name in attached finished; do
	printf '#!/bin/sh\nexit 0\n' >"$private/bin/$name"
	chmod 755 "$private/bin/$name"
done
reported() {
	"$private/bin/$1"
	grep -q "\"$1\"" "$out/scenario"
}

make -s -C "$top/tests/programs" OUT="$cache/programs" "$cache/programs-static/scenario"
run scenario --json
if until_true reported attached; then
	"$cache/programs-static/scenario" --cores >"$out/truth.tsv" 2>>"$out/scenario.log" || true
	until_true reported finished || true
fi
finish scenario
LC_ALL=C awk -f "$top/tests/matrix/compare.awk" "$out/truth.tsv" "$out/scenario" >"$out/comparison" 2>&1 && result=0 || result=1
[ "$result" = 0 ] || tail -n 15 "$out/comparison"
judge scenario "$result" "$(grep -E '^[0-9]+ of [0-9]+$' "$out/comparison" || echo none)"

# The recording is read by the program of the host after the container has been removed.
run recording --record /var/log/exitsnoop
recorded() {
	sh -c 'exit 43' || true
	"$top/out/release/linux-x64/exitsnoop" --read "$out/recorded" --exit-code 43 2>/dev/null | grep -q 'code 43'
}
until_true recorded && result=0 || result=1
finish recording
judge recording "$result" "an exit of the host, in a file of the host"

# A pod from the manifest, with another directory for its recording. `podman kube play` does not support hostPID (4.3), so the pod
# sees only its own exits.
sed "s|path: /var/log/exitsnoop|path: $out/pod-recorded|" "$top/out/release/exitsnoop-$version-daemonset.yaml" | awk '
	/^apiVersion:/ { print "apiVersion: v1"; next }
	/^kind:/ { print "kind: Pod"; next }
	/^metadata:/ { print; print "  annotations:"; print "    container.seccomp.security.alpha.kubernetes.io/exitsnoop: localhost/seccomp.json"; next }
	/^spec:/ { part = "set"; next }
	part == "set" && /^    spec:/ { part = "pod"; print "spec:"; next }
	part == "set" { next }
	part == "pod" { sub(/^    /, "") }
	{ print }' >"$out/pod.yaml"
mkdir "$private/profiles"
cp "$own" "$private/profiles/seccomp.json"
podman kube play --seccomp-profile-root "$private/profiles" "$out/pod.yaml" >"$out/pod.log" 2>&1 && result=0 || result=1
recording_has_begun() { ls "$out"/pod-recorded/*.rec >/dev/null 2>&1; }
[ "$result" = 0 ] && until_true recording_has_begun || result=1
pid=$(podman inspect --format '{{.State.Pid}}' exitsnoop-exitsnoop 2>>"$out/pod.log" || echo 0)
# CAP_PERFMON is bit 38 and CAP_BPF bit 39 (include/uapi/linux/capability.h).
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status" >"$out/pod.status" 2>/dev/null || true
printf 'CapEff:\t000000c000000000\nCapBnd:\t000000c000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n' | cmp -s - "$out/pod.status" || result=1
[ "$result" = 0 ] || {
	cat "$out/pod.log" "$out/pod.status"
	podman logs exitsnoop-exitsnoop 2>&1 | tail -n 3
}
judge manifest "$result" "it records with the two capabilities and no others"

# The command of README that removes the image.
podman pod rm --all --force >/dev/null
line=$(sed -n 's/^sudo \(podman rmi .*\)/\1/p' "$top/README.md")
echo "$line"
sh -c "$line" >"$out/removed" 2>&1 && ! podman image exists "localhost/exitsnoop:$version" && result=0 || result=1
[ "$result" = 0 ] || cat "$out/removed"
judge removal "$result" "the image is gone"

[ -z "$failed" ]
