#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the TFTP helper expects of datagrams to and from port 69, in lib.sh's topology."""

import os
import socket

from helperwire import Expectations, IS_OURS, SAME
from rawnet import C4, S4, enter, equal, main

READ = b'\0\1boot\0octet\0'

# name, data, whether a transfer is expected, whether stock expects one if that differs
TABLE = (
    ('request to read', READ, True, SAME),
    ('request to write', b'\0\2boot\0netascii\0', True, SAME),
    ('request with options', READ + b'blksize\0001024\0tsize\0000\0', True, SAME),
    ('request without its last zero', READ[:-1], True, SAME),
    ('request with a strange mode', b'\0\1boot\0\xff\xfe\0', True, SAME),
    ('long request', b'\0\1' + b'x' * 480 + b'\0octet\0', True, SAME),
    ('DIFF: request without a file name', b'\0\1\0octet\0', False, True),
    ('DIFF: request cut within the file name', READ[:4], False, True),
    ('DIFF: request cut behind the file name', READ[:7], False, True),
    ('DIFF: request without a mode', b'\0\1boot\0\0', False, True),
    ('DIFF: opcode only', b'\0\1', False, True),
    ('DIFF: file name without an end', b'\0\1' + b'x' * 1000, False, True),
    ('one byte', b'\0', False, SAME),
    ('empty datagram', b'', False, SAME),
    ('data', b'\0\3\0\1data', False, SAME),
    ('acknowledgment', b'\0\4\0\1', False, SAME),
    ('error', b'\0\5\0\1no\0', False, SAME),
    ('opcode of 256 and more', b'\1\1boot\0octet\0', False, SAME),
)


class Wire:
    def __init__(self):
        os.sched_setaffinity(0, {0})
        self.expected = Expectations()
        self.sport = 3000
        enter('s')
        self.server = self.socket(S4, 69)
        self.other = self.socket(S4, 5000)

    @staticmethod
    def socket(addr, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((addr, port))
        sock.settimeout(20)
        return sock

    def client(self):
        enter('c')
        self.sport += 1
        return self.socket(C4, self.sport)

    def ask(self, client, data):
        """The server has got it, so the router has seen it."""
        client.sendto(data, (S4, 69))
        self.server.recv(2048)

    def line(self, *ports):
        return ' '.join('%s>%s:%d' % (S4, C4, port) for port in ports)


WIRE = Wire()


def requests():
    for name, data, ours, stock in TABLE:
        with WIRE.client() as client:
            WIRE.ask(client, data)
            wanted = ours if IS_OURS or stock is SAME else stock
            equal(name, WIRE.expected.take(), WIRE.line(WIRE.sport) if wanted else '')


def repeats():
    with WIRE.client() as client:
        WIRE.ask(client, READ)
        WIRE.ask(client, READ)
        equal('a repeated request: one expectation', WIRE.expected.take(), WIRE.line(WIRE.sport))


def sessions():
    with WIRE.client() as one, WIRE.client() as two:
        WIRE.ask(one, READ)
        WIRE.ask(two, READ)
        WIRE.other.sendto(b'\0\3\0\1two', (C4, two.getsockname()[1]))
        equal('two sessions: the second is answered', two.recv(64), b'\0\3\0\1two')
        equal('two sessions: the first is still expected', WIRE.expected.take(),
              WIRE.line(one.getsockname()[1]))


def new_ports():
    """A server that answers a request twice does so from two ports (RFC 1350 4)."""
    with WIRE.client() as client:
        for port in (5001, 5002):
            enter('s')
            with Wire.socket(S4, port) as answer:
                WIRE.ask(client, READ)
                answer.sendto(b'\0\3\0\1data', (C4, WIRE.sport))
                equal('answer from port %d' % port, client.recvfrom(64)[1], (S4, port))
        equal('each was expected once', WIRE.expected.take(), '')


def reply_direction():
    with WIRE.client() as client:
        WIRE.ask(client, b'\0\4\0\1')
        WIRE.server.sendto(READ, (C4, WIRE.sport))
        client.recv(64)
        name = 'DIFF: request of the server'
        equal(name, WIRE.expected.take(), '' if IS_OURS else WIRE.line(WIRE.sport))


main([requests, repeats, sessions, new_ports, reply_direction])
