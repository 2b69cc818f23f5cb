#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""FTP commands sent in an odd manner, over real connections, so that each side sends
again what is lost on the way.

  ftpodd.py serve ADDR PORT    answers each line; connects where PORT and EPRT say, and
                               sends "data"; PASV and EPSV open a port, and "PASV TEXT"
                               answers with the text, whose %s are the six numbers
  ftpodd.py CASE ADDR PORT     one of the cases below; prints what came:
                               "data" if the data connection did, and "goes on" if the
                               control connection carries a long line there and back
"""

import os
import re
import socket
import sys
import time

SLOW = int(os.environ.get('NFCT_SLOW', '1'))
WAIT = 4 * SLOW
LONG = 'x' * 60


def numbers(addr, port):
    return '%s,%d,%d' % (addr.replace('.', ','), port >> 8, port & 255)


def connect(where):
    try:
        with socket.create_connection(where, WAIT) as data:
            data.sendall(b'data')
    except OSError as err:
        print('connect', where, err, file=sys.stderr, flush=True)


# --- server ----------------------------------------------------------------------

def passive(sock, answer):
    addr = sock.getsockname()[0]
    with socket.create_server((addr, 0), family=sock.family) as listener:
        listener.settimeout(WAIT)
        port = listener.getsockname()[1]
        text = answer.replace('%s', numbers(addr, port)).replace('%d', str(port))
        sock.sendall((text + '\r\n').encode())
        try:
            data = listener.accept()[0]
            data.sendall(b'data')
            data.close()
        except OSError:
            pass


def command(sock, line):
    word, _, rest = line.partition(' ')
    if word == 'PORT':
        part = rest.split(',')
        sock.sendall(b'200 as you like\r\n')
        connect(('.'.join(part[:4]), int(part[4]) * 256 + int(part[5])))
    elif word == 'EPRT':
        part = rest.split(rest[0])
        sock.sendall(b'200 as you like\r\n')
        connect((part[2], int(part[3])))
    elif word == 'PASV':
        passive(sock, rest or '227 Entering Passive Mode (%s)')
    elif word == 'EPSV':
        passive(sock, rest or '229 Entering Extended Passive Mode (|||%d|)')
    else:
        sock.sendall(('200 %s\r\n' % rest).encode())


def session(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(b'220 ready\r\n')
    for line in sock.makefile('rb'):
        print(line.decode().strip(), file=sys.stderr, flush=True)
        command(sock, line.decode().strip())


def serve(addr, port):
    family = socket.AF_INET6 if ':' in addr else socket.AF_INET
    listener = socket.create_server((addr, int(port)), family=family)
    while True:
        sock = listener.accept()[0]
        if os.fork() == 0:
            session(sock)
            os._exit(0)
        sock.close()


# --- client ----------------------------------------------------------------------

class Client:
    def __init__(self, addr, port, nodelay=True):
        self.sock = socket.create_connection((addr, int(port)), WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        self.sock.settimeout(3 * WAIT)
        self.answers = self.sock.makefile('rb')
        self.answers.readline()
        self.addr = self.sock.getsockname()[0]
        self.listener = socket.create_server((self.addr, 0), family=self.sock.family)
        self.listener.settimeout(WAIT)
        self.port = self.listener.getsockname()[1]

    def send(self, *pieces, pause=0.0):
        for piece in pieces:
            self.sock.sendall(piece.encode())
            time.sleep(pause)

    def active(self):
        """The data of a connection that the server makes"""
        try:
            return self.listener.accept()[0].recv(16).decode()
        except OSError:
            return 'nothing'

    def passive(self):
        """That of one to where the server's answer says"""
        answer = self.answers.readline().decode()
        six = re.search(r'(\d+), ?(\d+), ?(\d+), ?(\d+), ?(\d+), ?(\d+)', answer)
        one = re.search(r'\|\|\|(\d+)\|', answer)
        peer = self.sock.getpeername()[0]
        where = ('.'.join(six.groups()[:4]), int(six[5]) * 256 + int(six[6])) if six else \
            (peer, int(one[1]))
        try:
            with socket.create_connection(where, WAIT) as data:
                return data.recv(16).decode()
        except OSError:
            return 'nothing'

    def goes_on(self):
        self.send('NOOP %s\r\n' % LONG)
        try:
            for line in self.answers:
                if LONG in line.decode():
                    return 'goes on'
        except OSError:
            pass
        return 'stands still'

    def tell(self, data):
        print(data, self.goes_on(), flush=True)

    def where(self):
        return numbers(self.addr, self.port)


def pipelined(client):
    """Two commands in one segment"""
    client.send('TYPE I\r\nPORT %s\r\n' % client.where())
    client.tell(client.active())


def split(client):
    """A command in two segments, without waiting"""
    client.send('PORT %s' % client.where()[:5], client.where()[5:] + '\r\n')
    client.tell(client.active())


def split_end(client):
    """CR and LF apart"""
    client.send('PORT %s\r' % client.where(), '\n', pause=0.2)
    client.tell(client.active())


def split_slow(client):
    """A command in two segments with a pause"""
    client.send('PORT %s' % client.where()[:5], client.where()[5:] + '\r\n', pause=1.0 * SLOW)
    client.tell(client.active())


def letters(client):
    """Each byte by itself"""
    client.send(*('EPRT |1|%s|%d|\r\n' % (client.addr, client.port)))
    client.tell(client.active())


def twice(client):
    """Two commands about data connections in one segment: both name the same place"""
    client.send('EPRT |1|%s|%d|\r\nPORT %s\r\n' % (client.addr, client.port, client.where()))
    client.tell(client.active())


def answer(client, text):
    """The server's answer has another form"""
    client.send(text + '\r\n')
    client.tell(client.passive())


def main():
    case, addr, port, *rest = sys.argv[1:]
    if case == 'serve':
        serve(addr, port)
    globals()[case](Client(addr, port), *rest)


if __name__ == '__main__':
    main()
