# SPDX-License-Identifier: Apache-2.0
# bash completion for exitsnoop(8)

_exitsnoop()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local word before=()

	# readline takes --pid=1 for three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	COMPREPLY=()
	case $prev in
	-p | --pid | --parent)
		for word in /proc/[0-9]*; do
			before+=("${word#/proc/}")
		done
		;;
	--name)
		mapfile -t before < <(sort -u /proc/[0-9]*/comm 2>/dev/null)
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	--signal)
		mapfile -t before < <(compgen -A signal SIG)
		before=("${before[@]#SIG}")
		;;
	--cgroup)
		mapfile -t COMPREPLY < <(compgen -d -- "${cur:-/sys/fs/cgroup/}")
		compopt -o filenames -o nospace
		return
		;;
	--btf-path)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return
		;;
	--buffer-size)
		before=(1 2 4 8 16 32 64 128 256)
		;;
	--label | --exit-code | --minimum-age | --timeout | -n | --max-events)
		return
		;;
	*)
		before=(-h --help -t --timestamp --utc -p --pid --label -x --failed
			--per-thread --include-children --parent --name --user --signal
			--exit-code --minimum-age --cgroup --why --json -n --max-events
			--timeout --basic --buffer-size --btf-path -v --verbose --debug
			--ebpf --version)
		[[ $cur == -* ]] || return
		;;
	esac

	for word in "${before[@]}"; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
}

complete -F _exitsnoop exitsnoop
