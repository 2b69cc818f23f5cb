#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets that ask where a packet comes from and where it goes: the owner of a
# socket (owner), the socket that waits (socket, TPROXY), ports of a bridge (physdev), IPsec
# (policy). For each some traffic passes rules with names, and the names are compared of
# those that have counted a packet, IPv4 and IPv6.
#
# TIMEOUT: 700

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh

# The command for rules of family $1
tool()
{
	if [ "$1" = 6 ]; then echo ip6tables-legacy; else echo iptables-legacy; fi
}

# named NAMESPACE 4|6 TABLE CHAIN: rules from lines "NAME ARGUMENTS"
named()
{
	local name=$1 family=$2 table=$3 chain=$4 rule arguments

	{
		echo "*$table"
		echo "-F $chain"
		while read -r rule arguments; do
			[ -n "$rule" ] || continue
			echo "-A $chain $arguments -m comment --comment $rule"
		done
		echo COMMIT
	} | ns "$name" "$(tool "$family")-restore" --noflush
}

# Names of the rules that have counted, which start again from 0
counted()
{
	ns "$1" "$(tool "$2")" -t "$3" -vxn -L "$4" |
		sed -nE 's/^ *[1-9][0-9]* .*\/\* (.*) \*\/.*/\1/p' | tr '\n' ' ' | sed 's/ $//'
	ns "$1" "$(tool "$2")" -t "$3" -Z "$4"
}

modules()
{
	local name

	for name in owner socket TPROXY physdev policy; do
		must modprobe "xt_$name"
		check "$name: the module is of the set $(modset)" xt_is_right "$name"
	done
}

modules
gateway

# --- owner -----------------------------------------------------------------------

owner_rules()
{
	named c "$1" mangle OUTPUT <<-EOT
		uid -p udp --dport 9 -m owner --uid-owner 1000
		not-uid -p udp --dport 9 -m owner ! --uid-owner 1000
		uid-range -p udp --dport 9 -m owner --uid-owner 1000-1001
		uid-last -p udp --dport 9 -m owner --uid-owner 900-1000
		uid-below -p udp --dport 9 -m owner --uid-owner 0-999
		uid-above -p udp --dport 9 -m owner --uid-owner 1001-2000
		gid -p udp --dport 9 -m owner --gid-owner 2000
		not-gid -p udp --dport 9 -m owner ! --gid-owner 2000
		gid-range -p udp --dport 9 -m owner --gid-owner 1999-2001
		group -p udp --dport 9 -m owner --gid-owner 3000-3001
		suppl -p udp --dport 9 -m owner --gid-owner 3000-3001 --suppl-groups
		not-suppl -p udp --dport 9 -m owner ! --gid-owner 3000-3001 --suppl-groups
		suppl-own -p udp --dport 9 -m owner --gid-owner 2000 --suppl-groups
		exists -p udp --dport 9 -m owner --socket-exists
		not-exists -p udp --dport 9 -m owner ! --socket-exists
		both -p udp --dport 9 -m owner --uid-owner 1000 --gid-owner 2000
		mixed -p udp --dport 9 -m owner ! --uid-owner 1000 --gid-owner 2000
		neither -p udp --dport 9 -m owner ! --uid-owner 1000 ! --gid-owner 2000
	EOT
}

# owned FAMILY ADDRESS UID GID GROUPS: rules that count a datagram of such a process
owned()
{
	ns c setpriv --reuid "$3" --regid "$4" --groups "$5" bash -c "echo >/dev/udp/$2/9"
	counted c "$1" mangle OUTPUT
}

for family in 4 6; do
	addr=10.0.2.2
	[ $family = 4 ] || addr=fd00:2::2
	must owner_rules $family
	is "owner IPv$family: user and group" "$(owned $family $addr 1000 2000 7,3001,9000)" \
		'uid uid-range uid-last gid gid-range suppl suppl-own exists both'
	is "owner IPv$family: another user" "$(owned $family $addr 1001 2000 5)" \
		'not-uid uid-range uid-above gid gid-range not-suppl suppl-own exists mixed'
	is "owner IPv$family: root" "$(owned $family $addr 0 0 0)" \
		'not-uid uid-below not-gid not-suppl exists neither'
	is "owner IPv$family: the group itself" "$(owned $family $addr 999 3000 1)" \
		'not-uid uid-last uid-below not-gid group suppl exists neither'
