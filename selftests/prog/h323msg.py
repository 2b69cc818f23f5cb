# SPDX-License-Identifier: GPL-2.0
"""Messages of H.225.0, H.245 and RAS, as their Recommendations have them: an encoder of
aligned PER (X.691) and the few messages that the tests need.

An address is (ADDRESS, PORT).  A function makes a value; its arguments are the parts that
differ.  version=7 adds what H.225.0 (2009) has and older ones have not.
"""

import socket
import struct

GUID = bytes(range(16))


class Per:
    """A value that grows bit by bit."""

    def __init__(self):
        self.text = ''

    def bits(self, value, width):
        if width:
            self.text += format(value, '0%db' % width)
        return self

    def flags(self, *parts):
        """A bit for each part: is it there?"""
        for part in parts:
            self.bits(int(part is not None and part is not False), 1)
        return self

    def align(self):
        self.text += '0' * (-len(self.text) % 8)
        return self

    def octets(self, data):
        self.align()
        return self.bits(int.from_bytes(data, 'big'), 8 * len(data)) if data else self

    def word(self, value):
        return self.octets(struct.pack('>H', value))

    def byte(self, value):
        return self.octets(bytes([value]))

    def long(self, value):
        size = max(1, (value.bit_length() + 7) // 8)
        return self.bits(size - 1, 2).octets(value.to_bytes(size, 'big'))

    def length(self, n):
        return self.byte(n) if n < 128 else self.word(0x8000 | n)

    def string(self, data):
        return self.length(len(data)).octets(data)

    def add(self, part, *args):
        """A part that is made by a function; none if it is None."""
        if part is not None:
            part(self, *args)
        return self

    def open(self, make):
        inner = Per()
        make(inner)
        return self.string(inner.bytes() or b'\0')

    def additions(self, parts, known=None):
        """What later versions have added, None for what is not there."""
        known = known or len(parts)
        parts = list(parts) + [None] * (known - len(parts))
        self.bits(0, 1).bits(known - 1, 6).flags(*parts)
        for part in parts:
            if part is not None:
                self.open(part)
        return self

    def bytes(self):
        self.align()
        return int('1' + self.text, 2).to_bytes(len(self.text) // 8 + 1, 'big')[1:] if self.text else b''


def packed(addr):
    return socket.inet_pton(socket.AF_INET6 if ':' in addr else socket.AF_INET, addr)


def flag(value):
    return lambda p: p.bits(value, 1)


def many(*makers):
    def make(p):
        p.length(len(makers))
        for maker in makers:
            maker(p)
    return make


def many_open(*makers):
    return many(*[lambda p, m=m: p.open(m) for m in makers])


# --- H.225.0, common elements ------------------------------------------------------

def transport(where):
    """TransportAddress; None stays None."""
    if where is None:
        return None
    addr, port = where

    def make(p):
        if ':' in addr:
            p.bits(0, 1).bits(3, 3).bits(0, 1)
        else:
            p.bits(0, 1).bits(0, 3)
        p.octets(packed(addr)).word(port)
    return make


def netbios(p):
    """A TransportAddress that is not one of IP."""
    p.bits(0, 1).bits(4, 3).octets(b'name of NetBIOS.')


def identifier(version):
    return lambda p: p.string(bytes([0, 8, 0x91, 0x4a, 0, version]))


def digits(number):
    """AliasAddress: dialledDigits"""
    def make(p):
        p.bits(0, 1).bits(0, 1).bits(len(number) - 1, 7).align()
        for digit in number:
            p.bits('#*,0123456789'.index(digit), 4)
    return make


def name(text):
    """AliasAddress: h323-ID"""
    return lambda p: p.bits(0, 1).bits(1, 1).byte(len(text) - 1).octets(text.encode('utf-16-be'))


def bmp128(text):
    return lambda p: p.bits(len(text) - 1, 7).octets(text.encode('utf-16-be'))


def nonstandard(p):
    p.bits(0, 1).bits(1, 1).bits(0, 1).byte(0xb5).byte(0).word(0x4c)
    p.string(b'vendor data')


def vendor(p):
    p.bits(0, 1).bits(0b11, 2).bits(0, 1).byte(0xb5).byte(0).word(0x5353)
    p.byte(4).octets(b'phone').byte(2).octets(b'1.0')


def endpoint(p):
    """EndpointType: a terminal"""
    p.bits(0, 1).bits(0b010001, 6).add(vendor).bits(0, 2).bits(0, 2)


def gateway(p):
    """EndpointType: a gateway with protocols, and additions"""
    p.bits(1, 1).bits(0b100100, 6).add(nonstandard)
    p.bits(0, 1).bits(0b10, 2).length(2)
    p.bits(0, 1).bits(7, 4).bits(0, 1).bits(0, 1)
    p.bits(1, 1).bits(0, 7).string(b'\0\0')
    p.bits(0, 2)
    p.additions([lambda q: q.octets(b'\1\2\3\4'), None])


def call_id(p):
    p.bits(0, 1).octets(GUID)


def clear_token(p):
    p.bits(0, 1).bits(0b11101111, 8).string(b'\0\1').long(5)
    p.bits(1, 7).octets('pw'.encode('utf-16-be'))
    p.bits(0, 1)
    for number in (b'\1\2', b'\3', b''):
        p.word(8 * len(number)).octets(number)
    p.string(b'\7').bits(0, 1).string(b'\1').string(b'cert')
    p.bits(1, 7).octets('id'.encode('utf-16-be')).string(b'\1').string(b'x')


def crypto_token(p):
    """CryptoH323Token: nested, hashed"""
    p.bits(0, 1).bits(7, 3).bits(0, 1).bits(2, 2).string(b'\0\1')
    p.bits(0, 1).bits(0, 8).string(b'\0\2')
    p.string(b'\0\3').bits(0, 1).bits(0b01, 2).octets(b'initial!').length(12).bits(0xabc, 12)


# --- call signalling ---------------------------------------------------------------

def setup(h245=None, dest=None, source=None, fast=(), version=4):
    def make(p):
        p.bits(1, 1)
        p.flags(h245, True, True, dest, False, False, False)
        p.add(identifier(version)).add(transport(h245))
        p.add(many(digits('1234'), name('caller'))).add(endpoint).add(many(digits('5678')))
        p.add(transport(dest))
        p.bits(0, 1).octets(GUID).bits(0, 1).bits(0, 2).bits(0, 1).bits(0, 2)
        p.additions([transport(source), None, call_id, None, None, None,
                     many_open(*fast) if fast else None, flag(0), flag(0), None, flag(0), flag(0)],
                    28 if version > 6 else 25)
    return 0, make


def proceeding(h245=None, fast=(), version=4, index=1):
    def make(p):
        p.bits(1, 1).flags(h245).add(identifier(version)).add(endpoint).add(transport(h245))
        more = [call_id, None, None, None, many_open(*fast) if fast else None, flag(0), flag(0)]
        p.additions(more, {1: 9, 3: 15 if version > 6 else 14}[index])
    return index, make


def alerting(h245=None, fast=(), version=4):
    return proceeding(h245, fast, version, 3)


def connect(h245=None, fast=(), version=4):
    def make(p):
        p.bits(1, 1).flags(h245).add(identifier(version)).add(transport(h245)).add(gateway)
        p.octets(GUID)
        more = [call_id, None, None, None, many_open(*fast) if fast else None, flag(0), flag(0)]
        if version > 6:
            more += [None] * 8 + [lambda q: q.length(1).bits(0, 1).bits(2, 7).octets(b'\0a\0b\0c')]
        p.additions(more, 16 if version > 6 else 15)
    return 2, make


def information(fast=()):
    return 4, lambda p: p.bits(1, 1).add(identifier(4)).additions(
        [call_id, None, None, many_open(*fast) if fast else None, None, None])


def release(p):
    p.bits(0, 1).bits(1, 1).add(identifier(4)).bits(0, 1).bits(3, 4)


def facility(reason, alternative=None, h245=None, fast=()):
    """Reasons from 4 on are additions."""
    def make(p):
        p.bits(1, 1).flags(alternative, False, False).add(identifier(4)).add(transport(alternative))
        if reason < 4:
            p.bits(0, 1).bits(reason, 2)
        else:
            p.bits(1, 1).bits(0, 1).bits(reason - 4, 6).open(lambda q: q)
        p.additions([call_id, None, None, None, None, None, transport(h245),
                     many_open(*fast) if fast else None, flag(0), flag(0)], 16)
    return 6, make


def progress(h245=None, fast=(), tokens=False):
    def make(p):
        p.bits(1, 1).flags(h245, True, tokens, tokens, bool(fast)).add(identifier(4)).add(endpoint)
        p.add(transport(h245)).add(call_id).bits(0, 1).bits(1, 2)
        if tokens:
            p.add(many(clear_token)).add(many(crypto_token))
        if fast:
            p.add(many_open(*fast))
        p.additions([flag(0), flag(0), None])
    return 7, make


# Types of Q.931 messages, by alternative of the body
Q931 = {0: 5, 1: 2, 2: 7, 3: 1, 4: 0x7b, 5: 0x5a, 6: 0x62, 7: 3, 8: 0x62}


def user_information(body, tunnel=()):
    index, make = body
    p = Per().bits(0, 1).bits(0, 1)
    p.bits(1, 1).bits(0, 1)
    if index < 7:
        p.bits(0, 1).bits(index, 3).add(make)
    else:
        p.bits(1, 1).bits(0, 1).bits(index - 7, 6).open(make)
    p.additions([None, flag(1), many_open(*tunnel) if tunnel else None], 9)
    return p.bytes()


ELEMENTS = b'\x04\x03\x88\x93\xa5\x28\x05phone'


def q931(body, user, elements=ELEMENTS):
    """A message of Q.931 around the bytes of a body."""
    return (b'\x08\x02\x12\x34' + bytes([Q931[body[0]]]) + elements +
            b'\x7e' + struct.pack('>H', len(user) + 1) + b'\x05' + user)


def call(body, tunnel=(), elements=ELEMENTS):
    return q931(body, user_information(body, tunnel), elements)


EMPTY = 8, lambda p: p


def tpkt(*messages):
    return b''.join(b'\3\0' + struct.pack('>H', len(m) + 4) + m for m in messages)


# --- H.245 -------------------------------------------------------------------------

def unicast(where):
    if where is None:
        return None
    addr, port = where

    def make(p):
        p.bits(0, 1).bits(0, 1).bits(0, 1).bits(2 if ':' in addr else 0, 3).bits(0, 1)
        p.octets(packed(addr)).word(port)
    return make


def audio(p):
    p.bits(0, 1).bits(3, 3).bits(0, 1).bits(3, 4).byte(19)


def video(p):
    """H.263 with an addition"""
    p.bits(0, 1).bits(2, 3).bits(0, 1).bits(3, 3)
    p.bits(1, 1).bits(0b0110000, 7).bits(0, 5).bits(1, 5).long(3839).bits(0, 5)
    p.additions([None, None, None, None, None, flag(0), None, None])


def generic_video(p):
    """An addition to VideoCapability"""
    p.bits(0, 1).bits(2, 3).bits(1, 1).bits(0, 7).string(b'h264 as unknown octets')


def t120(p):
    """separateLANStack"""
    p.bits(0, 1).bits(4, 3).bits(0, 1).bits(0, 1).bits(1, 4)
    p.bits(1, 1).bits(0, 1).bits(3, 6).string(b'\0').long(640)


def h2250(session, media, control):
    def make(p):
        p.bits(0, 1).flags(False, False, media, False, control, False, True, False, False, False)
        p.byte(session).add(unicast(media)).add(unicast(control)).bits(0, 1)
    return make


def access(where):
    if where is None:
        return None
    return lambda p: p.bits(0, 1).bits(0, 2).bits(0, 1).bits(2, 2).add(unicast(where)).bits(0, 1)


def olc(channel=1, data=audio, media=None, control=None, reverse=None, stack=None, session=1):
    """OpenLogicalChannel; reverse: (media, control) of the other direction"""
    def make(p):
        p.flags(stack, reverse).word(channel)
        p.bits(0, 1).bits(0, 1).add(data)
        p.bits(1, 1).bits(0, 1)
        if stack and not control:
            p.bits(1, 6).string(b'\0')
        else:
            p.bits(0, 6).open(h2250(session, media, control))
        if reverse:
            p.bits(0, 1).bits(1, 1).add(data).bits(1, 1).bits(0, 7).open(h2250(session, *reverse))
        if stack:
            p.additions([access(stack), None, None])
    return make


def request(make):
    return lambda p: p.bits(0, 1).bits(0, 2).bits(0, 1).bits(3, 4).add(make)


def ack(channel=1, media=None, control=None, reverse=None, stack=None):
    def make(p):
        p.bits(0, 1).bits(1, 2).bits(0, 1).bits(5, 5)
        forward = None
        if media or control:
            forward = lambda q: q.bits(0, 1).bits(0, 1).flags(False, True, media, control, False).bits(
                0, 8).add(unicast(media)).add(unicast(control))
        p.flags(stack or forward, reverse).word(channel)
        if reverse:
            p.bits(0, 1).bits(0b01, 2).word(channel)
            p.bits(1, 1).bits(0, 7).open(h2250(1, *reverse))
        if stack or forward:
            p.additions([access(stack), forward, None, None])
    return make


def capabilities(p):
    """TerminalCapabilitySet, of which the helper reads nothing"""
    p.bits(0, 1).bits(0, 2).bits(0, 1).bits(2, 4).bits(0, 4).byte(1).string(b'\0\x08\x81\x75\0\7')


def control(make):
    return Per().add(make).bytes()


# --- RAS ---------------------------------------------------------------------------

def ras(index, make):
    return Per().bits(0, 1).bits(index, 5).add(make).bytes()


def grq(where):
    return ras(0, lambda p: p.bits(0, 1).bits(0b0010 >> 1, 4).word(1).add(identifier(4)).add(
        transport(where)).add(endpoint).add(many(digits('1234'))))


def gcf(where):
    return ras(1, lambda p: p.bits(0, 1).bits(0b01, 2).word(1).add(identifier(4)).add(
        bmp128('gk')).add(transport(where)))


def rrq(signal, where, ttl=None, version=4):
    def make(p):
        p.bits(1, 1).bits(0b010, 3).word(2).add(identifier(version)).bits(1, 1)
        p.add(many(*[transport(s) if isinstance(s, tuple) else s for s in signal]))
        p.add(many(transport(where))).add(endpoint).add(many(digits('1234'), name('phone'))).add(vendor)
        more = [None, (lambda q: q.long(ttl - 1)) if ttl else None, None, None, None, flag(0), None, flag(0),
                flag(0)]
        p.additions(more, 27 if version > 6 else 21)
    return ras(3, make)


def rcf(signal, ttl=None):
    def make(p):
        p.bits(1, 1).bits(0b011, 3).word(2).add(identifier(4)).add(many(*[transport(s) for s in signal]))
        p.add(many(digits('1234'))).add(bmp128('gk')).add(bmp128('endpoint'))
        p.additions([None, (lambda q: q.long(ttl - 1)) if ttl else None, None, None, None, flag(0)], 17)
    return ras(4, make)


def urq(signal):
    return ras(6, lambda p: p.bits(0, 1).bits(0b001, 3).word(3).add(
        many(*[transport(s) for s in signal])).add(bmp128('endpoint')))


def ucf():
    return ras(7, lambda p: p.bits(0, 1).bits(0, 1).word(3))


def arq(dest=None, source=None):
    def make(p):
        p.bits(0, 1).flags(False, True, dest, False, source, False, False).word(4)
        p.bits(0, 1).bits(0, 2).add(bmp128('endpoint')).add(many(digits('5678'))).add(transport(dest))
        p.add(many(digits('1234'))).add(transport(source)).long(1280).word(7).octets(GUID).bits(0, 2)
    return ras(9, make)


def acf(where):
    return ras(10, lambda p: p.bits(0, 1).bits(0, 2).word(4).long(1280).bits(0, 1).bits(1, 1).add(
        transport(where)))


def lrq(where):
    return ras(18, lambda p: p.bits(0, 1).bits(0, 2).word(5).add(many(digits('5678'))).add(transport(where)))


def lcf(signal, where):
    return ras(19, lambda p: p.bits(0, 1).bits(0, 1).word(5).add(transport(signal)).add(transport(where)))


def irr(where, signal):
    return ras(22, lambda p: p.bits(0, 1).bits(0, 3).word(6).add(endpoint).add(bmp128('endpoint')).add(
        transport(where)).add(many(*[transport(s) for s in signal])))
