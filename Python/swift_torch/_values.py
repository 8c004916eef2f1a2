"""Between Python's values and the library's tagged ones (`st_value` of swift_torch.h, 24 bytes each).

A value on its way to the library is a tuple `(kind, a, b)`; `pack` lays a call's values out in one block of bytes that has
no addresses in it. On the way back `unpack` reads the library's memory.
"""

import ctypes
import struct
from collections import OrderedDict

import numpy as np

from . import _library as lib
from . import _types as types

NONE, TENSOR, INT, DOUBLE, BOOL, COMPLEX, STRING, DTYPE, DEVICE, MEMORY_FORMAT, GENERATOR, LIST, TUPLE, DICT, BYTES, SIZE, \
    SET, BIG_INT, OBJECT, MODULE = range(20)
RELATIVE, SAME, ORDERED = 1, 2, 4

_ITEMS = frozenset((LIST, TUPLE, DICT, SIZE, SET, OBJECT))
_TEXTS = frozenset((STRING, DEVICE, BYTES, BIG_INT))
_HANDLES = frozenset((TENSOR, GENERATOR, MODULE))
_int = struct.Struct("<IIqq")
_handle = struct.Struct("<IIQq")
_double = struct.Struct("<IIdd")
WIDTH = 24

# What makes objects of handles: set by the modules that have the classes.
makers = {}


class OverflowingInteger(RuntimeError):
    """An integer that 64 bits cannot hold."""


def pack(values):
    """One block of bytes for a list of values."""
    block = bytearray(WIDTH * len(values))
    at = 0
    for value in values:
        _put(block, at, value, 0)
        at += WIDTH
    return bytes(block)


def _put(block, at, value, flags):
    kind, a, b = value
    if kind == DOUBLE or kind == COMPLEX:
        _double.pack_into(block, at, kind, flags, a, b)
    elif kind in _HANDLES:
        _handle.pack_into(block, at, kind, flags, a, 0)
    elif kind in _ITEMS:
        start = len(block)
        block.extend(bytes(WIDTH * len(a)))
        _int.pack_into(block, at, kind, RELATIVE | b, start, len(a))
        for item in a:
            _put(block, start, item, 0)
            start += WIDTH
    elif kind in _TEXTS:
        start = len(block)
        block.extend(a)
        block.extend(bytes(-len(a) % 8))
        _int.pack_into(block, at, kind, RELATIVE, start, len(a))
    else:
        try:
            _int.pack_into(block, at, kind, flags, a, b)
        except struct.error:
            raise OverflowingInteger("Overflow when unpacking long long") from None


def boxed(value, depth=0):
    """The tagged form of a Python value that says its own type: for checkpoints and the arguments of modules."""
    if depth > 200:
        raise ValueError("values are nested too deeply")
    if value is None:
        return NONE, 0, 0
    if isinstance(value, (bool, np.bool_)):
        return BOOL, int(value), 0
    if isinstance(value, (int, np.integer)):
        value = int(value)
        return (INT, value, 0) if -2**63 <= value < 2**63 else (BIG_INT, str(value).encode(), 0)
    if isinstance(value, (float, np.floating)):
        return DOUBLE, float(value), 0.0
    if isinstance(value, (complex, np.complexfloating)):
        return COMPLEX, value.real, value.imag
    if isinstance(value, str):
        return STRING, value.encode(), 0
    if isinstance(value, (bytes, bytearray)):
        return BYTES, bytes(value), 0
    if isinstance(value, types.dtype):
        return DTYPE, value.code, 0
    if isinstance(value, types.device):
        return DEVICE, str(value).encode(), 0
    handle = getattr(value, "_handle", None)
    if handle is not None:
        return value._kind, handle, 0
    if isinstance(value, types.Size):
        return SIZE, [(INT, size, 0) for size in value], 0
    if isinstance(value, (list, tuple, set, frozenset)):
        kind = LIST if isinstance(value, list) else TUPLE if isinstance(value, tuple) else SET
        return kind, [boxed(item, depth + 1) for item in value], 0
    if isinstance(value, dict):
        items = [boxed(part, depth + 1) for entry in value.items() for part in entry]
        return DICT, items, ORDERED if isinstance(value, OrderedDict) else 0
    raise TypeError(f"a value of type {type(value).__name__} cannot be handed to the library")


class Results:
    """Memory for `capacity` values that the library makes."""

    def __init__(self, capacity=1):
        self.memory = ctypes.create_string_buffer(WIDTH * capacity)
        self.count = capacity

    def take(self, arguments=()):
        """The values as Python's; the library's memory is freed. An argument that came back is that argument."""
        try:
            return list(_unpack(self.memory.raw, arguments))
        finally:
            lib.values_clear(self.memory, self.count, 0)


def one(function, *arguments):
    """The value that a function of the library stores in its last parameter."""
    results = Results()
    lib.check(function(*arguments, results.memory))
    return results.take()[0]


def _unpack(raw, arguments=()):
    for at in range(0, len(raw), WIDTH):
        kind, flags, a, b = _int.unpack_from(raw, at)
        if kind == INT:
            yield a
        elif kind == NONE:
            yield None
        elif kind == DOUBLE:
            yield _double.unpack_from(raw, at)[2]
        elif kind == BOOL:
            yield a != 0
        elif kind in _HANDLES:
            if flags & SAME:
                yield arguments[a]
            else:
                yield makers[kind](_handle.unpack_from(raw, at)[2])
        elif kind == COMPLEX:
            yield complex(*_double.unpack_from(raw, at)[2:])
        elif kind == DTYPE:
            yield types.by_code[a]
        elif kind == MEMORY_FORMAT:
            yield types.memory_formats[a]
        elif kind in _TEXTS:
            text = ctypes.string_at(a, b)
            yield (
                text if kind == BYTES else types.device(text.decode()) if kind == DEVICE
                else int(text) if kind == BIG_INT else text.decode())
        else:
            items = list(_unpack(ctypes.string_at(a, WIDTH * b))) if b else []
            if kind == DICT:
                pairs = zip(items[::2], items[1::2])
                yield OrderedDict(pairs) if flags & ORDERED else dict(pairs)
            else:
                yield _containers[kind](items)


class OpaqueObject:
    """An object of a checkpoint whose class is not known here, kept as data."""

    def __init__(self, parts):
        self.name, self.arguments, self.state = parts

    def __repr__(self):
        return f"<{self.name} {self.arguments!r} {self.state!r}>"


_containers = {LIST: list, TUPLE: tuple, SIZE: types.Size, SET: set, OBJECT: OpaqueObject}
