# Draws what a terminal shows, text with SGR colours, as SVG that is readable on light and on dark.
# Other escape sequences are dropped.
#
#	awk -f terminal.awk -v title=TITLE screen.txt >screen.svg

BEGIN {
	width = 8.43; height = 19; left = 16; top = 48
	style = ""
}

{
	gsub(/\r/, "")
	gsub(/\033\][^\007]*\007/, "")
	gsub(/\033\[[0-9;?]*[A-Za-ln-z]/, "")
	body = body line($0, NR)
	plain = $0
	gsub(/\033\[[0-9;]*m/, "", plain)
	if (length(plain) > columns)
		columns = length(plain)
}

# One <text> a line; a <tspan> for each run of one style.
function line(text, number,    out, codes) {
	out = ""
	while (match(text, /\033\[[0-9;]*m/)) {
		out = out run(substr(text, 1, RSTART - 1))
		codes = substr(text, RSTART + 2, RLENGTH - 3)
		text = substr(text, RSTART + RLENGTH)
		style = restyle(style, codes)
	}
	out = out run(text)
	return sprintf("  <text x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", left, top + number * height, out)
}

function restyle(now, codes,    parts, n, i) {
	n = split(codes == "" ? "0" : codes, parts, ";")
	for (i = 1; i <= n; i++) {
		if (parts[i] == 0 || parts[i] == 39)
			now = ""
		else if (parts[i] == 31 || parts[i] == 91)
			now = "red"
		else if (parts[i] == 32 || parts[i] == 92)
			now = "green"
		else if (parts[i] == 33 || parts[i] == 93)
			now = "yellow"
		else if (parts[i] == 36 || parts[i] == 96)
			now = "cyan"
		else if (parts[i] == 90)
			now = "grey"
	}
	return now
}

function run(text) {
	if (text == "")
		return ""
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return style == "" ? text : "<tspan class=\"" style "\">" text "</tspan>"
}

END {
	w = 2 * left + columns * width
	h = top + (NR + 1) * height
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n", w, h, w, h
	printf "  <title>%s</title>\n", title
	print "  <style>"
	# Colours for light and then, for viewers that know of it, for dark: no variables, which some renderers draw black.
	print "    text { font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre; fill: #1f2328 }"
	print "    .paper { fill: #ffffff; stroke: #d0d7de } .edge { fill: #d0d7de }"
	print "    .red { fill: #b42318 } .green { fill: #176f2c } .yellow { fill: #7a5b00 } .cyan { fill: #0b6a77 } .grey { fill: #6b7280 }"
	print "    @media (prefers-color-scheme: dark) {"
	print "      text { fill: #e6edf3 } .paper { fill: #0d1117; stroke: #30363d } .edge { fill: #30363d }"
	print "      .red { fill: #ff7b72 } .green { fill: #7ee787 } .yellow { fill: #e3b341 } .cyan { fill: #76e3ea } .grey { fill: #9198a1 }"
	print "    }"
	print "  </style>"
	printf "  <rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\" class=\"paper\"/>\n", w - 1, h - 1
	for (i = 0; i < 3; i++)
		printf "  <circle cx=\"%d\" cy=\"22\" r=\"6\" class=\"edge\"/>\n", left + 6 + i * 20
	printf "%s</svg>\n", body
}
