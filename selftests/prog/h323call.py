#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Calls of H.323 between namespaces c and s of lib.sh's topology, over real sockets: the
messages are generated (h323msg.py), as Debian has no endpoint; connections and media go
through the router, or do not.

  h323call.py calls 4|6      a client calls a server: H.245 with media and T.120, fast start,
                             tunnelled H.245, Connect of version 7, six calls at once
  h323call.py registered 4|6 [NAT]  a client registers with a gatekeeper and is called
  h323call.py blocked        without the helper nothing but the call itself passes
  h323call.py many N         N calls with media, one behind the other: prints how many
"""

import os
import socket
import sys

import h323msg as m
from rawnet import C4, C6, S4, S6, enter, equal, verdict

FAMILY = {'4': (socket.AF_INET, C4, S4), '6': (socket.AF_INET6, C6, S6)}
WAIT = 4 * float(os.environ.get('NFCT_SLOW', '1'))
SIGNAL, RAS = 1720, 1719


class Net:
    """Sockets in the two namespaces."""

    def __init__(self, version):
        self.family, self.c, self.s = FAMILY[version]

    def addr(self, who):
        return self.c if who == 'c' else self.s

    def make(self, who, kind, port, wait=WAIT):
        enter(who)
        sock = socket.socket(self.family, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.addr(who), port))
        sock.settimeout(wait)
        return sock

    def listen(self, who, port):
        sock = self.make(who, socket.SOCK_STREAM, port)
        sock.listen(8)
        return sock

    def connect(self, who, to, listener, wait=WAIT):
        """Both ends of a connection, or None."""
        sock = self.make(who, socket.SOCK_STREAM, 0, wait)
        try:
            sock.connect(to)
            other, peer = listener.accept()
        except OSError:
            sock.close()
            return None
        other.settimeout(WAIT)
        return sock, other, peer[:2]

    def passes(self, who, to, receiver, wait=WAIT):
        """Whether a datagram arrives."""
        with self.make(who, socket.SOCK_DGRAM, 0) as sock:
            sock.sendto(b'media', to)
            receiver.settimeout(wait)
            try:
                return receiver.recv(64) == b'media'
            except OSError:
                return False


def exact(sock, n):
    data = b''
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def transfer(sender, receiver, data):
    sender.sendall(data)
    return exact(receiver, len(data))


def seen(sent, got, where):
    """Where the receiver sees an address that the sender has named."""
    text = m.packed(where[0]) + where[1].to_bytes(2, 'big')
    at = sent.find(text)
    size = len(text) - 2
    family = socket.AF_INET if size == 4 else socket.AF_INET6
    return socket.inet_ntop(family, got[at:at + size]), int.from_bytes(got[at + size:at + size + 2], 'big')


class Call:
    """A call from c to s; port is the first of eight that belong to it."""

    def __init__(self, net, port, **kw):
        self.net, self.port = net, port
        with net.listen('s', SIGNAL) as listener:
            self.c, self.s, self.peer = net.connect('c', (net.s, SIGNAL), listener)
        self.source = self.c.getsockname()[:2]
        self.sent = m.tpkt(m.call(m.setup(None, (net.s, SIGNAL), self.source, **kw)))
        self.got = transfer(self.c, self.s, self.sent)

    def where(self, who, n):
        return self.net.addr(who), self.port + n

    def say(self, who, data):
        """The data, and how they arrive."""
        ends = (self.c, self.s) if who == 'c' else (self.s, self.c)
        return data, transfer(*ends, data)

    def close(self):
        self.c.close()
        self.s.close()

    def media(self, name, to, n, wait=WAIT):
        """Media of the other side to a port of ours, which it knows as @to."""
        who = 'c' if to[2] == 'c' else 's'
        other = 'sc'['cs'.index(who)]
        with self.net.make(who, socket.SOCK_DGRAM, self.port + n) as receiver:
            return self.net.passes(other, to[:2], receiver, wait) if name is None else verdict(
                name, self.net.passes(other, to[:2], receiver, wait), 'does not arrive')


def h245(net, name, port, version=4, reply=m.connect):
    """A call with a connection of H.245."""
    call = Call(net, port)
    equal(name + ': source of the call', seen(call.sent, call.got, call.source), call.peer)
    sent, got = call.say('s', m.tpkt(m.call(reply(call.where('s', 0), version=version))))
    with net.listen('s', port) as listener:
        control = net.connect('c', seen(sent, got, call.where('s', 0)), listener)
    verdict(name + ': H.245', control is not None, 'no connection')
    if control:
        channels(net, name, call, control)
    call.close()


def channels(net, name, call, control):
    client, server = control[:2]
    rtcp = call.where('c', 3)
    data = m.tpkt(m.control(m.request(m.olc(control=rtcp))))
    to = seen(data, transfer(client, server, data), rtcp)
    call.media(name + ': RTCP to the client', to + ('c',), 3)
    rtp, rtcp = call.where('s', 4), call.where('s', 5)
    data = m.tpkt(m.control(m.ack(1, rtp, rtcp)))
    got = transfer(server, client, data)
    call.media(name + ': RTP to the server', seen(data, got, rtp) + ('s',), 4)
    call.media(name + ': RTCP to the server', seen(data, got, rtcp) + ('s',), 5)
    stack = call.where('c', 6)
    data = m.tpkt(m.control(m.request(m.olc(2, m.t120, stack=stack))))
    to = seen(data, transfer(client, server, data), stack)
    with net.listen('c', stack[1]) as listener:
        for n in (1, 2):
            verdict('%s: T.120, connection %d' % (name, n), net.connect('s', to, listener), 'none')
    client.close()
    server.close()


def fast(net, name, port):
    """Fast start: channels in Setup and in the answer"""
    rtcp = net.c, port + 1
    call = Call(net, port, fast=[m.olc(control=rtcp)])
    call.media(name + ': RTCP to the client', seen(call.sent, call.got, rtcp) + ('c',), 1)
    rtp = call.where('s', 2)
    sent, got = call.say('s', m.tpkt(m.call(m.alerting(fast=[m.olc(media=rtp)]))))
    call.media(name + ': RTP to the server', seen(sent, got, rtp) + ('s',), 2)
    call.close()


def tunnel(net, name, port):
    call = Call(net, port)
    rtcp = call.where('c', 1)
    sent, got = call.say('c', m.tpkt(m.call(m.EMPTY, [m.request(m.olc(control=rtcp))])))
    call.media(name + ': RTCP to the client', seen(sent, got, rtcp) + ('c',), 1)
    call.close()


def at_once(net, port, n):
    """How many of some calls have all that they need, which share a T.120 stack of the server"""
    stack, open_calls, good = (net.s, 1503), [], 0
    for i in range(n):
        call = Call(net, port + 8 * i)
        open_calls.append(call)
        message = m.request(m.olc(2, m.t120, control=call.where('s', 1), stack=stack))
        try:
            sent, got = call.say('s', m.tpkt(m.call(m.EMPTY, [message])))
        except OSError:
            continue
        rtcp = seen(sent, got, call.where('s', 1))
        with net.listen('s', 1503) as listener:
            good += bool(call.media(None, rtcp + ('s',), 1)) and net.connect(
                'c', seen(sent, got, stack), listener) is not None
    for call in open_calls:
        call.close()
    return good


def calls(version):
    net = Net(version)
    h245(net, 'Connect', 5000)
    h245(net, 'Alerting', 5100, reply=m.alerting)
    if os.environ.get('NFCT_MODSET') == 'ours':
        h245(net, 'DIFF: Connect of version 7', 5200, 7)
        equal('DIFF: calls with one T.120 stack', at_once(net, 5300, 6), 6)
    else:
        equal('DIFF: calls with one T.120 stack', at_once(net, 5300, 2), 1)
    fast(net, 'fast start', 5400)
    tunnel(net, 'tunnelled', 5500)


def registered(version):
    net = Net(version)
    gatekeeper = net.make('s', socket.SOCK_DGRAM, RAS)
    client = net.make('c', socket.SOCK_DGRAM, RAS)
    signal = net.c, 5600
    data = m.rrq([signal], (net.c, RAS), 300)
    client.sendto(data, (net.s, RAS))
    got, peer = gatekeeper.recvfrom(2048)
    equal('address of RAS', seen(data[20:], got[20:], (net.c, RAS)), peer[:2])
    to = seen(data, got, signal)
    gatekeeper.sendto(m.rcf([to], 300), peer)
    answer = client.recv(2048)
    equal('the answer names the client', seen(m.rcf([to], 300), answer, to), signal)
    with net.listen('c', signal[1]) as listener:
        ends = net.connect('s', to, listener)
        verdict('is called', ends is not None, 'no connection')
    if ends:
        h245_of = net.c, 5601
        data = m.tpkt(m.call(m.connect(h245_of)))
        to = seen(data, transfer(ends[1], ends[0], data), h245_of)
        with net.listen('c', h245_of[1]) as listener:
            verdict('H.245 of the called', net.connect('s', to, listener), 'no connection')
    client.sendto(m.arq(), (net.s, RAS))
    peer = gatekeeper.recvfrom(2048)[1]
    gatekeeper.sendto(m.acf((net.s, 5602)), peer)
    client.recv(2048)
    with net.listen('s', 5602) as listener:
        verdict('calls where it is told to', net.connect('c', (net.s, 5602), listener), 'no connection')
    gatekeeper.close()
    client.close()


def blocked():
    net = Net('4')
    call = Call(net, 5700)
    call.say('s', m.tpkt(m.call(m.connect(call.where('s', 0)))))
    with net.listen('s', 5700) as listener:
        verdict('without the helper: no H.245', net.connect('c', call.where('s', 0), listener, 1) is None)
    call.say('s', m.tpkt(m.call(m.alerting(fast=[m.olc(media=call.where('s', 2))]))))
    verdict('without the helper: no media', not call.media(None, call.where('s', 2) + ('s',), 2, 1))
    call.close()


def many(n):
    net = Net('4')
    good = 0
    for i in range(int(n)):
        port = 6000 + i % 500 * 8
        try:
            call = Call(net, port, fast=[m.olc(control=(net.c, port + 1))])
            good += bool(call.media(None, seen(call.sent, call.got, (net.c, port + 1)) + ('c',), 1, 1))
            call.close()
        except (OSError, TypeError):
            pass
    print('calls=%d of %s' % (good, n))


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
