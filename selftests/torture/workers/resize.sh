# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The table's size, up and down. Operations: resizes.

work_resize()
{
	local buckets=$((1024 << RANDOM % 8))

	if ((RANDOM % 4)); then
		sysctl -qw net.netfilter.nf_conntrack_buckets=$buckets || complain "buckets=$buckets failed"
	else
		echo $buckets >/sys/module/nf_conntrack/parameters/hashsize || complain "hashsize=$buckets failed"
	fi
	done_ 1
	sleep "0.$((RANDOM % 10))"
}

rest_resize()
{
	sysctl -qw net.netfilter.nf_conntrack_buckets=8192
}
