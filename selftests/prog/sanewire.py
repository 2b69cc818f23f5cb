#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the SANE helper expects of the bytes of a connection, segment by segment (see helperwire.py).

  sanewire.py table          named cases; a row has what ours and what stock expects
  sanewire.py record FILE    exchanges split, cut, with bytes replaced and deleted: writes
                             what is expected in each, one case a line
  sanewire.py compare OURS STOCK
                             of two such files: ours must be what is right, and each
                             difference to stock must have a reason
"""

import struct
import sys

import helperwire
from helperwire import HOSTS, SAME, port_of, run_case, variants


def words(*values):
    return struct.pack('>%dI' % len(values), *values)


class Wire(helperwire.Wire):
    PORT = 6566
    GREETING = (('c', words(0, 0x1000003, 2) + b'x\0'), ('s', words(0, 0x1000003)))


# --- named cases -----------------------------------------------------------------

START = words(7, 1)
OPTION = words(5, 1, 2, 1, 4, 4, 300)


def asks(data=START):
    return ('c', data)


def answers(port, status=0):
    return ('s', words(status, port, 0x1234, 0))


def to(port, family='4'):
    return '%s>%s:%d' % (*HOSTS[family], port)


# See helperwire.table().
TABLE = (
    ('scan', '4', [asks(), answers(2053)], to(2053), SAME),
    ('scan, IPv6', '6', [asks(), answers(2053)], to(2053, '6'), SAME),
    ('first message of a connection', '4', [None, asks(), answers(2053)], to(2053), SAME),
    ('refused', '4', [asks(), answers(2053, 7)], '', SAME),
    ('another request', '4', [asks(words(6, 1)), answers(2053)], '', SAME),
    ('opcode of 256 and more', '4', [asks(words(7 << 8 | 7, 1)), answers(2053)], '', SAME),
    ('request of the server', '4', [('s', START), ('c', words(0, 2053, 0x1234, 0))], '', SAME),
    ('answer without a request', '4', [answers(2053)], '', SAME),
    ('request without a handle', '4', [asks(words(7)), answers(2053)], '', SAME),
    ('no answer', '4', [asks()], '', SAME),
    ('answer of two words', '4', [asks(), ('s', words(0, 2053))], to(2053), SAME),
    ('answer of one word', '4', [asks(), ('s', words(0))], '', SAME),
    # ports
    ('highest port', '4', [asks(), answers(65535)], to(65535), SAME),
    ('lowest port', '4', [asks(), answers(1024)], to(1024), SAME),
    ('DIFF: port below 1024', '4', [asks(), answers(22)], '', to(22)),
    ('DIFF: port 0', '4', [asks(), answers(0)], '', to(0)),
    ('port of 65536 and more', '4', [asks(), answers(65536 + 2053)], '', SAME),
    # messages and segments
    ('DIFF: request in two segments', '4', [asks(START[:3]), asks(START[3:]), answers(2053)], to(2053), ''),
    ('DIFF: request in two segments, between the words', '4',
     [asks(START[:4]), asks(START[4:]), answers(2053)], to(2053), ''),
    ('DIFF: request byte by byte', '6', [asks(START[n:n + 1]) for n in range(8)] + [answers(2053)],
     to(2053, '6'), ''),
    ('DIFF: answer in two segments', '4',
     [asks(), ('s', words(0)), ('s', words(2053, 0x1234, 0))], to(2053), ''),
    ('DIFF: answer byte by byte', '4',
     [asks()] + [('s', words(0, 2053)[n:n + 1]) for n in range(8)], to(2053), ''),
    ('DIFF: request with more behind it', '4', [asks(START + words(8, 1)), answers(2053)], to(2053), ''),
    ('DIFF: within another request', '4', [asks(OPTION), asks(), answers(2053)], '', to(2053)),
    ('request again', '4', [asks(), 8, asks(), answers(2053)], to(2053), SAME),
    ('answer again', '4', [asks(), answers(2053), 16, answers(2053)], to(2053), SAME),
    ('two scans', '4', [asks(), answers(2053), asks(words(8, 1)), ('s', words(0)), asks(),
                        answers(2054)], to(2054), SAME),
    ('request behind an option', '4', [asks(OPTION), ('s', words(0, 0)), asks(), answers(2053)],
     to(2053), SAME),
    ('DIFF: answer to the request before comes again', '4',
     [asks(OPTION), answers(2053), asks(), 16, answers(2053)], '', to(2053)),
    ('DIFF: the same, then the answer', '4',
     [asks(OPTION), answers(2053), asks(), 16, answers(2053), answers(2054)], to(2054), to(2053)),
    ('across the end of the sequence numbers', '4', [asks(), answers(2053)], to(2053), SAME),
)


def table():
    helperwire.table(Wire(), TABLE, (2 ** 32 - 17, 2 ** 32 - 12))


# --- generated cases ---------------------------------------------------------------

ANSWER = answers(2053)[1]
BYTES = b'\x00\x07\x30\xff'


def exchanges():
    for family in '46':
        for variant, pieces in variants(START, BYTES):
            yield family + ' request ' + variant, family, pieces, [ANSWER]
        for variant, pieces in variants(ANSWER, BYTES):
            yield family + ' answer ' + variant, family, [START], pieces


def cases():
    wire = Wire()
    for name, family, request, answer in exchanges():
        got = run_case(wire, family, [('c', p) for p in request] + [('s', p) for p in answer])
        yield name, '%s %s' % (b''.join(request).hex(), b''.join(answer).hex()), got


def record(path):
    helperwire.write(path, cases())


def right(case, data):
    """What is to be expected of a case."""
    request, answer = (bytes.fromhex(part) for part in data.split())
    if len(request) < 8 or len(answer) < 8 or request[:4] != words(7):
        return ''
    status, port = struct.unpack('>II', answer[:8])
    return to(port, case[0]) if not status and 1024 <= port <= 65535 else ''


def reason(case, _, ours, stock):
    """Why ours is right and stock is not."""
    if 'split' in case:
        return 'message in two segments'
    return 'port below 1024' if not ours and port_of(stock) < 1024 else None


def compare(ours, stock):
    helperwire.compare(ours, stock, reason, right)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
