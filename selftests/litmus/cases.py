#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the modules do without a lock, a few instructions each, in every order that weak memory order allows.

  cases.py [NAME]...     default: all; a line "ok" or "not ok" for each form of a case

A case has two forms: as it is in the source, where what must not be is never an end; and with one barrier (or order)
left out, where it must be an end: else the case would show nothing. The machine is explained in machine.py. A test in
QEMU cannot do this: on an x86 host a guest of arm64 sees the order of x86.
"""

import sys

from machine import change, explore, fence, leave, lock, read, unlock, write

CASES = {}


def case(function):
    CASES[function.__name__.replace('_', '-')] = function
    return function


def plus(register_value):
    return register_value + 1


def minus(register_value):
    return register_value - 1


def set_to(value):
    return lambda old: value


def same(old):
    return old


# A case returns (memory, threads, what must not be); "weak" leaves something out.

@case
def table_add(weak):
    """nf_ct_line_add(), nf_conntrack_table_find(): who sees the tag sees the slot and the entry"""
    writer = [write('entry', 1), write('slot', 1), write('head', 1, release=not weak)]
    reader = [read('h', 'head', acquire=True), leave(lambda r: not r['h'], 'h'), read('s', 'slot'),
              read('e', 'entry', uses=['s'])]
    return {'entry': 0, 'slot': 0, 'head': 0}, [writer, reader], \
        lambda r, m: r[1]['h'] and not (r[1]['s'] and r[1]['e'])


@case
def table_shift(weak):
    """nf_ct_slot_shift(), nf_ct_bucket_shifted(): who misses the entry in both places sees another count"""
    mover = [write('near slot', 1), write('near head', 1, release=True), write('count', 1, release=True), fence('wmb'),
             write('last head', 0), write('last slot', 0)]
    reader = [read('begun', 'count', acquire=True), read('h', 'near head', acquire=True), read('s', 'near slot'),
              read('lh', 'last head', acquire=True), read('ls', 'last slot')] + \
        ([] if weak else [fence('rmb')]) + [read('count', 'count')]
    memory = {'near slot': 0, 'near head': 0, 'count': 0, 'last head': 1, 'last slot': 1}

    def missed(r, m):
        found = (r[1]['h'] and r[1]['s']) or (r[1]['lh'] and r[1]['ls'])
        return not found and r[1]['count'] == r[1]['begun']
    return memory, [mover, reader], missed


@case
def table_moved(weak):
    """nf_ct_move_bucket(), nf_ct_bucket_rcu(): who sees MOVED sees the next generation"""
    mover = [write('next', 1), write('bucket', 1), write('moved', 1, release=not weak)]
    reader = [read('m', 'moved', acquire=True), leave(lambda r: not r['m'], 'm'), read('n', 'next'),
              read('b', 'bucket', uses=['n'])]
    return {'next': 0, 'bucket': 0, 'moved': 0}, [mover, reader], \
        lambda r, m: r[1]['m'] and not (r[1]['n'] and r[1]['b'])


@case
def table_reused(weak):
    """nf_ct_slot_get(): an object that is used again under a reader; NAT changes the key before confirmation"""
    owner = [write('use', 1), write('key', 2), write('timeout', 1), fence('mb'), change(None, 'confirmed', set_to(1))]
    count = [change('u', 'use', lambda old: old + 1 if old else 0), leave(lambda r: not r['u'], 'u'), fence('rmb')]
    confirmed, key = read('c', 'confirmed', acquire=not weak), read('k', 'key')
    reader = count + [confirmed, key, read('t', 'timeout')]
    return {'use': 0, 'key': 1, 'timeout': 0, 'confirmed': 0}, [owner, reader], \
        lambda r, m: r[1].get('c') and (r[1]['k'] == 1 or not r[1]['t'])


@case
def table_reused_key_first(weak):
    """the same: the key is compared after the bit, not before, which is wrong on any machine"""
    owner = [write('use', 1), write('key', 2), fence('mb'), change(None, 'confirmed', set_to(1))]
    count = [change('u', 'use', lambda old: old + 1 if old else 0), leave(lambda r: not r['u'], 'u'), fence('rmb')]
    confirmed, key = read('c', 'confirmed', acquire=True), read('k', 'key', acquire=True)
    reader = count + ([key, confirmed] if weak else [confirmed, key])
    return {'use': 0, 'key': 1, 'confirmed': 0}, [owner, reader], lambda r, m: r[1].get('c') and r[1]['k'] == 1


@case
def wheel_take(weak):
    """nf_ct_wheel_take(), nf_ct_deadline_disarm(): the reference comes before the entry is seen unlinked"""
    count = change('use', 'use', plus)
    unlink = write('linked', 0, release=not weak)
    taker = [unlink, count] if weak else [count, unlink]
    # it ends the entry, has a reference, and drops the table's as well
    killer = [read('l', 'linked'), leave(lambda r: r['l'], 'l'), change('a', 'use', minus, release=True),
              change('b', 'use', minus, release=True)]
    return {'use': 2, 'linked': 1}, [taker, killer], lambda r, m: r[0]['use'] == 0


@case
def wheel_move(weak):
    """nf_ct_deadline_shrunk(), disarm: an entry that moves from slot to slot is not seen unlinked"""
    mover = [lock('lock'), read('was', 'linked'), leave(lambda r: not r['was'], 'was')] + \
        ([write('linked', 0)] if weak else []) + [write('linked', 1), unlock('lock')]
    killer = [change(None, 'dying', set_to(1), full=True), read('l', 'linked')]
    return {'lock': 0, 'linked': 1, 'dying': 0}, [mover, killer], lambda r, m: not r[1]['l'] and m['linked']


@case
def wheel_arm(weak):
    """nf_ct_wheel_arm(), disarm: the one sees IPS_DYING, or the other that the entry hangs"""
    arm = [write('linked', 1)] + ([] if weak else [fence('mb')]) + [read('d', 'dying')]
    killer = [change(None, 'dying', set_to(1), full=True), read('l', 'linked')]
    return {'linked': 0, 'dying': 0}, [arm, killer], lambda r, m: not r[0]['d'] and not r[1]['l']


@case
def wheel_deadline(weak):
    """nf_ct_wheel_arm(), nf_ct_deadline_shrunk(): a deadline that comes nearer is seen by one of the two"""
    arm = [write('armed', 1)] + ([] if weak else [fence('mb')]) + [read('t', 'timeout')]
    setter = [change(None, 'timeout', set_to(1), full=True), fence('mb'), read('a', 'armed')]
    return {'armed': 0, 'timeout': 0}, [arm, setter], lambda r, m: not r[0]['t'] and not r[1]['a']


@case
def confirm_hash(weak):
    """nf_ct_publish(), nf_ct_newcomer_lock(): who has read the place of the deadline for a hash sees IPS_CONFIRMED"""
    first = [change(None, 'confirmed', set_to(1))] + ([] if weak else [fence('mb')]) + [write('hash', 1)]
    # the hash chooses the lock: its address depends on it
    clone = [read('h', 'hash'), read('lock', 'lock', acquire=True, uses=['h']), read('c', 'confirmed')]
    return {'hash': 0, 'confirmed': 0, 'lock': 0}, [first, clone], lambda r, m: r[1]['h'] and not r[1]['c']


@case
def events_note(weak):
    """nf_ct_unsent_claim(), nf_ct_unsent_release(): an event is seen by the sender, or its CPU becomes the sender"""
    # set_bit() of nf_ct_event_note(), then the compare-and-exchange that looks for BUSY
    noter = [change(None, 'cache', set_to(1)), change('busy', 'word', same, full=not weak)]
    sender = [change(None, 'word', set_to(0), full=True), read('c', 'cache')]
    return {'cache': 0, 'word': 1}, [noter, sender], lambda r, m: r[0]['busy'] and not r[1]['c']


@case
def events_released(weak):
    """nf_ct_unsent_finish(): after BUSY is given back another CPU may drop the list's reference"""
    first = ([] if weak else [change(None, 'use', plus)]) + \
        [change(None, 'word', set_to(0), full=True), read('freed', 'freed')] + \
        ([] if weak else [change('mine', 'use', minus, release=True)])
    second = [change('busy', 'word', lambda old: 1, full=True), leave(lambda r: r['busy'], 'busy'),
              change('u', 'use', minus, release=True), leave(lambda r: r['u'] > 1, 'u'), write('freed', 1)]
    return {'word': 1, 'use': 1, 'freed': 0}, [first, second], lambda r, m: r[0]['freed']


