# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How scripts that make images for guests tell what they do; sourced.
#
#   say TEXT                       a line to stderr, with the script's name
#   die TEXT                       the same, and the end
#   with_progress WHAT LOG CMD...  runs a command with its output in a log, and a line
#                                  about every 10 seconds

say()
{
	echo "${0##*/}: $*" | sed 's/^\([a-z-]*\)\.sh:/\1:/' >&2
}

die()
{
	say "$*"
	exit 1
}

with_progress()
{
	local what=$1 log=$2 pid start=$SECONDS next=10
	shift 2

	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if ((SECONDS - start >= next)); then
			say "$what: $((SECONDS - start)) s, $(tail -qn 1 "$log" | tr -d '\r' | cut -c1-70)"
			next=$((next + 10))
		fi
	done
	wait "$pid" || {
		tail -n 20 "$log" >&2
		die "$what failed, log: $log"
	}
	say "$what: done in $((SECONDS - start)) s"
}
