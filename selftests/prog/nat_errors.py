#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ICMP errors that a router on the far side would send about packets which were
translated: the inner packet must be turned back, its checksums be right, and
what does not belong to a connection must not pass as RELATED.

The rules of the test nat are in force: what leaves eth2 is masqueraded to 10.0.2.1
or fd00:2::1, UDP port 8009 of 10.0.1.1 goes to 10.0.2.2 port 9.
"""

import socket
import struct

import rawnet as rn

UNREACH4, EXCEEDED4 = 3, 11
TOO_BIG6, UNREACH6 = 2, 1


class Wire:
    """What arrives on an interface of a namespace."""

    def __init__(self, name):
        rn.enter(name)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.sock.bind(('eth0', 3))
        self.sock.settimeout(1)

    def clear(self):
        self.sock.setblocking(False)
        try:
            while True:
                self.sock.recv(65536)
        except BlockingIOError:
            pass
        self.sock.settimeout(1)

    def find(self, proto, kind):
        """The first packet that came in of a protocol, and whose payload begins
        with an octet."""
        try:
            while True:
                data, where = self.sock.recvfrom(65536)
                if where[2] == socket.PACKET_OUTGOING:
                    continue
                if data[0] >> 4 == 4 and data[9] == proto and data[20] == kind:
                    return data
                if data[0] >> 4 == 6 and data[6] == proto and data[40] == kind:
                    return data
        except TimeoutError:
            return b''


def fragment(packet, more=True, offset=0):
    """An IPv4 packet marked as a fragment, its checksum put right."""
    head = packet[:6] + struct.pack('>H', (0x2000 if more else 0) | offset) + \
        packet[8:10] + b'\0\0' + packet[12:20]
    return head[:10] + struct.pack('>H', rn.csum(head)) + head[12:] + packet[20:]


def check4(name, got, outer_src, inner_src, inner_dst, sport, dport):
    """An error message has reached the client, with the original inside."""
    if not got:
        return rn.verdict(name, False, 'nothing came')
    inner = got[28:]
    problems = []
    if socket.inet_ntoa(got[12:16]) != outer_src:
        problems.append('from ' + socket.inet_ntoa(got[12:16]))
    if rn.csum(got[20:]):
        problems.append('wrong ICMP checksum')
    if rn.csum(inner[:20]):
        problems.append('wrong inner IP checksum')
    seen = (socket.inet_ntoa(inner[12:16]), socket.inet_ntoa(inner[16:20])) + \
        struct.unpack('>HH', inner[20:24])
    if seen != (inner_src, inner_dst, sport, dport):
        problems.append('inside: %r' % (seen,))
    return rn.verdict(name, not problems, ', '.join(problems))


def original4(wire, client, dport=9000, sport=5100, dst=rn.S4, proto='udp', **args):
    """Send the client's packet and return what the server's side saw."""
    wire.clear()
    client(getattr(rn, proto)(rn.C4, dst, sport, dport, **args))
    return wire.find(rn.PROTO[proto], sport >> 8)


def errors4():
    client, server = rn.Sender('c'), rn.Sender('s')
    at_server, at_client = Wire('s'), Wire('c')
    router = rn.Router()

    seen = original4(at_server, client)
    for name, kind, code, data in (
            ('fragmentation needed', UNREACH4, 4, seen),
            ('time exceeded', EXCEEDED4, 0, seen),
            ('no more than eight octets inside', UNREACH4, 1, seen[:28]),
            ('about a first fragment', EXCEEDED4, 1, fragment(seen))):
        router.seen()
        at_client.clear()
        server(rn.icmp(rn.S4, '10.0.2.1', kind, code, b'\0\0\2\0', data))
        check4('error4: ' + name, at_client.find(1, kind), rn.S4, rn.C4, rn.S4, 5100, 9000)
        rn.equal('error4: %s is RELATED' % name, router.seen(), 'related reply')

    at_client.clear()
    server(rn.icmp(rn.S4, '10.0.2.1', UNREACH4, 1, b'\0\0\2\0', fragment(seen, False, 100)))
    rn.verdict('error4: about a later fragment is no one\'s', at_client.find(1, UNREACH4) == b'')
    rn.equal('error4: and INVALID', router.seen(), 'invalid')
    at_client.clear()
    server(rn.icmp(rn.S4, '10.0.2.1', UNREACH4, 1, b'\0\0\2\0', seen[:24]))
    rn.verdict('error4: four octets inside are not enough', at_client.find(1, UNREACH4) == b'')
    other = rn.udp('10.0.2.1', rn.S4, 5101, 9000)
    server(rn.icmp(rn.S4, '10.0.2.1', UNREACH4, 1, b'\0\0\2\0', other))
    rn.verdict('error4: about an unknown connection', at_client.find(1, UNREACH4) == b'')
    bad = rn.icmp(rn.S4, '10.0.2.1', UNREACH4, 1, b'\0\0\2\0', seen, check=1)
    server(bad)
    rn.verdict('error4: wrong checksum', at_client.find(1, UNREACH4) == b'')

    # from a router in between: its own address stays, the inside is turned back
    at_client.clear()
    server(rn.icmp('10.0.2.99', '10.0.2.1', EXCEEDED4, 0, data=seen))
    check4('error4: from a third party', at_client.find(1, EXCEEDED4), '10.0.2.99', rn.C4,
           rn.S4, 5100, 9000)

    # both translated: the client knows 10.0.1.1 port 8009 only
    seen = original4(at_server, client, 8009, 5102, '10.0.1.1')
    at_client.clear()
    server(rn.icmp(rn.S4, '10.0.2.1', UNREACH4, 4, b'\0\0\2\0', seen))
    check4('error4: both translated', at_client.find(1, UNREACH4), '10.0.1.1', rn.C4,
           '10.0.1.1', 5102, 8009)
    # the other way: the client complains about the answer
    answer = rn.udp('10.0.1.1', rn.C4, 8009, 5102)
    server(rn.udp(rn.S4, '10.0.2.1', 9, 5102))
    at_server.clear()
    client(rn.icmp(rn.C4, '10.0.1.1', UNREACH4, 3, data=answer))
    check4('error4: about the answer', at_server.find(1, UNREACH4), '10.0.2.1', rn.S4,
           '10.0.2.1', 9, 5102)


def check6(name, got, inner_src, inner_dst, sport, dport):
    if not got:
        return rn.verdict(name, False, 'nothing came')
    inner = got[48:]
    problems = []
    addr = [socket.inet_ntop(socket.AF_INET6, got[n:n + 16]) for n in (8, 24)]
    if rn.csum(rn.pseudo(addr[0], addr[1], rn.PROTO['icmpv6'], len(got) - 40) + got[40:]):
        problems.append('wrong ICMPv6 checksum')
    seen = tuple(socket.inet_ntop(socket.AF_INET6, inner[n:n + 16]) for n in (8, 24)) + \
        struct.unpack('>HH', inner[-12:-8])
    if seen != (inner_src, inner_dst, sport, dport):
        problems.append('inside: %r' % (seen,))
    return rn.verdict(name, not problems, ', '.join(problems))


def with_fragment_header(packet, offset=0):
    """An IPv6 packet with a fragment header that says: first of several."""
    head = packet[:4] + struct.pack('>HB', len(packet) - 32, 44) + packet[7:40]
    return head + struct.pack('>BBHI', packet[6], 0, offset << 3 | 1, 77) + packet[40:]


def errors6():
    client, server = rn.Sender('c'), rn.Sender('s')
    at_server, at_client = Wire('s'), Wire('c')

    client(rn.udp(rn.C6, rn.S6, 5200, 9000))
    seen = at_server.find(rn.PROTO['udp'], 5200 >> 8)
    for name, kind, data in (('packet too big', TOO_BIG6, seen),
                             ('unreachable', UNREACH6, seen),
                             ('about a first fragment', UNREACH6, with_fragment_header(seen))):
        at_client.clear()
        server(rn.icmp(rn.S6, 'fd00:2::1', kind, 0, struct.pack('>I', 1280), data))
        check6('error6: ' + name, at_client.find(rn.PROTO['icmpv6'], kind), rn.C6, rn.S6,
               5200, 9000)
    at_client.clear()
    server(rn.icmp(rn.S6, 'fd00:2::1', UNREACH6, 0, data=with_fragment_header(seen, 100)))
    rn.verdict('error6: about a later fragment is no one\'s',
               at_client.find(rn.PROTO['icmpv6'], UNREACH6) == b'')


if __name__ == '__main__':
    rn.main([errors4, errors6])
