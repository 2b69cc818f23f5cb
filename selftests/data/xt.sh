# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of matches and targets.
#
#   xt_router              namespaces c, r and s as in topology, but nothing passes r except
#                          what a program sends: its neighbours have no addresses, and
#                          connection tracking is off as long as no rule needs it
#   xt_is_right NAME       the loaded module xt_NAME is of the set that is tested
#   xt_cases NAME...       run the tables of cases data/xt/NAME.cases
#   xt_tables PATTERN      names of the tables that fit a pattern, in order; those of socket
#                          and TPROXY last, since stock keeps fragments together for ever
#                          after it has refused such a rule
#   xt_modules             names of all xt modules that our set replaces
#   xt_unload              unload all of them
#   xt_load stock|ours     load all of them, of one set

xt_router()
{
	local name

	for name in c r s; do
		ip netns add "$name" || return
		ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	done
	ip -batch - <<-'EOT' || return
		link add eth0 address 02:00:00:00:00:02 netns c type veth peer name eth1 address 02:00:00:00:00:01 netns r
		link add eth0 address 02:00:00:00:00:03 netns s type veth peer name eth2 address 02:00:00:00:00:01 netns r
	EOT
	lib_router || return
	for name in c s; do
		ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		ns "$name" ip link set eth0 arp off up || return
	done
	ns r ip -batch - <<-'EOT' || return
		neighbour replace 10.0.1.2 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace fd00:1::2 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace 10.0.2.2 lladdr 02:00:00:00:00:03 dev eth2
		neighbour replace fd00:2::2 lladdr 02:00:00:00:00:03 dev eth2
	EOT
	ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0
}

# The kernel's own modules have no version of their own.
xt_is_right()
{
	local version=/sys/module/xt_$1/version

	if is_ours; then
		[ -e "$version" ]
	else
		[ -e "/sys/module/xt_$1" ] && [ ! -e "$version" ]
	fi
}

xt_tables()
{
	local LC_ALL=C file last=''

	for file in /payload/data/xt/$1.cases; do
		case $file in
		*/socket.cases|*/TPROXY.cases) last+=" $(basename "$file" .cases)" ;;
		*) basename "$file" .cases ;;
		esac
	done
	# shellcheck disable=SC2086  # names are words
	[ -z "$last" ] || printf '%s\n' $last
}

xt_cases()
{
	local name

	for name; do
		must modprobe "xt_$name"
		note "$(modinfo -n "xt_$name")"
		check "$name: the module is of the set $(modset)" xt_is_right "$name"
		verdicts python3 /payload/bin/xtcase.py "/payload/data/xt/$name.cases"
	done
}

xt_modules()
{
	local file

	for file in "/lib/modules/$(uname -r)"/updates/xt_*.ko; do
		[ ! -e "$file" ] || basename "$file" .ko
	done
}

# One module may use another one (rateest, RATEEST).
xt_unload()
{
	local name

	for name in $(xt_modules) xt_RATEEST; do
		[ ! -e "/sys/module/$name" ] || rmmod "$name"
	done 2>/dev/null
	[ -z "$(ls -d /sys/module/xt_* 2>/dev/null)" ]
}

xt_load()
{
	local name dir

	dir=/lib/modules/$(uname -r)
	for name in $(xt_modules); do
		# what it depends on is the same for both
		modprobe "$name" || return
		[ "$1" = stock ] || continue
		rmmod "$name" || return
		[ "$name" != xt_RATEEST ] || continue
		insmod "$dir/kernel/net/netfilter/$name.ko"* || return
	done
}
