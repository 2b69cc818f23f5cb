#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""PPTP over the router of lib.sh's topology: control connections from c to s, the
call IDs that the helper announces, and what becomes of GRE packets.

  pptp.py stock|ours   the tests; see rawnet.py for what they print
  pptp.py many N       N calls at once, and how long their end takes
"""

import os
import resource
import socket
import struct
import sys
import time

import rawnet
from rawnet import C4, S4, Router, Sender, enter, equal, ip, lives, run, settle, \
    sysctl, verdict

PORT = 1723
START_REQUEST, START_REPLY, CALL_REQUEST, CALL_REPLY, DISCONNECT = 1, 2, 7, 8, 13

from_c = Sender('c')
from_s = Sender('s')
router = Router('meta l4proto != gre')
OURS = sys.argv[1] == 'ours'


def message(kind, body):
    """A control message (RFC 2637, 2)."""
    return struct.pack('>HHIHH', 12 + len(body), 1, 0x1a2b3c4d, kind, 0) + body


def gre(src, dst, call):
    """The head of a PPTP data packet to the one that has chosen the call ID."""
    return ip(src, dst, 47, struct.pack('>HHHHI', 0x3001, 0x880b, 4, call, 1) + b'data')


class Control:
    """A control connection, both ends of it."""

    enter('s')
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((S4, PORT))
    listener.listen(1024)

    def __init__(self):
        enter('c')
        self.client = socket.create_connection((S4, PORT))
        self.server = self.listener.accept()[0]
        self.port = self.client.getsockname()[1]
        name = b'\0' * 128
        self.say(self.client, message(START_REQUEST, struct.pack(
            '>HHIIHH', 0x100, 0, 3, 3, 0, 0) + name))
        self.say(self.server, message(START_REPLY, struct.pack(
            '>HBBIIHH', 0x100, 1, 0, 3, 3, 1, 0) + name))

    def say(self, end, data):
        """Send one segment, and wait until the other end has it."""
        other = self.server if end is self.client else self.client
        end.sendall(data)
        while data:
            data = data[len(other.recv(len(data))):]

    def request(self, pns):
        """The client (PNS) asks for a call and chooses its ID."""
        self.say(self.client, message(CALL_REQUEST, struct.pack(
            '>HHIIIIHHHH', pns, 0, 300, 100000000, 3, 3, 3, 0, 0, 0) + b'\0' * 128))

    def reply(self, pns, pac):
        """The server (PAC) accepts it and chooses its own."""
        self.say(self.server, message(CALL_REPLY, struct.pack(
            '>HHBBHIHHI', pac, pns, 1, 0, 0, 100000000, 3, 0, 0)))

    def call(self, pns, pac):
        self.request(pns)
        self.reply(pns, pac)
        return self

    def hang_up(self, pac):
        """The server says that the call has ended."""
        self.say(self.server, message(DISCONNECT, struct.pack(
            '>HBBHH', pac, 1, 0, 0, 0) + b'\0' * 128))

    def close(self):
        self.client.close()
        self.server.close()


def keys(src, dst):
    return 'srckey=0x%x' % src, 'dstkey=0x%x' % dst


def expected():
    """Lines of /proc/net/nf_conntrack_expect about GRE."""
    enter('r')
    with open('/proc/thread-self/net/nf_conntrack_expect', encoding='ascii') as file:
        return [line for line in file if 'proto=47' in line]


def sender_of(sender, src, dst, call):
    """The call ID that the router finds for the sender of a packet when all
    connections have ended: that of the new entry."""
    router.flush()
    sender(gre(src, dst, call))
    settle()
    found = router.entries('gre')
    return int(found[0].split('srckey=')[1].split()[0], 16) if len(found) == 1 else found


def flush_gre():
    """End the GRE connections, which makes their call IDs be forgotten."""
    run('r', 'conntrack', '-D', '-p', 'gre')


# --- one call ------------------------------------------------------------------

def life():
    control = Control().call(100, 200)
    equal('call: both directions are expected', len(expected()), 2)
    router.seen()
    from_c(gre(C4, S4, 200))
    e = router.entry('gre', C4, *keys(100, 200))
    verdict('call: call IDs of both ends', e, router.entries('gre'))
    equal('call: related', router.seen(), 'related')
    equal('call: nothing is expected any more', expected(), [])
    verdict('call: timeouts of the sysctls', 'timeout=30, stream_timeout=180' in e, e)
    lives('call: gre_timeout', e, 22, 30)
    from_s(gre(S4, C4, 100))
    equal('call: the answer', router.seen(), 'established reply')
    from_c(gre(C4, S4, 200))
    equal('call: goes on', router.seen(), 'established')
    e = router.entry('gre', C4, *keys(100, 200))
    lives('call: gre_timeout_stream', e, 172, 180)

    control.reply(100, 200)
    from_c(gre(C4, S4, 200))
    equal('call: announced again, it goes on', router.seen(), 'established')
    control.hang_up(200)
    equal('call: ended by the server', router.entries('gre'), [])
    from_c(gre(C4, S4, 200))
    verdict('call: ended, the ID is forgotten', router.entry('gre', C4, *keys(0, 200)),
            router.entries('gre'))
    flush_gre()

    control.call(101, 201)
    sysctl('r', gre_timeout=50, gre_timeout_stream=60)
    from_c(gre(C4, S4, 201))
    e = router.entry('gre', C4, *keys(101, 201))
    verdict('next call: sysctls', 'timeout=50, stream_timeout=60' in e, e)
    lives('next call: gre_timeout', e, 42, 50)
    sysctl('r', gre_timeout=30, gre_timeout_stream=180)
    run('r', 'conntrack', '-D', '-p', 'tcp')
    equal('next call: ends with the control connection', router.entries('gre'), [])
    equal('next call: its ID, too', sender_of(from_c, C4, S4, 201), 0)
    control.close()


def end_of_gre():
    """The IDs are forgotten with the GRE connection, before the control connection."""
    control = Control().call(110, 210)
    from_c(gre(C4, S4, 210))
    verdict('GRE ends first: entry', router.entry('gre', C4, *keys(110, 210)),
            router.entries('gre'))
    flush_gre()
    from_c(gre(C4, S4, 210))
    verdict('GRE ends first: the ID is forgotten',
            router.entry('gre', C4, *keys(0, 210)), router.entries('gre'))
    control.close()
    router.flush()


# --- more than one -------------------------------------------------------------

def another_call():
    """A second call. DIFF: pptp-several: stock has one at a time."""
    control = Control().call(120, 220)
    from_c(gre(C4, S4, 220))
    control.call(121, 221)
    equal('second call: expected, on stock not', len(expected()), 2 if OURS else 0)
    router.seen()
    from_c(gre(C4, S4, 220))
    equal('second call: the first goes on', router.seen(), 'related')
    equal('second call: no new entry', len(router.entries('gre')), 1)
    from_c(gre(C4, S4, 221))
    verdict('second call: its ID, on stock none',
            router.entry('gre', C4, *keys(121 if OURS else 0, 221)), router.entries('gre'))

    # the server gives the ID to another call. On stock the receiver of one direction is as
    # before: as a retransmission; that of the other is not, and the helper gives up;
    # since 7.x the IDs are not touched then
    control.call(122, 220)
    equal('call with the same receiver: expected, on stock not', len(expected()),
          2 if OURS else 0)
    from_c(gre(C4, S4, 220))
    sender = 120 if int(os.uname().release.split('.')[0]) >= 7 else 0
    sender = 122 if OURS else sender
    verdict('call with the same receiver: its ID; forgotten on stock, on 7.x the old one',
            router.entry('gre', C4, *keys(sender, 220)), router.entries('gre'))
    control.close()
    router.flush()


def same_receiver():
    """Three control connections announce one ID of the client."""
    pacs = [230, 231, 232]
    controls = [Control().call(130, pac) for pac in pacs]
    from_s(gre(S4, C4, 130))
    verdict('one receiver: the first is taken', router.entry('gre', S4, *keys(230, 130)),
            router.entries('gre'))
    controls[1].hang_up(231)
    from_s(gre(S4, C4, 130))
    equal('one receiver: another one ends', len(router.entries('gre')), 1)
    controls[0].hang_up(230)
    from_s(gre(S4, C4, 130))
    verdict('one receiver: the next is taken', router.entry('gre', S4, *keys(232, 130)),
            router.entries('gre'))
    equal('one receiver: the other direction', len(router.entries('gre')), 1)
    controls[2].hang_up(232)
    from_s(gre(S4, C4, 130))
    verdict('one receiver: none is left', router.entry('gre', S4, *keys(0, 130)),
            router.entries('gre'))
    for control in controls:
        control.close()
    router.flush()


def crowd():
    """Each of many calls has its own IDs, and they all end."""
    ids = range(1000, 1000 + (60 if os.environ.get('NFCT_KERNEL') == 'debug' else 200))
    controls = [Control().call(n, n + 10000) for n in ids]
    for n in ids:
        from_c(gre(C4, S4, n + 10000))
    equal('many calls: each has its IDs', sum(
        bool(router.entry('gre', C4, *keys(n, n + 10000))) for n in ids), len(ids))
    run('r', 'conntrack', '-F')
    equal('many calls: all have ended', router.entries('gre'), [])
    for n in ids:
        from_c(gre(C4, S4, n + 10000))
    equal('many calls: no ID is left', sum(
        bool(router.entry('gre', C4, *keys(0, n + 10000))) for n in ids), len(ids))
    for control in controls:
        control.close()
    router.flush()


# --- what is lost ----------------------------------------------------------------

def dropped():
    """The first packet of a call is dropped by a rule."""
    run('r', 'iptables', '-A', 'FORWARD', '-p', 'gre', '-j', 'DROP')
    control = Control().call(140, 240)
    from_c(gre(C4, S4, 240))
    run('r', 'iptables', '-F', 'FORWARD')
    from_c(gre(C4, S4, 240))
    # DIFF: gre-clash: stock forgets the IDs with the packet
    verdict('first packet dropped: the ID', router.entry(
        'gre', C4, *keys(140 if OURS else 0, 240)), router.entries('gre'))
    control.close()
    router.flush()


def unloaded():
    """The helper is unloaded while a call is up, then the control connection ends."""
    control = Control().call(150, 250)
    run('r', 'iptables', '-t', 'raw', '-F')
    run('r', 'modprobe', '-r', 'nf_conntrack_pptp')
    equal('helper unloaded: the ID stays', sender_of(from_c, C4, S4, 250),
          0 if OURS else 150)
    control.close()


def many(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (3 * count, 3 * count))
    start = time.monotonic()
    controls = [Control().call(n, n + 1) for n in range(1, count + 1)]
    print('# %d calls in %.1f s' % (count, time.monotonic() - start), flush=True)
    start = time.monotonic()
    for n in range(1, count + 1, count // 1000):
        from_c.sock4.sendto(gre(C4, S4, n + 1), (S4, 0))
    print('# 1000 packets in %.3f s' % (time.monotonic() - start), flush=True)
    start = time.monotonic()
    run('r', 'conntrack', '-F')
    print('# flush in %.3f s' % (time.monotonic() - start), flush=True)
    equal('many calls', len(controls), count)


if sys.argv[1] == 'many':
    many(int(sys.argv[2]))
else:
    rawnet.silence('c')
    rawnet.silence('s')
    rawnet.main([life, end_of_gre, another_call, same_receiver, crowd, dropped, unloaded])
