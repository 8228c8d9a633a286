# Checks that each process "crash" is reported to have crashed in read_null(), as all of them did. Run under LC_ALL=C:
#
#	nm -S crash | awk -f crashes.awk -v known=1 - events.json
#
# known=0 is for kernels on which the place of a crash is not known. Prints "crashes: PASSED of ALL". Ends with 1 if
# the two numbers differ or are 0.

BEGIN {
	digits = "0123456789abcdef"
}

function hex(text,    i, n) {
	for (i = 1; i <= length(text); i++)
		n = n * 16 + index(digits, substr(text, i, 1)) - 1
	return n
}

FNR == NR {
	if ($4 == "read_null") {
		start = hex($1)
		end = start + hex($2)
	}
	next
}

/^\{"Name":"crash",/ {
	all++
	if (match($0, /"CrashOffset":"0x[0-9a-f]+"/)) {
		place = hex(substr($0, RSTART + 17, RLENGTH - 18))
		right += known && place >= start && place < end
	} else
		right += !known
}

END {
	printf "crashes: %d of %d\n", right, all
	exit !all || right != all
}
