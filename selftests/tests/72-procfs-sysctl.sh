#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Names, modes, defaults and ranges of the settings; names, modes and formats of
# the files below /proc/net; module parameters. data/sysctls.txt has the settings.
#
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2086  # wait_for evaluates later; lists of words
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

DIR=/proc/sys/net
PARAMETERS=/sys/module/nf_conntrack/parameters
OWN='netfilter/nf_conntrack_events_batch netfilter/nf_conntrack_events_hold_max'
OWN+=' netfilter/nf_conntrack_events_hold_time netfilter/nf_conntrack_events_retry_timeout'
STAT_HEADER='entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart'

# --- settings ---

# Mode and value of each setting, as namespace $1 (or this one) has it
settings()
{
	local run=''

	[ -z "$1" ] || run="nsenter --net=/run/netns/$1 --"
	$run bash -c 'cd "$1" && for f in netfilter/nf_conntrack* netfilter/nf_flowtable* netfilter/nf_hooks* nf_conntrack*; do
		# nf_defrag_ipv6 has some of that name
		case "$f" in *_frag6_*) continue ;; esac
		[ -e "$f" ] && printf "%s 0%s %s\n" "$f" "$(stat -c %a "$f")" "$(cat "$f")"
	done' settings $DIR | sort
}

# What the table says of mode ($1: 2 here, 3 elsewhere) and value
expected()
{
	awk -v mode="$1" -v dccp="$(has_protocol dccp; echo $?)" '
		/^[^#]*dccp/ && dccp != 0 { next }
		!/^#/ && $mode != "-" { sub("\\.", "/", $1); print $1, $mode, $4 }' \
		/payload/data/sysctls.txt | sort
}

# Compares the two files line by line; a "-" stands for any value
compare()
{
	awk -v own="$OWN" '
		BEGIN { n = split(own, name, " "); for (i = 1; i <= n; i++) ours[name[i]] = 1 }
		NR == FNR { mode[$1] = $2; value[$1] = $3; next }
		ours[$1] { next }
		!($1 in mode) { print $1 ": not in the table"; next }
		{ seen[$1] = 1 }
		mode[$1] != $2 { print $1 ": mode " $2 ", not " mode[$1] }
		value[$1] != "-" && value[$1] != $3 { print $1 ": " $3 ", not " value[$1] }
		END { for (n in mode) if (!(n in seen)) print n ": missing" }' "$@"
}

# The shell's words when it cannot write $1 into setting $2, "ok" when it can
write()
{
	local said

	said=$(LC_ALL=C bash -c "echo $1 >$DIR/netfilter/nf_conntrack_$2" 2>&1) && echo ok && return
	echo "${said##*: }"
}

limits()
{
	local name=$1 low=$2 high=$3 below=$4 above=$5 old

	old=$(cat "$DIR/netfilter/nf_conntrack_$name")
	is "$name: from $low to $high" \
		"$(write "$low" "$name") $(write "$high" "$name") $(write "$below" "$name") $(write "$above" "$name")" \
		'ok ok Invalid argument Invalid argument'
	write "$old" "$name" >/dev/null
}

ip netns add n
expected 2 >/tmp/expected
settings '' >/tmp/got
is 'settings of the initial namespace' "$(compare /tmp/expected /tmp/got)" ''
expected 3 >/tmp/expected
settings n >/tmp/got
is 'settings of another namespace' "$(compare /tmp/expected /tmp/got)" ''

for name in acct checksum timestamp tcp_loose tcp_be_liberal tcp_ignore_invalid_rst; do
	limits $name 0 1 -1 2
done
! has_protocol dccp || limits dccp_loose 0 1 -1 2
limits events 0 2 -1 3
limits log_invalid 0 255 -1 256

# DIFF: log-invalid-logger: stock needs a logger that somebody else has loaded
logger()
{
	ns n cat "$DIR/netfilter/nf_log/${1:-2}"
}

if is_ours; then
	is 'log_invalid: a logger, also elsewhere' "$(logger) $(logger 10)" 'nf_log_ipv4 nf_log_ipv6'
	must modprobe -r nf_log_syslog
	is 'log_invalid: no logger' "$(write 0 log_invalid) $(logger)" 'ok NONE'
	must modprobe nfnetlink_log
	echo nfnetlink_log >"$DIR/netfilter/nf_log/2"
	is 'log_invalid: one is enough' "$(write 17 log_invalid) $(logger)" 'ok NONE'
	is 'log_invalid: by a namespace' "$(ns n bash -c "echo 255 >$DIR/netfilter/nf_conntrack_log_invalid") $(logger)" ' nf_log_ipv4'
	echo NONE >"$DIR/netfilter/nf_log/2"
	write 0 log_invalid >/dev/null
fi
limits tcp_max_retrans 0 255 -1 256
limits expect_max 1 2147483647 0 2147483648
if kernel_is_at_least 7; then
	limits max 1 2147483647 0 2147483648
else
	limits max 0 2147483647 -1 2147483648
fi
is 'a timeout' "$(write 77 udp_timeout) $(cat $DIR/netfilter/nf_conntrack_udp_timeout)" 'ok 77'
is 'not a number' "$(write much udp_timeout)" 'Invalid argument'
is 'a namespace has its own' "$(ns n cat $DIR/netfilter/nf_conntrack_udp_timeout)" 30
is 'one limit, two names' "$(write 54321 max) $(cat $DIR/nf_conntrack_max)" 'ok 54321'
if is_ours; then
	is 'our own: modes' "$(cd $DIR && stat -c %a $OWN | tr '\n' ' ')" '644 644 644 644 '
	is 'our own: defaults' "$(cd $DIR && cat $OWN | tr '\n' ' ')" '0 0 0 15 '
	limits events_batch 0 3776 -1 3777
	check 'our own: in every namespace' ns n sh -c "cd $DIR && cat $OWN"
fi

# --- module parameters ---
modes=$(cd $PARAMETERS && stat -c '%n %a' -- * | sort | tr '\n' ' ')
is 'parameters' "$modes" 'acct 644 expect_hashsize 400 hashsize 600 tstamp 644 '
is 'hashsize is the setting' "$(cat $PARAMETERS/hashsize)" "$(cat $DIR/netfilter/nf_conntrack_buckets)"

# --- files ---
must topology
must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
for file in nf_conntrack nf_conntrack_expect; do
	is "$file: mode and owner" "$(stat -c '%a %u %g' /proc/net/$file)" '440 0 0'
	is "$file: in a namespace" "$(ns r stat -c '%a %u %g' /proc/net/$file)" '440 0 0'
done
is 'stat/nf_conntrack: mode' "$(stat -c %a /proc/net/stat/nf_conntrack)" 444
is 'stat/nf_conntrack: header' "$(ns r head -n 1 /proc/net/stat/nf_conntrack)" "$STAT_HEADER"
is 'stat/nf_conntrack: a line for each CPU' "$(ns r tail -n +2 /proc/net/stat/nf_conntrack |
	grep -cxE '[0-9a-f]{8}  ([0-9a-f]{8} ){11}[0-9a-f]{8}  ([0-9a-f]{8} ){3}[0-9a-f]{8}')" \
	"$(tr -d '\n' </sys/devices/system/cpu/possible | awk -F- '{ print $NF + 1 }')"

