#!/bin/bash
# Makes the pictures of README from what the module really shows at a terminal of 100 columns: processes are made to
# die, one of them in a container of 60 MB where the machine has cgroup version 1, and are watched or recorded.
# As root; needs pwsh 7.6 (PWSH names it), tmux, gcc and what `./bootstrap.sh build` makes.
#
#	make.sh [watch] [crash] [last]	those pictures; by default all
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

watch() {
	cp out/programs/victim "$work/worker"
	cp out/programs/victim "$work/indexer"
	cat >"$work/die.sh" <<-DIE
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
}

# As a distribution builds its programs: no frame pointers, no debug information.
make_shop() {
	gcc -O2 -o /usr/local/bin/shop docs/picture/shop.c
}

crash() {
	make_shop
	begin
	(sleep 4 && cd / && ulimit -c 0 && shop --close-month) >/dev/null 2>&1 &
	show '$exit = Watch-ProcessExit -Crashed -Name shop -StackTrace -MaxEvents 1'
	await '^PS> *$'
	show '$exit.Reason'
	await '^PS> *$'
	show '$exit.StackTrace'
	await '^PS> *$'
	draw crash "Watch-ProcessExit shows where a program crashed, and the calls that led there"
}

# From a recording. Processes fail once the recorder is attached, which a first one shows.
last() {
	make_shop
	out/exitsnoop --record "$work/recording" --failed --name shop --name backup.sh --name sleep 2>/dev/null &
	recorder=$!
	printf '#!/bin/sh\nsleep 0.2\nexit 3\n' >"$work/backup.sh"
	chmod 755 "$work/backup.sh"
	until out/exitsnoop --read "$work/recording" --name sleep -n 1 2>/dev/null | grep -q TERM; do
		timeout 0.1 sleep 60 || true
		sleep 0.5
	done
	(cd "$work" && ulimit -c 0 && { shop --close-month || ./backup.sh || timeout 0.3 sleep 60; }) >/dev/null 2>&1 || true
	until out/exitsnoop --read "$work/recording" --exit-code 3 -n 1 2>/dev/null | grep -q backup; do sleep 0.2; done
	sleep 2
	kill $recorder && wait $recorder
	begin
	show "\$PSDefaultParameterValues['Get-ProcessExit:Path'] = '$work/recording'; Clear-Host"
	await '^PS> *$'
	show 'Get-ProcessExit -Last 8h -Failed -MaxEvents 3 | Format-Table -View Why'
	await '^PS> *$'
	show 'Get-ProcessExit -Last 8h -Crashed -MaxEvents 1 | ForEach-Object StackTrace'
	await '^PS> *$'
	draw last "Get-ProcessExit shows what failed in the last eight hours, and the calls of a crash"
}

for picture in "${@:-watch crash last}"; do
	for each in $picture; do
		"$each"
	done
done
