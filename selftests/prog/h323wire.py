#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the H.323 helpers expect of messages, in lib.sh's topology.

Debian has no H.323 endpoint or gatekeeper, so the messages are generated (h323msg.py).
Hand-made segments and datagrams pass the router; what is expected is read over netlink.

  h323wire.py table          named cases; a row has what ours and what stock expects
  h323wire.py record FILE    messages split, cut, with bytes left out or replaced: writes what
                             is expected in each and what the log says, one case a line
  h323wire.py compare OURS STOCK
                             of two such files: each difference must have a reason
"""

import os
import re
import struct
import sys

import h323msg as m
import helperwire
from helperwire import HOSTS, IS_OURS, SAME
from rawnet import C4, C6, S4, S6, nft, packed, udp, verdict

SIGNAL, RAS = 1720, 1719


class Expectation(helperwire.Expectation):
    def __str__(self):
        """"PROTO FROM>TO:PORT", with a "*" if any number of connections may come"""
        return '%s %s%s' % ({6: 'tcp', 17: 'udp'}[self.proto], super().__str__(),
                            '*' * (self.flags & self.PERMANENT))


class Expectations(helperwire.Expectations):
    KIND = Expectation


class Wire(helperwire.Wire):
    PORT = SIGNAL

    def __init__(self):
        super().__init__()
        for name in 'cs':
            nft(name, 'table inet deafer { chain in { type filter hook prerouting priority -400; '
                'udp dport { 1719, 3000-65535 } drop; }; }')
        self.expected = Expectations()

    def control(self, family):
        """A connection of H.245, from the server to the client."""
        call = self.open(family)
        call.say('c', m.tpkt(m.call(m.setup((HOSTS[family][0], 6000)))))
        self.settle()
        return self.connect(family, 6000, who='s')

    def register(self, family):
        self.sport += 1
        return Datagrams(self, dict(zip('cs', HOSTS[family])), {'c': self.sport, 's': RAS})


class Datagrams:
    def __init__(self, wire, hosts, ports):
        self.wire, self.hosts, self.ports = wire, hosts, ports

    def say(self, who, data, back=0):
        del back
        other = 'sc'['cs'.index(who)]
        self.wire.send[who](udp(self.hosts[who], self.hosts[other], self.ports[who],
                                self.ports[other], data))


# --- named cases -----------------------------------------------------------------

C, S = (C4, 5000), (S4, 5000)
CC = (C4, 5001)
C_6, CC_6, S_6 = (C6, 5000), (C6, 5001), (S6, 5000)
TO_C = 'tcp 10.0.2.2>10.0.1.2:5000'
TO_S = 'tcp 10.0.1.2>10.0.2.2:5000'
TO_C6 = 'tcp fd00:2::2>fd00:1::2:5000'
RTP_C = 'udp 10.0.2.2>10.0.1.2:5000 udp 10.0.2.2>10.0.1.2:5001'
RTP_S = 'udp 10.0.1.2>10.0.2.2:5000 udp 10.0.1.2>10.0.2.2:5001'
RTP_C6 = 'udp fd00:2::2>fd00:1::2:5000 udp fd00:2::2>fd00:1::2:5001'


def q(who, *args, **kw):
    return who, m.tpkt(m.call(*args, **kw))


def h(who, make):
    return who, m.tpkt(m.control(make))


def split(step, at):
    who, data = step
    return [(who, data[:at]), (who, data[at:])]


OLC = m.request(m.olc(control=CC))

# name, kind and family, who says what, what is expected, what stock expects if it differs
TABLE = (
    ('Setup: h245Address', 'Q4', [q('c', m.setup(C))], TO_C, SAME),
    ('Setup: all addresses', 'Q4', [q('c', m.setup(C, (S4, 1720), (C4, 3000)))], TO_C, SAME),
    ('Setup: fast start', 'Q4', [q('c', m.setup(fast=[m.olc(control=CC), m.olc(2, media=(C4, 5002), control=(
        C4, 5003), session=2)]))], RTP_C + ' udp 10.0.2.2>10.0.1.2:5002 udp 10.0.2.2>10.0.1.2:5003', SAME),
    ('Setup: fast start, both directions', 'Q4', [q('c', m.setup(fast=[m.olc(control=CC, reverse=(C, CC))]))],
     RTP_C, SAME),
    ('Setup, IPv6', 'Q6', [q('c', m.setup(C_6, fast=[m.olc(control=CC_6)]))], TO_C6 + ' ' + RTP_C6, SAME),
    ('CallProceeding', 'Q4', [q('s', m.proceeding(S))], TO_S, SAME),
    ('CallProceeding: fast start', 'Q4', [q('s', m.proceeding(fast=[m.olc(media=S)]))], RTP_S, SAME),
    ('Alerting', 'Q4', [q('s', m.alerting(S))], TO_S, SAME),
    ('Connect', 'Q4', [q('s', m.connect(S))], TO_S, SAME),
    ('Connect: fast start', 'Q4', [q('s', m.connect(fast=[m.olc(media=S)]))], RTP_S, SAME),
    ('DIFF: Information: fast start', 'Q4', [q('s', m.information([m.olc(media=S)]))], RTP_S, ''),
    ('Progress', 'Q4', [q('s', m.progress(S))], TO_S, SAME),
    ('Progress: fast start behind tokens', 'Q4', [q('s', m.progress(S, [m.olc(media=S)], True))],
     TO_S + ' ' + RTP_S, SAME),
    ('Facility: start of H.245', 'Q4', [q('s', m.facility(5, None, S))], TO_S, SAME),
    ('Facility: call forwarded', 'Q4', [q('s', m.facility(1, ('10.0.2.3', 1720)))],
     'tcp 10.0.1.2>10.0.2.3:1720', SAME),
    ('Facility: forwarded to the side of the caller', 'Q4', [q('s', m.facility(1, ('10.5.0.1', 1720)))], '', SAME),
    ('Facility: forwarded on this side', 'Q4', [q('s', m.facility(1, ('10.0.1.3', 1720)))],
     'tcp 10.0.1.2>10.0.1.3:1720', SAME),
    ('Facility: alternative address for another reason', 'Q4', [q('s', m.facility(0, ('10.0.2.3', 1720)))], '', SAME),
    ('ReleaseComplete', 'Q4', [q('s', (5, m.release))], '', SAME),
    ('Setup of version 7', 'Q4', [q('c', m.setup(C, version=7))], TO_C, SAME),
    ('Setup of version 7: fast start', 'Q4', [q('c', m.setup(fast=[m.olc(control=CC)], version=7))], RTP_C, SAME),
    ('Connect of version 7', 'Q4', [q('s', m.connect(S, version=7))], TO_S, SAME),
    ('DIFF: Alerting of version 7', 'Q4', [q('s', m.alerting(S, version=7))], TO_S, ''),
    ('Setup behind an element of one octet', 'Q4',
     [q('c', m.setup(C), elements=b'\xa1\x04\x04\x88\x80\x92\xa5')], TO_C, SAME),
    ('tunnelled H.245', 'Q4', [q('c', m.EMPTY, [OLC])], RTP_C, SAME),
    ('tunnelled H.245 of three messages', 'Q4', [q('c', m.EMPTY, [m.capabilities, OLC, m.capabilities])], RTP_C, SAME),
    ('address of another host', 'Q4', [q('c', m.setup((S4, 5000)))], '', SAME),
    ('address of the other family', 'Q4', [q('c', m.setup(C_6))], '', SAME),
    ('port 0', 'Q4', [q('c', m.setup((C4, 0)))], '', SAME),
    # TPKT
    ('two messages in a segment', 'Q4', [('c', m.tpkt(m.call(m.setup(C)), m.call(m.EMPTY, [OLC])))],
     TO_C + ' ' + RTP_C, SAME),
    ('head of TPKT alone', 'Q4', split(q('c', m.setup(C)), 4), TO_C, SAME),
    ('DIFF: head of TPKT alone behind a message', 'Q4',
     split(('c', m.tpkt(m.call(m.EMPTY), m.call(m.setup(C)))), len(m.tpkt(m.call(m.EMPTY))) + 4), TO_C, ''),
    ('DIFF: head of TPKT alone, then what looks like another', 'H4', split(h('c', OLC), 4), RTP_C, ''),
    ('message in two segments', 'Q4', split(q('c', m.setup(C)), 40), '', SAME),
    ('no TPKT', 'Q4', [('c', m.call(m.setup(C)))], '', SAME),
    ('the same segment again', 'Q4', [q('c', m.setup(C)), len(m.tpkt(m.call(m.setup(C)))), q('c', m.setup(C))],
     TO_C, SAME),
    # H.245
    ('OpenLogicalChannel', 'H4', [h('c', OLC)], RTP_C, SAME),
    ('OpenLogicalChannel of the other side', 'H4', [h('s', m.request(m.olc(control=(S4, 5001))))], RTP_S, SAME),
    ('OpenLogicalChannel, IPv6', 'H6', [h('c', m.request(m.olc(control=CC_6)))], RTP_C6, SAME),
    ('both directions', 'H4', [h('c', m.request(m.olc(control=CC, reverse=((C4, 5002), (C4, 5003)))))],
     RTP_C + ' udp 10.0.2.2>10.0.1.2:5002 udp 10.0.2.2>10.0.1.2:5003', SAME),
    ('H.263', 'H4', [h('c', m.request(m.olc(data=m.video, control=CC)))], RTP_C, SAME),
    ('kind of video that was added later', 'H4', [h('c', m.request(m.olc(data=m.generic_video, control=CC)))],
     RTP_C, SAME),
    ('T.120', 'H4', [h('c', m.request(m.olc(data=m.t120, stack=C)))], TO_C + '*', SAME),
    ('stack of a channel that is not T.120', 'H4', [h('c', m.request(m.olc(stack=C)))], '', SAME),
    ('acknowledgment', 'H4', [h('c', m.ack(1, C, CC))], RTP_C, SAME),
    ('acknowledgment of both directions', 'H4', [h('c', m.ack(1, None, None, (C, CC)))], RTP_C, SAME),
    ('acknowledgment of T.120', 'H4', [h('c', m.ack(1, stack=C))], TO_C + '*', SAME),
    ('capabilities', 'H4', [h('c', m.capabilities)], '', SAME),
    # RAS
    ('RRQ', 'R4', [('c', m.rrq([C], (C4, 1719), 300))], TO_C + '*', SAME),
    ('RRQ, IPv6', 'R6', [('c', m.rrq([C_6], (C6, 1719), 300))], TO_C6 + '*', SAME),
    ('RRQ of version 7', 'R4', [('c', m.rrq([C], (C4, 1719), 300, 7))], TO_C + '*', SAME),
    ('RRQ: second address', 'R4', [('c', m.rrq([m.netbios, (S4, 1720), C], (C4, 1719)))], TO_C + '*', SAME),
    ('URQ', 'R4', [('c', m.rrq([C], (C4, 1719), 300)), ('c', m.urq([C]))], '', SAME),
    ('GCF: the same gatekeeper', 'R4', [('c', m.grq((C4, 1719))), ('s', m.gcf((S4, 1719)))], '', SAME),
    ('GCF: another gatekeeper', 'R4', [('c', m.grq((C4, 1719))), ('s', m.gcf(('10.0.2.3', 1719)))],
     'udp 10.0.1.2>10.0.2.3:1719', SAME),
    ('ACF: where to call', 'R4', [('c', m.arq()), ('s', m.acf(('10.0.2.3', 1720)))],
     'tcp 10.0.1.2>10.0.2.3:1720*', SAME),
    ('ACF: one that is called', 'R4', [('c', m.arq(C)), ('s', m.acf(C))], '', SAME),
    ('LCF', 'R4', [('c', m.lrq((C4, 1719))), ('s', m.lcf(('10.0.2.3', 1720), ('10.0.2.3', 1719)))],
     'tcp 10.0.1.2>10.0.2.3:1720*', SAME),
    ('IRR', 'R4', [('c', m.irr((C4, 1719), [C]))], '', SAME),
    ('UCF', 'R4', [('c', m.urq([C])), ('s', m.ucf())], '', SAME),
)


def begin(wire, kind):
    return {'Q': wire.open, 'H': wire.control, 'R': wire.register}[kind[0]](kind[1])


def run_case(wire, talk, steps):
    back = 0
    for step in steps:
        if isinstance(step, int):
            back = step
            continue
        talk.say(*step, back)
        back = 0
    wire.settle()
    return wire.expected.take()


def table():
    wire = Wire()
    for name, kind, steps, ours, stock in TABLE:
        talk = begin(wire, kind)
        wire.expected.take()
        got = run_case(wire, talk, steps)
        wanted = ours if IS_OURS or stock is SAME else stock
        wanted = ' '.join(sorted(map(' '.join, pairs(wanted))))
        verdict(name, got == wanted, 'got %r, expected %r' % (got, wanted))
    registration(wire)


def registration(wire):
    """The gatekeeper gives an endpoint ten minutes, the helper's limit is four."""
    talk = wire.register('4')
    talk.say('c', m.rrq([C], (C4, 1719)))
    talk.say('s', m.rcf([C], 600))
    wire.settle()
    lives = [exp.life for exp in wire.expected.look()]
    verdict('DIFF: what is expected lives as long as the registration',
            len(lives) == 1 and (lives[0] > 500) == IS_OURS, 'it lives %r seconds' % lives)


