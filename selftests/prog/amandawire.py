#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the Amanda helper expects of replies from port 10080, in lib.sh's topology: the
backup server that asks is c, the client whose data are saved is s.

  amandawire.py table        named cases; a row has what ours and what stock expects
  amandawire.py room         what becomes of more than four connections
  amandawire.py record FILE  replies cut, with bytes replaced and deleted: writes what is
                             expected of each, one case a line
  amandawire.py compare OURS STOCK
                             of two such files: ours must be what the other side would
                             understand, and each difference to stock must have a reason
  amandawire.py serve [FIRST]
                             in s: a client with three connections for each request, at
                             ports of its own from FIRST on if that is given
  amandawire.py fetch ADDR TIMES
                             in c: asks it, and fetches what is at the ports that it names
  amandawire.py clash ADDR   in c: asks twice before it fetches, of two sockets
"""

import os
import re
import socket
import sys

import helperwire
from helperwire import Expectations, HOSTS, IS_OURS, SAME, changed
from rawnet import S4, S6, enter, equal, is6, verdict

WAIT = 20 * int(os.environ.get('NFCT_SLOW', '1'))
PORT = 10080
HEAD = 'Amanda 2.6 REP HANDLE 000-00A0B0C0 SEQ 1700000000\n'

# name, family, reply, ports that are expected, those that stock expects if it differs
TABLE = (
    ('three connections', '4', HEAD + 'CONNECT DATA 11001 MESG 11002 INDEX 11003\nOPTIONS x;\n',
     '11001 11002 11003', SAME),
    ('four connections', '4', HEAD + 'CONNECT DATA 11001 MESG 11002 INDEX 11003 STATE 11004\n',
     '11001 11002 11003 11004', SAME),
    ('three connections, IPv6', '6', HEAD + 'CONNECT DATA 11001 MESG 11002 INDEX 11003\n',
     '11001 11002 11003', SAME),
    ('another order', '4', HEAD + 'CONNECT INDEX 11003 DATA 11001\n', '11001 11003', SAME),
    ('one connection', '4', HEAD + 'CONNECT MESG 11002\n', '11002', SAME),
    ('partial reply', '4', HEAD.replace('REP', 'PREP') + 'CONNECT MESG 11002\n', '11002', SAME),
    ('options first', '4', HEAD + 'OPTIONS features=ff;\nCONNECT MESG 11002\n', '11002', SAME),
    ('a word that is not known', '4', HEAD + 'CONNECT CTL 11005 DATA 11001\n', '11001', SAME),
    ('line end of two bytes', '4', HEAD + 'CONNECT DATA 11001\r\n', '11001', SAME),
    ('highest and lowest port', '4', HEAD + 'CONNECT DATA 65535 MESG 1024\n', '1024 65535', SAME),
    ('no port', '4', HEAD + 'CONNECT DATA x\n', '', SAME),
    ('port 0', '4', HEAD + 'CONNECT DATA 0\n', '', SAME),
    ('small letters', '4', HEAD + 'connect data 11001\n', '', SAME),
    ('no line end', '4', HEAD + 'CONNECT DATA 11001', '', SAME),
    ('no connections', '4', HEAD + 'OPTIONS features=ff;\n', '', SAME),
    ('empty datagram', '4', '', '', SAME),
    ('DIFF: connection that is not used', '4', HEAD + 'CONNECT DATA 11001 INDEX -1 STATE 11004\n',
     '11001 11004', '11001'),
    ('DIFF: several blanks', '4', HEAD + 'CONNECT  DATA  11001\n', '11001', ''),
    ('DIFF: port of six digits', '4', HEAD + 'CONNECT DATA 110011\n', '', '11001'),
    ('DIFF: port of 65536 and more', '4', HEAD + 'CONNECT DATA 67586\n', '', '2050'),
    ('DIFF: port below 1024', '4', HEAD + 'CONNECT DATA 22\n', '', '22'),
    ('DIFF: letter behind a port', '4', HEAD + 'CONNECT DATA 2050x\n', '', '2050'),
    ('DIFF: one bad port of two', '4', HEAD + 'CONNECT DATA 11001 MESG 22\n', '', '11001 22'),
    ('DIFF: part of a word', '4', HEAD + 'CONNECT MYDATA 11001\n', '', '11001'),
    ('DIFF: within a line', '4', HEAD + 'ERROR no CONNECT DATA 11001\n', '', '11001'),
    ('DIFF: without a header', '4', 'CONNECT DATA 11001\n', '', '11001'),
    ('DIFF: no reply', '4', HEAD.replace('REP', 'NAK') + 'CONNECT DATA 11001\n', '', '11001'),
    ('DIFF: a word twice', '4', HEAD + 'CONNECT DATA 11001 DATA 11002\n', '', '11001'),
    ('DIFF: far behind', '4', HEAD + 'x' * 1200 + '\nCONNECT DATA 11001\n', '', '11001'),
)


def udp_socket(addr, port):
    sock = socket.socket(socket.AF_INET6 if is6(addr) else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((addr, port))
    sock.settimeout(WAIT)
    return sock


class Wire:
    """Both ends, and what the router between them expects."""

    def __init__(self, family='4', sport=3000):
        self.server, self.client = HOSTS[family]
        enter('s')
        self.amandad = udp_socket(self.client, PORT)
        enter('c')
        self.planner = udp_socket(self.server, sport)
        self.expected = Expectations()
        self.ask()
        self.expected.take()

    def ask(self):
        """The first packets of a pair of hosts may be lost while they look for each other."""
        for patience in (1, 2, WAIT):
            self.amandad.settimeout(patience)
            self.planner.sendto(b'Amanda 2.6 REQ HANDLE 0 SEQ 1\n', (self.client, PORT))
            try:
                self.asker = self.amandad.recvfrom(2048)[1]
                return
            except socket.timeout:
                pass

    def reply(self, text):
        """Whether it arrives: a datagram behind it always does."""
        for data in text.encode('latin-1') if isinstance(text, str) else text, b'mark':
            self.amandad.sendto(data, self.asker)
        arrived = self.planner.recv(4096) != b'mark'
        if arrived:
            self.planner.recv(4096)
        return arrived

    def take(self):
        """The ports that are expected; the other parts must be the hosts."""
        pair = '%s>%s:' % (self.server, self.client)
        found = self.expected.take().split()
        return ' '.join(sorted((exp.removeprefix(pair) for exp in found),
                               key=lambda port: (len(port), port)))

    def close(self):
        self.amandad.close()
        self.planner.close()


def sort_ports(text):
    return ' '.join(sorted(text.split(), key=lambda port: (len(port), port)))


def table():
    wires = {'4': Wire('4'), '6': Wire('6')}
    for name, family, text, ours, stock in TABLE:
        wires[family].reply(text)
        wanted = ours if IS_OURS or stock is SAME else stock
        equal(name, wires[family].take(), sort_ports(wanted))
    wire = wires['4']
    wire.planner.sendto((HEAD + 'CONNECT DATA 11001\n').encode(), (wire.client, PORT))
    wire.amandad.recv(2048)
    equal('the one who asks announces nothing', wire.take(), '')


def connect(*ports):
    words = ('DATA', 'MESG', 'INDEX', 'STATE')
    return HEAD + 'CONNECT ' + ' '.join('%s %d' % pair for pair in zip(words, ports)) + '\n'


def room():
    wire = Wire('4', 3001)
    first, second = (11001, 11002, 11003, 11004), (12001, 12002, 12003, 12004)
    wire.reply(connect(*first))
    verdict('the same reply again passes', wire.reply(connect(*first)))
    equal('the same reply again: four', wire.take(), ' '.join(map(str, first)))

    wire.reply(connect(*first))
    wire.reply(connect(*second))
    equal('DIFF: those of two replies', wire.take(),
          ' '.join(map(str, first + second if IS_OURS else second)))

    wire.reply(connect(*first[:3]))
    wire.reply(connect(12001))
    equal('one more than three is four', wire.take(), '11001 11002 11003 12001')
    for reply in range(5):
        wire.reply(connect(*range(11001 + 10 * reply, 11005 + 10 * reply)))
    equal('DIFF: of many the oldest make way', len(wire.take().split()), 16 if IS_OURS else 4)
    wire.close()


# --- generated cases ---------------------------------------------------------------

EXCHANGES = (
    ('three', 'Amanda 2.6 REP HANDLE 0 SEQ 1\nCONNECT DATA 11001 MESG 11002 INDEX 11003\n'),
    ('unused', 'Amanda 2.6 REP HANDLE 0 SEQ 1\nOPTIONS x\nCONNECT MESG 20002 INDEX -1 STATE 20004\n'),
)
BYTES = b'\x00\x20\x39\x0a\x44'


def variants(text):
    yield 'whole', text
    for n in range(len(text)):
        yield 'cut-%d' % n, text[:n]
        yield 'twice-%d' % n, text[:n] + text[n:n + 1] + text[n:]
    yield from changed(text, BYTES)


def cases():
    wire = Wire('4', 3002)
    for name, text in EXCHANGES:
        for variant, data in variants(text.encode()):
            wire.reply(data)
            yield '%s %s' % (name, variant), data.hex(), wire.take()
    wire.close()


def record(path):
    helperwire.write(path, cases())


LINE_END = rb'(?:\r\n|\r|\n)'
REPLY = re.compile(rb'Amanda [^ \r\n]* P?REP [^\r\n]*' + LINE_END)
STREAM = re.compile(rb'([^ \t]+)[ \t]*(-1|[0-9]{1,5})(?:[ \t]+|\Z)')


def right(_, text):
    """Ports that the other side would understand, which reads words and numbers."""
    data = bytes.fromhex(text)
    head = REPLY.match(data)
    if not head:
        return ''
    lines = re.split(LINE_END, data[head.end():])[:-1]
    line = next((l[8:].lstrip(b' \t') for l in lines if l.startswith(b'CONNECT ')), b'')
    ports, seen = [], []
    while line:
        match = STREAM.match(line)
        if not match or not re.match(rb'[^ \t]+[ \t]', line):
            return ''
        word, number = match.groups()
        line = line[match.end():]
        if word in seen or number != b'-1' and not 1024 <= int(number) <= 65535:
            return ''
        if word in (b'DATA', b'MESG', b'INDEX', b'STATE'):
            seen.append(word)
            ports += [] if number == b'-1' else [str(int(number))]
    return sort_ports(' '.join(ports))


def reason(_, text, ours, stock):
    """Why ours is right and stock is not."""
    data = bytes.fromhex(text)
    if not REPLY.match(data):
        return 'no header of a reply'
    if not re.search(rb'[\r\n]CONNECT ', data):
        return 'not at the beginning of a line'
    if not ours:
        return 'bad word or number in the line'
    return 'blanks, or a connection that is not used' if set(stock.split()) < set(ours.split()) else \
        'part of a word or number'


def compare(ours, stock):
    helperwire.compare(ours, stock, reason, right, 'replies as the other side reads them')


# --- exchanges with data connections -----------------------------------------------

def listener(addr, port):
    sock = socket.socket(socket.AF_INET6 if is6(addr) else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((addr, port))
    sock.listen(50)
    return sock


def give(sock):
    while True:
        peer, _ = sock.accept()
        peer.sendall(b'data of %d' % sock.getsockname()[1])
        peer.close()


def serve(first='0'):
    """One process for each listening socket."""
    for addr in (S4, S6):
        if os.fork():
            continue
        asked = udp_socket(addr, PORT)
        asked.settimeout(None)
        socks = [listener(addr, int(first) and int(first) + n) for n in range(3)]
        for sock in socks:
            if not os.fork():
                give(sock)
        text = connect(*[sock.getsockname()[1] for sock in socks])
        while True:
            asked.sendto(text.encode(), asked.recvfrom(2048)[1])
    os.wait()


def ask(sock, addr):
    """The ports of the reply; the request is repeated as Amanda does."""
    for patience in (1, 2, 4):
        sock.settimeout(patience * WAIT / 20)
        sock.sendto(b'Amanda 2.6 REQ HANDLE 0 SEQ 1\nSERVICE sendbackup\n', (addr, PORT))
        try:
            return [int(port) for port in re.findall(rb'[A-Z] ([0-9]+)', sock.recv(2048).split(b'\n')[1])]
        except socket.timeout:
            pass
    return []


def get(addr, port):
    try:
        with socket.create_connection((addr, port), 3 * WAIT / 20) as sock:
            return sock.recv(64).decode()
    except OSError:
        return ''


def fetch(addr, times):
    done = 0
    for _ in range(int(times)):
        with udp_socket('::' if is6(addr) else '', 0) as sock:
            done += sum(bool(get(addr, port)) for port in ask(sock, addr))
    print('fetched=%d of %d' % (done, int(times) * 3))


def clash(addr):
    """The same ports are announced to two sockets; what each is told, and gets there."""
    with udp_socket('', 0) as one, udp_socket('', 0) as two:
        told = [ask(one, addr), ask(two, addr)]
    print('%s; %s' % tuple(' '.join('%d: %s' % (port, get(addr, port)) for port in ports)
                           for ports in told))


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
