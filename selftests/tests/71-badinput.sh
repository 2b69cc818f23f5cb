#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Malformed packets, over IPv4 and IPv6: invalid, counted, and harmless to every
# entry that exists. The packets are in prog/badinput.py.
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must topology
verdicts python3 /payload/bin/badinput.py
is 'no unconfirmed entry stays behind' \
	"$(ns r conntrack -L unconfirmed 2>/dev/null | wc -l)" 0
finish
