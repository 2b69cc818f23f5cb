#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Malformed packets through the router: none may change an entry that exists or
make one; those that conntrack gets to see are invalid and counted."""

import random
import socket
import struct
import time

import rawnet
from rawnet import (C4, C6, HAS_UDPLITE, PROTO, S4, S6, Router, Sender, csum, enter, icmp, ip,
                    is6, pseudo, run, udp, udplite, verdict)

TCP, FRAGMENT = 6, 44
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

router = Router()
from_c, from_s = Sender('c'), Sender('s')


def tcp(src, dst, sport, dport, seq, ack, flags, data=b'', words=5, options=b'',
        check=None, cut=None):
    head = struct.pack('>HHIIBBHHH', sport, dport, seq, ack, words << 4, flags,
                       65535, 0, 0) + options
    if check is None:
        body = head + data
        check = csum(pseudo(src, dst, TCP, len(body if cut is None else body[:cut])) +
                     (body if cut is None else body[:cut]))
    packet = head[:16] + struct.pack('>H', check) + head[18:] + data
    return ip(src, dst, TCP, packet[:cut])


class Link:
    """Sends from namespace c without its IP layer, which would repair headers."""

    def __init__(self):
        enter('c')
        # not from sysfs, which shows the devices of its mount's namespace
        text = run('r', 'ip', '-o', 'link', 'show', 'eth1').split('link/ether ')[1].split()[0]
        self.mac = bytes.fromhex(text.strip().replace(':', ''))
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)

    def __call__(self, packet):
        kind = 0x86dd if packet and packet[0] >> 4 == 6 else 0x0800
        self.sock.sendto(packet, ('eth0', kind, 0, 0, self.mac))
        rawnet.settle()


link = Link()


def snapshot():
    """Entries without what time changes."""
    found = []
    for line in router.entries():
        if 'icmpv6' in line and 'id=77' not in line:
            continue
        words = line.split()
        found.append(' '.join(words[:4] + words[5:-1]))
    return sorted(found)


def establish():
    """A TCP connection, a UDP flow and a ping, answered, IPv4 and IPv6."""
    for c, s in ((C4, S4), (C6, S6)):
        from_c(tcp(c, s, 4000, 80, 1000, 0, SYN))
        from_s(tcp(s, c, 80, 4000, 5000, 1001, SYN | ACK))
        from_c(tcp(c, s, 4000, 80, 1001, 5001, ACK))
        from_c(udp(c, s, 4001, 53))
        from_s(udp(s, c, 53, 4001))
        ask, answer = (128, 129) if is6(c) else (8, 0)
        from_c(icmp(c, s, ask, rest=struct.pack('>HH', 77, 1)))
        from_s(icmp(s, c, answer, rest=struct.pack('>HH', 77, 1)))


def bad_transport(c, s):
    """Name and packet; conntrack must call each invalid."""
    good = dict(src=c, dst=s, sport=4000, dport=80, seq=1001, ack=5001)
    yield 'TCP header cut to 8 bytes', tcp(**good, flags=ACK, cut=8)
    yield 'TCP header cut to 19 bytes', tcp(**good, flags=ACK, cut=19)
    yield 'TCP header of 4 words', tcp(**good, flags=ACK, words=4)
    yield 'TCP header longer than the packet', tcp(**good, flags=ACK, words=15)
    yield 'TCP checksum', tcp(**good, flags=ACK, check=0x1234)
    yield 'TCP reset with a bad checksum', tcp(**good, flags=RST, check=0x1234)
    yield 'TCP without flags', tcp(**good, flags=0)
    yield 'TCP SYN and FIN', tcp(**good, flags=SYN | FIN)
    yield 'TCP SYN and RST', tcp(**good, flags=SYN | RST)
    yield 'TCP all flags', tcp(**good, flags=0x3f)
    yield 'UDP header cut to 4 bytes', ip(c, s, PROTO['udp'], udp(c, s, 4001, 53)[-12:-8])
    yield 'UDP length beyond the packet', udp(c, s, 4001, 53, length=100)
    yield 'UDP length shorter than its header', udp(c, s, 4001, 53, length=4)
    yield 'UDP checksum', udp(c, s, 4001, 53, check=0x1234)
    if HAS_UDPLITE:
        yield 'UDP-Lite coverage beyond the packet', udplite(c, s, 4001, 53, cover=200)
    ask = 128 if is6(c) else 8
    yield 'ICMP cut to 4 bytes', ip(c, s, PROTO['icmpv6' if is6(c) else 'icmp'],
                                    struct.pack('>BBH', ask, 0, 0))
    yield 'ICMP checksum', icmp(c, s, ask, rest=struct.pack('>HH', 77, 2), check=0x1234)
    error = 1 if is6(c) else 3
    yield 'ICMP error that quotes nothing', icmp(c, s, error, 1)
    yield 'ICMP error that quotes half a header', \
        icmp(c, s, error, 1, data=tcp(**good, flags=ACK)[:12])
    if not is6(c):
        # types that mean neighbour discovery in IPv6, where they are not tracked
        for kind in (133, 135, 143):
            head = struct.pack('>BBHI', kind, 0, 0, 0)
            check = csum(struct.pack('>II', 8, 58) + head)
            yield 'ICMPv6 type %d in IPv4' % kind, \
                ip(c, s, 58, head[:2] + struct.pack('>H', check) + head[4:])
    yield 'ICMP error about nobody', \
        icmp(c, s, error, 1, data=udp(s, c, 9, 9))


def invalid_ones():
    for family, c, s in (('IPv4', C4, S4), ('IPv6', C6, S6)):
        for name, packet in bad_transport(c, s):
            before = snapshot()
            router.seen()
            from_c(packet)
            seen = router.seen()
            verdict('%s: %s: invalid' % (family, name), seen == 'invalid', 'was: ' + seen)
            verdict('%s: %s: entries as they were' % (family, name),
                    snapshot() == before, snapshot())


def bad_headers():
    """What IP itself refuses, sent past the sender's IP layer."""
    good = tcp(C4, S4, 4000, 80, 1001, 5001, RST | ACK)
    good6 = tcp(C6, S6, 4000, 80, 1001, 5001, RST | ACK)

    def changed(packet, offset, value):
        packet = packet[:offset] + bytes([value]) + packet[offset + 1:]
        return packet[:10] + b'\0\0' + packet[12:] if packet[0] >> 4 == 4 else packet

    def sealed(packet):
        return packet[:10] + struct.pack('>H', csum(packet[:20])) + packet[12:]

    yield 'IPv4 checksum', changed(good, 8, 63)
    yield 'IPv4 header of 4 words', sealed(changed(good, 0, 0x44))
    yield 'IPv4 header longer than the packet', sealed(changed(good, 0, 0x4f))
    yield 'IPv4 total length beyond the packet', sealed(changed(good, 2, 9))
    yield 'IPv4 total length of 10', sealed(changed(changed(good, 2, 0), 3, 10))
    yield 'IPv4 packet of 12 bytes', good[:12]
    yield 'IPv4 tiny first fragment', sealed(changed(good, 6, 0x20))[:24]
    yield 'IPv4 fragment beyond 64 KiB', sealed(changed(changed(good, 6, 0x1f), 7, 0xff))
    yield 'IPv6 payload length beyond the packet', changed(good6, 4, 9)
    yield 'IPv6 packet of 20 bytes', good6[:20]
    body = good6[40:]
    yield 'IPv6 options that never end', \
        ip(C6, S6, 60, struct.pack('>BB', TCP, 200) + b'\1\4\0\0\0\0' + body)
    yield 'IPv6 fragment header cut', ip(C6, S6, FRAGMENT, struct.pack('>BBH', TCP, 0, 1))
    yield 'IPv6 fragment beyond 64 KiB', \
        ip(C6, S6, FRAGMENT, struct.pack('>BBHI', TCP, 0, 0xfff9, 7) + body)
    # no fault of its own, so with a packet that may pass
    ack = tcp(C6, S6, 4000, 80, 1001, 5001, ACK)[40:]
    pad = b'\0\1\4\0\0\0\0'
    yield 'IPv6 headers nested 40 deep', \
        ip(C6, S6, 60, (b'\x3c' + pad) * 39 + bytes([TCP]) + pad + ack)


