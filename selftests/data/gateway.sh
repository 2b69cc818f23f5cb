# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Sourced after lib.sh by the tests of conntrack's consumers: a gateway "r" between
# client and server (topology), and prog/who, which tells what became of a packet.
#
#   gateway              topology, and "who serve" on ports 9000 to 9003 of s and r
#   serve NAME           "who serve" on these ports in a namespace
#   station NAME SWITCH PORT NET N
#                        makes a namespace whose eth0 is wired to device PORT of
#                        namespace SWITCH; addresses 10.NET.0.N and fd0NET::N, MAC
#                        address 02:00:00:00:00:0N
#   stations BRIDGE NAME...
#                        makes namespace BRIDGE with a bridge br0, 10.6.0.9 and fd06::9, and
#                        stations 1, 2, ... of network 6 at its ports port1, port2, ...
#   ask ARG...           "who ask" in c: one question, the peer as the server sees it
#   many ARG...          "who many" in c
#   hold ARG...          "who many -k ARG..." in the background, returns when all have
#                        asked; its pid is in HOLDER, its figures in /tmp/held
#   holds WHAT N ARG...  subtest: of the connections of "hold ARG..." N are answered
#   field NAME TEXT      a figure that "who many" has printed
#   entries ARG...       conntrack -L ARG... in r, without its summary
#   entry SPORT [ARG..]  the entry of a UDP question from port SPORT
#   flush                conntrack -F in r
#   rules                nft -f - in r
#   hits NAME            packets that a named counter of table inet t has seen
#   talk_open ARG..      a conversation that lasts, "who ask -i ARG..."; of several
#                        each has a name in TALK, and its namespace in TALK_NS
#   talk                 one question more, prints the answer
#   talk_close           ends it

WHO_PORTS='9000 9001 9002 9003'
HOLDER=''
declare -A TALK_FDS TALK_PIDS

serve()
{
	# shellcheck disable=SC2086  # several words
	nsenter --net="/run/netns/$1" who serve $WHO_PORTS >"/tmp/who.$1" 2>&1 &
	must wait_for "grep -q ready /tmp/who.$1" 30
}

station()
{
	local name=$1 switch=$2 port=$3 net=$4 n=$5

	must ip netns add "$name"
	ns "$name" ip link set lo up
	must ip link add eth0 netns "$name" type veth peer name "$port" netns "$switch"
	ns "$switch" ip link set "$port" up
	ns "$name" ip -batch - <<-EOT
		link set eth0 address 02:00:00:00:00:0$n
		address add 10.$net.0.$n/24 dev eth0
		address add fd0$net::$n/64 dev eth0 nodad
		link set eth0 up
	EOT
}

stations()
{
	local bridge=$1 name n=0
	shift

	must ip netns add "$bridge"
	ns "$bridge" ip -batch - <<-'EOT'
		link set lo up
		link add br0 type bridge mcast_snooping 0
		address add 10.6.0.9/24 dev br0
		address add fd06::9/64 dev br0 nodad
		link set br0 up
	EOT
	for name; do
		n=$((n + 1))
		station "$name" "$bridge" "port$n" 6 $n
		ns "$bridge" ip link set "port$n" master br0
	done
}

gateway()
{
	check 'topology' topology
	must modprobe nf_conntrack_netlink
	serve s
	serve r
	# Errors must not be rationed, and a slow guest must not lose entries by time.
	ns s sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ns r sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.netfilter.nf_conntrack_udp_timeout=600 \
		net.netfilter.nf_conntrack_udp_timeout_stream=700
}

ask()
{
	ns c who ask "$@"
}

many()
{
	ns c who many "$@"
}

hold()
{
	rm -f /tmp/held
	nsenter --net=/run/netns/c who many -k "$@" >/tmp/held &
	HOLDER=$!
	must wait_for 'grep -q answered /tmp/held' 60
}

field()
{
	sed -n "s/.*\\<$1=\\([0-9]*\\).*/\\1/p" <<<"$2"
}

holds()
{
	local what=$1 count=$2
	shift 2

	hold "$@"
	is "$what" "$(field answered "$(cat /tmp/held)")" "$count"
}

entries()
{
	ns r conntrack -L "$@" 2>/dev/null
}

entry()
{
	local sport=$1
	shift

	entries -p udp --orig-port-src "$sport" "$@"
}

flush()
{
	ns r conntrack -F >/dev/null 2>&1
}

rules()
{
	ns r nft -f -
}

hits()
{
	ns r nft list counter inet t "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

talk_open()
{
	local file=/tmp/talk.${TALK:-a}

	rm -f "$file" "$file.out"
	mkfifo "$file"
	nsenter --net="/run/netns/${TALK_NS:-c}" -- who ask -i "$@" <"$file" >"$file.out" &
	TALK_PIDS[${TALK:-a}]=$!
	exec {fd}>"$file"
	TALK_FDS[${TALK:-a}]=$fd
}

talk()
{
	local file=/tmp/talk.${TALK:-a}.out before

	before=$(wc -l <"$file")
	echo >&"${TALK_FDS[${TALK:-a}]}"
	wait_for "[ \$(wc -l <$file) -gt $before ]" 20
	tail -n 1 "$file"
}

talk_close()
{
	local fd=${TALK_FDS[${TALK:-a}]}

	# Others may have inherited the pipe, so that its end is not enough.
	echo q >&"$fd"
	exec {fd}>&-
	wait "${TALK_PIDS[${TALK:-a}]}"
}
