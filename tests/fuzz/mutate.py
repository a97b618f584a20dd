"""Damage done to files: by chance, but the same for the same seed."""

import random

LARGE = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(data, seed):
    """Return a damaged copy of some bytes."""
    chance = random.Random(seed)
    copy = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if copy:
            chance.choice(WAYS)(copy, chance)
    return bytes(copy)


def _place(copy, chance):
    """Anywhere, or often near the beginning, where files say what they are."""
    most = len(copy) if chance.random() < 0.5 else min(len(copy), 512)
    return chance.randrange(most)


def _flip_bits(copy, chance):
    for _ in range(chance.choice((1, 1, 4, 32))):
        copy[_place(copy, chance)] ^= 1 << chance.randrange(8)


def _set_bytes(copy, chance):
    for _ in range(chance.choice((1, 2, 16))):
        copy[_place(copy, chance)] = chance.randrange(256)


def _set_number(copy, chance):
    width, order = chance.choice((1, 2, 4, 8)), chance.choice(("little", "big"))
    at = _place(copy, chance)
    number = chance.choice(LARGE) & ((1 << (8 * width)) - 1)
    copy[at : at + width] = number.to_bytes(width, order)


def _cut(copy, chance):
    del copy[_place(copy, chance) :]


def _drop(copy, chance):
    at = _place(copy, chance)
    del copy[at : at + chance.choice((1, 4, 64, 1024))]


def _repeat(copy, chance):
    at, length = _place(copy, chance), chance.choice((1, 8, 64, 512))
    copy[at:at] = copy[at : at + length] * chance.choice((1, 2, 16))


def _insert(copy, chance):
    at = _place(copy, chance)
    copy[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 32))))


def _zero(copy, chance):
    at, length = _place(copy, chance), chance.choice((4, 64, 1024))
    copy[at : at + length] = bytes(len(copy[at : at + length]))


def _exchange(copy, chance):
    one, other, length = _place(copy, chance), _place(copy, chance), chance.choice((4, 32, 256))
    first, second = copy[one : one + length], copy[other : other + length]
    if len(first) == len(second):
        copy[one : one + length], copy[other : other + length] = second, first


WAYS = (_flip_bits, _set_bytes, _set_number, _set_number, _cut, _drop, _repeat, _insert, _zero,
        _exchange)  # fmt: skip
