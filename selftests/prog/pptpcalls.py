#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Calls of PPTP over the gateway of lib.sh's topology, real control connections, GRE by
raw sockets: what each side sees of the call IDs, and which GRE packets arrive.

  pptpcalls.py rows plain|NAT  the tests
  pptpcalls.py one             the first of them
  pptpcalls.py bad             messages that break a rule
  pptpcalls.py many N SECONDS  N control connections set up calls again and again
"""

import os
import select
import socket
import struct
import sys
import time

from pptpwire import PORT, clear, connected, disconnect, link, message, out, out_reply, ring, \
    ring_reply, start, started, wan
from rawnet import C4, S4, enter, equal, main, run, verdict

CLIENTS = (C4, '10.0.1.3')
GATEWAY = '10.0.2.1'
OURS = os.environ.get('NFCT_MODSET') == 'ours'
NAT = sys.argv[2:3] == ['NAT']
WAIT = 10


def word(data, n=0):
    """The nth word of the body of the first message."""
    return struct.unpack_from('>H', data, 12 + 2 * n)[0] if len(data) >= 14 + 2 * n else None


class Control:
    """A control connection, both ends of it."""

    listener = None

    @classmethod
    def listen(cls):
        enter('s')
        cls.listener = socket.socket()
        cls.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        cls.listener.bind((S4, PORT))
        cls.listener.listen(256)
        cls.listener.settimeout(WAIT)

    def __init__(self, addr=C4, greet=True):
        enter('c')
        self.addr = addr
        self.client = socket.socket()
        self.client.settimeout(WAIT)
        self.client.bind((addr, 0))
        self.client.connect((S4, PORT))
        self.server, self.peer = self.listener.accept()
        for end in (self.client, self.server):
            end.settimeout(WAIT)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if greet:
            self.up(start())
            self.down(started())

    @staticmethod
    def carry(end, other, data):
        end.sendall(data)
        got = b''
        while len(got) < len(data):
            more = other.recv(len(data) - len(got))
            if not more:
                raise OSError('closed')
            got += more
        return got

    def up(self, data):
        """The client sends a segment: what the server gets."""
        return self.carry(self.client, self.server, data)

    def down(self, data):
        return self.carry(self.server, self.client, data)

    def call(self, pns, pac):
        """The client calls. Its ID as the server sees it, and as it comes back"""
        seen = word(self.up(out(pns)))
        return seen, word(self.down(out_reply(seen, pac)), 1)

    def ring(self, pns, pac):
        """The server calls. The same"""
        self.down(ring(pac))
        seen = word(self.up(ring_reply(pns, pac)))
        return seen, word(self.down(connected(seen)))

    def close(self):
        for end in (self.client, self.server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            end.close()
        run('r', 'sh', '-c', 'conntrack -D -p gre; conntrack -D -p tcp; conntrack -F expect; true')


class Gre:
    """Raw sockets of both sides."""

    def __init__(self):
        self.socks = {}
        for name in 'cs':
            enter(name)
            self.socks[name] = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
            self.socks[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def got(self, name, wait):
        """Of the next packet: where to, its call ID, its number; None if none comes."""
        sock = self.socks[name]
        if not select.select([sock], [], [], wait)[0]:
            return None
        data = sock.recv(2048)
        data, to = data[(data[0] & 15) * 4:], socket.inet_ntoa(data[16:20])
        return (to,) + struct.unpack_from('>HI', data, 6)

    def send(self, name, dst, call, src=None):
        """The next packet that the other side gets, None if none comes."""
        other = 'sc'['cs'.index(name)]
        while self.got(other, 0):
            pass
        enter(name)
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, 47) as sock:
            if src:
                sock.bind((src, 0))
            sock.sendto(struct.pack('>HHHHI', 0x3001, 0x880b, 4, call, 1) + b'data', (dst, 0))
        got = self.got(other, 0.4)
        return got[:2] if got else None

    def up(self, control, pac):
        return self.send('c', S4, pac, control.addr) == (S4, pac)

    def down(self, control, seen, pns):
        return self.send('s', GATEWAY if NAT else control.addr, seen) == (control.addr, pns)

    def both(self, control, seen, pns, pac):
        """Do packets pass both ways, each with the receiver's own ID?"""
        return self.up(control, pac), self.down(control, seen, pns)


def expected():
    enter('r')
    with open('/proc/thread-self/net/nf_conntrack_expect', encoding='ascii') as file:
        return sum('proto=47' in line for line in file)


def entries():
    enter('r')
    with open('/proc/thread-self/net/nf_conntrack', encoding='ascii') as file:
        return sum(line.split()[2] == 'gre' for line in file)


