#!/usr/bin/env python3
"""Makes the subset of MNIST that the package carries (about 2 MB), from the full set.

    python3 scripts/make_mnist_subset.py DIRECTORY_OF_THE_FOUR_FILES

Every sixth training image and every fifth test image: evenly spaced, because the second half of the test set is
harder than the first. The result does not depend on the day or the machine (no time stamp in the gzip header).
"""

import gzip
import pathlib
import struct
import sys

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Sources/TorchVision/Resources/mnist"


def read_idx(folder, name):
    """Returns (item shape, list of items) of an IDX file, gzipped or not."""
    path = folder / (name + ".gz")
    data = gzip.decompress(path.read_bytes()) if path.exists() else (folder / name).read_bytes()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    size = 1
    for extent in shape[1:]:
        size *= extent
    start = 4 + 4 * rank
    return shape[1:], [data[start + i * size : start + (i + 1) * size] for i in range(shape[0])]


def write_idx(name, shape, items):
    header = bytes([0, 0, 8, 1 + len(shape)]) + struct.pack(f">{1 + len(shape)}I", len(items), *shape)
    path = TARGET / (name + ".gz")
    path.write_bytes(gzip.compress(header + b"".join(items), compresslevel=9, mtime=0))
    print(f"{path.name}: {len(items)} items, {path.stat().st_size} bytes")


def main():
    folder = pathlib.Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    for split, step in (("train", 6), ("t10k", 5)):
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            shape, items = read_idx(folder, f"{split}-{kind}")
            write_idx(f"{split}-{kind}", shape, items[::step])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
