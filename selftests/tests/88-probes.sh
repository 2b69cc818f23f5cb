#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions that tracing programs attach to by name are there, run at the moments that
# these programs rely on, also when nobody listens, and have the entry as the argument
# where they look for it: network monitors count connections so.
#
# TIMEOUT: 120

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=50
TRACING=/sys/kernel/tracing

# FLOWS connections are dumped and deleted, as many others end by timeout.
# name, argument that is the entry (0: none is looked at), how often at least for both
FUNCTIONS="
__nf_conntrack_hash_insert 1 2
__nf_conntrack_confirm 0 2
nf_conntrack_in 0 2
nf_ct_delete 1 2
nf_conntrack_free 1 2
ctnetlink_fill_info 5 1
"

# Register of argument $1
register_of()
{
	cut -d' ' -f"$1" <<<'%di %si %dx %cx %r8 %r9'
}

mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING 2>/dev/null
[ -w $TRACING/kprobe_events ] || skip_all 'this kernel has no probes'
must modprobe nf_conntrack_netlink
must flow_net n

while read -r name argument _; do
	[ -n "$name" ] || continue
	# the lower byte of the word in the entry that says which protocol it is of
	fetch=
	[ "$argument" = 0 ] || fetch="proto=+70($(register_of "$argument")):u8"
	if echo "p:$name $name $fetch" >>$TRACING/kprobe_events 2>/dev/null; then
		echo 1 >"$TRACING/events/kprobes/$name/enable"
		ok "$name: a probe attaches"
	elif is_stock; then
		skip "$name: a probe attaches" 'the compiler has left it out here'
	else
		not_ok "$name: a probe attaches"
	fi
done <<<"$FUNCTIONS"

ns n flows udp 198.18.1.0 4000 0 $FLOWS >/tmp/made
ns n conntrack -L >/tmp/list 2>/dev/null
ns n conntrack -F 2>/dev/null
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1
ns n flows udp 198.18.1.0 4001 0 $FLOWS >/tmp/made
# the stock module leaves an expired entry until a look at the table meets it
check 'the others end by timeout' \
	wait_for 'ns n conntrack -L >/dev/null 2>&1; [ "$(ctcount n)" = 0 ]' 20
sleep 1
echo 0 >$TRACING/tracing_on

while read -r name argument times; do
	[ -e "$TRACING/events/kprobes/${name:-none}" ] || continue
	cmp_num "$name: runs for each connection" \
		"$(grep -c " $name: " $TRACING/trace)" -ge $((FLOWS * times))
	[ "$argument" != 0 ] || continue
	cmp_num "$name: argument $argument is the entry" \
		"$(grep -c " $name: .*proto=17$" $TRACING/trace)" -ge $((FLOWS * times))
	echo 0 >"$TRACING/events/kprobes/$name/enable"
done <<<"$FUNCTIONS"
for event in "$TRACING"/events/kprobes/*/enable; do
	[ ! -e "$event" ] || echo 0 >"$event"
done
echo >$TRACING/kprobe_events
echo >$TRACING/trace
echo 1 >$TRACING/tracing_on
finish
