#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration, inside the guest: a NAT gateway (this namespace) between a
# client and a server namespace, watched by conntrackd and by a listener with a
# small buffer. Makes the connections, runs "conntrack -F", waits until every
# DESTROY is out. Prints a line of figures each second, for run.sh to show:
#
#   @row name=value...     while it runs
#   @end name=value...     at the end
#
# Usage: guest.sh COUNT BUFFER LIMIT   connections, bytes, seconds to wait at most

set -euo pipefail

COUNT=$1 BUFFER=$2 LIMIT=$3
SOURCES=16
DIR=/tmp/demo
figures='' drained=''

say()
{
	echo "@say $*"
}

build_network()
{
	local n

	ip netns add client
	ip netns add server
	ip link add to-client type veth peer name eth0 netns client
	ip link add to-server type veth peer name eth0 netns server
	ip addr add 10.77.1.1/24 dev to-client
	ip addr add 10.77.2.1/24 dev to-server
	ip link set to-client up
	ip link set to-server up
	ip -n client link set eth0 up
	ip -n server link set eth0 up
	for ((n = 0; n < SOURCES; n++)); do
		ip -n client addr add "10.77.1.$((10 + n))/24" dev eth0
	done
	ip -n server addr add 10.77.2.2/24 dev eth0
	ip -n client route add default via 10.77.1.1
	sysctl -qw net.ipv4.ip_forward=1
	iptables -t nat -A POSTROUTING -o to-server -j MASQUERADE
	iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP
}

# Statistics mode: conntrackd keeps a table of its own from the events alone.
start_conntrackd()
{
	cat >"$DIR/conntrackd.conf" <<-EOT
		Stats {
			LogFile off
		}
		General {
			HashSize 32768
			HashLimit 262144
			LockFile $DIR/conntrackd.lock
			UNIX {
				Path $DIR/conntrackd.ctl
			}
			NetlinkBufferSize 2097152
			NetlinkBufferSizeMaxGrowth 8388608
			NetlinkEventsReliable On
			Filter From Kernelspace {
				Protocol Accept {
					TCP
					UDP
				}
			}
		}
	EOT
	conntrackd -d -C "$DIR/conntrackd.conf"
}

# One line with every figure at this moment. A process is dear in an emulated
# guest, so one does all of it. What the stock kernel does not tell is "-"; what
# waits there shows after the flush only, when nothing else is left.
sample()
{
	gawk -v phase="$1" -v events=/proc/net/stat/nf_conntrack_events \
	     -v count=/proc/sys/net/netfilter/nf_conntrack_count '
	function pairs(file,  line, field, pair, i, n) {
		getline line <file
		n = split(line, field, " ")
		for (i = 1; i <= n; i++) {
			split(field[i], pair, "=")
			value[pair[1]] = pair[2]
		}
	}
	# The counts of entries may be negative on one CPU, not in all.
	function statistics(  line, name, field, i, n) {
		if ((getline line <events) <= 0)
			return 0
		n = split(line, name, " ")
		while ((getline line <events) > 0) {
			split(line, field, " ")
			for (i = 1; i <= n; i++)
				value[name[i]] += strtonum("0x" field[i])
		}
		value["waiting"] = (value["missed"] + value["dying"]) % 4294967296
		return 1
	}
	BEGIN {
		pairs("'$DIR'/traffic")
		pairs("'$DIR'/listener")
		if (!statistics()) {
			value["refused"] = value["resent"] = value["waiting"] = "-"
			if (phase != "traffic")
				getline value["waiting"] <count
		}
		printf "phase=%s", phase
		n = split("made failed new destroy again disorder refused resent waiting", name, " ")
		for (i = 1; i <= n; i++)
			printf " %s=%s", name[i], value[name[i]] == "" ? 0 : value[name[i]]
		print ""
	}'
}

row()
{
	figures=$(sample "$1")
	echo "@row seconds=$SECONDS $figures"
}

# The number of "$1" in the last row
figure()
{
	local rest=${figures#* "$1"=}

	echo "${rest%% *}"
}

conntrackd_figure()
{
	conntrackd -C "$DIR/conntrackd.conf" -s 2>/dev/null | sed -n "s/^connections $1:[[:space:]]*\([0-9]*\).*/\1/p" | head -n 1
}

end()
{
	row end
	echo "@end $figures lost=$(($(figure made) - $(figure new))) drain=$drained" \
		"conntrackd_created=$(conntrackd_figure created) conntrackd_destroyed=$(conntrackd_figure destroyed)"
}

make_traffic()
{
	ip netns exec client traffic client 10.77.2.2 "$COUNT" 10.77.1.10 "$SOURCES" "$DIR/traffic" &
	local pid=$!

	while kill -0 "$pid" 2>/dev/null; do
		row traffic
		sleep 1
	done
	wait "$pid" || say "some connections did not get an answer"
}

# Sets $drained, in seconds and tenths.
drain()
{
	local start tenths end=$((SECONDS + LIMIT))

	start=${EPOCHREALTIME/[.,]/}
	conntrack -F >/dev/null 2>&1
	while row drain; [ "$(figure destroy)" -lt "$(figure made)" ] && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.5
	done
	tenths=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
	drained=$((tenths / 10)).$((tenths % 10))
}

main()
{
	mkdir -p "$DIR"
	: >"$DIR/traffic"
	build_network
	start_conntrackd
	evlisten -R -b "$BUFFER" -s "$DIR/listener" >/dev/null &
	ip netns exec server traffic server 10.77.2.2 &
	sleep 1
	make_traffic
	drain
	end
	conntrackd -C "$DIR/conntrackd.conf" -k >/dev/null 2>&1 || true
	kill %evlisten %ip 2>/dev/null || true
}

main
