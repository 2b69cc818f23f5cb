# SPDX-License-Identifier: GPL-2.0
"""Reads the types (BTF) of a kernel and its modules and compares prototypes of functions, for abi/check.

A module's types continue those of the kernel's image, or (.BTF.base, made since 6.11 for modules from outside) those of an
extract of it, in which a structure has its name and size only. Format: Documentation/bpf/btf.rst of the kernel.
"""
import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, DATASEC, FLOAT, DECL_TAG, \
    TYPE_TAG, ENUM64 = range(1, 20)

# What follows the 12 bytes of each type: so many words, and so many for each member
EXTRA = {INT: (1, 0), ARRAY: (3, 0), STRUCT: (0, 3), UNION: (0, 3), ENUM: (0, 2), PROTO: (0, 2), VAR: (1, 0),
         DATASEC: (0, 3), DECL_TAG: (1, 0), ENUM64: (0, 3)}
# Have a size where the others name a type
SIZED = {INT, STRUCT, UNION, ENUM, DATASEC, FLOAT, ENUM64}
WORDS = {STRUCT: 'struct', UNION: 'union', ENUM: 'enum', ENUM64: 'enum', FWD: 'struct'}


class Type:
    """One type; "owner" knows the numbers that it names others by."""

    def __init__(self, owner, kind, name, flag, target, words, count):
        self.owner = owner
        self.kind = kind
        self.name = name
        self.flag = flag
        self.target = target        # size or type
        self.words = words
        self.count = count

    def rows(self):
        """The members: name, and the words behind it."""
        width = EXTRA[self.kind][1]
        return [(self.owner.string(self.words[i]),) + self.words[i + 1:i + width]
                for i in range(0, self.count * width, width)]

    def next(self):
        return self.owner[self.target]

    def __str__(self):
        return f'{WORDS.get(self.kind, "type")} {self.name or "without a name"}'


class Types:
    """The types of one .BTF section; base: the Types that it continues."""

    def __init__(self, data, order, base=None):
        self.base = base
        magic, _, _, length, at, size, strings, strings_size = struct.unpack_from(order + 'HBBIIIII', data)
        if magic != 0xeb9f:
            raise ValueError('no BTF')
        self.strings = data[length + strings:length + strings + strings_size]
        self.strings_from = base.strings_end() if base else 0
        self.first = base.end() if base else 1
        self.types = []
        at, end = at + length, at + length + size
        while at < end:
            name, info, target = struct.unpack_from(order + '3I', data, at)
            kind, count = info >> 24 & 31, info & 0xffff
            fixed, each = EXTRA.get(kind, (0, 0))
            words = struct.unpack_from(f'{order}{fixed + each * count}I', data, at + 12)
            at += 12 + 4 * len(words)
            self.types.append(Type(self, kind, self.string(name), info >> 31, target, words, count))
        self.names = None

    def end(self):
        return self.first + len(self.types)

    def strings_end(self):
        return self.strings_from + len(self.strings)

    def string(self, offset):
        if offset < self.strings_from:
            return self.base.string(offset)
        offset -= self.strings_from
        return self.strings[offset:self.strings.index(b'\0', offset)].decode()

    def __getitem__(self, number):
        if not number:
            return Type(self, 0, 'void', 0, 0, (), 0)
        if number < self.first:
            return self.base[number]
        return self.types[number - self.first]

    def functions(self):
        return {kind.name: kind.next() for kind in self.types if kind.kind == FUNC}

    def like(self, wanted):
        """The types with the kind, name and size of another one."""
        if self.names is None:
            self.names = {}
            for found in self.types:
                self.names.setdefault((found.kind, found.name), []).append(found)
        return [found for found in self.names.get((wanted.kind, wanted.name), ()) if found.target == wanted.target]


class Comparison:
    """Compares prototypes of ours and of stock and everything that they reach; "differences" says where they differ."""

    def __init__(self, image, extract):
        self.image = image          # Types of the kernel
        self.extract = extract      # Types that ours continue, if not those
        self.differences = {}
        self.seen = {}
        self.structures = set()

    def _meant(self, kind):
        """Without names for types; the kernel's own structure where ours has only its name and size."""
        while kind.kind in (TYPEDEF, TYPE_TAG):
            kind = kind.next()
        if kind.owner is self.extract and kind.kind in (STRUCT, UNION, ENUM, ENUM64):
            return next(iter(self.image.like(kind)), kind)
        return kind

    def _differ(self, where, text):
        self.differences.setdefault(where, text)
        return False

    def same(self, ours, stock, where):
        ours, stock = self._meant(ours), self._meant(stock)
        if ours is stock or ours.kind == stock.kind == 0:
            return True
        pair = (ours, stock)
        if pair not in self.seen:
            self.seen[pair] = True      # for circles
            self.seen[pair] = self._same(ours, stock, where)
        return self.seen[pair]

    def _same(self, ours, stock, where):
        kinds = {ours.kind, stock.kind}
        if ours.name != stock.name:
            return self._differ(where, f'{ours}, the kernel has {stock}')
        if len(kinds) > 1:
            # one of them knows no more than that there is such a structure
            if FWD in kinds and kinds & {STRUCT, UNION}:
                return True
            return self._differ(where, f'{ours} is of another kind than the kernel\'s')
        if ours.kind in (STRUCT, UNION):
            return self._same_structure(ours, stock, where)
        if ours.kind == PROTO:
            return self._same_prototype(ours, stock, where)
        if ours.kind in SIZED and (ours.target, self._values(ours)) != (stock.target, self._values(stock)):
            return self._differ(where, f'{ours} has another size or other values')
        if ours.kind == ARRAY:
            if ours.words[2] != stock.words[2]:
                return self._differ(where, f'{ours.words[2]} elements, the kernel has {stock.words[2]}')
            return self.same(ours.owner[ours.words[0]], stock.owner[stock.words[0]], where)
        if ours.kind in (PTR, VOLATILE, CONST, RESTRICT):
            return self.same(ours.next(), stock.next(), where)
        return True

    @staticmethod
    def _values(kind):
        return kind.rows() if kind.kind in (ENUM, ENUM64) else kind.words

    def _same_structure(self, ours, stock, where):
        where = str(ours) if ours.name else where
        if ours.name:
            self.structures.add(where)
        if ours.target != stock.target:
            return self._differ(where, f'{ours.target} bytes, the kernel has {stock.target}')
        mine, theirs = ours.rows(), stock.rows()
        layout = [[(name, place) for name, _, place in rows] for rows in (mine, theirs)]
        if layout[0] != layout[1] or ours.flag != stock.flag:
            odd = next((a or b for a, b in zip(*layout) if a != b), layout[0][-1:] and layout[0][-1])
            return self._differ(where, f'other members, or in other places, from {odd[0] or "one without a name"} on')
        return all([self.same(ours.owner[a[1]], stock.owner[b[1]], f'{where}, member {a[0]}')
                    for a, b in zip(mine, theirs)])

    def _same_prototype(self, ours, stock, where):
        if ours.count != stock.count:
            return self._differ(where, f'{ours.count} arguments, the kernel has {stock.count}')
        arguments = [(ours.owner[a[1]], stock.owner[b[1]], a[0]) for a, b in zip(ours.rows(), stock.rows())]
        return all([self.same(ours.next(), stock.next(), f'{where}, result')] +
                   [self.same(a, b, f'{where}, argument {name}') for a, b, name in arguments])
