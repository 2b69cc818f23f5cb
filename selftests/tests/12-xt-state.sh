#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets with state that grows with traffic, and what a table of packets cannot
# say of them: bursts counted exactly while two CPUs send, files in /proc, module parameters,
# several rules of one name, rules replaced, namespaces deleted, rates that are measured.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

# $1: IPv4 packets with 12 bytes of data that c sends; $2: where to; $3: port; $4: CPU
send()
{
	ns c taskset -c "${4:-0}" python3 -c '
import socket, sys
to = sys.argv[2]
family = socket.AF_INET6 if ":" in to else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])):
    try:
        sock.sendto(bytes(12), (to, int(sys.argv[3])))
    except ConnectionRefusedError:
        pass
' "$1" "${2:-10.0.2.2}" "${3:-5300}"
}

# Two CPUs send $1 packets each.
send_both()
{
	local pid

	send "$1" 10.0.2.2 5300 0 &
	pid=$!
	send "$1" 10.0.2.2 5300 1
	wait "$pid"
}

# The only rule of raw PREROUTING
rule()
{
	ns r iptables-legacy -t raw -F
	ns r iptables-legacy -t raw -A PREROUTING -i eth1 -p udp "$@"
}

add_rule()
{
	ns r iptables-legacy -t raw -A PREROUTING -i eth1 -p udp "$@"
}

# Packets that rule $1 has counted
counted()
{
	ns r iptables-legacy -t raw -nvxL PREROUTING | awk -v n="$((${1:-1} + 2))" 'NR == n { print $1 }'
}

# How many lines a file of r has
lines()
{
	ns r cat "/proc/net/$1" | wc -l
}

matches()
{
	local text

	text=$(ns r cat "/proc/net/$1")
	note "$text"
	grep -qxE "$2" <<<"$text"
}

# The command of r fails, and says $1.
fails_with()
{
	local text=$1 said

	shift
	said=$(ns r "$@" 2>&1) && return 1
	echo "$said"
	grep -q "$text" <<<"$said"
}

write_recent()
{
	ns r bash -c "printf -- '$2' >/proc/net/xt_recent/$1"
}

exact_counts()
{
	must rule -m limit --limit 1/min --limit-burst 1000
	send_both 900
	is 'limit: two CPUs get the burst, no more' "$(counted)" 1000
	must rule -m quota --quota 40000
	send_both 900
	is 'quota: two CPUs get the bytes, no more' "$(counted)" 1000
	must rule -m statistic --mode nth --every 4 --packet 0
	send_both 900
	is 'statistic: each 4th of what two CPUs send' "$(counted)" 450
	must rule -m hashlimit --hashlimit-upto 1/min --hashlimit-burst 1000 --hashlimit-mode srcip --hashlimit-name cpus
	send_both 900
	is 'hashlimit: two CPUs get the burst, no more' "$(counted)" 1000
	must rule -m recent --set --name cpus
	send_both 900
	is 'recent: all packets of two CPUs are one address' "$(counted) $(lines xt_recent/cpus)" '1800 1'
	must rule -m statistic --mode random --probability 0.5
	send_both 2000
	cmp_num 'statistic: half of the packets, about' "$(counted)" -gt 1800
	cmp_num 'statistic: half of the packets, not more' "$(counted)" -lt 2200
}

