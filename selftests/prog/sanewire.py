#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the SANE helper expects of the bytes of a connection, segment by segment (see ftpwire.py).

  sanewire.py table          named cases; a row has what ours and what stock expects
  sanewire.py record FILE    exchanges split, cut, with bytes replaced and deleted: writes
                             what is expected in each, one case a line
  sanewire.py compare OURS STOCK
                             of two such files: ours must be what is right, and each
                             difference to stock must have a reason
"""

import struct
import sys

import ftpwire
from ftpwire import ACK, HOSTS, IS_OURS, SYN, run_case
from rawnet import verdict


class Wire(ftpwire.Wire):
    def open(self, family, start=(1000, 5000), greet=True):
        self.sport += 1
        talk = ftpwire.Talk(self, dict(zip('cs', HOSTS[family])), {'c': self.sport, 's': 6566},
                            dict(zip('cs', start)))
        talk.segment('c', SYN)
        talk.segment('s', SYN | ACK)
        talk.segment('c', ACK)
        if greet:
            talk.say('c', words(0, 0x1000003, 2) + b'x\0')
            talk.say('s', words(0, 0x1000003))
        return talk


def words(*values):
    return struct.pack('>%dI' % len(values), *values)


# --- named cases -----------------------------------------------------------------

START = words(7, 1)
OPTION = words(5, 1, 2, 1, 4, 4, 300)


def asks(data=START):
    return ('c', data)


def answers(port, status=0):
    return ('s', words(status, port, 0x1234, 0))


def to(port, family='4'):
    return '%s>%s:%d' % (*HOSTS[family], port)


SAME = None

# name, family, segments (a number is that of bytes to go back, None: no greeting before),
# what is expected, what stock expects if it is something else
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
    wire = Wire()
    for name, family, segments, ours, stock in TABLE:
        start = (2 ** 32 - 17, 2 ** 32 - 12) if 'sequence numbers' in name else (1000, 5000)
        got = run_case(wire, family, segments, start)
        wanted = ours if IS_OURS or stock is SAME else stock
        verdict(name, got == wanted, 'got %r, expected %r' % (got, wanted))


# --- generated cases ---------------------------------------------------------------

ANSWER = answers(2053)[1]
BYTES = b'\x00\x07\x30\xff'


def variants(text):
    """Name and segments of each case made of a message."""
    yield 'whole', [text]
    for n in range(1, len(text)):
        yield 'split-%d' % n, [text[:n], text[n:]]
        yield 'cut-%d' % n, [text[:n]]
    for n, old in enumerate(text):
        yield 'without-%d' % n, [text[:n] + text[n + 1:]]
        for byte in BYTES:
            if byte != old:
                yield 'byte-%d-%02x' % (n, byte), [text[:n] + bytes([byte]) + text[n + 1:]]


def exchanges():
    for family in '46':
        for variant, pieces in variants(START):
            yield family + ' request ' + variant, family, pieces, [ANSWER]
        for variant, pieces in variants(ANSWER):
            yield family + ' answer ' + variant, family, [START], pieces


def record(path):
    wire = Wire()
    with open(path, 'w', encoding='ascii') as file:
        for name, family, request, answer in exchanges():
            got = run_case(wire, family, [('c', p) for p in request] + [('s', p) for p in answer])
            file.write('%s\t%s %s\t%s\n' % (name, b''.join(request).hex(), b''.join(answer).hex(), got))


def right(case, data):
    """What is to be expected of a case."""
    request, answer = (bytes.fromhex(part) for part in data.split())
    if len(request) < 8 or len(answer) < 8 or request[:4] != words(7):
        return ''
    status, port = struct.unpack('>II', answer[:8])
    return to(port, case[0]) if not status and 1024 <= port <= 65535 else ''


def reason(case, ours, stock):
    """Why ours is right and stock is not."""
    if 'split' in case:
        return 'message in two segments'
    if not ours and int(stock.rsplit(':', 1)[1]) < 1024:
        return 'port below 1024'
    return 'no reason: %s: %r, stock %r' % (case, ours, stock)


def compare(ours, stock):
    wrong, reasons = [], {}
    for (case, data, got), (_, _, other) in zip(ftpwire.read(ours), ftpwire.read(stock)):
        wanted = right(case, data)
        if got != wanted:
            wrong.append('%s: %r, not %r' % (case, got, wanted))
        elif got != other:
            reasons.setdefault(reason(case, got, other), []).append(case)
    for why, cases in sorted(reasons.items()):
        print('# %d differences to stock: %s (%s ...)' % (len(cases), why, ', '.join(cases[::len(cases) // 8 + 1])))
    for text in wrong[:20]:
        print('# ' + text)
    verdict('DIFF: all of %d exchanges as they have to be' % len(ftpwire.read(ours)), not wrong,
            '%d are not' % len(wrong))
    unexplained = [why for why in reasons if why.startswith('no reason')]
    verdict('DIFF: each difference to stock has a reason', not unexplained, unexplained[:1])


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