@case
def events_search(weak):
    """nf_ct_unsent_missing(): who sees that a listener lacks something, and not BUSY, sees it queued"""
    sender = [change(None, 'word', set_to(1), full=True), change(None, 'bit', set_to(1), full=True),
              lock('xa'), write('queued', 1), unlock('xa'), change(None, 'word', set_to(0), full=True)]
    search = [read('bit', 'bit'), leave(lambda r: not r['bit'], 'bit')] + ([] if weak else [fence('rmb')]) + \
        [read('busy', 'word'), leave(lambda r: r['busy'], 'busy'), lock('xa'), read('q', 'queued'), unlock('xa')]
    return {'word': 0, 'bit': 0, 'queued': 0, 'xa': 0}, [sender, search], \
        lambda r, m: 'left' not in r[1] and not r[1]['q']


@case
def listener_slot(weak):
    """nf_conntrack_listener_is(): a slot that goes to a listener with the same port in another namespace"""
    taker = [write('port', 0), write('net', 2), write('port', 7, release=True)]
    finder = [read('p', 'port', acquire=not weak), read('n', 'net')]
    return {'port': 5, 'net': 1}, [taker, finder], lambda r, m: r[1]['p'] == 7 and r[1]['n'] == 1


@case
def serving(weak):
    """nf_conntrack_resend_begin(), _end(): a CPU that finds the listener served is noticed"""
    begin = [change('busy', 'serving', set_to(1), acquire=True), leave(lambda r: not r['busy'], 'busy'),
             write('again', 1)] + ([] if weak else [fence('mb')]) + [read('still', 'serving')]
    end = [write('serving', 0, release=True), fence('mb'), read('again', 'again')]
    return {'serving': 1, 'again': 0}, [begin, end], \
        lambda r, m: r[0]['busy'] and r[0].get('still') and not r[1]['again']