# One line of /proc/net/nf_conntrack that has all of $2 must be like $3
line()
{
	local name=$1 words=$2 form=$3 text

	text=$(ns r grep -E -- "$words" /proc/net/nf_conntrack | head -n 1)
	if grep -qxE -- "$form" <<<"$text"; then
		ok "$name"
	else
		not_ok "$name" "'$text'"
	fi
}

ns r conntrack -I -p udp -s 10.0.1.2 -d 10.0.2.2 --sport 11 --dport 53 -t 50 >/dev/null 2>&1
ns r conntrack -I -p udp -s 10.0.1.2 -d 10.0.2.2 --sport 12 --dport 53 -t 50 -u SEEN_REPLY,ASSURED -m 7 >/dev/null 2>&1
ns r conntrack -I -p tcp -s 10.0.1.2 -d 10.0.2.2 --sport 13 --dport 80 -t 50 --state ESTABLISHED -u SEEN_REPLY,ASSURED >/dev/null 2>&1
said=$(ns r conntrack -I -p udp -s fd00:1::2 -d fd00:2::2 --sport 14 --dport 53 -t 50 2>&1) || note "$said"
ns r conntrack -I -p udp -s 10.0.1.2 -d 10.0.2.2 --sport 15 --dport 53 -t 50 -w 9 >/dev/null 2>&1
ns r conntrack -I -p icmp -s 10.0.1.2 -d 10.0.2.2 --icmp-type 8 --icmp-code 0 --icmp-id 77 -t 50 >/dev/null 2>&1
ns r conntrack -I -p 50 -s 10.0.1.2 -d 10.0.2.2 -t 50 >/dev/null 2>&1
ns r conntrack -I -p udp -s 10.0.1.2 -d 10.0.2.2 --orig-zone 3 --sport 16 --dport 53 -t 50 >/dev/null 2>&1
! has_protocol udplite || ns r conntrack -I -p udplite -s 10.0.1.2 -d 10.0.2.2 --sport 17 --dport 53 -t 50 >/dev/null 2>&1
note "$(ns r cat /proc/net/nf_conntrack)"

