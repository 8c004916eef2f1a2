"""Files of named tensors in the safetensors format."""

from . import _library as lib
from . import _values as values
from .serialization import path_of


def load_file(filename, device="cpu", *, mmap=True):
    """The tensors of a file by name; a `.json` path is an index of several files. With `mmap`, elements stay in the file until
    they are used."""
    if str(device) != "cpu":
        raise RuntimeError(f"tensors are loaded to the CPU, not to {device}")
    return values.one(lib.safetensors_load, path_of(filename), bool(mmap))


def save_file(tensors, filename, metadata=None):
    """Writes tensors by name, with texts beside them."""
    block = values.pack([values.boxed(dict(tensors))])
    texts = values.pack([values.boxed(dict(metadata or {}))])
    lib.check(lib.safetensors_save(block, len(block), texts, len(texts), path_of(filename)))


def metadata(filename):
    """The texts beside the tensors of a file."""
    return values.one(lib.safetensors_metadata, path_of(filename))
