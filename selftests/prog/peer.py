#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Two ends of a conversation, for tests that need real answers.

  peer.py serve ADDR               UDP echo on ports 7000 to 7015, and as much of
                                   an FTP server on port 21 as a helper looks at
  peer.py serve-ftp ADDR           the latter only
  peer.py ask ADDR SPORT DPORT [COUNT [PAUSE]]
                                   datagrams, each after the last one's answer;
                                   prints the number of answers
  peer.py active ADDR ROUNDS [FILE]
                                   FTP: have the server connect to us, and see a long
                                   command come back; with FILE: then write our own
                                   port there and stay until it is removed
  peer.py passive ADDR ROUNDS      FTP: connect to the port that it names, $PEER_PAUSE
                                   seconds after it has done so
"""

import os
import select
import socket
import sys
import time

WAIT = 20 * int(os.environ.get('NFCT_SLOW', '1'))
LONG = 'x' * 60


def lines(sock):
    for line in sock.makefile('rb'):
        yield line.decode().strip()


def numbers(addr, port):
    """An address and a port as FTP writes them."""
    return '%s,%d,%d' % (addr.replace('.', ','), port >> 8, port & 255)


def target(text):
    part = text.split(',')
    return '.'.join(part[:4]), int(part[4]) * 256 + int(part[5])


def tell(sock, text):
    sock.sendall((text + '\r\n').encode())


# --- server ------------------------------------------------------------------

def ftp_session(sock, addr):
    listener = where = None
    tell(sock, '220 ready')
    for line in lines(sock):
        word, _, rest = line.partition(' ')
        if word == 'PASV':
            listener = socket.create_server((addr, 0))
            tell(sock, '227 Entering Passive Mode (%s)' %
                 numbers(addr, listener.getsockname()[1]))
        elif word == 'PORT':
            where = target(rest)
            tell(sock, '200 as you like')
        elif word == 'RETR':
            data = listener.accept()[0] if where is None else \
                socket.create_connection(where, WAIT)
            data.sendall(rest.encode())
            data.close()
            tell(sock, '226 done')
        else:
            tell(sock, '200 ' + rest)


def serve(addr, ports=range(7000, 7016)):
    echoes = []
    for port in ports:
        echoes.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        echoes[-1].bind((addr, port))
    ftp = socket.create_server((addr, 21))
    while True:
        for sock in select.select(echoes + [ftp], [], [])[0]:
            if sock is not ftp:
                data, peer = sock.recvfrom(2048)
                sock.sendto(data, peer)
                continue
            client = ftp.accept()[0]
            if os.fork() == 0:
                ftp_session(client, addr)
                os._exit(0)
            client.close()


# --- client ------------------------------------------------------------------

def ask(addr, sport, dport, count=1, pause=0.0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('0.0.0.0', int(sport)))
    sock.connect((addr, int(dport)))
    sock.settimeout(WAIT if int(count) == 1 else 2)
    answers = 0
    for _ in range(int(count)):
        sock.send(b'question')
        try:
            answers += sock.recv(64) == b'question'
        except OSError:
            pass
        time.sleep(float(pause))
    print(answers)


def login(addr):
    sock = socket.create_connection((addr, 21), WAIT)
    answers = lines(sock)
    next(answers)

    def command(text):
        tell(sock, text)
        return next(answers)
    return sock, command, answers


def echo(command):
    print('echo', command('NOOP ' + LONG) == '200 ' + LONG, flush=True)


def active(addr, rounds, file=None):
    sock, command, answers = login(addr)
    for n in range(int(rounds)):
        listener = socket.create_server((sock.getsockname()[0], 0))
        listener.settimeout(WAIT)
        command('PORT ' + numbers(*listener.getsockname()))
        tell(sock, 'RETR %d' % n)
        data, peer = listener.accept()
        print('data', data.recv(64).decode(), 'from', peer[0])
        next(answers)
        echo(command)
    if file:
        with open(file, 'w', encoding='ascii') as port:
            port.write('%d\n' % sock.getsockname()[1])
        while os.path.exists(file):
            time.sleep(0.1)


def passive(addr, rounds):
    _, command, answers = login(addr)
    for n in range(int(rounds)):
        answer = command('PASV')
        # so that a test can look at the expectation
        print('announced', flush=True)
        time.sleep(float(os.environ.get('PEER_PAUSE', '0')))
        data = socket.create_connection(target(answer.split('(')[1][:-1]), WAIT)
        print(command('RETR %d' % n), 'data', data.recv(64).decode(), flush=True)
        echo(command)
    del answers


if __name__ == '__main__':
    if sys.argv[1] == 'serve-ftp':
        serve(sys.argv[2], ())
    globals()[sys.argv[1]](*sys.argv[2:])