# --- generated cases ---------------------------------------------------------------

def signal(name, who, body, tunnel=()):
    return (name, 'Q4', who, m.user_information(body, tunnel),
            lambda user: m.tpkt(m.q931(body, user)))


def channel(name, make):
    return name, 'H4', 'c', m.control(make), m.tpkt


def ras(name, who, data):
    return name, 'R4', who, data, bytes


ELSEWHERE = ('10.0.2.3', 1720)
# name, kind and family, who says it, a value of PER, and what puts it into a packet
EXCHANGES = (
    signal('setup', 'c', m.setup(C, (S4, 1720), (C4, 3000), [m.olc(control=CC)])),
    signal('proceeding', 's', m.proceeding(S, [m.olc(media=S)])),
    signal('alerting', 's', m.alerting(S)),
    signal('connect', 's', m.connect(S, [m.olc(media=S)])),
    signal('progress', 's', m.progress(S, [m.olc(media=S)], True)),
    signal('facility', 's', m.facility(1, ELSEWHERE)),
    signal('tunnel', 'c', m.EMPTY, [OLC]),
    channel('open', m.request(m.olc(data=m.t120, control=CC, reverse=(C, CC), stack=C))),
    channel('ack', m.ack(1, C, CC)),
    ras('rrq', 'c', m.rrq([C], (C4, 1719), 300)),
    ras('gcf', 's', m.gcf(('10.0.2.3', 1719))),
    ras('acf', 's', m.acf(ELSEWHERE)),
    ras('lcf', 's', m.lcf(ELSEWHERE, ('10.0.2.3', 1719))),
)


