#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The path of a control packet through each helper, in namespace r of data/helper.sh's
control_net: client and server both send from there by raw sockets, in the context of this
process, and their packets leave through a device that throws them away.

  helperpath.py related plain|NAT NAME...
                             what helpers expect passes as related, and nothing beside it;
                             with NAT the other side is told the outer address
  helperpath.py room plain|NAT NAME...
                             there is room for a few expectations only: a packet that is
                             dropped leaves none behind
  helperpath.py fail plain|NAT NAME...
                             the same while the first, the second, ... allocation fails
  helperpath.py count plain|NAT NAME...
                             nanoseconds of this packet, and of one that says nothing of
                             another connection: the medians of many

NAME is that of a module without nf_conntrack_.
"""

import itertools
import os
import re
import socket
import statistics
import struct
import sys
import time

import h323msg as h323
import ircwire
import pptpwire as pptp
import sipwire as sip
from amandawire import HEAD as AMANDA
from bcastwire import QUESTION, answer as snmp_answer, asker
from helperwire import ACK, Expectations, IS_OURS, PSH, SYN, tcp
from rawnet import C4, FailNth, G4, S4, errname, ip, packed, udp, verdict
from sanewire import words

DEVICE, SUBNET = 'd0', '10.9.0.255'
NAT = sys.argv[2:3] == ['NAT']
OUTER = G4 if NAT else C4
CLIENT, GRE, IP_RECVERR = 30000, 47, 11


class Expected(Expectations):
    """Protocol, source, destination, source port or 0, port"""

    def look(self, forget=True):
        return sorted((exp.proto, exp.src, exp.dst, exp.sport if exp.sport_mask else 0, exp.dport)
                      for exp in super().look(forget))


class Net:
    """Sends out of r, and sees what leaves."""

    def __init__(self):
        self.expected = Expected()
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        # or some errors are none (raw(7))
        self.raw.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.tap.bind((DEVICE, 0))
        self.tap.setblocking(False)
        self.port = CLIENT

    def new_port(self):
        self.port = self.port + 1 if self.port < 60000 else CLIENT
        return self.port

    def left(self):
        """The last packet that has left, without its headers."""
        data = b''
        try:
            while True:
                packet = self.tap.recv(65536)
                # not what the device itself says
                data = packet if packet[0] >> 4 == 4 else data
        except BlockingIOError:
            pass
        if not data:
            return data
        head = (data[0] & 15) * 4
        return data[head + 8:] if data[9] == 17 else data[head + (data[head + 12] >> 4) * 4:]

    def passes(self, packet):
        """Whether a packet leaves: raw sockets say when a hook drops it."""
        try:
            self.raw.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
            return True
        except PermissionError:
            return False


class Flow:
    """A client and a server, over UDP or TCP."""

    def __init__(self, net, case):
        self.net, self.case, self.port = net, case, net.new_port()
        self.seq = {'c': 1000, 's': 5000}
        self.ends = {'c': (C4, S4, self.port, case.port), 's': (S4, OUTER, case.port, self.port)}
        if case.proto == 'tcp':
            for who, flags in (('c', SYN), ('s', SYN | ACK), ('c', ACK)):
                self.send(self.packet(who, flags))
                self.seq[who] += flags & SYN != 0

    def packet(self, who, flags=ACK | PSH, data=b''):
        if self.case.proto == 'udp':
            return udp(*self.ends[who], data)
        other = 'sc'['cs'.index(who)]
        return tcp(*self.ends[who], self.seq[who], 0 if flags == SYN else self.seq[other], flags, data)

    def send(self, packet):
        self.net.raw.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))

    def advance(self, who, data):
        self.seq[who] += len(data)

    def sender(self, step):
        """A message as a function that sends it."""
        who, data = step[0], step[1]() if callable(step[1]) else step[1]
        packet = self.packet(who, data=data)
        self.advance(who, data)
        return lambda: self.send(packet)

    def before(self):
        """Send all but the last message; returns the function that sends this."""
        *first, last = self.case.messages(self)
        for step in first:
            self.sender(step)()
        return self.sender(last)

    def timed(self):
        """How long it takes to send a quiet message, and the last one"""
        *first, last = self.case.messages(self)
        times = {}
        for step in first[:self.case.at] + [self.case.quiet] + first[self.case.at:] + [last]:
            send = self.sender(step)
            begin = time.perf_counter_ns()
            send()
            times[step] = time.perf_counter_ns() - begin
        return times[self.case.quiet], times[last]

    def close(self):
        pass


class Question(Flow):
    """A broadcast of this host; the one before has made the entry."""

    def __init__(self, net, case):
        self.net, self.case, self.port = net, case, net.new_port()
        self.sock = asker(self.port, DEVICE)

    def before(self):
        self.sock.sendto(QUESTION, (SUBNET, self.case.port))
        self.net.expected.look()
        return lambda: self.sock.sendto(QUESTION, (SUBNET, self.case.port))

    def timed(self):
        """Quiet is a question to one host, when its entry is there."""
        times = []
        for dst in ('10.9.0.2', '10.9.0.2', SUBNET):
            begin = time.perf_counter_ns()
            self.sock.sendto(QUESTION, (dst, self.case.port))
            times.append(time.perf_counter_ns() - begin)
        return times[1:]

    def close(self):
        self.sock.close()


# --- what is said --------------------------------------------------------------------

def says(who, text):
    return who, text if isinstance(text, bytes) else text.encode()


def ftp_port(_):
    return [says('s', '220 ready\r\n'), says('c', 'USER x\r\n'), says('c', 'PORT 10,0,1,2,8,1\r\n')]


def ftp_pasv(_):
    return [says('s', '220 ready\r\n'), says('c', 'PASV\r\n'), says('s', '227 Passive (10,0,2,2,8,1)\r\n')]


def tftp_read(_):
    return [says('c', b'\0\4\0\1'), says('c', b'\0\1boot\0octet\0')]


def irc_send(_):
    return [says('c', 'NICK a\r\n'), says(*ircwire.dcc())]


def sip_text(flow, text, client=C4):
    return sip.finish(text, '4', flow.port, flow.case.proto.upper(), client=client)


def sip_invite(flow):
    video = sip.sdp(sip.AUDIO, 'm=video 6002 RTP/AVP 31')
    return [says('c', sip_text(flow, sip.request('OPTIONS', call='3'))),
            says('c', sip_text(flow, sip.request(body=video)))]


def sip_ringing(flow):
    return sip_invite(flow)[:1] + [
        says('c', sip_text(flow, sip.request())),
        says('s', sip_text(flow, sip.answer(body=sip.ANSWER), OUTER))]


def sip_register(flow):
    return [says('c', sip_text(flow, sip.request('OPTIONS', call='3'))),
            says('c', sip_text(flow, sip.request(**sip.REG, extra='Expires: 60\n')))]


def h323_setup(_):
    fast = [h323.olc(control=(C4, 5001))]
    return [says('c', h323.tpkt(h323.call(h323.EMPTY))),
            says('c', h323.tpkt(h323.call(h323.setup((C4, 5000), fast=fast))))]


def sip_registered(flow):
    """From then on the registrar may call."""
    contact = '<sip:a@%s:%d>;expires=60' % (OUTER, flow.port)
    return [says('s', sip_text(flow, sip.answer(method='REGISTER', contact=contact), OUTER))]


def h323_register(flow):
    where = C4, flow.port
    return [says('c', h323.grq(where)), says('c', h323.rrq([(C4, 5000)], where, 300))]


def pptp_call(flow):
    """The server answers with the call ID that it has got."""
    def reply():
        return pptp.out_reply(struct.unpack_from('>H', flow.net.left(), 12)[0], 200)
    return [says('c', pptp.start()), says('s', pptp.started()), says('c', pptp.out(100)), ('s', reply)]


def amanda_reply(_):
    return [says('c', 'Amanda 2.6 REQ HANDLE 0 SEQ 1\n'),
            says('s', AMANDA + 'CONNECT DATA 11001 MESG 11002 INDEX 11003\n')]


def sane_start(_):
    return [says('c', words(7, 1)), says('s', words(0, 2053, 0x1234, 0))]


class Case:
    """An exchange; its last message makes so many expectations. With NAT, inner is what the
    other side must not be told, None if there is nothing to rewrite. In place number at of
    its messages can be a quiet one, that says nothing of another connection. What is expected
    counts from the messages of after on."""

    def __init__(self, module, name, proto, port, messages, count, inner=None, flow=Flow,
                 quiet=None, at=0, after=None):
        self.module, self.name, self.proto, self.port = module, name, proto, port
        self.messages, self.count, self.inner, self.flow = messages, count, inner, flow
        self.quiet, self.at, self.after = quiet, at, after


BINARY, TEXT = packed(C4), C4.encode()
SIP_QUIET = says('c', sip.finish(sip.request('OPTIONS', call='4'), '4', CLIENT))
CASES = (
    Case('ftp', 'FTP PORT', 'tcp', 21, ftp_port, 1, b'10,0,1,2', quiet=says('c', 'NOOP\r\n'), at=2),
    Case('ftp', 'FTP PASV', 'tcp', 21, ftp_pasv, 1, quiet=says('s', '200 ok\r\n'), at=1),
    Case('tftp', 'TFTP read', 'udp', 69, tftp_read, 1, quiet=says('c', b'\0\4\0\2'), at=1),
    Case('irc', 'IRC DCC', 'tcp', 6667, irc_send, 1, str(ircwire.HERE).encode(),
         quiet=says('c', 'PRIVMSG bob :hello\r\n'), at=1),
    Case('sip', 'SIP INVITE', 'udp', 5060, sip_invite, 4, b'c=IN IP4 ' + TEXT, quiet=SIP_QUIET, at=1),
    Case('sip', 'SIP INVITE, TCP', 'tcp', 5060, sip_invite, 4, b'c=IN IP4 ' + TEXT, quiet=SIP_QUIET,
         at=1),
    Case('sip', 'SIP answer', 'udp', 5060, sip_ringing, 2, quiet=SIP_QUIET, at=1),
    Case('sip', 'SIP REGISTER', 'udp', 5060, sip_register, 1, b'a@' + TEXT + b':', quiet=SIP_QUIET, at=1,
         after=sip_registered),
    Case('h323', 'H.323 Setup', 'tcp', 1720, h323_setup, 3, BINARY,
         quiet=says('c', h323.tpkt(h323.call(h323.EMPTY, elements=b''))), at=1),
    Case('h323', 'H.323 RRQ', 'udp', 1719, h323_register, 1, BINARY, quiet=says('c', h323.arq()), at=1),
    Case('pptp', 'PPTP call', 'tcp', 1723, pptp_call, 2, quiet=says('c', pptp.message(5, b'\0\0\0\1')),
         at=2),
    Case('amanda', 'Amanda reply', 'udp', 10080, amanda_reply, 3,
         quiet=says('s', 'Amanda 2.6 ACK HANDLE 0 SEQ 1\n'), at=1),
    Case('sane', 'SANE start', 'tcp', 6566, sane_start, 1, quiet=says('s', words(0, 1))),
    Case('netbios_ns', 'NetBIOS question', 'udp', 137, None, 1, flow=Question),
    Case('snmp', 'SNMP question', 'udp', 161, None, 1, flow=Question),
)


def chosen(names):
    return [case for case in CASES if case.module in names and not (NAT and case.flow is Question)]


# --- what is related ------------------------------------------------------------------

def first_packet(proto, src, dst, sport, dport):
    """The first packet of a connection that is expected."""
    sport = sport or 20001
    if src == SUBNET:
        src = '10.9.0.9'
    if proto == GRE:
        return ip(src, dst, GRE, struct.pack('>HHHHI', 0x3001, 0x880b, 4, dport, 1) + b'data')
    return udp(src, dst, sport, dport) if proto == 17 else tcp(src, dst, sport, dport, 1, 0, SYN)


def other_port(proto, src, dst, sport, dport):
    return proto, src, dst, sport, dport + 77


def exchange(net, case):
    """What is expected, and what the other side is told."""
    flow = case.flow(net, case)
    net.expected.look()
    last = flow.before()
    net.left()
    last()
    told = net.left()
    for step in case.after(flow) if case.after else ():
        flow.sender(step)()
    flow.close()
    return told


def related(names):
    net = Net()
    for case in chosen(names):
        told = exchange(net, case)
        exps = net.expected.look(forget=False)
        verdict('%s: %d expected' % (case.name, case.count), len(exps) == case.count, exps)
        if NAT and case.inner:
            verdict(case.name + ': the outer address is told', told and case.inner not in told, told)
        strange = [exp for exp in exps if net.passes(first_packet(*other_port(*exp)))]
        verdict(case.name + ': nothing else passes', not strange, strange)
        # the first packet of a call of PPTP ends what is expected the other way
        stopped = [exp for exp in exps[:1 if case.module == 'pptp' else None]
                   if not net.passes(first_packet(*exp))]
        verdict(case.name + ': what is related passes', exps and not stopped, stopped)
        net.expected.look()
    if NAT and 'snmp' in names:
        translated(net)


def translated(net):
    """An address within an answer of SNMP"""
    case = Case('snmp', 'SNMP', 'udp', 161, None, 0)
    flow = Flow(net, case)
    flow.send(flow.packet('c', data=QUESTION))
    net.left()
    flow.send(flow.packet('s', data=snmp_answer(C4)))
    got = net.left()[-4:]
    verdict('SNMP answer: the outer address is told', got == packed(G4), got)


# --- no room, no memory -------------------------------------------------------------------

def outcome(send):
    try:
        send()
    except PermissionError:
        return 'dropped'
    except OSError as err:
        return errname(err)
    return 'passed'


def fail_one(net, nth, case, turn):
    """What became of the packet, what is expected then, and whether the turn came."""
    flow = case.flow(net, case)
    net.expected.look()
    net.left()
    last = flow.before()
    nth.set(turn)
    said = outcome(last)
    left = nth.left()
    nth.set(0)
    flow.close()
    return said, len(net.expected.look()), left == 0


def is_well(case, what, count):
    """What is dropped leaves nothing behind; stock's NAT lets pass what it has no memory for."""
    if what != 'passed':
        return not count
    return count == case.count or NAT or case.flow is Question


