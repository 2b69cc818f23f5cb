#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# To write a shell test, copy this file to NN-NAME.sh, make it executable, and put
# what the test shows into this place, in one or two sentences. The numbers order the
# tests: 20 to 29 protocols, 30 to 49 netlink and helpers, 50 to 59 events and timeouts,
# 60 to 69 the table, 70 to 79 faults, 80 and more what uses conntrack. Everywhere else
# a test is called by its NAME: make check TEST=NAME
#
# The lines below "KEY: value" are read by run.sh; lib.sh lists all of them. This test
# gets 120 seconds and runs with our modules and with stock's (MODSET=stock).
#
# TIMEOUT: 120

# Line by line:
#
#   . /payload/lib.sh       functions for tests: read its head, it is a list of them;
#                           data/ has more for some kinds of test
#   must CMD                set-up: when it fails, the test fails and ends here
#   topology                makes the namespaces "c" (client), "r" (router, with
#                           conntrack) and "s" (server); lib.sh has their addresses
#   check NAME CMD          a subtest: CMD must succeed; its output is shown if not
#   entry                   a function of this test; a subtest may call one
#   is NAME GOT EXPECTED    a subtest: the two are equal
#   cmp_num NAME GOT OP N   a subtest: a comparison of numbers
#   listen, LISTENER, stop  a listener for events (conntrack -E) in the background
#   wait_for 'COND'         waits until the shell command COND is true; never sleep
#                           and hope: the guest may be ten times slower than yours
#   is_ours                 for what stock cannot do; the name of a subtest in which
#                           ours differs on purpose begins with "DIFF"
#   note TEXT               a line for the reader of the log
#   finish                  the last line; without it the test has failed
#
# Names of subtests say what is true, not what is done. Nothing needs to be cleaned
# up: the guest deletes all namespaces and rules, unloads the modules and fails the
# test if an object, a warning or a module stays behind.

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EVENTS=/tmp/events

# The router's entry of the ping, as conntrack(8) shows it
entry()
{
	ns r conntrack -L -p icmp 2>/dev/null | grep src=10.0.1.2
}

must modprobe nf_conntrack_netlink
must topology
must listen r "$EVENTS" -p icmp

check 'a ping passes the router' ns c ping -qc 1 -W 30 10.0.2.2
check 'the router has an entry for it' entry
is 'it is the only one' "$(ctcount r)" 1
check 'a listener hears of it' wait_for 'grep -q "\[NEW\] icmp .*src=10.0.1.2" $EVENTS'
note "$(entry)"

check 'the entry can be deleted' ns r conntrack -D -p icmp
check 'a listener hears of its end' wait_for 'grep -q "\[DESTROY\] icmp" $EVENTS'
stop "$LISTENER"
if is_ours; then
	check 'no event waits for a listener' wait_for '[ "$(waiting r)" = 0 ]'
fi
cmp_num 'nothing was dropped' "$(ct_stat r drop)" -eq 0
finish
