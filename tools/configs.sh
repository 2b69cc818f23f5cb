#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the modules for kernels that lack one optional part each: takes the
# installed headers and leaves the part out of a copy of the configuration. Such
# modules fit no kernel; this finds out only that they compile, without a warning.
#
# Usage: configs.sh [PART]...    default: all of them

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)

# name: options that are switched off
PARTS='
events: NF_CONNTRACK_EVENTS NF_CONNTRACK_CHAIN_EVENTS
labels: NF_CONNTRACK_LABELS
zones: NF_CONNTRACK_ZONES
mark: NF_CONNTRACK_MARK
secmark: NF_CONNTRACK_SECMARK NETWORK_SECMARK
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

main()
{
	local kdir name options build failed=0
	local -a list

	kdir=$("$TOP/tools/kdir.sh")
	export MAKEFLAGS="${MAKEFLAGS:-} W=1"
	while IFS=: read -r name options; do
		[ -n "$name" ] || continue
		[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
		build=${BUILD:-build}
		case "$build" in /*) ;; *) build=$TOP/$build ;; esac
		build=$build/configs/$name
		read -ra list <<<"$options"
		headers_without "$kdir" "$build/kdir" "${list[@]}"
		compile "$name" "$build" "$build/log" || failed=$((failed + 1))
		rm -rf "$build/src" "$build/kdir"
	done <<<"$PARTS"
	[ "$failed" = 0 ]
}

main "$@"
