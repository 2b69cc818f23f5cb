# SPDX-License-Identifier: GPL-2.0
"""What the programs share that tell what helpers expect of messages: hand-made TCP segments
that pass the router of lib.sh's topology; expectations, read over netlink; tables of named
cases; messages changed in each place, written to a file by one set of modules and compared
with those of the other.
"""

import os
import socket
import struct

import rawnet
from rawnet import C4, C6, S4, S6, attributes, csum, enter, ip, messages, nft, pseudo, verdict

TCP, FIN, SYN, PSH, ACK = 6, 1, 2, 8, 16
HOSTS = {'4': (C4, S4), '6': (C6, S6)}
IS_OURS = os.environ.get('NFCT_MODSET') == 'ours'
# of a table, in place of what stock expects
SAME = None


def tcp(src, dst, sport, dport, seq, ack, flags, data=b''):
    head = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4,
                       flags, 65535, 0, 0)
    check = csum(pseudo(src, dst, TCP, len(head + data)) + head + data)
    return ip(src, dst, TCP, head[:16] + struct.pack('>H', check) + head[18:] + data)


class Sender(rawnet.Sender):
    """Without the pause behind each packet: all run on one CPU, in order."""

    def __call__(self, packet):
        if packet[0] >> 4 == 6:
            self.sock6.sendto(packet, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))
        else:
            self.sock4.sendto(packet, (socket.inet_ntop(socket.AF_INET, packet[16:20]), 0))


class Expectation:
    """One, as netlink tells it."""

    PERMANENT, INACTIVE = 1, 2

    def __init__(self, told):
        self.proto, self.src, self.dst, self.sport, self.dport = self.flow(told[2])
        _, self.src_mask, _, self.sport_mask, _ = self.flow(told[3])
        self.life, self.flags, self.kind = (struct.unpack('>I', told[n])[0] for n in (4, 8, 9))

    @staticmethod
    def flow(data):
        parts = attributes(data)
        addr, proto = attributes(parts[1]), attributes(parts[2])
        family, at = (socket.AF_INET, (1, 2)) if 1 in addr else (socket.AF_INET6, (3, 4))
        return (proto[1][0], *(socket.inet_ntop(family, addr[n]) for n in at),
                *(struct.unpack('>H', proto[n])[0] for n in (2, 3)))

    def __str__(self):
        return '%s>%s:%d' % (self.src, self.dst, self.dport)


class Expectations:
    """Those of namespace r, over netlink."""

    GET, DELETE = 1, 2
    DUMP = 0x300
    KIND, BETWEEN = Expectation, ' '

    def __init__(self):
        enter('r')
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)

    def request(self, kind, flags):
        body = struct.pack('=BBH', 0, 0, 0)
        self.sock.send(struct.pack('=IHHII', 16 + len(body), 2 << 8 | kind, 1 | flags, 0, 0) + body)
        while True:
            for answer, data in messages(self.sock.recv(65536)):
                if answer in (2, 3):
                    return
                yield attributes(data[4:])

    def look(self, forget=True):
        """What is expected, and no longer is."""
        found = [self.KIND(told) for told in self.request(self.GET, self.DUMP)]
        if found and forget:
            list(self.request(self.DELETE, 4))
        return found

    def take(self):
        """The same as text"""
        return self.BETWEEN.join(sorted(map(str, self.look())))


class Wire:
    """The network: sends segments, and tells what is expected."""

    PORT, GREETING = 0, ()

    def __init__(self):
        os.sched_setaffinity(0, {0})
        for name in 'cs':
            nft(name, 'table inet deaf { chain in { type filter hook prerouting priority -400; '
                'meta l4proto tcp drop; }; }')
        self.send = {'c': Sender('c'), 's': Sender('s')}
        self.marks = []
        for name in 'cs':
            enter(name)
            self.marks.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.marks[1].bind((S4, 2000))
        self.marks[1].settimeout(20)
        self.expected = Expectations()
        self.sport = 2000

    def settle(self):
        """Wait for the packets sent so far: another one behind them arrives."""
        self.marks[0].sendto(b'mark', (S4, 2000))
        self.marks[1].recv(16)

    def connect(self, family, port, start=(1000, 5000), who='c'):
        """A connection to a port; who begins it need not be the client."""
        self.sport += 1
        other = 'sc'['cs'.index(who)]
        talk = Talk(self, dict(zip('cs', HOSTS[family])), {who: self.sport, other: port},
                    dict(zip('cs', start)))
        talk.segment(who, SYN)
        talk.segment(other, SYN | ACK)
        talk.segment(who, ACK)
        return talk

    def open(self, family, start=(1000, 5000), greet=True):
        """A connection of the client to PORT, in which both sides have said GREETING."""
        talk = self.connect(family, self.PORT, start)
        for who, data in self.GREETING if greet else ():
            talk.say(who, data)
        return talk


