# SPDX-License-Identifier: GPL-2.0
"""Runs a few threads of a few instructions each in every order that a weakly ordered machine may choose.

The machine is that of the kernel's memory model, in short: memory is one for all CPUs, and an instruction takes
effect in it at one moment. Of one thread, a later instruction may take effect before an earlier one, unless
- both access the same place,
- the later one uses what the earlier one has read (address, data), or is a write behind a branch on it,
- a barrier of the right kind stands between them, the earlier one is an acquire, or the later one a release.
A read behind a branch may come before it. That is as weak as arm64, and a little weaker.

A program names places and registers by words. read(), write(), change() and fence() make instructions; leave() ends the
thread if its condition holds. explore() returns all ends.
"""

from collections import namedtuple

Op = namedtuple('Op', 'kind place register value uses acquire release full test')
BLANK = Op('', None, None, None, (), False, False, False, None)


def read(register, place, acquire=False, uses=()):
    """uses: registers that the address depends on"""
    return BLANK._replace(kind='read', register=register, place=place, acquire=acquire, uses=tuple(uses))


def write(place, value, release=False, uses=()):
    """value: a number, or a function of the registers, which uses names"""
    return BLANK._replace(kind='write', place=place, value=value, release=release, uses=tuple(uses))


def change(register, place, function, acquire=False, release=False, full=False):
    """An atomic operation: register gets the old value; the new one is function(old). Unordered, if nothing is said."""
    return BLANK._replace(kind='change', register=register, place=place, value=function, acquire=acquire,
                          release=release, full=full)


def lock(place):
    """Waits until the place is 0, and makes it 1."""
    return BLANK._replace(kind='lock', place=place, acquire=True)


def unlock(place):
    return write(place, 0, release=True)


def fence(kind):
    """mb, rmb or wmb, as the kernel's smp_...()"""
    return BLANK._replace(kind=kind)


def leave(test, *uses):
    """The thread ends here if test(registers), which looks at uses."""
    return BLANK._replace(kind='leave', test=test, uses=uses)


def _reads(op):
    return op.kind in ('read', 'change', 'lock')


def _writes(op):
    return op.kind in ('write', 'change', 'lock')


def _fenced(thread, i, j):
    """Does a barrier stand between the instructions i and j?"""
    first, second = thread[i], thread[j]
    for k in range(i + 1, j):
        kind = thread[k].kind
        if kind == 'mb' or (kind == 'rmb' and _reads(first) and _reads(second)) or \
                (kind == 'wmb' and _writes(first) and _writes(second)):
            return True
    return False


def _ordered(thread, i, j):
    """Must i take effect before j, which is later in the program?"""
    first, second = thread[i], thread[j]
    if first.register is not None and first.register in second.uses:
        return True
    if 'leave' in (first.kind, second.kind):
        return first.kind == 'leave' and (_writes(second) or second.kind == 'leave')
    return first.place == second.place or first.acquire or second.release or first.full or second.full or \
        _fenced(thread, i, j)


def _is_fence(op):
    return op.kind in ('mb', 'rmb', 'wmb')


class Machine:
    """All orders of some threads."""

    def __init__(self, memory, threads):
        self.threads = threads
        self.memory = memory
        self.before = [[[i for i in range(j) if not _is_fence(thread[i]) and _ordered(thread, i, j)]
                        for j in range(len(thread))] for thread in threads]

    def start(self):
        done = tuple(frozenset(i for i, op in enumerate(thread) if _is_fence(op)) for thread in self.threads)
        return done, tuple(() for _ in self.threads), tuple(sorted(self.memory.items()))

    def _ready(self, done, memory, t, j):
        op = self.threads[t][j]
        if j in done[t] or any(i not in done[t] for i in self.before[t][j]):
            return False
        return op.kind != 'lock' or memory[op.place] == 0

    def _perform(self, state, t, j):
        done, registers, memory = state
        op, mine, memory = self.threads[t][j], dict(registers[t]), dict(memory)
        finished = done[t] | {j}
        if op.kind == 'leave':
            if op.test(mine):
                finished = frozenset(range(len(self.threads[t])))
                # what was read behind it was never read
                mine = {name: mine[name] for name in op.uses}
                mine['left'] = j
        else:
            old = memory[op.place]
            if op.register is not None:
                mine[op.register] = old
            if op.kind == 'lock':
                memory[op.place] = 1
            elif op.kind == 'change':
                memory[op.place] = op.value(old)
            elif op.kind == 'write':
                memory[op.place] = op.value(mine) if callable(op.value) else op.value
        return (done[:t] + (frozenset(finished),) + done[t + 1:],
                registers[:t] + (tuple(sorted(mine.items())),) + registers[t + 1:], tuple(sorted(memory.items())))

    def _steps(self, state):
        memory = dict(state[2])
        for t, thread in enumerate(self.threads):
            for j in range(len(thread)):
                if self._ready(state[0], memory, t, j):
                    yield self._perform(state, t, j)

    def explore(self):
        """Yields (registers of each thread, memory) at each end."""
        stack, seen = [self.start()], set()
        while stack:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            following = list(self._steps(state))
            stack.extend(following)
            if not following:
                yield [dict(registers) for registers in state[1]], dict(state[2])


def explore(memory, *threads):
    return Machine(memory, threads).explore()