done

# What the kernel sends has no user: answers to a ping, and what is sent again once the
# process has ended.
for family in 4 6; do
	named s $family mangle OUTPUT <<-'EOT'
		uid -m owner --uid-owner 0-4294967294
		not-uid -m owner ! --uid-owner 0-4294967294
		not-gid -m owner ! --gid-owner 0-4294967294
		not-suppl -m owner ! --gid-owner 7 --suppl-groups
	EOT
done
ns c ping -nqc1 10.0.2.2 >/dev/null
check 'owner: the kernel is nobody' grep -qw not-uid <(counted s 4 mangle OUTPUT)
ns c ping -nqc1 fd00:2::2 >/dev/null
check 'owner: the kernel is nobody, IPv6' grep -qw not-uid <(counted s 6 mangle OUTPUT)

must named c 4 mangle OUTPUT <<-'EOT'
	uid -p tcp --dport 9000 -m owner --uid-owner 1000
	not-uid -p tcp --dport 9000 -m owner ! --uid-owner 1000
	gid -p tcp --dport 9000 -m owner --gid-owner 2000
	not-gid -p tcp --dport 9000 -m owner ! --gid-owner 2000
	not-suppl -p tcp --dport 9000 -m owner ! --gid-owner 3 --suppl-groups
	exists -p tcp --dport 9000 -m owner --socket-exists
	not-exists -p tcp --dport 9000 -m owner ! --socket-exists
EOT
ns s iptables-legacy -A INPUT -p tcp -m length --length 61:100 -j DROP
ns c setpriv --reuid 1000 --regid 2000 --clear-groups bash -c \
	'exec 3<>/dev/tcp/10.0.2.2/9000; echo a question >&3'
is 'owner: a connection' "$(counted c 4 mangle OUTPUT | tr ' ' '\n' | grep -v ^not- | tr '\n' ' ')" 'uid gid exists '
check 'owner: once the process has ended nobody sends' wait_for \
	'[ "$(counted c 4 mangle OUTPUT)" = "not-uid not-gid not-exists" ]' 20
ns s iptables-legacy -F INPUT

# Sockets that are closed while their packets pass the rules
must named c 4 mangle OUTPUT <<-'EOT'
	other -m owner --uid-owner 5000
	group -m owner --gid-owner 5000 --suppl-groups
	own -m owner --uid-owner 1000
EOT
closing()
{
	ns c setpriv --reuid 1000 --regid 2000 --groups 1,2,3 python3 - "$(sized 2000 300)" <<-'EOT'
		import socket, sys
		for _ in range(int(sys.argv[1])):
		    s = socket.socket()
		    s.connect(('10.0.2.2', 9000))
		    s.send(b'q')
		    s.close()
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.sendto(b'q', ('10.0.2.2', 9))
		    s.close()
	EOT
}
closing & one=$!
closing & two=$!
wait $one $two
is 'owner: sockets that are closed' "$(counted c 4 mangle OUTPUT)" own

# Ids are numbers of the user namespace that the network belongs to.
unshare -Urn sleep 60 &
holder=$!
wait_for '[ "$(readlink /proc/'$holder'/ns/user)" != "$(readlink /proc/self/ns/user)" ]'
refute 'owner: a user of another user namespace is refused' nsenter --net=/proc/$holder/ns/net \
	iptables-legacy -A OUTPUT -m owner --uid-owner 0
check 'owner: a socket is not' nsenter --net=/proc/$holder/ns/net \
	iptables-legacy -A OUTPUT -m owner --socket-exists
check 'owner: its own user is accepted' nsenter -t $holder -U --preserve-credentials -n \
	env XTABLES_LOCKFILE=/tmp/xtables.lock iptables-legacy -A OUTPUT -m owner --uid-owner 0
refute 'owner: a user who has no number in it is refused' nsenter -t $holder -U \
	--preserve-credentials -n env XTABLES_LOCKFILE=/tmp/xtables.lock \
	iptables-legacy -A OUTPUT -m owner --uid-owner 7
