# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Objects in a slab cache, for lib.sh and for teardown.sh; both source it.

# Objects in use in cache $1, after the spare ones have been given back; 0 where
# there is no such cache.
slab_used()
{
	local dir=/sys/kernel/slab/$1 n

	[ -d "$dir" ] || { echo 0; return; }
	echo 1 >"$dir/shrink"
	read -r n _ <"$dir/objects"
	echo "$n"
}
