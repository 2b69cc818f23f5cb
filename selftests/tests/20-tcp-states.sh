#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The TCP tracker, segment by segment: each state with each segment, windows,
# options, resets, reopened connections, connections that are picked up in the middle.
# data/tcp-states.txt has the segments, and the states in which the stock modules are
# after each.
#
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

SCRIPT=/tmp/tcp-states.txt
EVENTS=/tmp/events

# The cases, with the timeouts of the modules that run.
cases_of_modset()
{
	local choose='s/ t[0-9]*|/ t/'

	kernel_is_at_least 6.12 || is_ours || choose='s/|[0-9]*//'
	sed "$choose" /payload/data/tcp-states.txt >"$SCRIPT"
}

# The host in namespace $1 answers nothing by itself.
silence()
{
	ns "$1" nft -f - <<-'EOT'
		table inet silence {
			chain in {
				type filter hook prerouting priority -400
				meta l4proto tcp drop
				meta l4proto udp drop
			}
		}
	EOT
}

# The router drops what is invalid, does not track the markers (UDP port 9), and
# answers one odd window with a reset.
router_rules()
{
	ns r nft -f - <<-'EOT'
		table inet script {
			chain raw {
				type filter hook prerouting priority raw
				udp dport 9 notrack
			}
			chain forward {
				type filter hook forward priority 10
				ct state invalid counter drop
				tcp window 7777 reject with tcp reset
			}
		}
	EOT
}

run_script()
{
	tcpscript "$@" -s "$(scaled 3)" "$SCRIPT" 2>&1 | tee /tmp/cases
}

# Runs all cases in one family.
run_family()
{
	local label=$1 before dropped
	shift

	before=$(ct_stat r invalid)
	verdicts -p "$label" run_script "$@"
	dropped=$(sed -n 's/^dropped //p' /tmp/cases)
	cmp_num "$label: all cases ran" "${dropped:--1}" -gt 0
	is "$label: each dropped one is counted invalid" \
		"$(($(ct_stat r invalid) - before))" "$((${dropped:-0} - $(grep -c w7777 "$SCRIPT")))"
}

# The segments of stdin; the first connection is 10.0.1.2:10001 to 10.0.2.2:80. What
# became of it is in $EVENTS, until the router has forgotten it.
play()
{
	ns r conntrack -F 2>/dev/null
	must listen r "$EVENTS" -p tcp
	tcpscript -o /dev/stdin >/tmp/played 2>&1
	ns r conntrack -F 2>/dev/null
	wait_for "grep -q DESTROY $EVENTS"
	stop "$LISTENER"
}

refused()
{
	play <<-'EOT'
		case refused
		> S 0
		< RA 0 a1
	EOT
	is 'refused: NEW and a destroy event' "$(grep -o 'NEW\|UPDATE\|DESTROY' "$EVENTS" | paste -sd' ')" \
		'NEW DESTROY'
}

# The router resets each segment with a window of 7777.
reset_again()
{
	play <<-'EOT'
		case reset
		> S 0
		< SA 0
		> A .
		> A .+10 w7777
		> A .+10 w7777
		> A .+10 w7777
		< A .
	EOT
	is 'reset again and again: CLOSE is reported once' "$(grep -c 'UPDATE.* CLOSE ' "$EVENTS")" 1
}

reset_fixed()
{
	local entry

	ns r conntrack -F 2>/dev/null
	check 'an entry with a fixed timeout is made' ns r conntrack -I -p tcp -s 10.0.1.2 -d 10.0.2.2 \
		--sport 10001 --dport 80 --state ESTABLISHED --timeout 1000 -u SEEN_REPLY,ASSURED,FIXED_TIMEOUT
	printf 'case fixed\n> A 0+10 a0 w7777\n' | tcpscript -o /dev/stdin >/tmp/played 2>&1
	entry=$(ns r conntrack -L -p tcp --sport 10001 2>/dev/null)
	is 'a reset closes it' "$(awk '{ print $4 }' <<<"$entry")" CLOSE
	cmp_num 'and leaves its timeout' "$(awk '{ print $3 }' <<<"$entry")" -gt "$((1000 - $(scaled 60)))"
}

# The timeouts of an nftables policy reach the tracker and come back.
policy()
{
	ns r nft -f - <<-'EOT'
		table ip short {
			ct timeout quick {
				protocol tcp
				l3proto ip
				policy = { syn_sent : 77, established : 88, close : 9 }
			}
			chain pre {
				type filter hook prerouting priority -150
				tcp dport 81 ct timeout set "quick"
			}
		}
	EOT
}

listed_timeout()
{
	ns r conntrack -L -p tcp --dport "$1" 2>/dev/null | awk '{ print $3 }'
}

must topology
silence c
silence s
router_rules
must modprobe nf_conntrack_netlink
cases_of_modset

if [ "${1:-}" = observe ]; then
	tcpscript -o "$SCRIPT" 2>&1
	finish
fi

run_family IPv4
run_family IPv6 -6
refused
reset_again
reset_fixed

check 'a timeout policy is accepted' policy
check 'and shown' ns r nft list ct timeout ip short quick
# nft 1.1 writes minutes
is 'with its values' "$(tr -d ' \t' </tmp/lib.out | sed -n 's/1m17s/77/; s/1m28s/88/; s/\([0-9]\)s/\1/g; /^policy=/p')" \
	'policy={syn_sent:77,established:88,close:9}'
ns c nc -w 30 10.0.2.2 81 </dev/null &
# shellcheck disable=SC2016  # wait_for evaluates it
wait_for '[ -n "$(listed_timeout 81)" ]'
kill $!
cmp_num 'it sets the timeout of a new connection' "$(listed_timeout 81)" -le 77
cmp_num 'and no other' "$(listed_timeout 81)" -gt "$((77 - $(scaled 10)))"

check 'an entry is made with a state' ns r conntrack -I -p tcp -s 10.0.1.2 -d 10.0.2.2 --sport 7 --dport 82 \
	--state CLOSE_WAIT --timeout 100
is 'and shows it' "$(ns r conntrack -L -p tcp --dport 82 2>/dev/null | awk '{ print $4 }')" CLOSE_WAIT
# shellcheck disable=SC2016  # the dollar is that of awk
is 'and in /proc' "$(ns r awk '/dport=82 / { print $6 }' /proc/net/nf_conntrack)" CLOSE_WAIT
check 'it is deleted' ns r conntrack -D -p tcp --dport 82

finish
