#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What BPF programs can call: an XDP program looks a connection up, writes its mark,
# makes another one, and gets an error for each wrong argument. prog/bpfct.c writes the
# programs.
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

FLOW='src=198.18.0.1 sport=1000 dst=198.18.0.2 dport=2000'
OTHER='src=198.18.0.1 sport=1001 dst=198.18.0.2 dport=2001'

# stock knows the zone since 6.10
LENGTH=
is_ours || kernel_is_at_least 6.12 || LENGTH=opts=12

# bpfct with words of "$2" and further arguments
program()
{
	local what=$1 options=$2
	shift 2

	# shellcheck disable=SC2086  # words
	ns n bpfct "$what" $options $LENGTH "$@" 2>&1
}

for name in bpf_xdp_ct_alloc bpf_xdp_ct_lookup bpf_skb_ct_alloc bpf_skb_ct_lookup \
	    bpf_ct_insert_entry bpf_ct_release bpf_ct_set_timeout \
	    bpf_ct_change_timeout bpf_ct_set_status bpf_ct_change_status; do
	check "$name" bpfct name func=$name
done
refute 'no other name is found' bpfct name func=bpf_ct_nothing

must ip netns add n
must ns n ip link set lo up
must ns n conntrack -I -p tcp -s 198.18.0.1 -d 198.18.0.2 --sport 1000 --dport 2000 \
	--state ESTABLISHED -t 300 -m 42 >/dev/null 2>&1

is 'lookup finds the connection' "$(program lookup "$FLOW")" 'mark 42'
is 'also by the reply direction' \
	"$(program lookup 'src=198.18.0.2 sport=2000 dst=198.18.0.1 dport=1000')" 'mark 42'
# the stock module of 7.3 lets no program write
writes=yes mark=77
if is_stock && kernel_is_at_least 7; then
	writes='' mark=0
	skip 'a program writes the mark' 'stock 7.3 refuses it: "only read is supported"'
else
	is 'a program writes the mark' "$(program mark "$FLOW" value=4711)" 'mark 4711'
	is 'which others see' "$(ns n conntrack -L -p tcp --sport 1000 2>/dev/null |
		grep -o 'mark=[0-9]*')" 'mark=4711'
fi

is 'no such connection' "$(program lookup "$OTHER")" 'error -2'
[ -n "$LENGTH" ] || is 'reserved bytes' "$(program lookup "$FLOW" reserved=1)" 'error -22'
is 'namespace out of range' "$(program lookup "$FLOW" netns=-2)" 'error -22'
is 'namespace that is not there' "$(program lookup "$FLOW" netns=61455)" 'error -64'
is 'length of the options' "$(program lookup "$FLOW" opts=11)" 'error -22'
is 'options that end with the zone' "$(program lookup "$FLOW" opts=12)" \
	"mark $([ -n "$writes" ] && echo 4711 || echo 42)"
is 'protocol' "$(program lookup "$FLOW" proto=1)" 'error -71'
is 'length of the tuple' "$(program lookup "$FLOW" tuple=11)" 'error -97'

is 'a program makes a connection' \
	"$(program insert "$OTHER" value=200000 ${writes:+mark=77})" "mark $mark"
is 'and another one finds it' "$(program lookup "$OTHER")" "mark $mark"
entry=$(ns n conntrack -L -p tcp --sport 1001 2>/dev/null)
note "$entry"
left=$(awk '{ print $3 }' <<<"$entry")
cmp_num 'it lives as long as was said' "${left:-0}" -gt 100
cmp_num 'no longer' "${left:-0}" -le 200
is 'it cannot be made twice' "$(program insert "$OTHER" value=200000)" 'error -17'
is 'both are in the table' "$(ctcount n)" 2

if ! is_stock; then
	listen n /tmp/new -e NEW
	is 'and one more' "$(program insert \
		'src=198.18.0.3 sport=5 dst=198.18.0.4 dport=6' value=100000)" 'mark 0'
	check 'listeners hear of it' wait_for 'grep -q "src=198.18.0.3" /tmp/new'
	stop "$LISTENER"
fi
check 'conntrack -F' ns n conntrack -F
finish
