# SPDX-License-Identifier: GPL-2.0
"""Conversations of random packets between c and s, for pktfuzz.py.

A conversation is a list of (side, packet).  A script that makes sense, a handshake for
example, is its backbone; before and instead of its packets come wrong ones: cut, with bits
flipped, fragmented, with options and extension headers, and ICMP errors that quote them.
"""

import struct

from rawnet import C4, C6, S4, S6, csum, packed, pseudo

TCP, UDP, ICMP, DCCP, GRE, ICMPV6, SCTP, UDPLITE = 6, 17, 1, 33, 47, 58, 132, 136
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# Where the checksum of a header is
CHECKS = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2, UDPLITE: 6, DCCP: 6}
TCP_OPTIONS = ('020405b4', '03030701', '0402', '080a0000000100000000', '01', '00', '030e02',
               '0303ff', '0301', '0300', '0204', '050a0000000100000100', '05021111', '13', 'fd04',
               '080a', '0402040204020402', '0101080a0000000200000001')
SCTP_CHUNKS = ('0100001400001111000010000001000100000001', '0200001400002222000010000001000100000001',
               '0a00000400', '0b000004', '0300001000000001000010000000000000', '0700000800000001',
               '08000004', '0e000004', '0e010004', '06000004', '06010004', '0400000400', '05000004',
               '00030010000000010000000000000000', '0000', '00000003', '00000000', '01000004', 'ff00ffff',
               '0400000c0001000800000000', 'c000000800000000')


class Ends:
    """Addresses and ports of a flow: as c sees them and as s does."""

    def __init__(self, rng, six, nat):
        self.six, self.nat = six, nat
        self.c = ('fd00:1::3' if nat else C6) if six else ('10.0.1.3' if nat else C4)
        self.s = S6 if six else S4
        self.seen = ('fd00:2::3' if six else '10.0.2.3') if nat else self.c
        self.cport, self.sport = rng.choice((1024, 4000, 40000)), rng.choice((80, 21, 5060, 53))

    def of(self, side):
        """Source, destination and ports of what a side sends."""
        if side == 'c':
            return self.c, self.s, self.cport, self.sport
        return self.s, self.seen, self.sport, self.cport


def sealed(proto, src, dst, body):
    """A transport header with the right checksum."""
    at = CHECKS.get(proto)
    if at is None or len(body) < at + 2:
        return body
    body = body[:at] + b'\0\0' + body[at + 2:]
    over, covered = pseudo(src, dst, proto, len(body)), body
    if proto == ICMP:
        over = b''
    if proto == UDPLITE and 8 <= struct.unpack_from('>H', body, 4)[0] <= len(body):
        covered = body[:struct.unpack_from('>H', body, 4)[0]]
    if proto == DCCP and len(body) > 5 and body[5] & 15:
        covered = body[:body[4] * 4 + ((body[5] & 15) - 1) * 4]
    check = csum(over + covered)
    return body[:at] + struct.pack('>H', check or 0xffff) + body[at + 2:]


def ip4(src, dst, proto, body, ttl=64, where=0, ident=1, options=b''):
    size = 20 + len(options)
    head = struct.pack('>BBHHHBBH4s4s', 0x40 | size // 4, 0, (size + len(body)) & 0xffff, ident,
                       where, ttl, proto, 0, packed(src), packed(dst)) + options
    return head[:10] + struct.pack('>H', csum(head)) + head[12:] + body


def ip6(src, dst, proto, body, ttl=64):
    return struct.pack('>IHBB', 6 << 28, len(body) & 0xffff, proto, ttl) + packed(src) + \
        packed(dst) + body


