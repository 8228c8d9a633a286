# One pass in a system, as its root: a tracer, the scenario beside it, and the end.
#
#	pass.sh console|console-nobody|module|module-nobody
#
# Leaves truth.tsv, events.json and log in /tmp/out.
set -u
tools=/opt/exitsnoop out=/tmp/out
export DOTNET_ROOT=/opt/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 NO_COLOR=1 HOME=/nonexistent

case $1 in
console*) set -- "$1" "$tools/exitsnoop" --json --verbose ;;
module*)
	set -- "$1" /opt/dotnet/dotnet /opt/powershell/pwsh.dll -NoProfile -NonInteractive -Command "
		Import-Module $tools/ExitSnoop
		Watch-ProcessExit -Verbose 4>$out/log | ForEach-Object { [Console]::WriteLine((\$_ | Select-Object Name, Id, ParentId, ExitCode, Signal, CoreDumped | ConvertTo-Json -Compress)) }"
	;;
esac
case $1 in
*-nobody) pass=$1 && shift && set -- "$pass" "$tools/nobody" "$@" ;;
esac
shift

# Scripts whose exits the tracer must report: of the first when it is attached, of the second when all earlier events are written.
mkdir /tmp/bin
for name in attached finished; do
	printf '#!/bin/sh\nexit 0\n' >"/tmp/bin/$name"
	chmod 755 "/tmp/bin/$name"
done
await() {
	tries=0
	until grep -q "\"$1\"" "$out/events.json"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 300 ] || ! kill -0 "$tracer" 2>/dev/null; then
			echo "the exit of '$1' was not reported"
			return 1
		fi
		"/tmp/bin/$1"
		sleep 0.1
	done
}

: >"$out/truth.tsv"
: >"$out/log"
chmod 666 "$out/log"
"$@" >"$out/events.json" 2>>"$out/log" &
tracer=$!
if await attached; then
	"$tools/scenario" --cores >"$out/truth.tsv" 2>>"$out/log" || echo "scenario ended with $?"
	await finished
fi
kill -TERM "$tracer"
wait "$tracer"
echo "the tracer ended with $?"
