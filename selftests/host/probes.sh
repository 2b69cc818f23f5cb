#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What include/compat/probe.sh finds in the headers of each kernel is what the table
# below knows of it. A probe that can never be true would count as "absent" without a
# word, and the module would build, load, and lack something.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

# name and kernels that have the thing; of 6.1 those of Debian from 6.1.0-56 on
TABLE='
NF_CT_HAVE_EXPECTFN_DESTROY	6.1 6.12 7
NF_CT_HAVE_REMOVE_EXPECT
NF_CT_HAVE_EXP_IS_EXPIRED	6.1 6.12 7
NF_CT_HAVE_ASSIGN_HELPER	6.1 6.12 7
NF_CT_HAVE_TIMEOUT_REFCNT	6.1 6.12 7
NF_CT_HAVE_EXT_GENID		6.1
NF_CT_HAVE_OFFLOAD_TIMEOUT	6.1
NF_CT_HAVE_L3PROTO_GET		6.1
NF_CT_HAVE_MANIP_PKT		6.1
NF_CT_HAVE_GET_ID		7
NF_CT_HAVE_OVS			6.12 7
NF_CT_HAVE_EXPECT_PAIR		6.12 7
NF_CT_HAVE_MASTER_TUPLE		7
NF_CT_HAVE_EVENT_TIME		7
NF_CT_HAVE_HELPER_REFS		7
NF_CT_HAVE_PPTP_DESTROY		7
NF_CT_HAVE_LABELS_ATOMIC	6.12 7
NF_CT_HAVE_LWTUNNEL_ROW		6.12 7
NF_CT_HAVE_REFRESH_BYTES	6.12 7
NF_CT_HAVE_CONFIRM_HOOK		6.12 7
NF_CT_HAVE_CONST_CTL_TABLE	6.12 7
NF_CT_HAVE_SYSCTL_SZ		6.12 7
NF_CT_HAVE_HRTIMER_SETUP	7
NF_CT_HAVE_FRAG_DRAIN		6.12 7
NF_CT_HAVE_LSM_CONTEXT		7
NF_CT_HAVE_TOKEN_NS		6.1 6.12
NF_CT_HAVE_LINUX_UNALIGNED	6.12 7
NF_CT_HAVE_BPF_WRITE_REG	6.12 7
NF_CT_HAVE_UDP_GET_LEN		7
NF_CT_HAVE_IPV6_PAYLOAD_LEN	6.12 7
NF_CT_HAVE_XT_CHECK_HOOKS	7
NF_CT_HAVE_TCPUDP_ICMP		6.12 7
NF_CT_HAVE_CONNCOUNT_FAMILY	6.1
NF_CT_HAVE_CONNCOUNT_SKB	6.1 6.12 7
NF_CT_HAVE_LED_BLINK_VALUES	6.12 7
'

# Names of the table that kernel $1 has; without $1 all names.
expected()
{
	awk -v kernel="${1:-}" 'NF { has = kernel == ""
		for (i = 2; i <= NF; i++)
			has = has || $i == kernel
		if (has)
			print $1 }' <<<"$TABLE" | sort
}

must cd "$(dirname "$0")/../.."
is 'every probe is in the table' "$(sed -n 's/^\(NF_CT_[A-Z0-9_]*\)|.*/\1/p' \
	include/compat/probe.sh | sort)" "$(expected)"
for kernel in 6.1 6.12 7; do
	found=
	for build in "build/$kernel" build; do
		if [ -e "$build/.kdir" ] && grep -q "headers-$kernel\." "$build/.kdir"; then
			found=$build/src/include/nf_ct_probed.h
			break
		fi
	done
	if [ -e "$found" ]; then
		is "kernel $kernel" "$(sed -n 's/^#define \(NF_CT_[A-Z0-9_]*\) 1$/\1/p' "$found" |
			sort)" "$(expected "$kernel")"
	else
		skip "kernel $kernel" "nothing is compiled for it; run make KERNEL=$kernel"
	fi
done
finish