hashlimit_files()
{
	local file=ipt_hashlimit/one

	must rule -m hashlimit --hashlimit-upto 50/sec --hashlimit-burst 5 --hashlimit-mode srcip,dstport --hashlimit-name one \
		--hashlimit-htable-expire 60000
	is 'hashlimit: the file is empty' "$(lines $file)" 0
	is 'hashlimit: who may read it' "$(ns r stat -c '%a %u %g' /proc/net/$file)" '444 0 0'
	send 1 10.0.2.2 53
	check 'hashlimit: a line of the file' matches $file \
		'59 10\.0\.1\.2:0->0\.0\.0\.0:53 [0-9]+ 13743895300000 2748779060000'
	send 1 10.0.2.2 54
	is 'hashlimit: another port, another line' "$(lines $file)" 2
	must ns r ip6tables-legacy -t raw -A PREROUTING -i eth1 -p udp -m hashlimit --hashlimit-upto 50/sec \
		--hashlimit-burst 5 --hashlimit-mode srcip,dstip,srcport --hashlimit-name one --hashlimit-htable-expire 60000
	send 1 fd00:2::2
	check 'hashlimit: a line of IPv6' matches ip6t_hashlimit/one \
		'59 fd00:0001:0000:0000:0000:0000:0000:0002:[1-9][0-9]*->fd00:0002:0000:0000:0000:0000:0000:0002:0 [0-9]+ 13743895300000 2748779060000'
	ns r ip6tables-legacy -t raw -F
	refute 'hashlimit: the file goes with the rule' ns r test -e /proc/net/ip6t_hashlimit/one
	must rule -m hashlimit --hashlimit-upto 1kb/s --hashlimit-burst 2kb --hashlimit-mode srcip --hashlimit-name bytes
	send 1
	check 'hashlimit: a line of bytes' matches ipt_hashlimit/bytes \
		'59 10\.0\.1\.2:0->0\.0\.0\.0:0 [0-9]{9,11} 2 [0-9]+'
	must rule -m hashlimit --hashlimit-upto 5/s --hashlimit-burst 1 --hashlimit-rate-match --hashlimit-rate-interval 30 \
		--hashlimit-mode srcip --hashlimit-name window --hashlimit-htable-expire 60000
	send 4
	check 'hashlimit: a line of a rate match' matches ipt_hashlimit/window \
		'59 10\.0\.1\.2:0->0\.0\.0\.0:0 30 4 5'
	must rule -m hashlimit --hashlimit-upto 1/s --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name short \
		--hashlimit-htable-expire "$(scaled 3)000" --hashlimit-htable-gcinterval 100
	send 1
	is 'hashlimit: an entry' "$(lines ipt_hashlimit/short)" 1
	check 'hashlimit: its time is over' wait_for '[ "$(lines ipt_hashlimit/short)" = 0 ]' 20
}

# Rules of one name share the table that the first has made.
hashlimit_names()
{
	local args=(-m hashlimit --hashlimit-mode srcip --hashlimit-name shared --hashlimit-upto 1/min)

	must rule "${args[@]}" --hashlimit-burst 3
	must add_rule "${args[@]}" --hashlimit-burst 50
	send 4
	is 'hashlimit: two rules share a burst' "$(counted 1) $(counted 2)" '2 1'
	must ns r iptables-legacy -t raw -D PREROUTING 1
	send 1
	is 'hashlimit: the second goes on without the first' "$(counted) $(lines ipt_hashlimit/shared)" '1 1'
	ns r iptables-legacy-save -t raw | ns r iptables-legacy-restore
	send 2
	is 'hashlimit: the same rules again: nobody begins anew' "$(counted)" 0
	must ns r iptables-legacy -t raw -F
	refute 'hashlimit: the last rule takes the table along' ns r test -e /proc/net/ipt_hashlimit/shared
	must rule "${args[@]}" --hashlimit-burst 3
	send 4
	is 'hashlimit: the name is free again' "$(counted)" 3
}