src='src=10\.0\.1\.2 dst=10\.0\.2\.2'
dst='src=10\.0\.2\.2 dst=10\.0\.1\.2'
end='mark=0 zone=0 use=2'
line 'UDP, unreplied' sport=11 "ipv4     2 udp      17 [0-9]+ $src sport=11 dport=53 \\[UNREPLIED\\] $dst sport=53 dport=11 $end"
line 'UDP, assured, marked' sport=12 "ipv4     2 udp      17 [0-9]+ $src sport=12 dport=53 $dst sport=53 dport=12 \\[ASSURED\\] mark=7 zone=0 use=2"
line 'TCP' sport=13 "ipv4     2 tcp      6 [0-9]+ ESTABLISHED $src sport=13 dport=80 $dst sport=80 dport=13 \\[ASSURED\\] $end"
line 'IPv6' sport=14 'ipv6     10 udp      17 [0-9]+ src=fd00:0001:0000:0000:0000:0000:0000:0002 dst=fd00:0002:0000:0000:0000:0000:0000:0002 sport=14 dport=53 \[UNREPLIED\] src=fd00:0002:0000:0000:0000:0000:0000:0002 dst=fd00:0001:0000:0000:0000:0000:0000:0002 sport=53 dport=14 mark=0 zone=0 use=2'
line 'zone' sport=15 "ipv4     2 udp      17 [0-9]+ $src sport=15 dport=53 \\[UNREPLIED\\] $dst sport=53 dport=15 mark=0 zone=9 use=2"
line 'ICMP' 'id=77' "ipv4     2 icmp     1 [0-9]+ $src type=8 code=0 id=77 \\[UNREPLIED\\] $dst type=0 code=0 id=77 $end"
line 'zone of one direction' sport=16 "ipv4     2 udp      17 [0-9]+ $src sport=16 dport=53 zone-orig=3 \\[UNREPLIED\\] $dst sport=53 dport=16 mark=0 use=2"
! has_protocol udplite || line 'UDP-Lite' sport=17 "ipv4     2 udplite  136 [0-9]+ $src sport=17 dport=53 \\[UNREPLIED\\] $dst sport=53 dport=17 $end"
# made by a packet: conntrack(8) wants ports
ns c ping -qc 1 -W 30 10.0.2.2 >/dev/null
ns c python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.sendto(b"x" * 32, ("10.0.2.2", 0))'
wait_for 'ns r grep -q unknown /proc/net/nf_conntrack'
line 'another protocol' unknown "ipv4     2 unknown  50 [0-9]+ $src \\[UNREPLIED\\] $dst $end"
line 'ICMP, answered' 'icmp .*type=0.*use=2$' "ipv4     2 icmp     1 [0-9]+ $src type=8 code=0 id=[0-9]+ (\\[UNREPLIED\\] )?$dst type=0 code=0 id=[0-9]+ $end"

ns r sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
ns r conntrack -I -p udp -s 10.0.1.2 -d 10.0.2.2 --sport 18 --dport 53 -t 50 >/dev/null 2>&1
line 'counters and age' sport=18 "ipv4     2 udp      17 [0-9]+ $src sport=18 dport=53 packets=0 bytes=0 \\[UNREPLIED\\] $dst sport=53 dport=18 packets=0 bytes=0 mark=0 zone=0 delta-time=[0-9]+ use=2"

is 'stat/nf_conntrack: entries, on every line' \
	"$(ns r tail -n +2 /proc/net/stat/nf_conntrack | cut -d' ' -f1 | sort -u)" "$(printf '%08x' "$(ctcount r)")"
is 'another namespace sees none of it' "$(cat /proc/net/nf_conntrack)" ''
if is_ours; then
	is 'stat/nf_conntrack_events: header' "$(ns r head -n 1 /proc/net/stat/nf_conntrack_events)" \
		'delivered refused resent batches missed dying expect lost'
	is 'stat/nf_conntrack_listeners: header' "$(ns r head -n 1 /proc/net/stat/nf_conntrack_listeners)" \
		'portid pending delivered refused lost stalled_ms'
	is 'stat/nf_conntrack_table: header' "$(head -n 1 /proc/net/stat/nf_conntrack_table)" \
		'buckets floor slots overflow grown shrunk'
fi
finish
