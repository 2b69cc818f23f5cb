#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the modules for kernels that lack one optional part each: takes the
# installed headers and leaves the part out of a copy of the configuration. Then,
# for each thing that include/compat/probe.sh looks for, with headers that have it
# where ours do not, and the other way round. Such modules fit no kernel; this
# finds out only that they compile, without a warning.
#
# Usage: configs.sh [PART]...    default: all of them

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)

# name: options that are switched off
PARTS='
events: NF_CONNTRACK_EVENTS NF_CONNTRACK_CHAIN_EVENTS
labels: NF_CONNTRACK_LABELS
zones: NF_CONNTRACK_ZONES
mark: NF_CONNTRACK_MARK NETFILTER_XT_CONNMARK
secmark: NF_CONNTRACK_SECMARK NETWORK_SECMARK NETFILTER_XT_TARGET_SECMARK NETFILTER_XT_TARGET_CONNSECMARK
timeout: NF_CONNTRACK_TIMEOUT NF_CT_NETLINK_TIMEOUT
timestamp: NF_CONNTRACK_TIMESTAMP
procfs: NF_CONNTRACK_PROCFS
gre: NF_CT_PROTO_GRE
protocols: NF_CT_PROTO_DCCP NF_CT_PROTO_SCTP NF_CT_PROTO_UDPLITE NF_CT_PROTO_GRE
nat: NF_NAT NFT_NAT IP_NF_NAT IP6_NF_NAT
ipv6: IPV6[A-Z0-9_]* NF_DEFRAG_IPV6
sysctl: SYSCTL PROC_SYSCTL
bridge: NETFILTER_FAMILY_BRIDGE NF_CONNTRACK_BRIDGE
flowtable: NF_FLOW_TABLE
glue: NETFILTER_NETLINK_GLUE_CT
netlink: NF_CT_NETLINK NF_CT_NETLINK_TIMEOUT NF_CT_NETLINK_HELPER
'