class Conversation:
    """See the head of this file."""

    def __init__(self, rng, number):
        self.rng, self.number, self.packets, self.id = rng, number, [], 0
        self.six = rng.random() < 0.45
        self.ends = Ends(rng, self.six, rng.random() < 0.25)
        self.kind = rng.choice(('tcp', 'tcp', 'tcp', 'tcp', 'udp', 'udplite', 'icmp', 'icmp',
                                'sctp', 'sctp', 'dccp', 'dccp', 'gre', 'unknown', 'mix'))
        self.isn = {'c': rng.choice((1000, 0xfffffff0, 0x7ffffff0)), 's': 5000}
        self.next = dict(self.isn)
        self.vtag = {'c': 0x2222, 's': 0x1111}
        self.dseq = {'c': 100, 's': 900}
        self.cuts = rng.random() < 0.15
        if self.cuts:
            self.truncated()
        else:
            self.talk()

    # --- how packets go out

    def ident(self):
        self.id += 1
        return (self.number * 64 + self.id) & 0xffff

    def wrap(self, side, proto, body, **more):
        src, dst = self.ends.of(side)[:2]
        if self.six:
            return ip6(src, dst, proto, body, more.get('ttl', 64))
        return ip4(src, dst, proto, body, **more)

    def put(self, side, packet):
        self.packets.append((side, packet))

    def send(self, side, proto, body):
        self.put(side, self.wrap(side, proto, body))

    def good(self, side, proto, body):
        """A packet that makes sense; wrong ones may come before it or in its place."""
        rng = self.rng
        if rng.random() < 0.3:
            self.wrong(side, proto, body)
            if rng.random() < 0.2:
                return
        if rng.random() < 0.06:
            self.fragments(side, proto, body)
        elif rng.random() < 0.06:
            self.with_options(side, proto, body)
        else:
            self.send(side, proto, body)
        if rng.random() < 0.2:
            self.error()

    def wrong(self, side, proto, body):
        rng, (src, dst) = self.rng, self.ends.of(side)[:2]
        how = rng.randrange(9)
        data = bytearray(body)
        if how == 0:
            self.send(side, proto, body[:rng.randrange(len(body) + 1)])
        elif how == 1:
            self.send(side, proto, sealed(proto, src, dst, body[:rng.randrange(len(body) + 1)]))
        elif how in (2, 3, 4) and data:
            for _ in range(rng.choice((1, 1, 2, 4))):
                data[rng.randrange(min(len(data), 24))] ^= 1 << rng.randrange(8)
            data = bytes(data)
            self.send(side, proto, sealed(proto, src, dst, data) if how != 4 else data)
        elif how == 5:
            self.odd_header(side, proto, body)
        elif how == 6:
            self.send('s' if side == 'c' else 'c', proto, body)
        elif how == 7:
            self.send(side, rng.choice((0, 2, 4, 41, 50, 51, 59, 94, 103, 255, proto)), body)
        else:
            self.fragments(side, proto, body)

    def odd_header(self, side, proto, body):
        """Fields of the header of IP that are wrong."""
        packet = bytearray(self.wrap(side, proto, body))
        how = self.rng.randrange(4)
        if how == 0:
            packet[self.rng.randrange(2, 9)] ^= 1 << self.rng.randrange(8)
        elif how == 1:
            packet = packet[:self.rng.randrange(1, len(packet))]
        elif how == 2:
            packet += bytes(self.rng.randrange(1, 30))
        else:
            packet[0] = self.rng.choice((0x44, 0x46, 0x4f, 0x60, 0x45))
        if len(packet) >= 20 and not self.six and self.rng.random() < 0.8:
            packet[10:12] = b'\0\0'
            packet[10:12] = struct.pack('>H', csum(bytes(packet[:20])))
        self.put(side, bytes(packet))

    def with_options(self, side, proto, body):
        rng = self.rng
        if not self.six:
            options = bytes.fromhex(rng.choice(('01010101', '00000000', '94040000', '8307040a000209',
                                                '440c050000000000', '07070400000000', '02ff0000', '0b010000')))
            options += bytes(-len(options) % 4)
            self.put(side, self.wrap(side, proto, body, options=options))
            return
        for _ in range(rng.choice((1, 1, 2, 5))):
            kind = rng.choice((0, 43, 60, 60, 51, 44, 135, 140))
            size = rng.choice((0, 0, 1, 2, 30))
            filler = b'\1' + bytes((size * 8 + 4,)) + bytes(size * 8 + 4)
            if kind == 43:
                filler = b'\0\0' + bytes(size * 8 + 4)
            if kind == 44:
                size, filler = 0, struct.pack('>HI', rng.choice((0, 6)), self.ident())
            if kind == 51:
                size, filler = 1, bytes(10)
            body = bytes((proto, size)) + filler + body
            proto = kind
        self.put(side, self.wrap(side, proto, body[:rng.choice((len(body), len(body), 9))]))

    def piece(self, side, proto, body, at, more, ident):
        if self.six:
            body = struct.pack('>BBHI', proto, 0, at * 8 | more, ident) + body
            return self.wrap(side, 44, body)
        return self.wrap(side, proto, body, where=at | more << 13, ident=ident)

    def fragments(self, side, proto, body):
        """In order or not, all or not, overlapping or not."""
        rng, ident = self.rng, self.ident()
        body += bytes(rng.choice((0, 0, 16, 100)))
        size = rng.choice((8, 8, 16, 24, 64))
        pieces = [(at // 8, body[at:at + size], int(at + size < len(body)))
                  for at in range(0, len(body), size)][:12]
        how = rng.randrange(6)
        if how == 1:
            rng.shuffle(pieces)
        elif how == 2 and len(pieces) > 1:
            pieces.insert(1, (max(pieces[1][0] - 1, 0), bytes(16), 1))
        elif how == 3 and pieces:
            del pieces[rng.randrange(len(pieces))]
        elif how == 4:
            pieces = pieces[1:2]
        elif how == 5 and pieces:
            pieces[0] = (pieces[0][0], pieces[0][1][:rng.randrange(8)], pieces[0][2])
        for at, data, more in pieces:
            self.put(side, self.piece(side, proto, data, at, more, ident))

    # --- errors

    def error(self):
        """An ICMP error that quotes a packet of this conversation, or something like it."""
        rng = self.rng
        if not self.packets:
            return
        side, inner = rng.choice(self.packets)
        to = side if rng.random() < 0.15 else {'c': 's', 's': 'c'}[side]
        how, inner = rng.randrange(8), bytearray(inner)
        if how == 0:
            inner = inner[:rng.randrange(len(inner) + 1)]
        elif how == 1:
            inner = inner[:(48 if self.six else 28)]
        elif how == 2 and inner:
            inner[rng.randrange(min(len(inner), 60))] ^= 1 << rng.randrange(8)
        elif how == 3:
            inner = bytearray(self.quoted(side, bytes(inner)))
        src, dst = self.ends.of(to)[:2]
        if to == 's' and self.ends.nat and rng.random() < 0.5:
            # as a router behind would
            src = 'fd00:2::77' if self.six else '10.0.2.77'
        kind = rng.choice((1, 2, 3, 4, 1, 2, 3, 4, 137, 0, 127) if self.six else
                          (3, 11, 12, 4, 5, 3, 11, 12, 19, 18))
        rest = rng.choice((bytes(4), b'\0\0\5\0', b'\x14\0\0\0', b'\x0a\0\1\1'))
        if kind == 137 and rng.random() < 0.8:
            rest += packed(dst) * 2 + bytes((4, 1 + (len(inner) + 7) // 8)) + bytes(6)
        body = bytes((kind, rng.randrange(16), 0, 0)) + rest + bytes(inner)[:1000]
        proto = ICMPV6 if self.six else ICMP
        if rng.random() < 0.9:
            body = sealed(proto, src, dst, body)
        self.put(to, ip6(src, dst, proto, body) if self.six else
                 ip4(src, dst, proto, body, ident=self.ident()))

    def quoted(self, side, inner):
        """An error about a packet, to be quoted itself."""
        src, dst = self.ends.of(side)[:2]
        body = bytes((1 if self.six else 3, 1, 0, 0)) + bytes(4) + inner[:200]
        return self.wrap(side, ICMPV6 if self.six else ICMP,
                         sealed(ICMPV6 if self.six else ICMP, src, dst, body))

    # --- protocols

    def tcp(self, side, flags, seq=None, ack=None, data=b'', opts=b'', win=None, doff=None):
        src, dst, sport, dport = self.ends.of(side)
        other = {'c': 's', 's': 'c'}[side]
        opts += bytes(-len(opts) % 4)
        opts = opts[:40]
        seq = self.next[side] if seq is None else seq
        ack = (self.next[other] if flags & ACK else 0) if ack is None else ack
        win = self.rng.choice((65535, 1000, 0, 5840)) if win is None else win
        doff = (20 + len(opts)) // 4 if doff is None else doff
        body = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                           doff << 4, flags, win, 0, 0) + opts + data
        return sealed(TCP, src, dst, body)

    def tcp_good(self, side, flags, data=b'', opts=b''):
        self.good(side, TCP, self.tcp(side, flags, data=data, opts=opts))
        self.next[side] += len(data) + bool(flags & SYN) + bool(flags & FIN)

    def tcp_options(self):
        rng = self.rng
        return b''.join(bytes.fromhex(rng.choice(TCP_OPTIONS)) for _ in range(rng.randrange(4)))

    def tcp_odd(self):
        """A segment of any flags and numbers."""
        rng, side = self.rng, self.rng.choice('cs')
        other = {'c': 's', 's': 'c'}[side]
        flags = rng.choice((SYN, SYN | ACK, ACK, ACK, RST, RST | ACK, FIN | ACK, PSH | ACK, FIN,
                            SYN | 0xc0, rng.randrange(256)))
        near = (0, 0, 0, 1, -1, 2, -1000, 1000, 65535, 65536, -65536, 1 << 20, 1 << 31, rng.getrandbits(32))
        seq = self.next[side] + rng.choice(near)
        ack = self.next[other] + rng.choice(near)
        if rng.random() < 0.2:
            seq, ack = self.isn[side] + rng.randrange(2), self.isn[other] + rng.randrange(2)
        if rng.random() < 0.05:
            ack = 0
        body = self.tcp(side, flags, seq, ack, bytes(rng.choice((0, 0, 0, 1, 10, 100, 1300))),
                        self.tcp_options(), rng.choice((0, 1, 1000, 65535)),
                        rng.randrange(16) if rng.random() < 0.04 else None)
        self.good(side, TCP, body)

    def talk_tcp(self):
        rng = self.rng
        first = rng.choice(('c', 'c', 'c', 's'))
        other = {'c': 's', 's': 'c'}[first]
        if rng.random() < 0.85:
            opts = bytes.fromhex('020405b40402080a000000010000000001030307') if rng.random() < 0.5 \
                else self.tcp_options()
            self.tcp_good(first, SYN, opts=opts)
            if rng.random() < 0.1:
                self.tcp_good(other, SYN)
            self.noise(self.tcp_odd, 0.3)
            self.tcp_good(other, SYN | ACK, opts=opts)
            self.noise(self.tcp_odd, 0.3)
            if rng.random() < 0.9:
                self.tcp_good(first, ACK)
        self.noise(self.tcp_odd, 0.6)
        for _ in range(rng.randrange(4)):
            side = rng.choice('cs')
            self.tcp_good(side, PSH | ACK, data=bytes(rng.choice((1, 10, 500))))
            self.noise(self.tcp_odd, 0.3)
        if rng.random() < 0.7:
            for side, flags in ((first, FIN | ACK), (other, ACK), (other, FIN | ACK), (first, ACK)):
                self.tcp_good(side, flags)
                self.noise(self.tcp_odd, 0.3)
        if rng.random() < 0.5:
            self.isn = {'c': rng.getrandbits(32), 's': rng.getrandbits(32)}
            self.next = dict(self.isn)
            self.tcp_good(first, SYN)
            self.tcp_good(other, rng.choice((SYN | ACK, ACK, RST | ACK)))
            self.noise(self.tcp_odd, 0.7)

    def noise(self, function, chance):
        while self.rng.random() < chance and len(self.packets) < 80:
            function()

    def udp(self, side, proto=UDP):
        src, dst, sport, dport = self.ends.of(side)
        rng = self.rng
        data = bytes(rng.choice((0, 1, 4, 100)))
        length = 8 + len(data)
        if rng.random() < 0.15:
            length = rng.choice((0, 7, 8, 9, 4, 65535, 8 + len(data) + 1))
        body = struct.pack('>HHHH', sport, dport, length, 0) + data
        return body if rng.random() < 0.08 else sealed(proto, src, dst, body)

    def talk_udp(self, proto=UDP):
        for _ in range(self.rng.randrange(2, 8)):
            side = self.rng.choice('cs')
            self.good(side, proto, self.udp(side, proto))

    def talk_udplite(self):
        self.talk_udp(UDPLITE)

    def icmp(self, side, answer=False):
        rng, (src, dst) = self.rng, self.ends.of(side)[:2]
        pairs = ((128, 129), (128, 129), (139, 140)) if self.six else \
            ((8, 0), (8, 0), (13, 14), (15, 16), (17, 18))
        kind = rng.choice(pairs)[answer]
        if rng.random() < 0.15:
            kind = rng.randrange(256)
        body = struct.pack('>BBHHH', kind, rng.choice((0, 0, 0, 0, 1)), 0, rng.choice((77, 77, 78)), 1) + \
            bytes(rng.choice((0, 8, 56)))
        return sealed(ICMPV6 if self.six else ICMP, src, dst, body)

    def talk_icmp(self):
        for _ in range(self.rng.randrange(2, 10)):
            side = self.rng.choice('cs')
            self.good(side, ICMPV6 if self.six else ICMP,
                      self.icmp(side, self.rng.random() < (0.2 if side == 'c' else 0.8)))

    def sctp(self, side, chunks, tag=None):
        _, _, sport, dport = self.ends.of(side)
        tag = self.vtag[side] if tag is None else tag
        body = struct.pack('>HHII', sport, dport, tag, 0) + chunks
        return body[:8] + struct.pack('<I', crc32c(body)) + body[12:]

    def talk_sctp(self):
        rng = self.rng
        script = [('c', SCTP_CHUNKS[0], 0), ('s', SCTP_CHUNKS[1], None), ('c', '0a000004', None),
                  ('s', '0b000004', None), ('c', SCTP_CHUNKS[13], None), ('s', '0300001000000001000010000000000000'[:32], None),
                  ('c', '0700000800000001', None), ('s', '08000004', None), ('c', '0e000004', None)]
        self.vtag = {'c': 0x2222, 's': 0x1111}
        for side, chunk, tag in script[:rng.randrange(1, 10)]:
            self.good(side, SCTP, self.sctp(side, bytes.fromhex(chunk), tag))
            self.noise(self.sctp_odd, 0.45)
        self.noise(self.sctp_odd, 0.6)

    def sctp_odd(self):
        rng, side = self.rng, self.rng.choice('cs')
        chunks = b''
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            chunk = bytearray.fromhex(rng.choice(SCTP_CHUNKS))
            if rng.random() < 0.15 and len(chunk) >= 4:
                chunk[2:4] = struct.pack('>H', rng.choice((0, 3, 4, 5, 8, 20, 65535)))
            chunks += bytes(chunk)
        tag = rng.choice((None, None, None, 0, 0x1111, 0x2222, 0x3333))
        body = self.sctp(side, chunks, tag)
        if rng.random() < 0.05:
            body = body[:8] + b'\1\2\3\4' + body[12:]
        self.good(side, SCTP, body)

    def dccp(self, side, kind, seq=None, ack=None, long=1):
        src, dst, sport, dport = self.ends.of(side)
        rng, other = self.rng, {'c': 's', 's': 'c'}[side]
        self.dseq[side] += 1
        seq = self.dseq[side] if seq is None else seq
        ack = self.dseq[other] if ack is None else ack
        more = b'' if kind in (0, 2) else struct.pack('>HHI', 0, ack >> 32 & 0xffff, ack & 0xffffffff)
        more += {0: bytes(4), 1: bytes(4), 7: bytes(4)}.get(kind, b'')
        words = 4 + len(more) // 4
        if rng.random() < 0.06:
            words = rng.randrange(256)
        cover = rng.choice((0,) * 8 + (1, 2, 15))
        body = struct.pack('>HHBBHBBHI', sport, dport, words, cover, 0, kind << 1 | long, 0,
                           seq >> 32 & 0xffff, seq & 0xffffffff) + more
        return sealed(DCCP, src, dst, body)

    def talk_dccp(self):
        rng = self.rng
        script = [('c', 0), ('s', 1), ('c', 3), ('s', 2), ('c', 4), ('s', 5), ('c', 6), ('s', 7)]
        for side, kind in script[:rng.randrange(1, 9)]:
            self.good(side, DCCP, self.dccp(side, kind))
            self.noise(self.dccp_odd, 0.4)

    def dccp_odd(self):
        rng, side = self.rng, self.rng.choice('cs')
        near = (None, None, 0, 1, 101, 901, rng.getrandbits(48))
        self.good(side, DCCP, self.dccp(side, rng.randrange(10) if rng.random() < 0.9 else 15,
                                        rng.choice(near), rng.choice(near), int(rng.random() < 0.95)))

    def talk_gre(self):
        rng = self.rng
        for _ in range(rng.randrange(2, 8)):
            side = rng.choice('cs')
            flags = rng.choice((0x0000, 0x2000, 0x3001, 0x3001, 0x3081, 0x2001, 0x0001, 0x7fff, rng.getrandbits(16)))
            body = struct.pack('>HHHH', flags, rng.choice((0x880b, 0x0800, 0x6558)), 4,
                               rng.choice((1, 2))) + bytes(rng.choice((0, 4, 8, 20)))
            self.good(side, GRE, body[:rng.choice((len(body),) * 9 + (3,))])

    def talk_unknown(self):
        proto = self.rng.choice((2, 41, 46, 50, 51, 59, 89, 94, 103, 108, 112, 254, 255))
        for _ in range(self.rng.randrange(2, 6)):
            self.good(self.rng.choice('cs'), proto, self.rng.randbytes(self.rng.choice((0, 1, 4, 8, 40))))

    def talk_mix(self):
        for _ in range(3):
            getattr(self, 'talk_' + self.rng.choice(('tcp', 'udp', 'icmp', 'sctp', 'dccp', 'gre')))()

    def talk(self):
        getattr(self, 'talk_' + self.kind)()
        self.noise(self.error, 0.4)

    def truncated(self):
        """Each byte of the header of a packet may be the last one."""
        self.talk()
        rng = self.rng
        side, packet = rng.choice(self.packets or [('c', self.wrap('c', TCP, self.tcp('c', SYN)))])
        head = 40 if self.six else 20
        proto, body = packet[6 if self.six else 9] if len(packet) > head else TCP, packet[head:]
        src, dst = self.ends.of(side)[:2]
        quote, seal = rng.random() < 0.3, rng.random() < 0.6
        for size in range(min(len(body), 60)):
            cut = body[:size]
            if quote:
                other = {'c': 's', 's': 'c'}[side]
                src, dst = self.ends.of(other)[:2]
                data = bytes((1 if self.six else 3, 1, 0, 0)) + bytes(4) + packet[:head] + cut
                kind = ICMPV6 if self.six else ICMP
                self.send(other, kind, sealed(kind, src, dst, data))
            else:
                self.send(side, proto, sealed(proto, src, dst, cut) if seal else cut)


def table():
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        found.append(byte)
    return found


CRC = table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return ~crc & 0xffffffff
