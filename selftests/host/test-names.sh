#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests are cited by name: numbers only order them, and change. No text of the project
# cites one by its number, and those that Documentation/bug-classes.txt and
# Documentation/differences.txt cite exist.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

# Names of tests, without numbers
names()
{
	printf '%s\n' selftests/tests/[0-9]*.sh | sed -E 's,.*/[0-9]+-(.*)\.sh,\1,'
}

# Places that cite a test as NUMBER-NAME. What run.sh prints may stand in an example.
numbered()
{
	names | sed 's/^/[0-9][0-9]-/' >"$LIB_TMP/numbered"
	! grep -rnwf "$LIB_TMP/numbered" --include='*.[ch]' --include='*.sh' --include='*.py' --include='*.txt' \
		--include='README*' --include='Makefile' --exclude-dir=build --exclude-dir=.git . |
		grep -vE '(not )?ok [0-9]+ [0-9]+-|\.(ours|stock)\.(log|dmesg)'
}

# Cited in bug-classes.txt: words between the dots and ":", ";" or "("
cited_classes()
{
	sed -nE 's/^.* \.+ ([^:;(]*).*$/\1/p' Documentation/bug-classes.txt | tr ',' '\n' |
		sed 's/^ *//; s/ *$//' | grep -xE '[a-z0-9-]+'
}

# Cited in differences.txt: lines "test: NAME, NAME" or "test: none, WHY"
cited_differences()
{
	sed -n 's/^[[:space:]]*test:[[:space:]]*//p' Documentation/differences.txt | grep -v '^none\>' |
		tr ',' '\n' | sed 's/^ *//; s/ *$//'
}

unknown()
{
	sort -u | grep -vxFf <(names)
}

must cd "$(dirname "$0")/../.."
must test -r Documentation/bug-classes.txt -a -r Documentation/differences.txt
check 'no test is cited by its number' numbered
is 'those of bug-classes.txt exist' "$(cited_classes | unknown)" ''
is 'those of differences.txt exist' "$(cited_differences | unknown)" ''
finish
