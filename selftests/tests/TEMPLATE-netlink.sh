#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# To write a test of netlink requests, copy this file to NN-NAME.sh and
# prog/TEMPLATE.c to prog/PROGRAM.c, make the script executable, and put what the test
# shows into this place. The cases are in the program, the script only makes the
# ground for them. TEMPLATE-shell.sh explains what the two files have in common.
#
# TIMEOUT: 120

# Line by line:
#
#   must modprobe ...       the modules that the program talks to
#   ip netns add n          a namespace of its own, so that the table is empty
#   verdicts CMD            each line "ok NAME" or "not ok NAME # WHY" that the program
#                           prints becomes a subtest; the last subtest is that it came
#                           to its end
#   ns n PROGRAM            run.sh has compiled prog/PROGRAM.c into the guest's PATH
#   "$(modset)"             "stock" or "ours": the cases may differ

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe nf_conntrack_netlink
must ip netns add n
verdicts ns n TEMPLATE "$(modset)"
finish