class Talk:
    """One connection."""

    def __init__(self, wire, hosts, ports, seq):
        self.wire, self.hosts, self.ports, self.seq = wire, hosts, ports, seq

    def segment(self, who, flags, data=b'', back=0):
        """The next bytes, or some that begin so many bytes before them."""
        other = 'sc'['cs'.index(who)]
        seq = self.seq[who] - back
        self.wire.send[who](tcp(self.hosts[who], self.hosts[other], self.ports[who],
                                self.ports[other], seq, 0 if flags == SYN else self.seq[other],
                                flags, data))
        self.seq[who] = max(self.seq[who], seq + len(data) + (flags & SYN != 0))

    def say(self, who, data, back=0):
        self.segment(who, ACK | PSH, data, back)


# --- named cases -----------------------------------------------------------------

def run_case(wire, family, segments, start=(1000, 5000)):
    talk = wire.open(family, start, None not in segments)
    wire.expected.take()
    back = 0
    for segment in segments:
        if not isinstance(segment, tuple):
            back = segment or 0
            continue
        who, data = segment
        talk.say(who, data if isinstance(data, bytes) else data.encode('latin-1'), back)
        back = 0
    wire.settle()
    return wire.expected.take()


def table(wire, rows, wrapped=(2 ** 32 - 17, 2 ** 32 - 20)):
    """Each row: name, family, segments (a number is that of bytes to go back, None: no
    greeting before), what is expected, what stock expects if it is something else; wrapped
    are the sequence numbers of those that are about them."""
    for name, family, segments, ours, stock in rows:
        start = wrapped if 'sequence numbers' in name else (1000, 5000)
        got = run_case(wire, family, segments, start)
        wanted = ours if IS_OURS or stock is SAME else stock
        verdict(name, got == wanted, 'got %r, expected %r' % (got, wanted))


# --- generated cases ---------------------------------------------------------------

def changed(data, values):
    """Name and bytes of each case made of a message by leaving out or replacing a byte."""
    for n, old in enumerate(data):
        yield 'without-%d' % n, data[:n] + data[n + 1:]
        for byte in values:
            if byte != old:
                yield 'byte-%d-%02x' % (n, byte), data[:n] + bytes([byte]) + data[n + 1:]


def variants(data, values):
    """Name and segments of each case made of a message."""
    yield 'whole', [data]
    for n in range(1, len(data)):
        yield 'split-%d' % n, [data[:n], data[n:]]
        yield 'cut-%d' % n, [data[:n]]
    for name, other in changed(data, values):
        yield name, [other]


def write(path, cases):
    """A line for each case: its name, its data, and what came of it, one thing or several."""
    with open(path, 'w', encoding='ascii') as file:
        for case in cases:
            file.write('\t'.join(case) + '\n')


def read(path):
    with open(path, encoding='ascii') as file:
        return [line.rstrip('\n').split('\t') for line in file]


def port_of(expected):
    """That of the last one of some expectations"""
    return int(expected.rsplit(':', 1)[1])


def show(differences, strange):
    for why, cases in sorted(differences.items()):
        print('# %d differences to stock: %s (%s ...)' % (
            len(cases), why, ', '.join(cases[::len(cases) // 8 + 1])))
    for text in strange[:40]:
        print('# ' + text)


def compare(ours, stock, reason, right=None, what='exchanges as they have to be'):
    """Verdicts of two such files: all that ours expects is right(CASE, DATA), and
    reason(CASE, DATA, OURS, STOCK) says why it is not what stock expects."""
    rows = list(zip(read(ours), read(stock)))
    wrong, strange, reasons = [], [], {}
    for (case, data, *got), (_, _, *other) in rows:
        if right and got != [right(case, data)]:
            wrong.append('%s: %r, not %r: %s' % (case, got[0], right(case, data), data))
        elif got != other:
            why = reason(case, data, *got, *other)
            if why:
                reasons.setdefault(why, []).append(case)
            else:
                strange.append('%s: %r, stock %r: %s' % (case, got, other, data))
    show(reasons, wrong + strange)
    if right:
        verdict('DIFF: all of %d %s' % (len(rows), what), rows and not wrong, '%d are not' % len(wrong))
    verdict('DIFF: each difference of %d to stock has a reason' % len(rows), rows and not strange,
            '%d have none' % len(strange))
