#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every module of this kernel that uses nf_conntrack, by its symbols, through another
# module or through hooks only, loads and unloads: alone, then all together, then with
# connections in the table.
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

# They use hooks of the core, not its symbols.
BY_HOOK='nfnetlink_queue nfnetlink_log br_netfilter nf_reject_ipv4 nf_reject_ipv6 nf_defrag_ipv4
nf_defrag_ipv6 nf_socket_ipv4 nf_socket_ipv6 nf_dup_ipv4 nf_dup_ipv6 cls_flow sch_cake act_mirred
xt_HMARK xt_ipvs xt_connlimit ip_vs_ftp act_ctinfo act_connmark xt_socket nft_socket'

# Modules whose dependencies name nf_conntrack; modules.dep has them all.
dependents()
{
	sed -n 's,.*/\([^/]*\)\.ko[^:]*:.*/nf_conntrack\.ko.*,\1,p' "/lib/modules/$(uname -r)/modules.dep"
}

loaded()
{
	[ -d "/sys/module/$1" ]
}

# What others need may stay, the module itself must not.
load_alone()
{
	local name=$1

	modprobe "$name" || return 1
	loaded "$name" || return 1
	rmmod "$name" || return 1
	! loaded "$name"
}

# Everything but nf_conntrack itself and what the kernel needs
unload_all()
{
	local name again=1

	while ((again)); do
		again=0
		for name in $(lsmod | awk 'NR > 1 && $3 == 0 { print $1 }'); do
			[[ " $all " == *" ${name//-/_} "* ]] && rmmod "$name" 2>/dev/null && again=1
		done
	done
	for name in $all; do
		[ "$name" = nf_conntrack ] || [ -e "/sys/module/$name/holders/nf_conntrack" ] || ! loaded "$name" || echo "$name"
	done
}

mapfile -t names < <(dependents | tr - _ | sort)
for name in $BY_HOOK; do
	modinfo "$name" >/dev/null 2>&1 && [[ " ${names[*]} " != *" $name "* ]] && names+=("$name")
done
all="${names[*]}"
note "${#names[@]} modules: $all"
cmp_num 'number of modules' "${#names[@]}" -ge 60

for name in "${names[@]}"; do
	if loaded "$name"; then
		ok "$name is loaded already"
	else
		check "$name" load_alone "$name"
	fi
done
is 'all are gone' "$(unload_all)" ''
check 'all at once' modprobe -a "${names[@]}"
gateway
is 'packets pass' "$(ask -q udp 10.0.1.2 4000 10.0.2.2 9000) $(ask -q tcp 10.0.1.2 4000 10.0.2.2 9000)" '1 1'
is 'connections are in the table' "$(entries | wc -l)" 2
stop "$(pgrep -x who | head -n 1)" "$(pgrep -x who | tail -n 1)"
ns r nft flush ruleset
is 'and all unload' "$(unload_all)" ''

finish
