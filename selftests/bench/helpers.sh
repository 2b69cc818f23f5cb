# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Helpers: what one costs each packet of a control connection, that says nothing of another
# connection (quiet) and that makes an expectation. Sourced by qemu-guest.sh, behind
# data/helper.sh; ../prog/helperpath.py sends the packets.

: "${tools:?}"

ns() { ip netns exec "$@"; }

helper_counts() {
	ns r python3 "$tools/helperpath.py" count plain "$1" || return
	ns r conntrack -F >/dev/null 2>&1
}

# The same packets without the helper, then with it.
scenario_helpers() {
	local name without with kind count

	modprobe nf_conntrack_netlink
	control_net || fail 'no namespace'
	ns r iptables -P OUTPUT ACCEPT
	ns r iptables -F OUTPUT
	ns r nft 'table ip use { chain out { type filter hook output priority 0; ct state new; }; }'
	for name in $HELPERS; do
		modprobe "nf_conntrack_$name"
		without=$(helper_counts "$name") || fail "packets of $name"
		control_rules -A "$name" || fail "no rule of $name"
		with=$(helper_counts "$name") || fail "packets of $name"
		control_rules -D "$name"
		while read -r kind count; do
			[ -n "$kind" ] || continue
			result helper_icount "$kind" "$(minus "$count" \
				"$(value "$kind" "$without")")" instructions
		done < <(tr ' =' '\n ' <<<"$with")
	done
}
