#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Targets of iptables: packets that a rule must match, and such that it must
# not, for each option of each of them (data/xt/NAME.cases; prog/xtcase.py explains these).
#
# TIMEOUT: 900
# DEBUGTIMEOUT: 3000

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh

must xt_router
# shellcheck disable=SC2046  # names are words
xt_cases $(xt_tables '[A-Z]*')
finish
