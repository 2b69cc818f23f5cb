#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the IRC helper expects of the bytes of a client, segment by segment (see helperwire.py).

  ircwire.py two             two requests, of ports 2049 and 2050
  ircwire.py table           named cases; a row has what ours and what stock expects
  ircwire.py record FILE     exchanges split, cut, with bytes replaced and deleted: writes
                             what is expected in each, one case a line
  ircwire.py compare OURS STOCK
                             of two such files: ours must be what is right, and each
                             difference to stock must have a reason
"""

import re
import sys

import helperwire
from helperwire import SAME, port_of, run_case, variants
from rawnet import C4

HERE = 10 << 24 | 1 << 8 | 2


class Wire(helperwire.Wire):
    PORT = 6667
    GREETING = (('c', b'NICK alice\r\nUSER a a a :a\r\n'), ('s', b':x 001 alice :hi\r\n'))


# --- named cases -----------------------------------------------------------------

def says(text, before='PRIVMSG bob :', end='\1\r\n'):
    return ('c', '%s\1DCC %s%s' % (before, text, end))


def dcc(kind='SEND', name='file', addr=HERE, port=2049, rest=' 4000', **more):
    return says('%s %s %s %s%s' % (kind, name, addr, port, rest), **more)


def to(*ports):
    return ' '.join('0.0.0.0>%s:%d' % (C4, port) for port in ports)


LINE = dcc()[1]

# See helperwire.table(); without the family
TABLE = (
    ('SEND', [dcc()], to(2049), SAME),
    ('CHAT', [dcc('CHAT', 'chat', rest='')], to(2049), SAME),
    ('MOVE', [dcc('MOVE')], to(2049), SAME),
    ('TSEND', [dcc('TSEND')], to(2049), SAME),
    ('SCHAT', [dcc('SCHAT', 'chat', rest='')], to(2049), SAME),
    ('RESUME', [dcc('RESUME')], '', SAME),
    ('privmsg in small letters', [dcc(before='privmsg bob :')], to(2049), SAME),
    ('DIFF: DCC in small letters', [('c', LINE.replace('DCC SEND', 'dcc send'))], to(2049), ''),
    ('to a channel', [dcc(before='PRIVMSG #chan :')], to(2049), SAME),
    ('blanks before the command', [dcc(before='  PRIVMSG bob :')], to(2049), SAME),
    ('first line of a connection', [None, dcc()], to(2049), SAME),
    ('file name that is no ASCII', [dcc(name='\xe4\xf6\xfc')], to(2049), SAME),
    ('DIFF: file name with blanks', [dcc(name='"my own file"')], to(2049), ''),
    ('DIFF: file name in quotation marks without an end', [dcc(name='"file')], '', to(2049)),
    ('blanks without quotation marks', [dcc(name='my file')], '', SAME),
    ('without \\1 at the end', [dcc(end='\r\n')], to(2049), SAME),
    ('LF only', [dcc(end='\1\n')], to(2049), SAME),
    # addresses and numbers
    ('address of another host', [dcc(addr=HERE + 1)], '', SAME),
    ('dotted address', [dcc(addr=C4)], '', SAME),
    ('DIFF: address of 2^32 and more', [dcc(addr=HERE + 2 ** 32)], '', to(2049)),
    ('negative address', [dcc(addr=HERE - 2 ** 32)], '', SAME),
    ('DIFF: port of 65536 and more', [dcc(port=65536 + 2049)], '', to(2049)),
    ('DIFF: port of 2^32 and more', [dcc(port=2 ** 32 + 2049)], '', to(2049)),
    ('highest port', [dcc(port=65535)], to(65535), SAME),
    ('DIFF: port below 1024', [dcc(port=22)], '', to(22)),
    ('lowest port', [dcc(port=1024)], to(1024), SAME),
    ('reverse: port 0', [dcc(port=0, rest=' 4000 7')], '', SAME),
    ('DIFF: text behind the port', [dcc(port='2049x')], '', to(2049)),
    ('letters for the port', [dcc(port='x')], '', SAME),
    ('no port', [dcc(port='', rest='')], '', SAME),
    ('bad address, then numbers', [dcc(addr='x %d 2049' % HERE)], '', SAME),
    ('bad address, then another request', [dcc(addr='x' + LINE)], '', SAME),
    # lines and segments
    ('text before the request', [dcc(before='PRIVMSG bob :hello ')], '', SAME),
    ('NOTICE', [dcc(before='NOTICE bob :')], '', SAME),
    ('PRIVMSG within a line', [dcc(before='QUIT PRIVMSG bob :')], '', SAME),
    ('of the server', [('s', LINE)], '', SAME),
    ('DIFF: of a segment that begins within a line', [('c', 'PRIVMSG bob :'), dcc()], '', to(2049)),
    ('split', [('c', LINE[:30]), ('c', LINE[30:])], '', SAME),
    ('split, then a whole one', [('c', LINE[:30]), ('c', LINE[30:]), dcc()], to(2049), SAME),
    ('DIFF: second line of a segment', [('c', 'PING x\r\n' + LINE)], to(2049), ''),
    ('DIFF: two requests in a segment', [('c', LINE + dcc(port=2050)[1])], to(2049, 2050), to(2049)),
    ('DIFF: a bad request and a good one', [('c', dcc(addr='x')[1] + LINE)], to(2049), ''),
    ('two requests in two segments', [dcc(), dcc(port=2050)], to(2049, 2050), SAME),
    ('the same request again', [dcc(), dcc()], to(2049), SAME),
    ('the same segment again', [dcc(), len(LINE), dcc()], to(2049), SAME),
    ('DIFF: sent again from within a line on', [('c', 'NOTICE bob :' + LINE), len(LINE), dcc()], '',
     to(2049)),
    ('nine requests: the oldest gives way', [dcc(port=2049 + n) for n in range(9)],
     to(*range(2050, 2058)), SAME),
    ('across the end of the sequence numbers', [dcc()], to(2049), SAME),
    ('behind a long line', [('c', 'PRIVMSG bob :%s\r\n' % ('x' * 1300)), dcc()], to(2049), SAME),
)


def two():
    """Two requests; what is expected stays."""
    wire = Wire()
    talk = wire.open('4')
    for port in (2049, 2050):
        talk.say('c', dcc(port=port)[1].encode())
    wire.settle()


def table():
    rows = [(name, '4', *row) for name, *row in TABLE]
    helperwire.table(Wire(), rows, (2 ** 32 - 50, 2 ** 32 - 20))


# --- generated cases ---------------------------------------------------------------

EXCHANGES = (
    ('send', b'PRIVMSG bob :\1DCC SEND file %d 2069 4000\1\r\n' % HERE),
    ('chat', b'PRIVMSG bob :\1DCC CHAT chat %d 2069\1\r\n' % HERE),
    ('quoted', b'PRIVMSG bob :\1DCC SEND "a b" %d 2069\1\r\n' % HERE),
)
BYTES = b'\x00\x01\x20\x22\x30\x3a\x0a\x0d\xff'


def cases():
    wire = Wire()
    for name, text in EXCHANGES:
        for variant, pieces in variants(text, BYTES):
            got = run_case(wire, '4', [('c', piece) for piece in pieces])
            yield '%s %s' % (name, variant), '.'.join(p.hex() for p in pieces), got


def record(path):
    helperwire.write(path, cases())


RIGHT = re.compile(rb' *PRIVMSG +(?!:)[^ ]+ +:\x01DCC +(?:CHAT|SEND|MOVE|TSEND|SCHAT) +'
                   rb'(?:"[^"\x01\r]*"|(?!")[^ \x01\r]+) +([0-9]{1,10}) +([0-9]{1,5})(?=[ \x01\r\n])', re.I)


def right(_, data):
    """What is to be expected of these segments."""
    pieces = [bytes.fromhex(piece) for piece in data.split('.')]
    found, begins = set(), True
    for piece in pieces:
        lines = re.findall(rb'[^\n]*\n|[^\n]+', piece)
        for line in lines[0 if begins else 1:]:
            match = RIGHT.match(line)
            if match and int(match[1]) == HERE and 1024 <= int(match[2]) <= 65535:
                found.add(int(match[2]))
        begins = piece.endswith(b'\n')
    return to(*sorted(found))


def reason(case, _, ours, stock):
    """Why ours is right and stock is not."""
    if 'quoted' in case and not stock:
        return 'file name with blanks'
    if not ours:
        if port_of(stock) < 1024:
            return 'port below 1024'
        return 'line of another form'
    return 'another port' if stock else 'line that is understood'


def compare(ours, stock):
    helperwire.compare(ours, stock, reason, right)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
