#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nf_conntrack_max: unreplied entries make room for new ones, assured entries do not;
# dropped packets are counted and logged. Which sizes of the table can be set.
#
# TIMEOUT: 180

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

MAX=1000
ASSURED=300
PARAMETER=/sys/module/nf_conntrack/parameters/hashsize
BUCKETS=/proc/sys/net/netfilter/nf_conntrack_buckets

# What the shell says of "echo $1 > $2", without the path.
refusal()
{
	LC_ALL=C bash -c "echo $1 >$2" 2>&1 | sed 's/.*: //'
}

assured_entries()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo "-I -p udp -s 198.18.0.1 -d 198.19.0.$((i % 250 + 1)) --sport $((3000 + i)) --dport 53 -t 600 -u ASSURED,SEEN_REPLY"
	done
}

table_bytes()
{
	awk 'NR == 2 { print $1 * 64 }' /proc/net/stat/nf_conntrack_table
}

count_assured()
{
	ns n conntrack -L -u ASSURED 2>/dev/null | wc -l
}

flow_begin n
# so that unreplied entries go for lack of room, not by timeout
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3000
# Stock looks for a victim in a few buckets only: let these be long.
echo 1024 >$PARAMETER
sysctl -qw net.netfilter.nf_conntrack_max=$MAX
is 'the limit is the same everywhere' "$(sysctl -n net.nf_conntrack_max) $(ns n cat /proc/sys/net/netfilter/nf_conntrack_max)" "$MAX $MAX"

# --- room for new ones ---
assured_entries $ASSURED >/tmp/entries
ns n conntrack -R /tmp/entries >/dev/null 2>/tmp/restore.err || note "$(tail -n 2 /tmp/restore.err)"
is 'assured entries' "$(count_assured)" $ASSURED
dmesg -C
ns n flows udp 198.18.1.0 4000 0 4000 >/tmp/made
note "$(cat /tmp/made), early_drop=$(ct_stat n early_drop) drop=$(ct_stat n drop)"
refused=$(sed 's/.*refused=//' /tmp/made)
cmp_num 'never more than the limit' "$(ctcount n)" -le $MAX
cmp_num 'the table is full' "$(ctcount n)" -ge $((MAX - 50))
cmp_num 'unreplied ones make room' "$(ct_stat n early_drop)" -ge 1000
is 'every packet has its entry, an evicted one, or was dropped' \
	"$((4000 - refused - $(ct_stat n early_drop) + ASSURED))" "$(ctcount n)"
# sendmmsg() does not report a failure in the middle, and flows sends that packet again
cmp_num 'dropped packets are counted' "$(ct_stat n drop)" -ge "$refused"
is 'assured ones stay' "$(count_assured)" $ASSURED

# --- no room: all are assured ---
ns n conntrack -F 2>/dev/null
wait_for '[ "$(ctcount n)" = 0 ]' 20
ns n conntrack -R /tmp/entries >/dev/null 2>&1
sysctl -qw net.netfilter.nf_conntrack_max=$ASSURED
dmesg -C
before=$(ct_stat n drop)
ns n flows udp 198.18.1.0 4001 0 100 >/tmp/made
is 'no room: every packet is dropped' "$(cat /tmp/made)" 'sent=0 refused=100'
is 'no room: counted' "$(($(ct_stat n drop) - before))" 100
is 'no room: assured ones stay' "$(count_assured)" $ASSURED
is 'no room: the count is right' "$(ctcount n)" $ASSURED
# 7.x names the namespace
check 'no room: logged' sh -c 'dmesg | grep -qE "nf_conntrack: nf_conntrack: table full( in netns [0-9]+)?, dropping packet"'
cmp_num 'no room: logged at a limited rate' "$(dmesg | grep -c 'table full')" -le 11
refute 'no room: conntrack -I says so' ns n conntrack -I -p udp -s 198.18.0.1 -d 198.19.1.1 --sport 1 --dport 2 -t 60

# --- another namespace has a count of its own ---
must flow_net m
ns m flows udp 198.18.1.0 4000 0 100 >/tmp/made
is 'another namespace is not full' "$(cat /tmp/made)" 'sent=100 refused=0'
ns n flows udp 198.18.1.0 4002 0 500 >/tmp/made
is 'the full one drops its packets' "$(cat /tmp/made)" 'sent=0 refused=500'
is 'another namespace makes no room for it' "$(ctcount m)" 100

# --- no limit, until 7.x ---
if kernel_is_at_least 7; then
	refute 'no limit of 0' sysctl -qw net.netfilter.nf_conntrack_max=0
else
	sysctl -qw net.netfilter.nf_conntrack_max=0
	ns n flows udp 198.18.1.0 4001 0 500 >/tmp/made
	is 'a limit of 0 is none' "$(cat /tmp/made)" 'sent=500 refused=0'
fi
refute 'a negative limit' sysctl -qw net.netfilter.nf_conntrack_max=-1
sysctl -qw net.netfilter.nf_conntrack_max=65536

# --- sizes of the table ---
is 'hashsize: none' "$(refusal 0 $PARAMETER)" 'Invalid argument'
is 'hashsize: not a number' "$(refusal many $PARAMETER)" 'Invalid argument'
is 'hashsize: too large for the type' "$(refusal 4294967296 $PARAMETER)" 'Numerical result out of range'
is 'buckets: none' "$(refusal 0 $BUCKETS)" 'Invalid argument'
is 'buckets: too large for the type' "$(refusal 4294967296 $BUCKETS)" 'Invalid argument'
is 'hashsize: huge' "$(refusal 4294967295 $PARAMETER)" 'Cannot allocate memory'
is 'the size is as it was' "$(cat $PARAMETER) $(cat $BUCKETS)" '1024 1024'
echo 1000 >$PARAMETER
is 'sizes are rounded up to pages' "$(cat $PARAMETER) $(cat $BUCKETS)" '1024 1024'
echo 5000 >$BUCKETS
is 'both names are one size' "$(cat $PARAMETER) $(cat $BUCKETS)" '5120 5120'
is 'hashsize: another namespace' "$(ns n bash -c "echo 2048 >$PARAMETER" 2>&1 | sed 's/.*: //')" 'Operation not supported'
is 'buckets: another namespace' "$(ns n bash -c "echo 2048 >$BUCKETS" 2>&1 | sed 's/.*: //')" 'Permission denied'
echo 33554432 >$PARAMETER
is 'hashsize: as large as the kernel takes' "$(cat $PARAMETER) $(cat $BUCKETS)" '33554432 33554432'
if is_ours; then
	cmp_num 'a large table: no more memory than a table of the kernel' "$(table_bytes)" -le $((33554432 * 8))
	sysctl -qw net.netfilter.nf_conntrack_buckets=65536
	cmp_num 'a table of 65536: no more memory than a table of the kernel' "$(table_bytes)" -le $((65536 * 8))
fi
is 'entries are still there' "$(ns n conntrack -L 2>/dev/null | wc -l)" "$(ctcount n)"
finish
