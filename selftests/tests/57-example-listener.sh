#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# examples/reliable-listener.c does what it says: it prints every NEW and every
# DESTROY, also of connections that are made and deleted while it does not read and
# its buffer is full, and the ID that it prints is the one that conntrack(8) shows.
#
# PROMISE
# TIMEOUT: 180

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

# more than its buffer of 4 MiB holds
FLOWS=$(sized 20000 1000)

printed()
{
	grep -c "^$1 id=" /tmp/heard
}

flow_begin n $((FLOWS * 3))

nsenter --net=/run/netns/n -- reliable-listener >/tmp/heard 2>/tmp/heard.err &
LISTENER=$!
check 'it listens' wait_for "lib_has_joined n $LISTENER"

ns n flows udp 198.18.1.0 4000 0 1 >/tmp/made
check 'it prints a NEW' wait_for 'grep -q "^NEW id=" /tmp/heard'
is 'the ID is that of conntrack -L' "$(sed -n 's/^NEW //p' /tmp/heard)" \
	"$(ns n conntrack -L -o id 2>/dev/null | grep -o 'id=[0-9]*')"

kill -STOP "$LISTENER"
ns n flows udp 198.18.2.0 4000 0 "$FLOWS" >/tmp/made
note "$(cat /tmp/made), undelivered: $(waiting n)"
is_debug || cmp_num 'events wait for it' "$(waiting n)" -gt 0
ns n conntrack -F 2>/dev/null
kill -CONT "$LISTENER"
check 'it prints every DESTROY' wait_for '[ "$(printed DESTROY)" = $((FLOWS + 1)) ]' 60
is 'it prints every NEW' "$(printed NEW)" $((FLOWS + 1))
is 'each ID has both' "$(grep -E '^(NEW|DESTROY) ' /tmp/heard | sort -u | cut -d' ' -f2 | sort | uniq -c | awk '$1 != 2' | wc -l)" 0
check 'nothing waits' wait_for '[ "$(waiting n)" = 0 ]'
is 'no complaint' "$(cat /tmp/heard.err)" ''
stop "$LISTENER"
finish
