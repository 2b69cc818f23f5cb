#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two CPUs send the first packet of one new flow at the same time, from the same side
# or from both: there is one entry, and no packet is lost. UDP, GRE, ICMP and ICMPv6.
#
# TIMEOUT: 300

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

ROUNDS=$(sized 4000 1000)
ECHOES=$((ROUNDS / 4))
[ "${NFCT_SMP:-2}" -ge 2 ] || skip_all 'needs two CPUs'

flow_entries()
{
	ns n conntrack -L -p "${1:-udp}" 2>/dev/null | wc -l
}

figures()
{
	note "$1: $(cat /tmp/clash) clashres=$(ct_stat n clashres) insert_failed=$(ct_stat n insert_failed) drop=$(ct_stat n drop)"
}

clash_run()
{
	local tag=$1 kind=$2 before

	ns n conntrack -F 2>/dev/null
	wait_for '[ "$(ctcount n)" = 0 ]'
	before=$(ct_stat n clashres)
	ns n clash "$kind" "$ROUNDS" >/tmp/clash
	figures "$tag"
	RESOLVED=$(($(ct_stat n clashres) - before))
}

flow_begin n 100000
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600 net.netfilter.nf_conntrack_gre_timeout=600

for kind in same reverse; do
	clash_run "$kind" $kind
	is "$kind: no packet is lost" "$(cat /tmp/clash)" "sent=$((2 * ROUNDS)) received=$((2 * ROUNDS)) refused=0"
	is "$kind: one entry for each flow" "$(flow_entries)" "$ROUNDS"
	is "$kind: the count is right" "$(ctcount n)" "$ROUNDS"
	note "$kind: $RESOLVED clashes resolved"
done

# DIFF: gre-clash: stock drops one of the two packets
clash_run gre gre
if is_ours; then
	is 'gre: no packet is lost' "$(cat /tmp/clash)" "sent=$((2 * ROUNDS)) received=$((2 * ROUNDS)) refused=0"
fi
is 'gre: one entry for each flow' "$(flow_entries gre)" "$ROUNDS"
is 'gre: the count is right' "$(ctcount n)" "$ROUNDS"
note "gre: $RESOLVED clashes resolved"

# Source ports chosen at random: the two entries differ in their replies.
ns n nft -f - <<-'EOT'
	table ip nat {
		chain post {
			type nat hook postrouting priority 100
			udp dport 1600 masquerade random
		}
	}
EOT
clash_run random same
is 'random source ports: no packet is lost' "$(sed 's/ refused.*//' /tmp/clash)" "sent=$((2 * ROUNDS)) received=$((2 * ROUNDS))"
# stock counts an entry for the other reply, which lives a second and is not shown
cmp_num 'random source ports: the count is right' "$(ctcount n)" -ge "$(flow_entries)"
cmp_num 'random source ports: an entry for each flow' "$(flow_entries)" -ge "$ROUNDS"
note "random: $(flow_entries) entries"
is 'original directions are unique' \
	"$(ns n conntrack -L -p udp 2>/dev/null | sed 's/.* src=127.0.0.1 \(dst=[^ ]*\) sport.*src=.*/\1/' | sort | uniq -d | wc -l)" 0
ns n nft delete table ip nat
clash_run again same
is 'again without translation: no packet is lost' "$(cat /tmp/clash)" "sent=$((2 * ROUNDS)) received=$((2 * ROUNDS)) refused=0"

# DIFF: stock drops the second echo request
ns n sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.netfilter.nf_conntrack_icmp_timeout=600 \
	net.netfilter.nf_conntrack_icmpv6_timeout=600
for kind in echo echo6; do
	ns n conntrack -F 2>/dev/null
	wait_for '[ "$(ctcount n)" = 0 ]'
	before=$(ct_stat n clashres)
	ns n clash "$kind" "$ECHOES" >/tmp/clash
	figures "$kind"
	note "$kind: $(($(ct_stat n clashres) - before)) clashes resolved"
	! is_ours || is "$kind: each request is answered" "$(cat /tmp/clash)" \
		"sent=$((2 * ECHOES)) received=$((2 * ECHOES)) refused=0"
	is "$kind: one entry for each flow" "$(ctcount n)" "$ECHOES"
done

ns n conntrack -F 2>/dev/null
check 'nothing is left' wait_for '[ "$(ctcount n)" = 0 ]'
finish