def changed(data):
    """Name and bytes of each case made by leaving out or replacing a byte"""
    for n, byte in enumerate(data):
        yield 'without-%d' % n, data[:n] + data[n + 1:]
        for other in sorted({0, byte ^ 1, byte ^ 0x80, 0xff} - {byte}):
            yield 'byte-%d-%02x' % (n, other), data[:n] + bytes([other]) + data[n + 1:]


def variants(value, around, stream):
    """Name and pieces of each case made of a value; the lengths around it are right."""
    whole = around(value)
    yield 'whole', [whole]
    for n in range(1, len(whole) if stream else 0):
        yield 'split-%d' % n, [whole[:n], whole[n:]]
    for n in range(len(value)):
        yield 'cut-%d' % n, [around(value[:n])]
    for name, other in changed(value):
        yield name, [around(other)]
    for name, other in changed(whole[:-len(value)]):
        yield 'head-' + name, [other + value]


def fresh(wire, kind, who):
    """A connection on which nothing is expected"""
    talk = begin(wire, kind)
    if kind[0] == 'R' and who == 's':
        talk.say('c', m.arq())
    wire.settle()
    wire.expected.take()
    return talk


class Rules:
    """What the kernel log says of messages that break a rule"""

    RULE = re.compile(r'nf_ct_proto_[0-9]+: (?:Q\.931|H\.245|RAS): (.*?) IN=')

    def __init__(self):
        self.log = os.open('/dev/kmsg', os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.log, 0, os.SEEK_END)

    def take(self):
        """The rules since the last time, each once"""
        found = []
        try:
            while True:
                found += self.RULE.findall(os.read(self.log, 8192).decode('latin-1'))
        except BlockingIOError:
            return ', '.join(sorted(set(found)))


