#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""SCTP, DCCP and GRE packets, and what conntrack makes of them; timeout policies
of every protocol."""

import os
import socket
import struct
import time

import rawnet
from rawnet import (C4, C6, HAS_DCCP, HAS_UDPLITE, PROTO, S4, S6, Router, Sender, csum,
                    enter, equal, icmp, ip, kernel_is_at_least, lives, pseudo, run,
                    sysctl, udp, verdict)

HZ = 250                # of Debian's kernels
OURS = os.environ.get('NFCT_MODSET') == 'ours'

# DIFF: stock 6.1 drops a DCCP packet whose header is cut off
CUT_OFF = 'invalid' if OURS or kernel_is_at_least(6, 12) else ''

router = Router()
from_c, from_s = Sender('c'), Sender('s')
FAMILIES = (('IPv4', C4, S4), ('IPv6', C6, S6))


# --- SCTP --------------------------------------------------------------------

CRC = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
    CRC.append(byte)

DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, \
    SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK = range(12)
COMPLETE = 14


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = CRC[(crc ^ byte) & 0xff] ^ crc >> 8
    return crc ^ 0xffffffff


def chunk(kind, body=b'', flags=0, length=None):
    length = 4 + len(body) if length is None else length
    return struct.pack('>BBH', kind, flags, length) + body + b'\0' * (-len(body) % 4)


def init(tag, kind=INIT, length=None):
    return chunk(kind, struct.pack('>IIHHI', tag, 65536, 1, 1, 1), length=length)


def sctp(src, dst, sport, dport, tag, *chunks, check=None):
    head = struct.pack('>HHI', sport, dport, tag)
    body = b''.join(chunks)
    if check is None:
        check = crc32c(head + b'\0' * 4 + body)
    return ip(src, dst, PROTO['sctp'], head + struct.pack('<I', check) + body)


class Association:
    """Client and server ports of one association; the tags are those that the
    receiver of a packet expects: A of the client, B of the server."""

    A, B = 0xaaaa0001, 0xbbbb0002
    port = 4000

    def __init__(self, fam, c, s):
        Association.port += 1
        self.fam, self.c, self.s, self.p = fam, c, s, Association.port
        router.seen()

    def to_s(self, tag, *chunks, **args):
        from_c(sctp(self.c, self.s, self.p, 9899, tag, *chunks, **args))

    def to_c(self, tag, *chunks, **args):
        from_s(sctp(self.s, self.c, 9899, self.p, tag, *chunks, **args))

    def entry(self):
        return router.entry('sctp', self.c, 'sport=%d' % self.p)

    def state(self):
        e = self.entry()
        return e.split()[5] if e else ''

    def expect(self, what, state, seen):
        equal('%s SCTP %s' % (self.fam, what), (self.state(), router.seen()),
              (state, seen))

    def establish(self):
        self.to_s(0, init(self.A))
        self.to_c(self.A, init(self.B, INIT_ACK))
        self.to_s(self.B, chunk(COOKIE_ECHO, b'cookie'))
        self.to_c(self.A, chunk(COOKIE_ACK))
        router.seen()
        return self


def each(test):
    """Run a test for both families."""
    def both():
        for fam, c, s in FAMILIES:
            test(fam, c, s)
    both.__name__ = test.__name__
    return both


@each
def sctp_life(fam, c, s):
    a = Association(fam, c, s)
    a.to_s(0, init(a.A))
    a.expect('INIT', 'CLOSED', 'new')
    lives(fam + ' SCTP INIT: 10 s', a.entry(), 4, 10)
    a.to_c(a.A, init(a.B, INIT_ACK))
    a.expect('INIT ACK', 'COOKIE_WAIT', 'established reply')
    a.to_s(a.B, chunk(COOKIE_ECHO, b'cookie'))
    a.expect('COOKIE ECHO', 'COOKIE_ECHOED', 'established')
    a.to_c(a.A, chunk(COOKIE_ACK))
    a.expect('COOKIE ACK', 'ESTABLISHED', 'established reply')
    lives(fam + ' SCTP established: 210 s', a.entry(), 200, 210)
    verdict(fam + ' SCTP established: assured', '[ASSURED]' in a.entry())
    a.to_s(a.B, chunk(DATA, b'x' * 13), chunk(SACK, b'x' * 12))
    a.expect('DATA and SACK', 'ESTABLISHED', 'established')
    a.to_s(a.A, chunk(DATA, b'x' * 13))
    a.expect('DATA with the wrong tag', 'ESTABLISHED', 'invalid')
    a.to_c(a.B, chunk(SACK, b'x' * 12))
    a.expect('SACK with the wrong tag', 'ESTABLISHED', 'invalid')
    a.to_s(a.B, chunk(SHUTDOWN, b'x' * 4))
    a.expect('SHUTDOWN', 'SHUTDOWN_SENT', 'established')
    a.to_c(a.A, chunk(SHUTDOWN_ACK))
    a.expect('SHUTDOWN ACK', 'SHUTDOWN_ACK_SENT', 'established reply')
    a.to_s(a.B, chunk(COMPLETE))
    a.expect('SHUTDOWN COMPLETE', 'CLOSED', 'established')

    a = Association(fam, c, s).establish()
    a.to_c(a.A, chunk(SHUTDOWN, b'x' * 4))
    a.expect('SHUTDOWN of the server', 'SHUTDOWN_RECD', 'established reply')
    a.to_s(0, init(a.A + 9))
    a.expect('INIT during a shutdown', 'CLOSED', 'established')


@each
def sctp_first(fam, c, s):
    for what, tag, chunks, state in (
            ('INIT with a tag', 5, [init(1)], ''),
            ('INIT cut off', 0, [chunk(INIT, b'\1' * 8)], ''),
            ('INIT of 17 bytes', 0, [init(1, length=17)], 'CLOSED'),
            ('INIT for the tag 0', 0, [init(0)], 'CLOSED'),
            ('INIT ACK', 5, [init(1, INIT_ACK)], ''),
            ('DATA', 5, [chunk(DATA, b'x' * 13)], ''),
            ('SACK', 5, [chunk(SACK, b'x' * 12)], ''),
            ('unknown chunk', 5, [chunk(77)], ''),
            ('ABORT', 5, [chunk(ABORT)], ''),
            ('COOKIE ECHO', 5, [chunk(COOKIE_ECHO, b'c')], ''),
            ('COOKIE ACK', 5, [chunk(COOKIE_ACK)], ''),
            ('SHUTDOWN COMPLETE', 5, [chunk(COMPLETE)], ''),
            ('HEARTBEAT and DATA', 5, [chunk(HEARTBEAT, b'h'), chunk(DATA, b'x')], ''),
            ('HEARTBEAT', 5, [chunk(HEARTBEAT, b'h')], 'HEARTBEAT_SENT'),
            ('HEARTBEAT ACK', 5, [chunk(HEARTBEAT_ACK, b'h')], 'CLOSED'),
            ('SHUTDOWN', 5, [chunk(SHUTDOWN, b'x' * 4)], ''),
            ('SHUTDOWN without a tag', 0, [chunk(SHUTDOWN, b'x' * 4)], 'CLOSED'),
            ('SHUTDOWN ACK', 5, [chunk(SHUTDOWN_ACK)], 'SHUTDOWN_ACK_SENT'),
            ('ERROR', 5, [chunk(ERROR, b'x' * 4)], '')):
        a = Association(fam, c, s)
        a.to_s(tag, *chunks)
        a.expect('first packet ' + what, state, 'new' if state else 'invalid')


@each
def sctp_malformed(fam, c, s):
    a = Association(fam, c, s).establish()
    for what, packet in {
            'checksum wrong': sctp(c, s, a.p, 9899, a.B, chunk(DATA, b'x'), check=1),
            'header cut off': ip(c, s, PROTO['sctp'], b'\x0f\xa1\x26\xab\0\0\0\0\0\0'),
            'no chunk': sctp(c, s, a.p, 9899, a.B),
            'three bytes of a chunk': sctp(c, s, a.p, 9899, a.B, b'\0\0\0'),
            'chunk of no length': sctp(c, s, a.p, 9899, a.B, chunk(SACK, length=0)),
            'INIT and DATA': sctp(c, s, a.p, 9899, 0, init(7), chunk(DATA, b'x')),
            'COMPLETE and DATA':
                sctp(c, s, a.p, 9899, a.B, chunk(COMPLETE), chunk(DATA, b'x')),
            'COOKIE ECHO last': sctp(c, s, a.p, 9899, a.B, chunk(DATA, b'x'),
                                     chunk(COOKIE_ECHO, b'c')),
            'COOKIE ACK last': sctp(c, s, a.p, 9899, a.B, chunk(DATA, b'x'),
                                    chunk(COOKIE_ACK)),
            'ABORT with a strange tag': sctp(c, s, a.p, 9899, 7, chunk(ABORT)),
            'ABORT with the reflected tag': sctp(c, s, a.p, 9899, a.A, chunk(ABORT)),
            'ABORT with T and the own tag':
                sctp(c, s, a.p, 9899, a.B, chunk(ABORT, flags=1)),
            'COMPLETE with a strange tag': sctp(c, s, a.p, 9899, 7, chunk(COMPLETE)),
            'COOKIE ECHO with a strange tag':
                sctp(c, s, a.p, 9899, 7, chunk(COOKIE_ECHO, b'c')),
            'INIT with a tag': sctp(c, s, a.p, 9899, a.B, init(7)),
            'INIT cut off': sctp(c, s, a.p, 9899, 0, chunk(INIT, b'\1' * 8))}.items():
        before = router.stat('invalid')
        from_c(packet)
        a.expect(what, 'ESTABLISHED', 'invalid')
        equal('%s SCTP %s: counted' % (fam, what), router.stat('invalid') - before, 1)

    # what the end host discards is not of another association
    for length in (1, 2, 3, 40, 65535):
        a.to_s(a.B, chunk(DATA, length=length))
        a.expect('chunk with a length of %d' % length, 'ESTABLISHED', 'established')
        a.to_s(a.B, chunk(SACK), chunk(DATA, length=length))
        a.expect('second chunk with a length of %d' % length, 'ESTABLISHED',
                 'established')

    # DIFF: stock goes through the first chunk even so
    a.to_s(7, chunk(SHUTDOWN, b'x' * 4), chunk(ABORT))
    a.expect('SHUTDOWN and ABORT with a strange tag',
             'ESTABLISHED' if OURS else 'SHUTDOWN_SENT', 'invalid')
    a = Association(fam, c, s).establish()
    sysctl('r', checksum=0)
    a.to_s(a.B, chunk(DATA, b'x'), check=1)
    a.expect('checksum wrong, nf_conntrack_checksum=0', 'ESTABLISHED', 'established')
    sysctl('r', checksum=1)


@each
def sctp_aborts(fam, c, s):
    for what, tag, flags in (('own tag', Association.B, 0),
                             ('T and the reflected tag', Association.A, 1)):
        a = Association(fam, c, s).establish()
        a.to_s(tag, chunk(ABORT, flags=flags))
        a.expect('ABORT with ' + what, 'CLOSED', 'established')

    a = Association(fam, c, s)
    a.to_s(0, init(a.A))
    a.to_c(a.A, init(a.B, INIT_ACK))
    a.to_s(a.B, chunk(COOKIE_ECHO, b'cookie'))
    router.seen()
    a.to_c(a.A, chunk(ERROR, b'x' * 8))
    a.expect('stale cookie', 'CLOSED', 'established reply')


@each
def sctp_collision(fam, c, s):
    """Both ends send an INIT (RFC 9260 5.2.1)."""
    a = Association(fam, c, s)
    a.to_s(0, init(a.A))
    a.to_c(0, init(a.B))
    a.expect('INIT from both', 'CLOSED', 'new established reply')
    a.to_c(a.A, init(a.B + 5, INIT_ACK))
    a.expect('INIT ACK with another tag in a collision', 'CLOSED', 'invalid')
    a.to_c(a.A, init(a.B, INIT_ACK))
    a.expect('INIT ACK in a collision', 'COOKIE_WAIT', 'established reply')
    a.to_s(a.B, init(a.A, INIT_ACK))
    a.expect('INIT ACK of the other side', 'COOKIE_WAIT', 'established')
    a.to_c(a.A, chunk(COOKIE_ECHO, b'cookie'))
    a.expect('COOKIE ECHO of the server', 'COOKIE_ECHOED', 'established reply')
    a.to_s(a.B, chunk(COOKIE_ACK))
    a.expect('COOKIE ACK of the client', 'ESTABLISHED', 'established')
    a.to_c(a.A, init(a.B + 5, INIT_ACK))
    a.expect('INIT ACK without INIT', 'ESTABLISHED', 'invalid')


@each
def sctp_late_init(fam, c, s):
    """An INIT that comes twice begins nothing, so the other end can restart."""
    a = Association(fam, c, s).establish()
    a.to_s(0, init(a.A))
    a.expect('INIT late', 'ESTABLISHED', 'established')
    a.to_c(0, init(a.B + 4))
    a.expect('INIT of a server that restarts', 'ESTABLISHED', 'established reply')
    a.to_s(a.B + 4, init(a.A + 4, INIT_ACK))
    a.expect('INIT ACK to it', 'ESTABLISHED', 'established')
    a.to_c(a.A + 4, chunk(COOKIE_ECHO, b'cookie'))
    a.expect('COOKIE ECHO of it', 'ESTABLISHED', 'established reply')
    a.to_s(a.B + 4, chunk(COOKIE_ACK), chunk(DATA, b'x'))
    a.expect('COOKIE ACK and DATA to it', 'ESTABLISHED', 'established')

    a = Association(fam, c, s).establish()
    a.to_c(0, init(a.B))
    a.expect('INIT of the server late', 'ESTABLISHED', 'established reply')
    a.to_s(0, init(a.A + 4))
    a.to_c(a.A + 4, init(a.B + 4, INIT_ACK))
    a.expect('INIT ACK to a client that restarts', 'ESTABLISHED', 'established reply')

    # the duplicate of one INIT of a collision
    a = Association(fam, c, s)
    a.to_s(0, init(a.A))
    a.to_c(0, init(a.B))
    a.to_s(0, init(a.A))
    router.seen()
    a.to_c(a.A, init(a.B + 5, INIT_ACK))
    a.expect('INIT ACK with another tag, INIT late', 'CLOSED', 'invalid')


@each
def sctp_init_again(fam, c, s):
    """Nobody answers: INITs alone do not keep the entry."""
    sysctl('r', sctp_timeout_closed=40)
    a = Association(fam, c, s)
    a.to_s(0, init(a.A))
    sysctl('r', sctp_timeout_closed=200)
    a.to_s(0, init(a.A))
    equal(fam + ' SCTP INIT again', router.seen(), 'new')
    lives(fam + ' SCTP INIT again: not prolonged', a.entry(), 20, 40)
    sysctl('r', sctp_timeout_closed=10)


@each
def sctp_heartbeats(fam, c, s):
    beat, answer = chunk(HEARTBEAT, b'h' * 8), chunk(HEARTBEAT_ACK, b'h' * 8)
    a = Association(fam, c, s)
    a.to_s(a.B, beat)
    lives(fam + ' SCTP path probe: 30 s', a.entry(), 22, 30)
    a.to_s(0, chunk(ABORT))
    a.expect('ABORT on a probed path', 'HEARTBEAT_SENT', 'invalid new')
    a.to_c(a.A, chunk(DATA, b'x'))
    a.expect('DATA on a probed path', 'HEARTBEAT_SENT', 'invalid')
    a.to_c(a.A, answer)
    a.expect('path probe answered', 'ESTABLISHED', 'established reply')
    verdict(fam + ' SCTP path probe answered: assured', '[ASSURED]' in a.entry())
    a.to_s(a.B, chunk(DATA, b'x'))
    a.expect('DATA on the new path', 'ESTABLISHED', 'established')
    a.to_s(a.B, beat, chunk(DATA, b'x'))
    a.expect('HEARTBEAT and DATA', 'ESTABLISHED', 'established')

    a = Association(fam, c, s)
    a.to_s(a.B, answer)
    a.expect('HEARTBEAT ACK first', 'CLOSED', 'new')
    a.to_c(a.A, beat)
    a.expect('HEARTBEAT after it', 'CLOSED', 'established reply')
    a.to_c(a.A, chunk(SACK, b'x' * 12), chunk(DATA, b'x'))
    a.expect('SACK and DATA after it', 'CLOSED', 'established reply')


@each
def sctp_strange_heartbeats(fam, c, s):
    """One end has got other tags on another path."""
    beat, answer = chunk(HEARTBEAT, b'h' * 8), chunk(HEARTBEAT_ACK, b'h' * 8)
    a = Association(fam, c, s)
    a.to_s(a.B, beat)
    a.to_c(a.A, answer)
    router.seen()
    a.to_s(a.B + 1, beat, chunk(DATA, b'x'))
    a.expect('HEARTBEAT with a strange tag, and DATA', 'ESTABLISHED', 'invalid')
    a.to_c(a.A + 1, answer)
    a.expect('HEARTBEAT ACK with a strange tag', 'ESTABLISHED', 'invalid')
    a.to_s(a.B + 1, beat)
    a.expect('HEARTBEAT with a strange tag', 'ESTABLISHED', 'established')
    a.to_s(a.B + 1, answer)
    a.expect('HEARTBEAT ACK to oneself', 'ESTABLISHED', 'invalid')
    a.to_c(a.A + 1, answer)
    a.expect('HEARTBEAT ACK that confirms it', 'ESTABLISHED', 'established reply')
    a.to_c(a.A + 1, chunk(DATA, b'x'))
    a.expect('DATA with the new tag', 'ESTABLISHED', 'established reply')
    a.to_c(a.A, chunk(DATA, b'x'))
    a.expect('DATA with the old tag', 'ESTABLISHED', 'invalid')
    a.to_s(a.B + 1, beat)
    a.expect('HEARTBEAT that sets the other tag', 'ESTABLISHED', 'established')
    a.to_s(a.B + 1, chunk(DATA, b'x'))
    a.expect('DATA with the other tag', 'ESTABLISHED', 'established')


# --- DCCP --------------------------------------------------------------------

REQUEST, RESPONSE, DDATA, ACK, DATAACK, CLOSEREQ, CLOSE, RESET, SYNC, SYNCACK = \
    range(10)


def dccp(src, dst, sport, dport, kind, seq=1, ack=1, short=False, doff=None,
         cscov=0, check=None, cut=None):
    rest = b''
    if kind not in (REQUEST, DDATA):
        rest = struct.pack('>I', ack & 0xffffff) if short else \
            struct.pack('>HHI', 0, ack >> 32, ack & 0xffffffff)
    if kind in (REQUEST, RESPONSE):
        rest += b'serv'
    if kind == RESET:
        rest += b'\1\0\0\0'
    if short:
        number = struct.pack('>BBH', kind << 1, seq >> 16 & 0xff, seq & 0xffff)
    else:
        number = struct.pack('>BBHI', kind << 1 | 1, 0, seq >> 32, seq & 0xffffffff)
    data = b'payload!' if kind in (DDATA, DATAACK) else b''
    length = (8 + len(number) + len(rest)) // 4
    head = struct.pack('>HHBB', sport, dport, length if doff is None else doff, cscov)
    tail = number + rest + data
    covered = tail[:length * 4 - 8 + (cscov - 1) * 4] if cscov else tail
    if check is None:
        check = csum(pseudo(src, dst, PROTO['dccp'], 8 + len(tail)) + head + b'\0\0' +
                     covered)
    packet = head + struct.pack('>H', check) + tail
    return ip(src, dst, PROTO['dccp'], packet[:cut])


class Connection:
    port = 5000

    def __init__(self, fam, c, s):
        Connection.port += 1
        self.fam, self.c, self.s, self.p = fam, c, s, Connection.port
        router.seen()

    def to_s(self, kind, **args):
        from_c(dccp(self.c, self.s, self.p, 5001, kind, **args))

    def to_c(self, kind, **args):
        from_s(dccp(self.s, self.c, 5001, self.p, kind, **args))

    def entry(self):
        return router.entry('dccp', self.c, 'sport=%d' % self.p)

    def expect(self, what, state, seen):
        e = self.entry()
        equal('%s DCCP %s' % (self.fam, what),
              (e.split()[5] if e else '', router.seen()), (state, seen))

    def open(self):
        self.to_s(REQUEST, seq=10)
        self.to_c(RESPONSE, seq=0x123456789a, ack=10)
        self.to_s(ACK, seq=11, ack=0x123456789a)
        self.to_c(DDATA, seq=0x123456789b)
        router.seen()
        return self


@each
def dccp_life(fam, c, s):
    d = Connection(fam, c, s)
    d.to_s(REQUEST, seq=10)
    d.expect('Request', 'REQUEST', 'new')
    lives(fam + ' DCCP Request: 240 s', d.entry(), 230, 240)
    d.to_c(RESPONSE, seq=0x123456789a, ack=10)
    d.expect('Response', 'RESPOND', 'established reply')
    lives(fam + ' DCCP Response: 480 s', d.entry(), 470, 480)
    d.to_s(REQUEST, seq=10)
    d.expect('Request again', 'RESPOND', 'established')
    d.to_s(ACK, seq=11, ack=0x123456789a)
    d.expect('Ack', 'PARTOPEN', 'established')
    verdict(fam + ' DCCP Ack: assured', '[ASSURED]' in d.entry())
    d.to_c(DDATA, seq=0x123456789b)
    d.expect('Data of the server', 'OPEN', 'established reply')
    lives(fam + ' DCCP open: 43200 s', d.entry(), 43190, 43200)
    d.to_s(DDATA, seq=12)
    d.expect('Data of the client', 'OPEN', 'established')
    d.to_s(DDATA, seq=13, short=True)
    d.expect('Data with a short number', 'OPEN', 'established')
    d.to_c(ACK, seq=14, ack=12, short=True)
    # DIFF: stock expects a long acknowledgment number even so
    d.expect('Ack with short numbers', 'OPEN', 'established reply' if OURS else CUT_OFF)
    d.to_s(SYNC, seq=15)
    d.expect('Sync', 'OPEN', 'established')
    d.to_c(SYNCACK, seq=15)
    d.expect('SyncAck', 'OPEN', 'established reply')
    d.to_s(CLOSEREQ)
    d.expect('CloseReq of the client', 'OPEN', 'invalid')
    d.to_c(CLOSEREQ)
    d.expect('CloseReq', 'CLOSEREQ', 'established reply')
    lives(fam + ' DCCP CloseReq: 64 s', d.entry(), 55, 64)
    d.to_c(DDATA)
    d.expect('Data after CloseReq', 'CLOSEREQ', 'invalid')
    d.to_s(CLOSE)
    d.expect('Close', 'CLOSING', 'established')
    d.to_c(RESET)
    d.expect('Reset', 'TIMEWAIT', 'established reply')
    lives(fam + ' DCCP Reset: 240 s', d.entry(), 230, 240)
    d.to_c(REQUEST, seq=20)
    d.expect('Request of the server', 'REQUEST', 'established reply')
    d.to_s(RESPONSE, seq=77, ack=20)
    d.expect('Response of the client', 'RESPOND', 'established')


@each
def dccp_resync(fam, c, s):
    """Both ends begin anew, unseen: a Request and its Response in OPEN."""
    d = Connection(fam, c, s).open()
    d.to_s(REQUEST, seq=30)
    d.expect('Request in an open connection', 'OPEN', 'established')
    d.to_c(RESPONSE, seq=31, ack=30)
    d.expect('and its Response', 'RESPOND', 'established reply')
    d = Connection(fam, c, s).open()
    d.to_c(RESPONSE, seq=31, ack=30)
    d.expect('Response in an open connection', 'OPEN', 'established reply')


@each
def dccp_refused(fam, c, s):
    d = Connection(fam, c, s)
    d.to_s(REQUEST, seq=10)
    d.to_c(RESET, seq=1, ack=10)
    d.expect('refused', '', 'new established reply')

    d = Connection(fam, c, s)
    d.to_s(REQUEST, seq=10)
    d.to_c(RESPONSE, seq=100, ack=10)
    router.seen()
    d.to_s(ACK, seq=11, ack=99)
    d.expect('Ack of something else', 'PARTOPEN', 'established')
    verdict(fam + ' DCCP Ack of something else: not assured',
            '[ASSURED]' not in d.entry())


@each
def dccp_malformed(fam, c, s):
    for kind, what in ((RESPONSE, 'Response'), (DDATA, 'Data'), (ACK, 'Ack'),
                       (CLOSE, 'Close'), (RESET, 'Reset'), (SYNC, 'Sync')):
        d = Connection(fam, c, s)
        d.to_s(kind)
        d.expect('first packet ' + what, '', 'invalid')

    d = Connection(fam, c, s).open()
    for what, args in {
            'reserved type': {'kind': 10},
            'checksum wrong': {'kind': DDATA, 'check': 1},
            'data offset beyond the packet': {'kind': DDATA, 'doff': 20},
            'data offset below the header': {'kind': DDATA, 'doff': 2},
            'coverage beyond the packet': {'kind': DDATA, 'cscov': 15},
            'short numbers in Close': {'kind': CLOSE, 'short': True},
            'short numbers in Reset': {'kind': RESET, 'short': True}}.items():
        before = router.stat('invalid')
        d.to_s(**args)
        d.expect(what, 'OPEN', 'invalid')
        equal('%s DCCP %s: counted' % (fam, what), router.stat('invalid') - before, 1)
    d.to_s(DDATA, doff=3)
    d.expect('data offset within the header', 'OPEN', 'established')
    sysctl('r', checksum=0)
    d.to_s(DDATA, cscov=5)
    d.expect('coverage beyond the packet, nf_conntrack_checksum=0', 'OPEN',
             'established')
    d.to_s(DDATA, cscov=15)
    d.expect('coverage far beyond the packet, nf_conntrack_checksum=0', 'OPEN',
             'invalid')
    sysctl('r', checksum=1)
    d.to_s(DDATA, cut=10)
    d.expect('header cut off', 'OPEN', CUT_OFF)
    # DIFF: stock forgets that the header is always covered
    if OURS:
        d.to_s(DDATA, cscov=1)
        d.expect('only the header covered', 'OPEN', 'established')
        d.to_s(DDATA, cscov=2)
        d.expect('four bytes covered', 'OPEN', 'established')
        d.to_s(DDATA, cscov=5)
        d.expect('coverage beyond the packet', 'OPEN', 'invalid')
    d.to_s(CLOSE, doff=4)
    d.expect('data offset within the header of Close', 'CLOSING', 'established')


# --- GRE and others ----------------------------------------------------------

def gre(src, dst, version=0, call=0, proto=0x0800, data=b'x' * 20):
    head = struct.pack('>HH', 0x2000 | version, proto)
    if version == 1:
        head += struct.pack('>HH', len(data), call)
    return ip(src, dst, PROTO['gre'], head + data)


@each
def gre_flows(fam, c, s):
    router.seen()
    from_c(gre(c, s))
    e = router.entry('gre', c, 'srckey=0x0', 'dstkey=0x0')
    lives(fam + ' GRE: 30 s', e, 22, 30)
    verdict(fam + ' GRE: own timeouts', 'timeout=30, stream_timeout=180' in e, e)
    from_s(gre(s, c))
    from_c(gre(c, s))
    e = router.entry('gre', c, 'srckey=0x0', 'dstkey=0x0')
    lives(fam + ' GRE: answered, 180 s', e, 172, 180)
    verdict(fam + ' GRE: assured', '[ASSURED]' in e, e)
    equal(fam + ' GRE: states', router.seen(), 'new established reply')

    from_c(gre(c, s, 1, 0x1234, 0x880b))
    e = router.entry('gre', c, 'srckey=0x0', 'dstkey=0x1234')
    lives(fam + ' GRE of PPTP: call ID', e, 22, 30)
    equal(fam + ' GRE of PPTP', router.seen(), 'new')
    from_c(gre(c, s, 1, 0x1235, 0x0800))
    equal(fam + ' GRE of PPTP without PPP', router.seen(), 'invalid')

    # DIFF: stock takes both for plain GRE, of which there is a flow already
    mine = 'invalid' if OURS else 'established'
    from_c(ip(c, s, PROTO['gre'], b'\x20\0'))
    equal(fam + ' GRE header cut off', router.seen(), mine)
    from_c(ip(c, s, PROTO['gre'], b'\x20\1\x88\x0b\0\0'))
    equal(fam + ' GRE header of PPTP cut off', router.seen(), mine)

    sysctl('r', gre_timeout=50, gre_timeout_stream=60)
    from_c(gre(c, s))
    lives(fam + ' GRE: timeouts stay those of the entry',
          router.entry('gre', c, 'srckey=0x0 dstkey=0x0'), 172, 180)
    from_c(gre(c, s, 1, 0x2222, 0x880b))
    e = router.entry('gre', c, 'dstkey=0x2222')
    verdict(fam + ' GRE: gre_timeout', 'timeout=50, stream_timeout=60' in e, e)
    sysctl('r', gre_timeout=30, gre_timeout_stream=180)


@each
def unknown_protocol(fam, c, s):
    from_c(ip(c, s, 253, b'x' * 8))
    lives(fam + ' protocol 253: 600 s', router.entry('unknown', c, '253'), 590, 600)


# --- timeout policies --------------------------------------------------------

def timeouts_request(netlink, msg, flags, attrs):
    """One request to nfnetlink_cttimeout; returns its answers and the error."""
    body = struct.pack('=BBH', 0, 0, 0) + attrs
    netlink.send(struct.pack('=IHHII', 16 + len(body), 8 << 8 | msg,
                             1 | 4 | flags, 0, 0) + body)
    answers = []
    while True:
        for kind, data in rawnet.messages(netlink.recv(65536)):
            if kind == 2:
                return answers, -struct.unpack_from('=i', data)[0]
            answers.append(rawnet.attributes(data[4:]))


def attr(kind, data):
    return struct.pack('=HH', 4 + len(data), kind) + data + b'\0' * (-len(data) % 4)


def policy(number, l3num, name, values):
    data = b''.join(attr(i, struct.pack('>I', v)) for i, v in values.items())
    return attr(1, name + b'\0') + attr(2, struct.pack('>H', l3num)) + \
        attr(3, bytes([number])) + attr(4 | 0x8000, data)


def seconds(answers):
    values = rawnet.attributes(answers[0][4])
    return [struct.unpack('>I', values[i])[0] for i in sorted(values)]


POLICIES = (('udp', 17, 2, [30, 120]), ('udplite', 136, 2, [30, 120]),
            ('icmp', 1, 2, [30]), ('icmpv6', 58, 10, [30]), ('gre', 47, 2, [30, 180]),
            ('sctp', 132, 2, [10, 3, 3, 210, 3, 3, 3, 30, 0]),
            ('dccp', 33, 2, [240, 480, 480, 43200, 64, 64, 240]),
            ('generic', 255, 2, [600]))
POLICIES = [row for row in POLICIES
            if (HAS_DCCP or row[0] != 'dccp') and (HAS_UDPLITE or row[0] != 'udplite')]
SYSCTL_OF_FIRST = {'udp': 'udp_timeout', 'udplite': 'udp_timeout',
                   'icmp': 'icmp_timeout', 'icmpv6': 'icmpv6_timeout',
                   'gre': 'gre_timeout', 'sctp': 'sctp_timeout_closed',
                   'dccp': 'dccp_timeout_request', 'generic': 'generic_timeout'}


def read_sysctl(name):
    enter('r')
    with open('/proc/sys/net/netfilter/nf_conntrack_' + name, encoding='ascii') as file:
        return int(file.read())


def policies():
    run('r', 'modprobe', 'nfnetlink_cttimeout')
    enter('r')
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        for name, number, l3num, dflt in POLICIES:
            key = attr(2, struct.pack('>H', l3num)) + attr(3, bytes([number]))
            answers, err = timeouts_request(netlink, 4, 0, key)
            equal('policy %s: defaults' % name, (seconds(answers), err), (dflt, 0))

            label = name.encode()
            _, err = timeouts_request(netlink, 0, 0x400,
                                      policy(number, l3num, label, {1: 44}))
            equal('policy %s: new' % name, err, 0)
            answers, err = timeouts_request(netlink, 1, 0, attr(1, label + b'\0'))
            equal('policy %s: get' % name, (seconds(answers), err), ([44] + dflt[1:], 0))

            last = len(dflt) - (name == 'sctp')
            _, err = timeouts_request(netlink, 3, 0, key + attr(4 | 0x8000, attr(
                last, struct.pack('>I', 55))))
            answers, _ = timeouts_request(netlink, 4, 0, key)
            expected = list(dflt)
            expected[last - 1] = 55
            equal('policy %s: set default' % name, (seconds(answers), err), (expected, 0))
            timeouts_request(netlink, 3, 0, key + attr(4 | 0x8000, attr(
                last, struct.pack('>I', dflt[last - 1]))))
            equal('policy %s: sysctl' % name, read_sysctl(SYSCTL_OF_FIRST[name]), dflt[0])

            _, err = timeouts_request(netlink, 0, 0x400, policy(
                number, l3num, label + b'2', {1: 1 << 31 if OURS else 1}))
            equal('policy %s: a value out of range is no error' % name, err, 0)
            # DIFF: timeout-policy-range: as long as the clock can tell, in seconds
            if OURS:
                answers, _ = timeouts_request(netlink, 1, 0, attr(1, label + b'2\0'))
                equal('policy %s: as long as possible' % name, seconds(answers)[0],
                      ((1 << 31) - 1) // HZ)


def policies_attached():
    """The policies of above, given to flows by the CT target."""
    for name, number, l3num, _ in POLICIES:
        number = 253 if name == 'generic' else number
        run('r', 'ip6tables' if l3num == 10 else 'iptables', '-t', 'raw', '-A',
            'PREROUTING', '-p', str(number), '-j', 'CT', '--timeout', name)
    Router.flush()
    from_c(udp(C4, S4, 6000, 53))
    if HAS_UDPLITE:
        from_c(rawnet.udplite(C4, S4, 6000, 53))
    from_c(icmp(C4, S4, 8, rest=b'\0\1\0\1'))
    from_c(icmp(C6, S6, 128, rest=b'\0\1\0\1'))
    from_c(gre(C4, S4))
    from_c(sctp(C4, S4, 6000, 9899, 0, init(1)))
    if HAS_DCCP:
        from_c(dccp(C4, S4, 6000, 5001, REQUEST))
    from_c(ip(C4, S4, 253, b'x' * 8))
    for name, number, l3num, _ in POLICIES:
        if name == 'udplite' and not OURS:
            continue    # the test udp-icmp has these
        shown = 'unknown' if name == 'generic' else name
        lives('policy %s: attached' % name,
              router.entry(shown, C6 if l3num == 10 else C4), 35, 44)


def gre_restored():
    """An entry made by ctnetlink, as by conntrackd, lives on with traffic."""
    run('r', 'iptables', '-t', 'raw', '-F')
    Router.flush()
    run('r', 'conntrack', '-I', '-p', 'gre', '-s', C4, '-d', S4, '--srckey', '0',
        '--dstkey', '0', '-t', '100', '-u', 'SEEN_REPLY')
    from_c(gre(C4, S4))
    time.sleep(1.1)
    e = router.entry('gre', C4)
    # DIFF: the first packet ends it on stock
    if OURS:
        lives('GRE entry made by ctnetlink', e, 170, 180)


rawnet.silence('c')
rawnet.silence('s')
rawnet.main([sctp_life, sctp_first, sctp_malformed, sctp_aborts, sctp_collision,
             sctp_late_init, sctp_init_again, sctp_heartbeats,
             sctp_strange_heartbeats,
             *[dccp_life, dccp_resync, dccp_refused, dccp_malformed] * HAS_DCCP, gre_flows, unknown_protocol, policies,
             policies_attached, gre_restored])
