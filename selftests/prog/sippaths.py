#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Paths of the SIP helper that sipwire.py does not take, in lib.sh's topology.

  sippaths.py parameters   what is expected with each of the module's parameters
  sippaths.py bodies       bodies of several parts, without NAT: what is expected
  sippaths.py told         the same with NAT: what the other side gets
  sippaths.py shared       with NAT, both sides of a call, 10.0.1.2 and 10.0.1.3, behind it,
                           and a proxy outside: where each is told to send its media
"""

import re
import socket
import sys

import sipwire as sip
from rawnet import C4, G4, S4, enter, equal
from sipwire import A, ANSWER, AUDIO, B, IS_OURS, OFFER, SAME, TEL, WAITS, answer, media, register, request, sdp

PARAMETERS = '/sys/module/nf_conntrack_sip/parameters/sip_'


def set_parameters(direct_media=1, external_media=0, direct_signalling=1):
    for name, value in (('direct_media', direct_media), ('external_media', external_media),
                        ('direct_signalling', direct_signalling)):
        with open(PARAMETERS + name, 'w', encoding='ascii') as file:
            file.write(str(value))


def anyone(places):
    return [re.sub('@[CS]@>', '0.0.0.0>', place) for place in places]


def at(addr, port=6000):
    return ['0.0.0.0>%s:%d' % (addr, port + n) for n in (0, 1)]


ANY_MEDIA = dict(direct_media=0)
OUTSIDE = dict(direct_media=0, external_media=1)
ANY_CALLER = dict(direct_signalling=0)
CALL = [('c', request(body=OFFER)), ('s', answer(body=ANSWER))]

# name, parameters, steps, what is expected, what stock expects if it differs
PATHS = (
    ('media of anyone', ANY_MEDIA, CALL, anyone(A + B), SAME),
    ('media of anyone, to another host', ANY_MEDIA, media(AUDIO, conn='10.9.9.9'), at('10.9.9.9'), SAME),
    ('media of anyone, a=rtcp', ANY_MEDIA, media(AUDIO, 'a=rtcp:6001'), anyone(A), SAME),
    ('media of anyone, two calls, one ends', ANY_MEDIA,
     [('c', request(body=OFFER)), sip.CALL2, ('c', request('BYE', cseq=6, call='2'))], anyone(A), []),
    ('external media: both sides', OUTSIDE, CALL, anyone(A + B), SAME),
    ('external media: a host on this side', OUTSIDE, media(AUDIO, conn='10.0.1.9'), at('10.0.1.9'), SAME),
    ('external media: a host on the other side', OUTSIDE, media(AUDIO, conn='10.0.2.9'), [], SAME),
    ('external media: no route', OUTSIDE, media(AUDIO, conn='10.9.9.9'), at('10.9.9.9'), SAME),
    ('external media: answer, a host on the side of the caller', OUTSIDE,
     [('c', request()), ('s', answer(body=sdp(AUDIO, conn='10.0.1.9')))], [], SAME),
    ('external media and direct media', dict(external_media=1), CALL, A + B, SAME),
    ('external media and direct media: another host', dict(external_media=1),
     media(AUDIO, conn='10.0.1.9'), [], SAME),
    ('calls of anyone', ANY_CALLER, register(), anyone([WAITS]), SAME),
    ('calls of anyone: answer', ANY_CALLER, register(reply='Contact: <sip:a@@C@:@P@>;expires=60\n'),
     anyone([TEL]), SAME),
    ('calls of anyone: end', ANY_CALLER, register('Expires: 0\n'), [], SAME),
    ('calls of anyone: media as ever', ANY_CALLER, CALL, A + B, SAME),
)


def parameters():
    wire = sip.Wire()
    for name, values, steps, ours, stock in PATHS:
        set_parameters(**values)
        got, port = sip.run_case(wire, '4', steps)
        sip.judge(('DIFF: ' if stock is not SAME else '') + name, got, sip.text_of(ours, '4', port),
                  SAME if stock is SAME else sip.text_of(stock, '4', port))
    set_parameters()


# --- bodies of several parts -----------------------------------------------------------

def parts(*bodies, before='', after=''):
    text = before
    for kind, body in bodies:
        text += '--b\nContent-Type: %s\n\n%s\n' % (kind, body)
    return text + '--b--\n' + after


def several(body):
    """An INVITE with a body of several parts"""
    return request(body=body).replace('application/sdp\nContent-Length', 'multipart/mixed;boundary=b\nContent-Length')


SDP, TEXT, ISUP = 'application/sdp', 'text/plain', 'application/isup'
# name, body, what is expected, what stock expects if it differs
BODIES = (
    ('description first', parts((SDP, OFFER), (TEXT, 'hello')), A, SAME),
    ('description last', parts((TEXT, 'hello'), (SDP, OFFER)), A, SAME),
    ('description in the middle', parts((ISUP, '\x01\x02\xff'), (SDP, OFFER), (TEXT, 'x')), A, SAME),
    ('text before and behind the parts', parts((SDP, OFFER), before='see\n', after='bye\n'), A, SAME),
    ('no description', parts((TEXT, 'hello'), (ISUP, '\x01')), [], SAME),
    ('one part', parts((SDP, OFFER)), A, SAME),
    ('address in another part', parts((TEXT, 'c=IN IP4 10.0.9.9'), (SDP, OFFER)), A, SAME),
)


def bodies():
    wire = sip.Wire()
    for name, body, ours, stock in BODIES:
        for family in '46':
            got, port = sip.run_case(wire, family, [('c', several(body))])
            sip.judge('%s, IPv%s' % (name, family), got, sip.text_of(ours, family, port), stock)


def length_of(data):
    """What it says, and how long the body is"""
    if data is None:
        return 'dropped'
    head, _, body = data.partition(b'\r\n\r\n')
    return 'Content-Length %s of %d bytes' % (head.rpartition(b' ')[2].decode(), len(body))


def told():
    """With NAT all but the description is as it was, and the length is that of the body."""
    wire = sip.Wire()
    for name, body, _, _ in BODIES:
        for family in '46':
            wire.seen_from = None
            with sip.Talk(wire, family) as talk:
                got = talk.datagram('c', talk.bytes(several(body)))
                wanted = talk.bytes(sip.gate(several(body)).replace('a@@G@>;tag', 'a@@C@>;tag'))
                wire.expected.take()
            title = 'DIFF: NAT: %s, IPv%s' % (name, family)
            if IS_OURS:
                equal(title, got, wanted)
            else:
                print('# stock: %s: %s' % (title, length_of(got)))


# --- both sides behind one NAT -----------------------------------------------------------

def place(data):
    """Where a description says that its media are to be sent"""
    addr = re.search(rb'\nc=IN IP4 ([0-9.]+)', data)
    port = re.search(rb'\nm=audio ([0-9]+)', data)
    return addr and port and '%s:%s' % (addr[1].decode(), port[1].decode())


def telephone(addr, port, proxy):
    """A socket, and where the proxy sees it"""
    enter('c')
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((addr, port))
    sock.settimeout(10)
    sock.sendto(sip.finish(request('OPTIONS', call='0'), '4', port, client=addr), (S4, 5060))
    return sock, proxy.recvfrom(4096)[1]


def call(first):
    """Where the called is told to send, and the caller; the proxy passes their descriptions on."""
    enter('s')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy:
        proxy.bind((S4, 5060))
        proxy.settimeout(10)
        one, outer_one = telephone(C4, first, proxy)
        two, outer_two = telephone('10.0.1.3', first + 1, proxy)
        with one, two:
            one.sendto(sip.finish(request(body=OFFER), '4', first), (S4, 5060))
            offer = proxy.recv(4096).partition(b'\r\n\r\n')[2].decode().replace('\r\n', '\n')
            text = request(uri='sip:b@%s:%d' % outer_two, via='@S@:5060', contact='<sip:a@@S@:5060>', body=offer)
            proxy.sendto(sip.finish(text, '4', first), outer_two)
            to_two = place(two.recv(4096))
            text = answer(body=sdp('m=audio 7000 RTP/AVP 0', conn='10.0.1.3', owner='10.0.1.3'),
                          via='@S@:5060', contact='<sip:b@10.0.1.3:%d>' % (first + 1))
            two.sendto(sip.finish(text, '4', first), (S4, 5060))
            reply = proxy.recv(4096).partition(b'\r\n\r\n')[2].decode().replace('\r\n', '\n')
            proxy.sendto(sip.finish(answer(body=reply), '4', first, client=G4), outer_one)
            return to_two, place(one.recv(4096))


def shared():
    expected = sip.Expectations()
    outer = (G4 + ':6000', G4 + ':7000')
    own = (C4 + ':6000', '10.0.1.3:7000')
    for port, (name, values, wanted) in enumerate((
            ('direct media', {}, outer), ('media of anyone', ANY_MEDIA, own), ('external media', OUTSIDE, own))):
        set_parameters(**values)
        equal('both sides behind one NAT, ' + name, call(31000 + 10 * port), wanted)
        print('# expected: ' + expected.take())
    set_parameters()


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]]()
