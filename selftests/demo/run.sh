#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration: boots two guests, one with our modules and one with the
# kernel's own. Each is a NAT gateway between two namespaces, with conntrackd
# ("NetlinkEventsReliable On") and a listener that has a 2,048-byte buffer. Shows
# a table while connections are made and flushed, and both results side by side.
# Needs a few minutes.
#
# Usage: run.sh [COUNT]    connections, default 20000 ($COUNT)
#
# Exit status 1 when ours lost an event or got an order wrong.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
CACHE=${NFCT_CACHE:-$HOME/.cache/nfct}
COUNT=${1:-${COUNT:-20000}}
BUFFER=${BUFFER:-2048}
LIMIT=${LIMIT:-180}
bin=$CACHE/demo/bin
results=''

compile()
{
	mkdir -p "$bin"
	gcc -O2 -Wall -o "$bin/evlisten" "$HERE/../prog/evlisten.c" -lmnl
	gcc -O2 -Wall -o "$bin/traffic" "$HERE/traffic.c"
}

# Turns the guest's lines into a table; its @end line goes to the file $1.
show()
{
	awk -v end="$1" '
	function pick(name,  i, pair) {
		for (i = 2; i <= NF; i++) {
			split($i, pair, "=")
			if (pair[1] == name)
				return pair[2]
		}
		return ""
	}
	/^# nf_conntrack:/ { print; next }
	/^@row/ {
		if (!rows++)
			printf "%6s  %-8s%9s%9s%9s%9s%9s%9s\n", "second", "", "made", "NEW", "DESTROY", "refused", "resent", "waiting"
		printf "%6s  %-8s%9s%9s%9s%9s%9s%9s\n", pick("seconds"), pick("phase"), pick("made"), pick("new"),
			pick("destroy"), pick("refused"), pick("resent"), pick("waiting")
		fflush()
		next
	}
	/^@end/ { print >end; close(end); next }
	/^@say/ { sub(/^@say /, "") }
	{ print "  " $0; fflush() }'
}

run_guest()
{
	local modset=$1

	echo
	case "$modset" in
	ours) echo "== reliable-conntrack: $COUNT connections, half TCP, half UDP, listener with $BUFFER bytes" ;;
	stock) echo "== the kernel's own modules: the same" ;;
	esac
	: >"$results/$modset"
	"$HERE/../vm/boot.sh" --modset "$modset" --timeout 900 --bin "$bin" --log "$CACHE/logs/demo.$modset.log" \
		-- "$HERE/guest.sh" "$COUNT" "$BUFFER" "$LIMIT" | show "$results/$modset"
}

side_by_side()
{
	awk '
	FNR == 1 { side++ }
	{
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			value[side, pair[1]] = pair[2]
		}
	}
	function line(text, name) {
		printf "  %-36s%12s%12s\n", text, value[1, name], value[2, name]
	}
	END {
		printf "\n  %-36s%12s%12s\n", "", "ours", "stock"
		line("connections made", "made")
		line("NEW received by the listener", "new")
		line("DESTROY received by the listener", "destroy")
		line("events lost", "lost")
		line("events in a wrong order", "disorder")
		line("refused by a listener", "refused")
		line("resent", "resent")
		line("still waiting", "waiting")
		line("seconds to drain after conntrack -F", "drain")
		line("conntrackd: created", "conntrackd_created")
		line("conntrackd: destroyed", "conntrackd_destroyed")
	}' "$results/ours" "$results/stock"
}

# value MODSET NAME
value()
{
	sed -n "s/.* $2=\([^ ]*\).*/\1/p" "$results/$1"
}

verdict()
{
	if [ "$(value ours made)" -gt 0 ] && [ "$(value ours failed)" = 0 ] && [ "$(value ours lost)" = 0 ] &&
	   [ "$(value ours destroy)" = "$(value ours made)" ] && [ "$(value ours disorder)" = 0 ]; then
		echo "demo: all $(value ours made) connections reported, beginning and end"
	else
		echo 'demo: events are missing'
		return 1
	fi
}

main()
{
	local status=0

	compile
	mkdir -p "$CACHE/logs"
	results=$(mktemp -d)
	trap 'rm -rf "$results"' EXIT
	run_guest ours || status=1
	run_guest stock || status=1
	if [ ! -s "$results/ours" ] || [ ! -s "$results/stock" ]; then
		echo 'demo: a guest did not finish' >&2
		exit 1
	fi
	side_by_side
	verdict || status=1
	return "$status"
}

main
