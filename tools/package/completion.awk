# Makes completion for a shell from the output of `exitsnoop --help`, so that the options are defined in one place:
#
#	exitsnoop --help | awk -v shell=bash|zsh|fish -f completion.awk

# A line of an option: "  -p PID, --pid PID     only this process, until it exits". If it is long, its text is on the next line.
/^  -/ {
	count++
	flags = substr($0, 3)
	if (match(flags, /  +/)) {
		about[count] = substr(flags, RSTART + RLENGTH)
		flags = substr(flags, 1, RSTART - 1)
	}
	words = split(flags, word, /,? /)
	for (i = 1; i <= words; i++) {
		if (word[i] ~ /^--/)
			long[count] = word[i]
		else if (word[i] ~ /^-/)
			short[count] = word[i]
		else
			value[count] = word[i]
	}
	next
}
/^ / && count && !(count in about) {
	sub(/^ +/, "")
	about[count] = $0
}

END {
	if (!count)
		exit 1
	if (shell == "bash")
		bash()
	else if (shell == "zsh")
		zsh()
	else
		fish()
}

# The options that take values of one kind, as a pattern for case.
function taking(kind,    i, pattern) {
	for (i = 1; i <= count; i++) {
		if (value[i] != kind)
			continue
		if (i in short)
			pattern = pattern " | " short[i]
		pattern = pattern " | " long[i]
	}
	return substr(pattern, 4)
}

function bash(    i, all, other) {
	for (i = 1; i <= count; i++) {
		all = all " " ((i in short) ? short[i] " " : "") long[i]
		if (value[i] != "" && value[i] !~ /^(PID|PATTERN|USER|SIGNAL|PATH|DIRECTORY|FILE|MIB)$/)
			other = other " | " ((i in short) ? short[i] " | " : "") long[i]
	}
	print "# bash completion for exitsnoop(8)"
	print ""
	print "_exitsnoop()"
	print "{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}"
	print "\tlocal word words=()"
	print ""
	print "\t# readline takes --pid=1 for three words."
	print "\tif [[ $cur == = ]]; then"
	print "\t\tcur="
	print "\telif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\tfi"
	print ""
	print "\tCOMPREPLY=()"
	print "\tcase $prev in"
	print "\t" taking("PID") ")"
	print "\t\tfor word in /proc/[0-9]*; do"
	print "\t\t\twords+=(\"${word#/proc/}\")"
	print "\t\tdone"
	print "\t\t;;"
	print "\t" taking("PATTERN") ")"
	print "\t\tmapfile -t words < <(sort -u /proc/[0-9]*/comm 2>/dev/null)"
	print "\t\t;;"
	print "\t" taking("USER") ")"
	print "\t\tmapfile -t COMPREPLY < <(compgen -u -- \"$cur\")"
	print "\t\treturn"
	print "\t\t;;"
	print "\t" taking("SIGNAL") ")"
	print "\t\tmapfile -t words < <(compgen -A signal SIG)"
	print "\t\twords=(\"${words[@]#SIG}\")"
	print "\t\t;;"
	print "\t" taking("PATH") ")"
	print "\t\tmapfile -t COMPREPLY < <(compgen -d -- \"${cur:-/sys/fs/cgroup/}\")"
	print "\t\tcompopt -o filenames -o nospace"
	print "\t\treturn"
	print "\t\t;;"
	print "\t" taking("DIRECTORY") ")"
	print "\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
	print "\t\tcompopt -o filenames"
	print "\t\treturn"
	print "\t\t;;"
	print "\t" taking("FILE") ")"
	print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	print "\t\tcompopt -o filenames"
	print "\t\treturn"
	print "\t\t;;"
	print "\t" taking("MIB") ")"
	print "\t\twords=(1 2 4 8 16 32 64 128 256)"
	print "\t\t;;"
	print "\t" substr(other, 4) ")"
	print "\t\treturn"
	print "\t\t;;"
	print "\t*)"
	print "\t\twords=(" substr(all, 2) ")"
	print "\t\t[[ $cur == -* ]] || return"
	print "\t\t;;"
	print "\tesac"
	print ""
	print "\tfor word in \"${words[@]}\"; do"
	print "\t\t[[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$word\")"
	print "\tdone"
	print "}"
	print ""
	print "complete -F _exitsnoop exitsnoop"
}

# Puts a backslash before each of the characters.
function escaped(text, characters,    i, letter, out) {
	for (i = 1; i <= length(text); i++) {
		letter = substr(text, i, 1)
		out = out (index(characters, letter) ? "\\" : "") letter
	}
	return out
}

function quoted(text,    part, parts, i, out) {
	parts = split(text, part, "'")
	out = part[1]
	for (i = 2; i <= parts; i++)
		out = out "'\\''" part[i]
	return "'" out "'"
}

function zsh(    i, names, text) {
	action["PID"] = "_pids"
	action["PATTERN"] = "_process_names"
	action["USER"] = "_users"
	action["SIGNAL"] = "_signals -s"
	action["PATH"] = action["DIRECTORY"] = "_files -/"
	action["FILE"] = "_files"
	action["MIB"] = "(1 2 4 8 16 32 64 128 256)"
	print "#compdef exitsnoop"
	print ""
	printf "_arguments -s"
	for (i = 1; i <= count; i++) {
		text = "[" escaped(about[i], "[]:\\") "]"
		if (value[i] != "")
			text = text ":" value[i] ":" action[value[i]]
		# An option with a value may be given more than once.
		names = (i in short) ? "{" short[i] (value[i] != "" ? "+" : "") "," long[i] (value[i] != "" ? "=" : "") "}" : long[i] (value[i] != "" ? "=" : "")
		printf " \\\n\t%s%s%s", (value[i] != "" ? "'*'" : (i in short) ? "'(" short[i] " " long[i] ")'" : ""), names, quoted(text)
	}
	print ""
}

function fish(    i) {
	action["PID"] = "(__fish_complete_pids)"
	action["PATTERN"] = "(__fish_complete_proc)"
	action["USER"] = "(__fish_complete_users)"
	action["SIGNAL"] = "(kill -l | string split \" \")"
	action["PATH"] = action["DIRECTORY"] = "(__fish_complete_directories (commandline -ct))"
	action["MIB"] = "1 2 4 8 16 32 64 128 256"
	print "complete -c exitsnoop -f"
	for (i = 1; i <= count; i++) {
		printf "complete -c exitsnoop"
		if (i in short)
			printf " -s %s", substr(short[i], 2)
		printf " -l %s", substr(long[i], 3)
		if (value[i] == "FILE")
			printf " -r -F"
		else if (value[i] != "")
			printf " -x%s", (value[i] in action) ? " -a " quoted(action[value[i]]) : ""
		printf " -d %s\n", "'" escaped(about[i], "\\'") "'"
	}
}
