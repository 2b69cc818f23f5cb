#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Passive FTP transfers with their data connections, many in one session.
#
#   ftpdata.py serve ADDR
#   ftpdata.py fetch ADDR SESSIONS TIMES    prints "fetched=N of N"; gives up after
#                                           three failures
import os
import re
import socket
import sys

PATIENCE_S = 4


def open_server(addr, port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((addr, port))
    sock.listen(50)
    return sock


def serve_session(sock, addr):
    sock.sendall(b'220 hi\r\n')
    for line in sock.makefile('rb'):
        if line.strip() != b'PASV':
            continue
        data = open_server(addr, 0)
        data.settimeout(PATIENCE_S)
        port = data.getsockname()[1]
        sock.sendall(b'227 Entering Passive Mode (%s,%d,%d)\r\n' %
                     (addr.replace('.', ',').encode(), port >> 8, port & 255))
        try:
            peer, _ = data.accept()
            peer.sendall(b'data')
            peer.close()
        except OSError:
            pass
        data.close()


def serve(addr):
    listener = open_server(addr, 21)
    while True:
        sock, _ = listener.accept()
        if os.fork():
            sock.close()
            continue
        listener.close()
        serve_session(sock, addr)
        os._exit(0)


def fetch_one(control, answers):
    control.sendall(b'PASV\r\n')
    numbers = re.search(rb'\(([\d,]+)\)', answers.readline()).group(1).split(b',')
    host = b'.'.join(numbers[:4]).decode()
    port = int(numbers[4]) * 256 + int(numbers[5])
    with socket.create_connection((host, port), PATIENCE_S) as data:
        return data.recv(10) == b'data'


def fetch(addr, sessions, times):
    done = failed = 0
    for _ in range(sessions):
        control = socket.create_connection((addr, 21), PATIENCE_S)
        answers = control.makefile('rb')
        answers.readline()
        for _ in range(times):
            try:
                done += fetch_one(control, answers)
            except (OSError, AttributeError):
                failed += 1
                if failed == 3:
                    return done
        control.close()
    return done


if sys.argv[1] == 'serve':
    serve(sys.argv[2])
else:
    SESSIONS, TIMES = int(sys.argv[3]), int(sys.argv[4])
    print('fetched=%d of %d' % (fetch(sys.argv[2], SESSIONS, TIMES), SESSIONS * TIMES))