rates()
{
	local args=(-j RATEEST --rateest-interval 250ms --rateest-ewmalog 500ms)

	must ns r iptables-legacy -t mangle -A PREROUTING -i eth1 -p udp "${args[@]}" --rateest-name busy
	must ns r iptables-legacy -t mangle -A PREROUTING -i eth1 -p esp "${args[@]}" --rateest-name idle
	must rule -m rateest --rateest busy --rateest-gt --rateest-pps 20
	must add_rule -m rateest --rateest busy --rateest-gt --rateest-bps 8kbit
	must add_rule -m rateest --rateest1 busy --rateest-gt --rateest-pps --rateest2 idle
	must add_rule -m rateest --rateest-delta --rateest busy --rateest-pps1 1000000 --rateest-lt --rateest-pps2 999990
	must add_rule -m rateest --rateest idle ! --rateest-eq --rateest-pps 0
	must add_rule -m rateest --rateest busy --rateest-gt --rateest-pps 100000000
	check 'rateest: packets' wait_for 'send 1000; [ "$(counted 1)" -gt 0 ]' 30
	check 'rateest: bits' wait_for 'send 1000; [ "$(counted 2)" -gt 0 ]' 30
	check 'rateest: more than another' wait_for 'send 1000; [ "$(counted 3)" -gt 0 ]' 30
	check 'rateest: what is left of a rate' wait_for 'send 1000; [ "$(counted 4)" -gt 0 ]' 30
	is 'rateest: what is idle' "$(counted 5)" 0
	is 'rateest: not as many' "$(counted 6)" 0
	must ns r iptables-legacy -t mangle -F
	must add_rule -m rateest --rateest busy --rateest-gt --rateest-pps 20
	must ns r iptables-legacy -t raw -F
	check 'rateest: the last rule takes the estimator along' fails_with 'No chain' \
		iptables-legacy -t raw -A PREROUTING -m rateest --rateest busy --rateest-gt --rateest-pps 20
}

recent_files()
{
	local file=xt_recent/list

	must rule -m recent --set --name list
	is 'recent: who may use the file' "$(ns r stat -c '%a %u %g' /proc/net/$file)" '644 0 0'
	send 1
	check 'recent: a line of the file' matches $file \
		'src=10\.0\.1\.2 ttl: 64 last_seen: ([0-9]+) oldest_pkt: 1 \1'
	send 2
	check 'recent: three packets' matches $file \
		'src=10\.0\.1\.2 ttl: 64 last_seen: ([0-9]+) oldest_pkt: 3 [0-9]+, [0-9]+, \1'
	send 31
	check 'recent: 34 packets, of which 32 are known' matches $file \
		'src=10\.0\.1\.2 ttl: 64 last_seen: [0-9]+ oldest_pkt: 2 [0-9]+(, [0-9]+){31}'
	check 'recent: "+" puts an address there' write_recent list '+192.0.2.7\n'
	check 'recent: of IPv6' write_recent list +2001:db8::7
	is 'recent: they are there' "$(ns r cut -d ' ' -f 1-3 /proc/net/$file | sort | tr '\n' ' ')" \
		'src=10.0.1.2 ttl: 64 src=192.0.2.7 ttl: 0 src=2001:0db8:0000:0000:0000:0000:0000:0007 ttl: 0 '
	check 'recent: "+" again' write_recent list +192.0.2.7
	check 'recent: a second time' matches $file 'src=192\.0\.2\.7 ttl: 0 last_seen: ([0-9]+) oldest_pkt: 2 [0-9]+, \1'
	check 'recent: "-" takes it off' write_recent list -192.0.2.7
	check 'recent: what is not there' write_recent list -192.0.2.9
	is 'recent: two are left' "$(lines $file)" 2
	for text in x 192.0.2.1 + +x +1.2.3 '+1.2.3.4.5' '+:' '-2001:db8::x' '\n'; do
		refute "recent: \"$text\" is refused" write_recent list "$text"
	done
	refute 'recent: a second command in one opened file' ns r bash -c \
		"{ printf +192.0.2.1; printf +192.0.2.2; } >/proc/net/$file"
	check 'recent: "/" empties the list' write_recent list /
	is 'recent: it is empty' "$(lines $file)" 0
	must ns r ip6tables-legacy -t raw -A PREROUTING -i eth1 -p udp -m recent --set --name list
	must ns r iptables-legacy -t raw -F
	send 1 fd00:2::2
	check 'recent: IPv6 has the same list' matches $file \
		'src=fd00:0001:0000:0000:0000:0000:0000:0002 ttl: 64 last_seen: ([0-9]+) oldest_pkt: 1 \1'
	must add_rule -m recent --rcheck --hitcount 40 --name list
	is 'recent: a rule that counts further begins anew' "$(lines $file)" 0
	ns r ip6tables-legacy -t raw -F
	check 'recent: one rule is left, and the list' ns r test -e /proc/net/$file
	must ns r iptables-legacy -t raw -F
	refute 'recent: the last rule takes the list along' ns r test -e /proc/net/$file
}