stop $holder
for family in 4 6; do
	ns c "$(tool $family)" -t mangle -F
	ns s "$(tool $family)" -t mangle -F
done

# --- socket ----------------------------------------------------------------------

socket_rules()
{
	named s "$1" mangle PREROUTING <<-EOT
		any -p $2 --$3 $4 -m socket
		transparent -p $2 --$3 $4 -m socket --transparent
		nowildcard -p $2 --$3 $4 -m socket --nowildcard
		both -p $2 --$3 $4 -m socket --nowildcard --transparent
		unmarked -p $2 --$3 $4 -m mark --mark 0
		restored -p $2 --$3 $4 -m socket --restore-skmark
		mark -p $2 --$3 $4 -m mark --mark 5
		restored-all -p $2 --$3 $4 -m socket --nowildcard --restore-skmark
		mark-all -p $2 --$3 $4 -m mark --mark 5
	EOT
}

must ns s python3 /payload/bin/xtsockets.py \
	udp,{0.0.0.0,::},7001 udp,{10.0.2.2,fd00:2::2},7002 udp,{10.0.2.2,fd00:2::2},7003,transparent,mark=5 \
	udp,{0.0.0.0,::},7004,mark=5 tcp,{0.0.0.0,::},7010,mark=5 tcp,{0.0.0.0,::},7011,transparent

# waiting_for FAMILY udp|tcp PORT: rules that count a packet to the socket at that port
waiting_for()
{
	local addr=10.0.2.2

	[ "$1" = 4 ] || addr=fd00:2::2
	must socket_rules "$1" "$2" dport "$3"
	# to the end of the connection: the answer is read
	ns c timeout 5 bash -c "exec 3<>/dev/$2/$addr/$3 && echo >&3; [ $2 = udp ] || cat <&3" >/dev/null 2>&1
	wait_for "ns s $(tool "$1") -t mangle -vxnL PREROUTING | grep -qE '^ *[1-9]'" 2
	counted s "$1" mangle PREROUTING
}

for family in 4 6; do
	is "socket IPv$family: of all addresses" "$(waiting_for $family udp 7001)" \
		'nowildcard unmarked restored-all'
	is "socket IPv$family: of one" "$(waiting_for $family udp 7002)" \
		'any nowildcard unmarked restored restored-all'
	is "socket IPv$family: transparent, with a mark" "$(waiting_for $family udp 7003)" \
		'any transparent nowildcard both unmarked restored mark restored-all mark-all'
	is "socket IPv$family: of all, with a mark" "$(waiting_for $family udp 7004)" \
		'nowildcard unmarked restored-all mark-all'
	is "socket IPv$family: none" "$(waiting_for $family udp 7009)" unmarked
	is "socket IPv$family: a connection" "$(waiting_for $family tcp 7010)" \
		'any nowildcard unmarked restored mark restored-all mark-all'
	is "socket IPv$family: a transparent connection" "$(waiting_for $family tcp 7011)" \
		'any transparent nowildcard both unmarked restored restored-all'
done

# An error is about the packet of a socket.
must named s 4 mangle PREROUTING <<-'EOT'
	any -p icmp -m socket
	nowildcard -p icmp -m socket --nowildcard
EOT
must named s 6 mangle PREROUTING <<-'EOT'
	any -p icmpv6 --icmpv6-type port-unreachable -m socket
EOT
for addr in 10.0.1.2 fd00:1::2; do
	# the error ends what waits for an answer
	ns s timeout "$(scaled 5)" bash -c "exec 3<>/dev/udp/$addr/9; echo >&3; read -r -u 3"
done
is 'socket: an ICMP error' "$(counted s 4 mangle PREROUTING)" 'any nowildcard'
is 'socket: an ICMPv6 error' "$(counted s 6 mangle PREROUTING)" any