GRE = Gre()
KIND = 'NAT' if NAT else 'plain'


def under_nat(stock):
    """What stock does if it differs behind NAT only"""
    return (stock,) if NAT else ()


def row(name, got, ours, *stock):
    """stock: what it does if that differs"""
    wanted = ours if OURS or not stock else stock[0]
    equal('%s%s: %s' % ('DIFF: ' if stock else '', KIND, name), got, wanted)


# --- one call --------------------------------------------------------------------

def outgoing():
    control = Control()
    pns = control.peer[1] if NAT else 100
    row('call: IDs', control.call(100, 200), (pns, 100))
    row('call: two expectations', expected(), 2)
    row('call: the client begins', GRE.both(control, pns, 100, 200), (True, True))
    row('call: nothing is expected any more', expected(), 0)
    row('call: one connection', entries(), 1)
    row('settings of the server', word(control.down(link(pns))), 100)
    row('settings of the client', word(control.up(link(200))), 200)
    row('WAN error', word(control.down(wan(pns))), 100)
    row('request to end', word(control.up(clear(100))), pns)
    row('request to end: GRE goes on', GRE.both(control, pns, 100, 200), (True, True))
    row('end: ID of the server', word(control.down(disconnect(200))), 200, 100 if NAT else 200)
    row('end: no GRE', (entries(), expected()), (0, 0))
    row('end: nothing passes', GRE.both(control, pns, 100, 200), (False, False))
    control.close()


def server_first():
    control = Control()
    pns, _ = control.call(102, 202)
    row('call: the server begins', GRE.down(control, pns, 102), True)
    row('call: the client answers', GRE.up(control, 202), True)
    row('the server begins: one connection', entries(), 1)
    row('the server begins: nothing is expected any more', expected(), 0, *under_nat(1))
    run('r', 'conntrack', '-D', '-p', 'tcp')
    row('end of the control connection: no GRE', (entries(), expected()), (0, 0))
    control.close()


def again():
    """TCP sends messages again: they say the same."""
    control = Control()
    pns, _ = control.call(103, 203)
    row('request and reply again', control.call(103, 203), (pns, 103))
    row('request and reply again: GRE', GRE.both(control, pns, 103, 203), (True, True))
    control.down(disconnect(203))
    row('a next call', control.call(104, 204)[1], 104)
    row('a next call: expected', expected(), 2)
    seen = word(control.up(out(104)))
    row("end by the client's ID", (word(control.down(disconnect(seen))), expected()), (104, 0),
        *under_nat((104, 1)))
    control.close()


def incoming():
    control = Control()
    seen, back = control.ring(105, 205)
    row('incoming call: ID', (seen == 105, back), (not NAT, 105), *under_nat((True, 0)))
    row('incoming call: an ID', seen not in (0, None), True)
    row('incoming call: GRE', GRE.both(control, seen, 105, 205), (True, True),
        *under_nat((True, False)))
    control.down(disconnect(205))
    row('incoming call: end', (entries(), expected()), (0, 0))
    control.close()


def refused():
    control = Control()
    pns = word(control.up(out(106)))
    row('refused call: ID', word(control.down(out_reply(pns, 206, 4)), 1), 106)
    row('refused call: nothing is expected', expected(), 0)
    control.down(ring(207))
    control.up(ring_reply(107, 207, 3))
    row('refused incoming call: nothing is expected', expected(), 0)
    control.close()


def wrong_order():
    control = Control(greet=False)
    control.up(out(108))
    control.down(out_reply(108, 208))
    row('call without a session: nothing is expected', expected(), 0)
    control.up(start())
    control.down(started(2))
    control.up(out(108))
    control.down(out_reply(108, 208))
    row('refused session: nothing is expected', expected(), 0)
    control.close()
    control = Control()
    control.down(out_reply(109, 209))
    control.down(connected(109))
    row('reply to no call: nothing is expected', expected(), 0)
    control.close()


# --- several ---------------------------------------------------------------------

def two_calls():
    control = Control()
    one, _ = control.call(110, 210)
    two, back = control.call(111, 211)
    row('two calls: their IDs differ', one != two, True, not NAT)
    row('two calls: the client sees its own', back, 111)
    row('two calls: the second passes', GRE.both(control, two, 111, 211), (True, True),
        (False, False))
    row('two calls: the first passes', GRE.both(control, one, 110, 210), (True, True),
        (False, False))
    control.down(disconnect(210))
    row('two calls: the first ends, the second goes on',
        GRE.both(control, two, 111, 211) + GRE.both(control, one, 110, 210),
        (True, True, False, False), (False, False, False, False))
    three, _ = control.ring(112, 212)
    row('a third one, incoming', GRE.both(control, three, 112, 212), (True, True),
        *under_nat((True, False)))
    row('a third one: the second goes on', GRE.both(control, two, 111, 211), (True, True),
        (False, False))
    run('r', 'conntrack', '-D', '-p', 'tcp')
    row('several calls: all end', (entries(), expected()), (0, 0))
    control.close()


