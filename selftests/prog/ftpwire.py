#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the FTP helper expects of the bytes of a control connection, segment by segment.

Hand-made TCP segments pass the router of lib.sh's topology. Each case is a connection
of its own; what it expects is read over netlink afterwards, and deleted.

  ftpwire.py table           named cases; a row has what ours and what stock expects
  ftpwire.py record FILE     exchanges split, cut, with bytes replaced and deleted: writes
                             what is expected in each, one case a line
  ftpwire.py compare OURS STOCK
                             of two such files: ours must be what the RFCs say, and
                             each difference to stock must have a reason
"""

import os
import re
import socket
import struct
import sys

import rawnet
from rawnet import C4, C6, S4, S6, attributes, csum, enter, ip, is6, messages, nft, pseudo, verdict

TCP, FIN, SYN, PSH, ACK = 6, 1, 2, 8, 16
HOSTS = {'4': (C4, S4), '6': (C6, S6)}
IS_OURS = os.environ.get('NFCT_MODSET') == 'ours'


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


class Expectations:
    """Those of namespace r, over netlink."""

    GET, DELETE = 1, 2
    DUMP = 0x300

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

    def take(self):
        """What is expected, "FROM>TO:PORT" each, and no longer is."""
        found = []
        for exp in self.request(self.GET, self.DUMP):
            parts = attributes(exp[2])
            addr, proto = attributes(parts[1]), attributes(parts[2])
            family = socket.AF_INET if 1 in addr else socket.AF_INET6
            src, dst = (socket.inet_ntop(family, addr[n]) for n in ((1, 2) if 1 in addr else (3, 4)))
            found.append('%s>%s:%d' % (src, dst, struct.unpack('>H', proto[3])[0]))
        if found:
            list(self.request(self.DELETE, 4))
        return ' '.join(sorted(found))


class Wire:
    """The network: sends segments, and tells what is expected."""

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

    def open(self, family, start=(1000, 5000), greet=True):
        self.sport += 1
        hosts = dict(zip('cs', HOSTS[family]))
        talk = Talk(self, hosts, {'c': self.sport, 's': 21}, dict(zip('cs', start)))
        talk.segment('c', SYN)
        talk.segment('s', SYN | ACK)
        talk.segment('c', ACK)
        if greet:
            talk.say('s', b'220 ready\r\n')
            talk.say('c', b'USER x\r\n')
            talk.say('s', b'230 welcome\r\n')
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

def port(numbers='10,0,1,2,8,1', end='\r\n'):
    return ('c', 'PORT ' + numbers + end)


def reply(text, end='\r\n'):
    return ('s', text + end)


FROM_S, FROM_C = '10.0.2.2>10.0.1.2:', '10.0.1.2>10.0.2.2:'
FROM_S6, FROM_C6 = 'fd00:2::2>fd00:1::2:', 'fd00:1::2>fd00:2::2:'
SAME = None
TLS = '\x17\x03\x03\x00\x20'

# name, family, segments (a number is that of bytes to go back, None: no greeting before),
# what is expected, what stock expects if it is something else
TABLE = (
    ('PORT', '4', [port()], FROM_S + '2049', SAME),
    ('PORT in small letters', '4', [('c', 'port 10,0,1,2,8,1\r\n')], FROM_S + '2049', SAME),
    ('227', '4', [reply('227 Entering Passive Mode (10,0,2,2,8,1)')], FROM_C + '2049', SAME),
    ('227 with a full stop', '4', [reply('227 Entering Passive Mode (10,0,2,2,8,1).')],
     FROM_C + '2049', SAME),
    ('227 without brackets', '4', [reply('227 Entering Passive Mode 10,0,2,2,8,1')],
     FROM_C + '2049', SAME),
    ('227 without brackets, full stop', '4', [reply('227 Entering Passive Mode. 10,0,2,2,8,1.')],
     FROM_C + '2049', SAME),
    ('227 with a sign', '4', [reply('227 =10,0,2,2,8,1')], FROM_C + '2049', SAME),
    ('227 with blanks in brackets', '4', [reply('227 Passive ( 10,0,2,2,8,1 )')],
     FROM_C + '2049', SAME),
    ('DIFF: 227 with blanks behind commas', '4', [reply('227 Passive (10, 0, 2, 2, 8, 1)')],
     FROM_C + '2049', ''),
    ('DIFF: 227 without a blank', '4', [reply('227(10,0,2,2,8,1)')], FROM_C + '2049', ''),
    ('DIFF: 227 with a digit before', '4', [reply('227 Mode 1 is passive (10,0,2,2,8,1)')],
     FROM_C + '2049', ''),
    ('227 of several lines: its first', '4', [reply('227-Passive (10,0,2,2,8,1)')], '', SAME),
    ('EPRT', '4', [('c', 'EPRT |1|10.0.1.2|2050|\r\n')], FROM_S + '2050', SAME),
    ('EPRT with another delimiter', '4', [('c', 'EPRT !1!10.0.1.2!2050!\r\n')], FROM_S + '2050', SAME),
    ('229', '4', [reply('229 Entering Extended Passive Mode (|||2050|)')], FROM_C + '2050', SAME),
    ('229 with a full stop', '4', [reply('229 Entering Extended Passive Mode (|||2050|).')],
     FROM_C + '2050', SAME),
    ('229 with another delimiter', '4', [reply('229 Extended (!!!2050!)')], FROM_C + '2050', SAME),
    ('DIFF: 229 without brackets', '4', [reply('229 Extended |||2050|')], FROM_C + '2050', ''),
    ('DIFF: 229 with blanks in brackets', '4', [reply('229 Extended ( |||2050| )')],
     FROM_C + '2050', ''),
    ('EPRT, IPv6', '6', [('c', 'EPRT |2|fd00:1::2|2051|\r\n')], FROM_S6 + '2051', SAME),
    ('229, IPv6', '6', [reply('229 Entering Extended Passive Mode (|||2051|)')], FROM_C6 + '2051', SAME),
    ('EPRT of the other family', '6', [('c', 'EPRT |1|10.0.1.2|2050|\r\n')], '', SAME),
    ('PORT over IPv6', '6', [port()], '', SAME),
    ('227 over IPv6', '6', [reply('227 Passive (10,0,2,2,8,1)')], '', SAME),
    # addresses and numbers
    ('address of another host', '4', [port('10,0,1,3,8,1')], '', SAME),
    ('227 with an address of another host', '4', [reply('227 Passive (10,0,9,9,8,1)')], '', SAME),
    ('EPRT with an address of another host', '4', [('c', 'EPRT |1|10.0.1.3|2050|\r\n')], '', SAME),
    ('five numbers', '4', [port('10,0,1,2,8')], '', SAME),
    ('seven numbers', '4', [port('10,0,1,2,8,1,1')], '', SAME),
    ('DIFF: PORT with a number of 256 and more', '4', [port('10,0,1,2,264,1')], '', FROM_S + '2049'),
    ('DIFF: EPRT with a port of 65536 and more', '4', [('c', 'EPRT |1|10.0.1.2|67586|\r\n')], '',
     FROM_S + '2050'),
    ('DIFF: EPRT with a port of 2^32 and more', '4', [('c', 'EPRT |1|10.0.1.2|4294969346|\r\n')], '',
     FROM_S + '2050'),
    ('DIFF: PORT with an empty number', '4', [port('10,,1,2,8,1')], '', FROM_S + '2049'),
    ('DIFF: EPRT with text behind', '4', [('c', 'EPRT |1|10.0.1.2|2050|x\r\n')], '', FROM_S + '2050'),
    ('DIFF: EPRT with a leading zero in the address', '4',
     [('c', 'EPRT |1|010.0.1.2|2050|\r\n')], '', FROM_S + '2050'),
    ('DIFF: 227 with numbers on the next line', '4', [reply('227 Passive\n10,0,2,2,8,1')], '',
     FROM_C + '2049'),
    ('DIFF: PORT with a port below 1024', '4', [port('10,0,1,2,0,22')], '', FROM_S + '22'),
    ('DIFF: 227 with a port below 1024', '4', [reply('227 Passive (10,0,2,2,0,22)')], '', FROM_C + '22'),
    ('DIFF: 229 with a port below 1024', '4', [reply('229 Extended (|||22|)')], '', FROM_C + '22'),
    ('lowest port', '4', [port('10,0,1,2,4,0')], FROM_S + '1024', SAME),
    ('DIFF: PORT with port 0', '4', [port('10,0,1,2,0,0')], '', FROM_S + '0'),
    ('EPRT with port 0', '4', [('c', 'EPRT |1|10.0.1.2|0|\r\n')], '', SAME),
    ('letters for numbers', '4', [port('a,b,c,d,e,f')], '', SAME),
    ('bytes that are no ASCII', '4', [('c', b'PORT \xff\xfe,0,1,2,8,1\r\n')], '', SAME),
    # lines and segments
    ('server says PORT', '4', [('s', 'PORT 10,0,2,2,8,1\r\n')], '', SAME),
    ('client says 227', '4', [('c', '227 Passive (10,0,1,2,8,1)\r\n')], '', SAME),
    ('PORT within a line', '4', [('c', 'NOOP PORT 10,0,1,2,8,1\r\n')], '', SAME),
    ('PORT in a segment that begins within a line', '4',
     [('c', 'NOOP '), port()], '', SAME),
    ('the same command again', '4', [port(), 19, port()], FROM_S + '2049', SAME),
    ('the line before again', '4', [('c', 'NOOP\r\n'), port(), 25, ('c', 'NOOP\r\n')],
     FROM_S + '2049', SAME),
    ('second command takes the place of the first', '4', [port(), port('10,0,1,2,9,1')],
     FROM_S + '2305', SAME),
    ('DIFF: first command of a connection', '4', [None, port()], FROM_S + '2049', ''),
    ('DIFF: two commands in one segment', '4', [('c', 'TYPE I\r\nPORT 10,0,1,2,8,1\r\n')],
     FROM_S + '2049', ''),
    ('DIFF: two replies in one segment', '4',
     [reply('200 ok\r\n227 Passive (10,0,2,2,8,1)')], FROM_C + '2049', ''),
    ('DIFF: reply that begins in a segment of its predecessor', '4',
     [reply('200 ok\r\n227 Passive (10,0,2,', ''), reply('2,8,1)')], FROM_C + '2049', ''),
    ('quoted in a reply of several lines', '4',
     [reply('211-Status:\r\n227 Passive (10,0,2,2,8,1)\r\n211 end')], '', SAME),
    ('behind a lone CR', '4', [reply('500 what?\r227 Passive (10,0,2,2,8,1)')], '', SAME),
    ('DIFF: PORT in two segments', '4', [port('10,0,1', ''), ('c', ',2,8,1\r\n')],
     FROM_S + '2049', ''),
    ('DIFF: PORT in many segments', '4', [('c', c) for c in 'PORT 10,0,1,2,8,1\r\n'],
     FROM_S + '2049', ''),
    ('DIFF: EPRT in two segments, IPv6', '6', [('c', 'EPRT |2|fd00:1'), ('c', '::2|2051|\r\n')],
     FROM_S6 + '2051', ''),
    ('DIFF: PORT with LF only', '4', [port(end='\n')], FROM_S + '2049', ''),
    ('long line', '4', [('c', 'SITE ' + 'x' * 1300 + '\r\n'), port()], FROM_S + '2049', SAME),
    ('PORT across the end of the sequence numbers', '4', [port()], FROM_S + '2049', SAME),
    # TLS
    ('TLS begins', '4', [('c', 'AUTH TLS\r\n'), reply('234 go on'), ('c', TLS + 'x' * 30 + '\n'),
                         ('s', TLS + 'y' * 30 + '\n'), ('c', TLS + '\n')], '', SAME),
    ('DIFF: plain again behind TLS', '4',
     [('c', 'AUTH TLS\r\n'), reply('234 go on'), ('c', TLS + 'x' * 30), ('s', TLS + 'y' * 30), port()],
     FROM_S + '2049', ''),
    ('TLS refused', '4', [('c', 'AUTH TLS\r\n'), reply('534 no'), port()], FROM_S + '2049', SAME),
)


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


def table():
    wire = Wire()
    for name, family, segments, ours, stock in TABLE:
        start = (2 ** 32 - 17, 2 ** 32 - 20) if 'sequence numbers' in name else (1000, 5000)
        got = run_case(wire, family, segments, start)
        wanted = ours if IS_OURS or stock is SAME else stock
        verdict(name, got == wanted, 'got %r, expected %r' % (got, wanted))


# --- generated cases ---------------------------------------------------------------

EXCHANGES = (
    ('port', '4', 'c', b'PORT 10,0,1,2,8,21\r\n'),
    ('pasv', '4', 's', b'227 Entering Passive Mode (10,0,2,2,8,21).\r\n'),
    ('plain', '4', 's', b'227 Passive 10,0,2,2,8,21\r\n'),
    ('eprt', '4', 'c', b'EPRT |1|10.0.1.2|2050|\r\n'),
    ('epsv', '4', 's', b'229 Extended Passive (|||2050|)\r\n'),
    ('eprt6', '6', 'c', b'EPRT |2|fd00:1::2|2050|\r\n'),
    ('epsv6', '6', 's', b'229 Extended Passive (|||2050|)\r\n'),
)
BYTES = b'\x00\x20\x30\x39\x2c\x7c\x28\x0a\xff'


def variants(text):
    """Name and segments of each case made of a line."""
    yield 'whole', [text]
    for n in range(1, len(text)):
        yield 'split-%d' % n, [text[:n], text[n:]]
        yield 'cut-%d' % n, [text[:n]]
    for n in range(len(text)):
        yield 'without-%d' % n, [text[:n] + text[n + 1:]]
        for byte in BYTES:
            if byte != text[n]:
                yield 'byte-%d-%02x' % (n, byte), [text[:n] + bytes([byte]) + text[n + 1:]]


def record(path):
    wire = Wire()
    with open(path, 'w', encoding='ascii') as file:
        for name, family, who, text in EXCHANGES:
            for variant, pieces in variants(text):
                got = run_case(wire, family, [(who, piece) for piece in pieces])
                file.write('%s %s\t%s\t%s\n' % (name, variant, b''.join(pieces).hex(), got))


# --- what the RFCs say ------------------------------------------------------------

NUMBER = rb'([0-9]{1,3})'
SIX = rb',[ \t]*'.join([NUMBER] * 6)
DELIMITER = rb'([!-\-/;-@G-`g-~])'


def numbers(match):
    values = [int(group) for group in match.groups()]
    if max(values) > 255:
        return None
    return '.'.join(map(str, values[:4])), values[4] << 8 | values[5]


def said(line, server):
    """Address (None if there is none) and port that a line names; the line may go on."""
    if server and re.match(rb'227(?![0-9-])', line):
        for begin in re.finditer(rb'(?<![0-9])(?=[0-9])', line[3:]):
            match = re.compile(SIX + rb'(?=[^0-9])').match(line, 3 + begin.start())
            if match and numbers(match):
                return numbers(match)
    if server and re.match(rb'229(?![0-9-])', line):
        match = re.search(rb'(?:\([ \t]*|(?=\|))' + DELIMITER + rb'\1\1([0-9]{1,5})\1', line[3:])
        return match and (None, int(match[2]))
    if not server:
        match = re.match(rb'(?i)PORT[ \t]+' + SIX + rb'(?:[ \t]+\Z|[ \t]*[\r\n])', line)
        if match:
            return numbers(match)
        match = re.match(rb'(?i)EPRT[ \t]+' + DELIMITER + rb'([12])\1([0-9a-fA-F.:]+)\1([0-9]{1,5})\1'
                         rb'(?:[ \t]*\Z|[ \t]*[\r\n])', line)
        family = match and (socket.AF_INET if match[2] == b'1' else socket.AF_INET6)
        try:
            return match and (socket.inet_ntop(family, socket.inet_pton(family, match[3].decode())),
                              int(match[4]))
        except OSError:
            return None
    return None


def right(exchange, data):
    """What is to be expected of a case."""
    _, family, who, _ = next(e for e in EXCHANGES if e[0] == exchange)
    speaker, other = HOSTS[family] if who == 'c' else HOSTS[family][::-1]
    found = ''
    for line in data.split(b'\n')[0:1] if who == 's' else re.findall(rb'[^\n]*\n|[^\n]+', data):
        if who == 's':
            line += b'\n' if b'\n' in data else b''
        what = said(line, who == 's')
        if what and 1024 <= what[1] <= 65535 and what[0] in (None, speaker):
            found = '%s>%s:%d' % (other, speaker, what[1])
    return found


def reason(case, ours, stock):
    """Why ours is right and stock is not."""
    if 'split' in case:
        return 'line in two segments'
    if not ours:
        return 'port below 1024' if int(stock.rsplit(':', 1)[1]) < 1024 else 'line not as the RFC has it'
    return 'another port' if stock else 'line that clients and servers understand'


def read(path):
    with open(path, encoding='ascii') as file:
        return [line.rstrip('\n').split('\t') for line in file]


def compare(ours, stock):
    wrong, reasons = [], {}
    for (case, data, got), (_, _, other) in zip(read(ours), read(stock)):
        wanted = right(case.split()[0], bytes.fromhex(data))
        if got != wanted:
            wrong.append('%s: %r, not %r' % (case, got, wanted))
        elif got != other:
            reasons.setdefault(reason(case, got, other), []).append(case)
    for why, cases in sorted(reasons.items()):
        print('# %d differences to stock: %s (%s ...)' % (len(cases), why, ', '.join(cases[::len(cases) // 8 + 1])))
    for text in wrong[:20]:
        print('# ' + text)
    verdict('DIFF: all of %d exchanges as the RFCs say' % len(read(ours)), not wrong,
            '%d are not' % len(wrong))


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