# Fragments are put together for the rule, in its namespace and as long as it is there.
for family in 4 6; do
	addr=10.0.2.2
	[ $family = 4 ] || addr=fd00:2::2
	ns s "$(tool $family)" -t mangle -F PREROUTING
	must named s $family raw PREROUTING <<<'whole -p udp -m socket'
	must named s $family mangle PREROUTING <<<"long -p udp --dport 7002 -m length --length 3000:"
	ns c bash -c "printf %3000s x >/dev/udp/$addr/7002"
	check "socket IPv$family: a datagram in fragments" wait_for \
		"[ \"\$(counted s $family mangle PREROUTING)\" = long ]" 5
	is "socket IPv$family: its rule" "$(counted s $family raw PREROUTING)" whole
	ns s "$(tool $family)" -t raw -F
	ns s "$(tool $family)" -t mangle -F
done
must ns s python3 /payload/bin/xtsockets.py -k

# --- TPROXY ----------------------------------------------------------------------

rm -f /tmp/xtsockets.log
must ns r python3 /payload/bin/xtsockets.py tcp,{0.0.0.0,::},7001,transparent \
	tcp,{10.0.1.1,fd00:1::1},7002,transparent tcp,{127.0.0.1,::1},7003,transparent \
	udp,{0.0.0.0,::},7001,transparent tcp,{0.0.0.0,::},7004
ns r sh -c 'for v in 4 6; do
	ip -$v rule add fwmark 0x10/0xf0 lookup 100 && ip -$v route add local default dev lo table 100
done'
for family in 4 6; do
	to=127.0.0.1
	[ $family = 4 ] || to=::1
	must named r $family mangle PREROUTING <<-EOT
		socket -i eth1 -p tcp -m socket --transparent --nowildcard -j MARK --set-mark 0x10
		port -i eth1 -p tcp --dport 81 -j TPROXY --on-port 7001 --tproxy-mark 0x10/0xf0
		own -i eth1 -p tcp --dport 7001 -j TPROXY --on-port 0 --tproxy-mark 0x10/0xf0
		address -i eth1 -p tcp --dport 83 -j TPROXY --on-ip $to --on-port 7003 --tproxy-mark 0x10/0xf0
		primary -i eth1 -p tcp --dport 82 -j TPROXY --on-port 7002 --tproxy-mark 0x10/0xf0
		opaque -i eth1 -p tcp --dport 84 -j TPROXY --on-port 7004 --tproxy-mark 0x10/0xf0
		datagram -i eth1 -p udp --dport 81 -j TPROXY --on-port 7001 --tproxy-mark 0x10/0xf0
		fragment -i eth1 -p udp -j TPROXY --on-port 7001 --tproxy-mark 0x10/0xf0
	EOT
done

# The address and port that the proxy has for a connection to $2 port $3
proxied()
{
	ns c timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3" 2>/dev/null || echo none
}

for family in 4 6; do
	addr=10.9.9.9
	[ $family = 4 ] || addr=fd00:9::9
	is "TPROXY IPv$family: by port" "$(proxied $addr 81)" "$addr 81"
	is "TPROXY IPv$family: rules of the connection" \
		"$(counted r $family mangle PREROUTING)" 'socket port'
	is "TPROXY IPv$family: the packet's own port" "$(proxied $addr 7001)" "$addr 7001"
	is "TPROXY IPv$family: at an address" "$(proxied $addr 83)" "$addr 83"
	is "TPROXY IPv$family: at the address of the interface" "$(proxied $addr 82)" "$addr 82"
	is "TPROXY IPv$family: a socket that is not transparent" "$(proxied $addr 84)" none
	ns c bash -c "echo >/dev/udp/$addr/81; printf %3000s x >/dev/udp/$addr/81"
	check "TPROXY IPv$family: datagrams, whole and in fragments" wait_for \
		"[ \"\$(grep -cx '$addr 81' /tmp/xtsockets.log)\" = 2 ]" 5
	# twice the same connection: the first has not ended (TIME-WAIT is the proxy's)
	is "TPROXY IPv$family: a connection again" "$(for _ in 1 2; do
		ns c python3 - $addr <<-'EOT'
			import socket, sys
			six = ':' in sys.argv[1]
			s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
			s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
			s.settimeout(5)
			s.bind(('', 5555))
			s.connect((sys.argv[1], 81))
			# the proxy closes first, and has the TIME-WAIT
			while s.recv(100):
			    pass
			s.close()
			print('answered')
		EOT
	done | tr '\n' ' ')" 'answered answered '
done

