#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Connections beside a flood.

  underflood.py serve ADDR PORT          TCP echo
  underflood.py talk FILE ADDR PORT N    N connections that say a word every 50 ms and read
                                         it back, until SIGTERM; FILE has "trips=N
                                         least=N broken=N" at any time: all round trips,
                                         those of the connection with the fewest, and
                                         connections that have ended
  underflood.py connect ADDR PORT SECS   one new connection and one word within SECS;
                                         prints the milliseconds it took
"""

import os
import signal
import socket
import sys
import threading
import time


def echo(sock):
    try:
        while data := sock.recv(1024):
            sock.sendall(data)
    except OSError:
        pass


def serve(addr, port):
    server = socket.create_server((addr, port))
    print('ready', flush=True)
    while True:
        sock, _ = server.accept()
        threading.Thread(target=echo, args=(sock,), daemon=True).start()


def trip(sock):
    """Whether a word came back; a packet that is lost comes later."""
    try:
        sock.sendall(b'word')
        return len(sock.recv(4)) > 0
    except OSError:
        return False


def write(path, trips, broken):
    with open(path + '.tmp', 'w', encoding='ascii') as out:
        out.write('trips=%d least=%d broken=%d\n' % (sum(trips), min(trips), broken))
    os.rename(path + '.tmp', path)


def talk(path, addr, port, count):
    socks = [socket.create_connection((addr, port), 60) for _ in range(count)]
    trips, alive = [0] * count, set(range(count))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        for i in sorted(alive):
            if trip(socks[i]):
                trips[i] += 1
            else:
                alive.discard(i)
        write(path, trips, count - len(alive))
        time.sleep(0.05)


def connect(addr, port, limit):
    begin = time.monotonic()
    sock = socket.create_connection((addr, port), limit)
    if not trip(sock):
        sys.exit('no answer')
    print(int((time.monotonic() - begin) * 1000))


def main():
    args = sys.argv[2:]
    if sys.argv[1] == 'serve':
        serve(args[0], int(args[1]))
    elif sys.argv[1] == 'talk':
        talk(args[0], args[1], int(args[2]), int(args[3]))
    else:
        connect(args[0], int(args[1]), float(args[2]))


main()
