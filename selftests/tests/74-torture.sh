#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A minute of "make torture": random packets, listeners that come, stall and are killed,
# requests, resizes, settings, rules, modules and namespaces, all at once. At each pause
# the table, the counters and the book of each listener agree.
#
# PROMISE
# TIMEOUT: 500

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/torture/torture.sh
. /payload/torture/torture.sh

# a part of what the guest could send, so that the other workers get on
export TORTURE_RATE=500
torture_begin 74
torture_start listeners traffic resize settings requests namespaces modules rules
torture_for 12
torture_pause 'first pause'
torture_for 12
torture_pause 'second pause'
torture_end
torture_report
finish