# --reap ends the oldest address, unless --update is about to count it. An address is old
# after a second, which is all that is waited for.
recent_reap()
{
	must rule -m recent --rcheck --seconds 1 --reap --name old
	must write_recent old +10.0.1.2
	must write_recent old +192.0.2.7
	must write_recent old +192.0.2.8
	sleep 2.2
	send 1
	is 'recent: an old address is ended' "$(lines xt_recent/old) $(counted)" '2 0'
	must rule -m recent ! --update --seconds 1 --reap --name other
	must write_recent other +10.0.1.2
	sleep 2.2
	send 1
	is 'recent: not one that counts this packet' "$(lines xt_recent/other) $(counted)" '1 1'
}

# $1: parameters, separated by spaces
recent_with()
{
	ns r iptables-legacy -t raw -F
	ns r ip6tables-legacy -t raw -F
	rmmod xt_recent
	# shellcheck disable=SC2086  # one word for each
	modprobe xt_recent $1
}

recent_parameters()
{
	local n

	is 'recent: parameters' "$(cd /sys/module/xt_recent/parameters && cat ip_list_tot ip_list_hash_size \
		ip_list_perms ip_list_uid ip_list_gid ip_pkt_list_tot | tr '\n' ' ')" '100 128 420 0 0 0 '
	refute 'recent: no list is without room' recent_with ip_list_tot=0
	refute 'recent: too many packets' recent_with ip_pkt_list_tot=65536
	# stock warns, with a trace of the kernel
	if is_ours; then
		must recent_with ip_list_tot=1000000000
		check 'recent: more than there is memory for' fails_with 'Cannot allocate memory\|Memory allocation problem' \
			iptables-legacy -t raw -A PREROUTING -m recent --set --name huge
	fi
	must recent_with 'ip_list_tot=3 ip_pkt_list_tot=5 ip_list_perms=0600 ip_list_uid=7 ip_list_gid=8'
	must rule -m recent --set --name few
	is 'recent: the owner' "$(ns r stat -c '%a %u %g' /proc/net/xt_recent/few)" '600 7 8'
	for n in 1 2 3 1 4; do
		must write_recent few +192.0.2.$n
	done
	is 'recent: the oldest makes room' "$(ns r cut -d ' ' -f 1 /proc/net/xt_recent/few | sort | tr '\n' ' ')" \
		'src=192.0.2.1 src=192.0.2.3 src=192.0.2.4 '
	send 20
	check 'recent: 8 packets are known' matches xt_recent/few \
		'src=10\.0\.1\.2 ttl: 64 last_seen: [0-9]+ oldest_pkt: 4 [0-9]+(, [0-9]+){7}'
	must recent_with ''
}

LED=/sys/class/leds/xtled

# Has the LED been lit, and turned off, so many times more than before?
led_changed()
{
	local lit dark

	lit=$(cat /sys/module/xtled/parameters/lit)
	dark=$(cat /sys/module/xtled/parameters/dark)
	is "LED: $1: lit, dark" "$((lit - LIT)) $((dark - DARK))" "$2"
	LIT=$lit DARK=$dark
}

led_shines()
{
	[ "$(cat "$LED/brightness")" != 0 ]
}