# Fragments that are not put together have no ports, but the data of this one look as if it
# had: is it kept to be put together, here, where only the proxy's rule can have sent it?
# DIFF: tproxy-fragments
fragment()
{
	ns c taskset -c 0 python3 - "$@" <<-'EOT'
		import socket, struct, sys
		six = ':' in sys.argv[2]
		family = socket.AF_INET6 if six else socket.AF_INET
		src, dst = (socket.inet_pton(family, a) for a in sys.argv[1:3])
		data = struct.pack('>HHHH', 4000, 81, 8, 0)
		if six:
		    head = struct.pack('>IHBB', 6 << 28, 16, 44, 64) + src + dst
		    head += struct.pack('>BBHI', 17, 0, 1480, 7)
		else:
		    head = struct.pack('>BBHHHBBH', 0x45, 0, 28, 7, 185, 64, 17, 0) + src + dst
		sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
		sock.sendto(head + data, (sys.argv[2], 0))
	EOT
	# the same CPU answers it after that
	ns c taskset -c 0 ping -qc 1 -W 5 "$3" >/dev/null
}

reassemblies()
{
	ns r nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}

must ns r nft -f - <<-'EOT'
	table inet early {
		chain untracked {
			type filter hook prerouting priority -450
			ip frag-off & 0x1fff != 0 notrack
			exthdr frag exists notrack
		}
	}
EOT
kept=1
! is_ours || kept=0
before=$(reassemblies IpReasmReqds)
fragment 10.0.1.2 10.9.9.9 10.0.1.1
is 'TPROXY IPv4: a fragment without ports' $(($(reassemblies IpReasmReqds) - before)) $kept
before=$(reassemblies Ip6ReasmReqds)
fragment fd00:1::2 fd00:9::9 fd00:1::1
is 'TPROXY IPv6: a fragment without ports' $(($(reassemblies Ip6ReasmReqds) - before)) $kept
ns r nft delete table inet early
must ns r python3 /payload/bin/xtsockets.py -k
for family in 4 6; do
	ns r "$(tool $family)" -t mangle -F
	ns r ip -$family rule del fwmark 0x10/0xf0
done

# --- physdev ---------------------------------------------------------------------

physdev_rules()
{
	named bridge "$1" mangle "$2" <<-EOT
		in -p udp --dport 9 -m physdev --physdev-in port1
		not-in -p udp --dport 9 -m physdev ! --physdev-in port1
		in-other -p udp --dport 9 -m physdev --physdev-in port2
		not-in-other -p udp --dport 9 -m physdev ! --physdev-in port2
		in-longer -p udp --dport 9 -m physdev --physdev-in port11
		in-some -p udp --dport 9 -m physdev --physdev-in por+
		in-any -p udp --dport 9 -m physdev --physdev-in +
		is-in -p udp --dport 9 -m physdev --physdev-is-in
		not-is-in -p udp --dport 9 -m physdev ! --physdev-is-in
		$( [ "$2" = OUTPUT ] || cat <<-'MORE'
			out -p udp --dport 9 -m physdev --physdev-out port2
			not-out -p udp --dport 9 -m physdev ! --physdev-out port2
			not-out-other -p udp --dport 9 -m physdev ! --physdev-out port1
			out-some -p udp --dport 9 -m physdev --physdev-out p+
			is-out -p udp --dport 9 -m physdev --physdev-is-out
			not-is-out -p udp --dport 9 -m physdev ! --physdev-is-out
			way -p udp --dport 9 -m physdev --physdev-in port1 --physdev-out port2
			way-back -p udp --dport 9 -m physdev --physdev-in port2 --physdev-out port1
		MORE
		)
		bridged -p udp --dport 9 -m physdev --physdev-is-bridged
		not-bridged -p udp --dport 9 -m physdev ! --physdev-is-bridged
	EOT
}

IN='in not-in-other in-some in-any is-in'
NO_IN='not-in not-in-other not-is-in'
OUT='not-out-other out-some is-out'

stations bridge x y
check 'physdev: br_netfilter is loaded by its rules' sh -c 'rmmod br_netfilter 2>/dev/null
	nsenter --net=/run/netns/bridge iptables-legacy -A FORWARD -m physdev --physdev-in port1
	lsmod | grep -q ^br_netfilter'