def judge(case, title, wrong):
    title = '%s%s: %s' % ('DIFF: ' * (case.count > 1), case.name, title)
    if IS_OURS or case.count == 1 or not wrong:
        verdict(title, not wrong, wrong[:4])
    else:
        print('# stock: %s: %s' % (title, wrong[:4]))


def room(names):
    net = Net()
    for case in chosen(names):
        flow = case.flow(net, case)
        net.expected.look()
        net.left()
        what = outcome(flow.before())
        flow.close()
        count = len(net.expected.look())
        judge(case, 'of %d' % case.count,
              [] if is_well(case, what, count) else ['%s, %d expected' % (what, count)])


def fail_case(net, nth, case):
    said, wrong = {}, []
    for turn in itertools.count(1):
        what, count, failed = fail_one(net, nth, case, turn)
        if not failed or turn == 500:
            break
        text = '%s, %d expected' % (what, count)
        said[text] = said.get(text, 0) + 1
        if not is_well(case, what, count):
            wrong.append('allocation %d: %s' % (turn, text))
    good = not failed and (what, count) == ('passed', case.count)
    if not good:
        wrong.append('at last: %s, %d expected' % (what, count))
    judge(case, '%d allocations fail: %s' % (turn - 1, said), wrong)


def fail(names):
    net, nth = Net(), FailNth()
    for case in chosen(names):
        fail_case(net, nth, case)


# --- what it costs -------------------------------------------------------------------------

def count(names, rounds=60):
    net = Net()
    for case in chosen(names):
        times = []
        for _ in range(rounds):
            flow = case.flow(net, case)
            times.append(flow.timed())
            flow.close()
            # another connection that announces the same is dropped
            net.expected.look()
        name = re.sub('[^a-z0-9]+', '-', case.name.lower())
        quiet, last = (statistics.median(column) for column in zip(*times))
        print('%s/quiet=%.0f %s/expects=%.0f' % (name, quiet, name, last), end=' ')


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    os.sched_setaffinity(0, {0})
    {'related': related, 'room': room, 'fail': fail, 'count': count}[sys.argv[1]](sys.argv[3:])
