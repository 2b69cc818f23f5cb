#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Many passive FTP transfers announced, none made: each answer to PASV names a
# new port, so that the helper's expectation of the one before gives way.
#
#   ftpmany.py serve ADDR
#   ftpmany.py ask ADDR SESSIONS TIMES
import os
import socket
import sys


def serve(addr):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((addr, 21))
    listener.listen(100)
    host = addr.replace('.', ',')
    port = 20000
    while True:
        sock, _ = listener.accept()
        port += 800
        if os.fork():
            sock.close()
            continue
        listener.close()
        sock.sendall(b'220 hi\r\n')
        for line in sock.makefile('rb'):
            port += 1
            sock.sendall(b'227 Entering Passive Mode (%s,%d,%d)\r\n' %
                         (host.encode(), port >> 8, port & 255))
        os._exit(0)


def ask(addr, sessions, times):
    done = 0
    for _ in range(sessions):
        sock = socket.create_connection((addr, 21), 60)
        answers = sock.makefile('rb')
        answers.readline()
        for _ in range(times):
            sock.sendall(b'PASV\r\n')
            done += answers.readline().startswith(b'227')
        sock.close()
    print(done)


if sys.argv[1] == 'serve':
    serve(sys.argv[2])
else:
    ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