@case
def worker_sleep(weak):
    """nf_conntrack_resend_sleep(), nf_conntrack_events_kick(): the worker sees the bit, or the kick sees the timer"""
    sleep = [lock('base'), write('timer', 1), unlock('base')] + ([] if weak else [fence('mb')]) + [read('k', 'kicked')]
    kick = [change(None, 'kicked', set_to(1))] + ([] if weak else [fence('mb')]) + [read('t', 'timer')]
    return {'base': 0, 'timer': 0, 'kicked': 0}, [sleep, kick], lambda r, m: not r[0]['k'] and not r[1]['t']


@case
def worker_finish(weak):
    """nf_conntrack_resend_finish(), nf_conntrack_unsent_wake(): the worker sees the queue, or is started again"""
    finish = [change(None, 'scheduled', set_to(0))] + ([] if weak else [fence('mb')]) + [read('q', 'queue')]
    wake = [lock('xa'), write('queue', 1), unlock('xa'), change('was', 'scheduled', set_to(1), full=True)]
    return {'scheduled': 1, 'queue': 0, 'xa': 0}, [finish, wake], lambda r, m: not r[0]['q'] and r[1]['was']


@case
def worker_first(weak):
    """nf_conntrack_resend_round(), _wake(): a queue that fills behind the round's back is looked at before the sleep"""
    worker = [change(None, 'first', set_to(0)), fence('mb'), read('q', 'queue'), leave(lambda r: r['q'], 'q'),
              lock('base'), write('timer', 1), unlock('base'), fence('mb'), read('f', 'first')]
    wake = [lock('xa'), write('queue', 1), unlock('xa')] + ([] if weak else [fence('mb')]) + \
        [change(None, 'first', set_to(1)), change('was', 'scheduled', set_to(1), full=True), read('t', 'timer')]
    return {'first': 0, 'queue': 0, 'timer': 0, 'scheduled': 1, 'base': 0, 'xa': 0}, [worker, wake], \
        lambda r, m: 'left' not in r[0] and not r[0]['f'] and not r[1]['t']


@case
def extension_late(weak):
    """nf_ct_ext_publish(): who sees the offset of an extension sees its zeroes"""
    adder = [write('bytes', 0), write('offset', 1, release=not weak)]
    reader = [read('o', 'offset'), leave(lambda r: not r['o'], 'o'), read('b', 'bytes', uses=['o'])]
    return {'bytes': 9, 'offset': 0}, [adder, reader], lambda r, m: r[1]['o'] and r[1]['b']


@case
def namespace_end(weak):
    """nf_conntrack_free(): who reads the count 0 sees the entry freed"""
    last = [write('freed', 1)] + ([] if weak else [fence('mb')]) + [change(None, 'count', minus)]
    # the end of a namespace frees what entries point to
    end = [read('n', 'count'), leave(lambda r: r['n'], 'n'), fence('mb'), read('f', 'freed')]
    return {'freed': 0, 'count': 1}, [last, end], lambda r, m: not r[1]['n'] and not r[1]['f']


def happens(name, weak):
    memory, threads, wrong = CASES[name](weak)
    return any(wrong(registers, end) for registers, end in explore(memory, *threads))


def main():
    failed = False
    for name in sys.argv[1:] or CASES:
        for text, good in ((f'{name}: as it is', not happens(name, False)),
                           (f'{name}: wrong with less order', happens(name, True))):
            print('ok' if good else 'not ok', text)
            failed |= not good
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
