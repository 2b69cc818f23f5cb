#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the modules do without a lock is right on a machine with weak memory order: each
# such protocol, in every order that the machine allows (litmus/cases.py).

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

verdicts python3 "$(dirname "$0")/../litmus/cases.py"
finish
