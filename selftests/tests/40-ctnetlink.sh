#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections over netlink: requests, filters, errors, attribute order and
# events, as the stock module has them (prog/ctnetlink.c).
#
# SMOKE
# TIMEOUT: 180

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
ip netns add n

verdicts ns n ctnetlink "$(modset)"

# --- conntrack(8) without -f ---
one=(-p tcp -s 10.3.0.1 -d 10.3.0.2 --sport 1 --dport 2)
check 'conntrack -I without -f' ns n conntrack -I "${one[@]}" -t 100 --state ESTABLISHED
check 'conntrack -G without -f' ns n conntrack -G "${one[@]}"
check 'conntrack -U without -f, with addresses' ns n conntrack -U "${one[@]}" -m 6
# without an address the tool does not know the family, and sends 0; since 1.4.8 one
# request for each family
updated=0 knows=0
if is_ours || conntrack -V | awk '{ sub("v", "", $2); print "1.4.8"; print $2 }' | sort -CV; then
	knows=1
fi
ns n conntrack -U -p tcp --orig-port-src 1 -m 7 || updated=$?
is 'DIFF conntrack -U without -f' "$updated" "$((1 - knows))"
is 'DIFF conntrack -U without -f: the mark is set' "$(ns n conntrack -L -m 7 2>/dev/null | grep -c 10.3.0.1)" \
	"$knows"
check 'conntrack -D without -f' ns n conntrack -D "${one[@]}"
is 'conntrack -D without -f: it is gone' "$(ns n conntrack -L 2>/dev/null | grep -c 10.3.0.1)" 0

finish
