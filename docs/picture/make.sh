#!/bin/bash
# Makes the pictures of the README, docs/picture/watch.svg and crash.svg, from what the module really shows
# at a terminal of 100 columns: processes are made to die, one of them in a container of 60 MB where the
# machine has cgroup version 1, and watched. As root; needs pwsh 7.6 (PWSH names it), tmux, gcc and a built module.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
session=exitsnoop-picture-$$
memory=/sys/fs/cgroup/memory/$session
finish() {
	tmux kill-session -t "$session" 2>/dev/null || true
	rmdir "$memory" 2>/dev/null || true
	rm -rf "$work" /usr/local/bin/shop
}
trap finish EXIT

screen() { tmux capture-pane -t "$session" -p "$@"; }

# Waits until the screen's last line is the prompt. It starts no program that could be watched.
await() {
	for _ in $(seq 300); do
		mapfile -t lines < <(screen)
		for ((last = ${#lines[@]} - 1; last > 0; last--)); do
			[[ ! ${lines[last]} ]] || break
		done
		[[ ${lines[last]} =~ $1 ]] && return
		sleep 0.2
	done
	echo "There is no '$1' on the screen:" && screen && exit 1
}

show() {
	tmux send-keys -t "$session" -l "$1"
	tmux send-keys -t "$session" Enter
}

# Starts a shell that shows nothing but the prompt.
begin() {
	tmux new-session -d -s "$session" -x 100 -y 40 "${PWSH:-pwsh} -NoLogo -NoProfile"
	await '> *$'
	show "function prompt { 'PS> ' }; Set-PSReadLineOption -PredictionSource None; Import-Module $PWD/out/ExitSnoop; Clear-Host"
	await '^PS> *$'
}

# Draws the screen, without the prompt that ends it.
draw() {
	screen -e | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' | sed '$d' |
		awk -f docs/picture/terminal.awk -v title="$2" >"docs/picture/$1.svg"
	tmux kill-session -t "$session"
}

cp out/programs/victim "$work/worker"
cp out/programs/victim "$work/indexer"
cat >"$work/die.sh" <<DIE
sleep 4
cd $work
./worker fault 0x1234
timeout 1 sleep 9
grep -q nothing /etc/hostname
mkdir $memory && echo 60000000 >$memory/memory.limit_in_bytes &&
	sh -c 'echo 0 >$memory/tasks; exec ./indexer memory 200'
true
DIE
begin
sh "$work/die.sh" >/dev/null 2>&1 &
show '$exits = Watch-ProcessExit -Name worker, sleep, timeout, grep, indexer -Failed -MaxEvents 5'
await '^PS> *$'
show '$exits'
await '^PS> *$'
show '$exits | Format-Table -View Why'
await '^PS> *$'
draw watch "Watch-ProcessExit shows who and what killed five processes"

# As a distribution builds its programs: no frame pointers, no debug information.
gcc -O2 -o /usr/local/bin/shop docs/picture/shop.c
begin
(sleep 4 && cd / && ulimit -c 0 && shop --close-month) >/dev/null 2>&1 &
show '$exit = Watch-ProcessExit -Crashed -Name shop -StackTrace -MaxEvents 1'
await '^PS> *$'
show '$exit.Reason'
await '^PS> *$'
show '$exit.StackTrace'
await '^PS> *$'
draw crash "Watch-ProcessExit shows where a program crashed, and the calls that led there"