# The LED follows the trigger of the only rule. $1: its options
led_rule()
{
	# shellcheck disable=SC2086  # several words
	must rule -j LED --led-trigger-id xt $1
	echo netfilter-xt >"$LED/trigger"
	LIT=$(cat /sys/module/xtled/parameters/lit)
	DARK=$(cat /sys/module/xtled/parameters/dark)
}

# No time is checked: an LED that shines for a time does so for long enough to be seen.
leds()
{
	if ! insmod /payload/bin/xtled.ko 2>/dev/null; then
		skip 'LED' 'this kernel has no LEDs'
		return
	fi
	refute 'LED: no rule, no trigger' grep -q netfilter-xt "$LED/trigger"
	led_rule ''
	send 1
	led_changed 'a flash' '1 1'
	led_rule '--led-delay inf'
	send 2
	check 'LED: for ever' led_shines
	led_changed 'two packets, for ever' '2 0'
	ns r iptables-legacy -t raw -F
	refute 'LED: the rule takes the light along' led_shines
	refute 'LED: and the trigger' grep -q netfilter-xt "$LED/trigger"
	led_rule '--led-delay 600000'
	send 2
	check 'LED: for a while' led_shines
	led_changed 'two packets, for a while' '2 0'
	led_rule '--led-delay 600000 --led-always-blink'
	send 1
	led_changed 'the first packet' '1 0'
	send 1
	check 'LED: a dark moment, and it shines again' wait_for \
		'[ "$(cat /sys/module/xtled/parameters/dark)" -gt $DARK ] && led_shines'
	led_rule '--led-delay 50'
	send 1
	check 'LED: until the time is over' wait_for '! led_shines'
	led_changed 'until the time is over' '1 1'
	ns r iptables-legacy -t raw -F
	check 'LED: the LED can go' rmmod xtled
}

# Namespaces end with their rules, tables, lists and entries.
namespaces()
{
	local n

	for n in 1 2 3; do
		must ip netns add "x$n"
		must ns "x$n" ip link set lo up
		for family in iptables ip6tables; do
			must ns "x$n" $family-legacy-restore <<-'EOT'
				*raw
				-A PREROUTING -m hashlimit --hashlimit-upto 1/min --hashlimit-mode srcip,dstport --hashlimit-name one
				-A PREROUTING -m recent --set --name list
				-A PREROUTING -m recent --rcheck --name list
				-A PREROUTING -j RATEEST --rateest-name est --rateest-interval 250ms --rateest-ewmalog 500ms
				-A PREROUTING -m limit
				-A PREROUTING -m quota --quota 100
				-A PREROUTING -m statistic --mode nth --every 2 --packet 0
				COMMIT
			EOT
			must ns "x$n" $family-legacy -t raw -A PREROUTING -m rateest --rateest est --rateest-gt --rateest-pps 5
		done
		ns "x$n" ping -qc 2 -i 0.1 127.0.0.1 >/dev/null
		ns "x$n" ping -qc 2 -i 0.1 ::1 >/dev/null
	done
	is 'namespaces: each has its own' "$(ns x2 cat /proc/net/xt_recent/list | wc -l) $(ns x2 cat /proc/net/ipt_hashlimit/one | wc -l)" '2 1'
	refute 'namespaces: and r has none' ns r test -e /proc/net/xt_recent/list
	for n in 1 2 3; do
		must ip netns del "x$n"
	done
	check 'namespaces: they are gone, the modules can go' wait_for \
		'rmmod xt_hashlimit && rmmod xt_recent && rmmod xt_rateest xt_RATEEST' 20
}

must modprobe -a xt_limit xt_quota xt_statistic xt_hashlimit xt_recent xt_rateest xt_RATEEST
must topology
exact_counts
hashlimit_files
hashlimit_names
rates
recent_files
recent_reap
recent_parameters
# not with each kernel
modprobe -q xt_LED || true
leds
must ns r iptables-legacy -t raw -F
namespaces
finish
