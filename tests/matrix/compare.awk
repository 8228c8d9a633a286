# Compares what a tracer reported with what waitpid(2) said. Run under LC_ALL=C:
#
#	awk -f compare.awk truth.tsv events.json
#
# truth.tsv is the output of tests/programs/scenario.c, and lines "ID REASON" or "ID command COMMAND"; events.json has one
# JSON object per line. Each process must be reported once, with its name, parent and status, or with its reason or
# command. Prints the differences, then "PASSED of ALL". Ends with 1 if the two numbers differ or are 0.

BEGIN {
	for (i = 0; i < 256; i++)
		ord[sprintf("%c", i)] = i
	digits = "0123456789abcdef"
}

function number(key,    text) {
	if (!match($0, "\"" key "\": *-?[0-9]+"))
		return ""
	text = substr($0, RSTART, RLENGTH)
	sub(/.*: */, "", text)
	return text + 0
}

# Whether a value is set: not absent, null, false, 0, "" or "None".
function given(key) {
	return $0 ~ "\"" key "\": *[^ ]" && $0 !~ "\"" key "\": *(null|false|0[,}]|\"\"|\"None\")"
}

function hex(text,    i, n) {
	for (i = 1; i <= length(text); i++)
		n = n * 16 + index(digits, tolower(substr(text, i, 1))) - 1
	return n
}

# A byte as scenario prints it: \xNN for a backslash and for bytes that are not printable ASCII.
function put(byte) {
	return byte < 32 || byte > 126 || byte == 92 ? sprintf("\\x%02x", byte) : sprintf("%c", byte)
}

function put_utf8(point) {
	if (point < 128)
		return put(point)
	if (point < 2048)
		return put(192 + int(point / 64)) put(128 + point % 64)
	if (point < 65536)
		return put(224 + int(point / 4096)) put(128 + int(point / 64) % 64) put(128 + point % 64)
	return put(240 + int(point / 262144)) put(128 + int(point / 4096) % 64) \
		put(128 + int(point / 64) % 64) put(128 + point % 64)
}

# The bytes of a JSON string, as scenario prints them.
function text(key,    from, out, c, point, low) {
	if (!match($0, "\"" key "\": *\""))
		return ""
	for (from = RSTART + RLENGTH; (c = substr($0, from, 1)) != "\""; from++) {
		if (c == "") # the string has no end
			return out
		if (c != "\\") {
			out = out put(ord[c])
			continue
		}
		c = substr($0, ++from, 1)
		if (c == "u") {
			point = hex(substr($0, from + 1, 4))
			from += 4
			if (point >= 55296 && point < 56320 && substr($0, from + 1, 2) == "\\u") {
				low = hex(substr($0, from + 3, 4))
				point = 65536 + (point - 55296) * 1024 + low - 56320
				from += 6
			}
			out = out put_utf8(point)
		} else if (c == "b" || c == "f" || c == "n" || c == "r" || c == "t") {
			out = out put(ord[substr("\b\f\n\r\t", index("bfnrt", c), 1)])
		} else {
			out = out put(ord[c])
		}
	}
	return out
}

FILENAME == ARGV[1] {
	fields = split($0, field, "\t")
	if (fields == 2) {
		all++
		order[all] = field[1]
		name[field[1]] = "cause"
		reason[field[1]] = field[2]
		next
	}
	if (fields != 12)
		next # of a thread
	all++
	order[all] = field[3]
	name[field[3]] = field[1]
	comm[field[3]] = field[2]
	parent[field[3]] = field[4]
	status[field[3]] = field[5]
	next
}

/^\{/ {
	id = number("Id")
	if (id == "")
		next
	if (seen[id]++) {
		print "process " id " (" name[id] "): reported more than once"
		wrong[id] = 1
		strange++
	}
	if (id in reason) {
		said = reason[id] ~ /^command / ? "command " text("CommandLine") : text("Reason")
		if (!matches(said, reason[id]))
			differs("reason", reason[id], said)
	}
	if (!(id in status))
		next
	sig = status[id] % 128
	core = int(status[id] / 128) % 2
	code = sig ? 128 + sig : int(status[id] / 256) % 256
	said = number("ExitCode") " " (given("Signal") ? 1 : 0) " " (given("CoreDumped") ? 1 : 0)
	if (said != code " " (sig ? 1 : 0) " " core)
		differs("exit code, signal, core", code " " (sig ? 1 : 0) " " core, said)
	if (number("ParentId") != parent[id])
		differs("parent", parent[id], number("ParentId"))
	said = text("Name")
	# JSON cannot contain bytes that are not UTF-8. U+FFFD stands for them.
	if (said != comm[id] && said !~ /\\xef\\xbf\\xbd/)
		differs("name", comm[id], said)
}

# Whether a reason, without the place of a crash, matches a text, which may end with * for any rest.
function matches(said, expected) {
	sub(/ in .*/, "", said)
	if (expected ~ /\*$/)
		return index(said, substr(expected, 1, length(expected) - 1)) == 1
	return said == expected
}

function differs(what, truth, said) {
	print "process " id " (" name[id] ", " comm[id] "): " what " is '" truth "', reported '" said "'"
	wrong[id] = 1
}

END {
	for (i = 1; i <= all; i++) {
		id = order[i]
		if (!seen[id])
			print "process " id " (" name[id] ", " comm[id] "): not reported"
		else if (!wrong[id])
			passed++
	}
	print passed + 0 " of " all + 0
	exit !(all && passed == all && !strange)
}