def refused_headers():
    for name, packet in bad_headers():
        before = snapshot()
        link(packet)
        verdict('%s: entries as they were' % name, snapshot() == before, snapshot())


def overlapping_fragments():
    before = snapshot()
    whole = tcp(C4, S4, 4000, 80, 1001, 5001, RST | ACK, data=b'z' * 40)[20:]
    for offset, part in ((0, whole[:24]), (1, whole[8:32]), (3, whole[24:])):
        head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(part), 99,
                           offset | (0x2000 if offset != 3 else 0), 64, TCP, 0,
                           socket.inet_aton(C4), socket.inet_aton(S4))
        link(head[:10] + struct.pack('>H', csum(head)) + head[12:] + part)
    verdict('IPv4 overlapping fragments of a reset: entries as they were',
            snapshot() == before, snapshot())


def noise():
    """Headers of random bits, always the same ones."""
    rng = random.Random(4711)
    before = snapshot()
    for _ in range(400):
        proto = rng.choice((TCP, PROTO['udp'], PROTO['icmp'], PROTO['dccp'],
                            PROTO['sctp'], PROTO['gre'], PROTO['udplite']))
        body = bytearray(rng.randbytes(rng.randrange(0, 40)))
        if proto in (TCP, PROTO['udp']) and len(body) > 3:
            body[0:4] = struct.pack('>HH', 4000 + (proto != TCP), 80 if proto == TCP else 53)
        packet = ip(C4, S4, proto, bytes(body))
        link.sock.sendto(packet, ('eth0', 0x0800, 0, 0, link.mac))
    time.sleep(0.2)
    after = snapshot()
    verdict('noise: entries as they were', all(line in after for line in before), after)


def still_usable():
    """The connections go on, so nothing has moved their windows."""
    for family, c, s in (('IPv4', C4, S4), ('IPv6', C6, S6)):
        router.seen()
        from_c(tcp(c, s, 4000, 80, 1001, 5001, PSH | ACK, data=b'hello'))
        verdict(family + ': the TCP connection goes on', 'established' in router.seen())
        from_s(tcp(s, c, 80, 4000, 5001, 1006, ACK))
        verdict(family + ': and is answered', 'reply' in router.seen())


def counted():
    verdict('invalid packets are counted', router.stat('invalid') >= 30,
            router.stat('invalid'))


for ns in 'c', 's':
    rawnet.silence(ns)
    rawnet.nft(ns, 'table inet notcp { chain in { '
               'type filter hook prerouting priority -400; meta l4proto tcp drop; }; }')
rawnet.sysctl('r', udp_timeout=600, udp_timeout_stream=600, icmp_timeout=600,
              icmpv6_timeout=600)
establish()
verdict('connections to start with', len(snapshot()) == 6, snapshot())
rawnet.main((invalid_ones, refused_headers, overlapping_fragments, noise,
             still_usable, counted))
