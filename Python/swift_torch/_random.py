"""Random numbers: PyTorch's generator, so that a seed gives PyTorch's numbers."""

import ctypes
import os

from . import _library as lib
from . import _types as types
from . import _values as values
from ._numpy import from_numpy


class Generator:
    """A source of random numbers.

    >>> rand(2, generator=Generator().manual_seed(0))
    tensor([0.4963, 0.7682])
    """

    __slots__ = ("_handle",)
    _kind = values.GENERATOR
    device = types.device("cpu")

    def __init__(self, device="cpu"):
        if types.device(device).type != "cpu":
            raise RuntimeError(f"there is no generator for device {device}")
        self._handle = lib.generator_create()

    def __del__(self, _release=lib.release):
        _release(self._handle)

    def manual_seed(self, seed):
        """Starts the sequence of `seed`."""
        seed = int(seed)
        if not -2**63 <= seed < 2**64:
            raise RuntimeError("Overflow when unpacking unsigned long")
        lib.check(lib.generator_seed(self._handle, seed % 2**64))
        return self

    def seed(self):
        """Starts the sequence of a number from the system."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self):
        found = ctypes.c_uint64()
        lib.check(lib.generator_initial_seed(self._handle, ctypes.byref(found)))
        return found.value

    def get_state(self):
        """The state, as a tensor of bytes."""
        import numpy as np
        return from_numpy(np.frombuffer(values.one(lib.generator_state, self._handle), np.uint8).copy())

    def set_state(self, state):
        if state.dtype is not types.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        data = state.contiguous().numpy().tobytes()
        lib.check(lib.generator_set_state(self._handle, data, len(data)))
        return self


def _made(handle):
    generator = object.__new__(Generator)
    generator._handle = handle
    return generator


values.makers[values.GENERATOR] = _made
default_generator = _made(lib.generator_default())


def manual_seed(seed):
    """Starts the default generator's sequence of `seed`."""
    return default_generator.manual_seed(seed)


def seed():
    return default_generator.seed()


def initial_seed():
    return default_generator.initial_seed()


def get_rng_state():
    return default_generator.get_state()


def set_rng_state(state):
    default_generator.set_state(state)
