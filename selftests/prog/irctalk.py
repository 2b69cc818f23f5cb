#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Clients of IRC that announce connections to themselves by DCC, and one that connects.

  irctalk.py bob ADDR         a client named bob: connects where a request says. Of a file
                              it puts what comes into /tmp/got, else it says "data".
  irctalk.py alice ADDR TEXT  one named alice: sends bob such a request, in whose TEXT %a is
                              the address and %p the port; prints "data" if that comes
  irctalk.py serve ADDR PORT  no real server: reads lines, does as bob does, and says each
                              line back
  irctalk.py CASE ADDR PORT   one of the cases below with that; prints how many requests of
                              how many brought data, the address that the other side has
                              read, and "goes on" if a long line comes back
  irctalk.py many ADDR PORT N N requests; prints "done=N of N"; gives up after three
"""

import os
import re
import socket
import struct
import sys

WAIT = 4 * int(os.environ.get('NFCT_SLOW', '1'))
REQUEST = re.compile(rb'\x01DCC (\w+) (?:"[^"]*"|\S+) (\d+) (\d+)(?: (\d+))?')


def number(addr):
    return struct.unpack('>I', socket.inet_aton(addr))[0]


def address(value):
    return socket.inet_ntoa(struct.pack('>I', value & 0xffffffff))


def answer(line):
    """Connect where a line says."""
    match = REQUEST.search(line)
    if not match:
        return
    try:
        with socket.create_connection((address(int(match[2])), int(match[3]) & 65535), WAIT) as data:
            if match[4] and int(match[4]) > 100:
                take_file(data, int(match[4]))
            else:
                data.sendall(b'data')
    except OSError as err:
        print('connect', line, err, file=sys.stderr, flush=True)


def take_file(data, size):
    got = b''
    while len(got) < size:
        part = data.recv(65536)
        if not part:
            break
        got += part
        data.sendall(struct.pack('>I', len(got)))
    with open('/tmp/got', 'wb') as file:
        file.write(got)


class Client:
    def __init__(self, addr, nick):
        self.sock = socket.create_connection((addr, 6667), WAIT)
        self.sock.sendall(b'NICK %s\r\nUSER x x x :x\r\n' % nick)
        self.lines = self.sock.makefile('rb')
        while b' 001 ' not in self.next():
            pass

    def next(self):
        line = self.lines.readline()
        if line.startswith(b'PING'):
            self.sock.sendall(line.replace(b'PING', b'PONG', 1))
        if not line:
            raise OSError('the server has gone')
        return line


def bob(addr):
    client = Client(addr, b'bob')
    client.sock.settimeout(None)
    print('ready', flush=True)
    while True:
        answer(client.next())


def alice(addr, text):
    client = Client(addr, b'alice%d' % os.getpid())
    here = client.sock.getsockname()[0]
    with Listener(here) as listener:
        text = text.replace('%a', str(number(here))).replace('%p', str(listener.port))
        client.sock.sendall(b'PRIVMSG bob :\1%s\1\r\n' % text.encode())
        print('data' if listener.data() else 'nothing')


class Listener:
    def __init__(self, addr):
        self.sock = socket.create_server((addr, 0))
        self.sock.settimeout(WAIT)
        self.port = self.sock.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def data(self):
        try:
            with self.sock.accept()[0] as data:
                data.settimeout(WAIT)
                return data.recv(8) == b'data'
        except OSError:
            return False


# --- without a real server -------------------------------------------------------

def serve(addr, port):
    listener = socket.create_server((addr, int(port)))
    while True:
        sock, _ = listener.accept()
        if os.fork():
            sock.close()
            continue
        for line in sock.makefile('rb'):
            sock.sendall(line)
            answer(line)
        os._exit(0)


class Talk:
    def __init__(self, addr, port):
        self.sock = socket.create_connection((addr, int(port)), WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.sock.makefile('rb')
        self.here = self.sock.getsockname()[0]

    def line(self, port, addr=None):
        return b'PRIVMSG bob :\1DCC CHAT chat %d %d\1\r\n' % (number(addr or self.here), port)

    def hears(self, pieces):
        """What comes back of some segments: lines."""
        for piece in pieces:
            self.sock.sendall(piece)
            if piece is not pieces[-1]:
                self.settle()
        return [self.lines.readline() for _ in range(b''.join(pieces).count(b'\n'))]

    def settle(self):
        """Until all has been acknowledged."""
        while struct.unpack('I', self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[24:28])[0]:
            pass

    def goes_on(self):
        line = b'PRIVMSG bob :' + b'x' * 300 + b'\r\n'
        return self.hears([line]) == [line]


def case_one(talk, ports):
    return [talk.line(ports[0])]


def case_second(talk, ports):
    return [b'PING x\r\n' + talk.line(ports[0])]


def case_two(talk, ports):
    return [talk.line(ports[0]) + talk.line(ports[1])]


def case_split(talk, ports):
    return [talk.line(ports[0])[:30], talk.line(ports[0])[30:]]


def case_public(talk, ports):
    return [talk.line(ports[0], '10.0.2.1')]


def case_foreign(talk, ports):
    return [talk.line(ports[0], '10.0.9.9')]


def case_reverse(talk, _):
    return [talk.line(0)]


def run(name, addr, port):
    talk = Talk(addr, port)
    with Listener(talk.here) as one, Listener(talk.here) as two:
        pieces = globals()['case_' + name](talk, (one.port, two.port))
        wanted = b''.join(pieces).count(b'DCC')
        heard = talk.hears(pieces)
        got = sum(listener.data() for listener in (one, two)[:wanted])
        match = REQUEST.search(b''.join(heard))
        print(got, 'of', wanted, address(int(match[2])) if match else 'none',
              'goes on' if talk.goes_on() else 'stops')


def many(addr, port, times):
    done = failed = 0
    talk = Talk(addr, port)
    for _ in range(int(times)):
        with Listener(talk.here) as listener:
            try:
                talk.hears([talk.line(listener.port)])
            except OSError:
                break
            good = listener.data()
        done += good
        failed += not good
        if failed == 3:
            break
    print('done=%d of %s' % (done, times))


if __name__ == '__main__':
    what = sys.argv[1]
    if 'case_' + what in globals():
        run(*sys.argv[1:])
    else:
        globals()[what](*sys.argv[2:])
