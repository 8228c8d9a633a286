#!/bin/sh
# Makes docs/picture/watch.svg, the picture at the top of the README, from what the module really
# shows at a terminal of 100 columns: processes are made to die, in a container of 60 MB where the
# machine has cgroup version 1, and watched. As root; needs pwsh, tmux and a built module.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
session=exitsnoop-picture-$$
memory=/sys/fs/cgroup/memory/$session
finish() {
	tmux kill-session -t "$session" 2>/dev/null || true
	rmdir "$memory" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

cp out/programs/victim "$work/worker"
cp out/programs/victim "$work/indexer"
cat >"$work/die.sh" <<DIE
sleep 1
cd $work
./worker fault 0x1234
timeout 1 sleep 9
grep -q nothing /etc/hostname
mkdir $memory && echo 60000000 >$memory/memory.limit_in_bytes &&
	sh -c 'echo 0 >$memory/tasks; exec ./indexer memory 200'
true
DIE

show() {
	tmux send-keys -t "$session" "$1" Enter
	sleep "$2"
}
tmux new-session -d -s "$session" -x 100 -y 40 "pwsh -NoLogo -NoProfile"
sleep 3
show "function prompt { 'PS> ' }; Set-PSReadLineOption -PredictionSource None; Import-Module $PWD/out/ExitSnoop; Clear-Host" 3
sh "$work/die.sh" >/dev/null 2>&1 &
show '$exits = Watch-ProcessExit -Name worker, sleep, timeout, grep, indexer -Failed -MaxEvents 5' 6
show '$exits' 2
show '$exits | Format-Table -View Why' 2
wait
tmux capture-pane -t "$session" -p -e >"$work/screen.txt"
sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$work/screen.txt" | sed '$d' >"$work/trimmed.txt"
awk -f docs/picture/terminal.awk -v title="Watch-ProcessExit shows who and what killed five processes" "$work/trimmed.txt" >docs/picture/watch.svg
