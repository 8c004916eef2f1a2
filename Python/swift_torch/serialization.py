"""`torch.save` and `torch.load`, and npz archives."""

import os

from . import _library as lib
from . import _values as values


def path_of(file):
    """The path as the library takes it."""
    if hasattr(file, "read") or hasattr(file, "write"):
        raise TypeError("a path is needed: files that are open already cannot be used")
    return os.fsencode(file)


def save(obj, f):
    """Writes `obj` (tensors, numbers, texts, lists, tuples, dictionaries) to a file that PyTorch's `torch.load` reads.

    The file is replaced as a whole or, when anything fails, not at all. Tensors that share memory do so after loading.
    """
    block = values.pack([values.boxed(obj)])
    lib.check(lib.save(block, len(block), path_of(f)))


def load(f, map_location=None, *, weights_only=True, mmap=False):
    """Reads what `torch.save` wrote, here or in PyTorch. Nothing in the file is run.

    With `mmap`, elements stay in the file until they are used.
    """
    if not weights_only:
        raise ValueError("files are only read as with weights_only=True: nothing in them is run")
    if map_location is not None and str(map_location) != "cpu":
        raise RuntimeError(f"tensors are loaded to the CPU, not to {map_location}")
    return values.one(lib.load, path_of(f), bool(mmap))


def load_npz(f):
    """The arrays of an npz archive as tensors by name."""
    return values.one(lib.npz_load, path_of(f))


def save_npz(tensors, f):
    """Writes tensors by name to an npz archive."""
    block = values.pack([values.boxed(dict(tensors))])
    lib.check(lib.npz_save(block, len(block), path_of(f)))
