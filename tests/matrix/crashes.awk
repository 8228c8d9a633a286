# Whether the tracer says of each process "crash" that it crashed in read_null(), which all of them did. Run under LC_ALL=C:
#
#	nm -S crash | awk -f crashes.awk -v known=1 - events.json
#
# With known=0 the kernel is one where the place of a crash is not known. Prints "crashes: PASSED of ALL"; ends with 1 if
# they are not the same, or none.

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
