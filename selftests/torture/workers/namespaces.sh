# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Namespaces that end with connections, rules and listeners inside. Operations: namespaces.

# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

work_namespaces()
{
	local name=x$((RANDOM % 3)) listener='' sender

	flow_net "$name" || { complain "namespace $name"; return; }
	ns "$name" nft 'add table ip nat
		add chain ip nat post { type nat hook postrouting priority 100; }
		add rule ip nat post udp sport 4001 masquerade'
	if ((RANDOM % 2)); then
		nsenter --net="/run/netns/$name" -- oracle -R -b 4096 -n "$name" -v "$TORTURE/faults" >/dev/null 2>&1 &
		listener=$!
	fi
	ns "$name" flows udp 198.18.1.0 $((4000 + RANDOM % 2)) 0 $((RANDOM % 500)) >/dev/null
	nsenter --net="/run/netns/$name" -- flows udp 198.18.2.0 4000 0 $((RANDOM % 3000)) >/dev/null 2>&1 &
	sender=$!
	((RANDOM % 2)) || ns "$name" conntrack -F 2>/dev/null
	((RANDOM % 2)) || wait $sender
	ip netns delete "$name"
	# a process in it keeps it for a while
	wait $sender
	[ -z "$listener" ] || { kill -KILL "$listener"; wait "$listener"; } 2>/dev/null
	done_ 1
}
