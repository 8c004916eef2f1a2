"""Loads files that the Swift library wrote with PyTorch, safetensors and NumPy, and compares them with the fixtures.

    SWIFT_TORCH_SAVED=DIR swift test --filter filesForPython
    python check_saved.py DIR

Each file in DIR is a fixture of this folder, loaded and saved again in Swift. Whatever Swift changes on purpose (a
Parameter comes back as a leaf that requires a gradient, sets and counters as plain sets and dicts) is named in `SAME`.
"""

import collections
import glob
import os
import sys

import numpy as np
import safetensors.torch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))

SAME = {torch.nn.Parameter: torch.Tensor, collections.Counter: dict, collections.defaultdict: dict}


def same(a, b, where):
    """Asserts that `b`, from Swift, is `a`, from PyTorch."""
    if isinstance(a, (np.ndarray, np.generic)):
        a = a.item() if isinstance(a, np.generic) else torch.from_numpy(a.astype(a.dtype.newbyteorder("=")))
    kind = SAME.get(type(a), type(a))
    assert kind is type(b), f"{where}: {type(b)} for {type(a)}"
    if isinstance(a, torch.Tensor):
        assert (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad), where
        assert a.numel() == 0 or a.stride() == b.stride(), where
        assert torch.equal(a.detach().nan_to_num(7), b.detach().nan_to_num(7)), where
    elif isinstance(a, dict):
        assert list(a) == list(b), f"{where}: {list(b)}"
        for key in a:
            same(a[key], b[key], f"{where}.{key}")
        same(getattr(a, "_metadata", None), getattr(b, "_metadata", None), where + "._metadata")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{where}[{i}]")
    else:
        assert a == b, f"{where}: {b!r} for {a!r}"


def sharing(value, found):
    """Appends the address of every tensor's storage, numbered in the order of meeting."""
    if isinstance(value, torch.Tensor) and value.numel():
        found.append(value.untyped_storage().data_ptr())
    elif isinstance(value, np.ndarray) and value.size:
        found.append(value.ctypes.data)
    elif isinstance(value, dict):
        for item in value.values():
            sharing(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            sharing(item, found)
    return [found.index(p) for p in found]


checked = 0
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*"))):
    name = os.path.basename(path)
    original = os.path.join(HERE, name)
    if name.endswith(".pt"):
        # The big-endian copy is made by hand and has the values of every.pt.
        source = original.replace("every-big", "every")
        a = torch.load(source, weights_only=False)
        for options in ({}, {"mmap": True}):
            b = torch.load(path, weights_only=True, **options)
            same(a, b, name)
            if not isinstance(a, dict) or "negative" not in a:  # conjugate views come back resolved
                assert sharing(a, []) == sharing(b, []), name
    elif name.endswith(".safetensors"):
        same(safetensors.torch.load_file(original), safetensors.torch.load_file(path), name)
        assert open(original, "rb").read() == open(path, "rb").read(), name
    elif name.endswith(".npz"):
        same(dict(np.load(original)), {k: torch.from_numpy(v) for k, v in np.load(path).items()}, name)
    else:
        a, b = np.load(original), np.load(path)
        assert a.dtype.newbyteorder("=") == b.dtype and a.shape == b.shape and np.array_equal(a, b), name
        assert a.flags.f_contiguous == b.flags.f_contiguous, name
    checked += 1
    print("ok", name)
print(f"{checked} files are what PyTorch, safetensors and NumPy expect")
