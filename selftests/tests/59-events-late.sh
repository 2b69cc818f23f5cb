#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Listeners that come late hear what they hear on the stock kernel: no NEW of what
# was made before, no old changes; a NEW that comes late does not look like an
# end; who asks for an echo gets it; the module never goes deaf and loses nothing
# while it is being loaded.
#
# TIMEOUT: 240

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

CONNS=$(sized 300 50)

entry()
{
	ns n conntrack "$@" -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1000 --dport 2000 2>/dev/null
}

# --- an entry made over netlink while nobody listens ---
made_before()
{
	local mode=$1

	entry -I -t 600 >/dev/null
	listeners_start n "made-$mode" -T 20 'name=a'
	entry -U --mark 7 >/dev/null
	entry -D >/dev/null
	sleep 0.5
	listeners_end
	is "made before, events=$mode: no NEW" "$(told "made-$mode" a new) $(told "made-$mode" a ported)" '0 0'
	# with 2 stock forgets such entries
	is_stock && [ "$mode" = 2 ] && return
	is "made before, events=$mode: change and end" "$(told "made-$mode" a update) $(told "made-$mode" a destroy)" '1 1'
}

# --- old connections, whose next byte is no news ---
# Opens CONNS connections; each says a word once the file is there.
talkers()
{
	python3 - "$CONNS" <<-'PY'
		import ctypes, os, resource, socket, sys, time
		ctypes.CDLL(None).setns(os.open('/run/netns/n', os.O_RDONLY), 0)
		resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
		def talk(a, b, word):
		    a.sendall(word)
		    b.recv(1)
		def wait_for(name):
		    while not os.path.exists(name):
		        time.sleep(0.05)
		server = socket.create_server(('127.0.0.1', 8090), backlog=64)
		pairs = []
		for i in range(int(sys.argv[1])):
		    a = socket.create_connection(('127.0.0.1', 8090))
		    pairs.append((a, server.accept()[0]))
		for a, b in pairs:
		    talk(a, b, b'x')
		    talk(b, a, b'y')
		print('opened', flush=True)
		wait_for('/tmp/go-talk')
		for a, b in pairs:
		    talk(a, b, b'z')
		print('spoken', flush=True)
		wait_for('/tmp/go-close')
	PY
}

old_connections()
{
	local mode=$1

	rm -f /tmp/go-*
	talkers >/tmp/talk &
	talk=$!
	check "old connections, events=$mode: opened" wait_for 'grep -q opened /tmp/talk' 30
	listeners_start n "old-$mode" -T 30 'name=a rcvbuf=33554432'
	touch /tmp/go-talk
	wait_for 'grep -q spoken /tmp/talk' 30
	sleep 0.5
	listeners_end
	is "old connections, events=$mode: their next byte is no event" \
		"$(told "old-$mode" a new) $(told "old-$mode" a update)" '0 0'
	touch /tmp/go-close
	wait $talk
	flush
}

# --- a NEW that a reliable listener gets after the end ---
late_new()
{
	listeners_start n late -T 30 'name=a reliable rcvbuf=2048 stop-at=0s resume-at=2s expect=50'
	make_flows 50
	flush
	is_stock || listeners_end 20
	is_stock && sleep 4 && listeners_end
	is 'late NEW: none has IPS_DYING' "$(told late a dying)" 0
	is_stock || whole late a 50
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# --- an echo of a delete whose entry has something unsent ---
# Prints how many DELETE messages come back.
delete_with_echo()
{
	ns n python3 /payload/bin/ctecho.py "$1" 20
}

echo_of_delete()
{
	local batch port=4100

	for batch in 0 3776; do
		is_stock && [ $batch != 0 ] && continue
		is_stock || ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=$batch
		listeners_start n "echo-$batch" -T 30 'name=a reliable rcvbuf=2048 stopped'
		make_flows 20 $port
		is "batch $batch: echo of each delete" "$(delete_with_echo $port)" 'deleted=20 echoes=20'
		listeners_end
		port=$((port + 1))
	done
	is_stock || ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=0
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# --- binds that cross other listeners' closes ---
never_deaf()
{
	ns n bindclose 15 >/tmp/deaf 2>&1
	note "$(cat /tmp/deaf)"
	flush
	# stock is deaf now and then with 2, where it asks a counter whether anybody listens
	is_stock && [ "$1" = 2 ] && return
	is "binding and closing, events=$1: never deaf" "$(sed 's/.*deaf=//' /tmp/deaf)" 0
}

# --- the first subscriber loads nf_conntrack_netlink ---
while_loading()
{
	local tag=loading-$1 line before

	check "loading, events=$1: unload" rmmod nf_conntrack_netlink
	rm -f /tmp/fifo
	mkfifo /tmp/fifo
	nsenter --net=/run/netns/n -- listeners -T 60 -s "/tmp/$tag.now" 'name=a reliable rcvbuf=33554432' \
		>/tmp/fifo 2>"/tmp/$tag.err" &
	LISTENERS=$!
	LISTENERS_TAG=$tag
	exec 7</tmp/fifo
	read -r -u 7 line
	# now, not a moment later
	make_flows 2000 430"$1"
	note "$tag: $line, module: $(ls -d /sys/module/nf_conntrack_netlink 2>&1)"
	wait_for '[ -d /sys/module/nf_conntrack_netlink ]'
	sleep 2
	before=$(told "$tag" a new)
	flush
	sleep 1
	cat <&7 >"/tmp/$tag" &
	listeners_end
	wait $!
	exec 7<&-
	# stock loses what comes before the module is there
	is_stock && return
	is "loading, events=$1: every NEW, before anything else" "$before" 2000
	whole "$tag" a 2000
}

flow_begin n
for mode in 2 1; do
	ns n sysctl -qw net.netfilter.nf_conntrack_events=$mode
	made_before $mode
	old_connections $mode
	never_deaf $mode
	while_loading $mode
done
ns n sysctl -qw net.netfilter.nf_conntrack_events=2
late_new
echo_of_delete
finish
