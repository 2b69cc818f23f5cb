#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules of iptables that no iptables makes: random bytes, wrong sizes. Ours refuse what stock
# refuses, with the same error, and count the same packets. Then rules while allocations
# fail (on the debug kernel), rules replaced while packets pass, a namespace deleted with its
# rules, and modules unloaded.
#
# PROMISE
# TIMEOUT: 600
# DEBUGTIMEOUT: 3000

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh
# shellcheck source=selftests/data/failslab.sh
. /payload/data/failslab.sh

fuzz()
{
	python3 /payload/bin/xtfuzz.py "$@"
}
EXTENSIONS=/tmp/extensions

# Those of the modules that there are
grep -E "^($(xt_modules | paste -sd '|'))[[:space:]]" /payload/data/xt-extensions.txt >"$EXTENSIONS"

# In namespaces of their own: what a set leaves behind is not the other's.
answers()
{
	local name

	must xt_load "$1"
	must xt_router
	fuzz fuzz "$EXTENSIONS" "${NFCT_SEED:-1}" "$(sized 60 8)" >"/tmp/$1" 2>&1 || return
	for name in c r s; do
		ip netns delete "$name" || return
	done
	! grep -v "	.*	" "/tmp/$1"
}

must modprobe -a iptable_raw iptable_mangle iptable_filter ip6table_raw ip6table_mangle ip6table_filter
if is_ours; then
	if ! is_debug; then
		check 'random rules: stock answers' answers stock
		check 'unloaded' wait_for xt_unload 20
	fi
	check 'random rules: ours answers' answers ours
	is_debug || verdicts fuzz compare /tmp/stock /tmp/ours
fi
must xt_router

if has_failslab; then
	failslab_set_up failslab fail_page_alloc
	allow_log 'page allocation failure'
	allow_log 'vmalloc error'
	verdicts -p 'failslab' fuzz fail /payload/data/xt/*.cases
fi

verdicts fuzz churn "$(scaled 20)" /payload/data/xt/*.cases
(fuzz churn "$(scaled 5)" /payload/data/xt/*.cases) >/tmp/churn 2>&1 &
churn=$!
sleep 3
check 'a namespace with rules is deleted under traffic' ip netns delete r
stop $churn
check 'all modules are unloaded' wait_for xt_unload 20
finish
