#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the SIP helper expects of messages, and how it has them rewritten.

A client in c and a server in s of lib.sh's topology send messages through the router.
What is expected is read over netlink behind each message, and deleted.

  sipwire.py table        named cases without NAT, UDP; a row has what ours and stock expects
  sipwire.py tcp          segments without NAT
  sipwire.py nat [6]      what the other side gets with NAT, UDP and TCP
  sipwire.py record FILE  messages cut, each byte replaced: writes what the server gets and
                          what is expected, one case a line
  sipwire.py compare OURS STOCK
                          of two such files: each difference must have a reason
  sipwire.py calls N      N calls, each with media
  sipwire.py echo NAME ADDR PORT ...
                          from namespaces: packets of media come back
  sipwire.py arrives NAME ADDR PORT FROM TO
                          media from namespace FROM to address TO, where NAME listens
  sipwire.py phone ADDR USER
                          registers at a registrar there, and gets a call from it
"""

import os
import re
import socket
import struct
import sys
import time

import helperwire
from helperwire import HOSTS, IS_OURS, SAME
from rawnet import C4, G4, G6, S4, enter, is6, verdict


class Expectation(helperwire.Expectation):
    def __str__(self):
        """"FROM>TO:PORT" of media, with "tel" before that of a registered telephone"""
        if self.kind:
            return super().__str__()
        return 'tel-%s%s %s' % ({6: 'tcp', 17: 'udp'}[self.proto],
                                '-waits' if self.flags & self.INACTIVE else '', super().__str__())


class Expectations(helperwire.Expectations):
    KIND, BETWEEN = Expectation, ', '


# --- messages: @C@ and @S@ are the hosts, in brackets if IPv6, @P@ the client's port ----

def sdp(*media, conn='@C@', owner='@C@'):
    lines = ['v=0', 'o=x 1 1 IN @IP@ ' + owner, 's=-'] + (['c=IN @IP@ ' + conn] if conn else [])
    return '\n'.join(lines + ['t=0 0'] + list(media)) + '\n'


AUDIO = 'm=audio 6000 RTP/AVP 0'
OFFER = sdp(AUDIO)
ANSWER = sdp('m=audio 7000 RTP/AVP 0', conn='@S@', owner='@S@')


def message(start, cseq, call, body, extra, contact, via, length=True):
    kind = 'Content-Type: application/sdp\n' if body else ''
    return ('%s\nVia: SIP/2.0/@T@ %s;branch=z9hG4bK%s;rport\nFrom: "A" <sip:a@@C@>;tag=1\n'
            'To: <sip:b@@S@:5060>\nCall-ID: %s@x\nCSeq: %s\n%s%s%s' %
            (start, via, call, call, cseq, 'Contact: %s\n' % contact if contact else '', extra, kind)
            + ('Content-Length: @L@\n' if length else '') + '\n' + body)


def request(method='INVITE', cseq=1, call='1', body='', extra='', contact='<sip:a@@C@:@P@>',
            via='@C@:@P@', uri='sip:b@@S@:5060', length=True):
    return message('%s %s SIP/2.0' % (method, uri), '%d %s' % (cseq, method), call, body, extra,
                   contact, via, length)


def answer(code=200, method='INVITE', cseq=1, call='1', body='', extra='', contact='<sip:b@@S@:5060>',
           via='@C@:@P@'):
    return message('SIP/2.0 %d x' % code, '%d %s' % (cseq, method), call, body, extra, contact, via)


def finish(text, family, port, transport='UDP', client=None, server=None):
    """The bytes of a message"""
    host = lambda a: '[%s]' % a if is6(a) else a
    c, s = client or HOSTS[family][0], server or HOSTS[family][1]
    head, _, body = text.partition('\n\n')
    g = G6 if is6(s) else G4
    body = body.replace('@C@', c).replace('@S@', s).replace('@G@', g).replace('@IP@', 'IP' + family)
    head = head.replace('@C@', host(c)).replace('@S@', host(s)).replace('@G@', host(g))
    head = head.replace('@P@', str(port))
    head = head.replace('@T@', transport)
    bare = '@BARE@' in head
    head, body = head.replace('@BARE@', ''), body.replace('@P@', str(port))
    end = '\n' if bare else '\r\n'
    body = body.replace('\n', end)
    head = head.replace('@L@', str(len(body))).replace('\n', end)
    return (head + end + end + body).encode('latin-1')


def pair(port, back=False):
    frm, to = ('@C@', '@S@') if back else ('@S@', '@C@')
    return ['%s>%s:%d' % (frm, to, port + n) for n in (0, 1)]


def text_of(places, family, port):
    c, s = HOSTS[family]
    return ', '.join(sorted(p.replace('@C@', c).replace('@S@', s).replace('@P@', str(port))
                            for p in places))


A, B = pair(6000), pair(7000, True)
REG = dict(method='REGISTER', uri='sip:@S@')
TEL = 'tel-udp @S@>@C@:@P@'
WAITS = 'tel-udp-waits @S@>@C@:@P@'
TEL_TCP = 'tel-tcp-waits @S@>@C@:@P@'
FOLDED = request(body=OFFER).replace('Via: SIP', 'v: SIP').replace('Call-ID:', 'i:') \
    .replace('CSeq: 1 INVITE', 'CSeq:\n 1\n INVITE').replace('Contact: ', 'm:\n ').replace('From', 'f')


def media(*lines, **more):
    return [('c', request(body=sdp(*lines, **more)))]


def register(expires='Expires: 600\n', reply=None, **more):
    steps = [('c', request(**REG, extra=expires, **more))]
    if reply is not None:
        steps.append(('s', answer(method='REGISTER', contact=None, extra=reply)))
    return steps


CALL2 = ('c', request(call='2', cseq=5, body=sdp('m=audio 6010 RTP/AVP 0')))
# name, steps, what is expected at the end, what stock expects if it differs
TABLE = (
    ('INVITE', [('c', request(body=OFFER))], A, SAME),
    ('INVITE and its answer', [('c', request(body=OFFER)), ('s', answer(body=ANSWER))], A + B, SAME),
    ('answer before the last', [('c', request(body=OFFER)), ('s', answer(183, body=ANSWER))], A + B, SAME),
    ('offer in the answer, answer in ACK', [('c', request()), ('s', answer(body=ANSWER)),
                                            ('c', request('ACK', body=OFFER))], A + B, SAME),
    ('UPDATE', [('c', request('UPDATE', body=OFFER))], A, SAME),
    ('PRACK', [('c', request('PRACK', body=OFFER))], A, SAME),
    ('OPTIONS with a description', [('c', request('OPTIONS', body=OFFER))], [], SAME),
    ('compact and folded fields', [('c', FOLDED)], A, None),
    ('two media', media(AUDIO, 'm=video 6002 RTP/AVP 31'), A + pair(6002), SAME),
    ('image', media('m=image 6004 udptl t38'), pair(6004), SAME),
    ('c= of the media', media(AUDIO, 'c=IN @IP@ @C@', conn=''), A, SAME),
    ('disabled media', media('m=audio 0 RTP/AVP 0', 'm=video 6002 RTP/AVP 31'), pair(6002), SAME),
    ('other media', media('m=application 6000 X', 'm=video 6002 RTP/AVP 31'), pair(6002), SAME),
    ('several ports of one medium', media('m=audio 6000/2 RTP/AVP 0'), A, SAME),
    ('odd port', media('m=audio 6001 RTP/AVP 0'), A, SAME),
    ('address of another host', media(AUDIO, conn='10.9.9.9'), [], SAME),
    ('hold by address', media(AUDIO, conn='0.0.0.0'), [], SAME),
    ('hold: re-INVITE', [('c', request(body=OFFER)), ('s', answer(body=ANSWER)),
                         ('c', request(cseq=2, body=sdp(AUDIO, 'a=sendonly')))], A, SAME),
    ('DIFF: a=rtcp', media(AUDIO, 'a=rtcp:6011'), ['@S@>@C@:6000', '@S@>@C@:6011'], A),
    ('DIFF: a=rtcp, odd port', media('m=audio 6001 RTP/AVP 0', 'a=rtcp:6011'),
     ['@S@>@C@:6001', '@S@>@C@:6011'], A),
    ('DIFF: bare LF', [('c', request(body=OFFER, extra='@BARE@'))], A, []),
    ('port above 65535', media('m=audio 71536 RTP/AVP 0'), [], SAME),
    ('port above 2^32', media('m=audio 4294973296 RTP/AVP 0'), [], SAME),
    ('port below 1024', media('m=audio 80 RTP/AVP 0'), [], SAME),
    ('no description', [('c', request())], [], SAME),
    ('no address', media(AUDIO, conn=''), [], SAME),
    ('CSeq without a number', [('c', request(body=OFFER).replace('CSeq: 1', 'CSeq: x'))], [], SAME),
    ('no CSeq', [('c', request(body=OFFER).replace('CSeq: 1', 'X: x'))], [], SAME),
    ('DIFF: no SIP', [('c', request(body=OFFER).replace('SIP/2.0\n', 'SIP/3.0\n', 1))], [], A),
    ('DIFF: keep-alive before', [('c', '\n\n' + request(body=OFFER))], A, []),
    # calls
    ('BYE', [('c', request(body=OFFER)), ('s', request('BYE', cseq=9))], [], SAME),
    ('DIFF: two calls', [('c', request(body=OFFER)), CALL2], A + pair(6010), pair(6010)),
    ('DIFF: two calls, one ends', [('c', request(body=OFFER)), CALL2, ('c', request('BYE', cseq=6, call='2'))],
     A, []),
    ('DIFF: two calls, one is refused', [('c', request(body=OFFER)), CALL2, ('s', answer(486, cseq=5, call='2'))],
     A, []),
    ('refused', [('c', request(body=OFFER)), ('s', answer(486))], [], SAME),
    ('an earlier INVITE is refused', [('c', request(body=OFFER)), ('c', request(cseq=2, body=OFFER)),
                                      ('s', answer(401))], A, SAME),
    # registrations
    ('REGISTER', register(), [WAITS], SAME),
    ('REGISTER and its answer', register(reply='Contact: <sip:a@@C@:@P@>;expires=60\n'), [TEL], SAME),
    ('REGISTER, Expires in the answer', register(reply='Contact: <sip:a@@C@:@P@>\nExpires: 60\n'), [TEL], SAME),
    ('REGISTER, the answer has another place', register(reply='Contact: <sip:a@10.0.1.9>;expires=60\n'), [], SAME),
    ('REGISTER, the second place in the answer',
     register(reply='Contact: <sip:a@10.0.1.9>;expires=60,\n <sip:a@@C@:@P@>;expires=60\n'), [TEL], SAME),
    ('REGISTER that ends', register('Expires: 0\n'), [], SAME),
    ('REGISTER, expires of the place', register('', contact='<sip:a@@C@:@P@>;expires=60'), [WAITS], SAME),
    ('DIFF: REGISTER, the registrar says how long', register(''), [WAITS], []),
    ('DIFF: REGISTER with a name and an address',
     register(contact='<sip:a@phone.example>, <sip:a@@C@:@P@>'), [WAITS], []),
    ('REGISTER of another host', register(contact='<sip:a@10.9.9.9>'), [], SAME),
    ('DIFF: REGISTER, transport', register(contact='<sip:a@@C@:@P@;transport=tcp>'), [TEL_TCP], []),
    ('REGISTER port below 1024', register(contact='<sip:a@@C@:80>'), [], SAME),
    ('REGISTER is refused', register() + [('s', answer(403, 'REGISTER', contact=None))], [], SAME),
)


class Talk:
    """A client and a server; the router has seen what they have sent."""

    def __init__(self, wire, family, transport='UDP', nodelay=True):
        self.wire, self.family, self.transport = wire, family, transport
        wire.sport += 1
        self.port = wire.sport
        c, s = HOSTS[family]
        kind = socket.SOCK_DGRAM if transport == 'UDP' else socket.SOCK_STREAM
        enter('c')
        self.client = socket.socket(socket.AF_INET6 if is6(c) else socket.AF_INET, kind)
        self.client.bind((c, self.port))
        if transport == 'UDP':
            self.client.connect((s, 5060))
            self.server = wire.udp[family]
        else:
            self.client.settimeout(20)
            self.client.connect((s, 5060))
            self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.server = wire.tcp[family].accept()[0]
            self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.server.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        if self.transport == 'TCP':
            self.server.close()

    def bytes(self, text, **hosts):
        return finish(text, self.family, self.port, self.transport, **hosts)

    def datagram(self, who, data):
        """What the other one gets, None if nothing"""
        sock = self.server if who == 'c' else self.client
        if who == 'c':
            self.client.send(data)
        else:
            self.server.sendto(data, self.wire.seen_from or self.client.getsockname()[:2])
        self.wire.settle(who)
        try:
            got, self.wire.seen_from = sock.recvfrom(65536, socket.MSG_DONTWAIT)
            return got
        except BlockingIOError:
            return None

    def stream(self, pieces, want=None):
        """What the server gets of some pieces, at least so many bytes"""
        got = b''
        for piece in pieces:
            self.client.send(piece)
        want = want or sum(map(len, pieces))
        end = time.time() + 8
        self.server.settimeout(4)
        while len(got) < want and time.time() < end:
            try:
                got += self.server.recv(65536)
            except OSError:
                break
        return got


class Wire:
    def __init__(self):
        os.sched_setaffinity(0, {0})
        self.expected = Expectations()
        # TIME_WAIT keeps the ports of earlier runs
        self.sport = {'tcp': 30000, 'nat': 40000}.get(sys.argv[1], 20000)
        self.seen_from = None
        self.udp, self.tcp, self.marks = {}, {}, {}
        for name, addr in (('c', C4), ('s', S4)):
            enter(name)
            self.marks[name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.marks[name].bind((addr, 2000))
            self.marks[name].settimeout(20)
        enter('s')
        for family, (_, addr) in HOSTS.items():
            kind = socket.AF_INET6 if is6(addr) else socket.AF_INET
            self.udp[family] = socket.socket(kind, socket.SOCK_DGRAM)
            self.udp[family].bind((addr, 5060))
            self.tcp[family] = socket.socket(kind)
            self.tcp[family].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.tcp[family].bind((addr, 5060))
            self.tcp[family].listen(8)
        # neighbours are known from here on
        self.mark_from = None
        self.settle('c')
        for family in HOSTS:
            with Talk(self, family) as talk:
                talk.client.send(b'\r\n')
                self.udp[family].settimeout(5)
                self.udp[family].recv(16)
                self.udp[family].settimeout(None)

    def settle(self, who):
        """Another packet behind them arrives."""
        if who == 'c':
            self.marks['c'].sendto(b'mark', (S4, 2000))
            self.mark_from = self.marks['s'].recvfrom(16)[1]
        else:
            self.marks['s'].sendto(b'mark', self.mark_from)
            self.marks['c'].recv(16)


def run_case(wire, family, steps):
    """What is expected behind some messages, or "dropped" if one does not pass"""
    wire.seen_from = None
    passed = True
    with Talk(wire, family) as talk:
        for who, text in steps:
            empty = text.startswith('\n\n')
            data = b'\r\n\r\n' * empty + talk.bytes(text[2 * empty:])
            passed = talk.datagram(who, data) == data and passed
        got = wire.expected.take()
        return got if passed else 'dropped', talk.port


def judge(name, got, ours, stock):
    if not IS_OURS and got == 'dropped' and not ours:
        print('# stock: %s: dropped' % name)
        got = ''
    wanted = ours if IS_OURS or stock is SAME else stock
    verdict(name, got == wanted, 'got %r, expected %r' % (got, wanted))


def table():
    wire = Wire()
    for name, steps, ours, stock in TABLE:
        got, port = run_case(wire, '4', steps)
        judge(name, got, text_of(ours, '4', port),
              SAME if stock is SAME else text_of(stock, '4', port))
    for name, steps, ours, _ in TABLE:
        if name not in ('INVITE', 'INVITE and its answer', 'two media', 'c= of the media', 'REGISTER',
                        'REGISTER and its answer'):
            continue
        got, port = run_case(wire, '6', steps)
        judge(name + ', IPv6', got, text_of(ours, '6', port), SAME)


# --- TCP ---------------------------------------------------------------------------

def tcp_case(wire, texts, cut=None, family='4'):
    """What is expected of messages that come in pieces of a length, or in one"""
    with Talk(wire, family, 'TCP') as talk:
        data = b''.join(t if isinstance(t, bytes) else talk.bytes(t) for t in texts)
        pieces = [data[:cut], data[cut:]] if cut else [data]
        got = talk.stream(pieces)
        return wire.expected.take(), talk.port, got == data, len(data)


def tcp():
    wire = Wire()
    one, two = request(body=OFFER), CALL2[1]
    long_length = request(body=OFFER).replace('@L@', '4294967296')
    rows = (
        ('INVITE', [one], None, A, SAME),
        ('DIFF: keep-alive before', [b'\r\n\r\n', one], None, A, []),
        ('two messages', [one, request('OPTIONS', call='3')], None, A, SAME),
        ('DIFF: two calls in a segment', [one, two], None, A + pair(6010), pair(6010)),
        ('DIFF: keep-alive between', [request('OPTIONS', call='3'), b'\r\n\r\n', one], None, A, []),
        ('DIFF: half a message and the rest', [one], 200, A, []),
        ('DIFF: head and body', [one], 'body', A, []),
        ('DIFF: one and a half', [request('OPTIONS', call='3'), one], 500, A, []),
        ('half and one', [request('OPTIONS', call='3'), one], 100, A, SAME),
        ('DIFF: bare LF', [request(body=OFFER, extra='@BARE@')], None, A, []),
        ('Content-Length of 2^32', [long_length], None, [], SAME),
        ('Content-Length without a number', [request(body=OFFER).replace('@L@', 'x')], None, [], SAME),
        ('REGISTER', [request(**REG, extra='Expires: 60\n')], None, [TEL_TCP], SAME),
    )
    for name, texts, cut, ours, stock in rows:
        if cut == 'body':
            with Talk(wire, '4', 'TCP') as talk:
                cut = talk.bytes(one).index(b'\r\n\r\n') + 4
        got, port, passed, _ = tcp_case(wire, texts, cut)
        judge('TCP: ' + name, got if passed else 'not passed', text_of(ours, '4', port),
              SAME if stock is SAME else text_of(stock, '4', port))
    if not IS_OURS:
        return
    wrong, n = [], 0
    size = tcp_case(wire, [one])[3]
    for cut in range(1, size):
        got, port, passed, _ = tcp_case(wire, [one], cut)
        n += 1
        if not passed or got != text_of(A, '4', port):
            wrong.append('%d: %s' % (cut, got))
    verdict('DIFF: TCP: split at each of %d bytes' % n, not wrong, wrong[:5])


# --- NAT ---------------------------------------------------------------------------

def gate(text):
    """As the other side of the router gets it: the client is the router"""
    return text.replace('@C@', '@G@')


# name, steps: who, text, and what the other one gets as text (@G@: the router outside; None: as
# it is sent), stock differs
NAT = (
    ('INVITE', [('c', request(body=OFFER),
                 gate(request(body=OFFER)).replace('a@@G@>;tag', 'a@@C@>;tag'))], False),
    ('answer', [('c', request(body=OFFER), 0), ('s', gate(answer(body=ANSWER)),
                answer(body=ANSWER).replace('a@@C@>;tag', 'a@@G@>;tag'))], False),
    ('REGISTER', [('c', request(**REG, extra='Expires: 60\n'),
                   gate(request(**REG, extra='Expires: 60\n')).replace('a@@G@>;tag', 'a@@C@>;tag'))], False),
    ('two media, c= of each', [('c', request(body=sdp(AUDIO, 'c=IN @IP@ @C@', 'm=video 6002 RTP/AVP 31',
                                                     'c=IN @IP@ @C@', conn='')),
                                gate(request(body=sdp(AUDIO, 'c=IN @IP@ @C@', 'm=video 6002 RTP/AVP 31',
                                                      'c=IN @IP@ @C@', conn=''))).replace('a@@G@>;tag', 'a@@C@>;tag'))],
     False),
    ('DIFF: Via says another port', [('c', request(via='@C@:5070', contact=None),
                                      request(via='@C@:5070', contact=None))], True),
    ('DIFF: a=rtcp', [('c', request(body=sdp(AUDIO, 'a=rtcp:6011 IN @IP@ @C@')),
                       gate(request(body=sdp(AUDIO, 'a=rtcp:6001'))).replace('a@@G@>;tag', 'a@@C@>;tag'))], True),
    ('no media', [('c', request(body=sdp('m=audio 0 RTP/AVP 0')),
                         gate(request(body='@@@')).replace('a@@G@>;tag', 'a@@C@>;tag')
                         .replace('@@@', sdp('m=audio 0 RTP/AVP 0')))], False),
    ('DIFF: no Content-Length', [('c', request(body=OFFER, length=False),
                                  gate(request(body=OFFER, length=False)).replace('a@@G@>;tag', 'a@@C@>;tag'))], True),
    ('DIFF: bare LF', [('c', request(body=OFFER, extra='@BARE@'),
                        gate(request(body=OFFER, extra='@BARE@')).replace('a@@G@>;tag', 'a@@C@>;tag'))], True),
)


def nat(family='4'):
    wire = Wire()
    for name, steps, differs in NAT:
        wire.seen_from = None
        bad = ''
        with Talk(wire, family) as talk:
            for who, text, wanted in steps:
                got = talk.datagram(who, talk.bytes(text))
                if wanted != 0 and got != talk.bytes(wanted):
                    bad = 'got %r, expected %r' % (got, talk.bytes(wanted))
        wire.expected.take()
        if not differs or IS_OURS:
            verdict('NAT, IPv%s: %s' % (family, name), not bad, bad)
        else:
            print('# stock: NAT, IPv%s: %s: %s' % (family, name, bad or 'the same'))
    nat_tcp(wire, family)


def nat_tcp(wire, family):
    one = request(body=OFFER)
    changed = gate(one).replace('a@@G@>;tag', 'a@@C@>;tag')
    cuts = [None] + (list(range(20, 600, 67)) if IS_OURS else [])
    wrong = []
    for cut in cuts:
        with Talk(wire, family, 'TCP') as talk:
            data, wanted = talk.bytes(one), talk.bytes(changed)
            if cut and cut >= len(data):
                continue
            got = talk.stream([data[:cut], data[cut:]] if cut else [data], len(wanted))
            wire.expected.take()
            if got != wanted:
                wrong.append('%s: %r' % (cut, got))
        if cut is None:
            verdict('NAT, IPv%s: TCP: INVITE' % family, not wrong, wrong)
    if IS_OURS:
        verdict('DIFF: NAT, IPv%s: TCP: INVITE in two segments, at %d places' % (family, len(cuts) - 1), not wrong, wrong[:2])


# --- generated cases -----------------------------------------------------------------

BASES = (
    ('invite', request(body=OFFER)),
    ('register', request(**REG, extra='Expires: 60\n')),
)
BYTES = b'\x00\x20\x39\x0a'


def variants(data):
    yield 'whole', data
    for n in range(1, len(data), 3):
        yield 'cut-%d' % n, data[:n]
    for n in range(len(data)):
        byte = BYTES[n % len(BYTES)]
        if byte != data[n]:
            yield 'byte-%d-%02x' % (n, byte), data[:n] + bytes([byte]) + data[n + 1:]


def cases():
    wire = Wire()
    for name, text in BASES:
        for variant, _ in variants(finish(text, '4', 20000)):
            with Talk(wire, '4') as talk:
                data = dict(variants(talk.bytes(text)))[variant]
                got = talk.datagram('c', data)
            yield ('%s %s' % (name, variant), data.hex(), 'dropped' if got is None else got.hex(),
                   wire.expected.take())


def record(path):
    helperwire.write(path, cases())


def is_sip(data):
    return re.match(rb'(?i)[^\n]*[ \t]SIP/2\.0\r?\n|SIP/2\.0[ \t]', data)


def via_port(data, before=b'Via: SIP/2.0/UDP '):
    match = re.search(before + rb'10\.0\.1\.2:([0-9]+)', data)
    return match and match[1]


def unhex(text):
    return None if text == 'dropped' else bytes.fromhex(text)


def reason(_, data, ours, exp, stock, stock_exp):
    """Why ours is right"""
    data, ours, stock = unhex(data), unhex(ours), unhex(stock)
    if not is_sip(data):
        return 'no start line of SIP/2.0: passes as it is' if ours == data and not exp else None
    if not re.search(rb'(?i)\n(CSeq)[ \t]*:\s*[0-9]', data.split(b'\n\r\n')[0].split(b'\n\n')[0]):
        return 'no CSeq in the head: passes as it is' if ours == data and not exp else None
    if stock is None:
        return 'stock drops what it does not understand' if ours is not None else None
    if ours is None:
        return None
    via, contact = via_port(data), via_port(data, b'Contact: <sip:a@')
    rules = (
        ('a lone CR is no line end', re.search(rb'\r(?!\n|$)', data)),
        ('an empty line ends the head', re.search(rb'\n\r?\n(?!v=|$)', data)),
        ('LF is a line end', re.search(rb'(?<!\r)\n', data)),
        ('the registrar says how long', data[:2] == b'RE' and not re.search(rb'\nExpires: [0-9]', data)),
        ('Via says another port', via and contact and via != contact),
        ('stock wants a letter behind the method', re.match(rb'[A-Z]+ [^A-Za-z]', data)),
        ('a blank ends a URI', re.search(rb'<sip:[^>]* ', data)),
        ('no media: the description passes as it is', not exp and not stock_exp and b'\nv=' in data
         and data.partition(b'\nv=')[2] == ours.partition(b'\nv=')[2]),
        ('what the end of a datagram cuts', data == ours or re.search(rb'10\.0\.1\.2:[0-9]+$', data)),
    )
    return next((why for why, holds in rules if holds), None)


def compare(ours, stock):
    helperwire.compare(ours, stock, reason)


# --- with real peers --------------------------------------------------------------------

def calls(number):
    wire = Wire()
    done = 0
    for _ in range(int(number)):
        wire.seen_from = None
        with Talk(wire, '4') as talk:
            done += talk.datagram('c', talk.bytes(request(body=OFFER))) is not None
            talk.datagram('s', talk.bytes(answer(body=ANSWER)))
            talk.datagram('c', talk.bytes(request('BYE', cseq=2)))
    print('called=%d of %s' % (done, number))


def echo(*places):
    """NAME, ADDR and PORT, several times"""
    rtp = struct.pack('>BBHII', 0x80, 0, 1, 160, 1) + b'\xd5' * 160
    while places:
        name, addr, port, *places = places
        enter(name)
        sock = socket.socket(socket.AF_INET6 if is6(addr) else socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(0.3)
        for _ in range(8):
            sock.sendto(rtp, (addr, int(port)))
            try:
                if sock.recv(2048) == rtp:
                    print('back', end=' ')
                    break
            except OSError:
                pass
        else:
            print('nothing', end=' ')


def arrives(name, addr, port, sender, to):
    kind = socket.AF_INET6 if is6(addr) else socket.AF_INET
    enter(name)
    receiver = socket.socket(kind, socket.SOCK_DGRAM)
    receiver.bind((addr, int(port)))
    receiver.settimeout(0.3)
    enter(sender)
    sock = socket.socket(kind, socket.SOCK_DGRAM)
    for _ in range(8):
        sock.sendto(b'media', (to, int(port)))
        try:
            print('arrives' if receiver.recv(64) == b'media' else 'something else')
            return
        except socket.timeout:
            pass
    print('nothing')


def phone(addr, user):
    family = '6' if is6(addr) else '4'
    enter('c')
    sock = socket.socket(socket.AF_INET6 if is6(addr) else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOSTS[family][0], 5062))
    sock.settimeout(10)
    sock.sendto(finish(request(**REG, extra='Expires: 60\n').replace('sip:b@', 'sip:%s@' % user),
                       family, 5062), (addr, 5060))
    print(sock.recv(4096).split(b'\r\n')[0].decode())
    enter('s')
    caller = socket.socket(sock.family, socket.SOCK_DGRAM)
    caller.bind((addr, 5099))
    text = request(uri='sip:%s@@S@' % user, via='@S@:5099', contact='<sip:x@@S@:5099>', call=user)
    caller.sendto(finish(text, family, 5062), (addr, 5060))
    print(sock.recv(4096).split(b' ')[0].decode())


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