def cases():
    wire, rules = Wire(), Rules()
    for name, kind, who, value, around in EXCHANGES:
        for n, (variant, pieces) in enumerate(variants(value, around, kind[0] != 'R')):
            # what is left of a head that stood alone is not part of the next case
            if variant.startswith(('split', 'head')) or n % 50 == 0:
                talk = fresh(wire, kind, who)
            rules.take()
            got = run_case(wire, talk, [(who, piece) for piece in pieces])
            yield ('%s %s' % (name, variant),
                   '+'.join(p.hex() for p in pieces) + ' ' + rules.take(), got)


def record(path):
    helperwire.write(path, cases())


def pairs(expected):
    """Protocol and the rest of each"""
    return list(zip(*[iter(expected.split())] * 2))


def names(message, exp):
    """Does a message name where a connection is expected?  Of RTP and RTCP it names either."""
    addr, port = exp[1].rstrip('*').partition('>')[2].split(':')
    ports = {int(port)} if exp[0] == 'tcp' else {int(port), int(port) ^ 1}
    return any(packed(addr) + struct.pack('>H', port) in message for port in ports)


def reason(case, data, ours, stock):
    """Why ours differs; None if there is no good reason."""
    text, _, rule = data.partition(' ')
    if rule and not ours:
        return 'the message is bad, and the log says why: ' + rule
    new = set(pairs(ours)) - set(pairs(stock))
    if set(pairs(stock)) - set(pairs(ours)) or not all(names(bytes.fromhex(text), exp) for exp in new):
        return None
    if case.split()[1].startswith('head'):
        return 'stock does not know an element of one octet'
    return 'stock does not understand all of it; the message names each address'


def compare(ours, stock):
    helperwire.compare(ours, stock, reason)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
