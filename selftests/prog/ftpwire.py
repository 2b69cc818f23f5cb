#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the FTP helper expects of the bytes of a control connection, segment by segment.

Each case is a connection of its own (see helperwire.py); what it expects is read
afterwards, and deleted.

  ftpwire.py table           named cases; a row has what ours and what stock expects
  ftpwire.py record FILE     exchanges split, cut, with bytes replaced and deleted: writes
                             what is expected in each, one case a line
  ftpwire.py compare OURS STOCK
                             of two such files: ours must be what the RFCs say, and
                             each difference to stock must have a reason
"""

import re
import socket
import sys

import helperwire
from helperwire import HOSTS, SAME, port_of, run_case, variants


class Wire(helperwire.Wire):
    PORT = 21
    GREETING = (('s', b'220 ready\r\n'), ('c', b'USER x\r\n'), ('s', b'230 welcome\r\n'))


# --- named cases -----------------------------------------------------------------

def port(numbers='10,0,1,2,8,1', end='\r\n'):
    return ('c', 'PORT ' + numbers + end)


def reply(text, end='\r\n'):
    return ('s', text + end)


FROM_S, FROM_C = '10.0.2.2>10.0.1.2:', '10.0.1.2>10.0.2.2:'
FROM_S6, FROM_C6 = 'fd00:2::2>fd00:1::2:', 'fd00:1::2>fd00:2::2:'
TLS = '\x17\x03\x03\x00\x20'

# See helperwire.table().
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


def table():
    helperwire.table(Wire(), TABLE)


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


def cases():
    wire = Wire()
    for name, family, who, text in EXCHANGES:
        for variant, pieces in variants(text, BYTES):
            got = run_case(wire, family, [(who, piece) for piece in pieces])
            yield '%s %s' % (name, variant), b''.join(pieces).hex(), got


def record(path):
    helperwire.write(path, cases())


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


def right(case, text):
    """What is to be expected of a case."""
    data = bytes.fromhex(text)
    _, family, who, _ = next(e for e in EXCHANGES if e[0] == case.split()[0])
    speaker, other = HOSTS[family] if who == 'c' else HOSTS[family][::-1]
    found = ''
    for line in data.split(b'\n')[0:1] if who == 's' else re.findall(rb'[^\n]*\n|[^\n]+', data):
        if who == 's':
            line += b'\n' if b'\n' in data else b''
        what = said(line, who == 's')
        if what and 1024 <= what[1] <= 65535 and what[0] in (None, speaker):
            found = '%s>%s:%d' % (other, speaker, what[1])
    return found


def reason(case, _, ours, stock):
    """Why ours is right and stock is not."""
    if 'split' in case:
        return 'line in two segments'
    if not ours:
        return 'port below 1024' if port_of(stock) < 1024 else 'line not as the RFC has it'
    return 'another port' if stock else 'line that clients and servers understand'


def compare(ours, stock):
    helperwire.compare(ours, stock, reason, right, 'exchanges as the RFCs say')


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