def clients():
    """Each has calls with the same IDs of its own, the server gives different ones."""
    enter('c')
    controls = [Control(addr) for addr in CLIENTS for _ in range(2)]
    calls = []
    for n, control in enumerate(controls):
        for k in range(3):
            pac = 300 + 10 * n + k
            calls.append((control, control.call(100 + k, pac)[0], 100 + k, pac))
    if NAT:
        row('12 calls of two clients: their IDs differ', len({c[1] for c in calls}), 12, 4)
    row('12 calls of two clients: all pass', sum(GRE.both(*c) == (True, True) for c in calls), 12, 0)
    for control in controls:
        control.close()


def sixteen():
    control = Control()
    seen = {control.call(400 + n, 500 + n)[0] for n in range(16)}
    row('16 calls: their IDs differ', len(seen), 16, 1 if NAT else 16)
    control.call(416, 516)
    row('16 calls: the 17th is not expected', GRE.up(control, 516), False)
    row('16 calls: the first passes', GRE.up(control, 500), True, False)
    control.down(disconnect(501))
    row('16 calls: one ends, there is room', (control.call(417, 517)[1], GRE.up(control, 517)),
        (417, True))
    control.close()


def pipelined():
    """Two messages in a segment."""
    control = Control()
    got = control.up(out(113) + out(114))
    one, two = word(got), word(got[168:])
    row('two requests in a segment', NAT or (one, two) == (113, 114), True)
    got = control.down(out_reply(one, 213) + out_reply(two, 214))
    row('two replies in a segment', (word(got, 1), word(got[32:], 1)), (113, 114),
        (113, two))
    row('in a segment: the second passes', GRE.both(control, two, 114, 214), (True, True),
        (False, False))
    control.close()


# --- what breaks a rule -------------------------------------------------------------

SHORT = out(120)[:-1]
BAD = (
    # name, messages before it of the client, whether the client sends it, the message
    ('request cut off', True, out(120)[:100]),
    ('request without its last byte', True, SHORT),
    ('request that says it is shorter', True, b'\0\x10' + out(120)[2:]),
    ('request that says it is longer', True, b'\xff\xff' + out(120)[2:]),
    ('header cut off', True, out(120)[:11]),
    ('unknown type', True, message(16, bytes(200))),
    ('type 0', True, message(0, bytes(200))),
    ('management message', True, out(120)[:2] + b'\0\2' + out(120)[4:]),
    ('wrong magic', True, out(120)[:4] + b'\0\0\0\0' + out(120)[8:]),
    ('one byte', True, b'\0'),
    ('noise', True, bytes(range(256))),
    ('end of no call', True, clear(99)),
    ('end of no call, server', False, disconnect(99)),
    ('settings of no call', False, link(99)),
    ('reply to no call', False, out_reply(99, 98)),
    ('connection of no call', False, connected(99)),
)


def bad():
    for name, upwards, data in BAD:
        control = Control()
        got = control.up(data) if upwards else control.down(data)
        if upwards:
            control.down(out_reply(120, 220))
        verdict('bad: %s: nothing is expected' % name, OURS is False or expected() == 0, expected())
        verdict('bad: %s: it passes untouched' % name, got == data or not OURS)
        control.close()
    # the log says why it is refused
    control = Control()
    for n in range(17):
        control.call(600 + n, 700 + n)
    control.close()
    control = Control(greet=False)
    control.up(out(121))
    control.down(started())
    control.close()


def many(count, seconds):
    end, calls, n = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        controls = [Control(CLIENTS[k % 2]) for k in range(count)]
        for n, control in enumerate(controls):
            for k in range(3):
                seen = control.call(100 + k, 1000 + 3 * n + k)[0]
                GRE.send('c', S4, 1000 + 3 * n + k, control.addr)
                GRE.send('s', GATEWAY, seen)
                calls += 1
        for n, control in enumerate(controls):
            control.down(disconnect(1000 + 3 * n))
            control.client.close()
            control.server.close()
    print('calls=%d' % calls, flush=True)


Control.listen()
if sys.argv[1] == 'many':
    many(int(sys.argv[2]), float(sys.argv[3]))
elif sys.argv[1] == 'one':
    main([outgoing])
elif sys.argv[1] == 'bad':
    main([bad])
else:
    main([outgoing, server_first, again, incoming, refused, wrong_order, two_calls, clients,
          sixteen, pipelined])