# probe: header below include/net/netfilter, word that is in it if the thing is
# there, sed script that takes the thing away, sed script that adds it
# shellcheck disable=SC2016
PROBES='
expectfn_destroy|nf_conntrack_helper.h|nf_ct_helper_expectfn_destroy|/expectfn_destroy(/d|$ivoid nf_ct_helper_expectfn_destroy(const struct nf_ct_helper_expectfn *n);
remove_expect|nf_conntrack_expect.h|nf_ct_remove_expect(|/nf_ct_remove_expect(/d|$ibool nf_ct_remove_expect(struct nf_conntrack_expect *exp);
exp_is_expired|nf_conntrack_expect.h|nf_ct_exp_is_expired(|s/u32 timeout;/struct timer_list timeout;/; /^static inline bool nf_ct_exp_is_expired(/,/^}/d|s/struct timer_list timeout;/u32 timeout;/; $istatic inline bool nf_ct_exp_is_expired(const struct nf_conntrack_expect *exp) { return false; }
assign_helper|nf_conntrack_expect.h|assign_helper;|/assign_helper;/d|s/^.*__rcu \*helper;/&\n\tstruct nf_conntrack_helper __rcu *assign_helper;/
timeout_refcnt|nf_conntrack_timeout.h|refcnt;|/refcount_t.*refcnt;/d; /^static inline void nf_ct_timeout_put(/,/^}/d; /refcount_inc_not_zero/,+1d|s/^struct nf_ct_timeout {/&\n\trefcount_t refcnt;/
conncount_skb|nf_conntrack_count.h|nf_conncount_count_skb(|s/^unsigned int nf_conncount_count_skb(struct net \*net,/unsigned int nf_conncount_count(struct net *net, struct nf_conncount_data *data, const u32 *key, const struct nf_conntrack_tuple *tuple, const struct nf_conntrack_zone *zone);/; /^\t*const struct sk_buff \*skb,$/d; /^\t*u16 l3num,$/d; /^\t*struct nf_conncount_data \*data,$/d; /^\t*const u32 \*key);$/d|$iunsigned int nf_conncount_count_skb(struct net *net, const struct sk_buff *skb, u16 l3num, struct nf_conncount_data *data, const u32 *key);
'

# A folder of kernel headers like $1, in $2, without the options that follow.
headers_without()
{
	local kdir=$1 dst=$2 item option
	shift 2

	rm -rf "$dst"
	mkdir -p "$dst"
	for item in "$kdir"/* "$kdir"/.[a-z]*; do
		[ "${item##*/}" = include ] || ln -s "$item" "$dst/"
	done
	cp -r "$kdir/include" "$dst/"
	for option; do
		sed -i "/^#define CONFIG_$option\(_MODULE\)\{0,1\} /d" "$dst/include/generated/autoconf.h"
		sed -i "/^CONFIG_$option=/d" "$dst/include/config/auto.conf"
	done
}

# Links in folder $2 to all that is in folder $1, without the item $3.
link_all_but()
{
	local from=$1 to=$2 but=$3 item

	mkdir -p "$to"
	for item in "$from"/*; do
		[ "${item##*/}" = "$but" ] || ln -s "$item" "$to/"
	done
}

# Debian's headers are two folders: one for the architecture, whose Makefile names
# the common one.
common_headers()
{
	sed -n 's|^include \(/.*\)/Makefile$|\1|p' "$1/Makefile" | grep . ||
		{ echo "configs: $1/Makefile names no folder of common headers" >&2; return 1; }
}

# A folder of kernel headers like $1, in $2, with header $3 edited by sed script $4.
headers_edited()
{
	local kdir=$1 dst=$2 header=$3 script=$4 common

	headers_without "$kdir" "$dst"
	common=$(common_headers "$kdir")
	link_all_but "$common" "$dst/common" include
	link_all_but "$common/include" "$dst/common/include" net
	link_all_but "$common/include/net" "$dst/common/include/net" netfilter
	cp -r "$common/include/net/netfilter" "$dst/common/include/net/"
	sed -i "$script" "$dst/common/include/net/netfilter/$header"
	rm "$dst/Makefile"
	echo "include $dst/common/Makefile" >"$dst/Makefile"
}

compile()
{
	local name=$1 build=$2 log=$3 status=0

	FITS=no KDIR=$build/kdir "$TOP/tools/build.sh" "$build" >"$log" 2>&1 || status=$?
	if [ "$status" = 0 ] && ! grep -qE 'warning:|WARNING:' "$log"; then
		echo "ok $name"
		return 0
	fi
	grep -E 'error:|ERROR:|warning:|WARNING:' "$log" | head -n 20 || tail -n 5 "$log"
	echo "not ok $name"
	return 1
}

# Whether part $1 was asked for; without any all are.
asked_for()
{
	[ -n "$1" ] || return 1
	[ ${#asked[@]} = 0 ] || [[ " ${asked[*]} " == *" $1 "* ]]
}

try_parts()
{
	local kdir=$1 name options
	local -a list

	while IFS=: read -r name options; do
		asked_for "$name" || continue
		read -ra list <<<"$options"
		headers_without "$kdir" "$build/$name/kdir" "${list[@]}"
		compile "$name" "$build/$name" "$build/$name/log" || failed=$((failed + 1))
		rm -rf "$build/$name/src" "$build/$name/kdir"
	done <<<"$PARTS"
}

# Each probe must find the other thing than with the headers as they are.
try_probes()
{
	local kdir=$1 name header word without with script have dir common

	common=$(common_headers "$kdir")
	while IFS='|' read -r name header word without with; do
		asked_for "$name" || continue
		have=no script=$without
		grep -qF "$word" "$common/include/net/netfilter/$header" || { have=yes script=$with; }
		dir=$build/$name
		headers_edited "$kdir" "$dir/kdir" "$header" "$script"
		compile "probe $name: $have" "$dir" "$dir/log" || failed=$((failed + 1))
		if grep -q "^#define NF_CT_HAVE_${name^^} 1" "$dir/src/include/nf_ct_probed.h"; then
			[ "$have" = yes ]
		else
			[ "$have" = no ]
		fi || { echo "not ok probe $name: finds the opposite"; failed=$((failed + 1)); }
		rm -rf "$dir/src" "$dir/kdir"
	done <<<"$PROBES"
}

# A probe without a row above would never be tried.
check_probes()
{
	local name

	while read -r name; do
		grep -q "^${name,,}|" <<<"$PROBES" ||
			{ echo "not ok probe ${name,,}: no row in tools/configs.sh"; failed=$((failed + 1)); }
	done < <(sed -n 's/^NF_CT_HAVE_\([A-Z_0-9]*\)|.*/\1/p' "$TOP/include/compat/probe.sh")
}

main()
{
	local kdir build=${BUILD:-build} failed=0
	local -a asked=("$@")

	kdir=$("$TOP/tools/kdir.sh")
	case "$build" in /*) ;; *) build=$TOP/$build ;; esac
	build=$build/configs
	export MAKEFLAGS="${MAKEFLAGS:-} W=1"
	try_parts "$kdir"
	check_probes
	try_probes "$kdir"
	[ "$failed" = 0 ]
}

main "$@"
