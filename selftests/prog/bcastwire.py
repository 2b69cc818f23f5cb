#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Broadcast questions of namespace r to its subnet at eth9, 10.9.0.0/24, where a and b are
(the test broadcast), and SNMP through NAT in lib.sh's topology.

  bcastwire.py ask DST PORT [COUNT]
                             in r: asks, COUNT times from a new port each time, which SNMP
                             agents there are; prints who has answered
  bcastwire.py agent         answers each question at port 161
  bcastwire.py table         which answers are expected of which question
  bcastwire.py strangers     who gets through while an answer is expected
  bcastwire.py lives SPORT DST PORT
                             asks once; prints the seconds that the entry has, and those of
                             the expectation
  bcastwire.py translate     addresses in SNMP messages
"""

import os
import socket
import sys
import time

from helperwire import Expectation, Expectations, IS_OURS, SAME, Sender
from rawnet import S4, enter, equal, udp, verdict

SLOW = int(os.environ.get('NFCT_SLOW', '1'))


# --- SNMP (RFC 3416, 3417) ---------------------------------------------------------

def tlv(tag, body):
    return bytes([tag, len(body)]) + body


def message(tag, name, value, version=1):
    bind = tlv(0x30, tlv(0x30, tlv(6, bytes(name)) + value))
    pdu = tlv(tag, tlv(2, b'\1') + tlv(2, b'\0') + tlv(2, b'\0') + bind)
    return tlv(0x30, tlv(2, bytes([version])) + tlv(4, b'public') + pdu)


SYS_NAME = (43, 6, 1, 2, 1, 1, 5, 0)
IF_ADDR = (43, 6, 1, 2, 1, 4, 20, 1, 1, 1)
QUESTION = message(0xa0, SYS_NAME, b'\5\0')


def answer(addr):
    return message(0xa2, IF_ADDR, tlv(0x40, socket.inet_aton(addr)))


# --- questions ---------------------------------------------------------------------

def asker(sport=0, device=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if device:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    sock.bind(('', sport))
    return sock


def hear(sock, seconds):
    """Those who have sent something, until nothing comes for a while."""
    found = set()
    sock.settimeout(seconds)
    try:
        while True:
            found.add('%s:%d' % sock.recvfrom(2048)[1])
    except socket.timeout:
        return ' '.join(sorted(found))


def ask(dst, port, count='1'):
    for _ in range(int(count)):
        with asker() as sock:
            sock.sendto(QUESTION, (dst, int(port)))
            print(hear(sock, (1.5 if count == '1' else 0.5) * SLOW))


def agent():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('', 161))
    while True:
        sock.sendto(answer('10.9.0.1'), sock.recvfrom(2048)[1])


def lives(sport, dst, port):
    enter('r')
    with asker(int(sport)) as sock:
        sock.sendto(QUESTION, (dst, int(port)))
    for name, column, mark in (('nf_conntrack', 4, ' sport=%s dport=%s [UNREPLIED]' % (sport, port)),
                               ('nf_conntrack_expect', 0, ' sport=%s dport=%s ' % (port, sport))):
        with open('/proc/thread-self/net/' + name, encoding='ascii') as file:
            print(*[line.split()[column] for line in file if mark in line])


# --- what is expected --------------------------------------------------------------

class Masked(Expectation):
    def __str__(self):
        """"FROM/MASK:PORT>TO:PORT", with a star if it is permanent"""
        sport = self.sport if self.sport_mask == 65535 else '%d/%d' % (self.sport, self.sport_mask)
        return '%s/%s:%s>%s:%d%s' % (self.src, self.src_mask, sport, self.dst, self.dport,
                                     '*' * (self.flags & self.PERMANENT))


class Expected(Expectations):
    KIND = Masked


# name, source address, destination, its port, what is expected (% source port), what stock
# expects if it differs
TABLE = (
    ('broadcast', '10.9.0.255', 161, '10.9.0.255/255.255.255.0:161>10.9.0.1:%d*', SAME),
    ('NetBIOS', '10.9.0.255', 137, '10.9.0.255/255.255.255.0:137>10.9.0.1:%d*', SAME),
    ('one host', '10.9.0.2', 161, '', SAME),
    ('every host', '255.255.255.255', 161, '', SAME),
    ('first address of the subnet', '10.9.0.0', 161, '', SAME),
    ('another subnet of the device', '10.8.255.255', 161, '10.8.255.255/255.255.0.0:161>10.8.0.1:%d*', SAME),
    ('broadcast address that somebody has chosen', '10.7.0.99', 161,
     '10.7.0.99/255.255.255.0:161>10.7.0.1:%d*', SAME),
    ('another one there', '10.7.0.255', 161, '', SAME),
    ('DIFF: no broadcast address is named', '10.6.0.255', 161,
     '10.6.0.255/255.255.255.0:161>10.6.0.1:%d*', ''),
    ('DIFF: helper of another port', '10.9.0.255', 1161, '10.9.0.255/255.255.255.0:1161>10.9.0.1:%d*',
     '10.9.0.255/255.255.255.0:161>10.9.0.1:%d*'),
)


def table():
    expected = Expected()
    for sport, (name, dst, port, ours, stock) in enumerate(TABLE, 3000):
        enter('r')
        with asker(sport, 'eth9') as sock:
            sock.sendto(QUESTION, (dst, port))
        wanted = ours if IS_OURS or stock is SAME else stock
        equal(name, expected.take(), wanted % sport if wanted else '')

    enter('r')
    with asker(3100) as sock:
        for _ in range(3):
            sock.sendto(QUESTION, ('10.9.0.255', 161))
    equal('the same question again', expected.take(), '10.9.0.255/255.255.255.0:161>10.9.0.1:3100*')

    enter('a')
    with asker(3101) as sock:
        sock.sendto(QUESTION, ('10.9.0.255', 161))
    time.sleep(0.5 * SLOW)
    equal('question of another host', expected.take(), '')


def strangers():
    """All send to the port that has asked."""
    expected = Expected()
    enter('r')
    sock = asker(3200)
    sock.sendto(QUESTION, ('10.9.0.255', 161))
    # b has 10.5.0.3, which r reaches through a, as well
    for host, addr, port in (('a', '10.9.0.2', 161), ('b', '10.9.0.3', 161), ('b', '10.9.0.3', 162),
                             ('b', '10.5.0.3', 161)):
        Sender(host)(udp(addr, '10.9.0.1', port, 3200, b'hello'))
    equal('the hosts of the subnet get through', hear(sock, 1.5 * SLOW), '10.9.0.2:161 10.9.0.3:161')
    verdict('more answers are expected', expected.take())
    Sender('b')(udp('10.9.0.33', '10.9.0.1', 161, 3200, b'hello'))
    equal('no longer', hear(sock, SLOW), '')


# --- SNMP through NAT --------------------------------------------------------------

def carried(client, server, send_reply, addr):
    """The address that an answer has when it arrives."""
    client.sendto(QUESTION, (S4, 161))
    asked = server.recvfrom(2048)[1]
    # its checksum is complete, unlike that of a socket's packet: nf_nat_snmp_basic needs that
    send_reply(udp(S4, asked[0], 161, asked[1], answer(addr)))
    return socket.inet_ntoa(client.recv(2048)[-4:])


def translate():
    reply = Sender('s')
    enter('s')
    server = asker(161)
    enter('c')
    client = asker(3300)
    server.settimeout(20 * SLOW)
    client.settimeout(20 * SLOW)
    # nf_nat_snmp_basic knows the client by the address that the agent sees, and no other
    equal('NAT: the address of the client becomes the outer one',
          carried(client, server, reply, '10.0.1.2'), '10.0.2.1')
    equal('NAT: other addresses are left alone', carried(client, server, reply, S4), S4)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