must modprobe br_netfilter
ns bridge iptables-legacy -F
ns bridge sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
must wait_for 'ns x ping -nqc1 -W1 10.6.0.2 && ns x ping -nqc1 -W1 fd06::2 && ns y ping -nqc1 fd06::9' 20
for family in 4 6; do
	base=10.6.0.
	[ $family = 4 ] || base=fd06::
	for chain in PREROUTING INPUT FORWARD OUTPUT POSTROUTING; do
		must physdev_rules $family $chain
	done
	ns x bash -c "echo >/dev/udp/${base}2/9"
	is "physdev IPv$family: PREROUTING" "$(counted bridge $family mangle PREROUTING)" \
		"$IN not-is-out not-bridged"
	is "physdev IPv$family: FORWARD" "$(counted bridge $family mangle FORWARD)" \
		"$IN out $OUT way bridged"
	is "physdev IPv$family: POSTROUTING" "$(counted bridge $family mangle POSTROUTING)" \
		"$IN out $OUT way bridged"
	ns x bash -c "echo >/dev/udp/${base}9/9"
	is "physdev IPv$family: INPUT" "$(counted bridge $family mangle INPUT)" \
		"$IN not-is-out not-bridged"
	ns bridge bash -c "echo >/dev/udp/${base}2/9"
	is "physdev IPv$family: OUTPUT" "$(counted bridge $family mangle OUTPUT)" "$NO_IN not-bridged"
	note "physdev IPv$family: POSTROUTING of its own: $(counted bridge $family mangle POSTROUTING)"
	ns bridge "$(tool $family)" -t mangle -F
done

# --- policy ----------------------------------------------------------------------

# ipsec_rules FAMILY NAMESPACE CHAIN in|out
ipsec_rules()
{
	local src=10.0.1.2 dst=10.0.1.1 net=10.0.0.0/8 other=10.0.1.3

	[ "$1" = 4 ] || { src=fd00:1::2 dst=fd00:1::1 net=fd00::/16 other=fd00:1::3; }
	sed "s/^\t*\([^ ]*\)/\1 -p udp --dport 9 -m policy --dir $4/" <<-EOT |
		none --pol none
		any --pol ipsec
		reqid --pol ipsec --reqid 7
		not-reqid --pol ipsec ! --reqid 7
		other-reqid --pol ipsec --reqid 9
		second-reqid --pol ipsec --reqid 8
		spi --pol ipsec --spi 0x1234
		not-spi --pol ipsec ! --spi 0x1234
		turned-spi --pol ipsec --spi 0x34120000
		other-spi --pol ipsec --spi 0x1235
		proto --pol ipsec --proto esp
		not-proto --pol ipsec ! --proto esp
		ah --pol ipsec --proto ah
		transport --pol ipsec --mode transport
		tunnel --pol ipsec --mode tunnel
		not-tunnel --pol ipsec ! --mode tunnel
		src --pol ipsec --mode tunnel --tunnel-src $src
		not-src --pol ipsec --mode tunnel ! --tunnel-src $src
		other-src --pol ipsec --mode tunnel --tunnel-src $other
		not-other-src --pol ipsec --mode tunnel ! --tunnel-src $other
		net-src --pol ipsec --mode tunnel --tunnel-src $net
		dst --pol ipsec --mode tunnel --tunnel-dst $dst
		not-dst --pol ipsec --mode tunnel ! --tunnel-dst $dst
		other-dst --pol ipsec --mode tunnel --tunnel-dst $other
		net-dst --pol ipsec --mode tunnel --tunnel-dst $net
		two --pol ipsec --reqid 7 --proto esp --mode transport
		strict --pol ipsec --strict --proto esp
		strict-other --pol ipsec --strict --proto ah
		strict-two --pol ipsec --strict --proto esp --reqid 7 --next --proto ah --reqid 8
		strict-back --pol ipsec --strict --proto ah --reqid 8 --next --proto esp --reqid 7
		strict-three --pol ipsec --strict --proto esp --next --proto ah --next --proto ah
	EOT
		named "$2" "$1" mangle "$3"
}

AUTH='auth hmac(sha1) 0x0102030405060708090a0b0c0d0e0f1011121314'
ESP="$AUTH enc cbc(aes) 0x000102030405060708090a0b0c0d0e0f"

# ipsec FAMILY MODE DST [ah]: from c to r, for packets to DST
ipsec()
{
	local src=10.0.1.2 dst=10.0.1.1 ends tmpl name

	[ "$1" = 4 ] || { src=fd00:1::2 dst=fd00:1::1; }
	ends="src $src dst $dst"
	tmpl="tmpl $ends proto esp reqid 7 mode $2"
	[ -z "${4:-}" ] || tmpl+=" tmpl $ends proto ah reqid 8 mode transport"
	for name in c r; do
		ns "$name" ip xfrm state flush
		ns "$name" ip xfrm policy flush
		# shellcheck disable=SC2086  # several words
		must ns "$name" ip xfrm state add $ends proto esp spi 0x1234 reqid 7 mode "$2" $ESP
		# shellcheck disable=SC2086
		[ -z "${4:-}" ] || must ns "$name" ip xfrm state add $ends proto ah spi 0x5678 reqid 8 mode transport $AUTH
	done
	# shellcheck disable=SC2086
	must ns c ip xfrm policy add src "$src" dst "$3" dir out $tmpl
	# what comes out of a tunnel passes on only if a policy wants it
	# shellcheck disable=SC2086
	[ "$2" != tunnel ] || must ns r ip xfrm policy add src "$src" dst "$3" dir fwd $tmpl
}

# DIFF: policy-spi-order
PLAIN='not-spi turned-spi' MIXED='not-spi turned-spi'
! is_ours || PLAIN='spi turned-spi' MIXED='spi not-spi turned-spi'

for family in 4 6; do
	near=10.0.1.1 far=10.0.2.2
	[ $family = 4 ] || near=fd00:1::1 far=fd00:2::2
	must ipsec_rules $family r INPUT in
	must ipsec_rules $family r FORWARD in
	must ipsec_rules $family c POSTROUTING out
	must ipsec_rules $family c OUTPUT out
	ns c bash -c "echo >/dev/udp/$near/9"
	is "policy IPv$family: none" "$(counted r $family mangle INPUT)" none
	is "policy IPv$family: none, out" "$(counted c $family mangle POSTROUTING)" none
	counted c $family mangle OUTPUT >/dev/null

	ipsec $family transport $near
	ns c bash -c "echo >/dev/udp/$near/9"
	expected="any reqid $PLAIN proto transport not-tunnel two strict"
	is "policy IPv$family: transport" "$(counted r $family mangle INPUT)" "$expected"
	is "policy IPv$family: transport, out" "$(counted c $family mangle POSTROUTING)" "$expected"
	is "policy IPv$family: transport, OUTPUT" "$(counted c $family mangle OUTPUT)" "$expected"
	ns r "$(tool $family)-save" -t mangle >/tmp/saved
	must ns r "$(tool $family)-restore" </tmp/saved
	ns c bash -c "echo >/dev/udp/$near/9"
	is "policy IPv$family: transport, after the rules were saved and restored" \
		"$(counted r $family mangle INPUT)" "$expected"
	counted c $family mangle OUTPUT >/dev/null

	ipsec $family transport $near ah
	ns c bash -c "echo >/dev/udp/$near/9"
	expected="any reqid not-reqid second-reqid $MIXED proto not-proto ah transport not-tunnel two strict-two"
	is "policy IPv$family: two transforms" "$(counted r $family mangle INPUT)" "$expected"
	is "policy IPv$family: two transforms, out" "$(counted c $family mangle OUTPUT)" "$expected"

	ipsec $family tunnel $far
	counted c $family mangle POSTROUTING >/dev/null
	ns c bash -c "echo >/dev/udp/$far/9"
	expected="any reqid $PLAIN proto tunnel src not-other-src net-src dst net-dst strict"
	is "policy IPv$family: tunnel" "$(counted r $family mangle FORWARD)" "$expected"
	is "policy IPv$family: tunnel, out" "$(counted c $family mangle POSTROUTING)" "$expected"
	for name in c r; do
		ns $name ip xfrm state flush
		ns $name ip xfrm policy flush
		ns $name "$(tool $family)" -t mangle -F
	done
done
finish
